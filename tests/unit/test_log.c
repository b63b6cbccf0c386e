/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/log.h"

#include <stdlib.h>
#include <unistd.h>

#include "testing.h"

#define LINE_HEAD "<6>level=info msg="

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	return setenv("JOURNAL_STREAM", "8:1", 1);
}

static void a_value_is_quoted_if_it_is_more_than_a_word(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
		{ "word", "word" },
		{ "/var/log/journal", "/var/log/journal" },
		{ "a-b_c.d:e[f]{g}", "a-b_c.d:e[f]{g}" },
		{ "", "\"\"" },
		{ "two words", "\"two words\"" },
		{ "a=b", "\"a=b\"" },
		{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
		{ "\"", "\"\\\"\"" },
		{ "a\\b", "\"a\\\\b\"" },
		{ "a\nlevel=error", "\"a?level=error\"" },
		{ "a\tb", "\"a?b\"" },
		{ "\x1b[31m", "\"?[31m\"" },
		{ "\x7f", "\"?\"" },
		{ "x y=\"1\" msg=forged", "\"x y=\\\"1\\\" msg=forged\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char expected[256] = LINE_HEAD "m key=";
		const char *text;

		strncat(expected, cases[i].written, 200);
		strncat(expected, "\n", 2);
		capture_begin(STDERR_FILENO);
		log_info("m", "key", cases[i].value);
		text = capture_end();
		check(span_eq(span_str(text), span_str(expected)), "%s", text);
	}
}

static void bytes_beyond_ascii_are_written_as_they_are(void **state)
{
	(void)state;
	capture_begin(STDERR_FILENO);
	log_info("caf\xc3\xa9");
	assert_non_null(strstr(capture_end(), "caf\xc3\xa9"));
}

static void message_and_pairs_come_in_order(void **state)
{
	(void)state;
	capture_begin(STDERR_FILENO);
	log_info("listening on two", "a", "1", "b", "2", "c", "3 4");
	assert_string_equal(capture_end(), LINE_HEAD "\"listening on two\" a=1 b=2 c=\"3 4\"\n");
}

static void each_level_has_its_syslog_priority(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	capture_begin(STDERR_FILENO);
	log_error("m");
	log_warning("m");
	log_info("m");
	log_debug("m");
	assert_string_equal(capture_end(),
			    "<3>level=error msg=m\n<4>level=warning msg=m\n<6>level=info msg=m\n"
			    "<7>level=debug msg=m\n");
}

static void levels_below_the_set_one_are_silent(void **state)
{
	(void)state;
	for (unsigned set = 0; set < _LOG_LEVEL_MAX; set++) {
		for (unsigned level = 0; level < _LOG_LEVEL_MAX; level++) {
			const char *text;

			log_set_level((enum log_level)set);
			capture_begin(STDERR_FILENO);
			log_write((enum log_level)level, "m", NULL);
			text = capture_end();
			check((*text != '\0') == (level <= set), "%s at %s", log_level_names[level],
			      log_level_names[set]);
		}
	}
}

/* "ts=2026-01-01T00:00:00Z level=..." */
static void outside_of_the_journal_a_line_starts_with_the_time(void **state)
{
	const char *text;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	capture_begin(STDERR_FILENO);
	log_warning("m");
	text = capture_end();
	assert_int_equal(strncmp(text, "ts=2", 4), 0);
	assert_int_equal(strspn(text + 3, "0123456789-T:Z"), 20);
	assert_string_equal(text + 23, " level=warning msg=m\n");
}

static void a_line_is_one_write_however_long(void **state)
{
	static char value[20000];
	const char *text;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	capture_begin(STDERR_FILENO);
	log_info("m", "key", value);
	text = capture_end();
	assert_int_equal(strlen(text), strlen(LINE_HEAD "m key=\n") + sizeof(value) - 1);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_value_is_quoted_if_it_is_more_than_a_word),
		TEST(bytes_beyond_ascii_are_written_as_they_are),
		TEST(message_and_pairs_come_in_order),
		TEST(each_level_has_its_syslog_priority),
		TEST(levels_below_the_set_one_are_silent),
		TEST(outside_of_the_journal_a_line_starts_with_the_time),
		TEST(a_line_is_one_write_however_long),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
