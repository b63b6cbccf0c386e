/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TERMINAL_H
#define TOOL_TERMINAL_H

/* Colours and bars, as far as what stands behind a descriptor can show them. */

#include "util/buf.h"

/* Where nobody says how wide it is. */
#define TERMINAL_WIDTH 80u

struct terminal {
	bool is_terminal;
	bool colours; /* on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb say no */
	bool utf8;    /* the locale's characters; setlocale(3) must have been called */
	unsigned width;
};

void terminal_init(struct terminal *terminal, int fd);

enum paint {
	PAINT_NONE, /* back to normal */
	PAINT_HEADING,
	PAINT_GOOD,
	PAINT_WARNING,
	PAINT_BAD,
	_PAINT_MAX,
};

/* Switches to a colour; writes nothing where there are none. */
void terminal_paint(const struct terminal *terminal, struct buf *out, enum paint paint);

/* The colour of a class of replies, `2xx` to `5xx`. */
enum paint terminal_paint_of_class(span_t class);

/* A bar of at most CELLS characters for PART of WHOLE (not 0); something for anything but 0. */
void terminal_bar(const struct terminal *terminal, struct buf *out, uint64_t part, uint64_t whole,
		  unsigned cells);

#endif
