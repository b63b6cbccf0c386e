/* SPDX-License-Identifier: Apache-2.0 */

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CAPTURE_MAX 65536u

span_t guard_copy(span_t s)
{
	static char *pages;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *start;

	if (!pages) {
		pages = mmap(NULL, GUARD_SIZE + page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(pages != MAP_FAILED);
		assert_int_equal(mprotect(pages + GUARD_SIZE, page, PROT_NONE), 0);
	}
	assert_true(s.len <= GUARD_SIZE);
	start = pages + GUARD_SIZE - s.len;
	if (s.len > 0)
		memmove(start, s.ptr, s.len);
	return span_make(start, s.len);
}

static struct {
	int fd, saved, file;
} capture;

void capture_begin(int fd)
{
	fflush(NULL);
	capture.fd = fd;
	capture.saved = dup(fd);
	capture.file = memfd_create("capture", MFD_CLOEXEC);
	assert_true(capture.saved >= 0 && capture.file >= 0);
	assert_true(dup2(capture.file, fd) >= 0);
}

const char *capture_end(void)
{
	static char text[CAPTURE_MAX];
	ssize_t n;

	fflush(NULL);
	assert_true(dup2(capture.saved, capture.fd) >= 0);
	n = pread(capture.file, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	close(capture.saved);
	close(capture.file);
	return text;
}
