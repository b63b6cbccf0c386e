/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

/* An invariant that holds in every build; a breach is a crash, which is what fuzzers look for. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/macros.h"
#include "util/span.h"

#define require(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Whether PART lies in WHOLE; an empty one may lie anywhere. */
static inline bool span_inside(span_t part, span_t whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
				 (size_t)(part.ptr - whole.ptr) <= whole.len - part.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
