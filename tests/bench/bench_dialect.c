/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nanoseconds for a line of Postfix, through the dialect alone and through the whole pipeline,
 * beside a search for a newline in the same bytes (the least that any reader of lines does). Then
 * nanoseconds a byte for hostile lines of growing length: where those grow with the length,
 * somebody can make the exporter slow, and the program fails.
 */

#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "count/pipeline.h"
#include "dialect/dialect.h"

/* Goal of the project for a typical line. */
#define GOAL_NSEC 100

/*
 * Typical lines come with so many queue ids, so that replies are new ones and not all in the cache.
 */
#define VARIANTS 1024u
#define LINE_MAX_BYTES 1024u
#define HOSTILE_MAX_BYTES 16384u

/* The third is the longest line of Postfix, and what is behind that in the fourth need not be read. */
static const size_t lengths[] = { 500, 1000, 2000, HOSTILE_MAX_BYTES };

/* Every line begins with a queue id of ten digits if it has one. */
static const struct typical {
	const char *name, *identifier, *message;
	bool has_id;
} typical[] = {
	{ "delivery sent", "postfix/smtp",
	  ": to=<user@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1.9, "
	  "delays=0.05/0/1.1/0.71, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 5D1E2B0042)",
	  true },
	{ "delivery bounced at RCPT", "postfix/smtp",
	  ": to=<user@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1.9, "
	  "delays=0.05/0/1.1/0.71, dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.1] said: "
	  "550 5.1.1 <user@example.org>: Recipient address rejected: User unknown in local "
	  "recipient table (in reply to RCPT TO command))",
	  true },
	{ "delivery deferred at DATA", "postfix/smtp",
	  ": to=<user@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1.9, "
	  "delays=0.05/0/1.1/0.71, dsn=4.7.1, status=deferred (host mx.example.org[192.0.2.1] "
	  "said: 451 4.7.1 Try again later (in reply to end of DATA command))",
	  true },
	{ "host not the last", "postfix/smtp",
	  ": host mx.example.org[192.0.2.1] refused to talk to me: 421 4.7.0 Try again later",
	  true },
	{ "smtpd reject", "postfix/smtpd",
	  "NOQUEUE: reject: RCPT from mx.example.com[198.51.100.7]: 554 5.7.1 <user@example.org>: "
	  "Relay access denied; from=<a@example.com> to=<user@example.org> proto=ESMTP "
	  "helo=<mx.example.com>",
	  false },
	{ "smtpd transaction", "postfix/smtpd", ": client=mx.example.com[198.51.100.7]", true },
	{ "smtpd connect", "postfix/smtpd", "connect from mx.example.com[198.51.100.7]", false },
	{ "smtpd disconnect", "postfix/smtpd",
	  "disconnect from mx.example.com[198.51.100.7] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
	  false },
	{ "qmgr active", "postfix/qmgr",
	  ": from=<a@example.com>, size=1234, nrcpt=1 (queue active)", true },
	{ "qmgr removed", "postfix/qmgr", ": removed", true },
	{ "cleanup message-id", "postfix/cleanup", ": message-id=<20260101000000.1@example.com>",
	  true },
};

