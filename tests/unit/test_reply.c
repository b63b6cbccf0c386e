/* SPDX-License-Identifier: Apache-2.0 */

#include <smtpreply.h>

#include "testing.h"

static const struct {
	span_t in;
	uint16_t class, subject, detail;
	size_t used;
} enhanced_valid[] = {
	{ SPAN_INIT("2.0.0"), 2, 0, 0, 5 },
	{ SPAN_INIT("4.7.1"), 4, 7, 1, 5 },
	{ SPAN_INIT("5.1.1 no such user"), 5, 1, 1, 5 },
	{ SPAN_INIT("5.7.10"), 5, 7, 10, 6 },
	{ SPAN_INIT("5.999.999"), 5, 999, 999, 9 },
	{ SPAN_INIT("4.7.650\tsee the manual"), 4, 7, 650, 7 },
	{ SPAN_INIT("2.0.0: 7d2f4b1c Message accepted"), 2, 0, 0, 5 },
	{ SPAN_INIT("5.001.01"), 5, 1, 1, 8 },
};

static const span_t enhanced_invalid[] = {
	SPAN_INIT(""),		 SPAN_INIT("."),	SPAN_INIT("5"),
	SPAN_INIT("5."),	 SPAN_INIT("5.1"),	SPAN_INIT("5.1."),
	SPAN_INIT("5..1"),	 SPAN_INIT(".1.1"),	SPAN_INIT(" 5.1.1"),
	SPAN_INIT("5.1. 1"),	 SPAN_INIT("0.1.1"),	SPAN_INIT("1.1.1"),
	SPAN_INIT("3.1.1"),	 SPAN_INIT("6.1.1"),	SPAN_INIT("9.1.1"),
	SPAN_INIT("55.1.1"),	 SPAN_INIT("5.1000.1"), SPAN_INIT("5.1.1000"),
	SPAN_INIT("5.0001.1"),	 SPAN_INIT("5.1.1.9"),	SPAN_INIT("5.1.1.9 is an address"),
	SPAN_INIT("5.1.1-beta"), SPAN_INIT("5.1.1,"),	SPAN_INIT("5.1.1;"),
	SPAN_INIT("5.1.1)"),	 SPAN_INIT("5.1.1x"),	SPAN_INIT("5.1.1\n"),
	SPAN_INIT("5.1.1\0"),	 SPAN_INIT("-5.1.1"),	SPAN_INIT("+5.1.1"),
	SPAN_INIT("5,1,1"),	 SPAN_INIT("#5.1.1"),	SPAN_INIT("\xd9\xa5.1.1"),
};

static void an_enhanced_code_has_three_parts_of_1_1to3_and_1to3_digits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(enhanced_valid); i++) {
		struct smtpreply_enhanced e = { 0 };
		size_t used = smtpreply_enhanced_parse(enhanced_valid[i].in, &e);

		check(used == enhanced_valid[i].used && e.class == enhanced_valid[i].class &&
			      e.subject == enhanced_valid[i].subject &&
			      e.detail == enhanced_valid[i].detail,
		      "%s gives %u.%u.%u, %zu bytes", enhanced_valid[i].in.ptr, e.class, e.subject,
		      e.detail, used);
	}
}

static void what_only_resembles_an_enhanced_code_is_none_and_leaves_the_result_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(enhanced_invalid); i++) {
		struct smtpreply_enhanced e = { 7, 77, 777 };
		size_t used = smtpreply_enhanced_parse(enhanced_invalid[i], &e);

		check(used == 0 && e.class == 7 && e.subject == 77 && e.detail == 777,
		      "%s gives %u.%u.%u, %zu bytes", enhanced_invalid[i].ptr, e.class, e.subject,
		      e.detail, used);
	}
}

