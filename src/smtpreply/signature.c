/* SPDX-License-Identifier: Apache-2.0 */

#include "smtpreply/signature.h"

#include <errno.h>
#include <stdlib.h>

#include "util/cursor.h"
#include "util/macros.h"

enum {
	SIGNATURES_ID = 0,
	SIGNATURES_TIER = 1,
	SIGNATURES_PATTERN = 2,
	SIGNATURES_CATEGORY = 3,
	SIGNATURES_PROVIDER = 4,
	SIGNATURES_EXAMPLE_CODE = 5,
	SIGNATURES_EXAMPLE_ENHANCED = 6,
	SIGNATURES_APPLIES_TO = 7,
	SIGNATURES_RETRY = 8,
};

static const span_t retry_names[] = { SPAN_INIT("later"), SPAN_INIT("no"), SPAN_INIT("as_code") };

/* Takes the next piece off PATTERN; false at its end. */
static bool take_piece(struct cursor *pattern, span_t *ret)
{
	if (cursor_at_end(pattern))
		return false;
	if (!cursor_until_char(pattern, '*', ret)) {
		*ret = cursor_rest(pattern);
		pattern->p = pattern->end;
	}
	return true;
}

static unsigned count_letters(span_t pattern)
{
	struct cursor c = cursor_over(pattern);
	unsigned n = 0;
	span_t piece;

	while (take_piece(&c, &piece))
		n += (unsigned)piece.len;
	return n;
}

static const char *check_pattern(span_t pattern)
{
	struct cursor c = cursor_over(pattern);
	unsigned n = 0;
	span_t piece;

	for (size_t i = 0; i < pattern.len; i++)
		if (pattern.ptr[i] >= 'A' && pattern.ptr[i] <= 'Z')
			return "the pattern has an upper-case letter";
	if (count_letters(pattern) < SIGNATURE_LETTERS_MIN)
		return "the pattern is shorter than 3 letters";
	if (span_ends(pattern, SPAN("*")))
		return "the pattern begins or ends with * or has ** in it";
	while (take_piece(&c, &piece)) {
		if (piece.len == 0)
			return "the pattern begins or ends with * or has ** in it";
		if (piece.len > SIGNATURE_PIECE_MAX)
			return "a part of the pattern is longer than 63 letters";
		if (++n > SIGNATURE_PIECES_MAX)
			return "the pattern has more than 8 parts";
	}
	return NULL;
}

/* `any`, or three digits of which each may be an x. Only failures are looked at. */
static bool is_applies_to(span_t s)
{
	if (span_eq(s, SPAN("any")))
		return true;
	if (s.len != 3 || (s.ptr[0] != '4' && s.ptr[0] != '5' && s.ptr[0] != 'x'))
		return false;
	return (s.ptr[1] == 'x' || char_is_digit(s.ptr[1])) &&
	       (s.ptr[2] == 'x' || char_is_digit(s.ptr[2]));
}

/* Both may be absent. */
static bool read_example(const span_t *f, struct smtpreply_signature *s)
{
	struct cursor c = cursor_over(f[SIGNATURES_EXAMPLE_CODE]);
	span_t enhanced = f[SIGNATURES_EXAMPLE_ENHANCED];
	uint64_t code = 0;

	if (!cursor_at_end(&c) &&
	    (!cursor_number(&c, 3, &code) || !cursor_at_end(&c) || code < 400 || code > 599))
		return false;
	s->example_code = (uint16_t)code;
	return enhanced.len == 0 ||
	       smtpreply_enhanced_parse(enhanced, &s->example_enhanced) == enhanced.len;
}

