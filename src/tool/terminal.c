/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/cursor.h"

#define EIGHTHS 8u

static bool wants_colours(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

/* What the terminal says, else what a shell says in COLUMNS, else TERMINAL_WIDTH. */
static unsigned width_of(const struct terminal *t, int fd)
{
	struct cursor c = cursor_over(span_str(getenv("COLUMNS")));
	struct winsize size;
	uint64_t columns;

	if (t->is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (cursor_number(&c, 4, &columns) && cursor_at_end(&c) && columns > 0)
		return (unsigned)columns;
	return TERMINAL_WIDTH;
}

void terminal_init(struct terminal *t, int fd)
{
	t->is_terminal = isatty(fd) == 1;
	t->colours = t->is_terminal && wants_colours();
	t->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	t->width = width_of(t, fd);
}

void terminal_paint(const struct terminal *t, struct buf *out, enum paint paint)
{
	/* ECMA-48, SGR */
	static const char *const codes[_PAINT_MAX] = {
		[PAINT_NONE] = "\033[0m",  [PAINT_HEADING] = "\033[1m",
		[PAINT_GOOD] = "\033[32m", [PAINT_WARNING] = "\033[33m",
		[PAINT_BAD] = "\033[31m",
	};

	if (t->colours)
		buf_add_str(out, codes[paint]);
}

enum paint terminal_paint_of_class(span_t class)
{
	switch (class.len > 0 ? class.ptr[0] : 0) {
	case '2':
	case '3':
		return PAINT_GOOD;
	case '4':
		return PAINT_WARNING;
	case '5':
		return PAINT_BAD;
	default:
		return PAINT_NONE;
	}
}

static void add_cells(struct buf *out, const char *cell, unsigned n)
{
	while (n-- > 0)
		buf_add_str(out, cell);
}

void terminal_bar(const struct terminal *t, struct buf *out, uint64_t part, uint64_t whole,
		  unsigned cells)
{
	/* U+258F to U+2589, one to seven eighths of a cell. */
	static const char *const partial[EIGHTHS] = {
		"",
		"\xe2\x96\x8f",
		"\xe2\x96\x8e",
		"\xe2\x96\x8d",
		"\xe2\x96\x8c",
		"\xe2\x96\x8b",
		"\xe2\x96\x8a",
		"\xe2\x96\x89",
	};
	unsigned unit = t->utf8 ? EIGHTHS : 1;
	unsigned __int128 scaled = (unsigned __int128)part * cells * unit + whole / 2;
	unsigned n = (unsigned)(scaled / whole);

	if (n == 0 && part > 0)
		n = 1;
	add_cells(out, t->utf8 ? "\xe2\x96\x88" : "#", n / unit);
	if (t->utf8)
		buf_add_str(out, partial[n % unit]);
}
