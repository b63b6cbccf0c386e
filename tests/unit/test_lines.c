/* SPDX-License-Identifier: Apache-2.0 */

#include "source/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "testing.h"

static struct lines lines;

/* A file with TEXT in it, from its beginning; the test closes it. */
static int file_with(span_t text)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.ptr, text.len), text.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void expect_line(const char *text, bool cut)
{
	struct line line;

	assert_int_equal(lines_next(&lines, &line), 1);
	check(span_eq(line.text, span_str(text)), "%.*s", SPAN_ARG(line.text));
	assert_int_equal(line.cut, cut);
}

static void expect_end(void)
{
	struct line line;

	assert_int_equal(lines_next(&lines, &line), 0);
	assert_int_equal(lines_next(&lines, &line), 0);
}

static void lines_end_with_a_newline_or_the_file(void **state)
{
	int fd = file_with(SPAN("one\n\ntwo\r\nthr\ree\n\r\nlast"));

	(void)state;
	lines_init(&lines, fd);
	expect_line("one", false);
	expect_line("", false);
	expect_line("two", false);
	expect_line("thr\ree", false);
	expect_line("", false);
	expect_line("last", false);
	expect_end();
	close(fd);
}

static void an_empty_file_has_no_line(void **state)
{
	int fd = file_with(SPAN_NULL);

	(void)state;
	lines_init(&lines, fd);
	expect_end();
	close(fd);
}

/* Around the limit, and far beyond the buffer; with a line behind it and without. */
static void long_lines_are_cut_and_the_next_one_is_whole(void **state)
{
	static const size_t sizes[] = { LINES_MAX - 1,	   LINES_MAX,	      LINES_MAX + 1,
					4 * LINES_MAX - 1, 4 * LINES_MAX,     4 * LINES_MAX + 1,
					5 * LINES_MAX,	   11 * LINES_MAX + 7 };
	char *text = malloc(12 * LINES_MAX);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t tail = 0; tail <= 6; tail += 6) {
			struct line line;
			int fd;

			memset(text, 'x', sizes[i]);
			memcpy(text + sizes[i], "\nnext\n", 6);
			fd = file_with(span_make(text, sizes[i] + tail));
			lines_init(&lines, fd);
			assert_int_equal(lines_next(&lines, &line), 1);
			check(line.text.len == MIN(sizes[i], LINES_MAX), "%zu", line.text.len);
			check(line.cut == (sizes[i] > LINES_MAX), "%zu", sizes[i]);
			if (tail > 0)
				expect_line("next", false);
			expect_end();
			close(fd);
		}
	}
	free(text);
}

static void a_pipe_gives_each_line_as_soon_as_it_is_there(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	lines_init(&lines, fds[0]);
	assert_false(lines_waiting(&lines));
	assert_int_equal(write(fds[1], "one\ntwo\nthr", 11), 11);
	expect_line("one", false);
	assert_true(lines_waiting(&lines));
	expect_line("two", false);
	assert_false(lines_waiting(&lines));
	assert_int_equal(write(fds[1], "ee\n", 3), 3);
	expect_line("three", false);
	close(fds[1]);
	expect_end();
	assert_true(lines_waiting(&lines));
	close(fds[0]);
}

static void any_byte_may_be_in_a_line(void **state)
{
	int fd = file_with(span_make("a\0b\xff\x1b\n", 6));
	struct line line;

	(void)state;
	lines_init(&lines, fd);
	assert_int_equal(lines_next(&lines, &line), 1);
	assert_true(span_eq(line.text, span_make("a\0b\xff\x1b", 5)));
	expect_end();
	close(fd);
}

static void a_failed_read_is_told(void **state)
{
	struct line line;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	lines_init(&lines, fd);
	assert_int_equal(lines_next(&lines, &line), -EISDIR);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_with_a_newline_or_the_file),
		cmocka_unit_test(an_empty_file_has_no_line),
		cmocka_unit_test(long_lines_are_cut_and_the_next_one_is_whole),
		cmocka_unit_test(a_pipe_gives_each_line_as_soon_as_it_is_there),
		cmocka_unit_test(any_byte_may_be_in_a_line),
		cmocka_unit_test(a_failed_read_is_told),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
