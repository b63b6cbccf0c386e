/* SPDX-License-Identifier: Apache-2.0 */
#include "source/journal.h"

/*
 * The model. A position is a cursor, taken once per batch, and the set of entries delivered behind it.
 * Wherever reading starts again, it starts at the cursor and passes over the entry of the cursor and
 * those of the set; nothing else is ever passed over, so that an entry that turns up late, between the
 * known ones, is delivered too.
 *
 * Errors escalate (recover()): the same place once more, then new files, then one place further; a
 * delivered entry starts the count anew.
 */

#include "source/delivered.h"
#include "source/fields.h"
#include "source/journal_files.h"
#include "source/sigbus.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

/* Rotated files are given back, and new ones found, in sd_journal_process() only. */
#define PROCESS_INTERVAL 1024
/* Failures in a row, without an entry delivered, until the files are opened again, */
#define FAILURES_RETRY 1
/* until the place is left behind, */
#define FAILURES_REOPEN 3
/* and until the caller is told. */
#define FAILURES_MAX 64
/* An error of our own: what was read came from a file that is shorter than it was. */
#define ERROR_SIGBUS (-EFAULT)

/* Entries of the past that JOURNAL_SINCE_BOOT and _TIME exclude, wherever the seek ended up. */
enum filter {
	FILTER_NONE,
	FILTER_BOOT,
	FILTER_TIME,
};

struct journal {
	struct journal_config config;
	struct journal_stats stats;
	sd_journal *handle; /* NULL while closed */
	int epoll; /* holds the handle's descriptor, so that the caller's never changes; or -1 */
	unsigned roots;		/* JOURNAL_ROOT_* when opened; default journal only */
	unsigned n_unprocessed; /* entries passed since sd_journal_process() */

	/* Where to start reading, once PLACED. Without a cursor: at START_USEC, 0 being the head. */
	bool placed;
	char *cursor;	       /* allocated by libsystemd */
	bool cursor_delivered; /* the entry of the cursor is not to be delivered (again) */
	bool landing;	       /* the next entry may be the one of the cursor */
	uint64_t start_usec;
	struct delivered delivered;
	uint64_t last_usec; /* realtime of the last entry met */

	enum filter filter; /* until all there is was read once */
	sd_id128_t filter_boot;

	unsigned n_failures;
	bool at_entry;	    /* the failure is in an entry, so that the next one can be tried */
	uint64_t leap_usec; /* how far beyond LAST_USEC to look for a readable place */

	struct fields fields;
};

static uint64_t now_realtime_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* Life */

int journal_new(struct journal **ret, const struct journal_config *config)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return -ENOMEM;
	j->config = *config;
	j->fields.wanted = config->wanted;
	j->epoll = config->files ? -1 : epoll_create1(EPOLL_CLOEXEC);
	r = !config->files && j->epoll < 0 ? -errno : sigbus_install();
	if (r < 0) {
		if (j->epoll >= 0)
			(void)close(j->epoll);
		free(j);
		return r;
	}
	*ret = j;
	return 0;
}

static void close_handle(struct journal *j)
{
	sd_journal_close(j->handle);
	j->handle = NULL;
}

struct journal *journal_free(struct journal *j)
{
	if (!j)
		return NULL;
	close_handle(j);
	sigbus_uninstall();
	if (j->epoll >= 0)
		(void)close(j->epoll);
	free(j->cursor);
	free(j);
	return NULL;
}

/* Position */

/* The entry at hand. CURSOR_DELIVERED is for the caller to set. */
static int take_cursor(struct journal *j)
{
	char *cursor;
	int r = sd_journal_get_cursor(j->handle, &cursor);

	if (r < 0)
		return r;
	free(j->cursor);
	j->cursor = cursor;
	return 0;
}

static int seek_start(struct journal *j)
{
	return j->start_usec > 0 ? sd_journal_seek_realtime_usec(j->handle, j->start_usec)
				 : sd_journal_seek_head(j->handle);
}

