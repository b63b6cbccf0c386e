/* SPDX-License-Identifier: Apache-2.0 */

/* Blocks and runs, templates, and the parts that several kinds of articles have in common. */

#include "smtpreply/article.h"

#include "smtpreply/article_parts.h"
#include "util/cursor.h"

/* Bytes that are repeated of what a reader asked for in vain. */
#define GIVEN_MAX 64u

/* ---- blocks and runs ---- */

void article_init(struct article *article, enum language language)
{
	*article = (struct article){ .language = language, .text = BUF_NULL };
}

void article_done(struct article *article)
{
	buf_done(&article->text);
}

bool article_failed(const struct article *article)
{
	return article->incomplete || article->text.failed;
}

span_t article_run_text(const struct article *article, const struct article_run *run)
{
	return span_make(article->text.data + run->at, run->len);
}

span_t article_block_text(const struct article *article, const struct article_block *block)
{
	const struct article_run *first = &article->run[block->first_run], *last;

	if (block->n_runs == 0)
		return SPAN_NULL;
	last = first + block->n_runs - 1;
	return span_make(article->text.data + first->at, last->at + last->len - first->at);
}

void article_begin(struct article *a, enum article_block_type type)
{
	if (a->n_blocks == ARTICLE_BLOCKS_MAX) {
		a->incomplete = true;
		return;
	}
	a->block[a->n_blocks++] = (struct article_block){ .type = type, .first_run = a->n_runs };
}

bool article_link_eq(const struct article_link *a, const struct article_link *b)
{
	return a->type == b->type && a->code == b->code && a->other == b->other &&
	       a->enhanced.class == b->enhanced.class &&
	       a->enhanced.subject == b->enhanced.subject &&
	       a->enhanced.detail == b->enhanced.detail;
}

/* The run that text of this kind goes to; NULL if there is no room. */
static struct article_run *run_for(struct article *a, enum language language, bool is_literal)
{
	struct article_block *block = &a->block[a->n_blocks - 1];
	struct article_run *last = block->n_runs > 0 ? &a->run[a->n_runs - 1] : NULL;

	if (last && last->language == language && last->is_literal == is_literal &&
	    article_link_eq(&last->link, &a->link))
		return last;
	if (a->n_runs == ARTICLE_RUNS_MAX)
		return NULL;
	block->n_runs++;
	last = &a->run[a->n_runs++];
	*last = (struct article_run){
		.at = a->text.len,
		.language = language,
		.is_literal = is_literal,
		.link = a->link,
	};
	return last;
}

static void add_run(struct article *a, span_t text, enum language language, bool is_literal)
{
	struct article_run *run;

	if (text.len == 0 || a->text.failed || a->n_blocks == 0)
		return;
	run = run_for(a, language, is_literal);
	if (!run) {
		a->incomplete = true;
		return;
	}
	buf_add(&a->text, text);
	run->len = a->text.len - run->at;
}

void article_add(struct article *a, span_t text, enum language language)
{
	add_run(a, text, language, false);
}

void article_add_literal(struct article *a, span_t text)
{
	add_run(a, text, a->language, true);
}

void article_link_open(struct article *a, struct article_link link)
{
	a->link = link;
}

void article_link_close(struct article *a)
{
	a->link = (struct article_link){ .type = ARTICLE_LINK_NONE };
}

/* ---- templates ---- */

static const struct template_value *find_value(span_t name, const struct template_value *values,
					       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(values[i].name, name))
			return &values[i];
	return NULL;
}

/* `{name}` at the start of C, if it has a value. */
static const struct template_value *take_name(struct cursor *c, const struct template_value *values,
					      size_t n)
{
	const struct template_value *value;
	struct cursor name_at = *c;
	span_t name;

	if (!cursor_take(&name_at, '{') || !cursor_until_char(&name_at, '}', &name))
		return NULL;
	value = find_value(name, values, n);
	if (value)
		*c = name_at;
	return value;
}