static const struct {
	span_t in;
	uint16_t code;
	char separator;
	struct smtpreply_enhanced enhanced;
	span_t text;
} reply_valid[] = {
	{ SPAN_INIT("250"), 250, 0, { 0, 0, 0 }, SPAN_INIT("") },
	{ SPAN_INIT("250 "), 250, ' ', { 0, 0, 0 }, SPAN_INIT("") },
	{ SPAN_INIT("250-"), 250, '-', { 0, 0, 0 }, SPAN_INIT("") },
	{ SPAN_INIT("250 ok"), 250, ' ', { 0, 0, 0 }, SPAN_INIT("ok") },
	{ SPAN_INIT("250-mx.example.org"), 250, '-', { 0, 0, 0 }, SPAN_INIT("mx.example.org") },
	{ SPAN_INIT("250 2.0.0"), 250, ' ', { 2, 0, 0 }, SPAN_INIT("") },
	{ SPAN_INIT("250-2.0.0 ok"), 250, '-', { 2, 0, 0 }, SPAN_INIT("ok") },
	{ SPAN_INIT("250 2.0.0\tok"), 250, ' ', { 2, 0, 0 }, SPAN_INIT("ok") },
	{ SPAN_INIT("250 2.0.0  ok"), 250, ' ', { 2, 0, 0 }, SPAN_INIT(" ok") },
	{ SPAN_INIT("250 2.0.0: 7d2f"), 250, ' ', { 2, 0, 0 }, SPAN_INIT(": 7d2f") },
	{ SPAN_INIT("250  2.0.0 ok"), 250, ' ', { 0, 0, 0 }, SPAN_INIT(" 2.0.0 ok") },
	{ SPAN_INIT("550 5.1.1 user unknown"), 550, ' ', { 5, 1, 1 }, SPAN_INIT("user unknown") },
	{ SPAN_INIT("550 5.1.1.9"), 550, ' ', { 0, 0, 0 }, SPAN_INIT("5.1.1.9") },
	{ SPAN_INIT("550 #5.1.1"), 550, ' ', { 0, 0, 0 }, SPAN_INIT("#5.1.1") },
	{ SPAN_INIT("421 4.7.650 busy"), 421, ' ', { 4, 7, 650 }, SPAN_INIT("busy") },
	/* Taken as printed, even of another class. */
	{ SPAN_INIT("451 5.7.1 no"), 451, ' ', { 5, 7, 1 }, SPAN_INIT("no") },
	{ SPAN_INIT("200"), 200, 0, { 0, 0, 0 }, SPAN_INIT("") },
	{ SPAN_INIT("354 go on"), 354, ' ', { 0, 0, 0 }, SPAN_INIT("go on") },
	{ SPAN_INIT("599 last"), 599, ' ', { 0, 0, 0 }, SPAN_INIT("last") },
	{ SPAN_INIT("550 a\0b"), 550, ' ', { 0, 0, 0 }, SPAN_INIT("a\0b") },
	{ SPAN_INIT("250 550 5.1.1"), 250, ' ', { 0, 0, 0 }, SPAN_INIT("550 5.1.1") },
};

static const span_t reply_invalid[] = {
	SPAN_INIT(""),
	SPAN_INIT(" "),
	SPAN_INIT("2"),
	SPAN_INIT("25"),
	SPAN_INIT("25 ok"),
	SPAN_INIT("2500"),
	SPAN_INIT("2500 ok"),
	SPAN_INIT("0250 ok"),
	SPAN_INIT("000 ok"),
	SPAN_INIT("099 ok"),
	SPAN_INIT("100 continue"),
	SPAN_INIT("199 ok"),
	SPAN_INIT("600 suppressed"),
	SPAN_INIT("605 suppressed"),
	SPAN_INIT("999 ok"),
	SPAN_INIT(" 250 ok"),
	SPAN_INIT("250ok"),
	SPAN_INIT("250_ok"),
	SPAN_INIT("250\tok"),
	SPAN_INIT("250.0.0"),
	SPAN_INIT("250,"),
	SPAN_INIT("250:ok"),
	SPAN_INIT("250\0"),
	SPAN_INIT("250\r\n"),
	SPAN_INIT("+250 ok"),
	SPAN_INIT("-25 ok"),
	SPAN_INIT("2 50 ok"),
	SPAN_INIT("5.1.1 user unknown"),
	SPAN_INIT("ok 250"),
};

static void check_reply(span_t in, size_t used, const struct smtpreply_reply *got, size_t i)
{
	check(used == in.len, "%s: %zu bytes", in.ptr, used);
	check(got->code == reply_valid[i].code && got->separator == reply_valid[i].separator,
	      "%s gives code %u, separator %d", in.ptr, got->code, got->separator);
	check(memcmp(&got->enhanced, &reply_valid[i].enhanced, sizeof(got->enhanced)) == 0,
	      "%s gives %u.%u.%u", in.ptr, got->enhanced.class, got->enhanced.subject,
	      got->enhanced.detail);
	check(span_eq(got->text, reply_valid[i].text), "%s gives text '%.*s'", in.ptr,
	      SPAN_ARG(got->text));
	check(got->text.ptr + got->text.len == in.ptr + in.len, "%s: text is elsewhere", in.ptr);
}

