/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/nearest.h"

#include <limits.h>

#include "testing.h"

static void distances_are_those_of_typing_errors(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{ "", "", 0 },
		{ "report", "report", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "reprot", "report", 1 },  /* swapped */
		{ "repor", "report", 1 },   /* left out */
		{ "rreport", "report", 1 }, /* one too many */
		{ "rebort", "report", 1 },  /* another one */
		{ "ab", "ba", 1 },
		{ "abc", "cab", 2 },
		{ "kitten", "sitting", 3 },
		{ "parse", "explain", 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned d =
			nearest_distance(guard_copy(span_str(cases[i].a)), span_str(cases[i].b));

		check(d == cases[i].distance, "%s, %s: %u", cases[i].a, cases[i].b, d);
		check(nearest_distance(span_str(cases[i].b), span_str(cases[i].a)) == d, "%s, %s",
		      cases[i].b, cases[i].a);
	}
}

static void long_words_are_near_nothing(void **state)
{
	static const char word[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* 32 */

	(void)state;
	assert_int_equal(nearest_distance(span_make(word, 31), span_make(word, 31)), 0);
	assert_int_equal(nearest_distance(span_make(word, 32), span_make(word, 31)), UINT_MAX);
	assert_int_equal(nearest_distance(span_make(word, 1), span_make(word, 32)), UINT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances_are_those_of_typing_errors),
		cmocka_unit_test(long_words_are_near_nothing),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
