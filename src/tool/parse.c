/* SPDX-License-Identifier: Apache-2.0 */

/*
 * smtpreply parse: log lines in, one line for each reply out. Nothing is kept but what finds repeats, so
 * it can stand at the end of `tail -f` for ever.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "count/reason.h"
#include "count/values.h"
#include "source/lines.h"
#include "source/syslog_line.h"
#include "tool/command.h"
#include "tool/counter.h"
#include "tool/terminal.h"
#include "util/json.h"
#include "util/option_table.h"

extern const struct command command_parse;

struct options {
	const char *file;	/* NULL: standard input */
	const char *identifier; /* NULL: lines are those of a syslog file */
	const char *catalogue_dir;
	bool json;
};

struct parser {
	const struct options *options;
	struct counter counter;
	struct values values;
	struct terminal terminal;
	struct lines lines;
	struct buf out;
	uint64_t now_usec;
	uint64_t n_lines, n_read; /* all, and those that were log lines */
};

/* A line, its parts, and whether its end is missing. */
struct log_line {
	struct syslog_line syslog; /* only identifier, message and pid for a bare message */
	struct record record;
	bool cut;
};

/* What is said of a reply, as label values. */
struct labels {
	span_t mta, side, hop, stage, code, evidence, meaning;
	span_t reason; /* `ok` where nothing failed */
	char enhanced[sizeof("5.999.999")];
	char digits[sizeof("550")];
};

static struct labels labels_of(const struct parser *p, const struct reply *reply, unsigned mta)
{
	const struct smtpreply_catalogue *catalogue = p->counter.catalogue;
	const struct smtpreply_enhanced *e = &reply->enhanced;
	unsigned code = values_code(&p->values, reply->code, reply->class);
	struct labels l = {
		.mta = span_str(dialects[mta]->name),
		.side = reply->side == SIDE_CLIENT ? SPAN("client") : SPAN("server"),
		.hop = reply->side == SIDE_CLIENT ? hop_names[reply->hop] : SPAN("-"),
		.stage = stage_names[reply->stage],
		.code = p->values.code[code],
		.evidence = evidence_names[reply->evidence],
		.meaning = p->values.meaning[code],
		.reason = smtpreply_category_names[reason_of(catalogue, reply,
							     reason_provider(catalogue, reply))],
		.enhanced = "none",
	};

	/* Here, unlike in a label, a code without a row in the catalogue can be shown. */
	if (reply->code > 0)
		snprintf(l.digits, sizeof(l.digits), "%u", reply->code % 1000u);
	if (e->class > 0)
		snprintf(l.enhanced, sizeof(l.enhanced), "%u.%u.%u", e->class % 10u,
			 e->subject % 1000u, e->detail % 1000u);
	return l;
}

/* A cell and the blanks behind it; the next one begins after at least one. */
static void add_cell(struct buf *out, span_t text, size_t width)
{
	buf_add(out, text);
	do
		buf_add_char(out, ' ');
	while (text.len++ < width);
}

static void write_text(struct parser *p, const struct labels *l, const struct log_line *line,
		       bool repeat)
{
	struct buf *out = &p->out;
	span_t code = l->digits[0] ? span_str(l->digits) : l->code;

	add_cell(out, l->side, 6);
	add_cell(out, l->hop, 6);
	add_cell(out, l->stage, 8);
	terminal_paint(&p->terminal, out, terminal_paint_of_class(code));
	add_cell(out, code, 3);
	terminal_paint(&p->terminal, out, PAINT_NONE);
	add_cell(out, span_str(l->enhanced), 7);
	add_cell(out, l->evidence, 7);
	add_cell(out, l->mta, 7);
	buf_add(out, l->meaning);
	buf_add_char(out, ' ');
	buf_add(out, l->reason);
	buf_add_str(out, repeat ? " repeat" : "");
	buf_add_str(out, line->cut ? " cut" : "");
	buf_add_char(out, '\n');
}

static void add_flag(struct json *j, span_t name, bool value)
{
	if (!value)
		return;
	json_name(j, name);
	json_bool(j, true);
}

