/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_OPTION_TABLE_H
#define UTIL_OPTION_TABLE_H

/*
 * A program's long options as one table, from which getopt_long(3), --help and the complaints are made.
 * Every flag `--x` has its opposite `--no-x`; the manners are those of Prometheus' exporters.
 */

#include <stddef.h>

/* What a program keeps of its options; each defines it for itself, the table only passes it on. */
struct options;

/* Why a value was refused, for the operator; NULL if it was taken. */
typedef const char *refusal;

struct option_row {
	const char *name;
	const char *argument; /* NULL: a flag, which --no-NAME takes back */
	const char *fallback; /* what holds without it, for --help; may be NULL */
	const char *help;

	/* VALUE is "" for a flag and NULL for its opposite. NULL instead: `version`, or else --help. */
	refusal (*take)(struct options *o, const char *value);
};

/* More rows than any program has. */
#define OPTION_ROWS_MAX 64u

struct option_table {
	const char *program; /* what complaints begin with */
	const char *usage;   /* the head of --help, with its newlines */
	const char *version; /* a line with its newline; NULL without a row `version` */
	const struct option_row *rows;
	size_t n_rows;

	/* How many words may stand behind the options, and how many must; what is missing, if any. */
	int min_words, max_words;
	const char *words_hint;
};

/* A positive result of option_table_parse(): a question was answered on standard output. */
#define OPTION_TABLE_E_ANSWERED 1

/*
 * Hands each option of ARGV to its row. Returns 0, and then the words are those from optind on;
 * OPTION_TABLE_E_ANSWERED; or -EINVAL after it has said on standard error, in one line, what is wrong
 * and what to do.
 */
int option_table_parse(const struct option_table *table, int argc, char **argv, struct options *o);

/* The line on standard error: PROGRAM: WHAT NAME: HINT. */
void option_table_complain(const struct option_table *table, const char *what, const char *name,
			   const char *hint);

#endif
