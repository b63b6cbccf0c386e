/* SPDX-License-Identifier: Apache-2.0 */

#include "count/tally.h"

#include <stdio.h>

#include "dialect/dialect.h"
#include "series.h"
#include "testing.h"

#define POSTFIX 0 /* the only dialect so far; the label says so too */

static struct smtpreply_catalogue *catalogue;
static struct registry *registry;
static struct tally *tally;

static int setup(void **state)
{
	(void)state;
	return smtpreply_catalogue_new(&catalogue) < 0 || registry_new(&registry) < 0 ||
	       tally_new(&tally, registry, catalogue) < 0;
}

static int teardown(void **state)
{
	(void)state;
	tally = tally_free(tally);
	registry = registry_free(registry);
	catalogue = smtpreply_catalogue_free(catalogue);
	return tally || registry || catalogue;
}

static void count_reply(enum side side, unsigned code, struct smtpreply_enhanced enhanced)
{
	struct event e = { .type = EVENT_REPLY };

	e.reply = (struct reply){
		.side = side,
		.hop = HOP_REMOTE,
		.stage = STAGE_RCPT,
		.class = (uint16_t)(code < 10 ? code : code / 100),
		.code = (uint16_t)(code < 10 ? 0 : code),
		.enhanced = enhanced,
	};
	tally_event(tally, POSTFIX, &e);
}

static void count_simple(enum event_type type)
{
	struct event e = { .type = type };

	tally_event(tally, POSTFIX, &e);
}

/* A code below 10 is a class of which nothing more is known. */
static const struct {
	unsigned code;
	struct smtpreply_enhanced enhanced;
	const char *labels; /* code class meaning */
	const char *code_label, *enhanced_label;
} replies[] = {
	{ 250, { 2, 0, 0 }, "250 2xx ok", "250", "2.0.0" },
	{ 250, { 0, 0, 0 }, "250 2xx ok", "250", "none" },
	{ 354, { 0, 0, 0 }, "354 3xx start_mail_input", "354", "none" },
	{ 451, { 4, 3, 0 }, "451 4xx local_error", "451", "4.3.0" },
	{ 550, { 5, 1, 1 }, "550 5xx mailbox_unavailable", "550", "5.1.1" },
	{ 550, { 5, 7, 10 }, "550 5xx mailbox_unavailable", "550", "5.7.10" },
	/* Of another class than the code, though registered. */
	{ 550, { 4, 1, 1 }, "550 5xx mailbox_unavailable", "550", "other" },
	{ 421, { 5, 7, 0 }, "421 4xx service_not_available", "421", "other" },
	{ 354, { 2, 0, 0 }, "354 3xx start_mail_input", "354", "other" },
	/* Of nobody. */
	{ 550, { 5, 9, 9 }, "550 5xx mailbox_unavailable", "550", "other" },
	{ 550, { 5, 999, 999 }, "550 5xx mailbox_unavailable", "550", "other" },
	{ 550, { 5, 1, 999 }, "550 5xx mailbox_unavailable", "550", "other" },
	/* Codes without a row, and codes that were never printed. */
	{ 201, { 0, 0, 0 }, "other 2xx unlisted", "other", "none" },
	{ 299, { 2, 0, 0 }, "other 2xx unlisted", "other", "2.0.0" },
	{ 300, { 0, 0, 0 }, "other 3xx unlisted", "other", "none" },
	{ 444, { 4, 1, 1 }, "other 4xx unlisted", "other", "4.1.1" },
	{ 599, { 5, 0, 0 }, "other 5xx unlisted", "other", "5.0.0" },
	{ 4, { 4, 7, 1 }, "4xx 4xx unspecified", "4xx", "4.7.1" },
	{ 5, { 5, 7, 1 }, "5xx 5xx unspecified", "5xx", "5.7.1" },
	{ 2, { 0, 0, 0 }, "2xx 2xx unspecified", "2xx", "none" },
};

