/* SPDX-License-Identifier: Apache-2.0 */

#include "metrics/registry.h"
#include "series.h"
#include "testing.h"

static const span_t mtas[] = { SPAN_INIT("postfix"), SPAN_INIT("other") };
static const span_t causes[] = { SPAN_INIT("timeout"), SPAN_INIT("refused"), SPAN_INIT("other") };
#define CAUSE_OTHER 2

static struct registry *registry;

static int setup(void **state)
{
	(void)state;
	if (registry_new(&registry) < 0)
		return -1;
	registry_domain(registry, LABEL_mta, mtas, ARRAY_SIZE(mtas), 1);
	registry_domain(registry, LABEL_cause, causes, ARRAY_SIZE(causes), CAUSE_OTHER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	registry = registry_free(registry);
	return registry ? -1 : 0;
}

/* [a-zA-Z_][a-zA-Z0-9_]*, as Prometheus has it, but lower case. */
static bool is_name(span_t s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') && s.ptr[i] != '_' &&
		    !(i > 0 && s.ptr[i] >= '0' && s.ptr[i] <= '9'))
			return false;
	return s.len > 0;
}

static void every_family_has_a_name_of_its_own_and_a_help_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		const struct family_info *f = registry_family((enum family)i);

		check(is_name(span_str(f->name)), "%s", f->name);
		check(span_ends(span_str(f->help), SPAN(".")), "%s: %s", f->name, f->help);
		/* Help texts are written as they are. */
		check(span_find_char(span_str(f->help), '\n') < 0 &&
			      span_find_char(span_str(f->help), '\\') < 0,
		      "%s: %s", f->name, f->help);
		check(f->type <= METRIC_HISTOGRAM && f->unit <= UNIT_MICRO &&
			      f->group <= GROUP_PROCESS && f->cap > 0,
		      "%s", f->name);
		for (unsigned j = 0; j < i; j++)
			check(!span_eq(span_str(f->name),
				       span_str(registry_family((enum family)j)->name)),
			      "%s twice", f->name);
	}
}

static void names_end_as_prometheus_wants_them(void **state)
{
	(void)state;
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		const struct family_info *f = registry_family((enum family)i);
		span_t name = span_str(f->name);

		check(span_ends(name, SPAN("_total")) == (f->type == METRIC_COUNTER), "%s",
		      f->name);
		check(f->type != METRIC_HISTOGRAM || span_ends(name, SPAN("_seconds")), "%s",
		      f->name);
		check(span_starts(name, f->group == GROUP_MAIL	 ? SPAN("smtp_")
					: f->group == GROUP_SELF ? SPAN("smtp_reply_")
								 : SPAN("process_")),
		      "%s", f->name);
	}
}

static void every_label_resolves_to_a_slot_of_the_key(void **state)
{
	(void)state;
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		const struct family_info *f = registry_family((enum family)i);

		check(f->n_labels <= FAMILY_LABELS_MAX && f->n_slots <= KEY_SLOTS_MAX, "%s",
		      f->name);
		for (unsigned l = 0; l < f->n_labels; l++) {
			check(f->label[l] < _LABEL_MAX, "%s label %u is in no LABEL()", f->name, l);
			check(f->slot[l] < f->n_slots, "%s label %u", f->name, l);
			check(is_name(span_str(label_names[f->label[l]])), "%s label %u", f->name,
			      l);
			for (unsigned k = 0; k < l; k++)
				check(f->label[k] != f->label[l], "%s has %s twice", f->name,
				      label_names[f->label[l]]);
		}
	}
}

