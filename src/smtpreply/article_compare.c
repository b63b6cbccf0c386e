/* SPDX-License-Identifier: Apache-2.0 */

/* Two codes side by side: what each is, what sets them apart, what to do about which. */

#include "smtpreply/article_parts.h"
#include "util/macros.h"

/* Further comparisons to link, for each of the two codes. */
#define MORE_COMPARISONS 2u

struct comparison {
	struct article_subject a, b;
	bool same_class;
};

#define COMPARISON_VALUES 7u

/* All that templates about two codes can name. */
static void fill_values(const struct article *article, const struct comparison *c,
			struct template_value ret[COMPARISON_VALUES])
{
	const struct article_subject *a = &c->a, *b = &c->b;
	enum language own = article->language;

	ret[0] = (struct template_value){ SPAN("a"), article_subject_number(a), own };
	ret[1] = (struct template_value){ SPAN("b"), article_subject_number(b), own };
	ret[2] = (struct template_value){ SPAN("a_name"), a->text.name, a->language };
	ret[3] = (struct template_value){ SPAN("b_name"), b->text.name, b->language };
	ret[4] = (struct template_value){ SPAN("a_class"), a->class, own };
	ret[5] = (struct template_value){ SPAN("b_class"), b->class, own };
	ret[6] = (struct template_value){ SPAN("class"), a->class, own };
}

static void add_sentence(struct article *article, const struct article_source *source,
			 const struct comparison *c, const char *key)
{
	struct template_value values[COMPARISON_VALUES];

	fill_values(article, c, values);
	template_fill(article, article_word(article, source, key), values, COMPARISON_VALUES);
}

/*
 * Template KEY, which ends with {text}, about one code; what {text} is in its language stays to be
 * added.
 */
static void add_lead(struct article *article, const struct article_source *source,
		     const struct article_subject *s, const char *key)
{
	const struct template_value values[] = {
		{ SPAN("a"), article_subject_number(s), article->language },
		{ SPAN("a_name"), s->text.name, s->language },
		{ SPAN("text"), SPAN_NULL, article->language },
	};

	template_fill(article, article_word(article, source, key), values, ARRAY_SIZE(values));
}

/* Between two sentences; Chinese has no blank there. */
static void add_gap(struct article *article)
{
	if (article->language != LANGUAGE_ZH)
		article_add(article, SPAN(" "), article->language);
}

static void add_meaning(struct article *article, const struct article_source *source,
			const struct article_subject *s)
{
	add_lead(article, source, s, "means");
	article_add_continued(article, s->text.description, s->language);
}

static void add_summary(struct article *article, const struct article_source *source,
			const struct comparison *c)
{
	article_begin(article, ARTICLE_PARAGRAPH);
	add_sentence(article, source, c, c->same_class ? "same_class" : "different_class");
	add_gap(article);
	add_meaning(article, source, &c->a);
	add_gap(article);
	add_meaning(article, source, &c->b);
}

static void add_code(struct article *article, const struct article_source *source,
		     const struct article_subject *s)
{
	article_begin(article, ARTICLE_SECTION);
	article_add_subject_link(article, s);
	article_parts(article, source, s, ARTICLE_SUBSECTION);
}

static void add_when(struct article *article, const struct article_source *source,
		     const struct article_subject *s)
{
	article_begin(article, ARTICLE_STEP);
	if (s->language == article->language && article_is_adverbial(s->text.when_seen)) {
		add_lead(article, source, s, "see_when");
		article_add_continued(article, s->text.when_seen, s->language);
	} else {
		add_lead(article, source, s, "see_when_plain");
		article_add(article, s->text.when_seen, s->language);
	}
}

static void add_key_meaning(struct article *article, const struct article_source *source,
			    const struct article_subject *s)
{
	article_begin(article, ARTICLE_STEP);
	add_lead(article, source, s, "key_means");
	article_add(article, s->text.description, s->language);
}

/* Only where both are failures does it say more than the class. */
static void add_retries(struct article *article, const struct article_source *source,
			const struct comparison *c)
{
	span_t a = c->a.code->retryable, b = c->b.code->retryable;

	if (span_eq(a, b) || span_eq(a, SPAN("n/a")) || span_eq(b, SPAN("n/a")))
		return;
	const struct template_value values[] = {
		{ SPAN("a"), article_subject_number(&c->a), article->language },
		{ SPAN("b"), article_subject_number(&c->b), article->language },
		{ SPAN("a_retry"), article_retry_word(article, source, c->a.code),
		  article->language },
		{ SPAN("b_retry"), article_retry_word(article, source, c->b.code),
		  article->language },
	};

	article_begin(article, ARTICLE_STEP);
	template_fill(article, article_word(article, source, "retry_differs"), values,
		      ARRAY_SIZE(values));
}

