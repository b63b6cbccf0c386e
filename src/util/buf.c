/* SPDX-License-Identifier: Apache-2.0 */

#include "util/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BUF_FIRST_SIZE ((size_t)256)
/* "18446744073709551615" */
#define U64_DIGITS 20

void buf_done(struct buf *b)
{
	free(b->data);
	*b = BUF_NULL;
}

char *buf_take(struct buf *b, size_t *ret_len)
{
	char *data, *exact;

	*ret_len = 0;
	if (b->failed || b->len == 0) {
		buf_done(b);
		return NULL;
	}
	/* Who takes a text may keep it for long: give back what doubling got too much. */
	exact = realloc(b->data, b->len);
	data = exact ? exact : b->data;
	*ret_len = b->len;
	*b = BUF_NULL;
	return data;
}

/* SIZE doubled until it holds NEED bytes; 0 if there is no such size. */
static size_t size_for(size_t size, size_t need)
{
	if (size < BUF_FIRST_SIZE)
		size = BUF_FIRST_SIZE;
	while (size < need) {
		if (size > SIZE_MAX / 2)
			return 0;
		size *= 2;
	}
	return size;
}

/* Makes room for N more bytes; false, now and ever after, if there is none. */
static bool buf_reserve(struct buf *b, size_t n)
{
	size_t size;
	char *data;

	if (b->failed)
		return false;
	if (n <= b->size - b->len)
		return true;
	size = n <= SIZE_MAX - b->len ? size_for(b->size, b->len + n) : 0;
	data = size > 0 ? realloc(b->data, size) : NULL;
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->size = size;
	return true;
}

void buf_add(struct buf *b, span_t s)
{
	if (s.len == 0 || !buf_reserve(b, s.len))
		return;
	memcpy(b->data + b->len, s.ptr, s.len);
	b->len += s.len;
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, span_str(s));
}

void buf_add_char(struct buf *b, char c)
{
	if (!buf_reserve(b, 1))
		return;
	b->data[b->len++] = c;
}

/* At least MIN_DIGITS digits, with leading zeros. */
static void add_digits(struct buf *b, uint64_t v, size_t min_digits)
{
	char digits[U64_DIGITS];
	size_t n = 0;

	while (v > 0 || n < min_digits) {
		digits[U64_DIGITS - ++n] = (char)('0' + v % 10);
		v /= 10;
	}
	buf_add(b, span_make(digits + U64_DIGITS - n, n));
}

void buf_add_u64(struct buf *b, uint64_t v)
{
	add_digits(b, v, 1);
}

void buf_add_micro(struct buf *b, uint64_t v)
{
	uint64_t fraction = v % USEC_PER_SEC;
	size_t digits = 6;

	buf_add_u64(b, v / USEC_PER_SEC);
	if (fraction == 0)
		return;
	while (fraction % 10 == 0) {
		fraction /= 10;
		digits--;
	}
	buf_add_char(b, '.');
	add_digits(b, fraction, digits);
}

void buf_add_utc(struct buf *b, uint64_t usec)
{
	/* UINT64_MAX microseconds end in a year of six digits. */
	time_t sec = (time_t)(usec / USEC_PER_SEC);
	char text[sizeof("584554-12-31T23:59:59Z")];
	struct tm tm;

	if (gmtime_r(&sec, &tm))
		buf_add(b,
			span_make(text, strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm)));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	/* vsnprintf() writes a NUL as well, which the next append overwrites. */
	if (n <= 0 || !buf_reserve(b, (size_t)n + 1))
		return;
	va_start(ap, format);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, format, ap);
	va_end(ap);
	b->len += (size_t)n;
}

static span_t html_entity(char c)
{
	static const struct {
		char c;
		span_t entity;
	} entities[] = {
		{ '&', SPAN_INIT("&amp;") },  { '<', SPAN_INIT("&lt;") },
		{ '>', SPAN_INIT("&gt;") },   { '"', SPAN_INIT("&quot;") },
		{ '\'', SPAN_INIT("&#39;") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(entities); i++)
		if (entities[i].c == c)
			return entities[i].entity;
	return SPAN_NULL;
}

void buf_add_html(struct buf *b, span_t s)
{
	for (size_t i = 0; i < s.len; i++) {
		span_t entity = html_entity(s.ptr[i]);

		if (entity.len > 0)
			buf_add(b, entity);
		else
			buf_add_char(b, s.ptr[i]);
	}
}
