/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "smtpreply/tsv.h"
#include "testing.h"

static const span_t header = SPAN_INIT("a\tb\tc");

static void a_table_begins_with_exactly_its_header(void **state)
{
	static const struct {
		span_t text;
		int result;
	} cases[] = {
		{ SPAN_INIT("a\tb\tc\n"), 0 },		{ SPAN_INIT("a\tb\tc"), 0 },
		{ SPAN_INIT("a\tb\tc\n1\t2\t3\n"), 0 }, { SPAN_INIT(""), -EBADMSG },
		{ SPAN_INIT("\n"), -EBADMSG },		{ SPAN_INIT("\na\tb\tc\n"), -EBADMSG },
		{ SPAN_INIT("a\tb\n"), -EBADMSG },	{ SPAN_INIT("a\tb\tc\td\n"), -EBADMSG },
		{ SPAN_INIT("a\tb\tc \n"), -EBADMSG },	{ SPAN_INIT("a\tb\tc\r\n"), -EBADMSG },
		{ SPAN_INIT("a b c\n"), -EBADMSG },	{ SPAN_INIT("A\tB\tC\n"), -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tsv tsv;

		check(tsv_open(&tsv, cases[i].text, header) == cases[i].result, "case %zu", i);
		if (cases[i].result == 0)
			check(tsv.columns == 3 && tsv.line == 1, "case %zu", i);
	}
}

static void rows_come_in_order_with_their_line_numbers(void **state)
{
	static const char *const expected[][3] = { { "1", "2", "3" },
						   { "", "x y", "" },
						   { "\"q\"", "4", "end" } };
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;

	(void)state;
	assert_int_equal(tsv_open(&tsv, SPAN("a\tb\tc\n1\t2\t3\n\tx y\t\n\"q\"\t4\tend"), header),
			 0);
	for (unsigned row = 0; row < ARRAY_SIZE(expected); row++) {
		assert_int_equal(tsv_next(&tsv, field), 1);
		assert_int_equal(tsv.line, row + 2);
		for (unsigned i = 0; i < 3; i++)
			check(span_eq(field[i], span_str(expected[row][i])), "row %u field %u", row,
			      i);
	}
	assert_int_equal(tsv_next(&tsv, field), 0);
	assert_int_equal(tsv_next(&tsv, field), 0);
}

static void a_lone_hyphen_is_an_empty_field(void **state)
{
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;

	(void)state;
	assert_int_equal(tsv_open(&tsv, SPAN("a\tb\tc\n-\t--\t - \n"), header), 0);
	assert_int_equal(tsv_next(&tsv, field), 1);
	assert_int_equal(field[0].len, 0);
	assert_true(span_eq(field[1], SPAN("--")));
	assert_true(span_eq(field[2], SPAN(" - ")));
}

static void a_row_with_another_number_of_fields_is_an_error(void **state)
{
	static const span_t rows[] = {
		SPAN_INIT("a\tb\tc\n1\t2\n"),
		SPAN_INIT("a\tb\tc\n1\t2\t3\t4\n"),
		SPAN_INIT("a\tb\tc\n\n"),
		SPAN_INIT("a\tb\tc\n1 2 3\n"),
		SPAN_INIT("a\tb\tc\n\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		span_t field[TSV_COLUMNS_MAX];
		struct tsv tsv;

		check(tsv_open(&tsv, rows[i], header) == 0, "row %zu", i);
		check(tsv_next(&tsv, field) == -EBADMSG, "row %zu", i);
	}
}

/* N columns: N - 1 tabs. */
static span_t tabs(char *to, unsigned n, span_t end)
{
	memset(to, '\t', n - 1);
	memcpy(to + n - 1, end.ptr, end.len);
	return span_make(to, n - 1 + end.len);
}

static void a_table_of_24_columns_is_read(void **state)
{
	char text[128], first[64];
	span_t top = tabs(first, TSV_COLUMNS_MAX, SPAN("\n")), all;
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;

	(void)state;
	memcpy(text, top.ptr, top.len);
	all = tabs(text + top.len, TSV_COLUMNS_MAX, SPAN("last\n"));
	all = span_make(text, top.len + all.len);
	assert_int_equal(tsv_open(&tsv, all, span_head(top, top.len - 1)), 0);
	assert_int_equal(tsv_next(&tsv, field), 1);
	assert_true(span_eq(field[TSV_COLUMNS_MAX - 1], SPAN("last")));
}

/* There is room for 24 fields; a 25th must not be looked for behind the array. */
static void a_header_of_more_columns_than_fit_is_refused(void **state)
{
	char text[64];
	struct tsv tsv;

	(void)state;
	for (unsigned n = TSV_COLUMNS_MAX + 1; n < TSV_COLUMNS_MAX + 4; n++) {
		span_t top = tabs(text, n, SPAN("\n"));

		check(tsv_open(&tsv, top, span_head(top, top.len - 1)) == -EBADMSG, "%u columns",
		      n);
	}
}

static void no_truncation_is_read_beyond_its_end(void **state)
{
	static const span_t text = SPAN_INIT("a\tb\tc\n1\t-\t3\n-\t-\t-\n4\t5\t6");
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;

	(void)state;
	for (size_t n = 0; n <= text.len; n++) {
		if (tsv_open(&tsv, guard_copy(span_head(text, n)), header) < 0)
			continue;
		while (tsv_next(&tsv, field) > 0)
			;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_begins_with_exactly_its_header),
		cmocka_unit_test(rows_come_in_order_with_their_line_numbers),
		cmocka_unit_test(a_lone_hyphen_is_an_empty_field),
		cmocka_unit_test(a_row_with_another_number_of_fields_is_an_error),
		cmocka_unit_test(a_table_of_24_columns_is_read),
		cmocka_unit_test(a_header_of_more_columns_than_fit_is_refused),
		cmocka_unit_test(no_truncation_is_read_beyond_its_end),
	};

	return cmocka_run_group_tests_name("tsv", tests, NULL, NULL);
}
