/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tables of the catalogue and their columns: what is read of a row of codes and of enhanced codes,
 * and what is wrong with it. Signatures and providers have files of their own.
 */

#include "smtpreply/catalogue.h"
#include "smtpreply/data.h"
#include "util/cursor.h"
#include "util/macros.h"

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

enum {
	ENHANCED_COLUMN_CODE = 0,
	ENHANCED_COLUMN_KIND = 1,
	ENHANCED_COLUMN_VENDOR = 2,
	ENHANCED_COLUMN_CLASSES = 3,
	ENHANCED_COLUMN_NAME = 4,
	ENHANCED_COLUMN_IDENTIFIER = 5,
	ENHANCED_COLUMN_BASIC_CODES = 6,
	ENHANCED_COLUMN_REFERENCE = 7,
	ENHANCED_COLUMN_CATEGORY = 8,
	ENHANCED_COLUMN_SPECIFIC = 9,
	ENHANCED_COLUMN_MEANING = 10,
};

const span_t catalogue_status_names[_SMTPREPLY_STATUS_MAX] = {
	[SMTPREPLY_STATUS_STANDARD] = SPAN_INIT("standard"),
	[SMTPREPLY_STATUS_EXTENSION] = SPAN_INIT("extension"),
	[SMTPREPLY_STATUS_REGISTRY] = SPAN_INIT("registry"),
	[SMTPREPLY_STATUS_EXPERIMENTAL] = SPAN_INIT("experimental"),
	[SMTPREPLY_STATUS_DRAFT] = SPAN_INIT("draft"),
	[SMTPREPLY_STATUS_NONSTANDARD] = SPAN_INIT("nonstandard"),
	[SMTPREPLY_STATUS_PROVIDER] = SPAN_INIT("provider"),
};

static const span_t retryable_names[] = { SPAN_INIT("later"), SPAN_INIT("conditional"),
					  SPAN_INIT("no"), SPAN_INIT("n/a") };

/* Label values that stand for codes without a row; no row may take them. */
static const span_t reserved[] = { SPAN_INIT("unlisted"), SPAN_INIT("unspecified"),
				   SPAN_INIT("other") };

static const span_t kind_names[_ENHANCED_KIND_MAX] = {
	[ENHANCED_CLASS] = SPAN_INIT("class"),
	[ENHANCED_SUBJECT] = SPAN_INIT("subject"),
	[ENHANCED_DETAIL] = SPAN_INIT("detail"),
	[ENHANCED_VENDOR] = SPAN_INIT("vendor"),
};

static bool is_listed(const span_t *names, unsigned n, span_t s)
{
	return field_find(names, n, s) < n;
}

static bool read_category(span_t s, enum smtpreply_category *ret)
{
	*ret = (enum smtpreply_category)field_find(smtpreply_category_names,
						   _SMTPREPLY_CATEGORY_MAX, s);
	return *ret < _SMTPREPLY_CATEGORY_MAX;
}

/* Three digits; the class is the first of them with `xx`. */
static const char *read_code_number(const span_t *f, uint16_t *ret)
{
	struct cursor c = cursor_over(f[CODES_CODE]);
	span_t class = f[CODES_CLASS];
	uint64_t code;

	if (!cursor_number(&c, 3, &code) || !cursor_at_end(&c) || code < 100 || code > 699)
		return "the code is not a number from 100 to 699";
	if (class.len != 3 || class.ptr[0] != (char)('0' + code / 100) ||
	    !span_ends(class, SPAN("xx")))
		return "the class is not the first digit of the code with xx";
	*ret = (uint16_t)code;
	return NULL;
}