static void a_reply_is_a_code_a_separator_an_enhanced_code_and_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reply_valid); i++) {
		struct smtpreply_reply r;
		size_t used = smtpreply_parse(reply_valid[i].in, &r);

		check_reply(reply_valid[i].in, used, &r, i);
	}
}

static void what_only_resembles_a_reply_is_none_and_leaves_the_result_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reply_invalid); i++) {
		struct smtpreply_reply r, untouched;
		size_t used;

		memset(&r, 0x5a, sizeof(r));
		untouched = r;
		used = smtpreply_parse(reply_invalid[i], &r);
		check(used == 0 && memcmp(&r, &untouched, sizeof(r)) == 0, "%s gives %u, %zu bytes",
		      reply_invalid[i].ptr, r.code, used);
	}
}

static void every_code_from_200_to_599_is_one_and_no_other(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 1000; code++) {
		const char text[] = { (char)('0' + code / 100), (char)('0' + code / 10 % 10),
				      (char)('0' + code % 10) };
		struct smtpreply_reply r = { 0 };
		size_t used = smtpreply_parse(span_make(text, sizeof(text)), &r);
		bool legal = code >= 200 && code <= 599;

		check((used == 3) == legal && r.code == (legal ? code : 0), "%03u", code);
	}
}

/* Every byte behind a code and an enhanced code: which of them end it. */
static void only_the_documented_bytes_may_follow_a_code(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char reply[] = { '5', '5', '0', (char)byte };
		const char enhanced[] = { '5', '.', '1', '.', '1', (char)byte };
		bool digit = byte >= '0' && byte <= '9';
		struct smtpreply_reply r;
		struct smtpreply_enhanced e;

		check((smtpreply_parse(span_make(reply, sizeof(reply)), &r) > 0) ==
			      (byte == ' ' || byte == '-'),
		      "550 and byte %d", byte);
		check((smtpreply_enhanced_parse(span_make(enhanced, sizeof(enhanced)), &e) > 0) ==
			      (byte == ' ' || byte == '\t' || byte == ':' || digit),
		      "5.1.1 and byte %d", byte);
	}
}

/* Parses every beginning of S where nothing behind it can be read. */
static void parse_truncations(span_t s)
{
	for (size_t n = 0; n <= s.len; n++) {
		span_t in = guard_copy(span_head(s, n));
		struct smtpreply_enhanced e;
		struct smtpreply_reply r;
		size_t used = smtpreply_enhanced_parse(in, &e);

		check(used <= n, "%.*s", SPAN_ARG(in));
		used = smtpreply_parse(in, &r);
		check(used == 0 || used == n, "%.*s", SPAN_ARG(in));
		if (used > 0)
			check(r.text.ptr >= in.ptr && r.text.ptr + r.text.len == in.ptr + in.len,
			      "%.*s", SPAN_ARG(in));
	}
}

static void no_truncation_is_read_beyond_its_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(enhanced_valid); i++)
		parse_truncations(enhanced_valid[i].in);
	for (size_t i = 0; i < ARRAY_SIZE(enhanced_invalid); i++)
		parse_truncations(enhanced_invalid[i]);
	for (size_t i = 0; i < ARRAY_SIZE(reply_valid); i++)
		parse_truncations(reply_valid[i].in);
	for (size_t i = 0; i < ARRAY_SIZE(reply_invalid); i++)
		parse_truncations(reply_invalid[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_enhanced_code_has_three_parts_of_1_1to3_and_1to3_digits),
		cmocka_unit_test(
			what_only_resembles_an_enhanced_code_is_none_and_leaves_the_result_alone),
		cmocka_unit_test(a_reply_is_a_code_a_separator_an_enhanced_code_and_text),
		cmocka_unit_test(what_only_resembles_a_reply_is_none_and_leaves_the_result_alone),
		cmocka_unit_test(every_code_from_200_to_599_is_one_and_no_other),
		cmocka_unit_test(only_the_documented_bytes_may_follow_a_code),
		cmocka_unit_test(no_truncation_is_read_beyond_its_end),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
