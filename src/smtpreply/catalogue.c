/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The catalogue: rows of the tables in data/, sorted for binary search. Texts stay where they are in
 * the program's read-only data; the catalogue itself holds spans and numbers.
 */

#include <errno.h>
#include <smtpreply.h>
#include <stdlib.h>

#include "smtpreply/data.h"
#include "smtpreply/tsv.h"
#include "util/cursor.h"
#include "util/macros.h"

struct smtpreply_catalogue {
	struct smtpreply_code *codes;
	size_t n_codes;
	struct smtpreply_detail *details;
	size_t n_details;
};

static const span_t codes_header = SPAN_INIT(
	"code\tclass\tclass_name\tname\tidentifier\tdigit2\tdigit2_category\tstatus\tsource\t"
	"stages\tdirection\tretryable\tdefault_category\tdescription\twhen_seen\tfix_sender\t"
	"fix_receiver\ttypical_causes\tenhanced_codes\tverified");

enum {
	CODES_CODE = 0,
	CODES_CLASS = 1,
	CODES_NAME = 3,
	CODES_IDENTIFIER = 4,
	CODES_STATUS = 7,
	CODES_SOURCE = 8,
	CODES_STAGES = 9,
	CODES_RETRYABLE = 11,
	CODES_CATEGORY = 12,
	CODES_DESCRIPTION = 13,
	CODES_WHEN_SEEN = 14,
	CODES_FIX_SENDER = 15,
	CODES_FIX_RECEIVER = 16,
	CODES_CAUSES = 17,
	CODES_ENHANCED = 18,
};

static const span_t details_header = SPAN_INIT(
	"code\tkind\tvendor\tclasses\tname\tidentifier\tbasic_codes\treference\tcategory\t"
	"specific\tmeaning\tverified");

enum {
	DETAILS_CODE = 0,
	DETAILS_KIND = 1,
	DETAILS_VENDOR = 2,
	DETAILS_NAME = 4,
	DETAILS_IDENTIFIER = 5,
	DETAILS_BASIC_CODES = 6,
	DETAILS_REFERENCE = 7,
	DETAILS_CATEGORY = 8,
	DETAILS_MEANING = 10,
};

static const span_t status_names[_SMTPREPLY_STATUS_MAX] = {
	[SMTPREPLY_STATUS_STANDARD] = SPAN_INIT("standard"),
	[SMTPREPLY_STATUS_EXTENSION] = SPAN_INIT("extension"),
	[SMTPREPLY_STATUS_REGISTRY] = SPAN_INIT("registry"),
	[SMTPREPLY_STATUS_EXPERIMENTAL] = SPAN_INIT("experimental"),
	[SMTPREPLY_STATUS_DRAFT] = SPAN_INIT("draft"),
	[SMTPREPLY_STATUS_NONSTANDARD] = SPAN_INIT("nonstandard"),
	[SMTPREPLY_STATUS_PROVIDER] = SPAN_INIT("provider"),
};

/* Identifiers become label values, so only [a-z0-9_] may occur in them. */
static bool valid_identifier(span_t s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c != '_' && !char_is_digit(c) && (c < 'a' || c > 'z'))
			return false;
	}
	return s.len > 0;
}

static int read_code(const span_t *f, struct smtpreply_code *ret)
{
	struct cursor c = cursor_over(f[CODES_CODE]);
	unsigned status = 0;
	uint64_t code;

	if (!cursor_number(&c, 3, &code) || !cursor_at_end(&c) || code < 100)
		return -EBADMSG;
	while (status < _SMTPREPLY_STATUS_MAX && !span_eq(status_names[status], f[CODES_STATUS]))
		status++;
	if (status == _SMTPREPLY_STATUS_MAX || !valid_identifier(f[CODES_IDENTIFIER]))
		return -EBADMSG;

	*ret = (struct smtpreply_code){
		.code = (uint16_t)code,
		.status = (enum smtpreply_status)status,
		.class = f[CODES_CLASS],
		.name = f[CODES_NAME],
		.identifier = f[CODES_IDENTIFIER],
		.category = f[CODES_CATEGORY],
		.retryable = f[CODES_RETRYABLE],
		.description = f[CODES_DESCRIPTION],
		.when_seen = f[CODES_WHEN_SEEN],
		.fix_sender = f[CODES_FIX_SENDER],
		.fix_receiver = f[CODES_FIX_RECEIVER],
		.source = f[CODES_SOURCE],
		.stages = f[CODES_STAGES],
		.causes = f[CODES_CAUSES],
		.enhanced = f[CODES_ENHANCED],
	};
	return 0;
}

/* Rows of the kinds class and subject are not codes that a reply can have. */
static bool is_detail(const span_t *f)
{
	return span_eq(f[DETAILS_KIND], SPAN("detail")) || span_eq(f[DETAILS_KIND], SPAN("vendor"));
}

