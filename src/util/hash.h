/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_HASH_H
#define UTIL_HASH_H

/*
 * A quick 64-bit hash for tables in memory: eight bytes a step, multiply and fold. It is not keyed, so it
 * may decide nothing that a stranger could profit from.
 */

#include "util/span.h"

#define HASH_SEED UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t hash_u64(uint64_t h, uint64_t v)
{
	unsigned __int128 product = (unsigned __int128)(h ^ v) * UINT64_C(0xa0761d6478bd642f);

	return (uint64_t)product ^ (uint64_t)(product >> 64) ^ HASH_SEED;
}

static inline uint64_t hash_span(uint64_t h, span_t s)
{
	uint64_t word;

	h = hash_u64(h, s.len);
	for (; s.len >= sizeof(word); s = span_tail(s, sizeof(word))) {
		memcpy(&word, s.ptr, sizeof(word));
		h = hash_u64(h, word);
	}
	if (s.len > 0) {
		word = 0;
		memcpy(&word, s.ptr, s.len);
		h = hash_u64(h, word);
	}
	return h;
}

#endif