static const struct shape {
	const char *name, *identifier, *start, *unit, *end;
} shapes[] = {
	{ "`, relay=`", "postfix/smtp", "4F9D11A0C2: to=<a", ", relay=", "" },
	{ "`>, relay=`", "postfix/smtp", "4F9D11A0C2: to=<", "\\>, relay=", "" },
	{ "quotes in to=", "postfix/smtp", "4F9D11A0C2: to=<", "\"", "" },
	{ "brackets in to=", "postfix/smtp", "4F9D11A0C2: to=<", ">", "" },
	{ "` status=`", "postfix/smtp", "4F9D11A0C2: to=<a>, relay=none, delay=1, ",
	  " status=", "" },
	{ "`(in reply to ...)`", "postfix/smtp",
	  "4F9D11A0C2: to=<a>, relay=x[192.0.2.1]:25, delay=1, status=deferred (host x[192.0.2.1] "
	  "said: 550 ",
	  " (in reply to RCPT TO command)", ")" },
	{ "`connect to `", "postfix/smtp",
	  "4F9D11A0C2: to=<a>, relay=none, delay=1, status=deferred (connect to ", "connect to ",
	  ")" },
	{ "`host `", "postfix/smtp", "4F9D11A0C2: host ", "host ", "" },
	{ "letters", "postfix/smtp", "", "a", "" },
	{ "a long host name", "postfix/smtp", "4F9D11A0C2: host ", "a", "" },
	{ "a long address", "postfix/smtp", "4F9D11A0C2: host a[", "1", "" },
	{ "`\": \"`", "postfix/smtpd", "warning: proxy a rejected \"", "\": \"", "" },
	{ "` from `", "postfix/smtpd", "NOQUEUE: reject: RCPT", " from ", "" },
	{ "`; proto=`", "postfix/smtpd", "NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 ",
	  "; proto=", "" },
	{ "`; from=<`", "postfix/smtpd", "NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 ",
	  "; from=", "" },
	{ "` rcpt=0/1`", "postfix/smtpd", "disconnect from x[192.0.2.1]", " rcpt=0/1", "" },
	{ "` after `", "postfix/smtpd", "timeout", " after ", "" },
	{ "` after `, ` from `", "postfix/smtpd", "timeout after", " from after ", "" },
	{ "`: SASL `", "postfix/smtpd", "x[192.0.2.1]", ": SASL", "" },
	{ "`Illegal address`", "postfix/smtpd", "warning: Illegal address syntax from ",
	  " in MAIL ", "" },
	{ "postscreen ` after `", "postfix/postscreen", "COMMAND TIME LIMIT from ", " after ", "" },
	{ "cleanup ` from `", "postfix/cleanup", "4F9D11A0C2: reject: header ", " from ", "" },
	{ "cleanup ` from a`", "postfix/cleanup", "4F9D11A0C2: reject: header ", " from a", "" },
	{ "cleanup ` from a[1]; from=<`", "postfix/cleanup", "4F9D11A0C2: reject: header ",
	  " from a[1]; from=<", "" },
	{ "cleanup ` from a; from=<\"`", "postfix/cleanup", "4F9D11A0C2: reject: header ",
	  " from a; from=<\"", "" },
	{ "cleanup `to=<`", "postfix/cleanup", "4F9D11A0C2: reject: header ",
	  " from a; from=<a> to=<", "" },
	{ "cleanup `proto=`", "postfix/cleanup", "4F9D11A0C2: reject: header ",
	  " from a; from=<> to=<> proto=", "" },
	{ "cleanup ` helo=<`", "postfix/cleanup", "4F9D11A0C2: reject: header ",
	  " from a; from=<> to=<> proto=SMTP helo=<", "" },
	{ "cleanup MIME ` from a; `", "postfix/cleanup", "4F9D11A0C2: reject: mime-error ",
	  " from a; ", "" },
	{ "milter ` proto=`", "postfix/cleanup",
	  "4F9D11A0C2: milter-reject: END-OF-MESSAGE from x[1]: ", " proto=", "" },
};

struct subject {
	struct record record[VARIANTS];
	char text[VARIANTS][LINE_MAX_BYTES];
	struct events events;
	struct pipeline pipeline;
};

static void call_parse(void *data, unsigned i)
{
	struct subject *s = data;

	s->events.n = 0;
	(void)dialects[0]->parse(&s->record[i % VARIANTS], &s->events);
}

static void call_pipeline(void *data, unsigned i)
{
	struct subject *s = data;

	(void)pipeline_feed(&s->pipeline, &s->record[i % VARIANTS]);
}