/* Whoever makes keys counts on this order. */
static void labels_of_one_code_share_a_slot(void **state)
{
	static const struct {
		enum family family;
		unsigned n_labels, n_slots;
		unsigned slot[FAMILY_LABELS_MAX];
	} cases[] = {
		{ FAMILY_CLIENT_REPLIES, 6, 4, { 0, 1, 2, 2, 2, 3 } },
		{ FAMILY_CLIENT_REPLY_STAGES, 4, 4, { 0, 1, 2, 3 } },
		{ FAMILY_CLIENT_REPLY_ENHANCED, 4, 4, { 0, 1, 2, 3 } },
		{ FAMILY_SERVER_REPLIES, 5, 3, { 0, 1, 1, 1, 2 } },
		{ FAMILY_CLIENT_DELIVERIES, 3, 3, { 0, 1, 2 } },
		{ FAMILY_ENTRIES, 2, 2, { 0, 1 } },
		{ FAMILY_BUILD_INFO, 3, 1, { 0, 0, 0 } },
		{ FAMILY_ENTRIES_READ, 0, 0, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct family_info *f = registry_family(cases[i].family);

		check(f->n_labels == cases[i].n_labels && f->n_slots == cases[i].n_slots, "%s",
		      f->name);
		for (unsigned l = 0; l < f->n_labels; l++)
			check(f->slot[l] == cases[i].slot[l], "%s label %u", f->name, l);
	}
}

static void a_key_keeps_its_four_numbers_apart(void **state)
{
	uint64_t key = KEY4(1, 0xffff, 0, 0xabcd);

	(void)state;
	assert_int_equal(key_slot(key, 0), 1);
	assert_int_equal(key_slot(key, 1), 0xffff);
	assert_int_equal(key_slot(key, 2), 0);
	assert_int_equal(key_slot(key, 3), 0xabcd);
	assert_true(KEY1(5) == KEY4(5, 0, 0, 0));
	assert_true(KEY2(5, 6) == KEY4(5, 6, 0, 0));
	assert_true(KEY3(5, 6, 7) == KEY4(5, 6, 7, 0));
	/* Too large a number stays in its slot. */
	assert_true(KEY2(0, 0x10001) == KEY2(0, 1));
}

static void a_declared_series_is_0_and_not_held(void **state)
{
	(void)state;
	registry_declare(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 0));
	registry_declare(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 0));
	assert_int_equal(registry_series_n(registry, FAMILY_CLIENT_FAILURES), 1);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_FAILURES, "postfix timeout"), 0);
	assert_false(registry_series(registry, FAMILY_CLIENT_FAILURES, 0)->held);
	/* What was declared before was seen as 0, so the first event need not wait. */
	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 0), 1);
	assert_false(registry_series(registry, FAMILY_CLIENT_FAILURES, 0)->held);
}

static void a_series_that_an_event_makes_is_held(void **state)
{
	(void)state;
	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 1), 3);
	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 1), 4);
	assert_true(registry_series(registry, FAMILY_CLIENT_FAILURES, 0)->held);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 1)), 7);
	/* To declare it later changes nothing. */
	registry_declare(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 1));
	assert_true(registry_series(registry, FAMILY_CLIENT_FAILURES, 0)->held);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 1)), 7);
}

static void a_gauge_takes_the_value_that_was_set_last(void **state)
{
	(void)state;
	registry_set(registry, FAMILY_LAST_ENTRY, KEY1(0), 5);
	registry_set(registry, FAMILY_LAST_ENTRY, KEY1(0), 3);
	assert_int_equal(registry_get(registry, FAMILY_LAST_ENTRY, KEY1(0)), 3);
	assert_false(registry_series(registry, FAMILY_LAST_ENTRY, 0)->held);
}

static void what_is_absent_reads_as_0_and_stays_absent(void **state)
{
	(void)state;
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 2)), 0);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_DELAY, KEY1(0)), 0);
	assert_int_equal(registry_series_n(registry, FAMILY_CLIENT_FAILURES), 0);
	assert_int_equal(registry_series_n(registry, FAMILY_CLIENT_DELAY), 0);
}

static void a_counter_wraps_like_prometheus_expects_of_a_u64(void **state)
{
	(void)state;
	registry_add(registry, FAMILY_ENTRIES_READ, KEY0, UINT64_MAX);
	assert_true(registry_get(registry, FAMILY_ENTRIES_READ, KEY0) == UINT64_MAX);
	registry_add(registry, FAMILY_ENTRIES_READ, KEY0, 2);
	assert_int_equal(registry_get(registry, FAMILY_ENTRIES_READ, KEY0), 1);
}

static void series_come_in_the_order_of_their_keys(void **state)
{
	const unsigned n = registry_family(FAMILY_CLIENT_REPLIES)->cap;
	uint32_t random = 1;
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		random = random * 1664525 + 1013904223;
		registry_add(registry, FAMILY_CLIENT_REPLIES,
			     KEY4(random >> 28, random >> 24 & 7, random >> 8 & 0xffff, i), 1);
	}
	assert_int_equal(registry_series_n(registry, FAMILY_CLIENT_REPLIES), n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t key = registry_series(registry, FAMILY_CLIENT_REPLIES, i)->key;

		check(i == 0 || key > last, "series %u", i);
		assert_int_equal(registry_get(registry, FAMILY_CLIENT_REPLIES, key), 1);
		last = key;
	}
}

