/* SPDX-License-Identifier: Apache-2.0 */
#include "source/position.h"

#include "util/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

void position_done(struct position *p)
{
	free(p->cursor);
	p->cursor = NULL;
}

static int get_stamp(sd_journal *handle, struct stamp *ret, sd_id128_t *ret_boot)
{
	int r = sd_journal_get_realtime_usec(handle, &ret->realtime_usec);

	return r < 0 ? r : sd_journal_get_monotonic_usec(handle, &ret->monotonic_usec, ret_boot);
}

/* At the entry at hand. */
static int take_cursor(struct position *p, sd_journal *handle, bool delivered)
{
	char *cursor;
	int r = sd_journal_get_cursor(handle, &cursor);

	if (r < 0)
		return r;
	free(p->cursor);
	p->cursor = cursor;
	p->cursor_delivered = delivered;
	return 0;
}

/* Start */

/*
 * The newest entry. 0 if there is none. seek_tail followed by next would give one old entry per file
 * (systemd#9934).
 */
static int step_to_newest(sd_journal *handle)
{
	int r = sd_journal_seek_tail(handle);

	return r < 0 ? r : sd_journal_previous(handle);
}

/* In an empty journal the head is the place: whatever is there later is new. */
static int place_behind_newest(struct position *p, sd_journal *handle)
{
	struct stamp stamp;
	sd_id128_t boot;
	int r = step_to_newest(handle);

	if (r <= 0)
		return r;
	r = get_stamp(handle, &stamp, &boot);
	if (r >= 0)
		r = take_cursor(p, handle, true);
	if (r >= 0)
		delivered_start(&p->delivered, stamp);
	return r;
}

/* Looks for the first entry of the boot; without one the filter alone has to do. */
static int find_boot(struct position *p, sd_journal *handle)
{
	char match[sizeof("_BOOT_ID=") + SD_ID128_STRING_MAX] = "_BOOT_ID=";
	int r;

	(void)sd_id128_to_string(p->boot, match + strlen(match));
	r = sd_journal_add_match(handle, match, 0);
	if (r >= 0)
		r = sd_journal_seek_head(handle);
	if (r >= 0)
		r = sd_journal_next(handle);
	if (r > 0)
		r = take_cursor(p, handle, false);
	sd_journal_flush_matches(handle);
	return r;
}

/* Not by a seek to boot and time: in files without the boot that goes to the head. */
static int place_at_boot(struct position *p, sd_journal *handle)
{
	struct stamp stamp;
	int r = step_to_newest(handle);

	if (r <= 0)
		return r;
	r = get_stamp(handle, &stamp, &p->boot);
	if (r < 0)
		return r;
	p->filter = POSITION_FILTER_BOOT;
	return find_boot(p, handle);
}

int position_place(struct position *p, sd_journal *handle, const struct journal_config *config)
{
	int r = 0;

	position_done(p); /* what an attempt that failed left */
	switch (config->since) {
	case JOURNAL_SINCE_NOW:
		r = place_behind_newest(p, handle);
		break;
	case JOURNAL_SINCE_BOOT:
		r = place_at_boot(p, handle);
		break;
	case JOURNAL_SINCE_TIME:
		p->start_usec = config->since_usec;
		p->filter = POSITION_FILTER_TIME;
		break;
	case JOURNAL_SINCE_ALL:
		break;
	}
	return r < 0 ? r : 0;
}

/* Text */

static void write_stamp(struct buf *out, struct stamp stamp)
{
	buf_add_char(out, ' ');
	buf_add_u64(out, stamp.realtime_usec);
	buf_add_char(out, ' ');
	buf_add_u64(out, stamp.monotonic_usec);
}

/* `CURSOR DELIVERED N_CURSOR STAMP STAMP...`: the stamp of the cursor, then those delivered behind it. */
int position_write(const struct position *p, struct buf *out)
{
	const struct delivered *d = &p->delivered;

	if (!p->cursor)
		return -ENODATA;
	buf_add_str(out, p->cursor);
	buf_add_char(out, ' ');
	buf_add_u64(out, p->cursor_delivered);
	buf_add_char(out, ' ');
	buf_add_u64(out, d->n_cursor);
	write_stamp(out, d->cursor);
	for (unsigned i = 0; i < d->n; i++)
		write_stamp(out, d->stamps[i]);
	return 0;
}

static bool read_number(struct cursor *c, uint64_t *ret)
{
	return cursor_take(c, ' ') && cursor_number(c, 18, ret);
}

static bool read_stamp(struct cursor *c, struct stamp *ret)
{
	return read_number(c, &ret->realtime_usec) && read_number(c, &ret->monotonic_usec);
}

