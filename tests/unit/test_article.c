/* SPDX-License-Identifier: Apache-2.0 */

#include "smtpreply/article.h"

#include "smtpreply/article_parts.h"
#include "smtpreply/article_text.h"
#include "testing.h"

static struct smtpreply_catalogue *catalogue;
static struct languages *languages;
static const struct smtpreply_code *codes;
static size_t n_codes;

static int load(void **state)
{
	(void)state;
	if (smtpreply_catalogue_new(&catalogue) < 0)
		return -1;
	codes = smtpreply_codes(catalogue, &n_codes);
	return languages_new(&languages);
}

static int unload(void **state)
{
	(void)state;
	catalogue = smtpreply_catalogue_free(catalogue);
	languages = languages_free(languages);
	return 0;
}

static struct article_source source_in(enum language language)
{
	return (struct article_source){ catalogue, languages, language };
}

static span_t heading(enum language language, const char *key)
{
	return languages_heading(languages, language, span_str(key));
}

/* The text of block I, counted among those of TYPE; empty if there is none. */
static span_t nth(const struct article *a, enum article_block_type type, unsigned i)
{
	for (unsigned j = 0; j < a->n_blocks; j++)
		if (a->block[j].type == type && i-- == 0)
			return article_block_text(a, &a->block[j]);
	return SPAN_NULL;
}

static unsigned count(const struct article *a, enum article_block_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < a->n_blocks; i++)
		n += a->block[i].type == type;
	return n;
}

static bool has_text(const struct article *a, span_t text)
{
	return span_find(buf_span(&a->text), text) >= 0;
}

/* What every article must be: whole, in order, its bytes all in its runs, nothing left of templates. */
static void check_article(const struct article *a, const char *what, unsigned code)
{
	size_t at = 0;

	check(!article_failed(a), "%s %u", what, code);
	check(a->n_blocks > 0 && a->block[0].type == ARTICLE_TITLE, "%s %u", what, code);
	check(count(a, ARTICLE_TERM) == count(a, ARTICLE_DEFINITION), "%s %u", what, code);
	for (unsigned i = 0; i < a->n_blocks; i++) {
		check(a->block[i].n_runs > 0, "%s %u: block %u is empty", what, code, i);
		for (unsigned j = 0; j < a->block[i].n_runs; j++) {
			const struct article_run *run = &a->run[a->block[i].first_run + j];

			check(run->at == at && run->len > 0, "%s %u", what, code);
			check(run->language == a->language || run->language == LANGUAGE_EN, "%s %u",
			      what, code);
			at += run->len;
		}
	}
	check(at == a->text.len, "%s %u", what, code);
	check(span_find_char(buf_span(&a->text), '{') < 0, "%s %u", what, code);
	check(span_find(buf_span(&a->text), SPAN("when when")) < 0, "%s %u", what, code);
}

static void every_code_has_an_article_in_every_language(void **state)
{
	static const char *const headings[] = { "description", "when_you_see_it", "how_to_fix",
						"details", "learn_more" };

	(void)state;
	for (size_t i = 0; i < n_codes; i++) {
		for (unsigned l = 0; l < _LANGUAGE_MAX; l++) {
			struct article_source source = source_in((enum language)l);
			struct article a;

			article_init(&a, source.language);
			assert_true(article_code(&a, &source, codes[i].code));
			check_article(&a, "code", codes[i].code);
			assert_int_equal(count(&a, ARTICLE_SECTION), ARRAY_SIZE(headings));
			for (unsigned j = 0; j < ARRAY_SIZE(headings); j++)
				assert_true(span_eq(nth(&a, ARTICLE_SECTION, j),
						    heading(source.language, headings[j])));
			assert_true(has_text(&a, codes[i].fix_sender));
			assert_true(has_text(&a, codes[i].fix_receiver));
			article_done(&a);
		}
	}
}

static void what_never_goes_over_the_wire_has_a_note(void **state)
{
	struct article_source source = source_in(LANGUAGE_EN);

	(void)state;
	for (size_t i = 0; i < n_codes; i++) {
		bool never = codes[i].code < 200 || codes[i].code >= 600;
		struct article a;

		article_init(&a, LANGUAGE_EN);
		article_code(&a, &source, codes[i].code);
		check(has_text(&a, SPAN("never goes over the wire")) == never, "%u", codes[i].code);
		check(never || count(&a, ARTICLE_NOTE) == span_eq(codes[i].stages, SPAN("queue")),
		      "%u", codes[i].code);
		article_done(&a);
	}
}

