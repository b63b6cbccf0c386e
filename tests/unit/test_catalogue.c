/* SPDX-License-Identifier: Apache-2.0 */

#include <smtpreply.h>

#include "testing.h"
#include "util/cursor.h"

#define CODES 78u /* rows of data/reply-codes.tsv; a change there is a change of the contract */

static struct smtpreply_catalogue *catalogue;

static int load(void **state)
{
	(void)state;
	return smtpreply_catalogue_new(&catalogue);
}

static int unload(void **state)
{
	(void)state;
	catalogue = smtpreply_catalogue_free(catalogue);
	return catalogue ? -1 : 0;
}

static bool is_identifier(span_t s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') && !char_is_digit(s.ptr[i]) &&
		    s.ptr[i] != '_')
			return false;
	return s.len > 0;
}

static void the_catalogue_holds_every_row_of_the_table(void **state)
{
	size_t n;

	(void)state;
	(void)smtpreply_codes(catalogue, &n);
	assert_int_equal(n, CODES);
	(void)smtpreply_details(catalogue, &n);
	assert_true(n > 50);
}

static void codes_ascend_and_none_occurs_twice(void **state)
{
	size_t n;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	(void)state;
	for (size_t i = 1; i < n; i++)
		check(codes[i - 1].code < codes[i].code, "%u, %u", codes[i - 1].code,
		      codes[i].code);
}

static void the_class_is_the_first_digit(void **state)
{
	size_t n;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char class[] = { (char)('0' + codes[i].code / 100), 'x', 'x' };

		check(span_eq(codes[i].class, span_make(class, 3)), "%u is %.*s", codes[i].code,
		      SPAN_ARG(codes[i].class));
		check(codes[i].code >= 100 && codes[i].code <= 699, "%u", codes[i].code);
	}
}

static void identifiers_of_codes_are_label_values_and_unique(void **state)
{
	size_t n;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		check(is_identifier(codes[i].identifier), "%u", codes[i].code);
		for (size_t j = 0; j < i; j++)
			check(!span_eq(codes[i].identifier, codes[j].identifier), "%u and %u",
			      codes[j].code, codes[i].code);
	}
	for (size_t i = 0; i < n; i++)
		check(!span_eq(codes[i].identifier, SPAN("unlisted")) &&
			      !span_eq(codes[i].identifier, SPAN("unspecified")),
		      "%u takes a name that stands for no code", codes[i].code);
}

static void codes_of_standards_and_extensions_have_every_text(void **state)
{
	size_t n;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct smtpreply_code *c = &codes[i];

		check(c->name.len > 0, "%u", c->code);
		if (c->status > SMTPREPLY_STATUS_EXTENSION)
			continue;
		check(c->description.len > 0, "%u has no description", c->code);
		check(c->when_seen.len > 0, "%u has no when_seen", c->code);
		check(c->fix_sender.len > 0, "%u has no fix_sender", c->code);
		check(c->fix_receiver.len > 0, "%u has no fix_receiver", c->code);
	}
}

static void whether_a_retry_helps_is_one_of_four_words(void **state)
{
	static const span_t words[] = { SPAN_INIT("later"), SPAN_INIT("conditional"),
					SPAN_INIT("no"), SPAN_INIT("n/a") };
	size_t n;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t w = 0; w < ARRAY_SIZE(words); w++)
			known |= span_eq(codes[i].retryable, words[w]);
		check(known, "%u: '%.*s'", codes[i].code, SPAN_ARG(codes[i].retryable));
	}
}

static const struct {
	unsigned code;
	enum smtpreply_status status;
	const char *identifier;
} known_codes[] = {
	{ 220, SMTPREPLY_STATUS_STANDARD, "service_ready" },
	{ 250, SMTPREPLY_STATUS_STANDARD, "ok" },
	{ 334, SMTPREPLY_STATUS_EXTENSION, "auth_challenge" },
	{ 354, SMTPREPLY_STATUS_STANDARD, "start_mail_input" },
	{ 421, SMTPREPLY_STATUS_STANDARD, "service_not_available" },
	{ 451, SMTPREPLY_STATUS_STANDARD, "local_error" },
	{ 454, SMTPREPLY_STATUS_EXTENSION, "temporary_tls_or_auth_failure" },
	{ 498, SMTPREPLY_STATUS_PROVIDER, "provider_no_mx" },
	{ 550, SMTPREPLY_STATUS_STANDARD, "mailbox_unavailable" },
	{ 554, SMTPREPLY_STATUS_STANDARD, "transaction_failed" },
	{ 101, SMTPREPLY_STATUS_NONSTANDARD, "cannot_open_connection" },
	{ 607, SMTPREPLY_STATUS_PROVIDER, "suppressed_after_complaint" },
};

