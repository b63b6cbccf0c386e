/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The report for people. Every line of a table is made of the same cells, whose widths are those of the
 * longest text in the whole report; what is left of the terminal's width is the bar's.
 */

#include "tool/report.h"
#include "tool/terminal.h"

/* A wider bar says no more, a narrower one nothing. */
#define BAR_MAX 40u
#define BAR_MIN 8u
/* "100.0%" */
#define SHARE_WIDTH 6u

struct layout {
	const struct report *report;
	const struct terminal *terminal;
	struct buf *out;
	unsigned code, meaning, count, bar; /* widths */
};

static const char *const headings[_SECTION_MAX] = {
	[SECTION_CLIENT_REMOTE] = "Client side, remote: what other servers answered",
	[SECTION_CLIENT_LOCAL] = "Client side, local: what programs on this host answered",
	[SECTION_SERVER] = "Server side: what this host answered",
};

static unsigned digits_of(uint64_t n)
{
	unsigned digits = 1;

	while (n >= 10) {
		n /= 10;
		digits++;
	}
	return digits;
}

static void measure(struct layout *l)
{
	unsigned used;

	l->code = sizeof("code") - 1;
	l->meaning = sizeof("meaning") - 1;
	l->count = sizeof("count") - 1;
	for (unsigned i = 0; i < l->report->n_rows; i++) {
		const struct row *row = &l->report->rows[i];

		l->code = MAX(l->code, (unsigned)row->code.len);
		/* Reasons are indented by two. */
		l->meaning = MAX(l->meaning, (unsigned)row->meaning.len);
		if (row->reason.len > 0)
			l->meaning = MAX(l->meaning, (unsigned)row->reason.len + 2);
	}
	for (unsigned i = 0; i < _SECTION_MAX; i++)
		l->count = MAX(l->count, digits_of(l->report->replies[i]));

	/* Two blanks before each cell; the class is as wide as its heading. */
	used = 2 + 5 + 2 + l->code + 2 + l->meaning + 2 + l->count + 2 + SHARE_WIDTH + 2;
	l->bar = l->terminal->width > used ? MIN(l->terminal->width - used, BAR_MAX) : 0;
	if (l->bar < BAR_MIN)
		l->bar = 0;
}

/* Two blanks and TEXT, to the left or to the right of its cell. */
static void add_cell(struct layout *l, span_t text, unsigned width, bool right)
{
	size_t pad = width > text.len ? width - text.len : 0;

	buf_add_str(l->out, "  ");
	for (size_t i = 0; right && i < pad; i++)
		buf_add_char(l->out, ' ');
	buf_add(l->out, text);
	for (size_t i = 0; !right && i < pad; i++)
		buf_add_char(l->out, ' ');
}

static void add_number(struct layout *l, uint64_t n, unsigned width)
{
	buf_printf(l->out, "  %*ju", (int)width, (uintmax_t)n);
}

/* One decimal, rounded; WHOLE is not 0. */
static void add_share(struct layout *l, uint64_t part, uint64_t whole)
{
	unsigned permille = (unsigned)(((unsigned __int128)part * 1000 + whole / 2) / whole);

	buf_printf(l->out, "  %3u.%u%%", permille / 10, permille % 10);
}

static void paint(struct layout *l, enum paint paint)
{
	terminal_paint(l->terminal, l->out, paint);
}

/* The greatest count of a section's codes, which has the longest bar. */
static uint64_t greatest(const struct layout *l, enum section section)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < l->report->n_rows; i++)
		if (l->report->rows[i].section == section)
			most = MAX(most, l->report->rows[i].count);
	return most;
}

static void add_row(struct layout *l, const struct row *row, uint64_t most)
{
	bool reason = row->reason.len > 0;

	paint(l, reason ? PAINT_NONE : terminal_paint_of_class(row->class));
	add_cell(l, reason ? SPAN_NULL : row->class, 5, false);
	add_cell(l, reason ? SPAN_NULL : row->code, l->code, false);
	paint(l, PAINT_NONE);
	if (reason)
		buf_add_str(l->out, "  ");
	add_cell(l, reason ? row->reason : row->meaning, l->meaning - 2 * reason, false);
	add_number(l, row->count, l->count);
	add_share(l, row->count, l->report->replies[row->section]);
	if (l->bar > 0) {
		buf_add_str(l->out, "  ");
		paint(l, terminal_paint_of_class(row->class));
		terminal_bar(l->terminal, l->out, row->count, most, l->bar);
		paint(l, PAINT_NONE);
	}
	buf_add_char(l->out, '\n');
}

