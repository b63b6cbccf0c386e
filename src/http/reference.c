/* SPDX-License-Identifier: Apache-2.0 */

/* A page is a frame, links to move around, and an article; the list of all codes is a table. */

#include "http/reference.h"

#include "http/article_html.h"
#include "http/frame.h"
#include "util/cursor.h"
#include "util/macros.h"

#define STATUS_NOT_FOUND 404u

struct page {
	const struct routes *routes;
	struct article_source source;
	bool keep_language;  /* the query names it */
	bool wrong_language; /* the query names one that there is not */
	struct buf *out;
};

/* ---- parts ---- */

static span_t word(const struct page *page, const char *key)
{
	return languages_heading(page->source.languages, page->source.language, span_str(key));
}

static span_t word2(const struct page *page, const char *prefix, span_t key)
{
	struct buf both = BUF_NULL;
	span_t found;

	buf_add_str(&both, prefix);
	buf_add(&both, key);
	found = languages_heading(page->source.languages, page->source.language, buf_span(&both));
	buf_done(&both);
	return found;
}

static void add_word(const struct page *page, const char *key)
{
	buf_add_html(page->out, word(page, key));
}

/* A link to this page in LANGUAGE; the one that the reader has is no link. */
static void add_language(const struct page *page, enum language language)
{
	const char *element =
		language == page->source.language && !page->wrong_language ? "strong" : "a";

	buf_printf(page->out, "<%s lang=\"", element);
	buf_add(page->out, language_tags[language]);
	if (*element == 'a') {
		buf_add_str(page->out, "\" href=\"?lang=");
		buf_add(page->out, language_tags[language]);
	}
	buf_add_str(page->out, "\">");
	buf_add(page->out, language_names[language]);
	buf_printf(page->out, "</%s>\n", element);
}

static void begin(const struct page *page, span_t title)
{
	const struct article_link codes = { .type = ARTICLE_LINK_CODES };

	frame_begin(page->out, language_tags[page->source.language], title);
	buf_add_str(page->out, "<nav>\n<a href=\"/\">");
	add_word(page, "home");
	buf_add_str(page->out, "</a>\n<a href=\"");
	article_html_href(&codes, page->source.language, page->keep_language, page->out);
	buf_add_str(page->out, "\">");
	add_word(page, "reply_codes");
	buf_add_str(page->out, "</a>\n<span class=\"languages\">\n");
	for (unsigned i = 0; i < _LANGUAGE_MAX; i++)
		add_language(page, (enum language)i);
	buf_add_str(page->out, "</span>\n</nav>\n<main>\n");
}

static void end(const struct page *page)
{
	buf_add_str(page->out, "</main>\n");
	frame_end(page->out);
}

static bool count(const struct page *page, unsigned code, struct routes_count *ret)
{
	return page->routes->count && code >= 200 && code < 600 &&
	       page->routes->count(page->routes->userdata, code, ret);
}

/* ---- pages that are articles ---- */

/* Where the texts begin: behind title and summary. */
static unsigned first_section(const struct article *article)
{
	unsigned i = 0;

	while (i < article->n_blocks && article->block[i].type != ARTICLE_SECTION)
		i++;
	return i;
}

static void add_count(const struct page *page, const char *key, uint64_t n)
{
	buf_add_str(page->out, "<dt>");
	add_word(page, key);
	buf_add_str(page->out, "</dt>\n<dd>");
	buf_add_u64(page->out, n);
	buf_add_str(page->out, "</dd>\n");
}

/* What the numbers are. */
static void add_counts_note(const struct page *page)
{
	buf_add_str(page->out, "<p class=\"faint\"><small>");
	add_word(page, "counts_note");
	buf_add_str(page->out, "</small></p>\n");
}

static void add_counts(const struct page *page, unsigned code)
{
	struct routes_count n;

	if (!count(page, code, &n))
		return;
	buf_add_str(page->out, "<h2>");
	add_word(page, "counted_here");
	buf_add_str(page->out, "</h2>\n<dl>\n");
	add_count(page, "received", n.received);
	add_count(page, "given", n.given);
	buf_add_str(page->out, "</dl>\n");
	add_counts_note(page);
}

/* CODE is the one that counts are shown of; 0: none. */
static void write_article(const struct page *page, const struct article *article, unsigned code)
{
	unsigned middle = first_section(article);

	if (article_failed(article)) {
		page->out->failed = true;
		return;
	}
	begin(page, article_block_text(article, &article->block[0]));
	article_html(article, 0, middle, page->keep_language, page->out);
	if (code > 0)
		add_counts(page, code);
	article_html(article, middle, article->n_blocks, page->keep_language, page->out);
	end(page);
}

/* ---- the list of all codes ---- */

static void add_head_cell(const struct page *page, const char *key, const char *attributes)
{
	buf_printf(page->out, "<th scope=\"col\"%s>", attributes);
	add_word(page, key);
	buf_add_str(page->out, "</th>\n");
}

