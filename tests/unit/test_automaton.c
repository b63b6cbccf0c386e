/* SPDX-License-Identifier: Apache-2.0 */

/* The automaton against a search that is too simple to be wrong. */

#include "smtpreply/automaton.h"

#include <errno.h>
#include <stdlib.h>

#include "testing.h"

#define WORDS_MAX 64u

/* Whether WORD ends before END in TEXT, letters in either case. */
static bool ends_at(span_t text, size_t end, span_t word)
{
	if (end < word.len)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		char c = text.ptr[end - word.len + i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != word.ptr[i])
			return false;
	}
	return true;
}

static void compare(const span_t *words, size_t n, span_t text)
{
	struct automaton a;
	unsigned state = 0;

	assert_int_equal(automaton_init(&a, words, n), 0);
	for (size_t end = 1; end <= text.len; end++) {
		bool found[WORDS_MAX] = { false };
		const uint16_t *hits;
		size_t n_hits;

		state = automaton_step(&a, state, text.ptr[end - 1]);
		hits = automaton_hits(&a, state, &n_hits);
		assert_int_equal(n_hits > 0, (state & AUTOMATON_HIT) != 0);
		for (size_t i = 0; i < n_hits; i++) {
			check(!found[hits[i]], "word %u twice", hits[i]);
			found[hits[i]] = true;
		}
		for (size_t w = 0; w < n; w++)
			check(found[w] == ends_at(text, end, words[w]), "word %zu at %zu of %.*s",
			      w, end, SPAN_ARG(text));
	}
	automaton_done(&a);
}

static void words_are_found_where_they_end(void **state)
{
	static const span_t words[] = {
		SPAN_INIT("he"),   SPAN_INIT("she"), SPAN_INIT("his"), SPAN_INIT("hers"),
		SPAN_INIT("hers"), SPAN_INIT("e"),   SPAN_INIT("[x]"), SPAN_INIT("\xc3\xa9"),
	};

	(void)state;
	compare(words, ARRAY_SIZE(words), SPAN("ushers HERS sHe\xc3\xa9[X][x] his"));
	compare(words, ARRAY_SIZE(words), SPAN(""));
	compare(words, ARRAY_SIZE(words), SPAN("zzz\0zzz"));
	compare(words, 0, SPAN("anything"));
}

/* Few letters, so that words overlap and contain each other in every way. */
static void many_random_words_are_found(void **state)
{
	static char letters[WORDS_MAX][8], text[400];
	span_t words[WORDS_MAX];

	(void)state;
	srand(1);
	for (unsigned round = 0; round < 200; round++) {
		size_t n = (size_t)rand() % WORDS_MAX;

		for (size_t w = 0; w < n; w++) {
			size_t len = 1 + (size_t)rand() % sizeof(letters[w]);

			for (size_t i = 0; i < len; i++)
				letters[w][i] = (char)('a' + rand() % 3);
			words[w] = span_make(letters[w], len);
		}
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)("abcABCd"[rand() % 7]);
		compare(words, n, span_make(text, sizeof(text)));
	}
}

static void too_many_letters_are_refused(void **state)
{
	static char letters[AUTOMATON_STATES_MAX];
	span_t word = span_make(letters, sizeof(letters));
	struct automaton a;

	(void)state;
	memset(letters, 'a', sizeof(letters));
	assert_int_equal(automaton_init(&a, &word, 1), -E2BIG);
	automaton_done(&a);
	word.len--;
	assert_int_equal(automaton_init(&a, &word, 1), 0);
	automaton_done(&a);
}

static void every_byte_can_be_in_a_word(void **state)
{
	static char bytes[256];
	span_t words[WORDS_MAX];
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i >= 'A' && i <= 'Z' ? '-' : i);
	for (size_t i = 0; i + 4 <= sizeof(bytes); i += 4)
		words[n++] = span_make(bytes + i, 4);
	compare(words, n, span_make(bytes, sizeof(bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found_where_they_end),
		cmocka_unit_test(many_random_words_are_found),
		cmocka_unit_test(too_many_letters_are_refused),
		cmocka_unit_test(every_byte_can_be_in_a_word),
	};

	return cmocka_run_group_tests_name("automaton", tests, NULL, NULL);
}
