/* SPDX-License-Identifier: Apache-2.0 */

#include "count/collapse.h"

#include <string.h>

static bool within(uint64_t a, uint64_t b, uint64_t window_usec)
{
	return window_usec == 0 || (a > b ? a - b : b - a) <= window_usec;
}

/* A 64-bit hash decides alone: that two of the last 4,096 replies agree by chance is no concern. */
bool collapse_seen(struct collapse *collapse, uint64_t hash, uint64_t now_usec,
		   uint64_t window_usec)
{
	struct collapse_entry *set = collapse->set[hash % COLLAPSE_SETS];
	struct collapse_entry entry = { hash, now_usec };
	unsigned way = 0;
	bool known;

	while (way < COLLAPSE_WAYS && set[way].hash != hash)
		way++;
	known = way < COLLAPSE_WAYS && within(now_usec, set[way].first_usec, window_usec);
	if (known)
		entry = set[way];

	/* To the front: what stood before it moves back, and in a full set the oldest falls off. */
	memmove(set + 1, set, (way < COLLAPSE_WAYS ? way : COLLAPSE_WAYS - 1) * sizeof(*set));
	set[0] = entry;
	return known;
}
