/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_ARTICLE_HTML_H
#define HTTP_ARTICLE_HTML_H

/* An article as HTML. Text in another language than the article's is marked by its `lang` attribute. */

#include "smtpreply/article.h"

/*
 * Writes the blocks from FIRST up to END, which is not included. KEEP_LANGUAGE: the reader chose the
 * language by the query, and links take the choice along. ARTICLE must not have failed.
 */
void article_html(const struct article *article, unsigned first, unsigned end, bool keep_language,
		  struct buf *out);

/* Where a link leads, for href. */
void article_html_href(const struct article_link *link, enum language language, bool keep_language,
		       struct buf *out);

#endif