static void check_server_reply(size_t i, uint64_t before)
{
	char labels[128];

	snprintf(labels, sizeof(labels), "postfix %s logged", replies[i].labels);
	check(series_value(registry, FAMILY_SERVER_REPLIES, labels) == before + 1, "%s", labels);
	snprintf(labels, sizeof(labels), "postfix %s rcpt", replies[i].code_label);
	check(series_find(registry, FAMILY_SERVER_REPLY_STAGES, labels) >= 0, "%s", labels);
	snprintf(labels, sizeof(labels), "postfix %s %s", replies[i].code_label,
		 replies[i].enhanced_label);
	check(series_find(registry, FAMILY_SERVER_REPLY_ENHANCED, labels) >= 0, "%s", labels);
}

static void a_reply_is_counted_by_code_stage_and_enhanced_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		uint64_t before = 0;
		char labels[128];

		snprintf(labels, sizeof(labels), "postfix %s logged", replies[i].labels);
		if (series_find(registry, FAMILY_SERVER_REPLIES, labels) >= 0)
			before = series_value(registry, FAMILY_SERVER_REPLIES, labels);
		count_reply(SIDE_SERVER, replies[i].code, replies[i].enhanced);
		check_server_reply(i, before);
		assert_int_equal(series_sum(registry, FAMILY_SERVER_REPLIES), i + 1);
		assert_int_equal(series_sum(registry, FAMILY_SERVER_REPLY_STAGES), i + 1);
		assert_int_equal(series_sum(registry, FAMILY_SERVER_REPLY_ENHANCED), i + 1);
	}
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_REPLIES), 0);
}

static void replies_of_both_sides_and_hops_stay_apart(void **state)
{
	struct event e = { .type = EVENT_REPLY };

	(void)state;
	count_reply(SIDE_CLIENT, 550, (struct smtpreply_enhanced){ 5, 1, 1 });
	count_reply(SIDE_SERVER, 550, (struct smtpreply_enhanced){ 5, 1, 1 });
	e.reply = (struct reply){
		.side = SIDE_CLIENT,
		.hop = HOP_LOCAL,
		.stage = STAGE_DATA_END,
		.evidence = EVIDENCE_IMPLIED,
		.class = 2,
		.code = 250,
	};
	tally_event(tally, POSTFIX, &e);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_REPLIES,
				      "postfix remote 550 5xx mailbox_unavailable logged"),
			 1);
	assert_int_equal(
		series_value(registry, FAMILY_CLIENT_REPLIES, "postfix local 250 2xx ok implied"),
		1);
	assert_int_equal(
		series_value(registry, FAMILY_CLIENT_REPLY_STAGES, "postfix local 250 data_end"),
		1);
	assert_int_equal(
		series_value(registry, FAMILY_CLIENT_REPLY_ENHANCED, "postfix remote 550 5.1.1"),
		1);
	assert_int_equal(series_value(registry, FAMILY_SERVER_REPLIES,
				      "postfix 550 5xx mailbox_unavailable logged"),
			 1);
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_REPLIES), 2);
}

/* Microsoft's 4.7.650 and the like have a row of their own, and so a value of their own. */
static void enhanced_codes_of_providers_have_their_own_value(void **state)
{
	size_t n, vendors = 0;
	const struct smtpreply_detail *details = smtpreply_details(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char labels[64];

		if (span_eq(details[i].vendor, SPAN("iana")))
			continue;
		vendors++;
		count_reply(
			SIDE_SERVER, 451,
			(struct smtpreply_enhanced){ 4, details[i].subject, details[i].detail });
		snprintf(labels, sizeof(labels), "postfix 451 4.%u.%u", details[i].subject,
			 details[i].detail);
		check(series_find(registry, FAMILY_SERVER_REPLY_ENHANCED, labels) >= 0, "%s",
		      labels);
	}
	assert_true(vendors > 0);
	assert_non_null(smtpreply_detail_find(catalogue, 7, 650));
	assert_true(series_find(registry, FAMILY_SERVER_REPLY_ENHANCED, "postfix 451 4.7.650") >=
		    0);
}

/* Every code and every enhanced code: nothing is lost, and no value appears that has no row. */
static void every_reply_there_can_be_is_counted_once_in_each_family(void **state)
{
	uint64_t n = 0;

	(void)state;
	for (unsigned code = 200; code < 600; code++) {
		for (uint16_t subject = 0; subject < 10; subject++, n++)
			count_reply(SIDE_CLIENT, code,
				    (struct smtpreply_enhanced){ (uint16_t)(code / 100), subject,
								 (uint16_t)(code % 30) });
		count_reply(SIDE_CLIENT, code, (struct smtpreply_enhanced){ 0 });
		n++;
	}
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_REPLIES), n);
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_REPLY_STAGES), n);
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_REPLY_ENHANCED), n);
	assert_int_equal(registry_overflows(registry), 0);
}

