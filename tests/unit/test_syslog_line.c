/* SPDX-License-Identifier: Apache-2.0 */

#include "source/syslog_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "testing.h"

#define NOW_USEC (UINT64_C(1773137998) * USEC_PER_SEC) /* 2026-03-10 10:19:58 UTC */

/* The test's own zone: two hours east of Greenwich. */
static int setup(void **state)
{
	(void)state;
	if (setenv("TZ", "XST-2", 1) < 0)
		return -1;
	tzset();
	return 0;
}

static bool parse(const char *text, struct syslog_line *ret)
{
	return syslog_line_parse(guard_copy(span_str(text)), ret);
}

static struct syslog_line parse_well(const char *text)
{
	struct syslog_line line = { .pid = 4711 };

	check(parse(text, &line), "%s", text);
	return line;
}

static void check_span(span_t is, const char *expected, const char *text)
{
	check(span_eq(is, span_str(expected)), "%.*s instead of %s in %s", SPAN_ARG(is), expected,
	      text);
}

static void lines_of_every_writer_are_split(void **state)
{
	static const struct {
		const char *text, *timestamp, *host, *identifier;
		uint32_t pid;
		const char *message;
		unsigned priority;
	} cases[] = {
		/* RFC 3164, as rsyslog's traditional format and journalctl -o short */
		{ "Mar 10 08:00:01 mail postfix/smtp[123]: 4F9D11A0C2: text", "Mar 10 08:00:01",
		  "mail", "postfix/smtp", 123, "4F9D11A0C2: text", SYSLOG_LINE_NO_PRIORITY },
		{ "Mar  1 08:00:01 mail.example.com postfix/submission/smtpd[4194304]: x",
		  "Mar  1 08:00:01", "mail.example.com", "postfix/submission/smtpd", 4194304, "x",
		  SYSLOG_LINE_NO_PRIORITY },
		{ "Mar 01 08:00:01 mail x: y", "Mar 01 08:00:01", "mail", "x", 0, "y",
		  SYSLOG_LINE_NO_PRIORITY },
		{ "Feb 29 23:59:60 2001:db8::1 x: y", "Feb 29 23:59:60", "2001:db8::1", "x", 0, "y",
		  SYSLOG_LINE_NO_PRIORITY },
		/* with a priority, as it goes over the wire */
		{ "<22>Mar 10 08:00:01 mail postfix/smtp[1]: x", "Mar 10 08:00:01", "mail",
		  "postfix/smtp", 1, "x", 22 },
		{ "<0>Mar 10 08:00:01 mail kernel: x", "Mar 10 08:00:01", "mail", "kernel", 0, "x",
		  0 },
		{ "<191>2026-03-10T08:00:01Z mail x[1]: y", "2026-03-10T08:00:01Z", "mail", "x", 1,
		  "y", 191 },
		/* RFC 3339, as rsyslog's own format and journalctl -o short-iso */
		{ "2026-03-10T08:00:01.123456+01:00 mail postfix-out/smtp[9]: x",
		  "2026-03-10T08:00:01.123456+01:00", "mail", "postfix-out/smtp", 9, "x",
		  SYSLOG_LINE_NO_PRIORITY },
		{ "2024-02-29T08:00:01-0930 mail x: y", "2024-02-29T08:00:01-0930", "mail", "x", 0,
		  "y", SYSLOG_LINE_NO_PRIORITY },
		/* what the message holds is the writer's business */
		{ "Mar 10 08:00:01 m x:", "Mar 10 08:00:01", "m", "x", 0, "",
		  SYSLOG_LINE_NO_PRIORITY },
		{ "Mar 10 08:00:01 m x:y: z", "Mar 10 08:00:01", "m", "x", 0, "y: z",
		  SYSLOG_LINE_NO_PRIORITY },
		{ "Mar 10 08:00:01 m x:   \x01\xff", "Mar 10 08:00:01", "m", "x", 0, "  \x01\xff",
		  SYSLOG_LINE_NO_PRIORITY },
		{ "Mar 10 08:00:01 m x[1]: Mar 10 08:00:02 m y[2]: z", "Mar 10 08:00:01", "m", "x",
		  1, "Mar 10 08:00:02 m y[2]: z", SYSLOG_LINE_NO_PRIORITY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct syslog_line line = parse_well(cases[i].text);

		check_span(line.timestamp, cases[i].timestamp, cases[i].text);
		check_span(line.host, cases[i].host, cases[i].text);
		check_span(line.identifier, cases[i].identifier, cases[i].text);
		check_span(line.message, cases[i].message, cases[i].text);
		check(line.pid == cases[i].pid, "%s", cases[i].text);
		check(line.priority == cases[i].priority, "%s", cases[i].text);
	}
}

static void what_differs_in_a_byte_is_no_syslog_line(void **state)
{
	static const char *const cases[] = {
		"",
		"\n",
		"4F9D11A0C2: to=<a@example.org>, relay=none",
		"-- Boot 4d7ce2e5a4a34a4fa0bd2a4c5ee1a1a1 --",
		/* priorities */
		"<192>Mar 10 08:00:01 m x: y",
		"<022>Mar 10 08:00:01 m x: y",
		"<00>Mar 10 08:00:01 m x: y",
		"<>Mar 10 08:00:01 m x: y",
		"<-1>Mar 10 08:00:01 m x: y",
		"<22 Mar 10 08:00:01 m x: y",
		"<22> Mar 10 08:00:01 m x: y",
		"<22>1 2026-03-10T08:00:01Z m x 1 - - y", /* RFC 5424 is another format */
		/* dates */
		"mar 10 08:00:01 m x: y",
		"Mrz 10 08:00:01 m x: y",
		"Mar 1 08:00:01 m x: y",
		"Mar   1 08:00:01 m x: y",
		"Mar  10 08:00:01 m x: y",
		"Mar 00 08:00:01 m x: y",
		"Mar  0 08:00:01 m x: y",
		"Mar 32 08:00:01 m x: y",
		"Feb 30 08:00:01 m x: y",
		"Apr 31 08:00:01 m x: y",
		"Mar 010 08:00:01 m x: y",
		"Mar 10 8:00:01 m x: y",
		"Mar 10 24:00:00 m x: y",
		"Mar 10 08:60:00 m x: y",
		"Mar 10 08:00:61 m x: y",
		"Mar 10 08:00:01.5 m x: y",
		"Mar 10 2026 08:00:01 m x: y",
		" Mar 10 08:00:01 m x: y",
		"2026-02-29T08:00:01Z m x: y",
		"2100-02-29T08:00:01Z m x: y",
		"1969-12-31T23:59:59Z m x: y",
		"2026-13-10T08:00:01Z m x: y",
		"2026-03-10 08:00:01Z m x: y",
		"2026-03-10t08:00:01z m x: y",
		"2026-03-10T08:00:01 m x: y", /* no offset */
		"2026-03-10T08:00:01.Z m x: y",
		"2026-03-10T08:00:01.1234567890Z m x: y",
		"2026-03-10T08:00:01+1:00 m x: y",
		"2026-03-10T08:00:01+24:00 m x: y",
		"2026-03-10T08:00:01+01:60 m x: y",
		"2026-03-10T08:00:01+01: m x: y",
		"2026-3-10T08:00:01Z m x: y",
		"20260-03-10T08:00:01Z m x: y",
		/* host and identifier */
		"Mar 10 08:00:01  x: y",
		"Mar 10 08:00:01 m  x: y",
		"Mar 10 08:00:01 m",
		"Mar 10 08:00:01 m ",
		"Mar 10 08:00:01 m x",
		"Mar 10 08:00:01 x: y",
		"Mar 10 08:00:01 m\tx: y",
		"Mar 10 08:00:01 m \x01: y",
		"Mar 10 08:00:01 m \xc3\xa4: y",
		"Mar 10 08:00:01 m : y",
		"Mar 10 08:00:01 m x y: z",
		"Mar 10 08:00:01 m x[]: y",
		"Mar 10 08:00:01 m x[1: y",
		"Mar 10 08:00:01 m x[1] y",
		"Mar 10 08:00:01 m x[a]: y",
		"Mar 10 08:00:01 m x[1][2]: y",
		"Mar 10 08:00:01 m x]1[: y",
		"Mar 10 08:00:01 m x[4294967296]: y",
		"Mar 10 08:00:01 m x[12345678901]: y",
	};
	struct syslog_line line = { .pid = 4711 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check(!parse(cases[i], &line), "%s", cases[i]);
		check(line.pid == 4711, "touched by %s", cases[i]);
	}
}

/* At every length, in memory that ends there: no read behind the end, and no line before the colon. */
static void a_line_that_is_cut_is_one_from_its_colon_on(void **state)
{
	static const char *const cases[] = {
		"<22>Mar 10 08:00:01 mail postfix/smtp[123]: text",
		"2026-03-10T08:00:01.123456+01:00 mail postfix/smtp[123]: text",
	};
	struct syslog_line line;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		span_t all = span_str(cases[i]);
		size_t colon = (size_t)span_find(all, SPAN("]:")) + 2;

		for (size_t n = 0; n <= all.len; n++)
			check(syslog_line_parse(guard_copy(span_head(all, n)), &line) ==
				      (n >= colon),
			      "%.*s", (int)n, all.ptr);
	}
}

