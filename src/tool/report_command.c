/* SPDX-License-Identifier: Apache-2.0 */

/* smtpreply report: reads a journal once, as --once of the exporter does, and shows what is in it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "source/journal_options.h"
#include "tool/command.h"
#include "tool/progress.h"
#include "tool/report.h"
#include "util/option_table.h"

extern const struct command command_report;

struct options {
	struct journal_options journal;
	enum trust_mode trust;
	const char *catalogue_dir; /* NULL: only what is built in */
	bool json;
};

static refusal take_since(struct options *o, const char *value)
{
	return journal_options_since(&o->journal, value);
}

static refusal take_directory(struct options *o, const char *value)
{
	return journal_options_directory(&o->journal, value);
}

static refusal take_journal_file(struct options *o, const char *value)
{
	return journal_options_file(&o->journal, value);
}

static refusal take_container(struct options *o, const char *value)
{
	return journal_options_container(&o->journal, value);
}

static refusal take_namespace(struct options *o, const char *value)
{
	return journal_options_namespace(&o->journal, value);
}

static refusal take_trust(struct options *o, const char *value)
{
	return trust_mode_parse(value, &o->trust) ? NULL : "give trusted or identifier";
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
	{ "since", "WHEN", "all",
	  "Where to start: now, boot, all, @SECONDS or a time such as \"2026-01-31 12:00:00\" "
	  "(UTC with a Z behind it).",
	  take_since },
	{ "journal.directory", "DIR", "this machine's journal", "Read the journal files in DIR.",
	  take_directory },
	{ "journal.file", "FILE", NULL, "Read this journal file; repeatable.", take_journal_file },
	{ "journal.container", "NAME", NULL,
	  "Believe the container NAME: take apart the syslog lines that it prints; repeatable.",
	  take_container },
	{ "journal.namespace", "NS", "the default namespace",
	  "Read the journal namespace NS (LogNamespace= of a unit).", take_namespace },
	{ "journal.trust", "MODE", "trusted",
	  "trusted: count an entry only if the fields that journald adds fit the mail server. "
	  "identifier: believe every SYSLOG_IDENTIFIER.",
	  take_trust },
	{ "catalogue.dir", "DIR", NULL,
	  "Add the codes, signatures and providers in DIR to those built in, or replace them.",
	  take_catalogue_dir },
	{ "json", NULL, NULL, "Print one JSON object.", take_json },
	{ "help", NULL, NULL, "Print this help and exit.", NULL },
};

static const struct option_table table = {
	.program = "smtpreply report",
	.usage =
		"Usage: smtpreply report [OPTION]...\n"
		"Reads the journal once and prints how many SMTP replies there are in it, by side, "
		"class, code,\nmeaning and reason. The numbers are those of the exporter.\n\n",
	.rows = rows,
	.n_rows = ARRAY_SIZE(rows),
};

/* What was read besides the numbers. */
struct reading {
	uint64_t first_usec, last_usec; /* of all entries, which need not be in order */
};

static void start_progress(struct progress *progress, struct journal *journal,
			   const struct options *options)
{
	uint64_t from_usec = 0, to_usec = 0;

	(void)journal_range(journal, &from_usec, &to_usec);
	if (options->journal.since == JOURNAL_SINCE_TIME)
		from_usec = MAX(from_usec, options->journal.since_usec);
	progress_init(progress, from_usec, MAX(from_usec, to_usec));
}

static int read_all(struct counter *counter, struct journal *journal, const struct options *options,
		    struct reading *reading)
{
	struct progress progress;
	struct record record;
	int r = journal_open(journal);

	if (r < 0)
		return r;
	start_progress(&progress, journal, options);
	while ((r = journal_next(journal, &record)) > 0) {
		pipeline_feed(&counter->pipeline, &record);
		reading->first_usec = MIN(reading->first_usec, record.realtime_usec);
		reading->last_usec = MAX(reading->last_usec, record.realtime_usec);
		progress_step(&progress, record.realtime_usec);
	}
	progress_done(&progress);
	return r;
}

static int show(const struct counter *counter, const struct reading *reading, bool json)
{
	struct buf out = BUF_NULL;
	struct terminal terminal;
	struct report report;
	int r = report_init(&report, counter);

	report.first_usec = reading->first_usec;
	report.last_usec = reading->last_usec;
	terminal_init(&terminal, STDOUT_FILENO);
	if (r == 0 && json)
		report_json(&report, &out);
	else if (r == 0)
		report_text(&report, &terminal, &out);
	if (out.failed)
		r = -ENOMEM;
	if (r == 0)
		fwrite(out.data, 1, out.len, stdout);
	buf_done(&out);
	report_done(&report);
	return r;
}

static void complain(const char *what, const char *why)
{
	option_table_complain(&table, what, "", why);
}

static int count(struct counter *counter, const struct options *options)
{
	struct journal_config config = journal_options_config(&options->journal, dialect_wants);
	struct journal *journal = NULL;
	struct reading reading = { .first_usec = UINT64_MAX };
	int r = journal_new(&journal, &config);

	if (r == 0)
		r = read_all(counter, journal, options, &reading);
	journal_free(journal);
	if (r < 0)
		complain("cannot read the journal", journal_strerror(r));
	else
		r = show(counter, &reading, options->json);
	return r;
}

static int run(int argc, char **argv)
{
	struct options options = { .journal = { .since = JOURNAL_SINCE_ALL } };
	char message[COUNTER_MESSAGE_MAX];
	struct counter counter;
	int r = option_table_parse(&table, argc, argv, &options);

	if (r == OPTION_TABLE_E_ANSWERED)
		return EXIT_SUCCESS;
	if (r == 0 && !journal_options_agree(&options.journal)) {
		option_table_complain(&table, "--journal.directory, --journal.file and ",
				      "--journal.namespace", "give only one of them");
		r = -EINVAL;
	}
	if (r < 0)
		return COMMAND_USAGE;
	r = counter_init(&counter, options.trust, options.catalogue_dir, message);
	if (r == 0)
		r = count(&counter, &options);
	else
		complain("cannot start", message);
	counter_done(&counter);
	return r < 0 ? COMMAND_FAILED : EXIT_SUCCESS;
}

const struct command command_report = {
	.name = "report",
	.arguments = "[OPTION]...",
	.help = "Says how many SMTP replies of which kind a journal holds.",
	.run = run,
};
