/* SPDX-License-Identifier: Apache-2.0 */

#include "smtpreply/language.h"

#include "testing.h"

static struct languages *languages;

static int load(void **state)
{
	(void)state;
	return languages_new(&languages);
}

static int unload(void **state)
{
	(void)state;
	languages = languages_free(languages);
	return 0;
}

static void the_language_that_is_liked_best_is_chosen(void **state)
{
	static const struct {
		const char *header;
		enum language expected;
	} cases[] = {
		{ "", LANGUAGE_EN },
		{ "en", LANGUAGE_EN },
		{ "fr", LANGUAGE_FR },
		{ "VI", LANGUAGE_VI },
		{ "zh-Hans-CN", LANGUAGE_ZH },
		{ "fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", LANGUAGE_FR },
		{ "de, es", LANGUAGE_EN },
		{ "de, vi;q=0.1", LANGUAGE_VI },
		{ "en;q=0.5, zh;q=0.7, fr;q=0.6", LANGUAGE_ZH },
		{ "en;q=0.5,fr;q=0.501", LANGUAGE_FR },
		{ "fr, en", LANGUAGE_FR }, /* equals: the first */
		{ "vi;q=0.3, zh;q=0.3", LANGUAGE_VI },
		{ "fr;q=0", LANGUAGE_EN },
		{ "en;q=0, fr;q=0.001", LANGUAGE_FR },
		{ "en;q=0, *", LANGUAGE_VI },
		{ "*", LANGUAGE_EN },
		{ "*;q=0.5, zh;q=0.4", LANGUAGE_EN },
		{ "*;q=0", LANGUAGE_EN },
		{ "*;q=0, zh", LANGUAGE_ZH },
		{ "zh-TW;q=0, zh;q=0.2", LANGUAGE_ZH },
		{ " fr ; q=0.2 ,\ten;Q=0.1 ", LANGUAGE_FR },
		{ "fr;q=1.000, vi;q=1.001", LANGUAGE_FR }, /* no weight: counts for nothing */
		{ "fr;q=2", LANGUAGE_EN },
		{ "fr;q=0.1234", LANGUAGE_EN },
		{ "fr;q=-1", LANGUAGE_EN },
		{ "fr;q=", LANGUAGE_EN },
		{ "fr;q", LANGUAGE_EN },
		{ "fr;v=1", LANGUAGE_EN },
		{ "fr;q=1.", LANGUAGE_FR },
		{ "fr;q=0.", LANGUAGE_EN },
		{ "french, frx, f", LANGUAGE_EN },
		{ ",,;,fr,", LANGUAGE_FR },
		{ ";q=1", LANGUAGE_EN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		span_t header = guard_copy(span_str(cases[i].header));

		check(language_negotiate(header) == cases[i].expected, "\"%s\"", cases[i].header);
	}
	assert_int_equal(language_negotiate(SPAN_NULL), LANGUAGE_EN);
}

static void a_header_without_end_is_not_read_to_its_end(void **state)
{
	static char header[100000];

	(void)state;
	memset(header, ',', sizeof(header));
	memcpy(header + sizeof(header) - 2, "fr", 2);
	assert_int_equal(language_negotiate(span_make(header, sizeof(header))), LANGUAGE_EN);
}

static void tags_are_found_as_they_are_written(void **state)
{
	enum language language = LANGUAGE_FR;

	(void)state;
	for (unsigned i = 0; i < _LANGUAGE_MAX; i++) {
		assert_true(language_find(language_tags[i], &language));
		assert_int_equal(language, i);
		assert_true(language_names[i].len > 0);
	}
	assert_false(language_find(SPAN("EN"), &language));
	assert_false(language_find(SPAN("en-GB"), &language));
	assert_false(language_find(SPAN_NULL, &language));
}

static void headings_are_found_by_their_keys(void **state)
{
	static const struct {
		enum language language;
		const char *key, *text;
	} cases[] = {
		{ LANGUAGE_EN, "description", "Description" },
		{ LANGUAGE_VI, "how_to_fix", "Cách khắc phục" },
		{ LANGUAGE_ZH, "key_differences", "主要区别" },
		{ LANGUAGE_FR, "when_to_use_which", "Quand utiliser lequel" },
		{ LANGUAGE_EN, "class_4xx", "4xx Transient Negative" },
		{ LANGUAGE_EN, "nothing", "" },
		{ LANGUAGE_EN, "", "" },
		{ LANGUAGE_EN, "descriptio", "" },
		{ LANGUAGE_EN, "descriptions", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		span_t text =
			languages_heading(languages, cases[i].language, span_str(cases[i].key));

		check(span_eq(text, span_str(cases[i].text)), "%s: %.*s", cases[i].key,
		      SPAN_ARG(text));
	}
}

/* Codes of the first pages of this kind. */
static void texts_exist_in_every_language(void **state)
{
	static const unsigned codes[] = { 211, 214, 250, 251, 451 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		for (unsigned j = 0; j < _LANGUAGE_MAX; j++) {
			struct language_text text;

			check(languages_text(languages, codes[i], (enum language)j, &text), "%u %u",
			      codes[i], j);
			check(!text.is_english && text.name.len > 0 && text.description.len > 0 &&
				      text.when_seen.len > 0 && text.how_to_fix.len > 0,
			      "%u %u", codes[i], j);
		}
	}
}

static void other_codes_have_no_texts(void **state)
{
	struct language_text text;

	(void)state;
	assert_false(languages_text(languages, 550, LANGUAGE_FR, &text));
	assert_false(languages_text(languages, 0, LANGUAGE_EN, &text));
	assert_null(languages_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_language_that_is_liked_best_is_chosen),
		cmocka_unit_test(a_header_without_end_is_not_read_to_its_end),
		cmocka_unit_test(tags_are_found_as_they_are_written),
		cmocka_unit_test(headings_are_found_by_their_keys),
		cmocka_unit_test(texts_exist_in_every_language),
		cmocka_unit_test(other_codes_have_no_texts),
	};

	return cmocka_run_group_tests_name("language", tests, load, unload);
}