static void names_have_a_longest_length(void **state)
{
	static char text[1024];
	struct syslog_line line;

	(void)state;
	for (int n = 254; n <= 256; n++) {
		snprintf(text, sizeof(text), "Mar 10 08:00:01 %0*d x: y", n, 0);
		assert_int_equal(parse(text, &line), n <= (int)SYSLOG_LINE_NAME_MAX);
		snprintf(text, sizeof(text), "Mar 10 08:00:01 m %0*d: y", n, 0);
		assert_int_equal(parse(text, &line), n <= (int)SYSLOG_LINE_NAME_MAX);
	}
}

static void times_are_converted(void **state)
{
	static const struct {
		const char *timestamp;
		uint64_t usec;
	} cases[] = {
		{ "2026-03-10T10:19:58Z", NOW_USEC },
		{ "2026-03-10T11:19:58+01:00", NOW_USEC },
		{ "2026-03-10T00:49:58-0930", NOW_USEC },
		{ "2026-03-10T10:19:58.000001Z", NOW_USEC + 1 },
		{ "2026-03-10T10:19:58.5Z", NOW_USEC + 500000 },
		{ "2026-03-10T10:19:58.999999999Z", NOW_USEC + 999999 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:00+23:59", 0 }, /* before there was time */
		/* local time of the latest year that fits */
		{ "Mar 10 12:19:58", NOW_USEC },
		{ "Mar 11 12:19:58", NOW_USEC + 86400 * USEC_PER_SEC },
		{ "Mar 11 12:19:59", NOW_USEC + (86401 - 365 * UINT64_C(86400)) * USEC_PER_SEC },
		{ "Mar  9 12:19:58", NOW_USEC - 86400 * USEC_PER_SEC },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct syslog_line line;

		snprintf(text, sizeof(text), "%s m x: y", cases[i].timestamp);
		line = parse_well(text);
		check(syslog_line_realtime(&line, NOW_USEC) == cases[i].usec, "%s: %ju",
		      cases[i].timestamp, (uintmax_t)syslog_line_realtime(&line, NOW_USEC));
	}
}

static void the_turn_of_the_year_is_no_turn_of_the_clock(void **state)
{
	const uint64_t new_year =
		UINT64_C(1767218400) * USEC_PER_SEC; /* 2026 begins in this zone */
	struct syslog_line before = parse_well("Dec 31 23:59:59 m x: y");
	struct syslog_line after = parse_well("Jan  1 00:00:01 m x: y");

	(void)state;
	for (int minutes = -1; minutes <= 1; minutes += 2) {
		uint64_t now =
			minutes < 0 ? new_year - 60 * USEC_PER_SEC : new_year + 60 * USEC_PER_SEC;

		assert_int_equal(syslog_line_realtime(&before, now), new_year - USEC_PER_SEC);
		assert_int_equal(syslog_line_realtime(&after, now), new_year + USEC_PER_SEC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_every_writer_are_split),
		cmocka_unit_test(what_differs_in_a_byte_is_no_syslog_line),
		cmocka_unit_test(a_line_that_is_cut_is_one_from_its_colon_on),
		cmocka_unit_test(names_have_a_longest_length),
		cmocka_unit_test(times_are_converted),
		cmocka_unit_test(the_turn_of_the_year_is_no_turn_of_the_clock),
	};

	return cmocka_run_group_tests_name("syslog_line", tests, setup, NULL);
}
