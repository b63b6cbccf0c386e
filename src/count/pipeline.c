/* SPDX-License-Identifier: Apache-2.0 */

#include "count/pipeline.h"

void pipeline_init(struct pipeline *pipeline, struct trust *trust, struct tally *tally)
{
	memset(pipeline, 0, sizeof(*pipeline));
	pipeline->trust = trust;
	pipeline->tally = tally;
}

bool pipeline_is_repeat(struct collapse *collapse, const struct event *e, uint64_t now_usec)
{
	const struct same *same = e->type == EVENT_REPLY     ? &e->reply.same
				  : e->type == EVENT_FAILURE ? &e->failure.same
							     : NULL;

	return same && same->hash != 0 &&
	       collapse_seen(collapse, same->hash, now_usec, same->window_usec);
}

/* Counts the events and says how the entry ended. */
static enum outcome count_events(struct pipeline *p, unsigned mta, uint64_t now_usec)
{
	enum outcome outcome = OUTCOME_NONE;

	for (unsigned i = 0; i < p->events.n; i++) {
		struct event *e = &p->events.item[i];
		bool repeat = pipeline_is_repeat(&p->collapse, e, now_usec);

		p->repeat[i] = repeat;
		if (!repeat)
			tally_event(p->tally, mta, e);
		if (e->type != EVENT_REPLY)
			continue;
		if (!repeat)
			outcome = OUTCOME_REPLY;
		else if (outcome == OUTCOME_NONE)
			outcome = OUTCOME_REPEAT;
	}
	return outcome;
}

static enum outcome feed_mta(struct pipeline *p, unsigned mta, const struct record *record)
{
	enum verdict verdict;
	enum outcome outcome;

	if (!trust_allows(p->trust, mta, record))
		return OUTCOME_UNTRUSTED;
	p->events.n = 0;
	verdict = dialects[mta]->parse(record, &p->events);
	if (verdict == VERDICT_AMBIGUOUS)
		return OUTCOME_AMBIGUOUS;
	outcome = count_events(p, mta, record->realtime_usec);
	return verdict == VERDICT_UNKNOWN ? OUTCOME_UNKNOWN : outcome;
}

enum outcome pipeline_feed(struct pipeline *p, const struct record *record)
{
	int found = dialect_find(record);
	unsigned mta = found < 0 ? 0 : (unsigned)found;
	enum outcome outcome = found < 0 ? OUTCOME_FOREIGN : feed_mta(p, mta, record);

	tally_outcome(p->tally, mta, outcome, record->realtime_usec);
	return outcome;
}
