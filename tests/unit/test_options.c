/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "testing.h"

#define ARGS_MAX 72
#define PROGRAM "smtp_reply_exporter"

/* The test's own zone: timestamps without a Z are local. */
static int setup(void **state)
{
	(void)state;
	if (setenv("TZ", "XST-2", 1) < 0) /* two hours east of Greenwich */
		return -1;
	tzset();
	return 0;
}

/* Runs the parser over the words behind the program's name; ret_error is what it complained. */
static int parse(const char *const *words, struct options *ret, const char **ret_error)
{
	static char storage[ARGS_MAX][64];
	char *argv[ARGS_MAX + 1] = { NULL };
	int argc = 0, r;

	argv[argc++] = (char *)(uintptr_t)PROGRAM;
	for (; *words; words++) {
		assert_true(argc < ARGS_MAX);
		snprintf(storage[argc], sizeof(storage[argc]), "%s", *words);
		argv[argc] = storage[argc];
		argc++;
	}
	optind = 0; /* makes glibc start anew */
	capture_begin(STDERR_FILENO);
	r = options_parse(argc, argv, ret);
	*ret_error = capture_end();
	return r;
}

static struct options parse_well(const char *const *words)
{
	struct options o;
	const char *error;
	int r = parse(words, &o, &error);

	check(r == 0 && *error == '\0', "%s: %s", words[0] ? words[0] : "(nothing)", error);
	return o;
}

#define PARSE_WELL(...) parse_well((const char *const[]){ __VA_ARGS__, NULL })

static void without_options_everything_has_its_documented_default(void **state)
{
	struct options o = parse_well((const char *const[]){ NULL });

	(void)state;
	assert_null(o.journal.directory);
	assert_null(o.journal.name_space);
	assert_int_equal(o.journal.n_files, 0);
	assert_int_equal(o.journal.since, JOURNAL_SINCE_NOW);
	assert_int_equal(o.trust, TRUST_TRUSTED);
	assert_int_equal(o.n_listen, 1);
	assert_string_equal(o.listen[0], ":10451");
	assert_string_equal(o.telemetry_path, "/metrics");
	assert_int_equal(o.zero_hold_usec, 65 * USEC_PER_SEC);
	assert_int_equal(o.log_level, LOG_LEVEL_INFO);
	assert_false(o.once);
}

