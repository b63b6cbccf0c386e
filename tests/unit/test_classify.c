/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The classifier against tests/data/classify.tsv, whose categories people gave, and against its own
 * promises: every signature finds its own words, and no text makes it slow.
 */

#include <smtpreply.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtpreply/tsv.h"
#include "testing.h"
#include "util/cursor.h"

#define HOSTILE_MAX 16384u
#define SAMPLES_MIN 320u
#define OTHER_MIN 35u
#define LOCAL_FAILURES_MIN 20u
#define SOURCED_MIN 110u

static struct smtpreply_catalogue *catalogue;
static const char *samples_path;

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

enum {
	SAMPLE_CODE,
	SAMPLE_ENHANCED,
	SAMPLE_STAGE,
	SAMPLE_PROVIDER,
	SAMPLE_TEXT,
	SAMPLE_EXPECTED,
	SAMPLE_SOURCE,
};

static const span_t samples_header =
	SPAN_INIT("code\tenhanced\tstage\tprovider\ttext\texpected\tsource");

static span_t read_samples(void)
{
	static char text[1 << 20];
	FILE *f = fopen(samples_path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	assert_true(n < sizeof(text));
	return span_make(text, n);
}

static unsigned provider_named(span_t name)
{
	size_t n;
	const span_t *names = smtpreply_providers(catalogue, &n);

	for (unsigned i = 0; i < n; i++)
		if (span_eq(names[i], name))
			return i;
	check(name.len == 0, "no provider '%.*s'", SPAN_ARG(name));
	return 0;
}

static uint16_t number(span_t s)
{
	unsigned v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v * 10 + (unsigned)(s.ptr[i] - '0');
	return (uint16_t)v;
}

static struct smtpreply_question question_of(const span_t *f)
{
	struct smtpreply_question q = {
		.provider = provider_named(f[SAMPLE_PROVIDER]),
		.text = f[SAMPLE_TEXT],
	};

	if (span_ends(f[SAMPLE_CODE], SPAN("xx")))
		q.class = number(span_head(f[SAMPLE_CODE], 1));
	else
		q.code = number(f[SAMPLE_CODE]);
	if (f[SAMPLE_ENHANCED].len > 0)
		check(smtpreply_enhanced_parse(f[SAMPLE_ENHANCED], &q.enhanced) > 0, "'%.*s'",
		      SPAN_ARG(f[SAMPLE_ENHANCED]));
	if (span_eq(f[SAMPLE_STAGE], SPAN("rcpt")))
		q.stage = SMTPREPLY_STAGE_RCPT;
	else if (span_eq(f[SAMPLE_STAGE], SPAN("vrfy")))
		q.stage = SMTPREPLY_STAGE_VRFY;
	return q;
}

static const char *name_of(enum smtpreply_category category)
{
	return smtpreply_category_names[category].ptr;
}

static bool is_right(const span_t *f, unsigned line)
{
	struct smtpreply_question q = question_of(f);
	struct smtpreply_verdict v = smtpreply_explain(catalogue, &q);

	if (span_eq(smtpreply_category_names[v.category], f[SAMPLE_EXPECTED]))
		return true;
	print_error("line %u: %.*s expected, %s given by basis %d %.*s: %.*s %.*s %.*s\n", line,
		    SPAN_ARG(f[SAMPLE_EXPECTED]), name_of(v.category), v.basis,
		    v.signature ? (int)v.signature->id.len : 0,
		    v.signature ? v.signature->id.ptr : "", SPAN_ARG(f[SAMPLE_CODE]),
		    SPAN_ARG(f[SAMPLE_ENHANCED]), SPAN_ARG(f[SAMPLE_TEXT]));
	return false;
}

static void replies_mean_what_people_say_they_mean(void **state)
{
	span_t field[TSV_COLUMNS_MAX];
	unsigned samples = 0, wrong = 0;
	struct tsv tsv;

	(void)state;
	assert_int_equal(tsv_open(&tsv, read_samples(), samples_header), 0);
	while (tsv_next(&tsv, field) > 0) {
		samples++;
		wrong += !is_right(field, tsv.line);
	}
	assert_int_equal(wrong, 0);
	assert_true(samples >= SAMPLES_MIN);
}

static void the_samples_cover_what_they_must(void **state)
{
	unsigned by_category[_SMTPREPLY_CATEGORY_MAX] = { 0 }, local = 0, sourced = 0;
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;

	(void)state;
	assert_int_equal(tsv_open(&tsv, read_samples(), samples_header), 0);
	while (tsv_next(&tsv, field) > 0) {
		for (unsigned i = 0; i < _SMTPREPLY_CATEGORY_MAX; i++)
			by_category[i] +=
				span_eq(smtpreply_category_names[i], field[SAMPLE_EXPECTED]);
		local += span_eq(field[SAMPLE_SOURCE], SPAN("local failure")) &&
			 span_eq(field[SAMPLE_EXPECTED], SPAN("system_error"));
		sourced += field[SAMPLE_PROVIDER].len > 0;
	}
	for (unsigned i = 0; i < _SMTPREPLY_CATEGORY_MAX; i++)
		check(by_category[i] >= 5, "%s: %u", name_of(i), by_category[i]);
	assert_true(by_category[SMTPREPLY_CATEGORY_OTHER] >= OTHER_MIN);
	assert_true(local >= LOCAL_FAILURES_MIN);
	assert_true(sourced >= SOURCED_MIN);
}

/*
 * "Try again later" is what greylisting says; these say that something is broken. (4.3.2 is left out:
 * "4.3.2 Service currently unavailable" is postscreen's, letter for letter.)
 */
static void no_local_failure_is_taken_for_greylisting(void **state)
{
	static const uint16_t codes[] = { 421, 450, 451, 452, 454 };
	static const struct smtpreply_enhanced enhanced[] = {
		{ 0, 0, 0 }, { 4, 0, 0 }, { 4, 2, 0 }, { 4, 3, 0 }, { 4, 7, 1 },
	};
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;

	(void)state;
	assert_int_equal(tsv_open(&tsv, read_samples(), samples_header), 0);
	while (tsv_next(&tsv, field) > 0) {
		struct smtpreply_question q = question_of(field);

		if (!span_eq(field[SAMPLE_SOURCE], SPAN("local failure")))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(codes) * ARRAY_SIZE(enhanced); i++) {
			q.code = codes[i % ARRAY_SIZE(codes)];
			q.enhanced = enhanced[i / ARRAY_SIZE(codes)];
			check(smtpreply_classify(catalogue, &q) != SMTPREPLY_CATEGORY_GREYLISTING,
			      "line %u as %u", tsv.line, q.code);
		}
	}
}