static void beyond_the_cap_the_last_label_is_other_and_each_increment_is_counted(void **state)
{
	const unsigned cap = registry_family(FAMILY_CLIENT_FAILURES)->cap;

	(void)state;
	for (unsigned i = 0; i < cap; i++)
		registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 100 + i), 1);
	assert_int_equal(registry_overflows(registry), 0);

	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 50000), 2);
	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 50001), 3);
	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(1, 50000), 4);
	assert_int_equal(registry_overflows(registry), 3);
	assert_int_equal(registry_series_n(registry, FAMILY_CLIENT_FAILURES), cap + 2);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_FAILURES, KEY2(0, CAUSE_OTHER)), 5);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_FAILURES, KEY2(1, CAUSE_OTHER)), 4);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_FAILURES, "other other"), 4);

	/* What was there before goes on as it was. */
	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 100), 1);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 100)), 2);
	assert_int_equal(registry_overflows(registry), 3);
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_FAILURES), cap + 1 + 2 + 3 + 4);
}

static void memory_is_bounded_even_if_every_label_is_hostile(void **state)
{
	const unsigned cap = registry_family(FAMILY_CLIENT_FAILURES)->cap;

	(void)state;
	for (unsigned i = 0; i < 10 * cap; i++)
		registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(i, i), 1);
	assert_true(registry_series_n(registry, FAMILY_CLIENT_FAILURES) <= 2 * cap);
	assert_int_equal(registry_overflows(registry), 9 * cap);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_FAILURES, KEY2(9 * cap, 9 * cap)), 0);
}

static void a_histogram_beyond_its_cap_observes_in_other(void **state)
{
	const unsigned cap = registry_family(FAMILY_CLIENT_DELAY)->cap;

	(void)state;
	for (unsigned i = 0; i < cap + 10; i++)
		registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(100 + i), 1);
	assert_int_equal(registry_overflows(registry), 10);
	assert_int_equal(series_observations(registry, FAMILY_CLIENT_DELAY), cap + 10);
	assert_int_equal(registry_get(registry, FAMILY_CLIENT_DELAY, KEY1(1)), 10);
}

static void bounds_ascend(void **state)
{
	(void)state;
	for (unsigned i = 1; i < HISTOGRAM_BUCKETS; i++)
		assert_true(histogram_bounds[i] > histogram_bounds[i - 1]);
	assert_int_equal(histogram_bounds[0], 100000);
	assert_true(histogram_bounds[HISTOGRAM_BUCKETS - 1] == 432000 * USEC_PER_SEC);
}

/* `le` means less or equal, so a value on a bound belongs to it. */
static void an_observation_falls_into_the_first_bucket_that_holds_it(void **state)
{
	const struct series *s;
	uint64_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), histogram_bounds[i]);
		registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), histogram_bounds[i] + 1);
		sum += 2 * histogram_bounds[i] + 1;
	}
	registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), 0);
	s = registry_series(registry, FAMILY_CLIENT_DELAY, 0);
	assert_int_equal(s->value[0], 2);
	for (unsigned i = 1; i < HISTOGRAM_BUCKETS; i++)
		assert_int_equal(s->value[i], 2);
	assert_int_equal(s->value[HISTOGRAM_BUCKETS], 1);
	assert_true(s->value[HISTOGRAM_BUCKETS + 1] == sum);
}

static void histograms_of_neighbours_do_not_mix(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++)
		registry_observe(registry, FAMILY_CLIENT_PHASE, KEY2(0, i), UINT64_C(1) << 60);
	for (unsigned i = 0; i < 10; i++) {
		const struct series *s = registry_series(registry, FAMILY_CLIENT_PHASE, i);

		assert_int_equal(s->value[0], 0);
		assert_int_equal(s->value[HISTOGRAM_BUCKETS], 1);
		assert_true(s->value[HISTOGRAM_BUCKETS + 1] == UINT64_C(1) << 60);
	}
}

static void an_index_outside_its_domain_is_shown_as_other(void **state)
{
	(void)state;
	assert_true(span_eq(registry_label_value(registry, LABEL_mta, 0), SPAN("postfix")));
	assert_true(span_eq(registry_label_value(registry, LABEL_mta, 2), SPAN("other")));
	assert_true(span_eq(registry_label_value(registry, LABEL_phase, 0), SPAN("other")));
}

static void a_family_is_found_by_its_name(void **state)
{
	enum family found = _FAMILY_MAX;

	(void)state;
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		span_t name = span_str(registry_family((enum family)i)->name);

		check(registry_find_family(name, &found) && found == i, "%s", name.ptr);
		check(!registry_find_family(span_head(name, name.len - 1), &found), "%s", name.ptr);
	}
	assert_false(registry_find_family(SPAN_NULL, &found));
}

