/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_SPAN_H
#define UTIL_SPAN_H

/*
 * Text inside the program is always a span: bytes in somebody else's memory, passed by value in two
 * registers. Journal data is never NUL-terminated, and any byte can occur in it.
 */

#include <smtpreply.h>
#include <string.h>

/* The project's one typedef of a struct: a plain value, and on nearly every line. */
typedef struct smtpreply_span span_t;

#define SPAN_NULL ((span_t){ NULL, 0 })
#define SPAN(literal) ((span_t){ (literal), sizeof(literal) - 1 })
/* The same for tables, where a compound literal is no constant. */
#define SPAN_INIT(literal)                                                                         \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

static inline span_t span_make(const char *ptr, size_t len)
{
	return (span_t){ ptr, len };
}

/* For strings of our own; never for journal data. */
static inline span_t span_str(const char *s)
{
	return (span_t){ s, s ? strlen(s) : 0 };
}

static inline bool span_eq(span_t a, span_t b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool span_starts(span_t s, span_t prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool span_ends(span_t s, span_t suffix)
{
	return s.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* The first N bytes; N may not exceed the length. */
static inline span_t span_head(span_t s, size_t n)
{
	return (span_t){ s.ptr, n };
}

/* What follows the first N bytes; N may not exceed the length. Nothing is added to a null pointer. */
static inline span_t span_tail(span_t s, size_t n)
{
	return (span_t){ n > 0 ? s.ptr + n : s.ptr, s.len - n };
}

/*
 * Where NEEDLE starts in S, or -1. Quicker than memmem(3) for the short needles and texts of log lines,
 * and no slower than the length of S times that of NEEDLE.
 */
static inline ptrdiff_t span_find(span_t s, span_t needle)
{
	const char *p = s.ptr, *last;

	if (s.len < needle.len)
		return -1;
	if (needle.len == 0)
		return 0;
	for (last = p + (s.len - needle.len); p <= last; p++) {
		p = memchr(p, needle.ptr[0], (size_t)(last - p) + 1);
		if (!p)
			return -1;
		if (memcmp(p, needle.ptr, needle.len) == 0)
			return p - s.ptr;
	}
	return -1;
}

/* Where byte C occurs first in S, or -1. */
static inline ptrdiff_t span_find_char(span_t s, char c)
{
	const char *p = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;

	return p ? p - s.ptr : -1;
}

/* Where byte C occurs last in S, or -1. */
static inline ptrdiff_t span_find_last_char(span_t s, char c)
{
	const char *p = s.len > 0 ? memrchr(s.ptr, c, s.len) : NULL;

	return p ? p - s.ptr : -1;
}

#endif
