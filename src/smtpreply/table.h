/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_TABLE_H
#define SMTPREPLY_TABLE_H

/*
 * Reads a table of the catalogue into an array, one item a row. The tables that are built in and those
 * of an operator go through the same function.
 */

#include "util/span.h"

/* Items of one kind. A row of a later file replaces the item with its key, or is added in front. */
struct rows {
	void *item;
	size_t n;
	size_t size; /* of one item */
};

#define TABLE_ROWS_MAX 8192u /* in one file */

/* Where the first thing that is wrong is told, as `file:line: reason`. */
struct complaint {
	char *text; /* may be NULL if SIZE is 0 */
	size_t size;
};

/* A kind of table. The functions return NULL, or what is wrong with the row. */
struct table {
	const char *file;
	const span_t *embedded;
	span_t header;
	size_t size;

	const char *(*read)(const span_t *field, void *ret);
	bool (*same)(const void *a, const void *b); /* whether two items have the same key */
	/* Whether ITEM may stand beside OLD, or in its place. May be NULL: always. */
	const char *(*fits)(const void *old, const void *item);
};

/* An item, as large as the largest. */
#define TABLE_ITEM_MAX 256u

/*
 * Reads TEXT, which must outlive the items, and puts it over ROWS. Returns 0, -ENOMEM, or -EBADMSG with
 * a complaint that names PATH; then ROWS are as they were.
 */
int table_load(struct rows *rows, const struct table *table, span_t text, const char *path,
	       const struct complaint *complaint);

void rows_done(struct rows *rows);
int rows_copy(struct rows *ret, const struct rows *rows);

/* Item I. */
static inline void *rows_at(const struct rows *rows, size_t i)
{
	return (char *)rows->item + i * rows->size;
}

/* Checks that more than one kind of table has use for. Labels consist of [a-z0-9_]. */
bool field_is_label(span_t s);
/* The index of S in a list of N names; N if it is not there. */
unsigned field_find(const span_t *names, unsigned n, span_t s);

#endif
