/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Entries per second of journal_next() beside a bare libsystemd loop (next, enumerate every field)
 * over the same files, in alternating rounds of which the best counts. The goal is a ratio of 0.85 on a
 * mail host's mix, of which every second entry is mail.
 *
 *   bench_journal [ENTRIES [PERCENT-OF-MAIL [ROUNDS]]]
 */

#include "source/journal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define REMOTE "/lib/systemd/systemd-journal-remote"
#define EXIT_SKIP 77
#define FIRST_USEC UINT64_C(1735689600000000)

static double now_sec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The fields in the order in which journald adds them to an entry from the syslog socket. */
static void write_entry(FILE *out, unsigned i, bool mail)
{
	unsigned pid = 1000 + i / 40 % 500;

	fprintf(out, "__REALTIME_TIMESTAMP=%llu\n", (unsigned long long)FIRST_USEC + i * 1000ULL);
	fprintf(out, "__MONOTONIC_TIMESTAMP=%llu\n", 5000000ULL + i * 1000ULL);
	fputs("_BOOT_ID=4d7ce2e5a4a34a4fa0bd2a4c5ee1a1a1\n", out);
	fputs("_MACHINE_ID=0d2c1f3e4b5a69788796a5b4c3d2e1f0\n_HOSTNAME=mx.example.org\n", out);
	fprintf(out, "_TRANSPORT=syslog\nPRIORITY=%u\nSYSLOG_FACILITY=%u\n", i % 7 ? 6 : 5,
		mail ? 2 : 3);
	fprintf(out, "SYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%u\n", mail ? "postfix/smtp" : "dockerd",
		pid);
	fprintf(out, "SYSLOG_TIMESTAMP=Jan  1 %02u:%02u:%02u \n", i / 3600000 % 24, i / 60000 % 60,
		i / 1000 % 60);
	if (mail)
		fprintf(out,
			"MESSAGE=%010X: to=<user%u@example.net>, relay=mx.example.net[192.0.2.%u]:25, "
			"delay=1.2, delays=0.1/0.01/0.5/0.6, dsn=%s\n",
			i, i % 5000, i % 250,
			i % 5 ? "2.0.0, status=sent (250 2.0.0 Ok: queued as 4F9D11A0C2)"
			      : "5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 "
				"User unknown (in reply to RCPT TO command))");
	else
		fprintf(out, "MESSAGE=time=\"2025-01-01T00:00:00Z\" level=info msg=\"event %u\"\n",
			i);
	fprintf(out, "_PID=%u\n_UID=%u\n_GID=%u\n", pid, mail ? 105U : 0U, mail ? 113U : 0U);
	fprintf(out, "_COMM=%s\n_EXE=%s\n_CMDLINE=%s\n", mail ? "smtp" : "dockerd",
		mail ? "/usr/lib/postfix/sbin/smtp" : "/usr/bin/dockerd",
		mail ? "smtp -t unix -u -c" : "/usr/bin/dockerd -H fd://");
	fputs("_CAP_EFFECTIVE=0\n_SELINUX_CONTEXT=unconfined\n", out);
	fprintf(out, "_SYSTEMD_CGROUP=/system.slice/%s\n_SYSTEMD_UNIT=%s\n",
		mail ? "system-postfix.slice/postfix@-.service" : "docker.service",
		mail ? "postfix@-.service" : "docker.service");
	fputs("_SYSTEMD_SLICE=system.slice\n", out);
	fputs("_SYSTEMD_INVOCATION_ID=8a3b1a0e6f5140d2b3d9b7b2a6a0c1d2\n", out);
	fprintf(out, "_SOURCE_REALTIME_TIMESTAMP=%llu\n\n",
		(unsigned long long)FIRST_USEC + i * 1000ULL - 20);
}

/* It makes several files, as journald does: one is full when its hash table is. */
static int make_journal(const char *directory, unsigned entries, unsigned percent)
{
	char command[512];
	FILE *out;

	(void)snprintf(command, sizeof(command),
		       REMOTE " --output=%s/bench.journal - 2>/dev/null >/dev/null", directory);
	out = popen(command, "w");
	if (!out)
		return -1;
	for (unsigned i = 0; i < entries; i++)
		write_entry(out, i, i * percent / 100 != (i + 1) * percent / 100);
	return pclose(out);
}

static bool is_mail(span_t identifier)
{
	return span_starts(identifier, SPAN("postfix/"));
}

static double run_ours(const char *directory, unsigned *ret_n)
{
	struct journal_config config = { .directory = directory,
					 .since = JOURNAL_SINCE_ALL,
					 .wanted = is_mail };
	struct journal *journal;
	struct record record;
	double start = now_sec();

	*ret_n = 0;
	if (journal_new(&journal, &config) < 0 || journal_open(journal) < 0)
		abort();
	while (journal_next(journal, &record) > 0)
		++*ret_n;
	journal_free(journal);
	return now_sec() - start;
}

static double run_bare(const char *directory, unsigned *ret_n)
{
	double start = now_sec();
	sd_journal *handle;
	const void *data;
	size_t len;

	*ret_n = 0;
	if (sd_journal_open_directory(&handle, directory, 0) < 0)
		abort();
	while (sd_journal_next(handle) > 0) {
		++*ret_n;
		SD_JOURNAL_FOREACH_DATA(handle, data, len);
	}
	sd_journal_close(handle);
	return now_sec() - start;
}

static void compare(const char *directory, unsigned rounds)
{
	double ours = 1e9, bare = 1e9;
	unsigned n_ours = 0, n_bare = 0;

	for (unsigned i = 0; i < rounds; i++) {
		double t = run_bare(directory, &n_bare);

		bare = MIN(bare, t);
		t = run_ours(directory, &n_ours);
		ours = MIN(ours, t);
	}
	printf("bare loop    %9.0f entries/s (%u entries)\n", n_bare / bare, n_bare);
	printf("journal_next %9.0f entries/s (%u entries)\n", n_ours / ours, n_ours);
	printf("ratio        %9.2f\n", bare / ours);
}

static void remove_tree(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		(void)closedir(dir);
	(void)rmdir(directory);
}

static unsigned argument(int argc, char **argv, int i, unsigned otherwise)
{
	return i < argc ? (unsigned)strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	char directory[] = "/tmp/bench_journal.XXXXXX";
	int r;

	if (access(REMOTE, X_OK) < 0) {
		fputs("skipped: " REMOTE " is missing (package systemd-journal-remote)\n", stderr);
		return EXIT_SKIP;
	}
	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	r = make_journal(directory, argument(argc, argv, 1, 200000), argument(argc, argv, 2, 50));
	if (r == 0)
		compare(directory, argument(argc, argv, 3, 5));
	remove_tree(directory);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
