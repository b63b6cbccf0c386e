/* SPDX-License-Identifier: Apache-2.0 */

/* test_exposition GOLDEN-DIRECTORY; linked with --wrap=realloc, to be out of memory at will. */

#include "metrics/exposition.h"

#include <stdio.h>
#include <stdlib.h>

#include "testing.h"

#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)
#define HOLD (65 * USEC_PER_SEC)

static const span_t mtas[] = { SPAN_INIT("postfix"), SPAN_INIT("a\\b\"c\nd\te{}=,\xc3\xa9") };
static const span_t codes[] = { SPAN_INIT("250"), SPAN_INIT("550"), SPAN_INIT("other") };
static const span_t classes[] = { SPAN_INIT("2xx"), SPAN_INIT("5xx"), SPAN_INIT("5xx") };
static const span_t meanings[] = { SPAN_INIT("ok"), SPAN_INIT("mailbox_unavailable"),
				   SPAN_INIT("unlisted") };
static const span_t evidences[] = { SPAN_INIT("logged"), SPAN_INIT("implied") };
static const span_t versions[] = { SPAN_INIT("0.1.0") };
static const span_t libraries[] = { SPAN_INIT("252") };

static const char *golden_directory;
static struct registry *registry;
static struct buf out;
static unsigned reallocs_left = UINT32_MAX;
static bool memory_returns;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	if (reallocs_left == 0) {
		if (memory_returns)
			reallocs_left = UINT32_MAX;
		return NULL;
	}
	if (reallocs_left != UINT32_MAX)
		reallocs_left--;
	return __real_realloc(p, size);
}

static int setup(void **state)
{
	(void)state;
	out = BUF_NULL;
	if (registry_new(&registry) < 0)
		return -1;
	registry_domain(registry, LABEL_mta, mtas, ARRAY_SIZE(mtas), 0);
	registry_domain(registry, LABEL_code, codes, ARRAY_SIZE(codes), 2);
	registry_domain(registry, LABEL_class, classes, ARRAY_SIZE(classes), 2);
	registry_domain(registry, LABEL_meaning, meanings, ARRAY_SIZE(meanings), 2);
	registry_domain(registry, LABEL_evidence, evidences, ARRAY_SIZE(evidences), 0);
	registry_domain(registry, LABEL_version, versions, 1, 0);
	registry_domain(registry, LABEL_libsystemd, libraries, 1, 0);
	registry_domain(registry, LABEL_libmicrohttpd, libraries, 1, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	reallocs_left = UINT32_MAX;
	buf_done(&out);
	registry = registry_free(registry);
	return registry ? -1 : 0;
}

/* A little of everything. */
static void fill(void)
{
	registry_declare(registry, FAMILY_SERVER_REPLIES, KEY3(0, 0, 0));
	registry_add(registry, FAMILY_SERVER_REPLIES, KEY3(0, 1, 1), 7);
	registry_add(registry, FAMILY_SERVER_REPLIES, KEY3(0, 2, 0), UINT64_MAX);
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(1), 2);
	registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), 50000);
	registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), 2500000);
	registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), 500000 * USEC_PER_SEC);
	registry_set(registry, FAMILY_BUILD_INFO, KEY0, 1);
	registry_add(registry, FAMILY_ENTRIES_READ, KEY0, 9);
	registry_set(registry, FAMILY_LAST_ENTRY, KEY1(0), NOW + 123456);
}

/* One scrape; the text stays in OUT. */
static const char *scrape(uint64_t now_usec, uint64_t hold_usec, bool self_only)
{
	struct exposition_options options = { now_usec, hold_usec, self_only };

	buf_clear(&out);
	exposition_write(registry, &options, &out);
	assert_false(out.failed);
	buf_add_char(&out, '\0');
	out.len--;
	return out.data;
}

static void expect_line(const char *text, const char *line, bool there)
{
	size_t n = strlen(line);
	bool found = false;

	for (const char *p = text; (p = strstr(p, line)); p += n)
		found |= (p == text || p[-1] == '\n') && p[n] == '\n';
	check(found == there, "%s%s in:\n%s", there ? "" : "not ", line, text);
}