void template_fill(struct article *a, span_t template, const struct template_value *values,
		   size_t n)
{
	struct cursor c = cursor_over(template);

	while (!cursor_at_end(&c)) {
		const char *start = c.p;
		const struct template_value *value = take_name(&c, values, n);

		if (value) {
			article_add(a, value->text, value->language);
			continue;
		}
		do
			c.p++;
		while (!cursor_at_end(&c) && *c.p != '{');
		article_add(a, span_make(start, (size_t)(c.p - start)), a->language);
	}
}

/* ---- words ---- */

span_t article_word(struct article *a, const struct article_source *source, const char *key)
{
	span_t word = languages_heading(source->languages, a->language, span_str(key));

	if (word.len == 0)
		a->incomplete = true;
	return word;
}

span_t article_word2(struct article *a, const struct article_source *source, span_t prefix,
		     span_t key)
{
	char both[64];
	size_t n = MIN(key.len, sizeof(both) - 1 - prefix.len);

	memcpy(both, prefix.ptr, prefix.len);
	if (n > 0)
		memcpy(both + prefix.len, key.ptr, n);
	both[prefix.len + n] = '\0';
	return article_word(a, source, both);
}

void article_heading(struct article *a, const struct article_source *source,
		     enum article_block_type type, const char *key)
{
	article_begin(a, type);
	article_add(a, article_word(a, source, key), a->language);
}

void article_term(struct article *a, const struct article_source *source, const char *key)
{
	article_heading(a, source, ARTICLE_TERM, key);
	article_begin(a, ARTICLE_DEFINITION);
}

void article_define(struct article *a, const struct article_source *source, const char *key,
		    span_t text, enum language language)
{
	if (text.len == 0)
		return;
	article_term(a, source, key);
	article_add(a, text, language);
}

/* ---- sentences ---- */

/* Words at the start of a text that are written small inside a sentence, with what follows them. */
static const span_t function_words[] = {
	SPAN_INIT("A "),	   SPAN_INIT("After "),	    SPAN_INIT("Almost "),
	SPAN_INIT("An "),	   SPAN_INIT("Après "),	    SPAN_INIT("As "),
	SPAN_INIT("At "),	   SPAN_INIT("Between "),   SPAN_INIT("Classically "),
	SPAN_INIT("For "),	   SPAN_INIT("From "),	    SPAN_INIT("Historically "),
	SPAN_INIT("In "),	   SPAN_INIT("Khi "),	    SPAN_INIT("L’"),
	SPAN_INIT("Le "),	   SPAN_INIT("Lorsque "),   SPAN_INIT("Mainly "),
	SPAN_INIT("Máy "),	   SPAN_INIT("Người "),	    SPAN_INIT("On "),
	SPAN_INIT("Only "),	   SPAN_INIT("Phản "),	    SPAN_INIT("Policy "),
	SPAN_INIT("Practically "), SPAN_INIT("Rarely"),	    SPAN_INIT("Sau "),
	SPAN_INIT("Something "),   SPAN_INIT("Thao "),	    SPAN_INIT("The "),
	SPAN_INIT("This "),	   SPAN_INIT("Trả "),	    SPAN_INIT("Typically "),
	SPAN_INIT("Une "),	   SPAN_INIT("User name "), SPAN_INIT("When "),
};

/* Those of them that say when something happens. */
static const span_t adverbs[] = {
	SPAN_INIT("After "),	    SPAN_INIT("Almost "),      SPAN_INIT("Après "),
	SPAN_INIT("As "),	    SPAN_INIT("At "),	       SPAN_INIT("Between "),
	SPAN_INIT("Classically "),  SPAN_INIT("For "),	       SPAN_INIT("From "),
	SPAN_INIT("Historically "), SPAN_INIT("In "),	       SPAN_INIT("Khi "),
	SPAN_INIT("Lorsque "),	    SPAN_INIT("Mainly "),      SPAN_INIT("On "),
	SPAN_INIT("Only "),	    SPAN_INIT("Practically "), SPAN_INIT("Rarely"),
	SPAN_INIT("Sau "),	    SPAN_INIT("Typically "),   SPAN_INIT("When "),
};

