/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes libsystemd fail on purpose: linked before the reader with -Wl,--wrap for each function below.
 * The environment variable FAULT is a list, separated by blanks, of
 *
 *   FUNCTION:PLACE:COUNT:ERRNO
 *
 * FUNCTION (next, enumerate, realtime, cursor, process, files, seek) fails COUNT times with ERRNO at
 * PLACE: the realtime of the entry, or for process, files and seek the number of the call, from 1.
 * A failing next stays where it is, as libsystemd does.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#define FAULTS_MAX 8

struct fault {
	char function[16];
	uint64_t place;
	unsigned count;
	int error;
};

int __real_sd_journal_next(sd_journal *j);
int __wrap_sd_journal_next(sd_journal *j);
int __real_sd_journal_enumerate_available_data(sd_journal *j, const void **data, size_t *len);
int __wrap_sd_journal_enumerate_available_data(sd_journal *j, const void **data, size_t *len);
int __real_sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret);
int __wrap_sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret);
int __real_sd_journal_get_cursor(sd_journal *j, char **cursor);
int __wrap_sd_journal_get_cursor(sd_journal *j, char **cursor);
int __real_sd_journal_process(sd_journal *j);
int __wrap_sd_journal_process(sd_journal *j);
int __real_sd_journal_get_usage(sd_journal *j, uint64_t *ret);
int __wrap_sd_journal_get_usage(sd_journal *j, uint64_t *ret);
int __real_sd_journal_seek_cursor(sd_journal *j, const char *cursor);
int __wrap_sd_journal_seek_cursor(sd_journal *j, const char *cursor);

static struct fault faults[FAULTS_MAX];

__attribute__((constructor)) static void parse(void)
{
	const char *p = getenv("FAULT");
	int used;

	for (unsigned i = 0; p && i < FAULTS_MAX; i++) {
		struct fault *f = &faults[i];

		if (sscanf(p, " %15[a-z]:%lu:%u:%d%n", f->function, &f->place, &f->count, &f->error,
			   &used) != 4)
			break;
		p += used;
	}
}

/* The error to give at PLACE, or 0. */
static int fault_at(const char *function, uint64_t place)
{
	for (unsigned i = 0; i < FAULTS_MAX; i++) {
		struct fault *f = &faults[i];

		if (f->count > 0 && f->place == place && strcmp(f->function, function) == 0) {
			f->count--;
			return -f->error;
		}
	}
	return 0;
}

static int fault_at_entry(const char *function, sd_journal *j)
{
	uint64_t usec;

	return __real_sd_journal_get_realtime_usec(j, &usec) < 0 ? 0 : fault_at(function, usec);
}

int __wrap_sd_journal_next(sd_journal *j)
{
	int r = __real_sd_journal_next(j);
	int error = r > 0 ? fault_at_entry("next", j) : 0;

	if (error == 0)
		return r;
	if (sd_journal_previous(j) == 0)
		(void)sd_journal_seek_head(j);
	return error;
}

int __wrap_sd_journal_enumerate_available_data(sd_journal *j, const void **data, size_t *len)
{
	int error = fault_at_entry("enumerate", j);

	return error < 0 ? error : __real_sd_journal_enumerate_available_data(j, data, len);
}

int __wrap_sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret)
{
	int error = fault_at_entry("realtime", j);

	return error < 0 ? error : __real_sd_journal_get_realtime_usec(j, ret);
}

int __wrap_sd_journal_get_cursor(sd_journal *j, char **cursor)
{
	int error = fault_at_entry("cursor", j);

	return error < 0 ? error : __real_sd_journal_get_cursor(j, cursor);
}

int __wrap_sd_journal_process(sd_journal *j)
{
	static uint64_t calls;
	int error = fault_at("process", ++calls);

	return error < 0 ? error : __real_sd_journal_process(j);
}

int __wrap_sd_journal_get_usage(sd_journal *j, uint64_t *ret)
{
	static uint64_t calls;
	int error = fault_at("files", ++calls);

	return error < 0 ? error : __real_sd_journal_get_usage(j, ret);
}

int __wrap_sd_journal_seek_cursor(sd_journal *j, const char *cursor)
{
	static uint64_t calls;
	int error = fault_at("seek", ++calls);

	return error < 0 ? error : __real_sd_journal_seek_cursor(j, cursor);
}
