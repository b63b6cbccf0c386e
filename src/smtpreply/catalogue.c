/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The catalogue: rows of the tables in data/, and what is looked up in them. Texts stay where they are
 * in the program's read-only data or in an operator's file; the catalogue itself holds spans and
 * numbers.
 */

#include "smtpreply/catalogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/macros.h"

static int compare_codes(const void *a, const void *b)
{
	const struct smtpreply_code *x = a, *y = b;

	return (int)x->code - (int)y->code;
}

static bool is_registered(const struct smtpreply_detail *d)
{
	return span_eq(d->vendor, SPAN("iana"));
}

static int compare_details(const void *a, const void *b)
{
	const struct smtpreply_detail *x = a, *y = b;
	int r;

	if (x->subject != y->subject)
		return (int)x->subject - (int)y->subject;
	if (x->detail != y->detail)
		return (int)x->detail - (int)y->detail;
	if (is_registered(x) != is_registered(y))
		return (int)is_registered(y) - (int)is_registered(x);
	r = memcmp(x->vendor.ptr, y->vendor.ptr, MIN(x->vendor.len, y->vendor.len));
	return r ? r : (x->vendor.len > y->vendor.len) - (x->vendor.len < y->vendor.len);
}

static void add_enhanced(struct smtpreply_catalogue *catalogue, const struct enhanced_row *row)
{
	struct smtpreply_detail *d;

	if (row->kind == ENHANCED_SUBJECT)
		catalogue->subjects[row->detail.subject] = row->detail.category;
	if (row->kind != ENHANCED_DETAIL && row->kind != ENHANCED_VENDOR)
		return;
	d = &catalogue->details[catalogue->n_details++];
	*d = row->detail;
	d->provider = providers_name_find(&catalogue->providers, d->vendor);
}

static int finish_enhanced(struct smtpreply_catalogue *catalogue)
{
	const struct rows *rows = &catalogue->rows[TABLE_ENHANCED];

	catalogue->details = calloc(rows->n + 1, sizeof(*catalogue->details));
	if (!catalogue->details)
		return -ENOMEM;
	for (size_t i = 0; i < SUBJECTS_MAX; i++)
		catalogue->subjects[i] = SMTPREPLY_CATEGORY_OTHER;
	for (size_t i = 0; i < rows->n; i++)
		add_enhanced(catalogue, rows_at(rows, i));
	qsort(catalogue->details, catalogue->n_details, sizeof(*catalogue->details),
	      compare_details);
	return 0;
}

int catalogue_finish(struct smtpreply_catalogue *catalogue, const struct complaint *complaint)
{
	struct rows *codes = &catalogue->rows[TABLE_CODES];
	const char *reason = "providers.tsv: more than 255 providers";
	int r;

	qsort(codes->item, codes->n, codes->size, compare_codes);
	r = providers_init(&catalogue->providers, &catalogue->rows[TABLE_SUFFIXES]);
	if (r == 0)
		r = finish_enhanced(catalogue);
	if (r == 0) {
		reason = "reply-signatures.tsv: too many signatures, or too long ones";
		r = signatures_init(&catalogue->signatures, &catalogue->rows[TABLE_SIGNATURES]);
	}
	if (r == -E2BIG && complaint->size > 0)
		(void)snprintf(complaint->text, complaint->size, "%s", reason);
	return r;
}

void catalogue_clear(struct smtpreply_catalogue *catalogue)
{
	for (size_t t = 0; t < _TABLE_MAX; t++)
		rows_done(&catalogue->rows[t]);
	free(catalogue->details);
	providers_done(&catalogue->providers);
	signatures_done(&catalogue->signatures);
}

int smtpreply_catalogue_new(struct smtpreply_catalogue **ret)
{
	struct smtpreply_catalogue *catalogue = calloc(1, sizeof(*catalogue));
	const struct complaint nobody_hears = { NULL, 0 };
	int r = 0;

	if (!catalogue)
		return -ENOMEM;
	for (size_t t = 0; r == 0 && t < _TABLE_MAX; t++)
		r = table_load(&catalogue->rows[t], &catalogue_tables[t],
			       *catalogue_tables[t].embedded, catalogue_tables[t].file,
			       &nobody_hears);
	if (r == 0)
		r = catalogue_finish(catalogue, &nobody_hears);
	if (r < 0) {
		smtpreply_catalogue_free(catalogue);
		return r == -E2BIG ? -EBADMSG : r;
	}
	*ret = catalogue;
	return 0;
}

struct smtpreply_catalogue *smtpreply_catalogue_free(struct smtpreply_catalogue *catalogue)
{
	struct catalogue_text *text, *older;

	if (!catalogue)
		return NULL;
	for (text = catalogue->texts; text; text = older) {
		older = text->older;
		free(text);
	}
	catalogue_clear(catalogue);
	free(catalogue);
	return NULL;
}

const struct smtpreply_code *smtpreply_codes(const struct smtpreply_catalogue *catalogue,
					     size_t *ret_n)
{
	*ret_n = catalogue->rows[TABLE_CODES].n;
	return catalogue->rows[TABLE_CODES].item;
}

const struct smtpreply_code *smtpreply_code_find(const struct smtpreply_catalogue *catalogue,
						 unsigned code)
{
	const struct rows *rows = &catalogue->rows[TABLE_CODES];
	const struct smtpreply_code key = { .code = (uint16_t)code };

	if (code > UINT16_MAX)
		return NULL;
	return bsearch(&key, rows->item, rows->n, rows->size, compare_codes);
}

const struct smtpreply_detail *smtpreply_details(const struct smtpreply_catalogue *catalogue,
						 size_t *ret_n)
{
	*ret_n = catalogue->n_details;
	return catalogue->details;
}

static bool is_before(const struct smtpreply_detail *d, unsigned subject, unsigned detail)
{
	return d->subject != subject ? d->subject < subject : d->detail < detail;
}

const struct smtpreply_detail *catalogue_details(const struct smtpreply_catalogue *catalogue,
						 unsigned subject, unsigned detail, size_t *ret_n)
{
	size_t low = 0, high = catalogue->n_details, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&catalogue->details[middle], subject, detail))
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < catalogue->n_details && catalogue->details[low + n].subject == subject &&
	       catalogue->details[low + n].detail == detail)
		n++;
	*ret_n = n;
	return &catalogue->details[low];
}

const struct smtpreply_detail *smtpreply_detail_find(const struct smtpreply_catalogue *catalogue,
						     unsigned subject, unsigned detail)
{
	size_t n;
	const struct smtpreply_detail *d = catalogue_details(catalogue, subject, detail, &n);

	return n > 0 ? d : NULL;
}

const struct smtpreply_signature *smtpreply_signatures(const struct smtpreply_catalogue *catalogue,
						       size_t *ret_n)
{
	*ret_n = catalogue->rows[TABLE_SIGNATURES].n;
	return catalogue->rows[TABLE_SIGNATURES].item;
}

const struct smtpreply_span *smtpreply_providers(const struct smtpreply_catalogue *catalogue,
						 size_t *ret_n)
{
	*ret_n = catalogue->providers.n_names;
	return catalogue->providers.names;
}

unsigned smtpreply_provider_find(const struct smtpreply_catalogue *catalogue,
				 struct smtpreply_span host)
{
	return providers_host_find(&catalogue->providers, host);
}
