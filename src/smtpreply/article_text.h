/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_ARTICLE_TEXT_H
#define SMTPREPLY_ARTICLE_TEXT_H

/* An article as plain text for a terminal. */

#include "smtpreply/article.h"

#define ARTICLE_WIDTH_MIN 24u

struct article_text_options {
	unsigned width; /* columns; less than ARTICLE_WIDTH_MIN counts as that */
	bool colour;	/* bold headings, coloured links: escape sequences of ECMA-48 */
};

void article_text(const struct article *article, const struct article_text_options *options,
		  struct buf *out);

/* Columns that TEXT, UTF-8, takes; those of East Asia are two wide. */
unsigned article_text_width(span_t text);

#endif