static void every_option_is_taken_in_both_spellings(void **state)
{
	struct options o = PARSE_WELL("--journal.directory=/j", "--journal.trust", "identifier",
				      "--web.listen-address", ":1", "--web.listen-address=[::1]:2",
				      "--web.telemetry-path=/m", "--metrics.zero-hold", "2m",
				      "--log.level=debug", "--journal.since=boot");

	(void)state;
	assert_string_equal(o.journal.directory, "/j");
	assert_int_equal(o.trust, TRUST_IDENTIFIER);
	assert_int_equal(o.n_listen, 2);
	assert_string_equal(o.listen[0], ":1");
	assert_string_equal(o.listen[1], "[::1]:2");
	assert_string_equal(o.telemetry_path, "/m");
	assert_int_equal(o.zero_hold_usec, 120 * USEC_PER_SEC);
	assert_int_equal(o.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(o.journal.since, JOURNAL_SINCE_BOOT);
	o = PARSE_WELL("--journal.namespace=mail");
	assert_string_equal(o.journal.name_space, "mail");
}

static void files_are_collected_and_end_with_null(void **state)
{
	struct options o = PARSE_WELL("--journal.file=/a", "--journal.file", "/b");

	(void)state;
	assert_int_equal(o.journal.n_files, 2);
	assert_string_equal(o.journal.files[0], "/a");
	assert_string_equal(o.journal.files[1], "/b");
	assert_null(o.journal.files[2]);
}

static void the_last_of_two_values_counts(void **state)
{
	struct options o = PARSE_WELL("--log.level=debug", "--log.level=error", "--once",
				      "--no-once", "--journal.since=@5", "--journal.since=now");

	(void)state;
	assert_int_equal(o.log_level, LOG_LEVEL_ERROR);
	assert_false(o.once);
	assert_int_equal(o.journal.since, JOURNAL_SINCE_NOW);
	o = PARSE_WELL("--no-once", "--once");
	assert_true(o.once);
}

static void once_reads_all_and_holds_nothing_back(void **state)
{
	struct options o = PARSE_WELL("--once", "--metrics.zero-hold=5m");

	(void)state;
	assert_true(o.once);
	assert_int_equal(o.journal.since, JOURNAL_SINCE_ALL);
	assert_int_equal(o.zero_hold_usec, 0);
	o = PARSE_WELL("--once", "--no-once");
	assert_int_equal(o.journal.since, JOURNAL_SINCE_NOW);
	assert_int_equal(o.zero_hold_usec, 65 * USEC_PER_SEC);
}

static void levels_have_the_names_of_the_log_and_one_more(void **state)
{
	static const struct {
		const char *word;
		enum log_level level;
	} cases[] = {
		{ "--log.level=error", LOG_LEVEL_ERROR },
		{ "--log.level=warning", LOG_LEVEL_WARNING },
		{ "--log.level=warn", LOG_LEVEL_WARNING },
		{ "--log.level=info", LOG_LEVEL_INFO },
		{ "--log.level=debug", LOG_LEVEL_DEBUG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(PARSE_WELL(cases[i].word).log_level == cases[i].level, "%s", cases[i].word);
}

#define SEC USEC_PER_SEC

static void durations_are_those_of_prometheus(void **state)
{
	static const struct {
		const char *word;
		uint64_t usec;
	} cases[] = {
		{ "--metrics.zero-hold=0", 0 },
		{ "--metrics.zero-hold=0s", 0 },
		{ "--metrics.zero-hold=65s", 65 * SEC },
		{ "--metrics.zero-hold=500ms", 500000 },
		{ "--metrics.zero-hold=1ms", 1000 },
		{ "--metrics.zero-hold=2m", 120 * SEC },
		{ "--metrics.zero-hold=1h", 3600 * SEC },
		{ "--metrics.zero-hold=1h30m", 5400 * SEC },
		{ "--metrics.zero-hold=1m5s", 65 * SEC },
		{ "--metrics.zero-hold=1s500ms", 1500000 },
		{ "--metrics.zero-hold=999999s", 999999 * SEC },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(PARSE_WELL(cases[i].word).zero_hold_usec == cases[i].usec, "%s",
		      cases[i].word);
}

static void a_time_is_seconds_or_a_date_and_local_without_a_z(void **state)
{
	static const struct {
		const char *word;
		uint64_t seconds;
	} cases[] = {
		{ "--journal.since=@0", 0 },
		{ "--journal.since=@1700000000", 1700000000 },
		{ "--journal.since=@99999999999", 99999999999 },
		{ "--journal.since=2026-01-31 12:00:00", 1769853600 },
		{ "--journal.since=2026-01-31 12:00:00Z", 1769860800 },
		{ "--journal.since=2026-01-31T12:00:00Z", 1769860800 },
		{ "--journal.since=2026-01-31T12:00:00", 1769853600 },
		{ "--journal.since=2026-01-31 12:00", 1769853600 },
		{ "--journal.since=2026-01-31T12:00Z", 1769860800 },
		{ "--journal.since=2026-01-31", 1769810400 },
		{ "--journal.since=2026-01-31Z", 1769817600 },
		{ "--journal.since=2024-02-29Z", 1709164800 },
		{ "--journal.since=1970-01-01Z", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options o = PARSE_WELL(cases[i].word);

		check(o.journal.since == JOURNAL_SINCE_TIME &&
			      o.journal.since_usec == cases[i].seconds * SEC,
		      "%s", cases[i].word);
	}
}

/* What is wrong, and the one line on standard error without the program's name. */
static const struct bad_line {
	const char *words[4];
	const char *error;
} bad_lines[] = {
	{ { "--journal.directory=" }, "--journal.directory: give a directory" },
	{ { "--journal.file=" }, "--journal.file: give a file" },
	{ { "--journal.namespace=" },
	  "--journal.namespace: give a namespace, as in LogNamespace= of a unit" },
	{ { "--journal.trust=all" }, "--journal.trust: give trusted or identifier" },
	{ { "--journal.trust=" }, "--journal.trust: give trusted or identifier" },
	{ { "--web.telemetry-path=metrics" },
	  "--web.telemetry-path: give a plain path that starts with one slash" },
	{ { "--web.telemetry-path=" },
	  "--web.telemetry-path: give a plain path that starts with one slash" },
	{ { "--web.telemetry-path=/-/ready" },
	  "--web.telemetry-path: paths under /-/, /codes and /compare are the exporter's own" },
	{ { "--web.telemetry-path=/codes/451" },
	  "--web.telemetry-path: paths under /-/, /codes and /compare are the exporter's own" },
	{ { "--web.telemetry-path=/a?b" },
	  "--web.telemetry-path: give a plain path that starts with one slash" },
	{ { "--log.level=loud" }, "--log.level: give error, warning, info or debug" },
	{ { "--log.level=INFO" }, "--log.level: give error, warning, info or debug" },
	{ { "--journal.directory=/a", "--journal.file=/b" },
	  "--journal.directory, --journal.file and --journal.namespace: give only one of them" },
	{ { "--journal.directory=/a", "--journal.namespace=b" },
	  "--journal.directory, --journal.file and --journal.namespace: give only one of them" },
	{ { "--journal.file=/a", "--journal.namespace=b" },
	  "--journal.directory, --journal.file and --journal.namespace: give only one of them" },
	{ { "--no-such-option" }, "--no-such-option: no such option, or ambiguous; see --help" },
	{ { "--journal=/a" }, "--journal=/a: no such option, or ambiguous; see --help" },
	{ { "--no-journal.file" }, "--no-journal.file: no such option, or ambiguous; see --help" },
	{ { "--no-help" }, "--no-help: no such option, or ambiguous; see --help" },
	{ { "-x" }, "-x: no such option, or ambiguous; see --help" },
	{ { "--log.level" }, "--log.level: needs a value; see --help" },
	{ { "--once", "file" }, "file: takes no arguments besides options; see --help" },
	{ { "file", "--once" }, "file: takes no arguments besides options; see --help" },
	{ { "--", "--once" }, "--once: takes no arguments besides options; see --help" },
};

static void a_wrong_command_line_gets_one_line_that_says_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_lines); i++) {
		struct options o = { .n_listen = 77 };
		char expected[256];
		const char *error;
		int r = parse(bad_lines[i].words, &o, &error);

		snprintf(expected, sizeof(expected), PROGRAM ": %s\n", bad_lines[i].error);
		check(r == -EINVAL && span_eq(span_str(error), span_str(expected)),
		      "%s gives %d: %s", bad_lines[i].words[0], r, error);
		check(o.n_listen == 77, "%s changed the result", bad_lines[i].words[0]);
	}
}

static void values_that_are_no_duration_are_refused(void **state)
{
	static const char *const values[] = { "",    "65", "s",	  "5d",	  "-5s", "1.5s",    "5 s",
					      "5s ", "5x", "5s5", "1e3s", "00",	 "1000000s" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *words[] = { "--metrics.zero-hold", values[i], NULL }, *error;
		struct options o;

		check(parse(words, &o, &error) == -EINVAL, "%s", values[i]);
		check(strstr(error, "--metrics.zero-hold: give a duration such as 65s or 2m\n"),
		      "%s: %s", values[i], error);
	}
}

static void values_that_are_no_time_are_refused(void **state)
{
	static const char *const values[] = {
		"",
		"yesterday",
		"@",
		"@-1",
		"@1.5",
		"@1x",
		"@100000000000",
		"1700000000",
		"2026",
		"2026-01",
		"2026-13-01",
		"2026-01-32",
		"2026-01-31 25:00",
		"2026-01-31 12",
		"2026-01-31 12:00:00 ",
		"2026-01-31 12:00:00ZZ",
		"2026-01-31 12:00:00+01:00",
		"2026-01-31x",
		"1969-12-31Z",
		"Now",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *words[] = { "--journal.since", values[i], NULL }, *error;
		struct options o;

		check(parse(words, &o, &error) == -EINVAL, "%s", values[i]);
		check(strstr(error, "--journal.since: give now, boot, all, @SECONDS or a time"),
		      "%s: %s", values[i], error);
	}
}

/* strptime(3) takes any day up to 31 in any month, and mktime(3) makes another date of it. */
static void a_day_that_does_not_exist_is_refused(void **state)
{
	static const char *const values[] = { "2026-02-30", "2026-02-29Z", "2026-04-31 12:00" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *words[] = { "--journal.since", values[i], NULL }, *error;
		struct options o;

		check(parse(words, &o, &error) == -EINVAL, "%s", values[i]);
	}
}

/* getopt_long(3) leaves optind where it was within a cluster of short options. */
static void a_cluster_of_short_options_is_named_as_it_was_given(void **state)
{
	const char *words[] = { "--once", "-xy", NULL }, *error;
	struct options o;

	(void)state;
	assert_int_equal(parse(words, &o, &error), -EINVAL);
	check(strstr(error, PROGRAM ": -x"), "%s", error);
}

static void a_flag_with_a_value_is_told_that_it_takes_none(void **state)
{
	const char *words[] = { "--once=yes", NULL }, *error;
	struct options o;

	(void)state;
	assert_int_equal(parse(words, &o, &error), -EINVAL);
	check(strstr(error, PROGRAM ": --once") && !strstr(error, "no such option"), "%s", error);
}

static void repeatable_options_have_limits(void **state)
{
	const char *words[ARGS_MAX] = { NULL }, *error;
	struct options o;

	(void)state;
	for (unsigned i = 0; i < HTTP_ADDRESSES_MAX; i++)
		words[i] = "--web.listen-address=:1";
	assert_int_equal(parse(words, &o, &error), 0);
	assert_int_equal(o.n_listen, HTTP_ADDRESSES_MAX);
	words[HTTP_ADDRESSES_MAX] = words[0];
	assert_int_equal(parse(words, &o, &error), -EINVAL);
	assert_string_equal(error, PROGRAM ": --web.listen-address: at most 8 addresses\n");

	memset(words, 0, sizeof(words));
	for (unsigned i = 0; i < JOURNAL_OPTIONS_FILES_MAX; i++)
		words[i] = "--journal.file=/a";
	assert_int_equal(parse(words, &o, &error), 0);
	assert_null(o.journal.files[JOURNAL_OPTIONS_FILES_MAX]);
	words[JOURNAL_OPTIONS_FILES_MAX] = words[0];
	assert_int_equal(parse(words, &o, &error), -EINVAL);
	assert_string_equal(error, PROGRAM ": --journal.file: at most 64 files; give their "
					   "directory with --journal.directory\n");
}

/* Answers on standard output and nothing on the other. */
static const char *ask(const char *const *words)
{
	struct options o;
	const char *error;
	int r;

	/* Two captures at a time are not possible; standard error stays as it is. */
	char *argv[] = { (char *)(uintptr_t)PROGRAM, (char *)(uintptr_t)words[0],
			 (char *)(uintptr_t)words[1], NULL };

	optind = 0;
	capture_begin(STDOUT_FILENO);
	r = options_parse(words[1] ? 3 : 2, argv, &o);
	error = capture_end();
	check(r == OPTIONS_E_ANSWERED, "%s gives %d", words[0], r);
	return error;
}

static void help_lists_every_option_with_its_default(void **state)
{
	static const char *const parts[] = {
		"Usage: smtp_reply_exporter [OPTION]...",
		"\n  --journal.directory=DIR",
		"\n  --journal.file=FILE",
		"\n  --journal.namespace=NS",
		"\n  --journal.since=WHEN",
		"[now]",
		"\n  --journal.trust=MODE",
		"[trusted]",
		"\n  --once ",
		"\n  --web.listen-address=ADDRESS",
		"[:10451]",
		"\n  --web.telemetry-path=PATH",
		"[/metrics]",
		"\n  --metrics.zero-hold=DURATION",
		"[65s]",
		"\n  --log.level=LEVEL",
		"[info]",
		"\n  --version",
		"\n  --help",
	};
	const char *text = ask((const char *const[]){ "--help", NULL });

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		check(strstr(text, parts[i]), "%s", parts[i]);
}

static void help_fits_a_terminal_of_100_columns(void **state)
{
	const char *text = ask((const char *const[]){ "--help", NULL });

	(void)state;
	while (*text) {
		size_t n = strcspn(text, "\n");

		check(n <= 100, "'%.*s'", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void no_line_of_help_ends_with_a_blank(void **state)
{
	const char *text = ask((const char *const[]){ "--help", NULL });

	(void)state;
	assert_null(strstr(text, " \n"));
}

static void version_names_the_program_and_its_libraries(void **state)
{
	const char *text = ask((const char *const[]){ "--version", NULL });

	(void)state;
	assert_int_equal(strncmp(text, PROGRAM " ", strlen(PROGRAM " ")), 0);
	assert_non_null(strstr(text, "libsystemd"));
	assert_non_null(strstr(text, "libmicrohttpd"));
}

static void help_is_given_whatever_comes_after_it(void **state)
{
	const char *text = ask((const char *const[]){ "--help", "--no-such-option" });

	(void)state;
	assert_int_equal(strncmp(text, "Usage: ", 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_everything_has_its_documented_default),
		cmocka_unit_test(every_option_is_taken_in_both_spellings),
		cmocka_unit_test(files_are_collected_and_end_with_null),
		cmocka_unit_test(the_last_of_two_values_counts),
		cmocka_unit_test(once_reads_all_and_holds_nothing_back),
		cmocka_unit_test(levels_have_the_names_of_the_log_and_one_more),
		cmocka_unit_test(durations_are_those_of_prometheus),
		cmocka_unit_test(a_time_is_seconds_or_a_date_and_local_without_a_z),
		cmocka_unit_test(a_wrong_command_line_gets_one_line_that_says_what_to_do),
		cmocka_unit_test(values_that_are_no_duration_are_refused),
		cmocka_unit_test(values_that_are_no_time_are_refused),
		cmocka_unit_test(a_day_that_does_not_exist_is_refused),
		cmocka_unit_test(a_cluster_of_short_options_is_named_as_it_was_given),
		cmocka_unit_test(a_flag_with_a_value_is_told_that_it_takes_none),
		cmocka_unit_test(repeatable_options_have_limits),
		cmocka_unit_test(help_lists_every_option_with_its_default),
		cmocka_unit_test(help_fits_a_terminal_of_100_columns),
		cmocka_unit_test(no_line_of_help_ends_with_a_blank),
		cmocka_unit_test(version_names_the_program_and_its_libraries),
		cmocka_unit_test(help_is_given_whatever_comes_after_it),
	};

	return cmocka_run_group_tests_name("options", tests, setup, NULL);
}
