/* SPDX-License-Identifier: Apache-2.0 */

/* What the fields of an entry become, without a journal; test_journal.py has the rest. */

#include "source/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct fields *fields;

static bool is_wanted(span_t identifier)
{
	return span_starts(identifier, SPAN("postfix/"));
}

/* Each field ends at the end of an allocation, so that the sanitizer sees every byte too many. */
static bool add(const char *text)
{
	size_t len = strlen(text);
	char *exact = malloc(len > 0 ? len : 1);
	bool more;

	assert_non_null(exact);
	memcpy(exact, text, len);
	more = fields_add(fields, span_make(exact, len));
	free(exact);
	return more;
}

static int set_up(void **state)
{
	(void)state;
	fields = calloc(1, sizeof(*fields));
	if (!fields)
		return -1;
	fields->wanted = is_wanted;
	fields_start(fields);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(fields);
	return 0;
}

static void assert_span(span_t span, const char *expected)
{
	assert_int_equal(span.len, strlen(expected));
	assert_memory_equal(span.ptr ? span.ptr : "", expected, span.len);
}

static void test_every_prefix_of_every_name(void **state)
{
	static const char *const names[] = {
		"MESSAGE=",	 "SYSLOG_IDENTIFIER=", "_SYSTEMD_UNIT=", "_UID=",      "_PID=",
		"CONTAINER_ID=", "CONTAINER_NAME=",    "_TRANSPORT=",	 "N_DROPPED=", "_EXE=",
		"MESSAGE_ID=",
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t len = 0; len < strlen(names[i]); len++) {
			memcpy(text, names[i], len);
			text[len] = '\0';
			assert_true(add(text));
		}
	assert_int_equal(fields->seen, 0);
	assert_int_equal(fields_finish(fields)->uid, RECORD_UID_NONE);
}

static void test_names_are_whole(void **state)
{
	(void)state;
	assert_true(add("XSYSLOG_IDENTIFIER=postfix/smtp"));
	assert_true(add("SYSLOG_IDENTIFIERS=postfix/smtp"));
	assert_true(add("_UIDX=0"));
	assert_true(add("_SYSTEMD_UNIT_=a.service"));
	assert_int_equal(fields->seen, 0);
}

static void test_stops_where_not_wanted(void **state)
{
	(void)state;
	assert_true(add("MESSAGE=hello"));
	assert_false(add("SYSLOG_IDENTIFIER=sshd"));
	assert_span(fields_finish(fields)->identifier, "sshd");
}

static void test_too_long_identifier_is_nobody(void **state)
{
	char text[400] = "SYSLOG_IDENTIFIER=postfix/";

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	assert_false(add(text));
	assert_span(fields_finish(fields)->identifier, "");
}

static void test_second_entry_has_nothing_of_the_first(void **state)
{
	const struct record *record;

	(void)state;
	assert_true(add("SYSLOG_IDENTIFIER=postfix/smtp"));
	assert_true(add("SYSLOG_IDENTIFIER=postfix/qmgr"));
	assert_true(add("_UID=0"));
	assert_true(add("_PID=5"));
	assert_true(add("_EXE=/bin/x"));
	assert_true(add("_SYSTEMD_UNIT=x.service"));
	assert_true(add("CONTAINER_ID=x"));
	assert_true(add("_TRANSPORT=driver"));
	assert_true(add("MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e"));
	assert_true(add("N_DROPPED=7"));
	record = fields_finish(fields);
	assert_span(record->identifier, "");
	assert_int_equal(record->dropped, 7);

	fields_start(fields);
	assert_true(add("SYSLOG_IDENTIFIER=postfix/smtp"));
	record = fields_finish(fields);
	assert_span(record->identifier, "postfix/smtp");
	assert_int_equal(record->uid, RECORD_UID_NONE);
	assert_int_equal(record->pid, 0);
	assert_int_equal(record->dropped, 0);
	assert_false(record->container);
	assert_span(record->exe, "");
	assert_span(record->unit, "");
	assert_span(record->message, "");
}

static const char *const believed[] = { "mailcow-postfix-1", NULL };

/* A line as syslog-ng in a container writes it, relayed by an engine that runs as root. */
static const struct record *relay(const char *container, const char *message)
{
	fields->containers = believed;
	fields_start(fields);
	assert_true(add("SYSLOG_IDENTIFIER=0123456789ab"));
	assert_true(add("_UID=0"));
	assert_true(add("_PID=7"));
	assert_true(add(container));
	assert_true(add(message));
	return fields_finish(fields);
}

static void test_lines_of_a_believed_container_are_taken_apart(void **state)
{
	const struct record *record =
		relay("CONTAINER_NAME=mailcow-postfix-1",
		      "MESSAGE=Mar 10 08:00:01 mail postfix/smtp[42]: 4F1: x");

	(void)state;
	assert_span(record->identifier, "postfix/smtp");
	assert_span(record->message, "4F1: x");
	assert_int_equal(record->pid, 42);
	assert_int_equal(record->uid, 0);
	assert_false(record->container);
}

static void test_other_lines_and_other_containers_stay_as_they_are(void **state)
{
	static const struct {
		const char *container, *message;
	} cases[] = {
		{ "CONTAINER_NAME=mailcow-postfix-1", "MESSAGE=postfix/smtp[42]: 4F1: x" },
		{ "CONTAINER_NAME=mailcow-postfix-1", "MESSAGE=" },
		{ "CONTAINER_NAME=mailcow-postfix-11",
		  "MESSAGE=Mar 10 08:00:01 mail postfix/smtp[42]: 4F1: x" },
		{ "CONTAINER_NAME=", "MESSAGE=Mar 10 08:00:01 mail postfix/smtp[42]: 4F1: x" },
		{ "CONTAINER_ID=mailcow-postfix-1",
		  "MESSAGE=Mar 10 08:00:01 mail postfix/smtp[42]: 4F1: x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct record *record = relay(cases[i].container, cases[i].message);

		assert_span(record->identifier, "0123456789ab");
		assert_true(record->container);
	}
}

static void test_a_container_named_twice_is_nobody(void **state)
{
	const struct record *record;

	(void)state;
	fields->containers = believed;
	fields_start(fields);
	assert_true(add("SYSLOG_IDENTIFIER=postfix/smtp"));
	assert_true(add("CONTAINER_NAME=other"));
	assert_true(add("CONTAINER_NAME=mailcow-postfix-1"));
	assert_true(add("MESSAGE=Mar 10 08:00:01 mail postfix/smtp[42]: 4F1: x"));
	record = fields_finish(fields);
	assert_span(record->identifier, "");
}

int main(void)
{
#define FIELDS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		FIELDS_TEST(test_every_prefix_of_every_name),
		FIELDS_TEST(test_lines_of_a_believed_container_are_taken_apart),
		FIELDS_TEST(test_other_lines_and_other_containers_stay_as_they_are),
		FIELDS_TEST(test_a_container_named_twice_is_nobody),
		FIELDS_TEST(test_names_are_whole),
		FIELDS_TEST(test_stops_where_not_wanted),
		FIELDS_TEST(test_too_long_identifier_is_nobody),
		FIELDS_TEST(test_second_entry_has_nothing_of_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
