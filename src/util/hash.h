/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_HASH_H
#define UTIL_HASH_H

/*
 * A quick 64-bit hash for tables in memory: sixteen bytes a step, multiply and fold. It is not keyed, so
 * it may decide nothing that a stranger could profit from.
 */

#include "util/span.h"

#define HASH_SEED UINT64_C(0x9e3779b97f4a7c15)

/* The two halves of a product folded into one: every bit of A and B moves every bit of the result. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_u64(uint64_t h, uint64_t v)
{
	return hash_fold(h ^ v, UINT64_C(0xa0761d6478bd642f)) ^ HASH_SEED;
}

/* At most 16 bytes, which may overlap where there are fewer. */
static inline uint64_t hash_tail(uint64_t h, const char *p, size_t len)
{
	uint64_t a = 0, b = 0;

	if (len >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + len - 8, 8);
	} else if (len > 0) {
		memcpy(&a, p, len);
	}
	return hash_fold(h ^ a, UINT64_C(0xe7037ed1a0b428db) ^ b) ^ len;
}

static inline uint64_t hash_span(uint64_t h, span_t s)
{
	uint64_t a, b;

	h = hash_u64(h, s.len);
	for (; s.len > 16; s = span_tail(s, 16)) {
		memcpy(&a, s.ptr, 8);
		memcpy(&b, s.ptr + 8, 8);
		h = hash_fold(h ^ a, UINT64_C(0x8ebc6af09c88c6e3) ^ b);
	}
	return hash_tail(h, s.ptr, s.len);
}

#endif
