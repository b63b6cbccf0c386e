/* SPDX-License-Identifier: Apache-2.0 */

#include "source/lines.h"

#include <errno.h>
#include <unistd.h>

#include "util/macros.h"

void lines_init(struct lines *l, int fd)
{
	l->fd = fd;
	l->skipping = l->ended = false;
	l->start = l->end = 0;
}

static span_t held(const struct lines *l)
{
	return span_make(l->buffer + l->start, l->end - l->start);
}

/* Reads once, to the end of the buffer, of which the beginning is given back first. */
static int fill(struct lines *l)
{
	ssize_t n;

	memmove(l->buffer, l->buffer + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	do
		n = read(l->fd, l->buffer + l->end, sizeof(l->buffer) - l->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	l->ended = n == 0;
	l->end += (size_t)n;
	return 0;
}

/* Drops what is left of a line that was delivered already. */
static void skip(struct lines *l)
{
	ptrdiff_t newline;

	if (!l->skipping)
		return;
	newline = span_find_char(held(l), '\n');
	l->skipping = newline < 0;
	l->start = newline < 0 ? l->end : l->start + (size_t)newline + 1;
}

/* Cuts a line off the beginning of what is held, if there is a whole one, or as much as may be. */
static bool take(struct lines *l, struct line *ret)
{
	span_t all = held(l);
	ptrdiff_t newline = span_find_char(all, '\n');
	size_t len = newline < 0 ? all.len : (size_t)newline;
	bool complete = newline >= 0 || (l->ended && all.len > 0);

	if (!complete && len <= LINES_MAX)
		return false;
	*ret = (struct line){ span_head(all, MIN(len, LINES_MAX)), len > LINES_MAX };
	l->start = newline < 0 ? l->end : l->start + len + 1;
	l->skipping = !complete;
	if (!ret->cut && span_ends(ret->text, SPAN("\r")))
		ret->text.len--;
	return true;
}

bool lines_waiting(const struct lines *l)
{
	return l->ended || (!l->skipping && memchr(l->buffer + l->start, '\n', l->end - l->start));
}

int lines_next(struct lines *l, struct line *ret)
{
	int r = 0;

	while (r == 0) {
		skip(l);
		if (take(l, ret))
			return 1;
		if (l->ended)
			return 0;
		r = fill(l);
	}
	return r;
}
