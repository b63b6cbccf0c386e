/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNT_COLLAPSE_H
#define COUNT_COLLAPSE_H

/*
 * Remembers which replies were counted already, so that a reply that a mail server logs once for each
 * recipient counts once. A table of fixed size; where it is full the oldest entry of a set gives way.
 */

#include <stdbool.h>
#include <stdint.h>

/* Sets times ways: the last few thousand replies, far more than interleave in any log. */
#define COLLAPSE_SETS 1024u
#define COLLAPSE_WAYS 4u

struct collapse {
	/* The newest of a set first; hash 0 is a free place. */
	struct collapse_entry {
		uint64_t hash;
		uint64_t first_usec; /* time of the entry that was counted */
	} set[COLLAPSE_SETS][COLLAPSE_WAYS];
};

/*
 * Whether HASH (not 0) was counted before, at most WINDOW_USEC ago (0: ever); if not, remembers it. NOW_USEC
 * is the entry's own time, so that reading a journal again gives the same answers.
 */
bool collapse_seen(struct collapse *collapse, uint64_t hash, uint64_t now_usec,
		   uint64_t window_usec);

#endif
