/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_DELIVERED_H
#define SOURCE_DELIVERED_H

/*
 * The entries that were delivered since a cursor was last taken. A cursor costs as much as reading an
 * entry, so it is taken once per DELIVERED_MAX entries only; when reading starts again at it, this
 * tells which of the entries behind it are known already.
 *
 * Entries are told apart by the two clocks of their arrival. Entries of equal stamps exist (journald
 * takes the time once for all lines that it reads at once from a service's output); they keep their
 * order and are counted.
 */

#include "util/macros.h"

#include <stdbool.h>

#define DELIVERED_MAX 512

struct stamp {
	uint64_t realtime_usec;
	uint64_t monotonic_usec;
};

struct delivered {
	struct stamp stamps[DELIVERED_MAX];
	bool met[DELIVERED_MAX]; /* came by again since the last rewind */
	unsigned n;
	unsigned n_expected; /* stamps not yet met again */
	unsigned hint;	     /* where the next one is likely to be, as the order is kept */
};

static inline bool delivered_is_full(const struct delivered *d)
{
	return d->n == DELIVERED_MAX;
}

/* Reading starts again at the cursor: every entry in here may come by once more. */
void delivered_rewind(struct delivered *d);

/* Whether the entry that came by was delivered before the rewind. */
bool delivered_meet(struct delivered *d, struct stamp stamp);

/* The set may not be full. */
void delivered_add(struct delivered *d, struct stamp stamp);

/* A cursor was taken at an entry of stamp NOW: forgets what cannot come after it. */
void delivered_forget(struct delivered *d, struct stamp now);

#endif