static void every_enhanced_code_has_an_article(void **state)
{
	size_t n;
	const struct smtpreply_detail *d = smtpreply_details(catalogue, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct smtpreply_enhanced e = { 5, d[i].subject, d[i].detail };
		struct article_source source = source_in((enum language)(i % _LANGUAGE_MAX));
		struct article a;

		article_init(&a, source.language);
		assert_true(article_enhanced(&a, &source, &e));
		check_article(&a, "detail", d[i].detail);
		check(has_text(&a, d[i].meaning), "X.%u.%u of %.*s", e.subject, e.detail,
		      SPAN_ARG(d[i].vendor));
		article_done(&a);
	}
}

static void the_first_comparisons_have_their_structure(void **state)
{
	static const char *const last[] = { "key_differences", "when_to_use_which", "learn_more" };

	(void)state;
	for (size_t i = 0; i < ARTICLE_FEATURED; i++) {
		for (unsigned l = 0; l < _LANGUAGE_MAX; l++) {
			const struct article_pair *p = &article_featured[i];
			struct article_source source = source_in((enum language)l);
			struct article a;

			article_init(&a, source.language);
			assert_true(article_compare(&a, &source, p->a, p->b));
			check_article(&a, "comparison", p->a);
			assert_int_equal(count(&a, ARTICLE_SECTION), 5);
			assert_int_equal(count(&a, ARTICLE_SUBSECTION), 6);
			assert_int_equal(count(&a, ARTICLE_STEP), p->a / 100 == p->b / 100 ? 4 : 5);
			for (unsigned j = 0; j < ARRAY_SIZE(last); j++)
				assert_true(span_eq(nth(&a, ARTICLE_SECTION, 2 + j),
						    heading(source.language, last[j])));
			article_done(&a);
		}
	}
}

static void any_two_codes_can_be_compared(void **state)
{
	unsigned blocks = 0, runs = 0;

	(void)state;
	for (size_t i = 0; i < n_codes; i++) {
		for (size_t j = 0; j < n_codes; j++) {
			struct article_source source =
				source_in((enum language)((i + j) % _LANGUAGE_MAX));
			struct article a;

			article_init(&a, source.language);
			assert_int_equal(article_compare(&a, &source, codes[i].code, codes[j].code),
					 i != j);
			check_article(&a, "comparison", codes[i].code);
			blocks = MAX(blocks, a.n_blocks);
			runs = MAX(runs, a.n_runs);
			article_done(&a);
		}
	}
	assert_true(blocks < ARTICLE_BLOCKS_MAX / 2 && runs < ARTICLE_RUNS_MAX / 2);
}

