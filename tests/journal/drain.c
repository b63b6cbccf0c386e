/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The journal reader by hand, for the tests in Python: commands on stdin, answers on stdout.
 *
 *   open             "ok", or "error NUMBER TEXT"
 *   next N           up to N entries, then "end COUNT", or "error NUMBER TEXT"
 *   follow N MSEC    waits for entries as a daemon does, until there are N or the time is over;
 *                    failures are retried every 100 ms. Then "end COUNT".
 *   process          "ok", or "error NUMBER TEXT"
 *   stats            "stats reopens=N errors=N fds=N cpu_usec=N"
 *   quit
 *
 * An entry is a line of fields separated by tabs: "entry", realtime, identifier, unit, exe, uid, pid,
 * container, dropped, message. Bytes that are not printable are written as \xHH.
 */

#include "source/journal.h"

#include <dirent.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define RETRY_MSEC 100
#define FILES_MAX 32

static uint64_t now_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static void print_span(span_t s)
{
	putchar('\t');
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] >= ' ' && s.ptr[i] <= '~' && s.ptr[i] != '\\')
			putchar(s.ptr[i]);
		else
			printf("\\x%02x", (unsigned char)s.ptr[i]);
}

static void print_record(const struct record *r)
{
	printf("entry\t%" PRIu64, r->realtime_usec);
	print_span(r->identifier);
	print_span(r->unit);
	print_span(r->exe);
	printf("\t%" PRId64, r->uid == RECORD_UID_NONE ? INT64_C(-1) : (int64_t)r->uid);
	printf("\t%" PRIu32 "\t%d\t%" PRIu64, r->pid, r->container, r->dropped);
	print_span(r->message);
	putchar('\n');
}

static void answer(int r)
{
	if (r < 0)
		printf("error %d %s\n", -r, journal_strerror(r));
	else
		printf("ok\n");
}

/* Prints up to MAX entries; returns their number, or what journal_next() said. */
static int print_entries(struct journal *journal, unsigned max, unsigned *n)
{
	struct record record;
	int r = 1;

	while (*n < max && (r = journal_next(journal, &record)) > 0) {
		print_record(&record);
		++*n;
	}
	return r;
}

static int wait_msec(struct journal *journal, uint64_t deadline)
{
	uint64_t now = now_usec(), until = MIN(deadline, journal_timeout_usec(journal));
	struct pollfd fd = { .fd = journal_fd(journal),
			     .events = (short)journal_poll_events(journal) };
	int msec = now < until ? (int)((until - now) / USEC_PER_MSEC + 1) : 0;

	return poll(&fd, 1, msec) > 0 || journal_timeout_usec(journal) <= now_usec()
		       ? journal_process(journal)
		       : 0;
}

static void follow(struct journal *journal, unsigned max, uint64_t msec)
{
	uint64_t deadline = now_usec() + msec * USEC_PER_MSEC;
	unsigned n = 0;
	int r = 0;

	while (n < max && now_usec() < deadline) {
		if (r >= 0)
			r = print_entries(journal, max, &n);
		if (r >= 0 && n < max)
			r = wait_msec(journal, deadline);
		if (r < 0) {
			(void)poll(NULL, 0, RETRY_MSEC);
			r = journal_open(journal);
		}
	}
	printf("end %u\n", n);
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n;
}

static void print_stats(struct journal *journal)
{
	struct journal_stats stats = journal_stats(journal);
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	printf("stats reopens=%" PRIu64 " errors=%" PRIu64 " fds=%u cpu_usec=%" PRIu64 "\n",
	       stats.reopens, stats.errors, count_fds(),
	       (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * USEC_PER_SEC +
		       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
}

static void run_command(struct journal *journal, const char *line)
{
	unsigned max = 0, n = 0;
	uint64_t msec = 0;
	int r;

	if (sscanf(line, "next %u", &max) == 1) {
		r = print_entries(journal, max, &n);
		if (r < 0)
			answer(r);
		else
			printf("end %u\n", n);
	} else if (sscanf(line, "follow %u %" SCNu64, &max, &msec) == 2) {
		follow(journal, max, msec);
	} else if (strcmp(line, "open\n") == 0) {
		answer(journal_open(journal));
	} else if (strcmp(line, "process\n") == 0) {
		answer(journal_process(journal));
	} else if (strcmp(line, "stats\n") == 0) {
		print_stats(journal);
	}
	(void)fflush(stdout);
}

static bool is_wanted(span_t identifier)
{
	return !span_starts(identifier, SPAN("foreign"));
}

static void parse_since(struct journal_config *config, const char *value)
{
	if (strcmp(value, "now") == 0)
		config->since = JOURNAL_SINCE_NOW;
	else if (strcmp(value, "boot") == 0)
		config->since = JOURNAL_SINCE_BOOT;
	else if (strcmp(value, "all") == 0)
		config->since = JOURNAL_SINCE_ALL;
	else
		config->since = JOURNAL_SINCE_TIME;
	config->since_usec = strtoull(value, NULL, 10);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "directory", required_argument, NULL, 'd' },
						 { "file", required_argument, NULL, 'f' },
						 { "namespace", required_argument, NULL, 'n' },
						 { "since", required_argument, NULL, 's' },
						 { 0 } };
	struct journal_config config = { .since = JOURNAL_SINCE_ALL, .wanted = is_wanted };
	const char *files[FILES_MAX + 1] = { NULL };
	struct journal *journal;
	unsigned n_files = 0;
	char line[256];
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'd')
			config.directory = optarg;
		else if (c == 'n')
			config.name_space = optarg;
		else if (c == 's')
			parse_since(&config, optarg);
		else if (c == 'f' && n_files < FILES_MAX)
			files[n_files++] = optarg;
		else
			return EXIT_FAILURE;
	}
	config.files = n_files > 0 ? files : NULL;
	r = journal_new(&journal, &config);
	if (r < 0)
		return EXIT_FAILURE;
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "quit\n") != 0)
		run_command(journal, line);
	journal_free(journal);
	return EXIT_SUCCESS;
}
