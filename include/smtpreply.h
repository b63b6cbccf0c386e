/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_H
#define SMTPREPLY_H

/*
 * libsmtpreply: SMTP replies as text and as meaning.
 *
 * The library allocates only in smtpreply_catalogue_new(), never logs and reads no byte outside
 * the spans it is given. Parsers cannot fail: they say how many bytes they understood.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's memory: LEN bytes at PTR, any byte inside, no NUL at the end. */
struct smtpreply_span {
	const char *ptr;
	size_t len;
};

/* An enhanced status code, RFC 3463 section 2. CLASS 0 means that there is none. */
struct smtpreply_enhanced {
	uint16_t class;	  /* 2, 4 or 5 */
	uint16_t subject; /* 0 to 999 */
	uint16_t detail;  /* 0 to 999 */
};

/* The first line of a reply, RFC 5321 section 4.2. */
struct smtpreply_reply {
	uint16_t code;	/* 200 to 599 */
	char separator; /* ' ', '-' (more lines follow) or 0 (nothing follows the code) */
	struct smtpreply_enhanced enhanced;
	struct smtpreply_span
		text; /* what follows code and enhanced code, in the caller's memory */
};

/*
 * Reads `class "." subject "." detail` (RFC 3463 section 2) at the start of IN. It must be followed
 * by a blank, a colon (OpenSMTPD writes `250 2.0.0: id`) or the end, so that neither an address
 * nor an over-long number is taken for one. Returns the bytes used; 0 if there is none, and then
 * *RET is untouched.
 */
size_t smtpreply_enhanced_parse(struct smtpreply_span in, struct smtpreply_enhanced *ret);

/*
 * Reads `code [SP / "-"] [enhanced] text` at the start of IN. A code is three digits of which the
 * first is 2 to 5, followed by a blank, a hyphen or the end. The enhanced code is taken as printed,
 * even where its class differs from the code's (RFC 2034 section 4 forbids that; servers do it).
 * Returns the bytes used, which is all of IN; 0 if IN does not start with a reply, and then *RET is
 * untouched.
 */
size_t smtpreply_parse(struct smtpreply_span in, struct smtpreply_reply *ret);

/* How official a reply code is; the column `status` of reply-codes.tsv. */
enum smtpreply_status {
	SMTPREPLY_STATUS_STANDARD,
	SMTPREPLY_STATUS_EXTENSION,
	SMTPREPLY_STATUS_REGISTRY,
	SMTPREPLY_STATUS_EXPERIMENTAL,
	SMTPREPLY_STATUS_DRAFT,
	SMTPREPLY_STATUS_NONSTANDARD,
	SMTPREPLY_STATUS_PROVIDER,
	_SMTPREPLY_STATUS_MAX,
};

/* One reply code of the catalogue. All spans live as long as the catalogue. */
struct smtpreply_code {
	uint16_t code; /* 101 to 607; only 200 to 599 ever go over the wire */
	enum smtpreply_status status;
	struct smtpreply_span class;	   /* "4xx" */
	struct smtpreply_span name;	   /* "Local Error" */
	struct smtpreply_span identifier;  /* "local_error": fixed, used as a metric label */
	struct smtpreply_span category;	   /* the reason to assume where nothing else tells */
	struct smtpreply_span retryable;   /* "later", "conditional", "no" or "n/a" */
	struct smtpreply_span description; /* a sentence or two, English, as are the next three */
	struct smtpreply_span when_seen;
	struct smtpreply_span fix_sender;
	struct smtpreply_span fix_receiver;
	struct smtpreply_span source;	/* of the code: RFCs and others, split by semicolons */
	struct smtpreply_span stages;	/* split by commas; "queue" alone: not over the wire */
	struct smtpreply_span causes;	/* split by semicolons */
	struct smtpreply_span enhanced; /* "5.7.1,5.5.0": those that come with it */
};

/* One subject and detail of RFC 3463 as registered, or as one provider uses it. */
struct smtpreply_detail {
	uint16_t subject, detail;
	struct smtpreply_span vendor; /* "iana" for the registry */
	struct smtpreply_span name;
	struct smtpreply_span identifier;
	struct smtpreply_span category;
	struct smtpreply_span meaning;
	struct smtpreply_span basic_codes; /* "451,550": replies it comes with */
	struct smtpreply_span reference;
};

struct smtpreply_catalogue;

/*
 * Reads the catalogue that is built into the library. The caller frees it with
 * smtpreply_catalogue_free(). Returns 0, -ENOMEM, or -EBADMSG if the built-in data is broken, which
 * the tests exclude.
 */
int smtpreply_catalogue_new(struct smtpreply_catalogue **ret);
struct smtpreply_catalogue *smtpreply_catalogue_free(struct smtpreply_catalogue *catalogue);

/* All codes in ascending order; *RET_N is their number. */
const struct smtpreply_code *smtpreply_codes(const struct smtpreply_catalogue *catalogue,
					     size_t *ret_n);

/* The row of CODE, NULL if the catalogue has none. */
const struct smtpreply_code *smtpreply_code_find(const struct smtpreply_catalogue *catalogue,
						 unsigned code);

/* All details, sorted by subject, then detail, the registry's row before providers' readings. */
const struct smtpreply_detail *smtpreply_details(const struct smtpreply_catalogue *catalogue,
						 size_t *ret_n);

/* The registry's row of a subject and detail, else the first provider's, else NULL. */
const struct smtpreply_detail *smtpreply_detail_find(const struct smtpreply_catalogue *catalogue,
						     unsigned subject, unsigned detail);

#endif