/* Before the first entry that was not delivered yet. */
static int seek_position(struct journal *j)
{
	delivered_rewind(&j->delivered);
	j->landing = j->cursor != NULL;
	return j->cursor ? sd_journal_seek_cursor(j->handle, j->cursor) : seek_start(j);
}

/*
 * The newest entry. 0 if there is none. seek_tail followed by next would give one old entry per file
 * (systemd#9934).
 */
static int step_to_newest(struct journal *j)
{
	int r = sd_journal_seek_tail(j->handle);

	return r < 0 ? r : sd_journal_previous(j->handle);
}

static int place_behind_newest(struct journal *j)
{
	int r = step_to_newest(j);

	if (r > 0)
		r = take_cursor(j);
	j->cursor_delivered = true;
	return r;
}

/* Looks for the first entry of FILTER_BOOT; without one the filter alone has to do. */
static int find_boot(struct journal *j)
{
	char match[sizeof("_BOOT_ID=") + SD_ID128_STRING_MAX] = "_BOOT_ID=";
	int r;

	(void)sd_id128_to_string(j->filter_boot, match + strlen(match));
	r = sd_journal_add_match(j->handle, match, 0);
	if (r >= 0)
		r = sd_journal_seek_head(j->handle);
	if (r >= 0)
		r = sd_journal_next(j->handle);
	if (r > 0)
		r = take_cursor(j);
	sd_journal_flush_matches(j->handle);
	return r;
}

static int place_at_boot(struct journal *j)
{
	uint64_t monotonic_usec;
	int r = step_to_newest(j);

	if (r <= 0)
		return r;
	r = sd_journal_get_monotonic_usec(j->handle, &monotonic_usec, &j->filter_boot);
	if (r < 0)
		return r;
	j->filter = FILTER_BOOT;
	j->cursor_delivered = false;
	return find_boot(j);
}

/* Decides where to start reading at all; seek_position() goes there. */
static int place(struct journal *j)
{
	switch (j->config.since) {
	case JOURNAL_SINCE_NOW:
		return place_behind_newest(j);
	case JOURNAL_SINCE_BOOT:
		return place_at_boot(j);
	case JOURNAL_SINCE_TIME:
		j->start_usec = j->config.since_usec;
		j->filter = FILTER_TIME;
		return 0;
	case JOURNAL_SINCE_ALL:
		break;
	}
	return 0;
}

/* Opening */

static int open_handle(struct journal *j)
{
	const struct journal_config *config = &j->config;

	if (config->files)
		return sd_journal_open_files(&j->handle, (const char **)config->files, 0);
	if (config->directory)
		return sd_journal_open_directory(&j->handle, config->directory, 0);
	j->roots = journal_files_roots();
	return sd_journal_open_namespace(&j->handle, config->name_space, SD_JOURNAL_LOCAL_ONLY);
}

