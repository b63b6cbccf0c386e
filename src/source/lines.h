/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_LINES_H
#define SOURCE_LINES_H

/*
 * Lines from a descriptor in constant memory, however long they are, and as soon as they are there: from
 * a pipe as well as from a file.
 */

#include "util/span.h"

/* Longer lines are cut here: a syslog head and a message as long as those of a journal. */
#define LINES_MAX ((size_t)17 * 1024)

struct lines {
	int fd;		   /* borrowed */
	bool skipping;	   /* the rest of a line that was cut */
	bool ended;	   /* the descriptor has no more */
	size_t start, end; /* what is in BUFFER and not delivered yet */
	char buffer[4 * LINES_MAX];
};

struct line {
	span_t text; /* without its newline, or carriage return and newline; valid until the next one */
	bool cut; /* there was more of it */
};

void lines_init(struct lines *lines, int fd);

/*
 * The next line; a last one without a newline is one too. Returns 1; 0 at the end; or the negative errno
 * of read(2). Blocks if lines_waiting() says false.
 */
int lines_next(struct lines *lines, struct line *ret);

/* Whether the next line can be had without reading from the descriptor. */
bool lines_waiting(const struct lines *lines);

#endif
