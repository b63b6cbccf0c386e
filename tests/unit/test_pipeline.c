/* SPDX-License-Identifier: Apache-2.0 */

/* test_pipeline CASE-FILE... */

#include "count/pipeline.h"

#include <stdlib.h>

#include "case_file.h"
#include "dialect/dialect.h"
#include "series.h"
#include "testing.h"

#define NOW UINT64_C(1700000000000000)

static char **case_files;
static struct smtpreply_catalogue *catalogue;
static struct registry *registry;
static struct tally *tally;
static struct trust *trust;
static struct pipeline *pipeline;

static int setup(void **state)
{
	(void)state;
	pipeline = calloc(1, sizeof(*pipeline));
	if (!pipeline || smtpreply_catalogue_new(&catalogue) < 0 || registry_new(&registry) < 0 ||
	    tally_new(&tally, registry, catalogue) < 0 || trust_new(&trust, TRUST_TRUSTED) < 0)
		return -1;
	pipeline_init(pipeline, trust, tally);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(pipeline);
	trust = trust_free(trust);
	tally = tally_free(tally);
	registry = registry_free(registry);
	catalogue = smtpreply_catalogue_free(catalogue);
	return 0;
}

static uint64_t replies(void)
{
	return series_sum(registry, FAMILY_CLIENT_REPLIES) +
	       series_sum(registry, FAMILY_SERVER_REPLIES);
}

/* Every entry has one outcome, and every reply stands once in each family of its side. */
static void check_conservation(const char *where)
{
	check(registry_get(registry, FAMILY_ENTRIES_READ, KEY0) ==
		      series_sum(registry, FAMILY_ENTRIES),
	      "%s", where);
	for (unsigned i = 1; i <= 2; i++) {
		check(series_sum(registry, FAMILY_CLIENT_REPLIES) ==
			      series_sum(registry, FAMILY_CLIENT_REPLIES + i),
		      "%s", where);
		check(series_sum(registry, FAMILY_SERVER_REPLIES) ==
			      series_sum(registry, FAMILY_SERVER_REPLIES + i),
		      "%s", where);
	}
}

static struct record record_of(const char *identifier, const char *message)
{
	return (struct record){
		.identifier = span_str(identifier),
		.message = span_str(message),
		.unit = SPAN("postfix@-.service"),
		.pid = 100,
		.realtime_usec = NOW,
	};
}

#define DELIVERY(to, stage)                                                                        \
	"4F9D11A0C2: to=<" to ">, relay=mx.example.com[192.0.2.1]:25, delay=1.9, "                 \
	"delays=0.05/0/1.1/0.71, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: " \
	"550 5.1.1 no (in reply to " stage " command))"

static const struct {
	const char *identifier, *message;
	uint32_t uid;
	enum outcome outcome;
	unsigned replies;
} mixture[] = {
	{ "kernel", "usb 1-1: new device", 0, OUTCOME_FOREIGN, 0 },
	{ "sshd", "4F9D11A0C2: reject: 550 5.1.1", 0, OUTCOME_FOREIGN, 0 },
	{ "", "", 0, OUTCOME_FOREIGN, 0 },
	{ "postfix/smtp", DELIVERY("a@example.org", "RCPT TO"), 0, OUTCOME_REPLY, 1 },
	{ "postfix/smtp", DELIVERY("b@example.org", "RCPT TO"), 0, OUTCOME_REPLY, 1 },
	{ "postfix/smtp", DELIVERY("a@example.org", "end of DATA"), 0, OUTCOME_REPLY, 1 },
	{ "postfix/smtp", DELIVERY("b@example.org", "end of DATA"), 0, OUTCOME_REPEAT, 0 },
	{ "postfix/smtp", DELIVERY("c@example.org", "end of DATA"), 0, OUTCOME_REPEAT, 0 },
	{ "postfix/smtp", DELIVERY("a@example.org", "RCPT TO"), 1000, OUTCOME_UNTRUSTED, 0 },
	{ "postfix/smtp", "something new", 0, OUTCOME_UNKNOWN, 0 },
	{ "postfix/qmgr", "4F9D11A0C2: removed", 0, OUTCOME_NONE, 0 },
	{ "postfix/smtpd", "connect from mx.example.com[192.0.2.1]", 0, OUTCOME_NONE, 0 },
	{ "postfix/nonesuch", "hello", 0, OUTCOME_UNKNOWN, 0 },
	{ "postfix/smtp", "", 0, OUTCOME_UNKNOWN, 0 },
	{ "postfix/smtpd",
	  "NOQUEUE: reject: RCPT from mx.example.com[192.0.2.1]: 450 4.7.1 later; from=<> "
	  "to=<a@example.org> proto=ESMTP helo=<x>",
	  0, OUTCOME_REPLY, 1 },
	{ "postfix/smtp",
	  "4F9D11A0C2: to=<a>, relay=x, relay=mx.example.com[192.0.2.1]:25, delay=1, status=sent "
	  "(250 ok)",
	  0, OUTCOME_AMBIGUOUS, 0 },
};

static void every_entry_ends_in_one_outcome_and_the_sums_agree(void **state)
{
	uint64_t expected = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mixture); i++) {
		struct record r = record_of(mixture[i].identifier, mixture[i].message);
		enum outcome outcome;

		r.uid = mixture[i].uid;
		outcome = pipeline_feed(pipeline, &r);
		check(outcome == mixture[i].outcome, "%s: %s is %s", mixture[i].identifier,
		      mixture[i].message, outcome_names[outcome].ptr);
		expected += mixture[i].replies;
		check(replies() == expected, "%s", mixture[i].message);
		check_conservation(mixture[i].message);
	}
	assert_int_equal(registry_get(registry, FAMILY_ENTRIES_READ, KEY0), ARRAY_SIZE(mixture));
	assert_int_equal(series_value(registry, FAMILY_ENTRIES, "none foreign"), 3);
	assert_int_equal(series_value(registry, FAMILY_ENTRIES, "postfix reply"), 4);
	assert_int_equal(series_value(registry, FAMILY_ENTRIES, "postfix repeat"), 2);
	assert_int_equal(series_value(registry, FAMILY_ENTRIES, "postfix untrusted"), 1);
	assert_int_equal(series_value(registry, FAMILY_ENTRIES, "postfix ambiguous"), 1);
}