static void add_number_cell(const struct page *page, bool counted, uint64_t n)
{
	buf_add_str(page->out, "<td class=\"number\">");
	if (counted)
		buf_add_u64(page->out, n);
	else
		buf_add_str(page->out, "–");
	buf_add_str(page->out, "</td>\n");
}

static void add_lang_if_english(const struct page *page, bool english)
{
	if (english && page->source.language != LANGUAGE_EN)
		buf_add_str(page->out, " lang=\"en\"");
}

/* The name, and what is said of the code in short. */
static void add_name_cell(const struct page *page, const struct smtpreply_code *code)
{
	struct language_text text = { .name = code->name,
				      .description = code->description,
				      .is_english = true };

	(void)languages_text(page->source.languages, code->code, page->source.language, &text);
	buf_add_str(page->out, "<td");
	add_lang_if_english(page, text.is_english);
	buf_add_str(page->out, ">");
	buf_add_html(page->out, text.name);
	buf_add_str(page->out, "<small>");
	buf_add_html(page->out, text.description);
	buf_add_str(page->out, "</small></td>\n");
}

static bool is_on_wire(const struct smtpreply_code *code)
{
	return code->code >= 200 && code->code < 600;
}

/* What never goes over the wire cannot be counted. */
static bool has_counts(const struct page *page, const struct smtpreply_code *code)
{
	return page->routes->count && is_on_wire(code);
}

static void add_row(const struct page *page, const struct smtpreply_code *code)
{
	const struct article_link link = { .type = ARTICLE_LINK_CODE, .code = code->code };
	struct routes_count n = { 0 };
	bool counted = count(page, code->code, &n);

	buf_add_str(page->out, "<tr>\n<td><a href=\"");
	article_html_href(&link, page->source.language, page->keep_language, page->out);
	buf_printf(page->out, "\">%u</a></td>\n", (unsigned)code->code);
	add_name_cell(page, code);
	if (has_counts(page, code)) {
		add_number_cell(page, counted, n.received);
		add_number_cell(page, counted, n.given);
	}
	buf_add_str(page->out, "</tr>\n");
}

static void begin_class(const struct page *page, const struct smtpreply_code *first)
{
	buf_add_str(page->out, "<h2 id=\"class-");
	buf_add_html(page->out, first->class);
	buf_add_str(page->out, "\">");
	buf_add_html(page->out, word2(page, "class_", first->class));
	buf_add_str(page->out, "</h2>\n<table>\n<thead>\n<tr>\n");
	add_head_cell(page, "code", "");
	add_head_cell(page, "name", "");
	if (has_counts(page, first)) {
		add_head_cell(page, "received", " class=\"number\"");
		add_head_cell(page, "given", " class=\"number\"");
	}
	buf_add_str(page->out, "</tr>\n</thead>\n<tbody>\n");
}

static void add_class_link(const struct page *page, const struct smtpreply_code *first)
{
	buf_add_str(page->out, "<a href=\"#class-");
	buf_add_html(page->out, first->class);
	buf_add_str(page->out, "\">");
	buf_add_html(page->out, first->class);
	buf_add_str(page->out, "</a>\n");
}

/* The codes of one class stand together; [first, end) of all. */
struct class
{
	const struct smtpreply_code *first, *end;
};

#define CLASSES_MAX 10u

/* Classes that go over the wire first: the others are not what a reader of a log looks for. */
static unsigned find_classes(const struct page *page, struct class ret[CLASSES_MAX])
{
	size_t n_codes;
	const struct smtpreply_code *codes = smtpreply_codes(page->source.catalogue, &n_codes);
	unsigned n = 0;

	for (unsigned on_wire = 2; on_wire-- > 0;) {
		for (const struct smtpreply_code *c = codes; c < codes + n_codes; c++) {
			if (is_on_wire(c) != on_wire)
				continue;
			if (n == 0 || !span_eq(ret[n - 1].first->class, c->class)) {
				if (n == CLASSES_MAX)
					return n;
				ret[n++].first = c;
			}
			ret[n - 1].end = c + 1;
		}
	}
	return n;
}

static void add_tables(const struct page *page, const struct class *classes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		begin_class(page, classes[i].first);
		for (const struct smtpreply_code *c = classes[i].first; c < classes[i].end; c++)
			add_row(page, c);
		buf_add_str(page->out, "</tbody>\n</table>\n");
	}
}

/* The table is long. */
static void add_class_links(const struct page *page, const struct class *classes, unsigned n)
{
	buf_add_str(page->out, "<p class=\"jump\">\n");
	for (unsigned i = 0; i < n; i++)
		add_class_link(page, classes[i].first);
	buf_add_str(page->out, "</p>\n");
}

