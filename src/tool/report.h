/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

/* What a journal holds, in the order in which it is shown; the numbers are those of the exporter. */

#include "tool/counter.h"
#include "util/buf.h"

/* Where the counts of replies are told apart. */
enum section {
	SECTION_CLIENT_REMOTE,
	SECTION_CLIENT_LOCAL,
	SECTION_SERVER,
	_SECTION_MAX,
};

/* Replies with one code, or, of these, those with one reason. */
struct row {
	enum section section;
	unsigned
		slot; /* of the label `code`: ascending codes, then those without a row, by class */
	span_t class, code, meaning;
	span_t reason; /* empty: the row of the code itself, which stands before its reasons */
	uint64_t count;
};

/* A name and a number; the number may be 0. */
struct amount {
	span_t name;
	uint64_t count;
};

struct report {
	struct row *rows; /* sorted; only what occurred */
	unsigned n_rows;
	uint64_t replies[_SECTION_MAX];

	struct amount deliveries[_HOP_MAX][_STATUS_MAX];
	struct amount failures[_CAUSE_MAX];
	struct amount entries[_OUTCOME_MAX];
	uint64_t transactions, n_entries;
	uint64_t first_usec, last_usec; /* realtime; without entries 0 */
};

/* Reads the numbers of COUNTER. Returns 0 or -ENOMEM; report_done() is to be called in any case. */
int report_init(struct report *report, const struct counter *counter);
void report_done(struct report *report);

/* Appends the report to OUT: for people, as a terminal of that kind shows it, or as one JSON object. */
struct terminal;
void report_text(const struct report *report, const struct terminal *terminal, struct buf *out);
void report_json(const struct report *report, struct buf *out);

#endif