static void add_heading(struct layout *l, const char *heading)
{
	buf_add_char(l->out, '\n');
	paint(l, PAINT_HEADING);
	buf_add_str(l->out, heading);
	paint(l, PAINT_NONE);
	buf_add_char(l->out, '\n');
}

static void add_section(struct layout *l, enum section section)
{
	uint64_t most = greatest(l, section);

	if (l->report->replies[section] == 0)
		return;
	add_heading(l, headings[section]);
	add_cell(l, SPAN("class"), 5, false);
	add_cell(l, SPAN("code"), l->code, false);
	add_cell(l, SPAN("meaning"), l->meaning, false);
	add_cell(l, SPAN("count"), l->count, true);
	add_cell(l, SPAN("share"), SHARE_WIDTH, true);
	buf_add_char(l->out, '\n');
	for (unsigned i = 0; i < l->report->n_rows; i++)
		if (l->report->rows[i].section == section)
			add_row(l, &l->report->rows[i], most);
	add_cell(l, SPAN("all"), 5 + 2 + l->code + 2 + l->meaning, false);
	add_number(l, l->report->replies[section], l->count);
	buf_add_char(l->out, '\n');
}

/* NAME and the amounts that are not 0, or none. */
static void add_amounts(struct layout *l, const char *name, const struct amount *amounts,
			unsigned n)
{
	bool any = false;

	buf_printf(l->out, "  %-20s", name);
	for (unsigned i = 0; i < n; i++) {
		if (amounts[i].count == 0)
			continue;
		buf_add_str(l->out, any ? ", " : "");
		buf_add(l->out, amounts[i].name);
		buf_add_char(l->out, ' ');
		buf_add_u64(l->out, amounts[i].count);
		any = true;
	}
	buf_add_str(l->out, any ? "\n" : "none\n");
}

/* Days, hours, minutes or seconds: the two greatest that say something. */
static void add_duration(struct buf *out, uint64_t seconds)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && seconds < units[i].seconds)
		i++;
	buf_printf(out, "%ju %s", (uintmax_t)(seconds / units[i].seconds), units[i].unit);
	if (i + 1 < ARRAY_SIZE(units))
		buf_printf(out, " %ju %s",
			   (uintmax_t)(seconds % units[i].seconds / units[i + 1].seconds),
			   units[i + 1].unit);
}

static void add_span(struct layout *l)
{
	const struct report *r = l->report;

	buf_add_u64(l->out, r->n_entries);
	buf_add_str(l->out, r->n_entries == 1 ? " entry read" : " entries read");
	if (r->n_entries > 0) {
		buf_add_str(l->out, ", ");
		buf_add_utc(l->out, r->first_usec);
		buf_add_str(l->out, " to ");
		buf_add_utc(l->out, r->last_usec);
		buf_add_str(l->out, " (");
		add_duration(l->out, (r->last_usec - r->first_usec) / USEC_PER_SEC);
		buf_add_char(l->out, ')');
	}
	buf_add_char(l->out, '\n');
}

/* Entries under a mail server's name that were not counted, or not all of them. */
static void add_missed(struct layout *l)
{
	static const enum outcome outcomes[] = { OUTCOME_UNKNOWN, OUTCOME_UNTRUSTED,
						 OUTCOME_AMBIGUOUS };
	struct amount missed[ARRAY_SIZE(outcomes)];

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		missed[i] = l->report->entries[outcomes[i]];
	add_amounts(l, "entries in doubt", missed, ARRAY_SIZE(missed));
	if (l->report->entries[OUTCOME_UNTRUSTED].count > 0)
		buf_add_str(l->out,
			    "  (untrusted: not written by the mail server; for a journal of "
			    "another machine\n  --journal.trust=identifier believes them)\n");
}

void report_text(const struct report *report, const struct terminal *terminal, struct buf *out)
{
	struct layout l = { .report = report, .terminal = terminal, .out = out };
	const struct amount accepted = { SPAN("messages"), report->transactions };

	measure(&l);
	add_span(&l);
	for (unsigned i = 0; i < _SECTION_MAX; i++)
		add_section(&l, i);
	if (report->n_rows == 0)
		buf_add_str(out, "\nNo replies.\n");
	add_heading(&l, "Besides");
	add_amounts(&l, "remote deliveries", report->deliveries[HOP_REMOTE], _STATUS_MAX);
	add_amounts(&l, "local deliveries", report->deliveries[HOP_LOCAL], _STATUS_MAX);
	add_amounts(&l, "failures, no reply", report->failures, _CAUSE_MAX);
	add_amounts(&l, "accepted by SMTP", &accepted, 1);
	add_missed(&l);
}
