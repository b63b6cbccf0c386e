/* SPDX-License-Identifier: Apache-2.0 */

/* The article about one code, and which other codes are near it. */

#include <stdlib.h>

#include "smtpreply/article_parts.h"
#include "smtpreply/catalogue.h"
#include "util/macros.h"

const struct article_pair article_featured[ARTICLE_FEATURED] = {
	{ 211, 251 }, { 214, 250 }, { 214, 251 }, { 214, 451 }, { 250, 251 },
};

/* ---- related codes ---- */

/* The reason that the catalogue assumes for CODE, as a label value. */
static span_t category_name(const struct smtpreply_code *code)
{
	return smtpreply_category_names[code->category];
}

static bool is_featured(unsigned a, unsigned b)
{
	for (size_t i = 0; i < ARTICLE_FEATURED; i++)
		if (article_featured[i].a == MIN(a, b) && article_featured[i].b == MAX(a, b))
			return true;
	return false;
}

static bool same_reason(const struct smtpreply_code *a, const struct smtpreply_code *b)
{
	return span_eq(category_name(a), category_name(b)) &&
	       !span_eq(category_name(a), SPAN("ok")) && !span_eq(category_name(a), SPAN("other"));
}

/* How near B is to A; 0: not at all. */
static unsigned nearness(const struct smtpreply_code *a, const struct smtpreply_code *b)
{
	unsigned n = 0;

	if (a == b)
		return 0;
	if (is_featured(a->code, b->code))
		n += 8;
	/* 450 and 550: the same, for now and for good. */
	if (a->code % 100 == b->code % 100 && a->code > 399 && b->code > 399)
		n += 3;
	if (abs((int)a->code - (int)b->code) == 1)
		n += 2;
	if (same_reason(a, b))
		n += 3;
	if (a->code / 10 == b->code / 10)
		n += 2;
	if (n > 0 && b->status == SMTPREPLY_STATUS_STANDARD)
		n += 2;
	else if (n > 0 && b->status == SMTPREPLY_STATUS_EXTENSION)
		n++;
	return n;
}

struct candidate {
	const struct smtpreply_code *code;
	unsigned nearness;
	unsigned distance; /* of the numbers */
};

static bool goes_before(const struct candidate *a, const struct candidate *b)
{
	return a->nearness != b->nearness ? a->nearness > b->nearness : a->distance < b->distance;
}

/* Puts C in its place among the best N; returns how many there are now. */
static unsigned keep_best(struct candidate *best, unsigned n, struct candidate c)
{
	unsigned i = n < ARTICLE_RELATED_MAX ? n : ARTICLE_RELATED_MAX - 1;

	if (n == ARTICLE_RELATED_MAX && !goes_before(&c, &best[i]))
		return n;
	for (; i > 0 && goes_before(&c, &best[i - 1]); i--)
		best[i] = best[i - 1];
	best[i] = c;
	return MIN(n + 1, ARTICLE_RELATED_MAX);
}

unsigned article_related(const struct article_source *source, const struct smtpreply_code *code,
			 const struct smtpreply_code *ret[ARTICLE_RELATED_MAX])
{
	struct candidate best[ARTICLE_RELATED_MAX];
	unsigned found = 0;
	size_t n;
	const struct smtpreply_code *all = smtpreply_codes(source->catalogue, &n);

	for (size_t i = 0; i < n; i++) {
		struct candidate c = {
			.code = &all[i],
			.nearness = nearness(code, &all[i]),
			.distance = (unsigned)abs((int)code->code - (int)all[i].code),
		};

		if (c.nearness > 0)
			found = keep_best(best, found, c);
	}
	for (unsigned i = 0; i < found; i++)
		ret[i] = best[i].code;
	return found;
}

/* ---- the article ---- */

/* Whether CODE goes over the wire: `queue` as the only stage is what sending software says itself. */
static const char *wire_note(const struct smtpreply_code *code)
{
	if (code->code < 200 || code->code >= 600)
		return "never_on_wire";
	return span_eq(code->stages, SPAN("queue")) ? "seldom_on_wire" : NULL;
}

