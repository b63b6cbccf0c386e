/* SPDX-License-Identifier: Apache-2.0 */

#include "smtpreply/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtpreply/tsv.h"
#include "util/cursor.h"
#include "util/macros.h"

bool field_is_label(span_t s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c != '_' && !char_is_digit(c) && (c < 'a' || c > 'z'))
			return false;
	}
	return s.len > 0;
}

unsigned field_find(const span_t *names, unsigned n, span_t s)
{
	unsigned i = 0;

	while (i < n && !span_eq(names[i], s))
		i++;
	return i;
}

void rows_done(struct rows *rows)
{
	free(rows->item);
	*rows = (struct rows){ .size = rows->size };
}

int rows_copy(struct rows *ret, const struct rows *rows)
{
	*ret = (struct rows){ .size = rows->size };
	if (rows->n == 0)
		return 0;
	ret->item = malloc(rows->n * rows->size);
	if (!ret->item)
		return -ENOMEM;
	memcpy(ret->item, rows->item, rows->n * rows->size);
	ret->n = rows->n;
	return 0;
}

static void *find_same(const struct rows *rows, const struct table *table, const void *item)
{
	for (size_t i = 0; i < rows->n; i++)
		if (table->same(rows_at(rows, i), item))
			return rows_at(rows, i);
	return NULL;
}

static const char *find_misfit(const struct rows *rows, const struct table *table, const void *item)
{
	const char *reason = NULL;

	for (size_t i = 0; table->fits && !reason && i < rows->n; i++)
		reason = table->fits(rows_at(rows, i), item);
	return reason;
}

/* A row against the rows of its own file and those before. */
static const char *check_item(const struct rows *fresh, const struct rows *old,
			      const struct table *table, const void *item)
{
	const char *reason;

	if (fresh->n == TABLE_ROWS_MAX)
		return "the file has too many rows";
	if (find_same(fresh, table, item))
		return "the key occurs twice in this file";
	reason = find_misfit(fresh, table, item);
	return reason ? reason : find_misfit(old, table, item);
}

static size_t count_lines(span_t text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n';
	return n;
}

/* What was added stands in front, in its order, then what was there, renewed in place. */
static int merge(struct rows *rows, const struct table *table, const struct rows *fresh)
{
	struct rows all = { .size = table->size };

	all.item = calloc(rows->n + fresh->n + 1, table->size);
	if (!all.item)
		return -ENOMEM;
	for (size_t i = 0; i < fresh->n; i++) {
		void *item = rows_at(fresh, i), *old = find_same(rows, table, item);

		memcpy(old ? old : rows_at(&all, all.n++), item, table->size);
	}
	if (rows->n > 0)
		memcpy(rows_at(&all, all.n), rows->item, rows->n * rows->size);
	all.n += rows->n;
	rows_done(rows);
	*rows = all;
	return 0;
}

static int read_rows(struct rows *fresh, const struct rows *old, const struct table *table,
		     struct tsv *tsv, const char **ret_reason)
{
	_Alignas(max_align_t) char item[TABLE_ITEM_MAX];
	span_t field[TSV_COLUMNS_MAX];
	int r;

	while ((r = tsv_next(tsv, field)) > 0) {
		*ret_reason = table->read(field, item);
		if (!*ret_reason)
			*ret_reason = check_item(fresh, old, table, item);
		if (*ret_reason)
			return -EBADMSG;
		memcpy(rows_at(fresh, fresh->n++), item, table->size);
	}
	if (r < 0)
		*ret_reason = "the number of fields is not that of the header";
	return r;
}

int table_load(struct rows *rows, const struct table *table, span_t text, const char *path,
	       const struct complaint *complaint)
{
	struct rows fresh = { .size = table->size };
	const char *reason = "the first line is not the header of such a file";
	struct tsv tsv;
	int r;

	rows->size = table->size;
	fresh.item = calloc(MIN(count_lines(text), TABLE_ROWS_MAX), table->size);
	if (!fresh.item)
		return -ENOMEM;
	r = tsv_open(&tsv, text, table->header);
	if (r == 0)
		r = read_rows(&fresh, rows, table, &tsv, &reason);
	if (r == -EBADMSG && complaint->size > 0)
		(void)snprintf(complaint->text, complaint->size, "%s:%u: %s", path,
			       MAX(tsv.line, 1u), reason);
	if (r == 0)
		r = merge(rows, table, &fresh);
	rows_done(&fresh);
	return r;
}
