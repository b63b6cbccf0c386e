/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Text is filled into lines of a width. A line may break at a blank, and beside the wide characters of
 * East Asia, but not before what closes and not behind what opens.
 */

#include "smtpreply/article_text.h"

#include <wchar.h>

#include "util/macros.h"

/* Terms of definitions stand in a column of at most so many. */
#define TERM_WIDTH_MAX 26u
#define INDENT 2u

static const char style_reset[] = "\033[0m";
static const char style_title[] = "\033[1m";
static const char style_section[] = "\033[1;36m";
static const char style_subsection[] = "\033[1m";
static const char style_note[] = "\033[33m";
static const char style_term[] = "\033[2m";
static const char style_link[] = "\033[4m";
static const char style_link_end[] = "\033[24m";

struct writer {
	const struct article *article;
	const struct article_text_options *options;
	struct buf *out;
	unsigned width, indent, column;
	bool blank_due; /* a blank was met, to be written unless the line ends here */
};

/* ---- characters ---- */

/* The next character of UTF-8; what is none counts as one byte. */
static uint32_t take_char(span_t *s)
{
	static const uint8_t mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned char first = (unsigned char)*s->ptr;
	size_t n = first < 0x80 ? 1 : first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = first & mask[n];

	if (n > s->len)
		n = s->len;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s->ptr[i] & 0x3f);
	*s = span_tail(*s, n);
	return c;
}

/* Without a locale wcwidth() knows ASCII only; the ranges are those of East Asian full width. */
static unsigned char_width(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} wide[] = { { 0x1100, 0x115f }, { 0x2e80, 0xa4cf },  { 0xac00, 0xd7a3 },
		     { 0xf900, 0xfaff }, { 0xfe30, 0xfe4f },  { 0xff00, 0xff60 },
		     { 0xffe0, 0xffe6 }, { 0x20000, 0x3fffd } };
	int n = wcwidth((wchar_t)c);

	if (n >= 0)
		return (unsigned)n;
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
		if (c >= wide[i].first && c <= wide[i].last)
			return 2;
	return 1;
}

unsigned article_text_width(span_t text)
{
	unsigned width = 0;

	while (text.len > 0)
		width += char_width(take_char(&text));
	return width;
}

static bool is_one_of(uint32_t c, span_t set)
{
	while (set.len > 0)
		if (take_char(&set) == c)
			return true;
	return false;
}

static bool may_break(uint32_t before, uint32_t after)
{
	if (char_width(before) < 2 && char_width(after) < 2)
		return false;
	return !is_one_of(before, SPAN("（“《「([")) &&
	       !is_one_of(after, SPAN("、。，：；？！）”》」,.:;?!)]—"));
}

/* What stays together at the start of S, which does not start with a blank. */
static span_t take_atom(span_t *s)
{
	span_t rest = *s, atom;
	uint32_t before = take_char(&rest);

	while (rest.len > 0 && *rest.ptr != ' ') {
		span_t next = rest;
		uint32_t after = take_char(&next);

		if (may_break(before, after))
			break;
		before = after;
		rest = next;
	}
	atom = span_head(*s, s->len - rest.len);
	*s = rest;
	return atom;
}

/* ---- lines ---- */

static void style(struct writer *w, const char *sequence)
{
	if (w->options->colour)
		buf_add_str(w->out, sequence);
}

static void pad(struct writer *w, unsigned n)
{
	while (n-- > 0)
		buf_add_char(w->out, ' ');
}

static void line_end(struct writer *w)
{
	buf_add_char(w->out, '\n');
	w->column = 0;
	w->blank_due = false;
}

static void line_start(struct writer *w, unsigned indent)
{
	w->indent = indent;
	w->column = indent;
	w->blank_due = false;
	pad(w, indent);
}

/* The run of BLOCK that holds the byte at P. */
static const struct article_run *run_at(const struct writer *w, const struct article_block *block,
					const char *p)
{
	size_t at = (size_t)(p - w->article->text.data);
	const struct article_run *run = &w->article->run[block->first_run];

	for (unsigned i = 1; i < block->n_runs && at >= run[1].at; i++)
		run++;
	return run;
}

/* An atom can be made of pieces of several runs, of which some are links. */
static void write_atom(struct writer *w, const struct article_block *block, span_t atom)
{
	bool linked = false;

	for (size_t i = 0; i < atom.len; i++) {
		bool link = w->options->colour &&
			    run_at(w, block, atom.ptr + i)->link.type != ARTICLE_LINK_NONE;

		if (link != linked)
			style(w, link ? style_link : style_link_end);
		linked = link;
		buf_add_char(w->out, atom.ptr[i]);
	}
	if (linked)
		style(w, style_link_end);
}

static void fill_atom(struct writer *w, const struct article_block *block, span_t atom)
{
	unsigned width = article_text_width(atom), blank = w->blank_due;

	if (w->column + blank + width > w->width && w->column > w->indent) {
		line_end(w);
		line_start(w, w->indent);
	} else if (blank) {
		pad(w, 1);
		w->column++;
	}
	w->blank_due = false;
	if (block)
		write_atom(w, block, atom);
	else
		buf_add(w->out, atom);
	w->column += width;
}

/* BLOCK is NULL for text that is no part of the article. */
static void fill(struct writer *w, const struct article_block *block, span_t text)
{
	while (text.len > 0) {
		if (*text.ptr == ' ') {
			w->blank_due = true;
			text = span_tail(text, 1);
		} else {
			fill_atom(w, block, take_atom(&text));
		}
	}
}

