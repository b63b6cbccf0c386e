/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_NEAREST_H
#define TOOL_NEAREST_H

/* What somebody may have meant. */

#include "util/span.h"

/*
 * How many letters must be added, left out, changed or swapped with their neighbour to make B of A. Words
 * longer than 31 bytes are as far from everything as can be: UINT_MAX.
 */
unsigned nearest_distance(span_t a, span_t b);

#endif
