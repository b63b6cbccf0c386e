/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Construction in three steps: a trie of the words in the rows of NEXT; then, breadth first, the state
 * to fall back to, of which every missing transition is copied; then the words of each state, which are
 * its own and those of its fallback.
 */

#include "smtpreply/automaton.h"

#include <errno.h>
#include <stdlib.h>

#include "util/macros.h"

/* What only the construction needs. A link to a list is an index + 1; 0 ends it. */
struct builder {
	struct automaton *a;
	unsigned n_states;
	uint16_t *fallback;
	uint16_t *order;  /* states, breadth first */
	uint16_t *own;	  /* by state: its first word + 1 */
	uint16_t *same;	  /* by word: the next word of the same state + 1 */
	uint32_t *n_hits; /* by state, the fallback's included */
};

/* Classes are numbered as their bytes occur. Returns how many there are. */
static unsigned number_classes(struct automaton *a, const span_t *words, size_t n)
{
	unsigned classes = 1;

	for (size_t w = 0; w < n; w++) {
		for (size_t i = 0; i < words[w].len; i++) {
			unsigned char byte = (unsigned char)words[w].ptr[i];

			if (!a->class[byte])
				a->class[byte] = (uint8_t)classes++;
		}
	}
	for (unsigned char upper = 'A'; upper <= 'Z'; upper++)
		a->class[upper] = a->class[upper - 'A' + 'a'];
	return classes;
}

static size_t row(const struct automaton *a, unsigned state)
{
	return (size_t)state << a->shift;
}

static int allocate(struct builder *b, size_t states, size_t words)
{
	struct automaton *a = b->a;

	a->next = calloc(states << a->shift, sizeof(*a->next));
	a->first_hit = calloc(states + 1, sizeof(*a->first_hit));
	b->fallback = calloc(states, sizeof(*b->fallback));
	b->order = calloc(states, sizeof(*b->order));
	b->own = calloc(states, sizeof(*b->own));
	b->same = calloc(words, sizeof(*b->same));
	b->n_hits = calloc(states, sizeof(*b->n_hits));
	return a->next && a->first_hit && b->fallback && b->order && b->own && b->same && b->n_hits
		       ? 0
		       : -ENOMEM;
}

static void add_word(struct builder *b, span_t word, uint16_t number)
{
	struct automaton *a = b->a;
	unsigned state = 0;

	for (size_t i = 0; i < word.len; i++) {
		uint16_t *next = &a->next[row(a, state) + a->class[(unsigned char)word.ptr[i]]];

		if (!*next)
			*next = (uint16_t)b->n_states++;
		state = *next;
	}
	b->same[number] = b->own[state];
	b->own[state] = (uint16_t)(number + 1);
}

/* A state's fallback is nearer to the root, so its row is complete when it is copied. */
static void link_states(struct builder *b)
{
	struct automaton *a = b->a;
	size_t classes = (size_t)1 << a->shift, found = 1;

	for (size_t done = 0; done < found; done++) {
		unsigned state = b->order[done], fallback = b->fallback[state];

		for (size_t c = 0; c < classes; c++) {
			uint16_t *next = &a->next[row(a, state) + c];
			uint16_t other = state ? a->next[row(a, fallback) + c] : 0;

			if (*next) {
				b->fallback[*next] = other;
				b->order[found++] = *next;
			} else {
				*next = other;
			}
		}
	}
}

static int collect_hits(struct builder *b)
{
	struct automaton *a = b->a;
	uint32_t total = 0;

	for (size_t i = 0; i < b->n_states; i++) {
		unsigned state = b->order[i];

		b->n_hits[state] = state ? b->n_hits[b->fallback[state]] : 0;
		for (unsigned w = b->own[state]; w; w = b->same[w - 1])
			b->n_hits[state]++;
	}
	for (size_t state = 0; state < b->n_states; state++) {
		a->first_hit[state] = total;
		total += b->n_hits[state];
	}
	a->first_hit[b->n_states] = total;

	a->hits = calloc(MAX(total, 1u), sizeof(*a->hits));
	if (!a->hits)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_states; i++) {
		unsigned state = b->order[i], fallback = b->fallback[state];
		uint16_t *hit = &a->hits[a->first_hit[state]];

		for (unsigned w = b->own[state]; w; w = b->same[w - 1])
			*hit++ = (uint16_t)(w - 1);
		if (state && b->n_hits[fallback])
			memcpy(hit, &a->hits[a->first_hit[fallback]],
			       b->n_hits[fallback] * sizeof(*hit));
	}
	return 0;
}

static void mark_hits(struct builder *b)
{
	struct automaton *a = b->a;

	for (size_t i = 0; i < row(a, b->n_states); i++)
		if (b->n_hits[a->next[i]])
			a->next[i] |= AUTOMATON_HIT;
}

static int build(struct builder *b, const span_t *words, size_t n)
{
	size_t states = 1;
	unsigned classes;
	int r;

	for (size_t w = 0; w < n; w++)
		states += words[w].len;
	if (states > AUTOMATON_STATES_MAX || n > AUTOMATON_STATES_MAX)
		return -E2BIG;
	classes = number_classes(b->a, words, n);
	while (1u << b->a->shift < classes)
		b->a->shift++;
	r = allocate(b, states, MAX(n, (size_t)1));
	if (r < 0)
		return r;

	b->n_states = 1;
	for (size_t w = n; w-- > 0;)
		add_word(b, words[w], (uint16_t)w);
	link_states(b);
	r = collect_hits(b);
	if (r == 0)
		mark_hits(b);
	return r;
}

/* Words share their beginnings: most of the memory asked for may be empty. */
static void shrink(struct automaton *a, unsigned n_states)
{
	uint16_t *next = realloc(a->next, row(a, n_states) * sizeof(*next));

	if (next)
		a->next = next;
}

int automaton_init(struct automaton *a, const span_t *words, size_t n)
{
	struct builder b = { .a = a };
	int r;

	*a = (struct automaton){ .shift = 0 };
	r = build(&b, words, n);
	if (r == 0)
		shrink(a, b.n_states);
	free(b.fallback);
	free(b.order);
	free(b.own);
	free(b.same);
	free(b.n_hits);
	return r;
}

void automaton_done(struct automaton *a)
{
	free(a->next);
	free(a->first_hit);
	free(a->hits);
	*a = (struct automaton){ .shift = 0 };
}
