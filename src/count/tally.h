/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNT_TALLY_H
#define COUNT_TALLY_H

/*
 * Turns events into series: the one place that knows both mail and metrics. It owns the tables of label
 * values (codes and enhanced codes come from the catalogue) and gives them to the registry.
 */

#include "dialect/event.h"
#include "metrics/registry.h"

/* How an entry ended; every entry has exactly one. */
#define OUTCOMES(X)                                                                                \
	X(REPLY, "reply")	  /* at least one reply was counted */                             \
	X(REPEAT, "repeat")	  /* only replies that had been counted already */                 \
	X(NONE, "none")		  /* understood, and no reply in it */                             \
	X(AMBIGUOUS, "ambiguous") /* hostile: the true fields cannot be told */                    \
	X(UNKNOWN, "unknown")	  /* of a mail server, and not understood */                       \
	X(UNTRUSTED, "untrusted") /* under a mail server's name, by somebody else */               \
	X(FOREIGN, "foreign")	  /* not a mail server's */

#define OUTCOME_ENUM(id, name) OUTCOME_##id,
enum outcome { OUTCOMES(OUTCOME_ENUM) _OUTCOME_MAX };
extern const span_t outcome_names[_OUTCOME_MAX];

struct tally;

/*
 * Gives REGISTRY its label values and the series that are shown as 0 from the start. REGISTRY and
 * CATALOGUE are borrowed and must outlive the tally. Returns 0 or -ENOMEM.
 */
int tally_new(struct tally **ret, struct registry *registry,
	      const struct smtpreply_catalogue *catalogue);
struct tally *tally_free(struct tally *tally);

/* Counts one event of dialects[MTA]. A reply that is a repeat is not handed in. */
void tally_event(struct tally *tally, unsigned mta, const struct event *event);

/* Counts how an entry of REALTIME_USEC ended. MTA is ignored for OUTCOME_FOREIGN. */
void tally_outcome(struct tally *tally, unsigned mta, enum outcome outcome, uint64_t realtime_usec);

#endif