/* The code is written `X.subject.detail`. */
static int read_detail(const span_t *f, struct smtpreply_detail *ret)
{
	struct cursor c = cursor_over(f[DETAILS_CODE]);
	uint64_t subject, detail;

	if (!cursor_take_span(&c, SPAN("X.")) || !cursor_number(&c, 3, &subject) ||
	    !cursor_take(&c, '.') || !cursor_number(&c, 3, &detail) || !cursor_at_end(&c) ||
	    !valid_identifier(f[DETAILS_IDENTIFIER]))
		return -EBADMSG;

	*ret = (struct smtpreply_detail){
		.subject = (uint16_t)subject,
		.detail = (uint16_t)detail,
		.vendor = f[DETAILS_VENDOR],
		.name = f[DETAILS_NAME],
		.identifier = f[DETAILS_IDENTIFIER],
		.category = f[DETAILS_CATEGORY],
		.meaning = f[DETAILS_MEANING],
		.basic_codes = f[DETAILS_BASIC_CODES],
		.reference = f[DETAILS_REFERENCE],
	};
	return 0;
}

static size_t count_lines(span_t text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n';
	return n;
}

static int load_codes(struct smtpreply_catalogue *catalogue)
{
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;
	int r;

	catalogue->codes = calloc(count_lines(data_reply_codes), sizeof(*catalogue->codes));
	if (!catalogue->codes)
		return -ENOMEM;

	r = tsv_open(&tsv, data_reply_codes, codes_header);
	if (r < 0)
		return r;
	while ((r = tsv_next(&tsv, field)) > 0) {
		r = read_code(field, &catalogue->codes[catalogue->n_codes]);
		if (r < 0)
			return r;
		catalogue->n_codes++;
	}
	return r;
}

static int load_details(struct smtpreply_catalogue *catalogue)
{
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;
	int r;

	catalogue->details = calloc(count_lines(data_enhanced_codes), sizeof(*catalogue->details));
	if (!catalogue->details)
		return -ENOMEM;

	r = tsv_open(&tsv, data_enhanced_codes, details_header);
	if (r < 0)
		return r;
	while ((r = tsv_next(&tsv, field)) > 0) {
		if (!is_detail(field))
			continue;
		r = read_detail(field, &catalogue->details[catalogue->n_details]);
		if (r < 0)
			return r;
		catalogue->n_details++;
	}
	return r;
}

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

	if (x->subject != y->subject)
		return (int)x->subject - (int)y->subject;
	if (x->detail != y->detail)
		return (int)x->detail - (int)y->detail;
	return (int)is_registered(y) - (int)is_registered(x);
}

int smtpreply_catalogue_new(struct smtpreply_catalogue **ret)
{
	struct smtpreply_catalogue *catalogue = calloc(1, sizeof(*catalogue));
	int r;

	if (!catalogue)
		return -ENOMEM;

	r = load_codes(catalogue);
	if (r == 0)
		r = load_details(catalogue);
	if (r < 0) {
		smtpreply_catalogue_free(catalogue);
		return r;
	}

	qsort(catalogue->codes, catalogue->n_codes, sizeof(*catalogue->codes), compare_codes);
	qsort(catalogue->details, catalogue->n_details, sizeof(*catalogue->details),
	      compare_details);
	*ret = catalogue;
	return 0;
}

struct smtpreply_catalogue *smtpreply_catalogue_free(struct smtpreply_catalogue *catalogue)
{
	if (!catalogue)
		return NULL;
	free(catalogue->codes);
	free(catalogue->details);
	free(catalogue);
	return NULL;
}

const struct smtpreply_code *smtpreply_codes(const struct smtpreply_catalogue *catalogue,
					     size_t *ret_n)
{
	*ret_n = catalogue->n_codes;
	return catalogue->codes;
}

const struct smtpreply_code *smtpreply_code_find(const struct smtpreply_catalogue *catalogue,
						 unsigned code)
{
	size_t low = 0, high = catalogue->n_codes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (catalogue->codes[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < catalogue->n_codes && catalogue->codes[low].code == code
		       ? &catalogue->codes[low]
		       : NULL;
}

const struct smtpreply_detail *smtpreply_details(const struct smtpreply_catalogue *catalogue,
						 size_t *ret_n)
{
	*ret_n = catalogue->n_details;
	return catalogue->details;
}

const struct smtpreply_detail *smtpreply_detail_find(const struct smtpreply_catalogue *catalogue,
						     unsigned subject, unsigned detail)
{
	for (size_t i = 0; i < catalogue->n_details; i++) {
		const struct smtpreply_detail *d = &catalogue->details[i];

		if (d->subject == subject && d->detail == detail)
			return d;
	}
	return NULL;
}
