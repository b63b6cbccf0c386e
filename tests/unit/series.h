/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_SERIES_H
#define UNIT_SERIES_H

/*
 * Looks at a registry as its readers do: by the text of labels instead of the numbers behind them.
 */

#include "metrics/registry.h"

/* Position of the series whose label values are VALUES ("postfix remote 550 5xx ..."), or -1. */
int series_find(struct registry *registry, enum family family, const char *values);

/* Its value; the test fails if there is no such series. */
uint64_t series_value(struct registry *registry, enum family family, const char *values);

/* Whether no series before position I shows the same labels. */
bool series_is_first(struct registry *registry, enum family family, unsigned i);

/* Sum over all series of a counter. */
uint64_t series_sum(struct registry *registry, enum family family);

/* Observations of a histogram, over all buckets and series. */
uint64_t series_observations(struct registry *registry, enum family family);

#endif
