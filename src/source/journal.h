/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_JOURNAL_H
#define SOURCE_JOURNAL_H

/*
 * Reads a systemd journal entry by entry and survives what happens to journal files: rotation, vacuum,
 * corruption, truncation under the reader, missing permissions. One thread, one reader.
 *
 * Life: journal_new() keeps the configuration, journal_open() opens the files and places the reader.
 * When open or next fail, the caller tries journal_open() again later (JOURNAL_RETRY_USEC); the reader
 * then continues behind the last entry it delivered, and loses none that still exists.
 */

#include "source/record.h"
#include "util/buf.h"
#include "util/macros.h"

struct journal;

#define JOURNAL_RETRY_USEC (30 * USEC_PER_SEC)
/* Longer messages are cut here; no mail server writes lines over 10 KiB (journald limits at 48 KiB). */
#define JOURNAL_MESSAGE_MAX ((size_t)16 * 1024)

enum journal_since {
	JOURNAL_SINCE_NOW, /* entries written after the first journal_open(), even if that failed */
	JOURNAL_SINCE_BOOT, /* entries of the boot that wrote the newest entry */
	JOURNAL_SINCE_ALL,
	JOURNAL_SINCE_TIME, /* entries received at or after SINCE_USEC */
};

/*
 * Which files are read. FILES goes before DIRECTORY, DIRECTORY before the default journal.
 *
 * Default journal: /run/log/journal and /var/log/journal, there only the files of this machine and of
 * NAME_SPACE (SD_JOURNAL_LOCAL_ONLY); those of containers and of other machines are left out, those
 * of services and of users are read.
 * DIRECTORY: every journal file in it and in directories below it that are named by a machine's id,
 * whichever machine or namespace wrote it. The operator chose it.
 */
struct journal_config {
	const char *directory;
	const char *const *files; /* NULL-terminated; these are read once, and not followed */
	const char *name_space;	  /* NULL: the default namespace (journald's LogNamespace=) */
	/*
	 * Containers whose relayed lines are taken apart and believed, by CONTAINER_NAME; NULL-terminated;
	 * NULL: none.
	 */
	const char *const *containers;
	enum journal_since since; /* where to start the first time */
	uint64_t since_usec;	  /* realtime, for JOURNAL_SINCE_TIME */

	/*
	 * Called with SYSLOG_IDENTIFIER. If false, the rest of the entry is not read: the record has
	 * identifier and realtime only, and nobody looks at more.
	 */
	bool (*wanted)(span_t identifier);
};

/* Counted since journal_new(). */
struct journal_stats {
	uint64_t reopens; /* the files were closed and opened again at the last good position */
	/*
	 * Failed reads and opens, SIGBUS included. An entry that cannot be read is passed over and
	 * counts at least twice. Damage that libsystemd skips by itself, and it does so without a word
	 * when a file cannot be read on, is not in here.
	 */
	uint64_t errors;
};

/*
 * Strings of CONFIG are borrowed and must outlive the reader. Installs a process-wide handler for
 * SIGBUS (source/sigbus.h). Returns 0 or -errno (-ENOMEM, -EMFILE).
 */
int journal_new(struct journal **ret, const struct journal_config *config);
struct journal *journal_free(struct journal *journal);

/*
 * Opens, or opens again behind the last entry delivered. Returns 0; -EACCES if files exist but none
 * can be read, or none of those of system services (group systemd-journal is missing); -ENOENT if
 * there is no such directory or file, or no file of the default journal; -EBADMSG if there are files
 * but all are damaged or too new; another -errno otherwise.
 *
 * A DIRECTORY that exists but holds no journal file is no error: files that appear are read.
 */
int journal_open(struct journal *journal);

/*
 * A position outlives the process. journal_save_position() appends where reading is to OUT, as one line
 * without its newline; it returns 0, or -ENODATA while there is none. journal_set_position() takes such
 * a text back, before the first journal_open(); it returns 0, -EBADMSG or -ENOMEM.
 */
int journal_save_position(const struct journal *journal, struct buf *out);
int journal_set_position(struct journal *journal, span_t text);

/* What the first successful journal_open() made of a position that was set. */
enum journal_start {
	JOURNAL_START_FRESH,   /* there was none: as the configuration says */
	JOURNAL_START_RESUMED, /* every entry from here on is one that was not delivered yet */
	JOURNAL_START_LOST,    /* its entry is gone: as near to it as can be, or as configured */
};
enum journal_start journal_start(const struct journal *journal);

/*
 * Reads the next entry. Returns 1 and fills *RET; 0 if there is none now, which means wait, not the end;
 * a negative errno if the files cannot be read any more even after reopening: then the journal is
 * closed, and journal_open() is to be called again later. Allocates nothing per entry.
 */
int journal_next(struct journal *journal, struct record *ret);

/*
 * Descriptor to poll, or -1 where there is none (single files): nothing new can come. It stays the
 * same from journal_new() to journal_free(), whatever is closed and opened in between.
 */
int journal_fd(struct journal *journal);
int journal_poll_events(struct journal *journal);
/* When to call journal_process() at the latest, CLOCK_MONOTONIC; UINT64_MAX: never (no NFS). */
uint64_t journal_timeout_usec(struct journal *journal);
/* Call after the descriptor or the timeout fired, before journal_next(). Returns 0 or -errno. */
int journal_process(struct journal *journal);

/*
 * When the first and the last entry of the open files were written. Returns 1; 0 if there is none; or a
 * negative errno.
 */
int journal_range(struct journal *journal, uint64_t *ret_first_usec, uint64_t *ret_last_usec);

struct journal_stats journal_stats(const struct journal *journal);

/*
 * The text to show to the operator for an error of journal_open() or journal_next(): what is wrong and
 * what to do. Static memory.
 */
const char *journal_strerror(int error);

#endif