static void call_memchr(void *data, unsigned i)
{
	const struct subject *s = data;
	span_t message = s->record[i % VARIANTS].message;
	const void *volatile found = memchr(message.ptr, '\n', message.len);

	(void)found;
}

static struct record make_record(const char *identifier, const char *text, size_t len)
{
	return (struct record){
		.identifier = span_str(identifier),
		.message = span_make(text, len),
		.unit = SPAN("postfix@-.service"),
		.pid = 100,
		.realtime_usec = UINT64_C(1700000000000000),
	};
}

static void run_typical(struct subject *s, const struct typical *t)
{
	double parse, pipeline, floor;

	for (unsigned i = 0; i < VARIANTS; i++) {
		int n = t->has_id ? snprintf(s->text[i], LINE_MAX_BYTES, "%010X%s", 0x4F9D1000 + i,
					     t->message)
				  : snprintf(s->text[i], LINE_MAX_BYTES, "%s", t->message);

		s->record[i] = make_record(t->identifier, s->text[i], (size_t)n);
	}
	parse = bench(call_parse, s);
	pipeline = bench(call_pipeline, s);
	floor = bench(call_memchr, s);
	printf("%-28s %6zu %8.1f %8.1f %8.1f %8.1f %8.1f%s\n", t->name, s->record[0].message.len,
	       floor, parse, parse / floor, pipeline, pipeline / floor,
	       parse > GOAL_NSEC ? "  above the goal" : "");
}

/* Nanoseconds a byte of the shape at LEN bytes. */
static double run_hostile(struct subject *s, const struct shape *shape, size_t len)
{
	static char text[HOSTILE_MAX_BYTES];
	size_t n = strlen(shape->start), unit = strlen(shape->unit), end = strlen(shape->end);

	memcpy(text, shape->start, n);
	for (; n + unit + end <= len; n += unit)
		memcpy(text + n, shape->unit, unit);
	memcpy(text + n, shape->end, end);
	for (unsigned i = 0; i < VARIANTS; i++)
		s->record[i] = make_record(shape->identifier, text, n + end);
	return bench(call_parse, s) / (double)(n + end);
}

/* Returns whether the time is linear in the length, up to the longest line that Postfix writes. */
static void run_shape(struct subject *s, const struct shape *shape)
{
	double nsec[ARRAY_SIZE(lengths)];
	bool linear;

	printf("%-32s", shape->name);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		nsec[i] = run_hostile(s, shape, lengths[i]);
		printf(" %8.3f", nsec[i]);
	}
	/* A square would quadruple it from 500 bytes to 2000; caches and noise do not double it. */
	linear = nsec[2] < 2 * nsec[0] && nsec[3] < 2 * nsec[2];
	printf(" %8.2f %8.1f%s\n", nsec[2] / nsec[0], nsec[3] * (double)lengths[3] / 1e3,
	       linear ? "" : "  NOT LINEAR");
}

int main(void)
{
	struct subject *s = calloc(1, sizeof(*s));
	struct smtpreply_catalogue *catalogue;
	struct registry *registry;
	struct tally *tally;
	struct trust *trust;

	if (!s || smtpreply_catalogue_new(&catalogue) < 0 || registry_new(&registry) < 0 ||
	    tally_new(&tally, registry, catalogue) < 0 || trust_new(&trust, TRUST_TRUSTED) < 0)
		return EXIT_FAILURE;
	pipeline_init(&s->pipeline, trust, tally);

	printf("ns for a line               bytes   memchr    parse    ratio pipeline    ratio\n");
	for (size_t i = 0; i < ARRAY_SIZE(typical); i++)
		run_typical(s, &typical[i]);
	printf("\nns for a byte of a hostile line       500     1000     2000    16384   growth "
	       "us at 16384\n");
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		run_shape(s, &shapes[i]);

	trust_free(trust);
	tally_free(tally);
	registry_free(registry);
	smtpreply_catalogue_free(catalogue);
	free(s);
	return EXIT_SUCCESS;
}
