/* SPDX-License-Identifier: Apache-2.0 */

#include "util/json.h"

#include "testing.h"

static struct buf out;

static struct json begin(void)
{
	buf_clear(&out);
	return (struct json){ .out = &out };
}

static void check_text(span_t text, const char *expected)
{
	struct json j = begin();

	json_text(&j, guard_copy(text));
	check(span_eq(buf_span(&out), span_str(expected)), "%.*s instead of %s",
	      SPAN_ARG(buf_span(&out)), expected);
}

static void strings_are_escaped(void **state)
{
	(void)state;
	check_text(SPAN(""), "\"\"");
	check_text(SPAN("plain text / 100%"), "\"plain text / 100%\"");
	check_text(SPAN("a\"b\\c"), "\"a\\\"b\\\\c\"");
	check_text(span_make("\0\n\t\x1b[2J\x7f", 8), "\"\\u0000\\u000a\\u0009\\u001b[2J\\u007f\"");
	/* C1: U+009B is as good as ESC [ for a terminal. */
	check_text(SPAN("\xc2\x9b\xc2\x80\xc2\x9f\xc2\xa0"), "\"\\u009b\\u0080\\u009f\xc2\xa0\"");
}

#define R "\xef\xbf\xbd"

/* Each byte that begins no character stands for itself, so the rest stays readable. */
static void what_is_no_utf8_is_replaced(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
		{ "\xe2\x82\xac\xf0\x9f\x93\xac", "\"\xe2\x82\xac\xf0\x9f\x93\xac\"" },
		{ "\xee\x80\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf",
		  "\"\xee\x80\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf\"" },
		{ "gr\xfc\xdf", "\"gr" R R "\"" }, /* Latin 1 */
		{ "\x80 \xbf", "\"" R " " R "\"" },
		{ "\xc0\xaf", "\"" R R "\"" }, /* overlong */
		{ "\xe0\x80\xaf", "\"" R R R "\"" },
		{ "\xf0\x80\x80\xaf", "\"" R R R R "\"" },
		{ "\xed\xa0\x80", "\"" R R R "\"" },	   /* a surrogate */
		{ "\xf4\x90\x80\x80", "\"" R R R R "\"" }, /* beyond U+10FFFF */
		{ "\xf5\xfe\xff", "\"" R R R "\"" },
		{ "\xc3(", "\"" R "(\"" },
		{ "\xe2\x82(", "\"" R R "(\"" },
		{ "\xc3", "\"" R "\"" }, /* cut */
		{ "\xe2\x82", "\"" R R "\"" },
		{ "\xf0\x9f\x93", "\"" R R R "\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_text(span_str(cases[i].text), cases[i].expected);
}

static void commas_come_by_themselves(void **state)
{
	static const char expected[] = "{\"a\":1,\"b\":[],\"c\":[{},{\"d\":\"e\",\"f\":true}],"
				       "\"g\":18446744073709551615}";
	struct json j = begin();

	(void)state;
	json_open(&j, '{');
	json_member_number(&j, SPAN("a"), 1);
	json_name(&j, SPAN("b"));
	json_open(&j, '[');
	json_close(&j, ']');
	json_name(&j, SPAN("c"));
	json_open(&j, '[');
	json_open(&j, '{');
	json_close(&j, '}');
	json_open(&j, '{');
	json_member_text(&j, SPAN("d"), SPAN("e"));
	json_name(&j, SPAN("f"));
	json_bool(&j, true);
	json_close(&j, '}');
	json_close(&j, ']');
	json_member_number(&j, SPAN("g"), UINT64_MAX);
	json_close(&j, '}');
	check(span_eq(buf_span(&out), span_str(expected)), "%.*s", SPAN_ARG(buf_span(&out)));
}

static int teardown(void **state)
{
	(void)state;
	buf_done(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(commas_come_by_themselves),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, teardown);
}
