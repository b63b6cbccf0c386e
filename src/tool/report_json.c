/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/report.h"
#include "util/json.h"

static const struct {
	span_t side, hop;
} sections[_SECTION_MAX] = {
	[SECTION_CLIENT_REMOTE] = { SPAN_INIT("client"), SPAN_INIT("remote") },
	[SECTION_CLIENT_LOCAL] = { SPAN_INIT("client"), SPAN_INIT("local") },
	[SECTION_SERVER] = { SPAN_INIT("server"), { NULL, 0 } },
};

static void add_time(struct json *j, span_t name, uint64_t usec)
{
	struct buf text = BUF_NULL;

	buf_add_utc(&text, usec);
	json_member_text(j, name, buf_span(&text));
	j->out->failed |= text.failed;
	buf_done(&text);
}

static void add_place(struct json *j, enum section section)
{
	json_member_text(j, SPAN("side"), sections[section].side);
	if (sections[section].hop.len > 0)
		json_member_text(j, SPAN("hop"), sections[section].hop);
}

static void add_row(struct json *j, const struct row *row)
{
	json_open(j, '{');
	add_place(j, row->section);
	json_member_text(j, SPAN("class"), row->class);
	json_member_text(j, SPAN("code"), row->code);
	json_member_text(j, SPAN("meaning"), row->meaning);
	if (row->reason.len > 0)
		json_member_text(j, SPAN("reason"), row->reason);
	json_member_number(j, SPAN("count"), row->count);
	json_close(j, '}');
}

/* The rows of codes, or those of reasons. */
static void add_rows(struct json *j, const struct report *report, span_t name, bool reasons)
{
	json_name(j, name);
	json_open(j, '[');
	for (unsigned i = 0; i < report->n_rows; i++)
		if ((report->rows[i].reason.len > 0) == reasons)
			add_row(j, &report->rows[i]);
	json_close(j, ']');
}

static void add_object(struct json *j, span_t name, const struct amount *amounts, unsigned n)
{
	json_name(j, name);
	json_open(j, '{');
	for (unsigned i = 0; i < n; i++)
		json_member_number(j, amounts[i].name, amounts[i].count);
	json_close(j, '}');
}

static void add_totals(struct json *j, const struct report *report)
{
	json_name(j, SPAN("totals"));
	json_open(j, '[');
	for (unsigned i = 0; i < _SECTION_MAX; i++) {
		json_open(j, '{');
		add_place(j, i);
		json_member_number(j, SPAN("count"), report->replies[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void report_json(const struct report *report, struct buf *out)
{
	struct json j = { .out = out };

	json_open(&j, '{');
	if (report->n_entries > 0) {
		add_time(&j, SPAN("first"), report->first_usec);
		add_time(&j, SPAN("last"), report->last_usec);
	}
	add_totals(&j, report);
	add_rows(&j, report, SPAN("replies"), false);
	add_rows(&j, report, SPAN("reasons"), true);
	json_name(&j, SPAN("deliveries"));
	json_open(&j, '{');
	for (unsigned hop = 0; hop < _HOP_MAX; hop++)
		add_object(&j, hop_names[hop], report->deliveries[hop], _STATUS_MAX);
	json_close(&j, '}');
	add_object(&j, SPAN("failures"), report->failures, _CAUSE_MAX);
	json_member_number(&j, SPAN("transactions"), report->transactions);
	json_member_number(&j, SPAN("entries_read"), report->n_entries);
	add_object(&j, SPAN("entries"), report->entries, _OUTCOME_MAX);
	json_close(&j, '}');
	buf_add_char(out, '\n');
}
