/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_CASE_FILE_H
#define UNIT_CASE_FILE_H

/*
 * Reads a case file (tests/data/NAME.cases; CONTRIBUTING.md describes the format) entry by entry. The
 * runner that compares expectations is cases.c; others only want the log lines.
 */

#include <stdio.h>

#include "source/record.h"

#define CASE_TEXT_MAX 65536u
#define CASE_EXPECTED_MAX 16384u

struct case_file {
	FILE *file;
	unsigned line;
	struct record record; /* of the entry read last; valid until the next one */
	unsigned replies;     /* replies that the case expects to be counted, once it has ended */
	unsigned case_line;   /* where the case began */
	unsigned bad_line; /* the first that is neither comment, field nor expectation; 0: none */
	char name[256];	   /* the case's comment */
	char expected[CASE_EXPECTED_MAX]; /* its lines without "= ", once it has ended */

	char *text;
	size_t size;
	char identifier[1024], unit[1024], exe[1024], message[CASE_TEXT_MAX];
};

/*
 * The end of an entry is its MESSAGE; a case is one or more entries and what is expected of them
 * all.
 */
enum case_item { CASE_FILE_END, CASE_ENTRY, CASE_END };

/* Returns whether the file could be opened. */
bool case_file_open(struct case_file *f, const char *path);
void case_file_close(struct case_file *f);

enum case_item case_file_next(struct case_file *f);

#endif