/* ---- blocks ---- */

static void fill_block(struct writer *w, const struct article_block *block)
{
	fill(w, block, article_block_text(w->article, block));
}

static void write_heading(struct writer *w, const struct article_block *block)
{
	static const char *const styles[_ARTICLE_BLOCK_TYPE_MAX] = {
		[ARTICLE_TITLE] = style_title,
		[ARTICLE_SECTION] = style_section,
		[ARTICLE_SUBSECTION] = style_subsection,
	};

	if (block != w->article->block)
		line_end(w);
	style(w, styles[block->type]);
	line_start(w, 0);
	fill_block(w, block);
	style(w, style_reset);
	line_end(w);
	if (block->type == ARTICLE_TITLE)
		line_end(w);
}

static void write_paragraph(struct writer *w, const struct article_block *block)
{
	if (block != w->article->block && block[-1].type == ARTICLE_PARAGRAPH)
		line_end(w);
	style(w, block->type == ARTICLE_NOTE ? style_note : "");
	line_start(w, INDENT);
	fill_block(w, block);
	style(w, block->type == ARTICLE_NOTE ? style_reset : "");
	line_end(w);
}

/* The command that shows what a link leads to; the list of all codes is on the pages only. */
static void fill_command(struct writer *w, const struct article_link *link)
{
	struct buf command = BUF_NULL;

	if (link->type == ARTICLE_LINK_CODE)
		buf_printf(&command, "→ smtpreply explain %u", link->code);
	else if (link->type == ARTICLE_LINK_COMPARE)
		buf_printf(&command, "→ smtpreply compare %u %u", link->code, link->other);
	style(w, style_term);
	w->blank_due = true;
	if (command.len > 0) /* as a whole, so that it can be copied */
		fill_atom(w, NULL, buf_span(&command));
	style(w, style_reset);
	buf_done(&command);
}

static void write_item(struct writer *w, const struct article_block *block)
{
	const struct article_link *link =
		&w->article->run[block->first_run + block->n_runs - 1].link;

	if (link->type == ARTICLE_LINK_CODES)
		return;
	line_start(w, INDENT);
	buf_add_str(w->out, "- ");
	w->indent = INDENT + 2;
	w->column = w->indent;
	fill_block(w, block);
	if (link->type != ARTICLE_LINK_NONE)
		fill_command(w, link);
	line_end(w);
}

static void write_step(struct writer *w, const struct article_block *block, unsigned number)
{
	line_start(w, INDENT);
	buf_add_u64(w->out, number);
	buf_add_str(w->out, ". ");
	w->indent = INDENT + (number < 10 ? 3 : 4);
	w->column = w->indent;
	fill_block(w, block);
	line_end(w);
}

/* The width of the terms in the list of definitions that BLOCK begins or continues. */
static unsigned term_width(const struct writer *w, const struct article_block *block)
{
	const struct article_block *first = w->article->block;
	const struct article_block *end = first + w->article->n_blocks;
	unsigned width = 0;

	while (block > first && block[-1].type >= ARTICLE_TERM)
		block--;
	for (; block < end && block->type >= ARTICLE_TERM; block++)
		if (block->type == ARTICLE_TERM)
			width = MAX(width,
				    article_text_width(article_block_text(w->article, block)));
	return MIN(width, TERM_WIDTH_MAX);
}

static void write_term(struct writer *w, const struct article_block *block)
{
	if (block != w->article->block && block[-1].type == ARTICLE_PARAGRAPH)
		line_end(w);
	style(w, style_term);
	line_start(w, INDENT);
	fill_block(w, block);
	style(w, style_reset);
}

/* Beside its term, or below it where the term, or the terminal, leaves no room. */
static void write_definition(struct writer *w, const struct article_block *block)
{
	unsigned indent = INDENT + term_width(w, block) + 2;

	if (indent > w->width / 2)
		indent = 2 * INDENT;
	if (w->column + 2 > indent) {
		line_end(w);
		line_start(w, indent);
	} else {
		pad(w, indent - w->column);
		w->indent = w->column = indent;
	}
	w->blank_due = false;
	fill_block(w, block);
	line_end(w);
}

static void write_block(struct writer *w, const struct article_block *block, unsigned number)
{
	switch (block->type) {
	case ARTICLE_TITLE:
	case ARTICLE_SECTION:
	case ARTICLE_SUBSECTION:
		write_heading(w, block);
		break;
	case ARTICLE_ITEM:
		write_item(w, block);
		break;
	case ARTICLE_STEP:
		write_step(w, block, number);
		break;
	case ARTICLE_TERM:
		write_term(w, block);
		break;
	case ARTICLE_DEFINITION:
		write_definition(w, block);
		break;
	case ARTICLE_PARAGRAPH:
	case ARTICLE_NOTE:
	case _ARTICLE_BLOCK_TYPE_MAX:
		write_paragraph(w, block);
		break;
	}
}

void article_text(const struct article *article, const struct article_text_options *options,
		  struct buf *out)
{
	struct writer w = {
		.article = article,
		.options = options,
		.out = out,
		.width = MAX(options->width, ARTICLE_WIDTH_MIN),
	};
	unsigned number = 0;

	for (unsigned i = 0; i < article->n_blocks; i++) {
		const struct article_block *block = &article->block[i];

		number = block->type == ARTICLE_STEP ? number + 1 : 0;
		write_block(&w, block, number);
	}
}
