/* SPDX-License-Identifier: Apache-2.0 */
#include "source/journal.h"

/*
 * Errors escalate (recover()): the same place once more, then new files, then one place further; a
 * delivered entry starts the count anew. Where reading goes on is the business of source/position.h.
 */

#include "source/fields.h"
#include "source/journal_files.h"
#include "source/position.h"
#include "source/sigbus.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

/* Rotated files are given back in sd_journal_process() only; entries until it is called. */
#define PROCESS_INTERVAL 1024
/* Failures in a row, without an entry delivered, until the files are opened again, */
#define FAILURES_RETRY 1
/* until the place is left behind, */
#define FAILURES_REOPEN 3
/* and until the caller is told. */
#define FAILURES_MAX 64
/* An error of our own: what was read came from a file that is shorter than it was. */
#define ERROR_SIGBUS (-EFAULT)

struct journal {
	struct journal_config config;
	struct journal_stats stats;
	sd_journal *handle; /* NULL while closed */
	int epoll; /* holds the handle's descriptor, so that the caller's never changes; or -1 */
	unsigned roots; /* JOURNAL_ROOT_* when opened; default journal only */

	/* sd_journal_process() was called N_UNPROCESSED entries ago, realtime PROCESSED_USEC. */
	unsigned n_unprocessed;
	uint64_t processed_usec;

	struct position position;
	bool placed; /* POSITION says where to go on; else the configuration says where to start */
	bool resuming; /* POSITION is of an earlier process, and was not looked for yet */
	enum journal_start start;