static bool starts_with_any(span_t text, const span_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_starts(text, words[i]))
			return true;
	return false;
}

bool article_is_adverbial(span_t text)
{
	return starts_with_any(text, adverbs, ARRAY_SIZE(adverbs));
}

void article_add_continued(struct article *a, span_t text, enum language language)
{
	if (starts_with_any(text, function_words, ARRAY_SIZE(function_words))) {
		char first = (char)(*text.ptr | 0x20);

		article_add(a, span_make(&first, 1), language);
		text = span_tail(text, 1);
	}
	article_add(a, text, language);
}

/* ---- codes ---- */

void article_number(char ret[4], unsigned code)
{
	for (unsigned i = 3; i-- > 0; code /= 10)
		ret[i] = (char)('0' + code % 10);
	ret[3] = '\0';
}

void article_subject(struct article *a, const struct article_source *source,
		     const struct smtpreply_code *code, struct article_subject *ret)
{
	*ret = (struct article_subject){ .code = code, .language = a->language };
	article_number(ret->number, code->code);
	ret->class = article_word2(a, source, SPAN("class_"), code->class);
	if (!languages_text(source->languages, code->code, a->language, &ret->text)) {
		ret->text = (struct language_text){
			.name = code->name,
			.description = code->description,
			.when_seen = code->when_seen,
			.is_english = true,
		};
	}
	if (ret->text.is_english)
		ret->language = LANGUAGE_EN;
}

span_t article_subject_number(const struct article_subject *s)
{
	return span_make(s->number, 3);
}

void article_add_subject_link(struct article *a, const struct article_subject *s)
{
	article_link_open(
		a, (struct article_link){ .type = ARTICLE_LINK_CODE, .code = s->code->code });
	article_add(a, article_subject_number(s), a->language);
	article_add(a, SPAN(" "), a->language);
	article_add(a, s->text.name, s->language);
	article_link_close(a);
}

span_t article_retry_word(struct article *a, const struct article_source *source,
			  const struct smtpreply_code *code)
{
	if (span_eq(code->retryable, SPAN("n/a")))
		return article_word(a, source, "retry_na");
	return article_word2(a, source, SPAN("retry_"), code->retryable);
}

void article_parts(struct article *a, const struct article_source *source,
		   const struct article_subject *s, enum article_block_type type)
{
	article_heading(a, source, type, "description");
	article_begin(a, ARTICLE_PARAGRAPH);
	article_add(a, s->text.description, s->language);
	article_heading(a, source, type, "when_you_see_it");
	article_begin(a, ARTICLE_PARAGRAPH);
	article_add(a, s->text.when_seen, s->language);
	article_heading(a, source, type, "how_to_fix");
	if (s->text.how_to_fix.len > 0) {
		article_begin(a, ARTICLE_PARAGRAPH);
		article_add(a, s->text.how_to_fix, s->language);
		return;
	}
	article_define(a, source, "for_senders", s->code->fix_sender, LANGUAGE_EN);
	article_define(a, source, "for_receivers", s->code->fix_receiver, LANGUAGE_EN);
}

void article_link_to_all(struct article *a, const struct article_source *source)
{
	article_begin(a, ARTICLE_ITEM);
	article_link_open(a, (struct article_link){ .type = ARTICLE_LINK_CODES });
	article_add(a, article_word(a, source, "all_codes"), a->language);
	article_link_close(a);
}