/* Sum over the series of FAMILY whose label `code` is CODE. */
static uint64_t sum_of_code(enum family family, unsigned code_slot, span_t code)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < registry_series_n(registry, family); i++) {
		const struct series *s = registry_series(registry, family, i);

		if (span_eq(registry_label_value(registry, LABEL_code, key_slot(s->key, code_slot)),
			    code))
			sum += s->value[0];
	}
	return sum;
}

/* By what `code` shows, two families of a side agree, whatever was counted. */
static void check_agreement(enum family family, enum family other, unsigned code_slot)
{
	for (unsigned i = 0; i < registry_series_n(registry, family); i++) {
		uint64_t key = registry_series(registry, family, i)->key;
		span_t code = registry_label_value(registry, LABEL_code, key_slot(key, code_slot));

		check(sum_of_code(family, code_slot, code) == sum_of_code(other, code_slot, code),
		      "code %.*s", SPAN_ARG(code));
	}
}

/* Two series with the same labels would make Prometheus refuse the scrape. */
static void no_two_series_show_the_same_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		count_reply(SIDE_SERVER, replies[i].code, replies[i].enhanced);
		count_reply(SIDE_CLIENT, replies[i].code, replies[i].enhanced);
	}
	for (unsigned f = 0; f < _FAMILY_MAX; f++)
		for (unsigned i = 0; i < registry_series_n(registry, (enum family)f); i++)
			check(series_is_first(registry, (enum family)f, i), "%s",
			      registry_family((enum family)f)->name);
}

static void sums_by_code_agree_over_the_families_of_a_side(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++)
		for (size_t n = 0; n <= i; n++) {
			count_reply(SIDE_SERVER, replies[i].code, replies[i].enhanced);
			count_reply(SIDE_CLIENT, replies[i].code, replies[i].enhanced);
		}
	check_agreement(FAMILY_SERVER_REPLIES, FAMILY_SERVER_REPLY_STAGES, 1);
	check_agreement(FAMILY_SERVER_REPLIES, FAMILY_SERVER_REPLY_ENHANCED, 1);
	check_agreement(FAMILY_CLIENT_REPLIES, FAMILY_CLIENT_REPLY_STAGES, 2);
	check_agreement(FAMILY_CLIENT_REPLIES, FAMILY_CLIENT_REPLY_ENHANCED, 2);
}

static void a_delivery_is_counted_by_status_and_its_delays_if_it_was_sent(void **state)
{
	struct event e = { .type = EVENT_DELIVERY };

	(void)state;
	e.delivery = (struct delivery){
		.hop = HOP_REMOTE,
		.status = STATUS_SENT,
		.has_delay = true,
		.has_phases = true,
		.delay_usec = 1900000,
		.phase_usec = { 50000, 0, 1100000, 710000 },
	};
	tally_event(tally, POSTFIX, &e);
	e.delivery.status = STATUS_BOUNCED;
	e.delivery.hop = HOP_LOCAL;
	tally_event(tally, POSTFIX, &e);
	e.delivery = (struct delivery){ .status = STATUS_SENT, .has_delay = true };
	tally_event(tally, POSTFIX, &e);
	e.delivery = (struct delivery){ .status = STATUS_SENT };
	tally_event(tally, POSTFIX, &e);

	assert_int_equal(series_value(registry, FAMILY_CLIENT_DELIVERIES, "postfix remote sent"),
			 3);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_DELIVERIES, "postfix local bounced"),
			 1);
	assert_int_equal(series_sum(registry, FAMILY_CLIENT_DELIVERIES), 4);
	assert_int_equal(series_observations(registry, FAMILY_CLIENT_DELAY), 2);
	assert_int_equal(series_observations(registry, FAMILY_CLIENT_PHASE), _PHASE_MAX);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_PHASE, "postfix in_queue"), 1);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_PHASE, "postfix connect"), 0);
}

