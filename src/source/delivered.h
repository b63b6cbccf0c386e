/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_DELIVERED_H
#define SOURCE_DELIVERED_H

/*
 * The entries that were delivered since a cursor was last taken. A cursor costs as much as reading an
 * entry, so it is taken once per DELIVERED_MAX entries only; when reading starts again at it, this
 * tells which of the entries that come by are known already.
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

	/* The last entry, and how many of its stamp there were in a row. */
	struct stamp last;
	unsigned n_last;

	/* The same where the cursor is; these come by again only if a copy of the file is read. */
	struct stamp cursor;
	unsigned n_cursor, n_cursor_expected;
};

static inline bool delivered_is_full(const struct delivered *d)
{
	return d->n == DELIVERED_MAX;
}

/* An entry was delivered. A full set does not keep it. */
void delivered_add(struct delivered *d, struct stamp stamp);

/*
 * A cursor was taken at the last entry, and entries that were not met yet can come after it. With
 * nothing delivered yet, delivered_start() names the entry of the cursor.
 */
void delivered_at_cursor(struct delivered *d);
void delivered_start(struct delivered *d, struct stamp stamp);

/* Reading starts again at the cursor: every entry in here may come by once more. */
void delivered_rewind(struct delivered *d);

/* The first entry was not the one of the cursor, but may be a copy of it. */
void delivered_expect_copy(struct delivered *d);

/* Whether the entry that came by was delivered before the rewind. */
bool delivered_meet(struct delivered *d, struct stamp stamp);

#endif
