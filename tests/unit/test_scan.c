/* SPDX-License-Identifier: Apache-2.0 */

#include "dialect/scan.h"

#include "testing.h"

/* How a scanner did at the start of a text: what it took and where it stopped; NULL: no match. */
struct scan_case {
	const char *in, *taken, *rest;
};

static void check_scan(const struct scan_case *t, const struct cursor *c, bool matched,
		       span_t taken)
{
	check(matched == (t->taken != NULL), "%s", t->in);
	if (matched)
		check(span_eq(taken, span_str(t->taken)), "%s: took %.*s", t->in, SPAN_ARG(taken));
	check(span_eq(cursor_rest(c), span_str(matched ? t->rest : t->in)), "%s: left %.*s", t->in,
	      SPAN_ARG(cursor_rest(c)));
}

static void a_path_ends_at_the_first_bracket_that_is_not_quoted(void **state)
{
	static const struct scan_case cases[] = {
		{ "<>", "", "" },
		{ "<a@example.org>", "a@example.org", "" },
		{ "<a@example.org>, relay=", "a@example.org", ", relay=" },
		{ "<\"a>b\"@example.org> x", "\"a>b\"@example.org", " x" },
		{ "<\"a\\\">b\"@example.org> x", "\"a\\\">b\"@example.org", " x" },
		{ "<a\\>b@example.org> x", "a\\>b@example.org", " x" },
		{ "<\\\"> x", "\\\"", " x" },
		{ "<\"\\\\\"> x", "\"\\\\\"", " x" },
		{ "<a\"b\"c>d", "a\"b\"c", "d" },
		{ "<<a>>", "<a", ">" },
		{ "<a b>", "a b", "" },
		{ "", NULL, NULL },
		{ "<", NULL, NULL },
		{ "<a", NULL, NULL },
		{ "<\"a>", NULL, NULL },
		{ "<a\\>", NULL, NULL },
		{ "<a\\", NULL, NULL },
		{ "a>", NULL, NULL },
		{ " <a>", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cursor c = cursor_over(span_str(cases[i].in));
		span_t path = SPAN_NULL;
		bool matched = scan_path(&c, &path);

		check_scan(&cases[i], &c, matched, path);
	}
}

static void a_peer_is_a_name_and_an_address_in_square_brackets(void **state)
{
	static const struct {
		const char *in, *name, *address; /* NAME NULL: no match */
		bool has_port;
		const char *rest;
	} cases[] = {
		{ "mx.example.org[192.0.2.1]", "mx.example.org", "192.0.2.1", false, "" },
		{ "mx.example.org[192.0.2.1]:25", "mx.example.org", "192.0.2.1", true, "" },
		{ "mx.example.org[192.0.2.1]:25, d", "mx.example.org", "192.0.2.1", true, ", d" },
		{ "mx[2001:db8::1]:65535 x", "mx", "2001:db8::1", true, " x" },
		{ "unknown[192.0.2.1]: text", "unknown", "192.0.2.1", false, ": text" },
		{ "mx[192.0.2.1]:123456", "mx", "192.0.2.1", false, ":123456" },
		{ "my_host-1.example.org[::1]", "my_host-1.example.org", "::1", false, "" },
		{ "192.0.2.1[192.0.2.1]", "192.0.2.1", "192.0.2.1", false, "" },
		{ "2001:db8::1[2001:db8::1]", "2001:db8::1", "2001:db8::1", false, "" },
		{ "[192.0.2.1]", "", "192.0.2.1", false, "" },
		{ "mx[private/dovecot-lmtp]", "mx", "private/dovecot-lmtp", false, "" },
		{ "mx[/run/lmtp]:x", "mx", "/run/lmtp", false, ":x" },
		{ "", NULL, NULL, false, NULL },
		{ "mx", NULL, NULL, false, NULL },
		{ "mx[", NULL, NULL, false, NULL },
		{ "mx[]", NULL, NULL, false, NULL },
		{ "mx[192.0.2.1", NULL, NULL, false, NULL },
		{ "mx[192.0.2.1 ]", NULL, NULL, false, NULL },
		{ "mx[[192.0.2.1]]", NULL, NULL, false, NULL },
		{ "m x[192.0.2.1]", NULL, NULL, false, NULL },
		{ "m/x[192.0.2.1]", NULL, NULL, false, NULL },
		{ "<mx>[192.0.2.1]", NULL, NULL, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cursor c = cursor_over(span_str(cases[i].in));
		struct peer peer = { .has_port = false };
		bool matched = scan_peer(&c, &peer);

		check(matched == (cases[i].name != NULL), "%s", cases[i].in);
		check(span_eq(cursor_rest(&c), span_str(matched ? cases[i].rest : cases[i].in)),
		      "%s: left %.*s", cases[i].in, SPAN_ARG(cursor_rest(&c)));
		if (matched)
			check(span_eq(peer.name, span_str(cases[i].name)) &&
				      span_eq(peer.address, span_str(cases[i].address)) &&
				      peer.has_port == cases[i].has_port,
			      "%s", cases[i].in);
	}
}

static void loopback_and_sockets_are_local_and_all_else_is_remote(void **state)
{
	static const struct {
		const char *address;
		enum hop hop;
	} cases[] = {
		{ "127.0.0.1", HOP_LOCAL },
		{ "127.255.255.255", HOP_LOCAL },
		{ "::1", HOP_LOCAL },
		{ "::ffff:127.0.0.1", HOP_LOCAL },
		{ "private/lmtp", HOP_LOCAL },
		{ "/run/dovecot/lmtp", HOP_LOCAL },
		{ "192.0.2.127", HOP_REMOTE },
		{ "198.51.100.1", HOP_REMOTE },
		{ "2001:db8::1", HOP_REMOTE },
		{ "::ffff:192.0.2.1", HOP_REMOTE },
		{ "2001:db8::1:1", HOP_REMOTE },
		{ "unknown", HOP_REMOTE },
		{ "", HOP_REMOTE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct peer peer = { .name = SPAN("127.0.0.1"),
				     .address = span_str(cases[i].address) };

		check(peer_hop(&peer) == cases[i].hop, "%s", cases[i].address);
	}
}

static void seconds_have_at_most_six_decimals(void **state)
{
	static const struct {
		const char *in;
		bool matched;
		uint64_t usec;
		const char *rest;
	} cases[] = {
		{ "0", true, 0, "" },
		{ "7", true, 7000000, "" },
		{ "1.9, delays", true, 1900000, ", delays" },
		{ "0.05/0/1.1", true, 50000, "/0/1.1" },
		{ "0.000001", true, 1, "" },
		{ "12.345", true, 12345000, "" },
		{ "1.000000", true, 1000000, "" },
		{ "1.1234567", true, 1123456, "7" },
		{ "007", true, 7000000, "" },
		{ "999999999999", true, UINT64_C(999999999999000000), "" },
		{ "999999999999.999999", true, UINT64_C(999999999999999999), "" },
		{ "1.5.2", true, 1500000, ".2" },
		{ "", false, 0, "" },
		{ ".", false, 0, "." },
		{ ".5", false, 0, ".5" },
		{ "1.", false, 0, "1." },
		{ "1.x", false, 0, "1.x" },
		{ "-1", false, 0, "-1" },
		{ "+1", false, 0, "+1" },
		{ " 1", false, 0, " 1" },
		{ "1000000000000", false, 0, "1000000000000" },
		{ "x", false, 0, "x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cursor c = cursor_over(span_str(cases[i].in));
		uint64_t usec = 0;

		check(scan_seconds(&c, &usec) == cases[i].matched && usec == cases[i].usec, "%s",
		      cases[i].in);
		check(span_eq(cursor_rest(&c), span_str(cases[i].rest)), "%s: left %.*s",
		      cases[i].in, SPAN_ARG(cursor_rest(&c)));
	}
}

static void mechanisms_are_known_in_any_case_and_scram_with_its_variants(void **state)
{
	static const struct {
		const char *name;
		enum mechanism mechanism;
	} cases[] = {
		{ "PLAIN", MECHANISM_PLAIN },
		{ "plain", MECHANISM_PLAIN },
		{ "LOGIN", MECHANISM_LOGIN },
		{ "CRAM-MD5", MECHANISM_CRAM_MD5 },
		{ "SCRAM-SHA-1", MECHANISM_SCRAM },
		{ "scram-sha-256-plus", MECHANISM_SCRAM },
		{ "SCRAM-", MECHANISM_SCRAM },
		{ "GSSAPI", MECHANISM_GSSAPI },
		{ "EXTERNAL", MECHANISM_EXTERNAL },
		{ "XOAUTH2", MECHANISM_XOAUTH2 },
		{ "SCRAM", MECHANISM_OTHER },
		{ "PLAINER", MECHANISM_OTHER },
		{ "PLAI", MECHANISM_OTHER },
		{ "NTLM", MECHANISM_OTHER },
		{ "", MECHANISM_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(scan_mechanism(guard_copy(span_str(cases[i].name))) == cases[i].mechanism,
		      "%s", cases[i].name);
}

static void a_reply_becomes_an_event_and_no_reply_does_not(void **state)
{
	static struct events events;
	struct reply *reply;

	(void)state;
	assert_null(scan_reply(SPAN("no code"), &events, SIDE_CLIENT, STAGE_RCPT));
	assert_null(scan_reply(SPAN_NULL, &events, SIDE_CLIENT, STAGE_RCPT));
	assert_int_equal(events.n, 0);
	reply = scan_reply(SPAN("550 5.1.1 no"), &events, SIDE_SERVER, STAGE_RCPT);
	assert_int_equal(events.n, 1);
	assert_ptr_equal(reply, &events.item[0].reply);
	assert_int_equal(events.item[0].type, EVENT_REPLY);
	assert_int_equal(reply->side, SIDE_SERVER);
	assert_int_equal(reply->stage, STAGE_RCPT);
	assert_int_equal(reply->evidence, EVIDENCE_LOGGED);
	assert_int_equal(reply->class, 5);
	assert_int_equal(reply->code, 550);
	assert_int_equal(reply->enhanced.class, 5);
	assert_true(span_eq(reply->text, SPAN("no")));
	assert_int_equal(reply->same.hash, 0);
}

static void an_implied_reply_says_so(void **state)
{
	static struct events events;
	struct reply *reply =
		imply_reply(&events, SIDE_SERVER, STAGE_CONNECT, 421, ENHANCED(4, 7, 0));

	(void)state;
	assert_int_equal(reply->evidence, EVIDENCE_IMPLIED);
	assert_int_equal(reply->class, 4);
	assert_int_equal(reply->code, 421);
	assert_int_equal(reply->text.len, 0);
}

static void events_beyond_the_limit_take_the_place_of_the_last(void **state)
{
	static struct events events;

	(void)state;
	for (unsigned i = 0; i < 3 * EVENTS_MAX; i++)
		events_add(&events, EVENT_COMMAND)->command.total = i;
	assert_int_equal(events.n, EVENTS_MAX);
	assert_int_equal(events.item[0].command.total, 0);
	assert_int_equal(events.item[EVENTS_MAX - 1].command.total, 3 * EVENTS_MAX - 1);
}

static void a_name_is_found_or_is_one_past_the_last(void **state)
{
	(void)state;
	assert_int_equal(name_find(command_names, _COMMAND_MAX, SPAN("rcpt")), COMMAND_RCPT);
	assert_int_equal(name_find(command_names, _COMMAND_MAX, SPAN("helo")), 0);
	assert_int_equal(name_find(command_names, _COMMAND_MAX, SPAN("rcp")), _COMMAND_MAX);
	assert_int_equal(name_find(command_names, _COMMAND_MAX, SPAN_NULL), _COMMAND_MAX);
}

static void every_name_is_a_label_value_and_unique_in_its_set(void **state)
{
	static const struct {
		const span_t *names;
		unsigned n;
	} sets[] = {
		{ stage_names, _STAGE_MAX },	   { hop_names, _HOP_MAX },
		{ evidence_names, _EVIDENCE_MAX }, { status_names, _STATUS_MAX },
		{ cause_names, _CAUSE_MAX },	   { mechanism_names, _MECHANISM_MAX },
		{ command_names, _COMMAND_MAX },   { phase_names, _PHASE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		for (unsigned n = 0; n < sets[i].n; n++) {
			span_t name = sets[i].names[n];

			check(name_find(sets[i].names, sets[i].n, name) == n, "set %zu: %.*s", i,
			      SPAN_ARG(name));
			for (size_t c = 0; c < name.len; c++)
				check(char_is_alnum(name.ptr[c]) || name.ptr[c] == '_',
				      "set %zu: %.*s", i, SPAN_ARG(name));
		}
	}
}

static void no_truncation_is_read_beyond_its_end(void **state)
{
	static const char *const texts[] = {
		"<\"a\\\">b\\\\\"@example.org>",
		"mx.example.org[2001:db8::1]:65535",
		"123456789012.123456",
		"550 5.1.1 user unknown",
		"SCRAM-SHA-256",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		for (size_t n = 0; n <= strlen(texts[i]); n++) {
			span_t in = guard_copy(span_make(texts[i], n)), path;
			struct cursor c = cursor_over(in);
			struct events events = { .n = 0 };
			struct peer peer;
			uint64_t usec;

			(void)scan_path(&c, &path);
			c = cursor_over(in);
			(void)scan_peer(&c, &peer);
			c = cursor_over(in);
			(void)scan_seconds(&c, &usec);
			(void)scan_reply(in, &events, SIDE_CLIENT, STAGE_RCPT);
			(void)scan_mechanism(in);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_ends_at_the_first_bracket_that_is_not_quoted),
		cmocka_unit_test(a_peer_is_a_name_and_an_address_in_square_brackets),
		cmocka_unit_test(loopback_and_sockets_are_local_and_all_else_is_remote),
		cmocka_unit_test(seconds_have_at_most_six_decimals),
		cmocka_unit_test(mechanisms_are_known_in_any_case_and_scram_with_its_variants),
		cmocka_unit_test(a_reply_becomes_an_event_and_no_reply_does_not),
		cmocka_unit_test(an_implied_reply_says_so),
		cmocka_unit_test(events_beyond_the_limit_take_the_place_of_the_last),
		cmocka_unit_test(a_name_is_found_or_is_one_past_the_last),
		cmocka_unit_test(every_name_is_a_label_value_and_unique_in_its_set),
		cmocka_unit_test(no_truncation_is_read_beyond_its_end),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
