/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_ARTICLE_PARTS_H
#define SMTPREPLY_ARTICLE_PARTS_H

/* What articles are put together from; for article_*.c only. */

#include "smtpreply/article.h"

/* Begins a block; the runs that follow are its own. */
void article_begin(struct article *a, enum article_block_type type);

/* Appends a run; one that differs in nothing from the run before becomes part of it. */
void article_add(struct article *a, span_t text, enum language language);
void article_add_literal(struct article *a, span_t text);

/* The runs in between lead to LINK. */
void article_link_open(struct article *a, struct article_link link);
void article_link_close(struct article *a);

/* What stands for `{name}` in a template. */
struct template_value {
	span_t name;
	span_t text;
	enum language language;
};

/*
 * Appends TEMPLATE, a text of the article's language, with the values in the place of their names. A
 * name that has no value stays as it is.
 */
void template_fill(struct article *a, span_t template, const struct template_value *values,
		   size_t n);

/* Heading KEY in the article's language; if there is none, the article is incomplete. */
span_t article_word(struct article *a, const struct article_source *source, const char *key);
/* The same for a key in two parts: "class_" and "4xx". */
span_t article_word2(struct article *a, const struct article_source *source, span_t prefix,
		     span_t key);

void article_heading(struct article *a, const struct article_source *source,
		     enum article_block_type type, const char *key);
void article_term(struct article *a, const struct article_source *source, const char *key);
/* A term with a definition that is a text; nothing if the text is empty. */
void article_define(struct article *a, const struct article_source *source, const char *key,
		    span_t text, enum language language);

/* A code with its texts in the language of the article, or in English. */
struct article_subject {
	const struct smtpreply_code *code;
	char number[4];
	enum language language; /* of the texts */
	struct language_text
		text; /* how_to_fix is empty if only the catalogue's two halves exist */
	span_t class; /* "4xx Transient Negative", in the article's language */
};

/* CODE must be of the catalogue. */
void article_subject(struct article *a, const struct article_source *source,
		     const struct smtpreply_code *code, struct article_subject *ret);
span_t article_subject_number(const struct article_subject *s);
/* "451 Local Error", leading to its article. */
void article_add_subject_link(struct article *a, const struct article_subject *s);

/*
 * S as it continues a sentence: "after sending ..." Only words of which the first letter may be small are
 * changed; there is room for one at a time in LOWERED, which article_add() copies.
 */
void article_add_continued(struct article *a, span_t text, enum language language);
/* Whether TEXT can follow "You see 214": "after ...", "when ...". */
bool article_is_adverbial(span_t text);

/* Description, when it is seen, how to fix it: the three parts with headings of TYPE. */
void article_parts(struct article *a, const struct article_source *source,
		   const struct article_subject *s, enum article_block_type type);

/* The last item of each list of links. */
void article_link_to_all(struct article *a, const struct article_source *source);

/* Codes that readers of CODE may have meant as well, the closest first; returns how many. */
#define ARTICLE_RELATED_MAX 6u
unsigned article_related(const struct article_source *source, const struct smtpreply_code *code,
			 const struct smtpreply_code *ret[ARTICLE_RELATED_MAX]);

/* Definition with a link for each number of a list such as "451,550" that the catalogue has. */
void article_define_codes(struct article *a, const struct article_source *source, const char *key,
			  span_t list);
/* The same for enhanced codes: "5.7.1,5.5.0". */
void article_define_enhanced(struct article *a, const struct article_source *source,
			     const char *key, span_t list);

/* Whether a retry helps, in words. */
span_t article_retry_word(struct article *a, const struct article_source *source,
			  const struct smtpreply_code *code);

/* The article about a code, 0 to 999, that the catalogue does not have. */
void article_unknown(struct article *a, const struct article_source *source, unsigned code);
/* A title and one sentence: KEY of headings.tsv, in which {a} is TEXT. */
void article_sorry(struct article *a, const struct article_source *source, const char *title,
		   const char *sentence, span_t text);

/* 450 as digits; CODE is below 1000. */
void article_number(char ret[4], unsigned code);

/* The first number of a list, which is taken off; false at its end. */
bool article_take_word(span_t *list, char separator, span_t *ret);

#endif
