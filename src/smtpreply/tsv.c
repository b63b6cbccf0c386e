/* SPDX-License-Identifier: Apache-2.0 */

#include "smtpreply/tsv.h"

#include <errno.h>

#include "util/cursor.h"

/* Splits off the next line, without its newline; false at the end of the text. */
static bool take_line(struct tsv *tsv, span_t *ret)
{
	struct cursor c = cursor_over(tsv->rest);

	if (cursor_at_end(&c))
		return false;
	if (!cursor_until_char(&c, '\n', ret)) {
		*ret = tsv->rest;
		c.p = c.end;
	}
	tsv->rest = cursor_rest(&c);
	tsv->line++;
	return true;
}

/* Returns the number of fields, TSV_COLUMNS_MAX + 1 if there are more than fit. */
static unsigned split(span_t line, span_t field[TSV_COLUMNS_MAX])
{
	struct cursor c = cursor_over(line);
	unsigned n = 0;
	span_t f;

	while (cursor_until_char(&c, '\t', &f)) {
		if (n == TSV_COLUMNS_MAX)
			return n + 1;
		field[n++] = f;
	}
	if (n == TSV_COLUMNS_MAX)
		return n + 1;
	field[n++] = cursor_rest(&c);
	return n;
}

int tsv_open(struct tsv *tsv, span_t text, span_t header)
{
	span_t line, field[TSV_COLUMNS_MAX];

	*tsv = (struct tsv){ .rest = text };
	if (!take_line(tsv, &line) || !span_eq(line, header))
		return -EBADMSG;
	tsv->columns = split(header, field);
	return tsv->columns <= TSV_COLUMNS_MAX ? 0 : -EBADMSG;
}

int tsv_next(struct tsv *tsv, span_t field[TSV_COLUMNS_MAX])
{
	span_t line;

	if (!take_line(tsv, &line))
		return 0;
	if (split(line, field) != tsv->columns)
		return -EBADMSG;
	for (unsigned i = 0; i < tsv->columns; i++)
		if (span_eq(field[i], SPAN("-")))
			field[i] = SPAN_NULL;
	return 1;
}