static void add_differences(struct article *article, const struct article_source *source,
			    const struct comparison *c)
{
	article_heading(article, source, ARTICLE_SECTION, "key_differences");
	if (!c->same_class) {
		article_begin(article, ARTICLE_STEP);
		add_sentence(article, source, c, "class_differs");
	}
	add_retries(article, source, c);
	add_key_meaning(article, source, &c->a);
	add_key_meaning(article, source, &c->b);
	add_when(article, source, &c->a);
	add_when(article, source, &c->b);
}

static void add_use(struct article *article, const struct article_source *source,
		    const struct article_subject *s)
{
	article_begin(article, ARTICLE_PARAGRAPH);
	add_lead(article, source, s, "use_for");
	if (s->text.how_to_fix.len > 0) {
		article_add(article, s->text.how_to_fix, s->language);
		return;
	}
	article_add(article, s->code->fix_sender, LANGUAGE_EN);
	if (s->code->fix_receiver.len == 0)
		return;
	article_add(article, SPAN(" ("), article->language);
	article_add(article, article_word(article, source, "for_receivers"), article->language);
	article_add(article, SPAN(": "), article->language);
	article_add(article, s->code->fix_receiver, LANGUAGE_EN);
	article_add(article, SPAN(")"), article->language);
}

/* ---- links ---- */

static void add_title(struct article *article, const struct article_source *source,
		      const struct comparison *c)
{
	add_sentence(article, source, c, "compare_title");
}

static void comparison_init(struct article *article, const struct article_source *source,
			    const struct smtpreply_code *a, const struct smtpreply_code *b,
			    struct comparison *ret)
{
	article_subject(article, source, a, &ret->a);
	article_subject(article, source, b, &ret->b);
	ret->same_class = span_eq(a->class, b->class);
}

static void add_comparison_link(struct article *article, const struct article_source *source,
				const struct smtpreply_code *a, const struct smtpreply_code *b)
{
	struct comparison c;

	if (a->code > b->code) {
		const struct smtpreply_code *greater = a;

		a = b;
		b = greater;
	}
	comparison_init(article, source, a, b, &c);
	article_begin(article, ARTICLE_ITEM);
	article_link_open(article, (struct article_link){ .type = ARTICLE_LINK_COMPARE,
							  .code = a->code,
							  .other = b->code });
	add_title(article, source, &c);
	article_link_close(article);
}

/* Comparisons of CODE with its nearest codes other than NOT. */
static void add_more(struct article *article, const struct article_source *source,
		     const struct smtpreply_code *code, const struct smtpreply_code * not )
{
	const struct smtpreply_code *related[ARTICLE_RELATED_MAX];
	unsigned n = article_related(source, code, related), added = 0;

	for (unsigned i = 0; i < n && added < MORE_COMPARISONS; i++) {
		if (related[i] == not )
			continue;
		add_comparison_link(article, source, code, related[i]);
		added++;
	}
}

static void add_learn_more(struct article *article, const struct article_source *source,
			   const struct comparison *c)
{
	article_heading(article, source, ARTICLE_SECTION, "learn_more");
	article_begin(article, ARTICLE_ITEM);
	article_add_subject_link(article, &c->a);
	article_begin(article, ARTICLE_ITEM);
	article_add_subject_link(article, &c->b);
	add_more(article, source, c->a.code, c->b.code);
	add_more(article, source, c->b.code, c->a.code);
	article_link_to_all(article, source);
}

/* ---- the article ---- */

bool article_compare(struct article *article, const struct article_source *source, unsigned a,
		     unsigned b)
{
	const struct smtpreply_code *x = smtpreply_code_find(source->catalogue, a);
	const struct smtpreply_code *y = smtpreply_code_find(source->catalogue, b);
	struct comparison c;
	char number[4];

	if (!x || !y) {
		article_unknown(article, source, x ? b : a);
		return false;
	}
	if (x == y) {
		article_number(number, a);
		article_sorry(article, source, "compare", "same_code", span_make(number, 3));
		article_link_to_all(article, source);
		return false;
	}
	comparison_init(article, source, x, y, &c);
	article_begin(article, ARTICLE_TITLE);
	add_title(article, source, &c);
	add_summary(article, source, &c);
	add_code(article, source, &c.a);
	add_code(article, source, &c.b);
	add_differences(article, source, &c);
	article_heading(article, source, ARTICLE_SECTION, "when_to_use_which");
	add_use(article, source, &c.a);
	add_use(article, source, &c.b);
	add_learn_more(article, source, &c);
	return true;
}

void article_compare_item(struct article *article, const struct article_source *source, unsigned a,
			  unsigned b)
{
	const struct smtpreply_code *x = smtpreply_code_find(source->catalogue, a);
	const struct smtpreply_code *y = smtpreply_code_find(source->catalogue, b);

	if (x && y)
		add_comparison_link(article, source, x, y);
}
