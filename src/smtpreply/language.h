/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_LANGUAGE_H
#define SMTPREPLY_LANGUAGE_H

/*
 * The languages of the reference pages: headings and sentences in each of them, the texts of some reply
 * codes, and which language a reader wants. The catalogue itself is English.
 */

#include "util/span.h"

enum language {
	LANGUAGE_EN, /* what is there for every text */
	LANGUAGE_VI,
	LANGUAGE_ZH,
	LANGUAGE_FR,
	_LANGUAGE_MAX,
};

/* "en", "vi", "zh", "fr": BCP 47, and the values of `lang`. */
extern const span_t language_tags[_LANGUAGE_MAX];

/* What each language calls itself. */
extern const span_t language_names[_LANGUAGE_MAX];

/* Whether TAG is exactly one of language_tags[]. */
bool language_find(span_t tag, enum language *ret);

/*
 * The language that a reader likes best, by the value of an Accept-Language header (RFC 9110 section
 * 12.5.4): the greatest weight wins, among equals the first; "zh-TW" asks for zh; weight 0 refuses; "*"
 * is any language that the header does not name. English if the header is empty, asks for nothing that
 * there is, or is none.
 */
enum language language_negotiate(span_t accept_language);

struct languages;

/* Reads the tables that are built into the library. Returns 0, -ENOMEM or -EBADMSG (tests exclude it). */
int languages_new(struct languages **ret);
struct languages *languages_free(struct languages *languages);

/* The row KEY of headings.tsv: a heading, a word or a template. Empty if there is no such row. */
span_t languages_heading(const struct languages *languages, enum language language, span_t key);

/* The texts of a reply code. All spans live as long as the program. */
struct language_text {
	span_t name, description, when_seen, how_to_fix;
	bool is_english; /* though another language was asked for: a fall-back, to be marked as such */
};

/* Whether texts.tsv has CODE at all; in English if not in LANGUAGE. */
bool languages_text(const struct languages *languages, unsigned code, enum language language,
		    struct language_text *ret);

#endif