/* No byte is read behind the text, whatever it ends with. */
static void no_truncation_is_read_beyond_its_end(void **state)
{
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;

	(void)state;
	assert_int_equal(tsv_open(&tsv, read_samples(), samples_header), 0);
	while (tsv_next(&tsv, field) > 0) {
		struct smtpreply_question q = question_of(field);
		span_t text = q.text;

		for (size_t n = 0; n <= text.len; n++) {
			q.text = guard_copy(span_head(text, n));
			check(smtpreply_classify(catalogue, &q) < _SMTPREPLY_CATEGORY_MAX,
			      "line %u", tsv.line);
		}
	}
}

/* The words that a pattern stands for: `*` is any run, so also this one. */
static span_t words_of(span_t pattern, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < pattern.len; i++) {
		char c = pattern.ptr[i];

		if (c == '*') {
			memcpy(to + n, " ... ", 5);
			n += 5;
		} else {
			to[n++] = (char)(i % 2 && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
		}
	}
	return span_make(to, n);
}

/* The pattern's own enhanced code is what the parser would have taken off the text. */
static struct smtpreply_question example_of(const struct smtpreply_signature *s, char *buffer)
{
	struct smtpreply_question q = {
		.code = s->example_code,
		.enhanced = s->example_enhanced,
		.text = words_of(s->pattern, buffer),
	};
	struct smtpreply_enhanced e;
	size_t used = smtpreply_enhanced_parse(q.text, &e);

	if (used > 0) {
		q.enhanced = e;
		q.text = span_tail(q.text, used + 1);
	}
	return q;
}

/* Generic words, which the enhanced code of their example overrules with another category. */
static const struct {
	const char *id;
	enum smtpreply_category category;
} overruled[] = {
	{ "sig399", SMTPREPLY_CATEGORY_ROUTING_DNS },	 /* 5.1.10 of the registry: null MX */
	{ "sig409", SMTPREPLY_CATEGORY_PROTOCOL_ERROR }, /* 5.1.3: malformed address */
	{ "sig450", SMTPREPLY_CATEGORY_SYSTEM_ERROR },	 /* 5.3.2: not accepting mail */
};

static enum smtpreply_category expected_of(const struct smtpreply_signature *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(overruled); i++)
		if (span_eq(s->id, span_str(overruled[i].id)))
			return overruled[i].category;
	return s->category;
}

/*
 * A signature does not find its own words only if another of the same or a better tier finds them, too;
 * or, in tier 4, if the enhanced code of the example says more. The category is the same.
 */