/* Members that a line has not are left out; so are flags that are not set. */
static void write_json(struct parser *p, const struct labels *l, const struct log_line *line,
		       const struct reply *reply, bool repeat)
{
	struct json j = { .out = &p->out };

	json_open(&j, '{');
	if (line->syslog.timestamp.len > 0) {
		json_member_text(&j, SPAN("time"), line->syslog.timestamp);
		json_member_text(&j, SPAN("host"), line->syslog.host);
	}
	json_member_text(&j, SPAN("identifier"), line->record.identifier);
	json_member_text(&j, SPAN("mta"), l->mta);
	json_member_text(&j, SPAN("side"), l->side);
	if (reply->side == SIDE_CLIENT)
		json_member_text(&j, SPAN("hop"), l->hop);
	json_member_text(&j, SPAN("stage"), l->stage);
	json_member_text(&j, SPAN("code"), l->digits[0] ? span_str(l->digits) : l->code);
	json_member_text(&j, SPAN("enhanced"), span_str(l->enhanced));
	json_member_text(&j, SPAN("evidence"), l->evidence);
	json_member_text(&j, SPAN("meaning"), l->meaning);
	json_member_text(&j, SPAN("reason"), l->reason);
	json_member_text(&j, SPAN("text"), reply->text);
	add_flag(&j, SPAN("repeat"), repeat);
	add_flag(&j, SPAN("cut"), line->cut);
	json_close(&j, '}');
	buf_add_char(&p->out, '\n');
}

static void write_reply(struct parser *p, const struct log_line *line, unsigned i)
{
	const struct event *e = &p->counter.pipeline.events.item[i];
	bool repeat = p->counter.pipeline.repeat[i];
	struct labels labels;

	if (e->type != EVENT_REPLY)
		return;
	labels = labels_of(p, &e->reply, (unsigned)dialect_find(&line->record));
	if (p->options->json)
		write_json(p, &labels, line, &e->reply, repeat);
	else
		write_text(p, &labels, line, repeat);
}

/* Only these outcomes may have replies: what an ambiguous line seems to say does not count. */
static bool has_replies(enum outcome outcome)
{
	return outcome == OUTCOME_REPLY || outcome == OUTCOME_REPEAT || outcome == OUTCOME_UNKNOWN;
}

/* Counts the line as the exporter would, and shows what it counted. */
static int take_line(struct parser *p, const struct log_line *line)
{
	p->n_read++;
	if (!has_replies(pipeline_feed(&p->counter.pipeline, &line->record)))
		return 0;
	buf_clear(&p->out);
	for (unsigned i = 0; i < p->counter.pipeline.events.n; i++)
		write_reply(p, line, i);
	if (p->out.failed)
		return -ENOMEM;
	if (p->out.len > 0)
		fwrite(p->out.data, 1, p->out.len, stdout);
	return 0;
}

/* TEXT as a record, or nothing if it is no log line. */
static bool split(const struct parser *p, span_t text, struct log_line *ret)
{
	if (p->options->identifier) {
		ret->syslog.identifier = span_str(p->options->identifier);
		ret->syslog.message = text;
		ret->record.realtime_usec = p->now_usec;
	} else {
		if (!syslog_line_parse(text, &ret->syslog))
			return false;
		ret->record.realtime_usec = syslog_line_realtime(&ret->syslog, p->now_usec);
	}
	ret->record.identifier = ret->syslog.identifier;
	ret->record.message = ret->syslog.message;
	ret->record.pid = ret->syslog.pid;
	ret->record.uid = RECORD_UID_NONE;
	return true;
}

static uint64_t now_usec(void)
{
	return (uint64_t)time(NULL) * USEC_PER_SEC;
}

/* To the end of the input, or until nobody reads the output any more. */
static int run_lines(struct parser *p)
{
	struct line line;
	int r;

	while ((r = lines_next(&p->lines, &line)) > 0) {
		struct log_line log_line = { .cut = line.cut };

		p->n_lines++;
		if (split(p, line.text, &log_line))
			r = take_line(p, &log_line);
		if (r < 0 || ferror(stdout))
			return r < 0 ? r : 0;
		if (lines_waiting(&p->lines))
			continue;
		/* The next line may be long in coming. */
		fflush(stdout);
		p->now_usec = now_usec();
	}
	return r;
}