static void every_other_event_lands_in_its_series(void **state)
{
	struct event failure = { .type = EVENT_FAILURE, .failure = { .cause = CAUSE_TLS } };
	struct event lost = { .type = EVENT_LOST_CONNECTION, .stage = STAGE_AUTH };
	struct event auth = { .type = EVENT_AUTH_FAILURE, .mechanism = MECHANISM_SCRAM };
	struct event command = { .type = EVENT_COMMAND, .command = { COMMAND_RCPT, 7, 4 } };

	(void)state;
	tally_event(tally, POSTFIX, &failure);
	tally_event(tally, POSTFIX, &lost);
	tally_event(tally, POSTFIX, &auth);
	tally_event(tally, POSTFIX, &command);
	count_simple(EVENT_TRANSACTION);
	count_simple(EVENT_CONNECTION);
	assert_int_equal(series_value(registry, FAMILY_CLIENT_FAILURES, "postfix tls"), 1);
	assert_int_equal(series_value(registry, FAMILY_SERVER_LOST_CONNECTIONS, "postfix auth"), 1);
	assert_int_equal(series_value(registry, FAMILY_SERVER_AUTH_FAILURES, "postfix scram"), 1);
	assert_int_equal(series_value(registry, FAMILY_SERVER_COMMANDS, "postfix rcpt"), 7);
	assert_int_equal(series_value(registry, FAMILY_SERVER_COMMANDS_REFUSED, "postfix rcpt"), 4);
	assert_int_equal(series_value(registry, FAMILY_SERVER_TRANSACTIONS, "postfix"), 1);
	assert_int_equal(series_value(registry, FAMILY_SERVER_CONNECTIONS, "postfix"), 1);
}

static void codes_of_standards_and_extensions_are_0_from_the_start(void **state)
{
	size_t n, shown = 0;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char labels[128];
		bool expected = codes[i].status <= SMTPREPLY_STATUS_EXTENSION;

		snprintf(labels, sizeof(labels), "postfix %u %.*s %.*s logged", codes[i].code,
			 SPAN_ARG(codes[i].class), SPAN_ARG(codes[i].identifier));
		check(expected == (series_find(registry, FAMILY_SERVER_REPLIES, labels) >= 0), "%s",
		      labels);
		snprintf(labels, sizeof(labels), "postfix remote %u %.*s %.*s logged",
			 codes[i].code, SPAN_ARG(codes[i].class), SPAN_ARG(codes[i].identifier));
		check(expected == (series_find(registry, FAMILY_CLIENT_REPLIES, labels) >= 0), "%s",
		      labels);
		shown += expected;
	}
	assert_int_equal(registry_series_n(registry, FAMILY_CLIENT_REPLIES), shown);
}

