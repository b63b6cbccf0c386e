/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_ARTICLE_H
#define SMTPREPLY_ARTICLE_H

/*
 * What there is to say about a code, an enhanced code, or two codes side by side, as a sequence of typed
 * blocks made of runs of text. A run knows its language and where it leads; how a block looks is the
 * business of renderers: article_text.h for a terminal, http/article_html.h for a browser.
 */

#include "smtpreply/language.h"
#include "util/buf.h"

/* More than any article of the catalogue needs; a test says how much that is. */
#define ARTICLE_BLOCKS_MAX 96u
#define ARTICLE_RUNS_MAX 384u

enum article_block_type {
	ARTICLE_TITLE,	    /* one, the first */
	ARTICLE_SECTION,    /* a heading below the title */
	ARTICLE_SUBSECTION, /* a heading below a section */
	ARTICLE_PARAGRAPH,
	ARTICLE_NOTE, /* a paragraph that must not be missed */
	ARTICLE_ITEM, /* of a list; neighbours are one list */
	ARTICLE_STEP, /* of a numbered list */
	ARTICLE_TERM, /* a definition follows; neighbours are one list of definitions */
	ARTICLE_DEFINITION,
	_ARTICLE_BLOCK_TYPE_MAX,
};

enum article_link_type {
	ARTICLE_LINK_NONE,
	ARTICLE_LINK_CODES, /* the list of all codes */
	ARTICLE_LINK_CODE,
	ARTICLE_LINK_ENHANCED,
	ARTICLE_LINK_COMPARE,
};

struct article_link {
	enum article_link_type type;
	unsigned code;	/* of LINK_CODE; the first of LINK_COMPARE */
	unsigned other; /* the second of LINK_COMPARE */
	struct smtpreply_enhanced enhanced;
};

struct article_run {
	size_t at, len; /* in the article's text */
	enum language language;
	bool is_literal;	  /* as it stands in a log or in the metrics */
	struct article_link link; /* neighbours with the same one are one link */
};

struct article_block {
	enum article_block_type type;
	unsigned first_run, n_runs; /* their bytes are adjacent */
};

struct article {
	enum language language; /* of everything that its runs do not say otherwise */
	struct buf text;
	struct article_block block[ARTICLE_BLOCKS_MAX];
	unsigned n_blocks;
	struct article_run run[ARTICLE_RUNS_MAX];
	unsigned n_runs;
	struct article_link link; /* of the runs to come */
	bool incomplete;	  /* a limit was met, or a heading is missing; tests exclude both */
};

/* What articles are made from; borrowed. */
struct article_source {
	const struct smtpreply_catalogue *catalogue;
	const struct languages *languages;
	enum language language;
};

/* Freed by article_done() in any case. */
void article_init(struct article *article, enum language language);
void article_done(struct article *article);

/* Whether something is missing: no memory, or a limit. Then it should not be shown. */
bool article_failed(const struct article *article);

bool article_link_eq(const struct article_link *a, const struct article_link *b);
span_t article_run_text(const struct article *article, const struct article_run *run);
span_t article_block_text(const struct article *article, const struct article_block *block);

/* Appends why REPLY was given and what says so, as far as its words tell; an article may follow. */
void article_reason(struct article *article, const struct article_source *source,
		    const struct smtpreply_reply *reply);

/*
 * These append an article. They return whether the catalogue knows what was asked for; where it does
 * not, the article says so.
 */
bool article_code(struct article *article, const struct article_source *source, unsigned code);
bool article_enhanced(struct article *article, const struct article_source *source,
		      const struct smtpreply_enhanced *enhanced);
/* A code compared with itself is not known either. */
bool article_compare(struct article *article, const struct article_source *source, unsigned a,
		     unsigned b);
/* TEXT, which a reader gave, is no code at all. */
void article_not_a_code(struct article *article, const struct article_source *source, span_t text);

/* There are no articles in the language TAG, which a reader asked for. */
void article_unknown_language(struct article *article, const struct article_source *source,
			      span_t tag);

/* Comparisons that have a link in the list of all codes. */
struct article_pair {
	unsigned a, b;
};
#define ARTICLE_FEATURED 5u
extern const struct article_pair article_featured[ARTICLE_FEATURED];

/* An item that links the comparison of A and B; nothing if the catalogue lacks one of them. */
void article_compare_item(struct article *article, const struct article_source *source, unsigned a,
			  unsigned b);

#endif
