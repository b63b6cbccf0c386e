/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/cursor.h"
#include "util/macros.h"

static uint64_t timeval_usec(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * USEC_PER_SEC + (uint64_t)tv.tv_usec;
}

static void update_cpu(struct registry *registry)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		registry_set(registry, FAMILY_PROCESS_CPU, KEY0,
			     timeval_usec(usage.ru_utime) + timeval_usec(usage.ru_stime));
}

/* /proc/self/statm: "size resident ..." in pages, proc(5). */
static void update_memory(struct registry *registry)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size, resident;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	struct cursor c;
	char text[128];
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n <= 0)
		return;
	c = cursor_over(span_make(text, (size_t)n));
	if (!cursor_number(&c, 15, &size) || !cursor_take(&c, ' ') ||
	    !cursor_number(&c, 15, &resident))
		return;
	registry_set(registry, FAMILY_PROCESS_VSZ, KEY0, size * page);
	registry_set(registry, FAMILY_PROCESS_RSS, KEY0, resident * page);
}

static void update_fds(struct registry *registry)
{
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit;
	uint64_t n = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		registry_set(registry, FAMILY_PROCESS_MAX_FDS, KEY0, limit.rlim_cur);
	if (!dir)
		return;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += e->d_name[0] != '.';
	closedir(dir);
	/* The directory itself was open while they were counted. */
	registry_set(registry, FAMILY_PROCESS_OPEN_FDS, KEY0, n - 1);
}

void process_update(struct registry *registry)
{
	update_cpu(registry);
	update_memory(registry);
	update_fds(registry);
}
