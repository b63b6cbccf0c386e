/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TESTING_H
#define UNIT_TESTING_H

/* What every unit test needs: cmocka with the headers that it forgets, and three small helpers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/macros.h"
#include "util/span.h"

/* Names the case of a table that failed, which cmocka's own assertions cannot. */
#define check(condition, ...)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("not true: " #condition ": " __VA_ARGS__);                     \
			print_error("\n");                                                         \
			fail();                                                                    \
		}                                                                                  \
	} while (0)

/* For "%.*s". */
#define SPAN_ARG(s) (int)(s).len, (s).ptr

/*
 * A copy of S, at most GUARD_SIZE bytes, behind which nothing can be read. Valid until the next
 * one.
 */
#define GUARD_SIZE ((size_t)128 * 1024)
span_t guard_copy(span_t s);

/* From here until capture_end(), which returns it, what is written to FD is kept. One at a time. */
void capture_begin(int fd);
const char *capture_end(void);

#endif