static void add_summary(struct article *a, const struct article_source *source,
			const struct article_subject *s)
{
	const struct template_value values[] = {
		{ SPAN("a"), article_subject_number(s), a->language },
		{ SPAN("a_name"), s->text.name, s->language },
		{ SPAN("class"), s->class, a->language },
	};
	const char *note = wire_note(s->code);

	article_begin(a, ARTICLE_TITLE);
	template_fill(a, article_word(a, source, "code_title"), values, ARRAY_SIZE(values));
	article_begin(a, ARTICLE_PARAGRAPH);
	template_fill(a, article_word(a, source, "code_class"), values, ARRAY_SIZE(values));
	if (!note)
		return;
	article_begin(a, ARTICLE_NOTE);
	template_fill(a, article_word(a, source, note), values, ARRAY_SIZE(values));
}

/* What is there for everybody who runs a mail server, besides the texts of a code. */
static void add_advice(struct article *a, const struct article_source *source,
		       const struct article_subject *s)
{
	if (s->text.how_to_fix.len == 0)
		return; /* article_parts() has said it */
	article_define(a, source, "for_senders", s->code->fix_sender, LANGUAGE_EN);
	article_define(a, source, "for_receivers", s->code->fix_receiver, LANGUAGE_EN);
}

static void add_metrics_labels(struct article *a, const struct article_source *source,
			       const struct article_subject *s)
{
	if (s->code->code < 200 || s->code->code >= 600)
		return;
	article_term(a, source, "in_metrics");
	article_add_literal(a, SPAN("code=\""));
	article_add_literal(a, article_subject_number(s));
	article_add_literal(a, SPAN("\", meaning=\""));
	article_add_literal(a, s->code->identifier);
	article_add_literal(a, SPAN("\""));
}

static void add_details(struct article *a, const struct article_source *source,
			const struct article_subject *s)
{
	const struct smtpreply_code *code = s->code;

	article_heading(a, source, ARTICLE_SECTION, "details");
	article_define(a, source, "class", s->class, a->language);
	article_define(
		a, source, "status",
		article_word2(a, source, SPAN("status_"), catalogue_status_names[code->status]),
		a->language);
	article_define(a, source, "retryable", article_retry_word(a, source, code), a->language);
	article_define(a, source, "category",
		       article_word2(a, source, SPAN("category_"), category_name(code)),
		       a->language);
	article_define(a, source, "typical_causes", code->causes, LANGUAGE_EN);
	article_define_enhanced(a, source, "enhanced_code", code->enhanced);
	add_metrics_labels(a, source, s);
	article_define(a, source, "source", code->source, LANGUAGE_EN);
}

/* "450 Mailbox Temporarily Unavailable · Compare with 451": one link each. */
static void add_related_item(struct article *a, const struct article_source *source,
			     const struct article_subject *s, const struct smtpreply_code *other)
{
	const struct article_link compare = {
		.type = ARTICLE_LINK_COMPARE,
		.code = MIN(s->code->code, other->code),
		.other = MAX(s->code->code, other->code),
	};
	const struct template_value values[] = {
		{ SPAN("b"), article_subject_number(s), a->language },
	};
	struct article_subject o;

	article_subject(a, source, other, &o);
	article_begin(a, ARTICLE_ITEM);
	article_add_subject_link(a, &o);
	article_add(a, SPAN(" · "), a->language);
	article_link_open(a, compare);
	template_fill(a, article_word(a, source, "compare_with"), values, ARRAY_SIZE(values));
	article_link_close(a);
}

static void add_learn_more(struct article *a, const struct article_source *source,
			   const struct article_subject *s)
{
	const struct smtpreply_code *related[ARTICLE_RELATED_MAX];
	unsigned n = article_related(source, s->code, related);

	article_heading(a, source, ARTICLE_SECTION, "learn_more");
	for (unsigned i = 0; i < n; i++)
		add_related_item(a, source, s, related[i]);
	article_link_to_all(a, source);
}

bool article_code(struct article *a, const struct article_source *source, unsigned code)
{
	const struct smtpreply_code *found = smtpreply_code_find(source->catalogue, code);
	struct article_subject s;

	if (!found) {
		article_unknown(a, source, code);
		return false;
	}
	article_subject(a, source, found, &s);
	add_summary(a, source, &s);
	article_parts(a, source, &s, ARTICLE_SECTION);
	add_advice(a, source, &s);
	add_details(a, source, &s);
	add_learn_more(a, source, &s);
	return true;
}