static void every_signature_finds_its_own_words(void **state)
{
	size_t n;
	const struct smtpreply_signature *all = smtpreply_signatures(catalogue, &n);
	char buffer[512];

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct smtpreply_question q = example_of(&all[i], buffer);
		struct smtpreply_verdict v = smtpreply_explain(catalogue, &q);

		check(v.category == expected_of(&all[i]), "%.*s: %s", SPAN_ARG(all[i].id),
		      name_of(v.category));
		if (v.signature)
			check(v.signature->tier <= all[i].tier, "%.*s", SPAN_ARG(all[i].id));
		else
			check(all[i].tier == 4 && v.basis == SMTPREPLY_BASIS_DETAIL, "%.*s",
			      SPAN_ARG(all[i].id));
	}
}

static enum smtpreply_category category_of(unsigned code, span_t text)
{
	const struct smtpreply_question q = { .code = (uint16_t)code, .text = guard_copy(text) };

	return smtpreply_classify(catalogue, &q);
}

static void a_pattern_begins_at_the_beginning_of_a_word(void **state)
{
	static const struct {
		const char *text;
		bool found;
	} cases[] = {
		{ "virus", true },	{ "VIRUS", true },	   { "a virus", true },
		{ "\"virus\"", true },	{ "-virus-", true },	   { "viruses", true },
		{ "antivirus", false }, { "9virus", false },	   { "Zvirus", false },
		{ "_virus", true },	{ "\xc3\xa9virus", true }, { "antivirus virus", true },
		{ "virvirus", false },	{ "viru s", false },	   { "viru\0s", false },
		{ "ofr005_104", true }, { "xofr005_104", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check((category_of(450, span_str(cases[i].text)) != SMTPREPLY_CATEGORY_OTHER) ==
			      cases[i].found,
		      "%s", cases[i].text);
}

static void the_pieces_of_a_pattern_come_in_order_and_do_not_overlap(void **state)
{
	static const struct {
		const char *text;
		bool found;
	} cases[] = {
		{ "conversation with mx.example.org timed out", true },
		{ "conversation with  timed out", true },
		{ "conversation with timed out", true }, /* tier 4: timed out */
		{ "authenticate their email with spf", true },
		{ "authenticate email with spf", true },
		{ "authenticatemail with spf", false },
		{ "email with spf, authenticate", false },
		{ "authenticate, authenticate and email with spf", true },
		{ "reauthenticate email with spf", false },
		{ "authenticate xemail with spf", true }, /* only the pattern's start is a word's */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check((category_of(450, span_str(cases[i].text)) != SMTPREPLY_CATEGORY_OTHER) ==
			      cases[i].found,
		      "%s", cases[i].text);
}

static void a_signature_applies_to_its_codes_only(void **state)
{
	const struct smtpreply_question class_only = { .class = 5,
						       .text = SPAN("mailbox unavailable") };

	(void)state;
	assert_int_equal(category_of(550, SPAN("mailbox unavailable")),
			 SMTPREPLY_CATEGORY_RECIPIENT_UNKNOWN);
	assert_int_equal(category_of(450, SPAN("mailbox unavailable")), SMTPREPLY_CATEGORY_OTHER);
	assert_int_equal(smtpreply_classify(catalogue, &class_only), SMTPREPLY_CATEGORY_OTHER);
	assert_int_equal(category_of(450, SPAN("service unavailable")),
			 SMTPREPLY_CATEGORY_SYSTEM_ERROR);
	assert_int_equal(category_of(557, SPAN("service unavailable")), SMTPREPLY_CATEGORY_OTHER);
}

static void bytes_of_any_value_are_text(void **state)
{
	char text[] = "no such\0user \xff\x80 no such user \0";

	(void)state;
	assert_int_equal(category_of(450, span_make(text, 12)), SMTPREPLY_CATEGORY_OTHER);
	assert_int_equal(category_of(450, span_make(text, sizeof(text))),
			 SMTPREPLY_CATEGORY_RECIPIENT_UNKNOWN);
	for (unsigned i = 0; i < 256; i++) {
		char byte = (char)i;

		assert_int_equal(category_of(450, span_make(&byte, 1)), SMTPREPLY_CATEGORY_OTHER);
	}
}

/* No reply that failed is ok, whatever codes and text it has; and no code makes it fail. */
static void every_code_has_an_answer(void **state)
{
	static const span_t texts[] = { { NULL, 0 },
					SPAN_INIT("ok"),
					SPAN_INIT("250 2.0.0 ok"),
					SPAN_INIT("4.2.2"),
					SPAN_INIT("550 550 550-550") };

	(void)state;
	for (unsigned code = 0; code < 1000; code++) {
		for (size_t t = 0; t < ARRAY_SIZE(texts); t++) {
			struct smtpreply_question q = { .code = (uint16_t)code,
							.class = 5,
							.enhanced = { 2, 1, 5 },
							.text = texts[t] };
			enum smtpreply_category c = smtpreply_classify(catalogue, &q);

			check((c == SMTPREPLY_CATEGORY_OK) == (code / 100 == 2 || code / 100 == 3),
			      "%u", code);
		}
	}
}

static void every_enhanced_code_has_an_answer(void **state)
{
	(void)state;
	for (unsigned class = 0; class < 10; class ++) {
		for (unsigned subject = 0; subject < 1000; subject += subject < 12 ? 1 : 247) {
			for (unsigned detail = 0; detail < 1000; detail++) {
				struct smtpreply_question q = {
					.code = 450,
					.provider = detail % 50,
					.enhanced = { (uint16_t) class, (uint16_t)subject,
						      (uint16_t)detail },
				};

				check(smtpreply_classify(catalogue, &q) != SMTPREPLY_CATEGORY_OK,
				      "%u.%u.%u", class, subject, detail);
			}
		}
	}
}

/* The same unit again and again: what costs more than its bytes would show as a time out. */
static void hostile_texts_end(void **state)
{
	static const char *const units[] = {
		"a",
		"<",
		"<@",
		"<a@b>",
		"550",
		"550 ",
		"?550-5.1.1 ",
		"\\n550 ",
		"\\n",
		"?",
		" ",
		"vir",
		"viru",
		"virus",
		"authenticate ",
		"conversation with ",
		"[tss0",
		"domain of sender address ",
		"\xff",
		"5.1.1 ",
	};
	static char text[HOSTILE_MAX];

	(void)state;
	for (size_t u = 0; u < ARRAY_SIZE(units); u++) {
		size_t n = 0, unit = strlen(units[u]);

		for (; n + unit <= sizeof(text); n += unit)
			memcpy(text + n, units[u], unit);
		for (unsigned i = 0; i < 20; i++)
			(void)category_of(550, span_make(text, n));
	}
}

static void the_verdict_says_what_decided(void **state)
{
	static const struct {
		struct smtpreply_question question;
		enum smtpreply_basis basis;
	} cases[] = {
		{ { .code = 250 }, SMTPREPLY_BASIS_CLASS },
		{ { .class = 2 }, SMTPREPLY_BASIS_CLASS },
		{ { .code = 550, .text = SPAN_INIT("spam") }, SMTPREPLY_BASIS_SIGNATURE },
		{ { .code = 550, .enhanced = { 5, 1, 1 }, .text = SPAN_INIT("spam") },
		  SMTPREPLY_BASIS_DETAIL },
		{ { .code = 550, .enhanced = { 5, 7, 1 } }, SMTPREPLY_BASIS_SUBJECT },
		{ { .code = 550, .enhanced = { 5, 7, 999 } }, SMTPREPLY_BASIS_SUBJECT },
		{ { .code = 550, .enhanced = { 5, 0, 0 } }, SMTPREPLY_BASIS_CODE },
		{ { .code = 550 }, SMTPREPLY_BASIS_CODE },
		{ { .code = 599 }, SMTPREPLY_BASIS_NONE },
		{ { .class = 5 }, SMTPREPLY_BASIS_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smtpreply_verdict v = smtpreply_explain(catalogue, &cases[i].question);

		check(v.basis == cases[i].basis, "case %zu", i);
		check(!v.signature == (v.basis != SMTPREPLY_BASIS_SIGNATURE), "case %zu", i);
		check(!v.detail == (v.basis != SMTPREPLY_BASIS_DETAIL), "case %zu", i);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_mean_what_people_say_they_mean),
		cmocka_unit_test(the_samples_cover_what_they_must),
		cmocka_unit_test(no_local_failure_is_taken_for_greylisting),
		cmocka_unit_test(no_truncation_is_read_beyond_its_end),
		cmocka_unit_test(every_signature_finds_its_own_words),
		cmocka_unit_test(a_pattern_begins_at_the_beginning_of_a_word),
		cmocka_unit_test(the_pieces_of_a_pattern_come_in_order_and_do_not_overlap),
		cmocka_unit_test(a_signature_applies_to_its_codes_only),
		cmocka_unit_test(bytes_of_any_value_are_text),
		cmocka_unit_test(every_code_has_an_answer),
		cmocka_unit_test(every_enhanced_code_has_an_answer),
		cmocka_unit_test(hostile_texts_end),
		cmocka_unit_test(the_verdict_says_what_decided),
	};

	if (argc < 2)
		return EXIT_FAILURE;
	samples_path = argv[1];
	return cmocka_run_group_tests_name("classify", tests, load, unload);
}
