/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One line of Postfix: the first byte chooses the program that wrote it, modulo the list below,
 * which replay.py repeats; the rest is the message.
 */

#include "dialect/dialect.h"
#include "fuzz.h"

static const char *const identifiers[] = {
	"postfix/smtp",	      "postfix/lmtp", "postfix/smtpd",	  "postfix/cleanup",
	"postfix/postscreen", "postfix/qmgr", "postfix/nonesuch", "postfix/submission/smtpd",
	"postfix-out/smtp",
};

static void check_reply(const struct reply *r, span_t message)
{
	require(r->side < _SIDE_MAX && r->hop < _HOP_MAX);
	require(r->stage < _STAGE_MAX && r->evidence < _EVIDENCE_MAX);
	require(r->class >= 2 && r->class <= 5);
	require(r->code == 0 || (r->code >= 200 && r->code <= 599 && r->code / 100 == r->class));
	require(r->code != 0 || r->evidence == EVIDENCE_IMPLIED);
	require(r->enhanced.class == 0 || r->enhanced.class == 2 || r->enhanced.class == 4 ||
		r->enhanced.class == 5);
	require(r->enhanced.subject <= 999 && r->enhanced.detail <= 999);
	require(span_inside(r->text, message));
}

static void check_delivery(const struct delivery *d)
{
	require(d->hop < _HOP_MAX && d->status < _STATUS_MAX);
	require(!d->has_phases || d->has_delay);
	/* Twelve digits of seconds. */
	require(d->delay_usec < UINT64_C(1000000000000000000));
	for (unsigned i = 0; i < _PHASE_MAX; i++)
		require(d->phase_usec[i] < UINT64_C(1000000000000000000));
}

static void check_event(const struct event *e, span_t message)
{
	switch (e->type) {
	case EVENT_REPLY:
		check_reply(&e->reply, message);
		return;
	case EVENT_DELIVERY:
		check_delivery(&e->delivery);
		return;
	case EVENT_FAILURE:
		require(e->failure.cause < _CAUSE_MAX);
		return;
	case EVENT_LOST_CONNECTION:
		require(e->stage < _STAGE_MAX);
		return;
	case EVENT_AUTH_FAILURE:
		require(e->mechanism < _MECHANISM_MAX);
		return;
	case EVENT_COMMAND:
		require(e->command.command < _COMMAND_MAX);
		require(e->command.refused <= e->command.total);
		return;
	case EVENT_TRANSACTION:
	case EVENT_CONNECTION:
		return;
	}
	require(false); /* an event of no type */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct events events;
	struct record record = { .pid = 1, .realtime_usec = 1 };
	enum verdict verdict;
	unsigned replies = 0;
	int mta;

	if (size == 0)
		return 0;
	record.identifier = span_str(identifiers[data[0] % ARRAY_SIZE(identifiers)]);
	record.message = span_make((const char *)data + 1, size - 1);
	mta = dialect_find(&record);
	require(mta >= 0 && (unsigned)mta < dialects_n);

	events.n = 0;
	verdict = dialects[mta]->parse(&record, &events);
	require(verdict == VERDICT_UNDERSTOOD || verdict == VERDICT_AMBIGUOUS ||
		verdict == VERDICT_UNKNOWN);
	require(events.n <= EVENTS_MAX);
	for (unsigned i = 0; i < events.n; i++) {
		check_event(&events.item[i], record.message);
		replies += events.item[i].type == EVENT_REPLY;
	}
	/* No line tells of two replies, and none that counts one is not understood. */
	require(replies <= 1);
	require(replies == 0 || verdict == VERDICT_UNDERSTOOD);
	return 0;
}