	unsigned n_failures; /* in a row */
	bool at_entry;	     /* the last one was in an entry, so that the next entry can be tried */

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
	j->fields.containers = config->containers;
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
	position_done(&j->position);
	free(j);
	return NULL;
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

/*
 * Where to start. A position of another machine or of the future would mean silence for ever
 * (systemd#6213), so one whose entry is gone is taken by its time, or not at all.
 */
static int place(struct journal *j)
{
	if (!j->resuming)
		return position_place(&j->position, j->handle, &j->config);
	if (j->position.cursor && position_exists(&j->position, j->handle)) {
		j->start = JOURNAL_START_RESUMED;
		return 0;
	}
	j->start = JOURNAL_START_LOST;
	if (j->position.last_usec <= now_realtime_usec()) {
		position_fall_back(&j->position);
		return 0;
	}
	position_done(&j->position);
	j->position = (struct position){ .cursor = NULL };
	return position_place(&j->position, j->handle, &j->config);
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
	if (r >= 0)
		r = position_seek(&j->position, j->handle);
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
	if (r < 0) {
		j->stats.errors++;
		close_handle(j);
	} else {
		j->placed = true;
	}
	return r;
}

static int reopen(struct journal *j)
{
	j->stats.reopens++;
	return open_guarded(j);
}

int journal_open(struct journal *j)
{
	uint64_t asked_usec = now_realtime_usec();
	int r;

	sigbus_guard_enter();
	r = j->placed ? reopen(j) : open_guarded(j);
	sigbus_guard_leave();
	if (!j->placed && j->config.since == JOURNAL_SINCE_NOW) {
		/* Now is when the caller first asked, not when somebody repaired the journal. */
		j->config.since = JOURNAL_SINCE_TIME;
		j->config.since_usec = asked_usec;
	}
	return r;
}

int journal_save_position(const struct journal *j, struct buf *out)
{
	return j->placed ? position_write(&j->position, out) : -ENODATA;
}

int journal_set_position(struct journal *j, span_t text)
{
	int r = position_read(&j->position, text);

	if (r < 0) {
		position_done(&j->position);
		j->position = (struct position){ .cursor = NULL };
	}
	j->resuming = r == 0;
	return r;
}

enum journal_start journal_start(const struct journal *j)
{
	return j->start;
}

/* Reading */

/* Returns SD_JOURNAL_INVALIDATE if files came or went. */
static int process(struct journal *j)
{
	int r;

	j->n_unprocessed = 0;
	if (j->config.files)
		return SD_JOURNAL_NOP;
	/* The operator made the journal persistent: the new directory is not being watched. */
	if (!j->config.directory && (journal_files_roots() & ~j->roots)) {
		r = reopen(j);
		return r < 0 ? r : SD_JOURNAL_INVALIDATE;
	}
	/* Before the call: what changes from here on may escape it. */
	j->processed_usec = now_realtime_usec();
	return sd_journal_process(j->handle);
}

/*
 * The order holds among the files that libsystemd knows, and it looks for new ones in process only.
 * An entry that is younger than the last look may have an elder in such a file (a user's first one,
 * say), which would never be delivered if this one went first. Returns 1 if it may go.
 */
static int is_in_order(struct journal *j, struct stamp stamp)
{
	int r;

	if (stamp.realtime_usec <= j->processed_usec || j->config.files)
		return 1;
	r = process(j);
	if (r < 0)
		return r;
	if (r != SD_JOURNAL_INVALIDATE)
		return 1;
	r = position_seek(&j->position, j->handle);
	return r < 0 ? r : 0;
}

/* To the next entry. At the end new files are looked for, so that 0 means that there is nothing. */
static int step(struct journal *j)
{
	int r;

	j->at_entry = false;
	if (++j->n_unprocessed >= PROCESS_INTERVAL) {
		r = process(j);
		if (r < 0)
			return r;
	}
	r = sd_journal_next(j->handle);
	if (r == 0) {
		r = process(j);
		if (r > 0)
			r = sd_journal_next(j->handle);
	}
	j->at_entry = r > 0;
	return r;
}

/* Goes to the next entry that is to be delivered. 0: none yet. */
static int advance(struct journal *j, struct stamp *ret)
{
	int r, is;

	do {
		r = step(j);
		if (r <= 0)
			return r;
		is = position_check(&j->position, j->handle, ret);
		if (is > 0)
			is = is_in_order(j, *ret);
	} while (is == 0);
	return is;
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
		position_at_end(&j->position, j->handle);
	if (r <= 0)
		return r;
	position_advance(&j->position, j->handle, stamp);
	*ret = *fields_finish(&j->fields);
	ret->realtime_usec = stamp.realtime_usec;
	return 1;
}

/* Errors */

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
		(void)process(j);
		r = position_seek(&j->position, j->handle) < 0 ? reopen(j) : 0;
	} else if (j->n_failures <= FAILURES_REOPEN) {
		r = reopen(j);
	} else if (j->n_failures < FAILURES_MAX) {
		/* One entry further is where sd_journal_next() goes by itself. */
		r = j->at_entry ? 0 : position_leap(&j->position, j->handle, now_realtime_usec());
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
		/* Without a handle an attempt to open failed already. */
		if (j->handle)
			r = recover(j, r);
		if (r < 0)
			break;
	}
	sigbus_guard_leave();
	if (r >= 0)
		j->n_failures = 0;
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
	sigbus_guard_enter();
	r = process(j);
	sigbus_guard_leave();
	if (r < 0)
		j->stats.errors++;
	return r < 0 ? r : 0;
}

int journal_range(struct journal *j, uint64_t *ret_first_usec, uint64_t *ret_last_usec)
{
	uint64_t first_usec, last_usec;
	int r;

	if (!j->handle)
		return -ENOTCONN;
	sigbus_guard_enter();
	r = sd_journal_get_cutoff_realtime_usec(j->handle, &first_usec, &last_usec);
	sigbus_guard_leave();
	if (sigbus_take())
		return ERROR_SIGBUS;
	if (r > 0) {
		*ret_first_usec = first_usec;
		*ret_last_usec = last_usec;
	}
	return r;
}

struct journal_stats journal_stats(const struct journal *j)
{
	return j->stats;
}
