/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_CATALOGUE_H
#define SMTPREPLY_CATALOGUE_H

/* What a catalogue consists of, for its loader and for the classifier. */

#include "smtpreply/provider.h"
#include "smtpreply/signature.h"
#include "smtpreply/table.h"

enum catalogue_table {
	TABLE_CODES,	  /* struct smtpreply_code */
	TABLE_ENHANCED,	  /* struct enhanced_row */
	TABLE_SIGNATURES, /* struct smtpreply_signature */
	TABLE_SUFFIXES,	  /* struct suffix */
	_TABLE_MAX,
};

extern const struct table catalogue_tables[_TABLE_MAX];

/* A row of enhanced-codes.tsv: a detail, or a class or subject, of which only the category counts. */
enum enhanced_kind {
	ENHANCED_CLASS,
	ENHANCED_SUBJECT,
	ENHANCED_DETAIL,
	ENHANCED_VENDOR,
	_ENHANCED_KIND_MAX,
};

struct enhanced_row {
	enum enhanced_kind kind;
	struct smtpreply_detail detail; /* what the kind does not have is 0 */
};

#define SUBJECTS_MAX 10u /* RFC 3463 section 3 has 0 to 7 */

/* The bytes of a file that rows point into. */
struct catalogue_text {
	struct catalogue_text *older;
	size_t len;
	char bytes[];
};

struct smtpreply_catalogue {
	struct rows rows[_TABLE_MAX];
	struct catalogue_text *texts;

	/* Made of the rows by catalogue_finish(). */
	struct smtpreply_detail *details;
	size_t n_details;
	enum smtpreply_category subjects[SUBJECTS_MAX]; /* OTHER where there is no row */
	struct providers providers;
	struct signatures signatures;
};

/* Makes what is made of the rows. Returns 0, -ENOMEM, or -E2BIG with a complaint. */
int catalogue_finish(struct smtpreply_catalogue *catalogue, const struct complaint *complaint);
/* Frees everything but the texts. */
void catalogue_clear(struct smtpreply_catalogue *catalogue);

/* The rows of subject and detail, side by side; *RET_N is their number. */
const struct smtpreply_detail *catalogue_details(const struct smtpreply_catalogue *catalogue,
						 unsigned subject, unsigned detail, size_t *ret_n);

/* The column `status` of the table of codes; part of a heading's key as well. */
extern const span_t catalogue_status_names[_SMTPREPLY_STATUS_MAX];

#endif
