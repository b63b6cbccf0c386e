/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

/* A bar on standard error, if that is a terminal and the work takes long enough to ask about. */

#include "tool/terminal.h"

/* Nothing is shown before, */
#define PROGRESS_PATIENCE_USEC (200 * USEC_PER_MSEC)
/* and nothing more often than this. */
#define PROGRESS_INTERVAL_USEC (100 * USEC_PER_MSEC)

struct progress {
	struct terminal terminal;
	uint64_t from_usec, to_usec; /* realtime of the first and last entry; the same: not known */
	uint64_t next_usec;	     /* monotonic: when to draw again */
	uint64_t n;		     /* entries so far */
	bool drawn;
	struct buf out;
};

void progress_init(struct progress *progress, uint64_t from_usec, uint64_t to_usec);

/* One entry more, written at REALTIME_USEC. */
void progress_step(struct progress *progress, uint64_t realtime_usec);

/* Takes the bar away. */
void progress_done(struct progress *progress);

#endif
