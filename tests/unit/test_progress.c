/* SPDX-License-Identifier: Apache-2.0 */

/* The bar by a clock of the test's own, on a terminal that it reads from the other end. */

#include "tool/progress.h"

#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "testing.h"

#define HOUR_USEC (3600 * USEC_PER_SEC)

static uint64_t clock_usec;

/* By the linker in the place of the real one. */
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	(void)id;
	ret->tv_sec = (time_t)(clock_usec / USEC_PER_SEC);
	ret->tv_nsec = (long)(clock_usec % USEC_PER_SEC) * 1000;
	return 0;
}

static struct {
	int other_end, saved;
} terminal;

static void open_terminal(void)
{
	int own;

	terminal.other_end = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(terminal.other_end >= 0);
	assert_int_equal(grantpt(terminal.other_end), 0);
	assert_int_equal(unlockpt(terminal.other_end), 0);
	own = open(ptsname(terminal.other_end), O_RDWR | O_NOCTTY);
	assert_true(own >= 0);
	terminal.saved = dup(STDERR_FILENO);
	assert_true(dup2(own, STDERR_FILENO) >= 0);
	close(own);
}

/* What was written to it until now: up to a mark, since the kernel hands it over when it likes. */
static span_t shown(void)
{
	static char text[65536];
	const span_t mark = SPAN("<mark>");
	size_t len = 0;

	assert_int_equal(write(STDERR_FILENO, mark.ptr, mark.len), mark.len);
	while (!span_ends(span_make(text, len), mark)) {
		ssize_t n = read(terminal.other_end, text + len, sizeof(text) - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	return span_make(text, len - mark.len);
}

static void close_terminal(void)
{
	assert_true(dup2(terminal.saved, STDERR_FILENO) >= 0);
	close(terminal.saved);
	close(terminal.other_end);
}

static unsigned count(span_t text, char what)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == what;
	return n;
}

/* N entries, evenly over SPAN_USEC of the journal and TOOK_USEC of the clock. */
static void run(struct progress *p, unsigned n, uint64_t span_usec, uint64_t took_usec)
{
	uint64_t start_usec = clock_usec;

	for (unsigned i = 0; i < n; i++) {
		clock_usec = start_usec + took_usec * i / n;
		progress_step(p, HOUR_USEC + span_usec * i / n);
	}
}

static void a_short_journal_shows_nothing(void **state)
{
	struct progress p;

	(void)state;
	open_terminal();
	progress_init(&p, HOUR_USEC, 2 * HOUR_USEC);
	run(&p, 100000, HOUR_USEC, PROGRESS_PATIENCE_USEC - 1);
	progress_done(&p);
	assert_int_equal(shown().len, 0);
	close_terminal();
}

static void a_long_one_shows_a_bar_at_most_ten_times_a_second_and_takes_it_away(void **state)
{
	struct progress p;
	span_t text;

	(void)state;
	open_terminal();
	progress_init(&p, HOUR_USEC, 2 * HOUR_USEC);
	run(&p, 1000000, HOUR_USEC / 2, 2 * USEC_PER_SEC);
	text = shown();
	/* Each picture begins with one; the first 200 ms are without. */
	assert_in_range(count(text, '\r'), 15, 18);
	assert_true(span_find(text, SPAN("[##")) >= 0);
	assert_true(span_find(text, SPAN(" 4")) >= 0);
	assert_true(span_find(text, SPAN(" entries read\033[K")) >= 0);
	progress_done(&p);
	text = shown();
	assert_true(span_eq(text, SPAN("\r\033[K")));
	close_terminal();
}

static void the_bar_stays_between_its_ends(void **state)
{
	struct progress p;
	span_t text;

	(void)state;
	open_terminal();
	/* Entries beyond the last one: they came while it was reading. */
	progress_init(&p, HOUR_USEC, HOUR_USEC + 1);
	run(&p, 10000, HOUR_USEC, USEC_PER_SEC);
	text = shown();
	assert_true(span_find(text, SPAN(" 100%")) >= 0);
	assert_int_equal(span_find(text, SPAN("###############################")), -1);
	progress_done(&p);
	close_terminal();
}

static void without_a_span_of_time_there_are_only_numbers(void **state)
{
	struct progress p;
	span_t text;

	(void)state;
	open_terminal();
	progress_init(&p, 0, 0);
	run(&p, 10000, HOUR_USEC, USEC_PER_SEC);
	text = shown();
	assert_int_equal(count(text, '%'), 0);
	assert_true(span_find(text, SPAN(" entries read")) >= 0);
	progress_done(&p);
	close_terminal();
}

static void what_is_no_terminal_sees_nothing(void **state)
{
	struct progress p;

	(void)state;
	capture_begin(STDERR_FILENO);
	progress_init(&p, HOUR_USEC, 2 * HOUR_USEC);
	run(&p, 100000, HOUR_USEC, 10 * USEC_PER_SEC);
	progress_done(&p);
	assert_string_equal(capture_end(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_journal_shows_nothing),
		cmocka_unit_test(
			a_long_one_shows_a_bar_at_most_ten_times_a_second_and_takes_it_away),
		cmocka_unit_test(the_bar_stays_between_its_ends),
		cmocka_unit_test(without_a_span_of_time_there_are_only_numbers),
		cmocka_unit_test(what_is_no_terminal_sees_nothing),
	};

	setlocale(LC_CTYPE, "C");
	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
