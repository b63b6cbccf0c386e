/* SPDX-License-Identifier: Apache-2.0 */

/* Enhanced status codes, RFC 3463. */

#include <smtpreply.h>

#include "util/cursor.h"

/* Whether an enhanced code may end before what C stands at. */
static bool at_boundary(const struct cursor *c)
{
	return cursor_at_end(c) || cursor_peek(c, ' ') || cursor_peek(c, '\t') ||
	       cursor_peek(c, ':');
}

size_t smtpreply_enhanced_parse(struct smtpreply_span in, struct smtpreply_enhanced *ret)
{
	struct cursor c = cursor_over(in);
	uint64_t class, subject, detail;

	if (!cursor_number(&c, 1, &class) || (class != 2 && class != 4 && class != 5))
		return 0;
	if (!cursor_take(&c, '.') || !cursor_number(&c, 3, &subject))
		return 0;
	if (!cursor_take(&c, '.') || !cursor_number(&c, 3, &detail))
		return 0;
	if (!at_boundary(&c))
		return 0;

	ret->class = (uint16_t) class;
	ret->subject = (uint16_t)subject;
	ret->detail = (uint16_t)detail;
	return (size_t)(c.p - in.ptr);
}