/* Prints what came out where the two differ; to accept it is a decision of the author's. */
static void compare_golden(const char *name)
{
	static char golden[65536];
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", golden_directory, name);
	f = fopen(path, "re");
	check(f, "%s", path);
	n = fread(golden, 1, sizeof(golden), f);
	fclose(f);
	if (span_eq(span_make(golden, n), buf_span(&out)))
		return;
	(void)fwrite(out.data, 1, out.len, stdout);
	fail_msg("above is not %s", path);
}

static void a_small_registry_reads_like_the_golden_file(void **state)
{
	(void)state;
	fill();
	scrape(NOW, 0, false);
	compare_golden("small.txt");
}

static void new_series_are_0_in_the_golden_file_of_a_first_scrape(void **state)
{
	(void)state;
	fill();
	scrape(NOW, HOLD, false);
	compare_golden("first-scrape.txt");
}

static void while_a_backlog_is_read_only_the_exporter_speaks_of_itself(void **state)
{
	(void)state;
	fill();
	scrape(NOW, HOLD, true);
	compare_golden("self-only.txt");
}

static void an_empty_registry_says_nothing(void **state)
{
	(void)state;
	assert_string_equal(scrape(NOW, HOLD, false), "");
}

static void label_values_are_escaped(void **state)
{
	(void)state;
	registry_declare(registry, FAMILY_SERVER_CONNECTIONS, KEY1(1));
	expect_line(scrape(NOW, 0, false),
		    "smtp_server_connections_total{mta=\"a\\\\b\\\"c\\nd\te{}=,\xc3\xa9\"} 0",
		    true);
}

static void the_type_of_each_family_is_announced_once(void **state)
{
	const char *text, *p;

	(void)state;
	fill();
	text = scrape(NOW, 0, false);
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		const char *name = registry_family((enum family)i)->name;
		char head[128];

		snprintf(head, sizeof(head), "# TYPE %s ", name);
		p = strstr(text, head);
		check(!p == (registry_series_n(registry, (enum family)i) == 0), "%s", name);
		check(!p || !strstr(p + 1, head), "%s twice", name);
	}
}

static void buckets_are_summed_up_and_agree_with_the_count(void **state)
{
	unsigned long long last = 0, n = 0;
	const char *p;

	(void)state;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		for (unsigned k = 0; k <= i; k++)
			registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0),
					 histogram_bounds[i]);
	p = scrape(NOW, 0, false);
	while ((p = strstr(p, "_bucket{"))) {
		n = strtoull(strchr(p, '}') + 1, NULL, 10);
		check(n >= last, "%llu after %llu", n, last);
		last = n;
		p++;
	}
	assert_int_equal(n, HISTOGRAM_BUCKETS * (HISTOGRAM_BUCKETS + 1) / 2);
	expect_line(out.data, "smtp_client_delivery_delay_seconds_count{mta=\"postfix\"} 105",
		    true);
	expect_line(out.data,
		    "smtp_client_delivery_delay_seconds_bucket{mta=\"postfix\",le=\"+Inf\"} 105",
		    true);
	expect_line(out.data,
		    "smtp_client_delivery_delay_seconds_bucket{mta=\"postfix\",le=\"0.1\"} 1",
		    true);
	expect_line(out.data,
		    "smtp_client_delivery_delay_seconds_bucket{mta=\"postfix\",le=\"432000\"} 105",
		    true);
}

#define CONNECTIONS "smtp_server_connections_total{mta=\"postfix\"} "

static void a_new_series_is_0_from_its_first_scrape_until_the_hold_is_over(void **state)
{
	(void)state;
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0), 3);
	/* Not the event but the first scrape starts the hold: nobody saw the series before. */
	expect_line(scrape(NOW, HOLD, false), CONNECTIONS "0", true);
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0), 1);
	expect_line(scrape(NOW + HOLD - 1, HOLD, false), CONNECTIONS "0", true);
	assert_int_equal(registry_get(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0)), 4);
	expect_line(scrape(NOW + HOLD, HOLD, false), CONNECTIONS "4", true);
}

static void the_hold_does_not_come_back(void **state)
{
	(void)state;
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0), 3);
	scrape(NOW, HOLD, false);
	expect_line(scrape(NOW + HOLD, HOLD, false), CONNECTIONS "3", true);
	/* A counter never goes down, whatever the clock does. */
	expect_line(scrape(NOW, HOLD, false), CONNECTIONS "3", true);
	expect_line(scrape(NOW + 1, HOLD, false), CONNECTIONS "3", true);
}

