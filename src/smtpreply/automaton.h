/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_AUTOMATON_H
#define SMTPREPLY_AUTOMATON_H

/*
 * Finds many words in one pass over a text (A. V. Aho and M. J. Corasick, "Efficient string matching",
 * CACM 18, 1975), with failure links already worked into a full table: one look-up a byte, whatever the
 * text. Letters of ASCII match in either case.
 */

#include "util/span.h"

#define AUTOMATON_STATES_MAX 32768u /* the bit above says that words end in a state */

struct automaton {
	uint8_t class[256];  /* bytes that mean the same; 0: in no word */
	unsigned shift;	     /* a row of NEXT holds 1 << SHIFT classes */
	uint16_t *next;	     /* by state and class, with AUTOMATON_HIT where words end */
	uint32_t *first_hit; /* by state, one more than there are states */
	uint16_t *hits;	     /* the words that end in a state */
};

#define AUTOMATON_HIT 0x8000u

/*
 * WORDS are N non-empty words in lower case, not looked at later; the same one may occur twice. Returns
 * 0, -ENOMEM, or -E2BIG if there are more letters than states. The caller calls automaton_done() in
 * every case.
 */
int automaton_init(struct automaton *a, const span_t *words, size_t n);
void automaton_done(struct automaton *a);

/* The state after BYTE; the first STATE is 0. With AUTOMATON_HIT set words end here. */
static inline unsigned automaton_step(const struct automaton *a, unsigned state, char byte)
{
	unsigned row = (state & ~AUTOMATON_HIT) << a->shift;

	return a->next[row | a->class[(unsigned char)byte]];
}

/* The words that end in STATE, as indices of WORDS. */
static inline const uint16_t *automaton_hits(const struct automaton *a, unsigned state,
					     size_t *ret_n)
{
	const uint32_t *first = &a->first_hit[state & ~AUTOMATON_HIT];

	*ret_n = first[1] - first[0];
	return &a->hits[first[0]];
}

#endif
