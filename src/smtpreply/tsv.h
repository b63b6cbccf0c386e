/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_TSV_H
#define SMTPREPLY_TSV_H

/*
 * Tab-separated tables: one header row, one record a line, `-` for an empty field. Fields are spans
 * into the text, which must outlive them.
 */

#include "util/span.h"

#define TSV_COLUMNS_MAX 24u

struct tsv {
	span_t rest;
	unsigned line; /* of the row read last, from 1 */
	unsigned columns;
};

/* Checks that TEXT begins with the row HEADER. Returns 0 or -EBADMSG. */
int tsv_open(struct tsv *tsv, span_t text, span_t header);

/* Reads the next row into FIELD. Returns 1, 0 at the end, -EBADMSG if the number of fields is wrong. */
int tsv_next(struct tsv *tsv, span_t field[TSV_COLUMNS_MAX]);

#endif
