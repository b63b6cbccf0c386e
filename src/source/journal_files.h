/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_JOURNAL_FILES_H
#define SOURCE_JOURNAL_FILES_H

/*
 * Looks for journal files by name. libsystemd passes over files that it may not read without a word,
 * so somebody else has to tell "there is nothing" from "you may not see it".
 */

#include <stdbool.h>

/* Where libsystemd looks for the default journal, one bit each. */
#define JOURNAL_ROOT_RUNTIME 1U	   /* /run/log/journal */
#define JOURNAL_ROOT_PERSISTENT 2U /* /var/log/journal */

/* Which of them exist. libsystemd watches only those that existed when it opened the journal. */
unsigned journal_files_roots(void);

/*
 * DIRECTORY, or if NULL the default journal of this machine in namespace NAME_SPACE (NULL: none).
 * Returns the number of readable journal files, capped at INT_MAX; -ENOENT if there are no journal
 * files; -EACCES if none can be read, or none of those that hold what daemons log (system*.journal).
 */
int journal_files_check(const char *directory, const char *name_space);

#endif
