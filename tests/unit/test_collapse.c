/* SPDX-License-Identifier: Apache-2.0 */

#include "count/collapse.h"
#include "testing.h"

#define WINDOW UINT64_C(60000000)
#define NOW UINT64_C(1700000000000000)

/* Hashes that share a set. */
#define SHARED(i) (UINT64_C(7) + (uint64_t)COLLAPSE_SETS * (i))

static struct collapse collapse;

static int empty(void **state)
{
	(void)state;
	memset(&collapse, 0, sizeof(collapse));
	return 0;
}

static void a_reply_is_new_once_and_then_seen(void **state)
{
	(void)state;
	assert_false(collapse_seen(&collapse, 1, NOW, WINDOW));
	assert_true(collapse_seen(&collapse, 1, NOW, WINDOW));
	assert_true(collapse_seen(&collapse, 1, NOW + 1, WINDOW));
	assert_false(collapse_seen(&collapse, 2, NOW, WINDOW));
	assert_false(collapse_seen(&collapse, UINT64_MAX, NOW, WINDOW));
	assert_true(collapse_seen(&collapse, UINT64_MAX, NOW, WINDOW));
}

static void the_window_counts_from_the_first_line_and_holds_at_its_edge(void **state)
{
	(void)state;
	assert_false(collapse_seen(&collapse, 1, NOW, WINDOW));
	assert_true(collapse_seen(&collapse, 1, NOW + WINDOW - 1, WINDOW));
	assert_true(collapse_seen(&collapse, 1, NOW + WINDOW, WINDOW));
	assert_false(collapse_seen(&collapse, 1, NOW + WINDOW + 1, WINDOW));
	/* That one began a window of its own. */
	assert_true(collapse_seen(&collapse, 1, NOW + 2 * WINDOW + 1, WINDOW));
	assert_false(collapse_seen(&collapse, 1, NOW + 2 * WINDOW + 2, WINDOW));
}

static void entries_that_are_out_of_order_are_as_near_as_those_in_order(void **state)
{
	(void)state;
	assert_false(collapse_seen(&collapse, 1, NOW, WINDOW));
	assert_true(collapse_seen(&collapse, 1, NOW - WINDOW, WINDOW));
	assert_false(collapse_seen(&collapse, 1, NOW - WINDOW - 1, WINDOW));
}

static void a_window_of_zero_never_ends(void **state)
{
	(void)state;
	assert_false(collapse_seen(&collapse, 1, 1, 0));
	assert_true(collapse_seen(&collapse, 1, UINT64_MAX, 0));
	assert_true(collapse_seen(&collapse, 1, 0, 0));
}

static void a_full_set_forgets_what_was_not_asked_for_longest(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COLLAPSE_WAYS; i++)
		assert_false(collapse_seen(&collapse, SHARED(i), NOW, 0));
	/* The first is asked for again, so the second is the oldest. */
	assert_true(collapse_seen(&collapse, SHARED(0), NOW, 0));
	assert_false(collapse_seen(&collapse, SHARED(COLLAPSE_WAYS), NOW, 0));
	assert_true(collapse_seen(&collapse, SHARED(0), NOW, 0));
	for (unsigned i = 2; i <= COLLAPSE_WAYS; i++)
		check(collapse_seen(&collapse, SHARED(i), NOW, 0), "%u", i);
	assert_false(collapse_seen(&collapse, SHARED(1), NOW, 0));
}

static void a_full_set_takes_nothing_from_the_others(void **state)
{
	(void)state;
	assert_false(collapse_seen(&collapse, 8, NOW, 0));
	for (unsigned i = 0; i < 100 * COLLAPSE_WAYS; i++)
		assert_false(collapse_seen(&collapse, SHARED(i), NOW, 0));
	assert_true(collapse_seen(&collapse, 8, NOW, 0));
}

static void the_table_holds_as_many_replies_as_it_promises(void **state)
{
	(void)state;
	for (uint64_t h = 1; h <= COLLAPSE_SETS * COLLAPSE_WAYS; h++)
		assert_false(collapse_seen(&collapse, h, NOW, 0));
	for (uint64_t h = 1; h <= COLLAPSE_SETS * COLLAPSE_WAYS; h++)
		assert_true(collapse_seen(&collapse, h, NOW, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_reply_is_new_once_and_then_seen, empty),
		cmocka_unit_test_setup(the_window_counts_from_the_first_line_and_holds_at_its_edge,
				       empty),
		cmocka_unit_test_setup(entries_that_are_out_of_order_are_as_near_as_those_in_order,
				       empty),
		cmocka_unit_test_setup(a_window_of_zero_never_ends, empty),
		cmocka_unit_test_setup(a_full_set_forgets_what_was_not_asked_for_longest, empty),
		cmocka_unit_test_setup(a_full_set_takes_nothing_from_the_others, empty),
		cmocka_unit_test_setup(the_table_holds_as_many_replies_as_it_promises, empty),
	};

	return cmocka_run_group_tests_name("collapse", tests, NULL, NULL);
}