static void sentences_go_on_with_a_small_letter(void **state)
{
	static const struct {
		unsigned a, b;
		enum language language;
		const char *text;
	} cases[] = {
		{ 214, 251, LANGUAGE_EN, "You see 214 after sending the HELP command" },
		{ 214, 251, LANGUAGE_EN, "You see 251 when sending to a recipient" },
		{ 214, 251, LANGUAGE_EN, "214 means: a help message response" },
		{ 214, 451, LANGUAGE_EN, "You see 451 when the receiving server hits" },
		{ 211, 251, LANGUAGE_EN, "You see 211 when querying the mail server" },
		{ 214, 250, LANGUAGE_EN, "You see 250 after nearly every successful" },
		{ 214, 451, LANGUAGE_EN,
		  "214 is a 2xx Positive Completion response, while 451 is a 4xx Transient Negative "
		  "response." },
		{ 214, 251, LANGUAGE_FR, "Vous rencontrez 214 après l’envoi" },
		{ 214, 251, LANGUAGE_FR, "Vous rencontrez 251 lorsque vous écrivez" },
		{ 211, 251, LANGUAGE_VI, "Bạn gặp 211 khi bạn hỏi máy chủ thư" },
		{ 214, 250, LANGUAGE_VI, "Bạn gặp 250 sau hầu hết mọi lệnh" },
		{ 214, 451, LANGUAGE_ZH, "214 的出现时机：向 SMTP 服务器发送 HELP 命令之后。" },
		{ 503, 504, LANGUAGE_EN, "When you see 503: DATA without an accepted recipient" },
		{ 450, 550, LANGUAGE_EN, "After 450: Retry later. After 550: Do not retry." },
		{ 450, 550, LANGUAGE_FR, "Quand vous rencontrez 550\u00a0: After RCPT" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct article_source source = source_in(cases[i].language);
		struct article a;

		article_init(&a, source.language);
		article_compare(&a, &source, cases[i].a, cases[i].b);
		check(has_text(&a, span_str(cases[i].text)), "%s", cases[i].text);
		article_done(&a);
	}
}

static void unknown_codes_are_said_to_be_unknown(void **state)
{
	struct article_source source = source_in(LANGUAGE_EN);
	const struct smtpreply_enhanced e = { 4, 7, 999 };
	struct article a;

	(void)state;
	article_init(&a, LANGUAGE_EN);
	assert_false(article_code(&a, &source, 599));
	assert_true(has_text(&a, SPAN("SMTP 599 is not in the catalogue; its first digit says: "
				      "5xx Permanent Negative.")));
	assert_false(article_code(&a, &source, 999));
	assert_false(article_enhanced(&a, &source, &e));
	assert_true(has_text(&a, SPAN("4.7.999 is not in the catalogue")));
	assert_true(has_text(&a, SPAN("Security Or Policy Status")));
	assert_false(article_compare(&a, &source, 250, 999));
	assert_false(article_compare(&a, &source, 250, 250));
	assert_true(has_text(&a, SPAN("both codes are 250")));
	article_not_a_code(&a, &source, SPAN("\033[31m<b>\xff"));
	assert_true(has_text(&a, SPAN("“?[31m<b>?”")));
	check_article(&a, "unknown", 0);
	article_done(&a);
}

static void templates_take_values_and_keep_what_has_none(void **state)
{
	static const struct {
		const char *template, *expected;
		unsigned runs;
	} cases[] = {
		{ "{a}", "one", 1 },
		{ "{a}{b}", "onetwo", 2 }, /* b is of another language */
		{ "x {b} y", "x two y", 3 },
		{ "x {a} y", "x one y", 1 },
		{ "{c} {a", "{c} {a", 1 },
		{ "{{a}}", "{one}", 1 },
		{ "{}", "{}", 1 },
		{ "{a}{a}", "oneone", 1 },
		{ "", "", 0 },
	};
	const struct template_value values[] = {
		{ SPAN("a"), SPAN("one"), LANGUAGE_FR },
		{ SPAN("b"), SPAN("two"), LANGUAGE_EN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct article a;

		article_init(&a, LANGUAGE_FR);
		article_begin(&a, ARTICLE_PARAGRAPH);
		template_fill(&a, guard_copy(span_str(cases[i].template)), values,
			      ARRAY_SIZE(values));
		check(span_eq(buf_span(&a.text), span_str(cases[i].expected)), "%s",
		      cases[i].template);
		check(a.n_runs == cases[i].runs, "%s: %u runs", cases[i].template, a.n_runs);
		article_done(&a);
	}
}

static void limits_are_noticed(void **state)
{
	struct article a;

	(void)state;
	article_init(&a, LANGUAGE_EN);
	for (unsigned i = 0; i < ARTICLE_BLOCKS_MAX; i++)
		article_begin(&a, ARTICLE_ITEM);
	assert_false(article_failed(&a));
	article_begin(&a, ARTICLE_ITEM);
	assert_true(article_failed(&a));
	article_done(&a);

	article_init(&a, LANGUAGE_EN);
	article_begin(&a, ARTICLE_PARAGRAPH);
	for (unsigned i = 0; i <= ARTICLE_RUNS_MAX; i++)
		article_add(&a, SPAN("x"), (enum language)(i % 2));
	assert_true(article_failed(&a));
	article_done(&a);
}

/* ---- as text ---- */

static void characters_of_east_asia_are_two_wide(void **state)
{
	(void)state;
	assert_int_equal(article_text_width(SPAN("abc")), 3);
	assert_int_equal(article_text_width(SPAN("中文")), 4);
	assert_int_equal(article_text_width(SPAN("Tiếng Việt")), 10);
	assert_int_equal(article_text_width(SPAN("（a）")), 5);
	assert_int_equal(article_text_width(SPAN("")), 0);
	assert_true(article_text_width(guard_copy(SPAN("x\xe4\xb8"))) > 0);
}

static bool is_one_word(span_t line)
{
	while (line.len > 0 && *line.ptr == ' ')
		line = span_tail(line, 1);
	return span_find_char(line, ' ') < 0;
}

/* A line may be longer than the width only if it holds a single word. */
static void check_lines(span_t text, unsigned width)
{
	while (text.len > 0) {
		ptrdiff_t end = span_find_char(text, '\n');
		span_t line = span_head(text, (size_t)end);

		assert_true(end >= 0);
		check(article_text_width(line) <= width || is_one_word(line), "%u columns: %.*s",
		      width, SPAN_ARG(line));
		check(line.len == 0 || line.ptr[line.len - 1] != ' ', "%.*s|", SPAN_ARG(line));
		text = span_tail(text, line.len + 1);
	}
}

static void lines_fit_the_terminal(void **state)
{
	static const unsigned widths[] = { 60, 80, 100 };

	(void)state;
	for (size_t i = 0; i < n_codes; i++) {
		for (unsigned l = 0; l < _LANGUAGE_MAX; l++) {
			struct article_source source = source_in((enum language)l);
			struct article_text_options options = { .width = widths[i % 3] };
			struct buf out = BUF_NULL;
			struct article a;

			article_init(&a, source.language);
			article_code(&a, &source, codes[i].code);
			article_compare(&a, &source, codes[i].code, codes[n_codes - 1 - i].code);
			article_text(&a, &options, &out);
			check_lines(buf_span(&out), options.width);
			assert_true(span_find_char(buf_span(&out), '\033') < 0);
			article_done(&a);
			buf_done(&out);
		}
	}
}

static void text_is_filled_and_broken_where_it_may_be(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "one two three four five six", "  one two three four\n  five six\n" },
		{ "abcdefghijklmnopqrstuvwxyz0123456789",
		  "  abcdefghijklmnopqrstuvwxyz0123456789\n" },
		{ "a  b", "  a b\n" },
		/* Never before what closes, never behind what opens. */
		{ "一二三四五六七八九十一，二", "  一二三四五六七八九十\n  一，二\n" },
		{ "一二三四五六七八九十一二。", "  一二三四五六七八九十一\n  二。\n" },
		{ "一二三四五六七八九十（一）", "  一二三四五六七八九十\n  （一）\n" },
		{ "一二三 SMTP 四五六七八九十", "  一二三 SMTP 四五六七八\n  九十\n" },
	};
	const struct article_text_options options = { .width = 24 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf out = BUF_NULL;
		struct article a;

		article_init(&a, LANGUAGE_EN);
		article_begin(&a, ARTICLE_PARAGRAPH);
		article_add(&a, span_str(cases[i].text), LANGUAGE_EN);
		article_text(&a, &options, &out);
		check(span_eq(buf_span(&out), span_str(cases[i].expected)), "%.*s",
		      SPAN_ARG(buf_span(&out)));
		article_done(&a);
		buf_done(&out);
	}
}

