/* SPDX-License-Identifier: Apache-2.0 */
#include "source/sigbus.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static struct sigaction previous;
static unsigned users;
static uintptr_t page_size;
static volatile sig_atomic_t guarded, caught;

/* The missing page becomes an anonymous one; the mapping that it lies in is unmapped as a whole later. */
static bool replace_page(const void *address)
{
	void *page = (void *)((uintptr_t)address & ~(page_size - 1));

	return mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	       page;
}

/* Only system calls in here. */
static void handle(int signal_number, siginfo_t *info, void *context)
{
	int saved_errno = errno;

	(void)context;
	if (guarded && info->si_code == BUS_ADRERR && replace_page(info->si_addr)) {
		caught = 1;
	} else {
		/* A fault repeats when this returns; a signal that was sent has to be sent again. */
		(void)sigaction(SIGBUS, &previous, NULL);
		if (info->si_code <= 0)
			(void)raise(signal_number);
	}
	errno = saved_errno;
}

int sigbus_install(void)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };

	if (users == 0) {
		page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
		(void)sigemptyset(&action.sa_mask);
		if (sigaction(SIGBUS, &action, &previous) < 0)
			return -errno;
	}
	users++;
	return 0;
}

void sigbus_uninstall(void)
{
	if (--users == 0)
		(void)sigaction(SIGBUS, &previous, NULL);
}

void sigbus_guard_enter(void)
{
	guarded = 1;
}

void sigbus_guard_leave(void)
{
	guarded = 0;
}

bool sigbus_take(void)
{
	bool was_caught = caught;

	caught = 0;
	return was_caught;
}
