/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/progress.h"

#include <time.h>
#include <unistd.h>

/* The clock is looked at once for so many entries. */
#define ENTRIES_PER_LOOK 256u
#define CELLS 30u

static uint64_t monotonic_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* One write for one picture; a bar that cannot be shown is no reason to stop. */
static void flush(struct progress *p)
{
	if (!p->out.failed && write(STDERR_FILENO, p->out.data, p->out.len) < 0)
		p->terminal.is_terminal = false;
	buf_clear(&p->out);
}

void progress_init(struct progress *p, uint64_t from_usec, uint64_t to_usec)
{
	*p = (struct progress){ .from_usec = from_usec, .to_usec = to_usec };
	terminal_init(&p->terminal, STDERR_FILENO);
	p->next_usec = monotonic_usec() + PROGRESS_PATIENCE_USEC;
}

static void draw(struct progress *p, uint64_t realtime_usec)
{
	uint64_t at = MAX(MIN(realtime_usec, p->to_usec), p->from_usec) - p->from_usec;
	uint64_t all = p->to_usec - p->from_usec;
	struct buf bar = BUF_NULL;

	buf_add_char(&p->out, '\r');
	if (all > 0) {
		terminal_bar(&p->terminal, &bar, at, all, CELLS);
		buf_add_char(&p->out, '[');
		buf_add(&p->out, buf_span(&bar));
		/* Behind a bar of any characters, to the cell of the bracket: CHA of ECMA-48. */
		buf_printf(&p->out, "\033[%uG] %3ju%%  ", CELLS + 2, (uintmax_t)(at * 100 / all));
	}
	buf_add_u64(&p->out, p->n);
	buf_add_str(&p->out, " entries read\033[K");
	buf_done(&bar);
	p->drawn = true;
	flush(p);
}

void progress_step(struct progress *p, uint64_t realtime_usec)
{
	uint64_t now;

	if (p->n++ % ENTRIES_PER_LOOK != 0 || !p->terminal.is_terminal)
		return;
	now = monotonic_usec();
	if (now < p->next_usec)
		return;
	p->next_usec = now + PROGRESS_INTERVAL_USEC;
	draw(p, realtime_usec);
}

void progress_done(struct progress *p)
{
	if (p->drawn) {
		buf_add_str(&p->out, "\r\033[K");
		flush(p);
	}
	buf_done(&p->out);
}
