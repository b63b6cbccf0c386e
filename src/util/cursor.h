/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_CURSOR_H
#define UTIL_CURSOR_H

/*
 * A cursor walks over a span and never leaves it: the bounds are checked here and nowhere else.
 * Every function returns whether it matched, and moves the cursor only if it did.
 */

#include "util/span.h"

struct cursor {
	const char *p, *end;
};

static inline struct cursor cursor_over(span_t s)
{
	return (struct cursor){ s.ptr, s.len > 0 ? s.ptr + s.len : s.ptr };
}

/* What is left. */
static inline span_t cursor_rest(const struct cursor *c)
{
	return span_make(c->p, (size_t)(c->end - c->p));
}

static inline bool cursor_at_end(const struct cursor *c)
{
	return c->p == c->end;
}

static inline bool cursor_peek(const struct cursor *c, char ch)
{
	return c->p < c->end && *c->p == ch;
}

static inline bool cursor_take(struct cursor *c, char ch)
{
	if (!cursor_peek(c, ch))
		return false;
	c->p++;
	return true;
}

static inline bool cursor_take_span(struct cursor *c, span_t s)
{
	if (!span_starts(cursor_rest(c), s))
		return false;
	c->p += s.len;
	return true;
}

/* Everything up to STOP, which is taken as well but not returned. */
static inline bool cursor_until(struct cursor *c, span_t stop, span_t *ret)
{
	span_t rest = cursor_rest(c);
	ptrdiff_t at = span_find(rest, stop);

	if (at < 0)
		return false;
	*ret = span_head(rest, (size_t)at);
	c->p += (size_t)at + stop.len;
	return true;
}

/* Everything up to the byte STOP, which is taken as well but not returned. */
static inline bool cursor_until_char(struct cursor *c, char stop, span_t *ret)
{
	return cursor_until(c, span_make(&stop, 1), ret);
}

static inline bool char_is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static inline bool char_is_alnum(char ch)
{
	return char_is_digit(ch) || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

/* 1 to MAX digits, MAX at most 18; a longer run is refused, not cut. */
static inline bool cursor_number(struct cursor *c, unsigned max, uint64_t *ret)
{
	const char *p = c->p;
	uint64_t v = 0;

	while (p < c->end && char_is_digit(*p)) {
		if ((size_t)(p - c->p) == max)
			return false;
		v = v * 10 + (uint64_t)(*p++ - '0');
	}
	if (p == c->p)
		return false;
	c->p = p;
	*ret = v;
	return true;
}

#endif