static void implied_codes_of_a_mail_server_are_0_from_the_start(void **state)
{
	static const char *const labels[] = {
		"postfix 4xx 4xx unspecified implied",
		"postfix 5xx 5xx unspecified implied",
		"postfix 421 4xx service_not_available implied",
		"postfix 550 5xx mailbox_unavailable implied",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		assert_int_equal(series_value(registry, FAMILY_SERVER_REPLIES, labels[i]), 0);
}

static void closed_sets_are_0_from_the_start_and_nothing_is_held(void **state)
{
	static const struct {
		enum family family;
		unsigned n;
	} sets[] = {
		{ FAMILY_CLIENT_DELIVERIES, _STATUS_MAX },
		{ FAMILY_CLIENT_FAILURES, _CAUSE_MAX },
		{ FAMILY_CLIENT_DELAY, 1 },
		{ FAMILY_CLIENT_PHASE, _PHASE_MAX },
		{ FAMILY_SERVER_TRANSACTIONS, 1 },
		{ FAMILY_SERVER_CONNECTIONS, 1 },
		{ FAMILY_SERVER_LOST_CONNECTIONS, _STAGE_MAX },
		{ FAMILY_SERVER_AUTH_FAILURES, _MECHANISM_MAX },
		{ FAMILY_SERVER_COMMANDS, _COMMAND_MAX },
		{ FAMILY_SERVER_COMMANDS_REFUSED, _COMMAND_MAX },
		{ FAMILY_ENTRIES, _OUTCOME_MAX },
		{ FAMILY_LAST_ENTRY, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		check(registry_series_n(registry, sets[i].family) == sets[i].n, "%s",
		      registry_family(sets[i].family)->name);
	for (unsigned f = 0; f < _FAMILY_MAX; f++)
		for (unsigned i = 0;
		     f != FAMILY_CODE_INFO && i < registry_series_n(registry, (enum family)f);
		     i++) {
			check(!registry_series(registry, (enum family)f, i)->held, "%s",
			      registry_family((enum family)f)->name);
			check(registry_series(registry, (enum family)f, i)->value[0] == 0, "%s",
			      registry_family((enum family)f)->name);
		}
}

/* The first series that a mail host of any kind needs must fit far below the caps. */
static void the_start_leaves_room_below_every_cap(void **state)
{
	(void)state;
	for (unsigned f = 0; f < _FAMILY_MAX; f++)
		check(2 * registry_series_n(registry, (enum family)f) <=
			      registry_family((enum family)f)->cap,
		      "%s", registry_family((enum family)f)->name);
	assert_int_equal(registry_overflows(registry), 0);
}

static void an_outcome_is_counted_under_its_mail_server_and_foreign_under_none(void **state)
{
	(void)state;
	for (unsigned o = 0; o < _OUTCOME_MAX; o++)
		for (unsigned n = 0; n <= o; n++)
			tally_outcome(tally, POSTFIX, (enum outcome)o, 1000);
	for (unsigned o = 0; o < _OUTCOME_MAX; o++) {
		char labels[64];

		snprintf(labels, sizeof(labels), "%s %.*s",
			 o == OUTCOME_FOREIGN ? "none" : "postfix", SPAN_ARG(outcome_names[o]));
		assert_int_equal(series_value(registry, FAMILY_ENTRIES, labels), o + 1);
	}
	assert_int_equal(registry_series_n(registry, FAMILY_ENTRIES), _OUTCOME_MAX);
	assert_int_equal(registry_get(registry, FAMILY_ENTRIES_READ, KEY0),
			 series_sum(registry, FAMILY_ENTRIES));
}

static void only_entries_of_the_mail_server_itself_date_it(void **state)
{
	(void)state;
	tally_outcome(tally, POSTFIX, OUTCOME_FOREIGN, 1000);
	tally_outcome(tally, POSTFIX, OUTCOME_UNTRUSTED, 1000);
	assert_int_equal(registry_series_n(registry, FAMILY_LAST_ENTRY), 0);
	tally_outcome(tally, POSTFIX, OUTCOME_NONE, 2000);
	assert_int_equal(series_value(registry, FAMILY_LAST_ENTRY, "postfix"), 2000);
	tally_outcome(tally, POSTFIX, OUTCOME_UNKNOWN, 3000);
	assert_int_equal(series_value(registry, FAMILY_LAST_ENTRY, "postfix"), 3000);
}

/* Journals of several files interleave by arrival; "the newest entry" is not the one read last. */
static void an_older_entry_does_not_turn_the_last_entry_back(void **state)
{
	(void)state;
	tally_outcome(tally, POSTFIX, OUTCOME_NONE, 2000);
	tally_outcome(tally, POSTFIX, OUTCOME_NONE, 1000);
	assert_int_equal(series_value(registry, FAMILY_LAST_ENTRY, "postfix"), 2000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reply_is_counted_by_code_stage_and_enhanced_code),
		TEST(replies_of_both_sides_and_hops_stay_apart),
		TEST(enhanced_codes_of_providers_have_their_own_value),
		TEST(every_reply_there_can_be_is_counted_once_in_each_family),
		TEST(no_two_series_show_the_same_labels),
		TEST(sums_by_code_agree_over_the_families_of_a_side),
		TEST(a_delivery_is_counted_by_status_and_its_delays_if_it_was_sent),
		TEST(every_other_event_lands_in_its_series),
		TEST(codes_of_standards_and_extensions_are_0_from_the_start),
		TEST(implied_codes_of_a_mail_server_are_0_from_the_start),
		TEST(closed_sets_are_0_from_the_start_and_nothing_is_held),
		TEST(the_start_leaves_room_below_every_cap),
		TEST(an_outcome_is_counted_under_its_mail_server_and_foreign_under_none),
		TEST(only_entries_of_the_mail_server_itself_date_it),
		TEST(an_older_entry_does_not_turn_the_last_entry_back),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
