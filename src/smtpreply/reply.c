/* SPDX-License-Identifier: Apache-2.0 */

/* The reply line, RFC 5321 section 4.2 with RFC 2034. */

#include <smtpreply.h>

#include "util/cursor.h"

/* Exactly three digits, the first of them 2 to 5. */
static bool take_code(struct cursor *c, uint16_t *ret)
{
	uint64_t code;

	if (!cursor_number(c, 3, &code) || code < 200 || code > 599)
		return false;
	*ret = (uint16_t)code;
	return true;
}

static bool take_separator(struct cursor *c, char *ret)
{
	if (cursor_take(c, ' '))
		*ret = ' ';
	else if (cursor_take(c, '-'))
		*ret = '-';
	else if (cursor_at_end(c))
		*ret = 0;
	else
		return false;
	return true;
}

size_t smtpreply_parse(struct smtpreply_span in, struct smtpreply_reply *ret)
{
	struct cursor c = cursor_over(in);
	struct smtpreply_reply r = { 0 };
	size_t used;

	if (!take_code(&c, &r.code) || !take_separator(&c, &r.separator))
		return 0;

	used = smtpreply_enhanced_parse(cursor_rest(&c), &r.enhanced);
	c.p += used;
	if (used > 0 && !cursor_take(&c, ' '))
		(void)cursor_take(&c, '\t');

	r.text = cursor_rest(&c);
	*ret = r;
	return in.len;
}
