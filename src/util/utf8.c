/* SPDX-License-Identifier: Apache-2.0 */

#include "util/utf8.h"

#include "util/macros.h"

/* The second byte excludes overlong forms, surrogates, and what is above U+10FFFF. */
size_t utf8_length(span_t s)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char low, high;   /* of the second one */
		size_t len;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t i = 0;

	while (s.len > 0 && i < ARRAY_SIZE(forms) &&
	       (p[0] < forms[i].first || p[0] > forms[i].last))
		i++;
	if (i == ARRAY_SIZE(forms) || s.len < forms[i].len)
		return 0;
	if (forms[i].len > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
		return 0;
	for (size_t k = 2; k < forms[i].len; k++)
		if (p[k] < 0x80 || p[k] > 0xbf)
			return 0;
	return forms[i].len;
}
