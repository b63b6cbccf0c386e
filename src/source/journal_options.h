/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_JOURNAL_OPTIONS_H
#define SOURCE_JOURNAL_OPTIONS_H

/* Which journal to read, as a command line says it: the values of --journal.* of every program. */

#include "source/journal.h"
#include "util/option_table.h"

#define JOURNAL_OPTIONS_FILES_MAX 64u
#define JOURNAL_OPTIONS_CONTAINERS_MAX 32u

/* All strings belong to argv. */
struct journal_options {
	const char *directory;				  /* NULL: the system's journal */
	const char *files[JOURNAL_OPTIONS_FILES_MAX + 1]; /* NULL-terminated */
	unsigned n_files;
	const char *name_space;					    /* NULL: the default one */
	const char *containers[JOURNAL_OPTIONS_CONTAINERS_MAX + 1]; /* NULL-terminated */
	unsigned n_containers;
	enum journal_since since;
	uint64_t since_usec; /* realtime, for JOURNAL_SINCE_TIME */
};

/* Each takes the value of one option and returns NULL, or why it was refused. */
refusal journal_options_directory(struct journal_options *o, const char *value);
refusal journal_options_file(struct journal_options *o, const char *value);
refusal journal_options_namespace(struct journal_options *o, const char *value);
refusal journal_options_container(struct journal_options *o, const char *value);
refusal journal_options_since(struct journal_options *o, const char *value);

/* Whether at most one of directory, files and namespace was given. */
bool journal_options_agree(const struct journal_options *o);

/* For people: what is read. */
const char *journal_options_name(const struct journal_options *o);

/* The configuration of a reader; it borrows what O holds. */
struct journal_config journal_options_config(const struct journal_options *o,
					     bool (*wanted)(span_t identifier));

#endif
