/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_CASE_FILE_H
#define UNIT_CASE_FILE_H

/*
 * Reads a case file (tests/data/NAME.cases; CONTRIBUTING.md describes the format) entry by entry,
 * for programs that want its log lines. The runner of the cases themselves is cases.c.
 */

#include <stdio.h>

#include "source/record.h"

#define CASE_TEXT_MAX 65536u

struct case_file {
	FILE *file;
	unsigned line;
	struct record record; /* of the entry read last; valid until the next one */
	unsigned replies;     /* replies that the case expects to be counted, once it has ended */

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
