/* SPDX-License-Identifier: Apache-2.0 */

/* The set of delivered entries, without a journal. */

#include "source/delivered.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct stamp at(uint64_t usec)
{
	return (struct stamp){ .realtime_usec = usec, .monotonic_usec = usec / 2 };
}

static void fill(struct delivered *d, unsigned n)
{
	*d = (struct delivered){ 0 };
	for (unsigned i = 0; i < n; i++)
		delivered_add(d, at(10 * i));
}

static void test_nothing_is_met_before_a_rewind(void **state)
{
	struct delivered d;

	(void)state;
	fill(&d, 3);
	assert_false(delivered_meet(&d, at(10)));
}

static void test_met_once_in_any_order(void **state)
{
	struct delivered d;

	(void)state;
	fill(&d, DELIVERED_MAX);
	for (unsigned round = 0; round < 2; round++) {
		delivered_rewind(&d);
		assert_true(delivered_meet(&d, at(50)));
		assert_false(delivered_meet(&d, at(50)));
		assert_true(delivered_meet(&d, at(0)));
		assert_true(delivered_meet(&d, at(60)));
		assert_false(delivered_meet(&d, at(55)));
		assert_true(delivered_meet(&d, at(10 * (DELIVERED_MAX - 1))));
	}
	assert_int_equal(d.n_expected, DELIVERED_MAX - 4);
}

static void test_equal_stamps_are_counted(void **state)
{
	struct delivered d = { 0 };

	(void)state;
	delivered_add(&d, at(7));
	delivered_add(&d, at(7));
	delivered_rewind(&d);
	assert_true(delivered_meet(&d, at(7)));
	assert_true(delivered_meet(&d, at(7)));
	assert_false(delivered_meet(&d, at(7)));
}

static void test_a_full_set_takes_nothing(void **state)
{
	struct delivered d;

	(void)state;
	fill(&d, DELIVERED_MAX);
	delivered_add(&d, at(99999));
	assert_int_equal(d.n, DELIVERED_MAX);
	delivered_at_cursor(&d);
	assert_int_equal(d.n, 0);
	delivered_rewind(&d);
	assert_false(delivered_meet(&d, at(99999)));
	delivered_expect_copy(&d);
	assert_true(delivered_meet(&d, at(99999)));
	assert_false(delivered_meet(&d, at(99999)));
}

/* A late entry is delivered before those known behind it came by again. */
static void test_cursor_before_entries_still_expected(void **state)
{
	struct delivered d;

	(void)state;
	fill(&d, 10);
	delivered_rewind(&d);
	assert_true(delivered_meet(&d, at(0)));
	delivered_add(&d, at(45));
	delivered_at_cursor(&d);
	assert_int_equal(d.n, 5);
	delivered_rewind(&d);
	assert_false(delivered_meet(&d, at(40)));
	assert_true(delivered_meet(&d, at(50)));
	assert_true(delivered_meet(&d, at(90)));
}

static void test_copies_of_the_cursor_are_counted(void **state)
{
	struct delivered d = { 0 };

	(void)state;
	delivered_start(&d, at(1));
	delivered_add(&d, at(2));
	delivered_add(&d, at(2));
	delivered_at_cursor(&d);
	delivered_rewind(&d);
	assert_false(delivered_meet(&d, at(2)));
	delivered_expect_copy(&d);
	assert_true(delivered_meet(&d, at(2)));
	assert_true(delivered_meet(&d, at(2)));
	assert_false(delivered_meet(&d, at(2)));
	delivered_rewind(&d);
	assert_false(delivered_meet(&d, at(2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_met_before_a_rewind),
		cmocka_unit_test(test_met_once_in_any_order),
		cmocka_unit_test(test_equal_stamps_are_counted),
		cmocka_unit_test(test_a_full_set_takes_nothing),
		cmocka_unit_test(test_cursor_before_entries_still_expected),
		cmocka_unit_test(test_copies_of_the_cursor_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