static void a_repeated_reply_still_counts_its_recipient(void **state)
{
	struct record r = record_of("postfix/smtp", DELIVERY("a@example.org", "end of DATA"));

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		(void)pipeline_feed(pipeline, &r);
	assert_int_equal(replies(), 1);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_DELIVERIES, "postfix remote bounced"),
			 50);
}

static void what_differs_in_process_or_queue_id_is_another_reply(void **state)
{
	struct record r = record_of("postfix/smtp", DELIVERY("a@example.org", "end of DATA"));
	struct record other =
		record_of("postfix/smtp", "5" DELIVERY("a@example.org", "end of DATA"));

	(void)state;
	assert_int_equal(pipeline_feed(pipeline, &r), OUTCOME_REPLY);
	r.pid = 101;
	assert_int_equal(pipeline_feed(pipeline, &r), OUTCOME_REPLY);
	assert_int_equal(pipeline_feed(pipeline, &other), OUTCOME_REPLY);
	assert_int_equal(pipeline_feed(pipeline, &r), OUTCOME_REPEAT);
	assert_int_equal(replies(), 3);
}

static void nothing_of_a_stranger_is_counted(void **state)
{
	struct record r = record_of("postfix/smtp", DELIVERY("a@example.org", "RCPT TO"));

	(void)state;
	r.uid = 1000;
	assert_int_equal(pipeline_feed(pipeline, &r), OUTCOME_UNTRUSTED);
	assert_int_equal(replies(), 0);
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_DELIVERIES), 0);
	assert_int_equal(registry_series_n(registry, FAMILY_LAST_ENTRY), 0);
}

static void a_record_without_any_field_is_foreign(void **state)
{
	struct record r = { .uid = RECORD_UID_NONE };

	(void)state;
	assert_int_equal(pipeline_feed(pipeline, &r), OUTCOME_FOREIGN);
	check_conservation("empty");
}

/* As sources deliver an entry without MESSAGE=. */
static void a_record_without_a_message_is_unknown_or_nothing(void **state)
{
	static const char *const daemons[] = { "postfix/smtp",	     "postfix/smtpd",
					       "postfix/lmtp",	     "postfix/cleanup",
					       "postfix/postscreen", "postfix/qmgr" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++) {
		struct record r = record_of(daemons[i], "");
		enum outcome outcome;

		r.message = SPAN_NULL;
		outcome = pipeline_feed(pipeline, &r);
		check(outcome == OUTCOME_UNKNOWN || outcome == OUTCOME_NONE, "%s", daemons[i]);
	}
	check_conservation("no message");
}

/* Each case with a memory of its own, as its author saw it, and all into one registry. */
static void feed_file(const char *path)
{
	static struct case_file f;
	uint64_t before = 0, entries = 0, had = 0;
	enum case_item item;
	char where[64];

	check(case_file_open(&f, path), "%s", path);
	while ((item = case_file_next(&f)) != CASE_FILE_END) {
		snprintf(where, sizeof(where), "line %u", f.line);
		if (item == CASE_ENTRY) {
			(void)pipeline_feed(pipeline, &f.record);
			entries++;
			check_conservation(where);
			continue;
		}
		check(replies() - before == f.replies, "%s:%u: the case counted %u replies, not %u",
		      path, f.line, (unsigned)(replies() - before), f.replies);
		before = replies();
		had += f.replies;
		pipeline_init(pipeline, trust, tally);
	}
	case_file_close(&f);
	check(entries > 0 && had > 0, "%s", path);
	check(registry_get(registry, FAMILY_ENTRIES_READ, KEY0) == entries, "%s", path);
}

static void each_case_counts_as_many_replies_as_its_author_did(void **state)
{
	(void)state;
	for (char **path = case_files; *path; path++) {
		feed_file(*path);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

/*
 * The state of reading a journal twice: the second time everything with a fingerprint is a repeat.
 */
static void reading_again_counts_no_fingerprint_twice(void **state)
{
	struct record lines[3] = {
		record_of("postfix/smtp", DELIVERY("a@example.org", "end of DATA")),
		record_of("postfix/smtp", DELIVERY("a@example.org", "MAIL FROM")),
		record_of("postfix/smtp", DELIVERY("a@example.org", "DATA")),
	};

	(void)state;
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 3; i++)
			check(pipeline_feed(pipeline, &lines[i]) ==
				      (round == 0 ? OUTCOME_REPLY : OUTCOME_REPEAT),
			      "line %u in round %u", i, round);
	assert_int_equal(replies(), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(every_entry_ends_in_one_outcome_and_the_sums_agree),
		TEST(a_repeated_reply_still_counts_its_recipient),
		TEST(what_differs_in_process_or_queue_id_is_another_reply),
		TEST(nothing_of_a_stranger_is_counted),
		TEST(a_record_without_any_field_is_foreign),
		TEST(a_record_without_a_message_is_unknown_or_nothing),
		TEST(each_case_counts_as_many_replies_as_its_author_did),
		TEST(reading_again_counts_no_fingerprint_twice),
	};

	if (argc < 2)
		return EXIT_FAILURE;
	case_files = argv + 1;
	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