static const char *read_code(const span_t *f, void *ret)
{
	struct smtpreply_code *c = ret;
	unsigned status =
		field_find(catalogue_status_names, _SMTPREPLY_STATUS_MAX, f[CODES_STATUS]);
	const char *reason;

	*c = (struct smtpreply_code){
		.status = (enum smtpreply_status)status,
		.class = f[CODES_CLASS],
		.name = f[CODES_NAME],
		.identifier = f[CODES_IDENTIFIER],
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
	reason = read_code_number(f, &c->code);
	if (reason)
		return reason;
	if (!field_is_label(c->identifier))
		return "the identifier is not made of a-z, 0-9 and _";
	if (is_listed(reserved, ARRAY_SIZE(reserved), c->identifier))
		return "the identifier is one that stands for no code";
	if (c->name.len == 0)
		return "the name is empty";
	if (status == _SMTPREPLY_STATUS_MAX)
		return "the status is not one of the known ones";
	if (!is_listed(retryable_names, ARRAY_SIZE(retryable_names), c->retryable))
		return "retryable is not later, conditional, no or n/a";
	if (!read_category(f[CODES_CATEGORY], &c->category))
		return "the default category is not one of the known ones";
	if ((c->code >= 200 && c->code <= 399) != (c->category == SMTPREPLY_CATEGORY_OK))
		return "the default category is not ok for 2xx and 3xx, or is for others";
	return NULL;
}

static bool same_code(const void *a, const void *b)
{
	const struct smtpreply_code *x = a, *y = b;

	return x->code == y->code;
}

static const char *fits_code(const void *old, const void *item)
{
	const struct smtpreply_code *x = old, *y = item;
	bool same = span_eq(x->identifier, y->identifier);

	if (x->code == y->code)
		return same ? NULL : "the identifier of a code may not change";
	return same ? "the identifier is that of another code" : NULL;
}

/* `C.X.X`, `X.s.X` or `X.s.d`, as the kind has it. */
static bool read_numbers(span_t s, struct enhanced_row *row)
{
	struct cursor c = cursor_over(s);
	uint64_t class = 0, subject = 0, detail = 0;
	bool ok;

	if (row->kind == ENHANCED_CLASS) {
		ok = cursor_number(&c, 1, &class) && cursor_take_span(&c, SPAN(".X.X"));
		row->detail.classes = (uint8_t)(ok ? 1u << (class & 7) : 0u);
	} else if (row->kind == ENHANCED_SUBJECT) {
		ok = cursor_take_span(&c, SPAN("X.")) && cursor_number(&c, 1, &subject) &&
		     cursor_take_span(&c, SPAN(".X"));
	} else {
		ok = cursor_take_span(&c, SPAN("X.")) && cursor_number(&c, 3, &subject) &&
		     cursor_take(&c, '.') && cursor_number(&c, 3, &detail);
	}
	row->detail.subject = (uint16_t)subject;
	row->detail.detail = (uint16_t)detail;
	return ok && cursor_at_end(&c);
}

/* One or more of 2, 4 and 5. */
static bool read_classes(span_t s, uint8_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '2' && s.ptr[i] != '4' && s.ptr[i] != '5')
			return false;
		*ret |= (uint8_t)(1u << (s.ptr[i] - '0'));
	}
	return s.len > 0;
}

static const char *read_enhanced(const span_t *f, void *ret)
{
	struct enhanced_row *row = ret;
	struct smtpreply_detail *d = &row->detail;
	unsigned kind = field_find(kind_names, _ENHANCED_KIND_MAX, f[ENHANCED_COLUMN_KIND]);
	span_t specific = f[ENHANCED_COLUMN_SPECIFIC];

	*row = (struct enhanced_row){
		.kind = (enum enhanced_kind)kind,
		.detail = {
			.vendor = f[ENHANCED_COLUMN_VENDOR],
			.specific = span_eq(specific, SPAN("yes")),
			.name = f[ENHANCED_COLUMN_NAME],
			.identifier = f[ENHANCED_COLUMN_IDENTIFIER],
			.meaning = f[ENHANCED_COLUMN_MEANING],
			.basic_codes = f[ENHANCED_COLUMN_BASIC_CODES],
			.reference = f[ENHANCED_COLUMN_REFERENCE],
		},
	};
	if (kind == _ENHANCED_KIND_MAX)
		return "the kind is not class, subject, detail or vendor";
	if (!read_numbers(f[ENHANCED_COLUMN_CODE], row))
		return "the code does not have the form of its kind";
	if (!read_classes(f[ENHANCED_COLUMN_CLASSES], &d->classes))
		return "the classes are not some of 2, 4 and 5";
	if (!field_is_label(d->vendor))
		return "the vendor is not made of a-z, 0-9 and _";
	if ((kind == ENHANCED_VENDOR) == span_eq(d->vendor, SPAN("iana")))
		return "the vendor does not fit the kind";
	if (!field_is_label(d->identifier))
		return "the identifier is not made of a-z, 0-9 and _";
	if (d->name.len == 0 || d->meaning.len == 0)
		return "the name or the meaning is empty";
	if (!read_category(f[ENHANCED_COLUMN_CATEGORY], &d->category))
		return "the category is not one of the known ones";
	if (!d->specific && !span_eq(specific, SPAN("no")))
		return "specific is not yes or no";
	return NULL;
}