static void a_code_is_found_by_its_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known_codes); i++) {
		const struct smtpreply_code *c =
			smtpreply_code_find(catalogue, known_codes[i].code);

		check(c && c->code == known_codes[i].code && c->status == known_codes[i].status &&
			      span_eq(c->identifier, span_str(known_codes[i].identifier)),
		      "%u", known_codes[i].code);
	}
}

static void every_number_is_found_exactly_if_it_has_a_row(void **state)
{
	size_t n, found = 0;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	(void)state;
	for (unsigned code = 0; code < 70000; code++) {
		const struct smtpreply_code *c = smtpreply_code_find(catalogue, code);

		check(!c || (c->code == code && c >= codes && c < codes + n), "%u", code);
		found += c != NULL;
	}
	assert_int_equal(found, n);
	assert_null(smtpreply_code_find(catalogue, UINT32_MAX));
}

static int order(const struct smtpreply_detail *a, const struct smtpreply_detail *b)
{
	return a->subject != b->subject ? a->subject - b->subject : a->detail - b->detail;
}

static void details_ascend_and_the_registry_comes_before_providers(void **state)
{
	size_t n;
	const struct smtpreply_detail *d = smtpreply_details(catalogue, &n);

	(void)state;
	for (size_t i = 1; i < n; i++) {
		check(order(&d[i - 1], &d[i]) <= 0, "X.%u.%u after X.%u.%u", d[i].subject,
		      d[i].detail, d[i - 1].subject, d[i - 1].detail);
		check(order(&d[i - 1], &d[i]) < 0 || !span_eq(d[i].vendor, SPAN("iana")),
		      "X.%u.%u: the registry's row is not the first", d[i].subject, d[i].detail);
	}
}

static void details_have_texts_and_identifiers_that_are_label_values(void **state)
{
	size_t n;
	const struct smtpreply_detail *d = smtpreply_details(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		check(is_identifier(d[i].identifier), "X.%u.%u", d[i].subject, d[i].detail);
		check(d[i].subject <= 999 && d[i].detail <= 999, "X.%u.%u", d[i].subject,
		      d[i].detail);
		check(d[i].vendor.len > 0 && d[i].name.len > 0 && d[i].meaning.len > 0, "X.%u.%u",
		      d[i].subject, d[i].detail);
		for (size_t j = 0; j < i; j++)
			check(!span_eq(d[i].identifier, d[j].identifier) ||
				      !span_eq(d[i].vendor, d[j].vendor),
			      "X.%u.%u and X.%u.%u", d[j].subject, d[j].detail, d[i].subject,
			      d[i].detail);
	}
}

static void a_detail_is_found_and_the_registry_is_asked_first(void **state)
{
	static const struct {
		unsigned subject, detail;
		const char *vendor; /* NULL: absent */
	} cases[] = {
		{ 0, 0, "iana" }, { 1, 1, "iana" },   { 1, 10, "iana" },
		{ 7, 1, "iana" }, { 7, 26, "iana" },  { 1, 999, NULL },
		{ 8, 0, NULL },	  { 999, 999, NULL }, { 65536, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct smtpreply_detail *d =
			smtpreply_detail_find(catalogue, cases[i].subject, cases[i].detail);

		check(!d == !cases[i].vendor, "X.%u.%u", cases[i].subject, cases[i].detail);
		if (d)
			check(d->subject == cases[i].subject && d->detail == cases[i].detail &&
				      span_eq(d->vendor, span_str(cases[i].vendor)),
			      "X.%u.%u", cases[i].subject, cases[i].detail);
	}
}

static void nothing_can_be_freed(void **state)
{
	(void)state;
	assert_null(smtpreply_catalogue_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_catalogue_holds_every_row_of_the_table),
		cmocka_unit_test(codes_ascend_and_none_occurs_twice),
		cmocka_unit_test(the_class_is_the_first_digit),
		cmocka_unit_test(identifiers_of_codes_are_label_values_and_unique),
		cmocka_unit_test(codes_of_standards_and_extensions_have_every_text),
		cmocka_unit_test(whether_a_retry_helps_is_one_of_four_words),
		cmocka_unit_test(a_code_is_found_by_its_number),
		cmocka_unit_test(every_number_is_found_exactly_if_it_has_a_row),
		cmocka_unit_test(details_ascend_and_the_registry_comes_before_providers),
		cmocka_unit_test(details_have_texts_and_identifiers_that_are_label_values),
		cmocka_unit_test(a_detail_is_found_and_the_registry_is_asked_first),
		cmocka_unit_test(nothing_can_be_freed),
	};

	return cmocka_run_group_tests_name("catalogue", tests, load, unload);
}
