/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_H
#define SMTPREPLY_H

/*
 * libsmtpreply: SMTP replies as text and as meaning.
 *
 * The library allocates only in smtpreply_catalogue_new() and smtpreply_catalogue_overlay(), never
 * logs and reads no byte outside the spans it is given. Parsers cannot fail: they say how many
 * bytes they understood.
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

/*
 * Why a reply was given. Whether that is temporary is another question, answered by the first digit.
 * Names are label values and never change.
 */
#define SMTPREPLY_CATEGORIES(X)                                                                    \
	X(OK, "ok") /* 2xx and 3xx */                                                              \
	X(GREYLISTING, "greylisting")                                                              \
	X(RATE_LIMITED, "rate_limited")                                                            \
	X(REPUTATION_BLOCK, "reputation_block")                                                    \
	X(SENDER_AUTH, "sender_auth") /* SPF, DKIM, DMARC, ARC */                                  \
	X(SENDER_DNS, "sender_dns")                                                                \
	X(TLS, "tls")                                                                              \
	X(SMTP_AUTH, "smtp_auth") /* login */                                                      \
	X(RECIPIENT_UNKNOWN, "recipient_unknown")                                                  \
	X(RECIPIENT_INACTIVE, "recipient_inactive")                                                \
	X(MAILBOX_FULL, "mailbox_full")                                                            \
	X(MESSAGE_TOO_BIG, "message_too_big")                                                      \
	X(SPAM_CONTENT, "spam_content")                                                            \
	X(MALWARE, "malware")                                                                      \
	X(POLICY, "policy")                                                                        \
	X(RELAY_DENIED, "relay_denied")                                                            \
	X(PROTOCOL_ERROR, "protocol_error")                                                        \
	X(ROUTING_DNS, "routing_dns")                                                              \
	X(CONNECTION, "connection")                                                                \
	X(SYSTEM_ERROR, "system_error")                                                            \
	X(OTHER, "other")

#define SMTPREPLY_CATEGORY_ENUM_(id, name) SMTPREPLY_CATEGORY_##id,
enum smtpreply_category { SMTPREPLY_CATEGORIES(SMTPREPLY_CATEGORY_ENUM_) _SMTPREPLY_CATEGORY_MAX };

extern const struct smtpreply_span smtpreply_category_names[_SMTPREPLY_CATEGORY_MAX];

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
	enum smtpreply_category category;  /* the reason to assume where nothing else tells */
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
	unsigned provider;	      /* VENDOR among smtpreply_providers(); 0: none of them */
	uint8_t classes;	      /* bit C is set if class C occurs with it */
	bool specific;		      /* good enough to tell the reason without the text */
	struct smtpreply_span name;
	struct smtpreply_span identifier;
	enum smtpreply_category category;
	struct smtpreply_span meaning;
	struct smtpreply_span basic_codes; /* "451,550": replies it comes with */
	struct smtpreply_span reference;
};

/*
 * A wording and what it means: lower-cased text in which `*` stands for any run of characters. Tiers: 1
 * provider's token, 2 provider's phrase, 3 mail server's phrase, 4 generic words.
 */
struct smtpreply_signature {
	struct smtpreply_span id;
	unsigned tier; /* 1 to 4 */
	struct smtpreply_span pattern;
	enum smtpreply_category category;
	struct smtpreply_span provider; /* whose words they are; others may use them too */
	uint16_t example_code;		/* a reply they were seen in */
	struct smtpreply_enhanced example_enhanced;
	struct smtpreply_span applies_to; /* "any", or a code with `x` for any digit */
	struct smtpreply_span retry;	  /* "later", "no" or "as_code" */
};

struct smtpreply_catalogue;

/*
 * Reads the catalogue that is built into the library. The caller frees it with
 * smtpreply_catalogue_free(). Returns 0, -ENOMEM, or -EBADMSG if the built-in data is broken, which
 * the tests exclude.
 */
int smtpreply_catalogue_new(struct smtpreply_catalogue **ret);
struct smtpreply_catalogue *smtpreply_catalogue_free(struct smtpreply_catalogue *catalogue);

/*
 * Adds the rows of an operator's files to the catalogue: DIR/reply-codes.tsv, enhanced-codes.tsv,
 * reply-signatures.tsv and providers.tsv, each in the form of the one built in, each optional. A row
 * takes the place of the one with the same key (code; enhanced code and vendor; id; suffix) or is added;
 * an added signature counts as standing before those already there. The identifier of a code that the
 * catalogue has is fixed.
 *
 * Returns 0. Otherwise the catalogue is as it was and MESSAGE, of SIZE bytes, says what is wrong, with
 * file and line: -EBADMSG for a bad row or file, -ENOMEM, or what opening and reading gave. After
 * success nothing that the catalogue returned before may be used.
 */
int smtpreply_catalogue_overlay(struct smtpreply_catalogue *catalogue, const char *dir,
				char *message, size_t size);

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

/* All signatures; *RET_N is their number. */
const struct smtpreply_signature *smtpreply_signatures(const struct smtpreply_catalogue *catalogue,
						       size_t *ret_n);

/* The names of the providers, label values, sorted but for the first, which is "other". */
const struct smtpreply_span *smtpreply_providers(const struct smtpreply_catalogue *catalogue,
						 size_t *ret_n);

/*
 * Whose mail server HOST is, by the longest suffix in the table of providers that begins at a label;
 * an index into smtpreply_providers(), 0 if it is nobody's.
 */
unsigned smtpreply_provider_find(const struct smtpreply_catalogue *catalogue,
				 struct smtpreply_span host);

/* What a reply answers, as far as its meaning depends on it. */
enum smtpreply_stage {
	SMTPREPLY_STAGE_OTHER, /* any other command, or unknown */
	SMTPREPLY_STAGE_RCPT,
	SMTPREPLY_STAGE_VRFY,
	_SMTPREPLY_STAGE_MAX,
};

/* A reply of which the reason is asked. */
struct smtpreply_question {
	uint16_t code;	/* 0 if only the class is known */
	uint16_t class; /* the first digit; looked at only where CODE is 0 */
	enum smtpreply_stage stage;
	unsigned provider;		    /* of smtpreply_provider_find(); 0: none */
	struct smtpreply_enhanced enhanced; /* class 0: none */
	struct smtpreply_span text;	    /* what follows; more lines may be joined to it */
};

/* What decided. */
enum smtpreply_basis {
	SMTPREPLY_BASIS_CLASS,	   /* nothing failed */
	SMTPREPLY_BASIS_SIGNATURE, /* the words */
	SMTPREPLY_BASIS_DETAIL,	   /* the enhanced code */
	SMTPREPLY_BASIS_SUBJECT,   /* its subject only */
	SMTPREPLY_BASIS_CODE,	   /* the code, and what it answers */
	SMTPREPLY_BASIS_NONE,
};

struct smtpreply_verdict {
	enum smtpreply_category category;
	enum smtpreply_basis basis;
	const struct smtpreply_signature *signature; /* NULL unless it decided, as is DETAIL */
	const struct smtpreply_detail *detail;
};

/*
 * Why a reply was given, and what says so. Takes time in proportion to the text whatever is in it, and
 * allocates nothing.
 */
struct smtpreply_verdict smtpreply_explain(const struct smtpreply_catalogue *catalogue,
					   const struct smtpreply_question *question);

/* The category alone. */
enum smtpreply_category smtpreply_classify(const struct smtpreply_catalogue *catalogue,
					   const struct smtpreply_question *question);

#endif