const char *signature_read(const span_t *field, void *ret)
{
	struct smtpreply_signature *s = ret;
	span_t tier = field[SIGNATURES_TIER];
	unsigned category = field_find(smtpreply_category_names, _SMTPREPLY_CATEGORY_MAX,
				       field[SIGNATURES_CATEGORY]);

	*s = (struct smtpreply_signature){
		.id = field[SIGNATURES_ID],
		.tier = tier.len == 1 ? (unsigned)(tier.ptr[0] - '0') : 0,
		.pattern = field[SIGNATURES_PATTERN],
		.category = (enum smtpreply_category)category,
		.provider = field[SIGNATURES_PROVIDER],
		.applies_to = field[SIGNATURES_APPLIES_TO],
		.retry = field[SIGNATURES_RETRY],
	};
	if (!field_is_label(s->id))
		return "the id is not made of a-z, 0-9 and _";
	if (s->tier < 1 || s->tier > 4)
		return "the tier is not 1 to 4";
	if (category == SMTPREPLY_CATEGORY_OK || category == _SMTPREPLY_CATEGORY_MAX)
		return "the category is not one that a failure can have";
	if (!is_applies_to(s->applies_to))
		return "applies_to is neither `any` nor a code beginning with 4, 5 or x";
	if (field_find(retry_names, ARRAY_SIZE(retry_names), s->retry) == ARRAY_SIZE(retry_names))
		return "retry is not later, no or as_code";
	if (!read_example(field, s))
		return "the example is not a code from 400 to 599 with an enhanced code";
	return check_pattern(s->pattern);
}

bool signature_same(const void *a, const void *b)
{
	const struct smtpreply_signature *x = a, *y = b;

	return span_eq(x->id, y->id);
}

/* taxonomy.md section 3: tiers in turn; in 1 to 3 the longest, then the first; in 4 the first. */
static int compare_rank(const void *a, const void *b)
{
	const struct smtpreply_signature *x = ((const struct ranked *)a)->signature;
	const struct smtpreply_signature *y = ((const struct ranked *)b)->signature;
	unsigned x_letters = count_letters(x->pattern), y_letters = count_letters(y->pattern);

	if (x->tier != y->tier)
		return x->tier < y->tier ? -1 : 1;
	if (x->tier < 4 && x_letters != y_letters)
		return x_letters > y_letters ? -1 : 1;
	return x < y ? -1 : 1;
}

static void rank(struct signatures *s, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct ranked *r = &s->ranked[s->n_ranked++];

		r->signature = rows_at(rows, i);
		memcpy(r->applies_to, "xxx", 3);
		if (!span_eq(r->signature->applies_to, SPAN("any")))
			memcpy(r->applies_to, r->signature->applies_to.ptr, 3);
	}
	qsort(s->ranked, s->n_ranked, sizeof(*s->ranked), compare_rank);
}

/* Adds the pieces of the signature of rank R to the words. Returns how many there are. */
static size_t add_pieces(struct signatures *s, uint16_t r, span_t *words, struct piece *pieces)
{
	span_t pattern = s->ranked[r].signature->pattern;
	struct cursor c = cursor_over(pattern);
	bool parted = span_find_char(pattern, '*') >= 0;
	uint8_t n = 0;

	while (n < SIGNATURE_PIECES_MAX && take_piece(&c, &words[n])) {
		pieces[n] = (struct piece){
			.rank = r,
			.parted = parted ? s->n_parted : SIGNATURE_NONE,
			.number = n,
			.length = (uint8_t)words[n].len,
			.last = cursor_at_end(&c),
			.whole_start = n == 0 && char_is_alnum(words[n].ptr[0]),
		};
		n++;
	}
	s->n_parted = (uint16_t)(s->n_parted + parted);
	return n;
}

static size_t count_pieces(const struct rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct smtpreply_signature *s = rows_at(rows, i);
		struct cursor c = cursor_over(s->pattern);
		span_t piece;

		while (take_piece(&c, &piece))
			n++;
	}
	return n;
}

int signatures_init(struct signatures *s, const struct rows *rows)
{
	size_t n = 0, max = count_pieces(rows);
	span_t *words = calloc(max + 1, sizeof(*words));
	int r = -ENOMEM;

	*s = (struct signatures){ .n_ranked = 0 };
	s->pieces = calloc(max + 1, sizeof(*s->pieces));
	s->ranked = calloc(rows->n + 1, sizeof(*s->ranked));
	if (words && s->pieces && s->ranked && rows->n < SIGNATURE_NONE) {
		rank(s, rows);
		for (uint16_t i = 0; i < s->n_ranked; i++)
			n += add_pieces(s, i, &words[n], &s->pieces[n]);
		r = s->n_parted > SIGNATURES_PARTED_MAX ? -E2BIG
							: automaton_init(&s->automaton, words, n);
	}
	free(words);
	return r;
}

void signatures_done(struct signatures *s)
{
	automaton_done(&s->automaton);
	free(s->pieces);
	free(s->ranked);
	*s = (struct signatures){ .n_ranked = 0 };
}
