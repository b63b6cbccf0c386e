/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

/*
 * A dialect knows how one mail server writes its log. Adding one is a source file with a
 * `struct dialect`, a case file and its name in meson.build (CONTRIBUTING.md walks through it).
 */

#include "dialect/event.h"
#include "source/record.h"

/* How sure an identifier is a dialect's. */
enum claim {
	CLAIM_NO,
	CLAIM_BY_UNIT, /* only together with one of the dialect's units or executables */
	CLAIM_YES,
};

/* What a dialect made of an entry that is its own. */
enum verdict {
	VERDICT_UNDERSTOOD, /* whatever there was to count is in the events, which may be none */
	VERDICT_AMBIGUOUS,  /* hostile: what is real in it cannot be told; no event counts */
	VERDICT_UNKNOWN, /* a shape that the dialect does not know; what it did know is in the events */
};

/* A reply that this server never prints but is documented to give. Shown as 0 from the start. */
struct dialect_implied {
	enum side side;
	uint16_t code; /* or its first digit, where only the class is known */
};

struct dialect {
	const char *name;	  /* label value of `mta` */
	const char *const *users; /* system users it runs as, besides root; NULL-terminated */
	const char *const *units; /* its units as fnmatch(3) patterns; NULL-terminated */
	const char *const *exes;  /* parts of the path of its executables; NULL-terminated */
	const struct dialect_implied *implied; /* ends with code 0; may be NULL */

	/* Whether IDENTIFIER may be its. Called for every entry of the journal, so it must be quick. */
	enum claim (*claims)(span_t identifier);

	/*
	 * Reads RECORD, which is the dialect's, and appends what it says to EVENTS. Reads no byte
	 * outside the record, allocates nothing, keeps no state, and is linear in the length.
	 */
	enum verdict (*parse)(const struct record *record, struct events *events);
};

/* All dialects, in the order of their names; the index is the `mta` of everything that is counted. */
extern const struct dialect *const dialects[];
extern const unsigned dialects_n;

/* Whether UNIT is one of the dialect's. */
bool dialect_in_unit(const struct dialect *dialect, span_t unit);

/* Index of dialects[] for an entry, or -1 if it is no known mail server's. */
int dialect_find(const struct record *record);

/* Whether any dialect might claim IDENTIFIER: a source need not read the rest of other entries. */
bool dialect_wants(span_t identifier);

#endif