static void a_key_is_found_by_what_its_labels_show(void **state)
{
	static const struct {
		span_t labels[2];
		bool found;
		uint64_t key;
	} cases[] = {
		{ { SPAN_INIT("mta=postfix"), SPAN_INIT("cause=timeout") }, true, 0 },
		{ { SPAN_INIT("mta=other"), SPAN_INIT("cause=other") },
		  true,
		  UINT64_C(0x0001000200000000) },
		{ { SPAN_INIT("mta=postfix"), SPAN_INIT("cause=") }, false, 0 },
		{ { SPAN_INIT("mta=postfix"), SPAN_INIT("cause=time") }, false, 0 },
		{ { SPAN_INIT("mta=postfix"), SPAN_INIT("cause=timeouts") }, false, 0 },
		{ { SPAN_INIT("mta=postfix"), SPAN_INIT("causes=timeout") }, false, 0 },
		{ { SPAN_INIT("cause=timeout"), SPAN_INIT("mta=postfix") }, false, 0 },
		{ { SPAN_INIT("mta"), SPAN_INIT("cause") }, false, 0 },
		{ { SPAN_INIT(""), SPAN_INIT("") }, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t key = 0;

		check(registry_find_key(registry, FAMILY_CLIENT_FAILURES, cases[i].labels, &key) ==
				      cases[i].found &&
			      key == cases[i].key,
		      "case %zu", i);
	}
}

/* Hands every series of FAMILY to a new registry, as a state file does, and compares. */
static void check_restored(enum family family)
{
	struct registry *old = registry;

	registry = NULL;
	assert_int_equal(setup(NULL), 0);
	for (unsigned i = 0; i < registry_series_n(old, family); i++)
		registry_restore(registry, family, registry_series(old, family, i));
	assert_int_equal(registry_series_n(registry, family), registry_series_n(old, family));
	for (unsigned i = 0; i < registry_series_n(old, family); i++) {
		const struct series *was = registry_series(old, family, i);
		const struct series *is = registry_series(registry, family, i);

		check(is->key == was->key && is->held == was->held &&
			      is->first_shown_usec == was->first_shown_usec,
		      "series %u", i);
		check(is->value[0] == was->value[0], "series %u", i);
	}
	assert_int_equal(registry_overflows(registry), 0);
	registry_free(old);
}

static void what_was_saved_is_restored_as_it_was(void **state)
{
	(void)state;
	registry_declare(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 0));
	registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 1), 7);
	registry_series(registry, FAMILY_CLIENT_FAILURES, 1)->first_shown_usec = 5;
	check_restored(FAMILY_CLIENT_FAILURES);
	registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), 1);
	check_restored(FAMILY_CLIENT_DELAY);
}

/* Beyond the cap there are series of "other", which may come before those that filled it. */
static void a_family_beyond_its_cap_is_restored_as_it_was(void **state)
{
	const unsigned cap = registry_family(FAMILY_CLIENT_FAILURES)->cap;

	(void)state;
	for (unsigned i = 0; i < cap + 10; i++)
		registry_add(registry, FAMILY_CLIENT_FAILURES, KEY2(0, 100 + i), 1);
	check_restored(FAMILY_CLIENT_FAILURES);
}

static void nothing_can_be_freed(void **state)
{
	(void)state;
	assert_null(registry_free(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_family_has_a_name_of_its_own_and_a_help_text),
		TEST(names_end_as_prometheus_wants_them),
		TEST(every_label_resolves_to_a_slot_of_the_key),
		TEST(labels_of_one_code_share_a_slot),
		TEST(a_key_keeps_its_four_numbers_apart),
		TEST(a_declared_series_is_0_and_not_held),
		TEST(a_series_that_an_event_makes_is_held),
		TEST(a_gauge_takes_the_value_that_was_set_last),
		TEST(what_is_absent_reads_as_0_and_stays_absent),
		TEST(a_counter_wraps_like_prometheus_expects_of_a_u64),
		TEST(series_come_in_the_order_of_their_keys),
		TEST(beyond_the_cap_the_last_label_is_other_and_each_increment_is_counted),
		TEST(memory_is_bounded_even_if_every_label_is_hostile),
		TEST(a_histogram_beyond_its_cap_observes_in_other),
		TEST(bounds_ascend),
		TEST(an_observation_falls_into_the_first_bucket_that_holds_it),
		TEST(histograms_of_neighbours_do_not_mix),
		TEST(an_index_outside_its_domain_is_shown_as_other),
		TEST(a_family_is_found_by_its_name),
		TEST(a_key_is_found_by_what_its_labels_show),
		TEST(what_was_saved_is_restored_as_it_was),
		TEST(a_family_beyond_its_cap_is_restored_as_it_was),
		TEST(nothing_can_be_freed),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
