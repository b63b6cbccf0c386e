/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

/* Writes a registry in Prometheus' text format 0.0.4. */

#include "metrics/registry.h"
#include "util/buf.h"

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct exposition_options {
	uint64_t now_usec;	 /* realtime */
	uint64_t zero_hold_usec; /* how long a new series is shown as 0; 0: not at all */
	bool self_only;		 /* leave out the families about mail: a backlog is being read */
	/*
	 * Leave out every counter but those of the process: those of the exporter go on from a state that
	 * is older than what was shown last, and may not be seen to go down.
	 */
	bool no_counters;
};

/*
 * Appends to OUT, which the caller checks for failure. Returns how many held series were shown for the
 * first time: whoever keeps a state has to save it before OUT is sent, or a crash would hold them at 0
 * once more.
 */
unsigned exposition_write(struct registry *registry, const struct exposition_options *options,
			  struct buf *out);

#endif