static void add_comparisons(const struct page *page)
{
	struct article article;

	article_init(&article, page->source.language);
	for (size_t i = 0; i < ARTICLE_FEATURED; i++)
		article_compare_item(&article, &page->source, article_featured[i].a,
				     article_featured[i].b);
	buf_add_str(page->out, "<h2>");
	add_word(page, "comparisons");
	buf_add_str(page->out, "</h2>\n");
	if (article_failed(&article))
		page->out->failed = true;
	else
		article_html(&article, 0, article.n_blocks, page->keep_language, page->out);
	article_done(&article);
}

static void write_codes(const struct page *page)
{
	struct class classes[CLASSES_MAX];
	unsigned n = find_classes(page, classes);

	begin(page, word(page, "reply_codes"));
	buf_add_str(page->out, "<h1>");
	add_word(page, "reply_codes");
	buf_add_str(page->out, "</h1>\n");
	add_class_links(page, classes, n);
	if (page->routes->count)
		add_counts_note(page);
	add_tables(page, classes, n);
	add_comparisons(page);
	end(page);
}

/* ---- paths ---- */

enum target_type {
	TARGET_NONE,
	TARGET_CODES,
	TARGET_CODE,
	TARGET_ENHANCED,
	TARGET_COMPARE,
	TARGET_NO_CODE, /* below one of our paths, and no code */
};

struct target {
	enum target_type type;
	unsigned a, b;
	struct smtpreply_enhanced enhanced;
	span_t text; /* of TARGET_NO_CODE */
};

/* Three digits, nothing before and behind. */
static bool parse_code(span_t s, unsigned *ret)
{
	struct cursor c = cursor_over(s);
	uint64_t code;

	if (s.len != 3 || !cursor_number(&c, 3, &code))
		return false;
	*ret = (unsigned)code;
	return true;
}

static struct target parse_one(span_t rest)
{
	struct target t = { .type = TARGET_NO_CODE, .text = rest };

	if (parse_code(rest, &t.a))
		t.type = TARGET_CODE;
	else if (rest.len > 0 && smtpreply_enhanced_parse(rest, &t.enhanced) == rest.len)
		t.type = TARGET_ENHANCED;
	return t;
}

static struct target parse_two(span_t rest)
{
	struct target t = { .type = TARGET_NO_CODE, .text = rest };
	struct cursor c = cursor_over(rest);
	span_t first;

	if (cursor_until_char(&c, '/', &first) && parse_code(first, &t.a) &&
	    parse_code(cursor_rest(&c), &t.b))
		t.type = TARGET_COMPARE;
	return t;
}

static struct target parse_path(span_t path)
{
	struct cursor c = cursor_over(path);

	if (span_eq(path, SPAN("/codes")))
		return (struct target){ .type = TARGET_CODES };
	if (cursor_take_span(&c, SPAN("/codes/")))
		return parse_one(cursor_rest(&c));
	if (cursor_take_span(&c, SPAN("/compare/")))
		return parse_two(cursor_rest(&c));
	return (struct target){ .type = TARGET_NONE };
}

/* Whether there is such a page. */
static bool write_article_about(const struct page *page, const struct target *target)
{
	struct article article;
	bool known = false;

	article_init(&article, page->source.language);
	if (target->type == TARGET_CODE)
		known = article_code(&article, &page->source, target->a);
	else if (target->type == TARGET_ENHANCED)
		known = article_enhanced(&article, &page->source, &target->enhanced);
	else if (target->type == TARGET_COMPARE)
		known = article_compare(&article, &page->source, target->a, target->b);
	else
		article_not_a_code(&article, &page->source, target->text);
	write_article(page, &article, known && target->type == TARGET_CODE ? target->a : 0);
	article_done(&article);
	return known;
}

static void write_unknown_language(const struct page *page, span_t tag)
{
	struct article article;

	article_init(&article, page->source.language);
	article_unknown_language(&article, &page->source, tag);
	write_article(page, &article, 0);
	article_done(&article);
}

static void choose_language(struct page *page, const struct http_request *request)
{
	page->keep_language =
		request->lang && language_find(span_str(request->lang), &page->source.language);
	page->wrong_language = request->lang && !page->keep_language;
	if (!page->keep_language)
		page->source.language = language_negotiate(span_str(request->accept_language));
}

bool reference_answer(const struct routes *routes, const struct http_request *request,
		      struct http_response *response)
{
	struct target target = parse_path(span_str(request->path));
	struct page page = {
		.routes = routes,
		.source = { .catalogue = routes->catalogue, .languages = routes->languages },
		.out = &response->body,
	};
	bool found = true;

	if (target.type == TARGET_NONE || !routes->catalogue)
		return false;
	response->content_type = "text/html; charset=utf-8";
	response->vary = "Accept-Language";
	choose_language(&page, request);
	if (page.wrong_language) {
		write_unknown_language(&page, span_str(request->lang));
		found = false;
	} else if (target.type == TARGET_CODES) {
		write_codes(&page);
	} else {
		found = write_article_about(&page, &target);
	}
	if (!found)
		response->status = STATUS_NOT_FOUND;
	return true;
}
