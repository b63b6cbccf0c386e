/* SPDX-License-Identifier: Apache-2.0 */

/* One element for each block; lists are opened and closed where the type of block changes. */

#include "http/article_html.h"

#include "util/macros.h"

struct element {
	const char *name;
	const char *attributes;
	const char *list; /* what neighbours of this type stand in; NULL: nothing */
};

static const struct element elements[_ARTICLE_BLOCK_TYPE_MAX] = {
	[ARTICLE_TITLE] = { "h1", "", NULL },
	[ARTICLE_SECTION] = { "h2", "", NULL },
	[ARTICLE_SUBSECTION] = { "h3", "", NULL },
	[ARTICLE_PARAGRAPH] = { "p", "", NULL },
	[ARTICLE_NOTE] = { "p", " class=\"note\"", NULL },
	[ARTICLE_ITEM] = { "li", "", "ul" },
	[ARTICLE_STEP] = { "li", "", "ol" },
	[ARTICLE_TERM] = { "dt", "", "dl" },
	[ARTICLE_DEFINITION] = { "dd", "", "dl" },
};

struct writer {
	const struct article *article;
	struct buf *out;
	bool keep_language;
};

void article_html_href(const struct article_link *link, enum language language, bool keep_language,
		       struct buf *out)
{
	switch (link->type) {
	case ARTICLE_LINK_CODE:
		buf_printf(out, "/codes/%u", link->code);
		break;
	case ARTICLE_LINK_ENHANCED:
		buf_printf(out, "/codes/%u.%u.%u", (unsigned)link->enhanced.class,
			   (unsigned)link->enhanced.subject, (unsigned)link->enhanced.detail);
		break;
	case ARTICLE_LINK_COMPARE:
		buf_printf(out, "/compare/%u/%u", link->code, link->other);
		break;
	case ARTICLE_LINK_CODES:
	case ARTICLE_LINK_NONE:
		buf_add_str(out, "/codes");
		break;
	}
	if (!keep_language)
		return;
	buf_add_str(out, "?lang=");
	buf_add(out, language_tags[language]);
}

static void add_lang(struct writer *w, enum language language)
{
	buf_add_str(w->out, " lang=\"");
	buf_add(w->out, language_tags[language]);
	buf_add_char(w->out, '"');
}

/* The language of all runs of BLOCK, or that of the article. */
static enum language block_language(const struct writer *w, const struct article_block *block)
{
	const struct article_run *run = &w->article->run[block->first_run];

	for (unsigned i = 1; i < block->n_runs; i++)
		if (run[i].language != run[0].language)
			return w->article->language;
	return block->n_runs > 0 ? run[0].language : w->article->language;
}

/* LANGUAGE is that of what is around the run. */
static void write_run(struct writer *w, const struct article_run *run, enum language language)
{
	const char *element = run->is_literal ? "code" : "span";
	bool marked = run->is_literal || run->language != language;

	if (marked) {
		buf_add_char(w->out, '<');
		buf_add_str(w->out, element);
		if (run->language != language)
			add_lang(w, run->language);
		buf_add_char(w->out, '>');
	}
	buf_add_html(w->out, article_run_text(w->article, run));
	if (marked)
		buf_printf(w->out, "</%s>", element);
}

/* Runs that are one link stand in one anchor. */
static void write_runs(struct writer *w, const struct article_block *block, enum language language)
{
	struct article_link open = { .type = ARTICLE_LINK_NONE };

	for (unsigned i = 0; i < block->n_runs; i++) {
		const struct article_run *run = &w->article->run[block->first_run + i];

		if (!article_link_eq(&run->link, &open)) {
			if (open.type != ARTICLE_LINK_NONE)
				buf_add_str(w->out, "</a>");
			open = run->link;
			if (open.type != ARTICLE_LINK_NONE) {
				buf_add_str(w->out, "<a href=\"");
				article_html_href(&open, w->article->language, w->keep_language,
						  w->out);
				buf_add_str(w->out, "\">");
			}
		}
		write_run(w, run, language);
	}
	if (open.type != ARTICLE_LINK_NONE)
		buf_add_str(w->out, "</a>");
}

static void write_block(struct writer *w, const struct article_block *block)
{
	const struct element *e = &elements[block->type];
	enum language language = block_language(w, block);

	buf_printf(w->out, "<%s%s", e->name, e->attributes);
	if (language != w->article->language)
		add_lang(w, language);
	buf_add_char(w->out, '>');
	write_runs(w, block, language);
	buf_printf(w->out, "</%s>\n", e->name);
}

static void change_list(struct buf *out, const char *from, const char *to)
{
	if (from == to)
		return;
	if (from)
		buf_printf(out, "</%s>\n", from);
	if (to)
		buf_printf(out, "<%s>\n", to);
}

void article_html(const struct article *article, unsigned first, unsigned end, bool keep_language,
		  struct buf *out)
{
	struct writer w = { .article = article, .out = out, .keep_language = keep_language };
	const char *list = NULL;

	for (unsigned i = first; i < end; i++) {
		const char *next = elements[article->block[i].type].list;

		change_list(out, list, next);
		list = next;
		write_block(&w, &article->block[i]);
	}
	change_list(out, list, NULL);
}
