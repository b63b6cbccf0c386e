/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_POSITION_H
#define SOURCE_POSITION_H

/*
 * Where in the journal reading is, in a form that outlives the open files: a cursor, taken once per
 * batch, and the set of entries delivered behind it. Wherever reading starts again, it starts at the
 * cursor and passes over the entry of the cursor and those of the set; nothing else is ever passed
 * over, so that an entry that turns up late, between the known ones, is delivered too.
 *
 * HANDLE is the open journal. Every function returns 0 or -errno where nothing else is said.
 */

#include "source/delivered.h"
#include "source/journal.h"
#include "util/buf.h"

#include <systemd/sd-id128.h>

struct sd_journal;

/* Entries of the past that JOURNAL_SINCE_BOOT and _TIME exclude, wherever the seek ended up. */
enum position_filter {
	POSITION_FILTER_NONE,
	POSITION_FILTER_BOOT,
	POSITION_FILTER_TIME,
};

struct position {
	char *cursor; /* allocated by libsystemd; NULL: start at START_USEC, 0 being the head */
	bool cursor_delivered; /* the entry of the cursor is not to be delivered (again) */
	bool landing;	       /* the next entry may be the one of the cursor */
	uint64_t start_usec;
	struct delivered delivered;

	enum position_filter filter; /* until all there is was read once */
	sd_id128_t boot;

	uint64_t last_usec; /* realtime of the last entry met */
	uint64_t leap_usec; /* how far behind it to look for a readable place */
};

void position_done(struct position *position);

/*
 * The position as one line of text without its newline, and back. position_write() returns -ENODATA
 * while nothing was met that could be found again; position_read() -EBADMSG if TEXT is no position.
 */
int position_write(const struct position *position, struct buf *out);
int position_read(struct position *position, span_t text);

/* Whether the entry of the cursor is still in the journal: 1 or 0. */
int position_exists(struct position *position, struct sd_journal *handle);

/* Gives up the cursor: reading starts behind the time of the last entry delivered. */
void position_fall_back(struct position *position);

/* Decides where to start reading at all; position_seek() goes there. */
int position_place(struct position *position, struct sd_journal *handle,
		   const struct journal_config *config);

/* Before the first entry that was not delivered yet. */
int position_seek(struct position *position, struct sd_journal *handle);

/* Whether the entry at hand is one to deliver: 1 and its *RET, or 0. */
int position_check(struct position *position, struct sd_journal *handle, struct stamp *ret);

/* The entry at hand was delivered. */
void position_advance(struct position *position, struct sd_journal *handle, struct stamp stamp);

/* All there is was read. */
void position_at_end(struct position *position, struct sd_journal *handle);

/* Nothing can be read here: seeks a later place, ever further away but not in the future. */
int position_leap(struct position *position, struct sd_journal *handle, uint64_t now_usec);

#endif
