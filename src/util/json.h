/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

/*
 * Writes JSON (RFC 8259), one value behind the other; commas come by themselves. Names and nesting are
 * the caller's business: what it opens it closes.
 */

#include "util/buf.h"

struct json {
	struct buf *out; /* borrowed */
	bool comma;	 /* a value stands before the next one */
};

/* BRACKET is '{', '[' and their opposites. */
void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);

/* The name of the member that is written next. */
void json_name(struct json *json, span_t name);

/*
 * Any bytes as a string: control bytes (also those of 0x7f to U+009F, which a terminal would obey) as
 * \u00XX, and each byte that is no UTF-8 as U+FFFD.
 */
void json_text(struct json *json, span_t text);
void json_number(struct json *json, uint64_t number);
void json_bool(struct json *json, bool value);

/* A name and its value. */
void json_member_text(struct json *json, span_t name, span_t text);
void json_member_number(struct json *json, span_t name, uint64_t number);

#endif
