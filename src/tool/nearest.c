/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/nearest.h"

#include <limits.h>

#include "util/macros.h"

#define WORD_MAX 31u

/* Optimal string alignment: the table of all beginnings, row by row. */
unsigned nearest_distance(span_t a, span_t b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	if (a.len > WORD_MAX || b.len > WORD_MAX)
		return UINT_MAX;
	for (unsigned i = 0; i <= a.len; i++) {
		for (unsigned j = 0; j <= b.len; j++) {
			unsigned differs, best;

			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			differs = a.ptr[i - 1] != b.ptr[j - 1];
			best = MIN(d[i - 1][j] + 1, d[i][j - 1] + 1);
			best = MIN(best, d[i - 1][j - 1] + differs);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
			    a.ptr[i - 2] == b.ptr[j - 1])
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[a.len][b.len];
}