static bool same_enhanced(const void *a, const void *b)
{
	const struct enhanced_row *x = a, *y = b;

	if (x->kind != y->kind || x->detail.subject != y->detail.subject ||
	    x->detail.detail != y->detail.detail)
		return false;
	return x->kind == ENHANCED_CLASS ? x->detail.classes == y->detail.classes
					 : span_eq(x->detail.vendor, y->detail.vendor);
}

static const char *fits_enhanced(const void *old, const void *item)
{
	const struct enhanced_row *x = old, *y = item;

	if (same_enhanced(x, y) || !span_eq(x->detail.vendor, y->detail.vendor) ||
	    !span_eq(x->detail.identifier, y->detail.identifier))
		return NULL;
	return "the identifier is that of another code";
}

const struct table catalogue_tables[_TABLE_MAX] = {
	[TABLE_CODES] = {
		.file = "reply-codes.tsv",
		.embedded = &data_reply_codes,
		.header = SPAN_INIT("code\tclass\tclass_name\tname\tidentifier\tdigit2\t"
				    "digit2_category\tstatus\tsource\tstages\tdirection\t"
				    "retryable\tdefault_category\tdescription\twhen_seen\t"
				    "fix_sender\tfix_receiver\ttypical_causes\tenhanced_codes\t"
				    "verified"),
		.size = sizeof(struct smtpreply_code),
		.read = read_code,
		.same = same_code,
		.fits = fits_code,
	},
	[TABLE_ENHANCED] = {
		.file = "enhanced-codes.tsv",
		.embedded = &data_enhanced_codes,
		.header = SPAN_INIT("code\tkind\tvendor\tclasses\tname\tidentifier\tbasic_codes\t"
				    "reference\tcategory\tspecific\tmeaning\tverified"),
		.size = sizeof(struct enhanced_row),
		.read = read_enhanced,
		.same = same_enhanced,
		.fits = fits_enhanced,
	},
	[TABLE_SIGNATURES] = {
		.file = "reply-signatures.tsv",
		.embedded = &data_reply_signatures,
		.header = SPAN_INIT("id\ttier\tpattern\tcategory\tprovider\texample_code\t"
				    "example_enhanced\tapplies_to\tretry\tsource\tverified"),
		.size = sizeof(struct smtpreply_signature),
		.read = signature_read,
		.same = signature_same,
	},
	[TABLE_SUFFIXES] = {
		.file = "providers.tsv",
		.embedded = &data_providers,
		.header = SPAN_INIT("suffix\tprovider\tverified"),
		.size = sizeof(struct suffix),
		.read = suffix_read,
		.same = suffix_same,
	},
};

_Static_assert(sizeof(struct smtpreply_code) <= TABLE_ITEM_MAX &&
		       sizeof(struct enhanced_row) <= TABLE_ITEM_MAX &&
		       sizeof(struct smtpreply_signature) <= TABLE_ITEM_MAX &&
		       sizeof(struct suffix) <= TABLE_ITEM_MAX,
	       "TABLE_ITEM_MAX is too small");
