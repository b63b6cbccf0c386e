/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H

/*
 * A growing byte buffer, for output only. A failed allocation is remembered in FAILED and every
 * later append does nothing, so that a writer checks once, at its end. What is appended may not lie
 * in the buffer itself.
 */

#include "util/macros.h"
#include "util/span.h"

struct buf {
	char *data; /* NULL while empty; not NUL-terminated */
	size_t len, size;
	bool failed; /* out of memory: the content is incomplete */
};

#define BUF_NULL ((struct buf){ NULL, 0, 0, false })

void buf_done(struct buf *b);

/*
 * Hands the bytes to the caller, who frees them, and leaves the buffer empty. NULL if it is empty
 * or has failed: nobody gets half a text.
 */
char *buf_take(struct buf *b, size_t *ret_len);

/* Keeps the memory for the next text. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

static inline span_t buf_span(const struct buf *b)
{
	return span_make(b->data, b->len);
}

void buf_add(struct buf *b, span_t s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t v);

/* V millionths as a decimal number without superfluous digits: 1500000 gives "1.5". */
void buf_add_micro(struct buf *b, uint64_t v);

/* A realtime in microseconds as UTC of RFC 3339, to the second: "2026-01-02T03:04:05Z". */
void buf_add_utc(struct buf *b, uint64_t usec);

void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* S with the five characters that HTML gives a meaning as entities (element text, attributes). */
void buf_add_html(struct buf *b, span_t s);

#endif
