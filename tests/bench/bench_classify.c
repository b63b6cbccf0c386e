/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nanoseconds to classify a reply, beside a search for a newline in the same bytes (the least that any
 * reader of the text does); to find the provider of a host; and a byte of hostile texts of growing
 * length: where those grow with the length, somebody can make the exporter slow, and the program fails.
 * Also what start costs, and the memory.
 */

#include <malloc.h>
#include <smtpreply.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "util/macros.h"
#include "util/span.h"

/* Goal of the project for a typical refusal. */
#define GOAL_NSEC 500

#define HOSTILE_MAX_BYTES 16384u

static struct smtpreply_catalogue *catalogue;

static const struct {
	const char *name;
	struct smtpreply_question question;
} typical[] = {
	{ "550 user unknown",
	  { .code = 550,
	    .stage = SMTPREPLY_STAGE_RCPT,
	    .enhanced = { 5, 1, 1 },
	    .text = SPAN_INIT("<user@example.org>: Recipient address rejected: User unknown in "
			      "local recipient table") } },
	{ "550 of Google, 3 lines",
	  { .code = 550,
	    .stage = SMTPREPLY_STAGE_RCPT,
	    .enhanced = { 5, 1, 1 },
	    .text = SPAN_INIT(
		    "The email account that you tried to reach does not exist. Please try "
		    "550-5.1.1 double-checking the recipient's email address for typos or "
		    "550-5.1.1 unnecessary spaces. For more information, go to 550 5.1.1 "
		    "https://support.google.com/mail/?p=NoSuchUser - gsmtp") } },
	{ "554 blocked",
	  { .code = 554,
	    .enhanced = { 5, 7, 1 },
	    .text = SPAN_INIT("Service unavailable; Client host [192.0.2.25] blocked using "
			      "bl.example.net") } },
	{ "450 greylisted",
	  { .code = 450,
	    .stage = SMTPREPLY_STAGE_RCPT,
	    .enhanced = { 4, 2, 0 },
	    .text = SPAN_INIT("<user@example.org>: Recipient address rejected: Greylisted, see "
			      "http://postgrey.example.net/help/example.org.html") } },
	{ "421 throttled",
	  { .code = 421,
	    .enhanced = { 4, 7, 0 },
	    .text = SPAN_INIT(
		    "[TSS04] Messages from 192.0.2.25 temporarily deferred due to unexpected "
		    "volume or user complaints") } },
	{ "451 local error",
	  { .code = 451, .text = SPAN_INIT("Database unavailable, please try again later") } },
	{ "550 without text", { .code = 550, .stage = SMTPREPLY_STAGE_RCPT } },
	{ "250", { .code = 250, .text = SPAN_INIT("2.0.0 Ok: queued as 5D1E2B0042") } },
};

static const struct {
	const char *name, *unit;
} shapes[] = {
	{ "letters", "a" },
	{ "no address", "<" },
	{ "nearly addresses", "<a@" },
	{ "addresses", "<a@b>" },
	{ "codes", "550" },
	{ "repeats", " 550 " },
	{ "repeats with enhanced codes", "?550-5.1.1 " },
	{ "joins without a code", "\\n" },
	{ "near matches", "viru" },
	{ "matches", "virus " },
	{ "first pieces", "domain of sender address " },
	{ "many words at once", "unable to relay access denied, banned sender " },
};

static void call_classify(void *data, unsigned i)
{
	volatile enum smtpreply_category category = smtpreply_classify(catalogue, data);

	(void)category;
	(void)i;
}

static void call_memchr(void *data, unsigned i)
{
	const struct smtpreply_question *q = data;
	const void *volatile found =
		q->text.len > 0 ? memchr(q->text.ptr, '\n', q->text.len) : NULL;

	(void)found;
	(void)i;
}

static void call_provider(void *data, unsigned i)
{
	volatile unsigned found = smtpreply_provider_find(catalogue, *(const span_t *)data);

	(void)found;
	(void)i;
}

static void call_new(void *data, unsigned i)
{
	struct smtpreply_catalogue *c = NULL;

	(void)data;
	(void)i;
	(void)smtpreply_catalogue_new(&c);
	smtpreply_catalogue_free(c);
}

static void run_typical(void)
{
	printf("ns for a reply              bytes   memchr classify  ns/byte\n");
	for (size_t i = 0; i < ARRAY_SIZE(typical); i++) {
		struct smtpreply_question q = typical[i].question;
		double nsec = bench(call_classify, &q);

		printf("%-26s %6zu %8.1f %8.1f %8.2f%s\n", typical[i].name, q.text.len,
		       bench(call_memchr, &q), nsec, q.text.len ? nsec / (double)q.text.len : 0.0,
		       nsec > GOAL_NSEC ? "  above the goal" : "");
	}
}

static void run_providers(void)
{
	static const span_t hosts[] = { SPAN_INIT("gmail-smtp-in.l.google.com"),
					SPAN_INIT("example-org.mail.protection.outlook.com"),
					SPAN_INIT("mx.example.org") };

	printf("\nns for a provider\n");
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		span_t host = hosts[i];

		printf("%-42.*s %8.1f\n", (int)host.len, host.ptr, bench(call_provider, &host));
	}
}

/* Nanoseconds a byte of UNIT repeated up to LEN bytes. */
static double run_hostile(const char *unit, size_t len)
{
	static char text[HOSTILE_MAX_BYTES];
	struct smtpreply_question q = { .code = 550 };
	size_t n = 0, size = strlen(unit);

	for (; n + size <= len; n += size)
		memcpy(text + n, unit, size);
	q.text = span_make(text, n);
	return bench(call_classify, &q) / (double)n;
}

static bool run_shapes(void)
{
	bool all_linear = true;

	printf("\nns for a byte of a hostile text      1 KB     4 KB    16 KB   growth\n");
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		double small = run_hostile(shapes[i].unit, HOSTILE_MAX_BYTES / 16);
		double medium = run_hostile(shapes[i].unit, HOSTILE_MAX_BYTES / 4);
		double large = run_hostile(shapes[i].unit, HOSTILE_MAX_BYTES);
		/* A square would quadruple it from 4 KB to 16; caches and noise do not double it. */
		bool linear = large < 2 * medium;

		printf("%-32s %8.3f %8.3f %8.3f %8.2f%s\n", shapes[i].name, small, medium, large,
		       large / small, linear ? "" : "  NOT LINEAR");
		all_linear &= linear;
	}
	return all_linear;
}

/* Large blocks are mapped one by one; both kinds are counted. */
static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

int main(void)
{
	size_t before = allocated();
	bool linear;

	if (smtpreply_catalogue_new(&catalogue) < 0)
		return EXIT_FAILURE;
	printf("catalogue: %zu KB\n", (allocated() - before) / 1024);
	printf("catalogue: %.2f ms to make\n\n", bench(call_new, NULL) / 1e6);
	run_typical();
	run_providers();
	linear = run_shapes();
	smtpreply_catalogue_free(catalogue);
	return linear ? EXIT_SUCCESS : EXIT_FAILURE;
}