bool article_take_word(span_t *list, char separator, span_t *ret)
{
	struct cursor c = cursor_over(*list);

	if (cursor_at_end(&c))
		return false;
	if (!cursor_until_char(&c, separator, ret)) {
		*ret = *list;
		c.p = c.end;
	}
	while (cursor_take(&c, ' '))
		;
	*list = cursor_rest(&c);
	return true;
}

void article_define_codes(struct article *a, const struct article_source *source, const char *key,
			  span_t list)
{
	bool first = true;
	span_t word;

	while (article_take_word(&list, ',', &word)) {
		struct cursor c = cursor_over(word);
		uint64_t code;

		if (!cursor_number(&c, 3, &code) || !cursor_at_end(&c) ||
		    !smtpreply_code_find(source->catalogue, (unsigned)code))
			continue;
		if (first)
			article_term(a, source, key);
		else
			article_add(a, SPAN(", "), a->language);
		first = false;
		article_link_open(a, (struct article_link){ .type = ARTICLE_LINK_CODE,
							    .code = (unsigned)code });
		article_add(a, word, a->language);
		article_link_close(a);
	}
}

void article_define_enhanced(struct article *a, const struct article_source *source,
			     const char *key, span_t list)
{
	bool first = true;
	span_t word;

	while (article_take_word(&list, ',', &word)) {
		struct article_link link = { .type = ARTICLE_LINK_ENHANCED };

		if (smtpreply_enhanced_parse(word, &link.enhanced) != word.len)
			continue;
		if (first)
			article_term(a, source, key);
		else
			article_add(a, SPAN(", "), a->language);
		first = false;
		/* A range of one provider may have no row for each of its numbers. */
		if (smtpreply_detail_find(source->catalogue, link.enhanced.subject,
					  link.enhanced.detail))
			article_link_open(a, link);
		article_add(a, word, a->language);
		article_link_close(a);
	}
}

/* ---- what there is no article about ---- */

/* What a reader gave, fit to be shown: cut, and nothing but visible ASCII. */
static span_t presentable(char buffer[GIVEN_MAX], span_t text)
{
	size_t n = MIN(text.len, GIVEN_MAX);

	for (size_t i = 0; i < n; i++)
		buffer[i] = text.ptr[i] >= ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?';
	return span_make(buffer, n);
}

void article_sorry(struct article *a, const struct article_source *source, const char *title,
		   const char *sentence, span_t text)
{
	char buffer[GIVEN_MAX];
	const struct template_value values[] = {
		{ SPAN("a"), presentable(buffer, text), a->language },
	};

	article_heading(a, source, ARTICLE_TITLE, title);
	article_begin(a, ARTICLE_PARAGRAPH);
	template_fill(a, article_word(a, source, sentence), values, ARRAY_SIZE(values));
}

/* The first digit still says something if it is one that a reply, or a catalogue, can have. */
void article_unknown(struct article *a, const struct article_source *source, unsigned code)
{
	char number[4], class[] = "0xx";

	article_number(number, code);
	class[0] = number[0];
	if (code < 100 || code >= 700) {
		article_sorry(a, source, "unknown_code", "not_in_catalogue", span_make(number, 3));
	} else {
		const struct template_value values[] = {
			{ SPAN("a"), span_make(number, 3), a->language },
			{ SPAN("class"),
			  article_word2(a, source, SPAN("class_"), span_make(class, 3)),
			  a->language },
		};

		article_heading(a, source, ARTICLE_TITLE, "unknown_code");
		article_begin(a, ARTICLE_PARAGRAPH);
		template_fill(a, article_word(a, source, "unknown_code_note"), values,
			      ARRAY_SIZE(values));
	}
	article_link_to_all(a, source);
}

void article_not_a_code(struct article *a, const struct article_source *source, span_t text)
{
	article_sorry(a, source, "unknown_code", "not_a_code", text);
	article_link_to_all(a, source);
}

void article_unknown_language(struct article *article, const struct article_source *source,
			      span_t tag)
{
	article_sorry(article, source, "not_found", "unknown_language", tag);
}
