/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_WHEN_H
#define UTIL_WHEN_H

/* Points in time and durations as people write them on a command line. */

#include <stdbool.h>
#include <stdint.h>

/*
 * `@SECONDS`, or a date with an optional time: local time, or UTC with a Z at its end. Returns whether
 * VALUE is one; *RET_USEC is its realtime.
 */
bool when_timestamp(const char *value, uint64_t *ret_usec);

/* Prometheus' durations: 65s, 1m5s, 500ms, 2h; a bare 0. */
bool when_duration(const char *value, uint64_t *ret_usec);

#endif