int position_read(struct position *p, span_t text)
{
	struct cursor c = cursor_over(text);
	uint64_t delivered, n_cursor;
	struct stamp stamp;
	span_t cursor;

	if (!cursor_until_char(&c, ' ', &cursor) || cursor.len == 0)
		return -EBADMSG;
	c.p--;
	if (!read_number(&c, &delivered) || !read_number(&c, &n_cursor) || !read_stamp(&c, &stamp))
		return -EBADMSG;
	position_done(p);
	p->cursor = strndup(cursor.ptr, cursor.len);
	if (!p->cursor)
		return -ENOMEM;
	p->cursor_delivered = delivered != 0;
	delivered_start(&p->delivered, stamp);
	p->delivered.n_cursor = (unsigned)n_cursor;
	p->last_usec = stamp.realtime_usec;
	while (read_stamp(&c, &stamp) && !delivered_is_full(&p->delivered)) {
		delivered_add(&p->delivered, stamp);
		p->last_usec = stamp.realtime_usec;
	}
	return cursor_at_end(&c) ? 0 : -EBADMSG;
}

int position_exists(struct position *p, sd_journal *handle)
{
	int r = sd_journal_seek_cursor(handle, p->cursor);

	/* A cursor that no file can seek is as gone as one without its entry. */
	if (r >= 0)
		r = sd_journal_next(handle);
	if (r > 0)
		r = sd_journal_test_cursor(handle, p->cursor);
	return r > 0;
}

void position_fall_back(struct position *p)
{
	position_done(p);
	p->delivered = (struct delivered){ .n = 0 };
	p->start_usec = p->last_usec;
	p->filter = POSITION_FILTER_TIME;
}

/* Seeking */

int position_seek(struct position *p, sd_journal *handle)
{
	delivered_rewind(&p->delivered);
	p->landing = p->cursor != NULL;
	if (p->cursor)
		return sd_journal_seek_cursor(handle, p->cursor);
	if (p->start_usec > 0)
		return sd_journal_seek_realtime_usec(handle, p->start_usec);
	return sd_journal_seek_head(handle);
}

int position_leap(struct position *p, sd_journal *handle, uint64_t now_usec)
{
	uint64_t until_usec;
	int r;

	if (p->last_usec == 0) {
		r = sd_journal_get_cutoff_realtime_usec(handle, &p->last_usec, &until_usec);
		if (r < 0)
			return r;
	}
	p->leap_usec = p->leap_usec > 0 ? 4 * p->leap_usec : 1;
	if (p->last_usec < now_usec && p->leap_usec < now_usec - p->last_usec) {
		p->landing = false;
		return sd_journal_seek_realtime_usec(handle, p->last_usec + p->leap_usec);
	}
	p->leap_usec = 0;
	r = place_behind_newest(p, handle);
	return r < 0 ? r : position_seek(p, handle);
}

/* Entries */

/* The first entry after a seek: 1 if it is the one of the cursor, which was delivered. */
static int land(struct position *p, sd_journal *handle)
{
	/* Of use only after next (systemd#30331), and the entry may be gone (systemd#30288). */
	int r = sd_journal_test_cursor(handle, p->cursor);

	if (r < 0)
		return r;
	p->landing = false;
	if (r == 0 && p->cursor_delivered)
		delivered_expect_copy(&p->delivered);
	return r > 0 && p->cursor_delivered;
}

static bool is_filtered(const struct position *p, struct stamp stamp, sd_id128_t boot)
{
	switch (p->filter) {
	case POSITION_FILTER_BOOT:
		return !sd_id128_equal(boot, p->boot);
	case POSITION_FILTER_TIME:
		return stamp.realtime_usec < p->start_usec;
	case POSITION_FILTER_NONE:
		break;
	}
	return false;
}

int position_check(struct position *p, sd_journal *handle, struct stamp *ret)
{
	sd_id128_t boot;
	int r;

	if (p->landing) {
		r = land(p, handle);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	r = get_stamp(handle, ret, &boot);
	if (r < 0)
		return r;
	p->last_usec = ret->realtime_usec;
	return !delivered_meet(&p->delivered, *ret) && !is_filtered(p, *ret, boot);
}

void position_advance(struct position *p, sd_journal *handle, struct stamp stamp)
{
	p->leap_usec = 0;
	delivered_add(&p->delivered, stamp);
	if (delivered_is_full(&p->delivered) && take_cursor(p, handle, true) == 0)
		delivered_at_cursor(&p->delivered);
}

void position_at_end(struct position *p, sd_journal *handle)
{
	const struct delivered *d = &p->delivered;

	p->filter = POSITION_FILTER_NONE;
	/* Not while the entry at hand is another than the last one delivered. */
	if (d->n == 0 || d->n_expected > 0 || p->last_usec != d->last.realtime_usec)
		return;
	/* Fails if the entry's file was given back since; then the set stays. */
	if (take_cursor(p, handle, true) == 0)
		delivered_at_cursor(&p->delivered);
}
