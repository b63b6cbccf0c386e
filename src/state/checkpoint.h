/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_CHECKPOINT_H
#define STATE_CHECKPOINT_H

/*
 * The state file: the position in the source and everything that was counted up to it, as one snapshot.
 * After a crash the position and the numbers are therefore of the same moment, and what is read again
 * from there is counted exactly once.
 *
 * It is text, one record a line, keyed by names, so that another version of the program can read it:
 *
 *   smtp_reply_exporter state 1
 *   position TEXT
 *   series FAMILY HELD FIRST_SHOWN VALUE... name=value name=value
 *   collapse HASH FIRST_USEC
 *   end CHECKSUM
 *
 * TEXT is the source's own (journal_save_position()). Names and values are those of labels: closed sets
 * without blanks. No text of any log is in it.
 */

#include "count/collapse.h"
#include "metrics/registry.h"
#include "util/buf.h"

/* What is saved and restored; all of it borrowed. */
struct checkpoint {
	struct registry *registry;
	struct collapse *collapse;
	span_t position; /* one line without its newline; for checkpoint_save() only */
};

/*
 * Replaces the file at PATH: temporary file beside it, fsync, rename, fsync of the directory. Returns 0 or
 * a negative errno; then the old file is still there.
 */
int checkpoint_save(const char *path, const struct checkpoint *checkpoint);

/* The text of a state file, appended to OUT. */
void checkpoint_write(const struct checkpoint *checkpoint, struct buf *out);

/* Moves what is at PATH to PATH.unusable. Returns CHECKPOINT_E_UNUSABLE or a negative errno. */
int checkpoint_set_aside(const char *path);

/* Keeps others from the state at PATH. Returns a descriptor to hold, or -EWOULDBLOCK if one has it. */
int checkpoint_lock(const char *path);

/* Positive results of checkpoint_load(). */
#define CHECKPOINT_E_NONE 1	/* there is no file */
#define CHECKPOINT_E_UNUSABLE 2 /* damaged, cut, of a later version, no file: moved aside */

struct checkpoint_file; /* a state file in memory, checked */

/*
 * Reads and checks the file at PATH; counts nothing yet. The caller frees *RET with
 * checkpoint_file_free(). Returns 0, one of the above, or a negative errno.
 */
int checkpoint_load(const char *path, struct checkpoint_file **ret);

/* The same from a text in memory, which is taken over. Returns 0, CHECKPOINT_E_UNUSABLE or -ENOMEM. */
int checkpoint_read(struct buf *text, struct checkpoint_file **ret);

/* Valid as long as FILE. */
span_t checkpoint_position(const struct checkpoint_file *file);

/*
 * Puts what FILE holds into CHECKPOINT's registry and collapse table: once the position was found again.
 * Families and label values that this program does not have are left out.
 */
void checkpoint_restore(const struct checkpoint_file *file, const struct checkpoint *checkpoint);

struct checkpoint_file *checkpoint_file_free(struct checkpoint_file *file);

#endif
