/* SPDX-License-Identifier: Apache-2.0 */

#include "util/json.h"

/* U+FFFD in UTF-8. */
static const span_t replacement = SPAN_INIT("\xef\xbf\xbd");

static void separate(struct json *j)
{
	if (j->comma)
		buf_add_char(j->out, ',');
	j->comma = true;
}

void json_open(struct json *j, char bracket)
{
	separate(j);
	buf_add_char(j->out, bracket);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	buf_add_char(j->out, bracket);
	j->comma = true;
}

void json_name(struct json *j, span_t name)
{
	json_text(j, name);
	buf_add_char(j->out, ':');
	j->comma = false;
}

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/*
 * The length of the UTF-8 sequence at the start of S, of two to four bytes; 0 if there is none. Table 3-7
 * of the Unicode Standard: the second byte excludes overlong forms, surrogates and what is above U+10FFFF.
 */
static size_t utf8_length(span_t s)
{
	static const struct {
		unsigned char first, last, low, high;
		size_t len;
	} rows[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *p = (const unsigned char *)s.ptr;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last)
			continue;
		if (s.len < rows[i].len || p[1] < rows[i].low || p[1] > rows[i].high)
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if (!is_continuation(p[k]))
				return 0;
		return rows[i].len;
	}
	return 0;
}

static void add_ascii(struct buf *out, char c)
{
	if (c == '"' || c == '\\') {
		buf_add_char(out, '\\');
		buf_add_char(out, c);
	} else if ((unsigned char)c < ' ' || c == 0x7f) {
		buf_printf(out, "\\u%04x", (unsigned)c);
	} else {
		buf_add_char(out, c);
	}
}

/* The character at the start of S; returns its length. */
static size_t add_character(struct buf *out, span_t s)
{
	unsigned char c = (unsigned char)s.ptr[0];
	size_t len = c < 0x80 ? 1 : utf8_length(s);

	if (c < 0x80)
		add_ascii(out, (char)c);
	else if (len == 0)
		buf_add(out, replacement);
	else if (c == 0xc2 && (unsigned char)s.ptr[1] < 0xa0)
		buf_printf(out, "\\u%04x", (unsigned)(unsigned char)s.ptr[1]);
	else
		buf_add(out, span_head(s, len));
	return len > 0 ? len : 1;
}

void json_text(struct json *j, span_t text)
{
	separate(j);
	buf_add_char(j->out, '"');
	while (text.len > 0)
		text = span_tail(text, add_character(j->out, text));
	buf_add_char(j->out, '"');
}

void json_number(struct json *j, uint64_t number)
{
	separate(j);
	buf_add_u64(j->out, number);
}

void json_bool(struct json *j, bool value)
{
	separate(j);
	buf_add_str(j->out, value ? "true" : "false");
}

void json_member_text(struct json *j, span_t name, span_t text)
{
	json_name(j, name);
	json_text(j, text);
}

void json_member_number(struct json *j, span_t name, uint64_t number)
{
	json_name(j, name);
	json_number(j, number);
}