static void colours_come_only_when_wanted_and_end(void **state)
{
	const struct article_text_options options = { .width = 80, .colour = true };
	struct article_source source = source_in(LANGUAGE_EN);
	struct buf out = BUF_NULL;
	struct article a;
	span_t text;

	(void)state;
	article_init(&a, LANGUAGE_EN);
	article_code(&a, &source, 605);
	article_text(&a, &options, &out);
	text = buf_span(&out);
	assert_true(span_starts(text, SPAN("\033[1mSMTP 605")));
	assert_true(span_find(text, SPAN("\033[4m606")) >= 0);
	text = span_tail(text, (size_t)span_find_last_char(text, '\033'));
	assert_true(span_starts(text, SPAN("\033[0m")));
	article_done(&a);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_an_article_in_every_language),
		cmocka_unit_test(what_never_goes_over_the_wire_has_a_note),
		cmocka_unit_test(every_enhanced_code_has_an_article),
		cmocka_unit_test(the_first_comparisons_have_their_structure),
		cmocka_unit_test(any_two_codes_can_be_compared),
		cmocka_unit_test(sentences_go_on_with_a_small_letter),
		cmocka_unit_test(unknown_codes_are_said_to_be_unknown),
		cmocka_unit_test(templates_take_values_and_keep_what_has_none),
		cmocka_unit_test(limits_are_noticed),
		cmocka_unit_test(characters_of_east_asia_are_two_wide),
		cmocka_unit_test(lines_fit_the_terminal),
		cmocka_unit_test(text_is_filled_and_broken_where_it_may_be),
		cmocka_unit_test(colours_come_only_when_wanted_and_end),
	};

	return cmocka_run_group_tests_name("article", tests, load, unload);
}
