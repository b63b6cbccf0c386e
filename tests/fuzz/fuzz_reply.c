/* SPDX-License-Identifier: Apache-2.0 */

/* One reply: what was read can be written again, and reads the same. */

#include <smtpreply.h>

#include "fuzz.h"

static void check_enhanced(span_t in, const struct smtpreply_enhanced *e, size_t used)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u.%u.%u", e->class, e->subject, e->detail);
	struct smtpreply_enhanced again;

	require(e->class == 2 || e->class == 4 || e->class == 5);
	require(e->subject <= 999 && e->detail <= 999);
	require(used >= 5 && used <= 9 && used <= in.len);
	require(n > 0 && (size_t)n <= used);
	require(smtpreply_enhanced_parse(span_make(text, (size_t)n), &again) == (size_t)n);
	require(again.class == e->class && again.subject == e->subject &&
		again.detail == e->detail);
}

static void check_reply(span_t in, const struct smtpreply_reply *r, size_t used)
{
	require(used == in.len);
	require(r->code >= 200 && r->code <= 599);
	require(r->separator == ' ' || r->separator == '-' || r->separator == 0);
	require((r->separator == 0) == (in.len == 3));
	require(span_inside(r->text, in));
	require(r->text.ptr + r->text.len == in.ptr + in.len);
	require(r->enhanced.class != 0 || (r->enhanced.subject == 0 && r->enhanced.detail == 0));
	require((in.ptr[0] - '0') * 100 + (in.ptr[1] - '0') * 10 + (in.ptr[2] - '0') == r->code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span_t in = span_make((const char *)data, size);
	struct smtpreply_enhanced e = { 9, 9, 9 };
	struct smtpreply_reply r = { .code = 9 };
	size_t used = smtpreply_enhanced_parse(in, &e);

	if (used > 0)
		check_enhanced(in, &e, used);
	else
		require(e.class == 9 && e.subject == 9 && e.detail == 9);

	used = smtpreply_parse(in, &r);
	if (used > 0)
		check_reply(in, &r, used);
	else
		require(r.code == 9);
	return 0;
}