/* To be called before anything is read: files that are rotated meanwhile would stay open. */
static int watch(struct journal *j)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd;

	if (j->config.files)
		return 0;
	fd = sd_journal_get_fd(j->handle);
	if (fd < 0)
		return fd;
	/* Closing the handle takes it out again. */
	return epoll_ctl(j->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* libsystemd opens what it can and is silent about the rest. */
static int check_files(struct journal *j)
{
	uint64_t opened_bytes;
	int r;

	if (j->config.files)
		return 0;
	r = journal_files_check(j->config.directory, j->config.name_space);
	if (r == -ENOENT && j->config.directory)
		return 0;
	if (r < 0)
		return r;
	r = sd_journal_get_usage(j->handle, &opened_bytes);
	if (r < 0)
		return r;
	return opened_bytes > 0 ? 0 : -EBADMSG;
}

static int open_and_seek(struct journal *j)
{
	int r;

	close_handle(j);
	r = open_handle(j);
	if (r >= 0)
		r = watch(j);
	if (r >= 0)
		r = check_files(j);
	/* A hint for compressed fields; what follows would be cut anyway. */
	if (r >= 0)
		r = sd_journal_set_data_threshold(j->handle,
						  sizeof("MESSAGE=") + JOURNAL_MESSAGE_MAX);
	if (r >= 0 && !j->placed)
		r = place(j);
	if (r >= 0) {
		j->placed = true;
		r = seek_position(j);
	}
	return r < 0 ? r : 0;
}

/* A file can be truncated during the seeks as well; the second attempt does not see it any more. */
static int open_guarded(struct journal *j)
{
	int r = open_and_seek(j);

	if (sigbus_take()) {
		j->stats.errors++;
		r = open_and_seek(j);
	}
	if (sigbus_take())
		r = ERROR_SIGBUS;
	if (r < 0)
		close_handle(j);
	return r;
}

static int reopen(struct journal *j)
{
	j->stats.reopens++;
	return open_guarded(j);
}

int journal_open(struct journal *j)
{
	int r;

	sigbus_guard_enter();
	r = j->placed ? reopen(j) : open_guarded(j);
	sigbus_guard_leave();
	if (r == 0)
		return 0;
	j->stats.errors++;
	if (!j->placed && j->config.since == JOURNAL_SINCE_NOW) {
		/* Now is when the caller first asked, not when somebody repaired the journal. */
		j->config.since = JOURNAL_SINCE_TIME;
		j->config.since_usec = now_realtime_usec();
	}
	return r;
}

/* Reading */

/* An entry that was delivered and has to be known after a reopen. */
static void remember(struct journal *j, struct stamp stamp)
{
	if (!delivered_is_full(&j->delivered)) {
		delivered_add(&j->delivered, stamp);
	} else if (take_cursor(j) == 0) {
		j->cursor_delivered = true;
		delivered_forget(&j->delivered, stamp);
	}
}

/* All there is was delivered: nothing has to be remembered behind the last entry. */
static void remember_end(struct journal *j)
{
	j->filter = FILTER_NONE;
	/* Fails if the entry's file was given back since; then the set stays. */
	if (j->delivered.n == 0 || take_cursor(j) < 0)
		return;
	j->cursor_delivered = true;
	j->delivered.n = j->delivered.n_expected = 0;
}

static bool is_filtered(const struct journal *j, struct stamp stamp, sd_id128_t boot)
{
	switch (j->filter) {
	case FILTER_BOOT:
		return !sd_id128_equal(boot, j->filter_boot);
	case FILTER_TIME:
		return stamp.realtime_usec < j->start_usec;
	case FILTER_NONE:
		break;
	}
	return false;
}

/* Whether the entry at hand is one to deliver: 1 or 0. */
static int is_new(struct journal *j, struct stamp *ret)
{
	sd_id128_t boot;
	int r;

	if (j->landing) {
		/* Of use only after next (systemd#30331), and the entry may be gone (systemd#30288). */
		r = sd_journal_test_cursor(j->handle, j->cursor);
		if (r < 0)
			return r;
		j->landing = false;
		if (r > 0 && j->cursor_delivered)
			return 0;
	}
	r = sd_journal_get_realtime_usec(j->handle, &ret->realtime_usec);
	if (r >= 0)
		r = sd_journal_get_monotonic_usec(j->handle, &ret->monotonic_usec, &boot);
	if (r < 0)
		return r;
	j->last_usec = ret->realtime_usec;
	return !delivered_meet(&j->delivered, *ret) && !is_filtered(j, *ret, boot);
}

/* Goes to the next entry that is to be delivered. 0: none yet. */
static int advance(struct journal *j, struct stamp *ret)
{
	int r;

	do {
		j->at_entry = false;
		if (++j->n_unprocessed >= PROCESS_INTERVAL) {
			j->n_unprocessed = 0;
			r = sd_journal_process(j->handle);
			if (r < 0)
				return r;
		}
		r = sd_journal_next(j->handle);
		if (r <= 0)
			return r;
		j->at_entry = true;
		r = is_new(j, ret);
	} while (r == 0);
	return r;
}

static int read_fields(struct journal *j)
{
	const void *data;
	size_t len;
	int r;

	fields_start(&j->fields);
	sd_journal_restart_data(j->handle);
	while ((r = sd_journal_enumerate_available_data(j->handle, &data, &len)) > 0)
		if (!fields_add(&j->fields, span_make(data, len)))
			break;
	return r;
}

static int read_entry(struct journal *j, struct record *ret)
{
	struct stamp stamp;
	int r = advance(j, &stamp);

	if (r > 0) {
		r = read_fields(j);
		if (r >= 0)
			r = 1;
	}
	if (sigbus_take())
		return ERROR_SIGBUS;
	if (r == 0)
		remember_end(j);
	if (r <= 0)
		return r;
	remember(j, stamp);
	*ret = *fields_finish(&j->fields);
	ret->realtime_usec = stamp.realtime_usec;
	return 1;
}

/* Errors */

/* Nothing can be read here, so later entries are tried, ever further away but not in the future. */
static int leap(struct journal *j)
{
	uint64_t until_usec, now_usec = now_realtime_usec();
	int r;

	if (j->last_usec == 0) {
		r = sd_journal_get_cutoff_realtime_usec(j->handle, &j->last_usec, &until_usec);
		if (r < 0)
			return r;
	}
	j->leap_usec = j->leap_usec > 0 ? 4 * j->leap_usec : 1;
	if (j->last_usec < now_usec && j->leap_usec < now_usec - j->last_usec) {
		j->landing = false;
		return sd_journal_seek_realtime_usec(j->handle, j->last_usec + j->leap_usec);
	}
	j->leap_usec = 0;
	r = place_behind_newest(j);
	return r < 0 ? r : seek_position(j);
}

/* Returns 0 if reading can be tried again. */
static int recover(struct journal *j, int error)
{
	int r;

	j->stats.errors++;
	/* The mapping stays broken until the file is closed. */
	if (error == ERROR_SIGBUS)
		j->n_failures = MAX(j->n_failures, FAILURES_RETRY);
	j->n_failures++;
	if (j->n_failures <= FAILURES_RETRY) {
		(void)sd_journal_process(j->handle);
		r = seek_position(j) < 0 ? reopen(j) : 0;
	} else if (j->n_failures <= FAILURES_REOPEN) {
		r = reopen(j);
	} else if (j->n_failures < FAILURES_MAX) {
		/* One entry further is where sd_journal_next() goes by itself. */
		r = j->at_entry ? 0 : leap(j);
	} else {
		r = error;
		/* Next time goes on from here, not from the start. */
		j->n_failures = FAILURES_REOPEN;
	}
	if (r < 0)
		close_handle(j);
	return r < 0 ? r : 0;
}

int journal_next(struct journal *j, struct record *ret)
{
	int r = -ENOTCONN;

	sigbus_guard_enter();
	while (j->handle) {
		r = read_entry(j, ret);
		if (r >= 0)
			break;
		r = recover(j, r);
		if (r < 0)
			break;
	}
	sigbus_guard_leave();
	if (r >= 0)
		j->n_failures = 0;
	if (r > 0)
		j->leap_usec = 0;
	return r;
}

/* Waiting */

int journal_fd(struct journal *j)
{
	return j->epoll;
}

int journal_poll_events(struct journal *j)
{
	return j->epoll >= 0 ? POLLIN : 0;
}

uint64_t journal_timeout_usec(struct journal *j)
{
	uint64_t timeout_usec;

	if (!j->handle || sd_journal_get_timeout(j->handle, &timeout_usec) <= 0)
		return UINT64_MAX;
	return timeout_usec;
}

int journal_process(struct journal *j)
{
	int r;

	if (!j->handle)
		return -ENOTCONN;
	if (j->config.files)
		return 0;
	sigbus_guard_enter();
	r = sd_journal_process(j->handle);
	/* The operator made the journal persistent: the new directory is not being watched. */
	if (r >= 0 && !j->config.directory && (journal_files_roots() & ~j->roots))
		r = reopen(j);
	sigbus_guard_leave();
	return r < 0 ? r : 0;
}

struct journal_stats journal_stats(const struct journal *j)
{
	return j->stats;
}
