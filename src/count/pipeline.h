/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNT_PIPELINE_H
#define COUNT_PIPELINE_H

/*
 * One record in, one outcome out: finds the dialect, asks whether the entry is to be trusted, parses,
 * collapses repeats and counts.
 */

#include "count/collapse.h"
#include "count/tally.h"
#include "dialect/trust.h"
#include "source/record.h"

struct pipeline {
	struct collapse collapse;
	struct events events;	 /* of the entry at hand */
	bool repeat[EVENTS_MAX]; /* which of them were counted before */
	struct trust *trust;	 /* borrowed */
	struct tally *tally;	 /* borrowed */
};

/* Both are borrowed and must outlive the pipeline. */
void pipeline_init(struct pipeline *pipeline, struct trust *trust, struct tally *tally);

/*
 * Whether EVENT, of an entry of NOW_USEC, was counted already; remembers it if not. Only replies and
 * failures can be the same as others.
 */
bool pipeline_is_repeat(struct collapse *collapse, const struct event *event, uint64_t now_usec);

/* Counts RECORD. No allocation, and linear in the length of the message. */
enum outcome pipeline_feed(struct pipeline *pipeline, const struct record *record);

#endif