static void a_clock_that_was_set_back_ends_the_hold(void **state)
{
	(void)state;
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0), 3);
	expect_line(scrape(NOW, HOLD, false), CONNECTIONS "0", true);
	expect_line(scrape(NOW - 3600 * USEC_PER_SEC, HOLD, false), CONNECTIONS "3", true);
	expect_line(scrape(NOW, HOLD, false), CONNECTIONS "3", true);
}

static void without_a_hold_the_first_scrape_shows_the_value(void **state)
{
	(void)state;
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0), 3);
	expect_line(scrape(NOW, 0, false), CONNECTIONS "3", true);
}

static void a_declared_series_has_no_hold(void **state)
{
	(void)state;
	registry_declare(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0));
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0), 1);
	expect_line(scrape(NOW, HOLD, false), CONNECTIONS "1", true);
}

static void the_hold_starts_when_mail_families_are_first_shown(void **state)
{
	(void)state;
	registry_add(registry, FAMILY_SERVER_CONNECTIONS, KEY1(0), 3);
	assert_null(strstr(scrape(NOW, HOLD, true), "smtp_server"));
	expect_line(scrape(NOW + 10 * HOLD, HOLD, false), CONNECTIONS "0", true);
	expect_line(scrape(NOW + 11 * HOLD, HOLD, false), CONNECTIONS "3", true);
}

static void a_held_histogram_is_0_in_every_line(void **state)
{
	const char *text;

	(void)state;
	registry_observe(registry, FAMILY_CLIENT_DELAY, KEY1(0), 700000);
	text = scrape(NOW, HOLD, false);
	for (const char *p = text; (p = strstr(p, "} ")); p++)
		check(p[2] == '0' && p[3] == '\n', "%s", text);
}

/*
 * A scrape whose allocation number NTH fails, and all after it or that one alone. Either the text
 * is whole, or the buffer says that it is not; returns which.
 */
static bool scrape_without_memory(unsigned nth, bool once, span_t whole)
{
	struct exposition_options options = { NOW, 0, false };
	bool complete;

	reallocs_left = nth;
	memory_returns = once;
	exposition_write(registry, &options, &out);
	reallocs_left = UINT32_MAX;
	complete = !out.failed;
	check(!complete || span_eq(buf_span(&out), whole), "allocation %u failed unnoticed", nth);
	buf_done(&out);
	return complete;
}

static void half_a_text_is_never_taken_for_a_whole_one(void **state)
{
	struct exposition_options options = { NOW, 0, false };
	struct buf whole = BUF_NULL;

	(void)state;
	fill();
	exposition_write(registry, &options, &whole);
	assert_false(whole.failed);
	for (unsigned once = 0; once < 2; once++) {
		unsigned n = 0;

		while (!scrape_without_memory(n, once, buf_span(&whole)))
			n++;
		assert_true(n > 3);
	}
	buf_done(&whole);
}

static void a_buffer_that_failed_before_gets_nothing(void **state)
{
	struct exposition_options options = { NOW, 0, false };

	(void)state;
	fill();
	out.failed = true;
	exposition_write(registry, &options, &out);
	assert_true(out.failed);
	assert_int_equal(out.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_small_registry_reads_like_the_golden_file),
		TEST(new_series_are_0_in_the_golden_file_of_a_first_scrape),
		TEST(while_a_backlog_is_read_only_the_exporter_speaks_of_itself),
		TEST(an_empty_registry_says_nothing),
		TEST(label_values_are_escaped),
		TEST(the_type_of_each_family_is_announced_once),
		TEST(buckets_are_summed_up_and_agree_with_the_count),
		TEST(a_new_series_is_0_from_its_first_scrape_until_the_hold_is_over),
		TEST(the_hold_does_not_come_back),
		TEST(a_clock_that_was_set_back_ends_the_hold),
		TEST(without_a_hold_the_first_scrape_shows_the_value),
		TEST(a_declared_series_has_no_hold),
		TEST(the_hold_starts_when_mail_families_are_first_shown),
		TEST(a_held_histogram_is_0_in_every_line),
		TEST(half_a_text_is_never_taken_for_a_whole_one),
		TEST(a_buffer_that_failed_before_gets_nothing),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	golden_directory = argv[1];
	return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
