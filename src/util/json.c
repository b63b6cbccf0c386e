/* SPDX-License-Identifier: Apache-2.0 */

#include "util/json.h"

#include "util/utf8.h"

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
	size_t len = utf8_length(s);

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
