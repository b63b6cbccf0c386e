/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_SIGNATURE_H
#define SMTPREPLY_SIGNATURE_H

/*
 * The wordings of reply-signatures.tsv, made ready for one pass over a text. A pattern's pieces, which
 * `*` parts, are words of an automaton; what a word is part of is looked up when it ends.
 */

#include "smtpreply/automaton.h"
#include "smtpreply/table.h"

#define SIGNATURE_PIECE_MAX 63u /* letters: the boundary in front is kept in a word of 64 bits */
#define SIGNATURE_PIECES_MAX 8u /* in one pattern */
#define SIGNATURES_PARTED_MAX                                                                      \
	256u /* patterns with more than one piece: their state is on the stack */
#define SIGNATURE_LETTERS_MIN 3u /* a slip of a letter or two would match everything */

#define SIGNATURE_NONE UINT16_MAX

/* A word of the automaton. */
struct piece {
	uint16_t rank; /* of its signature: the lowest that matches wins */
	uint16_t
		parted; /* which of the patterns in pieces; SIGNATURE_NONE if it is the only piece */
	uint8_t number; /* among the pieces */
	uint8_t length;
	bool last;
	bool whole_start; /* no letter or digit may stand in front */
};

/* By rank: what is needed once a pattern is complete. */
struct ranked {
	const struct smtpreply_signature *signature;
	char applies_to[3]; /* digits, or 'x' for any */
};

struct signatures {
	struct automaton automaton;
	struct piece *pieces; /* by word of the automaton */
	struct ranked *ranked;
	uint16_t n_ranked;
	uint16_t n_parted;
};

const char *signature_read(const span_t *field, void *ret);
bool signature_same(const void *a, const void *b);

/*
 * Makes the automaton of ROWS of struct smtpreply_signature, which must outlive it. Returns 0, -ENOMEM,
 * or -E2BIG if there are too many. The caller calls signatures_done() in every case.
 */
int signatures_init(struct signatures *s, const struct rows *rows);
void signatures_done(struct signatures *s);

#endif
