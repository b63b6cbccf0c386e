/* SPDX-License-Identifier: Apache-2.0 */

/* The article about an enhanced code: the registry's reading, and how providers use it. */

#include "smtpreply/article_parts.h"
#include "smtpreply/data.h"
#include "smtpreply/tsv.h"
#include "util/macros.h"

/* "5.999.999" */
#define ENHANCED_TEXT_MAX 12u
#define READINGS_MAX 12u

static span_t category_name(const struct smtpreply_detail *detail)
{
	return smtpreply_category_names[detail->category];
}

static size_t write_part(char *to, unsigned v)
{
	char digits[3];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0 && n < sizeof(digits));
	for (size_t i = 0; i < n; i++)
		to[i] = digits[n - 1 - i];
	return n;
}

static span_t write_enhanced(char text[ENHANCED_TEXT_MAX], const struct smtpreply_enhanced *e)
{
	size_t n = write_part(text, e->class);

	text[n++] = '.';
	n += write_part(text + n, e->subject);
	text[n++] = '.';
	n += write_part(text + n, e->detail);
	return span_make(text, n);
}

/* What enhanced-codes.tsv says of a whole subject, "X.7.X". */
struct area {
	span_t name, meaning;
};

static bool area_find(unsigned subject, struct area *ret)
{
	/* Of the rows of kind `subject`; the catalogue leaves them out. */
	enum { CODE, KIND, NAME = 4, MEANING = 10 };
	span_t field[TSV_COLUMNS_MAX];
	char code[] = "X.0.X";
	struct tsv tsv = { .rest = data_enhanced_codes, .columns = 12 };

	if (subject > 9)
		return false;
	code[2] = (char)('0' + subject);
	while (tsv_next(&tsv, field) > 0) {
		if (!span_eq(field[KIND], SPAN("subject")) ||
		    !span_eq(field[CODE], span_make(code, sizeof(code) - 1)))
			continue;
		*ret = (struct area){ .name = field[NAME], .meaning = field[MEANING] };
		return true;
	}
	return false;
}

static void add_class(struct article *a, const struct article_source *source, unsigned class)
{
	char key[] = "0xx";

	key[0] = (char)('0' + class % 10);
	article_define(a, source, "class",
		       article_word2(a, source, SPAN("class_"), span_make(key, 3)), a->language);
}

static void add_area(struct article *a, const struct article_source *source, unsigned subject)
{
	struct area area;

	if (!area_find(subject, &area))
		return;
	article_term(a, source, "subject");
	article_add(a, area.name, LANGUAGE_EN);
	article_add(a, SPAN(": "), a->language);
	article_add_continued(a, area.meaning, LANGUAGE_EN);
}

/* How providers use the code, each in a paragraph of its own. */
static void add_readings(struct article *a, const struct article_source *source,
			 const struct smtpreply_detail *shown)
{
	size_t n, added = 0;
	const struct smtpreply_detail *d = smtpreply_details(source->catalogue, &n);

	for (size_t i = 0; i < n && added < READINGS_MAX; i++) {
		if (&d[i] == shown || d[i].subject != shown->subject ||
		    d[i].detail != shown->detail)
			continue;
		if (added++ == 0)
			article_heading(a, source, ARTICLE_SECTION, "readings");
		article_begin(a, ARTICLE_TERM);
		article_add_literal(a, d[i].vendor);
		article_begin(a, ARTICLE_DEFINITION);
		article_add(a, d[i].name, LANGUAGE_EN);
		article_add(a, SPAN(": "), a->language);
		article_add(a, d[i].meaning, LANGUAGE_EN);
	}
}

static void add_details(struct article *a, const struct article_source *source,
			const struct smtpreply_enhanced *e, const struct smtpreply_detail *d)
{
	article_heading(a, source, ARTICLE_SECTION, "details");
	add_class(a, source, e->class);
	add_area(a, source, e->subject);
	article_define(a, source, "category",
		       article_word2(a, source, SPAN("category_"), category_name(d)), a->language);
	if (!span_eq(d->vendor, SPAN("iana"))) {
		article_term(a, source, "provider");
		article_add_literal(a, d->vendor);
	}
	article_define_codes(a, source, "related_codes", d->basic_codes);
	article_define(a, source, "source", d->reference, LANGUAGE_EN);
}

/* Codes whose row names this enhanced code. */
static void add_learn_more(struct article *a, const struct article_source *source, span_t text)
{
	size_t n;
	const struct smtpreply_code *codes = smtpreply_codes(source->catalogue, &n);

	article_heading(a, source, ARTICLE_SECTION, "learn_more");
	for (size_t i = 0; i < n; i++) {
		span_t list = codes[i].enhanced, word;
		struct article_subject s;

		while (article_take_word(&list, ',', &word)) {
			if (!span_eq(word, text))
				continue;
			article_subject(a, source, &codes[i], &s);
			article_begin(a, ARTICLE_ITEM);
			article_add_subject_link(a, &s);
		}
	}
	article_link_to_all(a, source);
}

static void add_unknown(struct article *a, const struct article_source *source,
			const struct smtpreply_enhanced *e, span_t text)
{
	article_sorry(a, source, "unknown_code", "not_in_catalogue", text);
	add_class(a, source, e->class);
	add_area(a, source, e->subject);
	article_link_to_all(a, source);
}

bool article_enhanced(struct article *a, const struct article_source *source,
		      const struct smtpreply_enhanced *e)
{
	const struct smtpreply_detail *d =
		smtpreply_detail_find(source->catalogue, e->subject, e->detail);
	char buffer[ENHANCED_TEXT_MAX];
	span_t text = write_enhanced(buffer, e);

	if (!d) {
		add_unknown(a, source, e, text);
		return false;
	}
	const struct template_value values[] = {
		{ SPAN("a"), text, a->language },
		{ SPAN("a_name"), d->name, LANGUAGE_EN },
	};

	article_begin(a, ARTICLE_TITLE);
	template_fill(a, article_word(a, source, "enhanced_title"), values, ARRAY_SIZE(values));
	article_begin(a, ARTICLE_PARAGRAPH);
	article_add(a, d->meaning, LANGUAGE_EN);
	add_readings(a, source, d);
	add_details(a, source, e, d);
	add_learn_more(a, source, text);
	return true;
}