static void explain_silence(const struct parser *p)
{
	if (p->n_lines > 0 && p->n_read == 0)
		fputs("smtpreply parse: no line is one of a syslog file; for bare messages give "
		      "--identifier=postfix/smtp\n",
		      stderr);
}

static refusal take_file(struct options *o, const char *value)
{
	o->file = value;
	return *value ? NULL : "give a file, or nothing for standard input";
}

/* An identifier that no mail server has would read everything and say nothing. */
static refusal take_identifier(struct options *o, const char *value)
{
	struct record record = { .identifier = span_str(value) };

	o->identifier = value;
	return dialect_find(&record) >= 0
		       ? NULL
		       : "no mail server writes under that name; give one such as postfix/smtp";
}

static refusal take_catalogue_dir(struct options *o, const char *value)
{
	o->catalogue_dir = value;
	return *value ? NULL : "give a directory";
}

static refusal take_json(struct options *o, const char *value)
{
	o->json = value != NULL;
	return NULL;
}

static const struct option_row rows[] = {
	{ "file", "FILE", "standard input", "Read the lines of FILE.", take_file },
	{ "identifier", "NAME", NULL,
	  "Lines are bare messages of this program, as in --identifier=postfix/smtp, and not those "
	  "of a syslog file.",
	  take_identifier },
	{ "catalogue.dir", "DIR", NULL,
	  "Add the codes, signatures and providers in DIR to those built in, or replace them.",
	  take_catalogue_dir },
	{ "json", NULL, NULL, "Print one JSON object a line, with the reply's text.", take_json },
	{ "help", NULL, NULL, "Print this help and exit.", NULL },
};

static const struct option_table table = {
	.program = "smtpreply parse",
	.usage =
		"Usage: smtpreply parse [OPTION]...\n"
		"Reads the lines of a mail log and prints a line for each SMTP reply in them: side, hop, "
		"stage,\ncode, enhanced code, evidence, mail server, meaning and reason. A reply that was there "
		"before and is\nlogged once more is marked `repeat`, a line of which the end was dropped "
		"`cut`.\n\n",
	.rows = rows,
	.n_rows = ARRAY_SIZE(rows),
};

static int init(struct parser *p, const struct options *options, int fd)
{
	char message[COUNTER_MESSAGE_MAX];
	int r = counter_init(&p->counter, TRUST_IDENTIFIER, options->catalogue_dir, message);

	if (r == 0)
		r = values_init(&p->values, p->counter.catalogue);
	else
		option_table_complain(&table, "cannot start", "", message);
	p->options = options;
	p->now_usec = now_usec();
	terminal_init(&p->terminal, STDOUT_FILENO);
	lines_init(&p->lines, fd);
	return r;
}

static void done(struct parser *p)
{
	values_done(&p->values);
	counter_done(&p->counter);
	buf_done(&p->out);
	free(p);
}

static const char *input_name(const struct options *options)
{
	return options->file ? options->file : "standard input";
}

/* Says itself what went wrong. */
static int parse(const struct options *options, int fd)
{
	struct parser *p = calloc(1, sizeof(*p));
	int r = p ? init(p, options, fd) : -ENOMEM;

	if (r == 0) {
		r = run_lines(p);
		if (r == 0)
			explain_silence(p);
		else
			option_table_complain(&table, "cannot read ", input_name(options),
					      strerror(-r));
	}
	if (p)
		done(p);
	return r;
}

static int run(int argc, char **argv)
{
	struct options options = { .file = NULL };
	int r = option_table_parse(&table, argc, argv, &options), fd = STDIN_FILENO;

	if (r != 0)
		return r == OPTION_TABLE_E_ANSWERED ? EXIT_SUCCESS : COMMAND_USAGE;
	if (options.file)
		fd = open(options.file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		option_table_complain(&table, "cannot read ", options.file, strerror(errno));
		return COMMAND_FAILED;
	}
	r = parse(&options, fd);
	if (options.file)
		close(fd);
	return r < 0 ? COMMAND_FAILED : EXIT_SUCCESS;
}

const struct command command_parse = {
	.name = "parse",
	.arguments = "[OPTION]...",
	.help = "Prints a line for each SMTP reply in the lines of a mail log.",
	.run = run,
};
