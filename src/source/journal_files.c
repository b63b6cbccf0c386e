/* SPDX-License-Identifier: Apache-2.0 */
#include "source/journal_files.h"

#include "util/macros.h"
#include "util/span.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

static const char *const roots[] = { "/run/log/journal", "/var/log/journal" };

/* Files met, by kind: [1] those of system services, [0] all others (users, remote machines). */
struct found {
	int readable[2];
	int denied[2];
};

static void closedir_p(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

unsigned journal_files_roots(void)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(roots); i++)
		if (access(roots[i], F_OK) == 0)
			bits |= 1U << i;
	return bits;
}

static void look_at_file(int dir_fd, const char *name, struct found *found)
{
	span_t s = span_str(name);
	bool system = span_starts(s, SPAN("system"));
	int fd;

	if (!span_ends(s, SPAN(".journal")) && !span_ends(s, SPAN(".journal~")))
		return;
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0) {
		(void)close(fd);
		if (found->readable[system] < INT_MAX / 2)
			found->readable[system]++;
	} else if (errno != ENOENT) {
		found->denied[system] = 1;
	}
}

/* A directory that does not exist adds nothing; one that cannot be listed counts as a denied file. */
static void look_into(int parent_fd, const char *path, struct found *found)
{
	int fd = openat(parent_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closedir_p) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		if (errno == EACCES || errno == EPERM)
			found->denied[1] = 1;
		return;
	}
	while ((entry = readdir(dir)))
		look_at_file(fd, entry->d_name, found);
}

/* libsystemd reads the files of a directory and of those below it that are named by a machine's id. */
static void look_into_tree(const char *path, struct found *found)
{
	CLEANUP(closedir_p) DIR *dir = opendir(path);
	struct dirent *entry;
	char name[SD_ID128_STRING_MAX];
	sd_id128_t id;

	look_into(AT_FDCWD, path, found);
	while (dir && (entry = readdir(dir))) {
		(void)snprintf(name, sizeof(name), "%.*s", SD_ID128_STRING_MAX - 1, entry->d_name);
		if (sd_id128_from_string(name, &id) >= 0)
			look_into(dirfd(dir), entry->d_name, found);
	}
}

static void look_into_default(const char *name_space, struct found *found)
{
	char path[PATH_MAX];
	sd_id128_t id;

	if (sd_id128_get_machine(&id) < 0)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(roots); i++) {
		(void)snprintf(path, sizeof(path), "%s/" SD_ID128_FORMAT_STR "%s%s", roots[i],
			       SD_ID128_FORMAT_VAL(id), name_space ? "." : "",
			       name_space ? name_space : "");
		look_into(AT_FDCWD, path, found);
	}
}

int journal_files_check(const char *directory, const char *name_space)
{
	struct found found = { 0 };

	if (directory)
		look_into_tree(directory, &found);
	else
		look_into_default(name_space, &found);
	if (found.denied[1] > 0 && found.readable[1] == 0)
		return -EACCES;
	if (found.readable[0] + found.readable[1] > 0)
		return found.readable[0] + found.readable[1];
	return found.denied[0] > 0 ? -EACCES : -ENOENT;
}
