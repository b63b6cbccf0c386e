/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/buf.h"

/* test_no_memory() asks for more than there is, which ASan would otherwise end the program for. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* Compares and empties the buffer, so that it serves the next case. */
static void expect(struct buf *b, const char *text)
{
	assert_false(b->failed);
	assert_int_equal(b->len, strlen(text));
	if (b->len > 0)
		assert_memory_equal(b->data, text, b->len);
	buf_clear(b);
}

static void test_empty(void **state)
{
	struct buf b = BUF_NULL;
	size_t len = 1;

	(void)state;
	buf_add(&b, SPAN_NULL);
	buf_add_str(&b, "");
	buf_add_str(&b, NULL);
	buf_add_html(&b, SPAN_NULL);
	buf_printf(&b, "%s", "");
	assert_null(b.data);
	assert_int_equal(buf_span(&b).len, 0);
	assert_null(buf_take(&b, &len));
	assert_int_equal(len, 0);
	buf_done(&b);
	buf_done(&b);
}

static void test_growth(void **state)
{
	struct buf b = BUF_NULL;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		buf_add_char(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_true(b.size >= b.len);
		assert_true(b.size <= 2 * b.len || b.size == 256);
	}
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_done(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

static void test_bytes(void **state)
{
	struct buf b = BUF_NULL;

	(void)state;
	buf_add(&b, SPAN("a\0b\xff"));
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\xff", 4);
	assert_true(span_eq(buf_span(&b), SPAN("a\0b\xff")));
	buf_done(&b);
}

static void test_take(void **state)
{
	struct buf b = BUF_NULL;
	size_t len;
	char *data;

	(void)state;
	buf_add_str(&b, "mine");
	data = buf_take(&b, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(data, "mine", 4);
	assert_null(b.data);
	assert_int_equal(b.size, 0);
	buf_add_str(&b, "next");
	expect(&b, "next");
	buf_done(&b);
	free(data);
}

static void test_u64(void **state)
{
	static const struct {
		uint64_t v;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ 10451, "10451" },
		{ UINT32_MAX, "4294967295" },
		{ UINT64_MAX - 1, "18446744073709551614" },
		{ UINT64_MAX, "18446744073709551615" },
	};
	struct buf b = BUF_NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_add_u64(&b, cases[i].v);
		expect(&b, cases[i].text);
	}
	buf_done(&b);
}

static void test_micro(void **state)
{
	static const struct {
		uint64_t v;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "0.000001" },
		{ 10, "0.00001" },
		{ 100000, "0.1" },
		{ 123456, "0.123456" },
		{ 999999, "0.999999" },
		{ 1000000, "1" },
		{ 1000001, "1.000001" },
		{ 1010000, "1.01" },
		{ 1500000, "1.5" },
		{ 60000000, "60" },
		/* Beyond the 53 bits of a double. */
		{ 1767323045123457, "1767323045.123457" },
		{ 9007199254740993, "9007199254.740993" },
		{ UINT64_MAX, "18446744073709.551615" },
	};
	struct buf b = BUF_NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_add_micro(&b, cases[i].v);
		expect(&b, cases[i].text);
	}
	buf_done(&b);
}

static void test_utc(void **state)
{
	static const struct {
		uint64_t usec;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 999999, "1970-01-01T00:00:00Z" },
		{ 1709164799999999, "2024-02-28T23:59:59Z" },
		{ 1709164800000000, "2024-02-29T00:00:00Z" },
		{ 4102444800000000, "2100-01-01T00:00:00Z" },
		{ UINT64_MAX, "586524-01-19T08:01:49Z" },
	};
	struct buf b = BUF_NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_add_utc(&b, cases[i].usec);
		expect(&b, cases[i].text);
	}
	buf_done(&b);
}

/* Every length around the first and the second size, where the NUL of vsnprintf() must fit too. */
static void test_printf(void **state)
{
	struct buf b = BUF_NULL;

	(void)state;
	buf_printf(&b, "%s=%d%%", "x", -5);
	expect(&b, "x=-5%");
	buf_done(&b);
	for (int n = 1; n < 600; n++) {
		buf_printf(&b, "%*d", n, 7);
		buf_add_char(&b, '!');
		assert_int_equal(b.len, n + 1);
		assert_int_equal(b.data[n - 1], '7');
		assert_int_equal(b.data[n], '!');
		buf_done(&b);
	}
}

static void test_html(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "plain" },
		{ "<b>", "&lt;b&gt;" },
		{ "\"'", "&quot;&#39;" },
		{ "&amp;", "&amp;amp;" },
		{ "a & b < c > d \" e ' f", "a &amp; b &lt; c &gt; d &quot; e &#39; f" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
	};
	struct buf b = BUF_NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_add_html(&b, span_str(cases[i].in));
		expect(&b, cases[i].out);
	}
	buf_done(&b);
}

/* A failure is remembered, nothing is written after it, and nobody gets half a text. */
static void expect_failed(struct buf *b)
{
	size_t len = 1;

	assert_true(b->failed);
	assert_int_equal(b->len, 4);
	buf_add_str(b, "more");
	buf_add_char(b, 'x');
	buf_add_u64(b, 1);
	buf_printf(b, "%d", 1);
	assert_int_equal(b->len, 4);
	assert_null(buf_take(b, &len));
	assert_int_equal(len, 0);
	assert_false(b->failed);
}

static void test_no_memory(void **state)
{
	/* One that overflows, one whose double does, one that no machine has. */
	static const size_t lengths[] = { SIZE_MAX, SIZE_MAX / 2 + 2, SIZE_MAX / 4 };
	struct buf b = BUF_NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		buf_add_str(&b, "half");
		buf_add(&b, span_make("never read", lengths[i]));
		expect_failed(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty), cmocka_unit_test(test_growth),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_take),
		cmocka_unit_test(test_u64),   cmocka_unit_test(test_micro),
		cmocka_unit_test(test_utc),   cmocka_unit_test(test_printf),
		cmocka_unit_test(test_html),  cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
