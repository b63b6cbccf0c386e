/* SPDX-License-Identifier: Apache-2.0 */

/* smtpreply: one program, several commands, each a row of the table. */

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool/command.h"
#include "tool/nearest.h"
#include "util/buf.h"
#include "util/option_table.h"

extern const struct command command_check, command_compare, command_explain, command_parse,
	command_report;

/* In the order of --help. */
static const struct command *const commands[] = {
	&command_explain, &command_compare, &command_parse, &command_report, &command_check,
};

/* A word further off than this is no slip of the fingers. */
#define NEAREST_MAX 3u

static const struct option_row rows[] = {
	{ "version", NULL, NULL, "Print the version and exit.", NULL },
	{ "help", NULL, NULL, "Print this help and exit; behind a command, its own.", NULL },
};

static struct option_table table = {
	.program = "smtpreply",
	.version = "smtpreply " VERSION "\n",
	.rows = rows,
	.n_rows = ARRAY_SIZE(rows),
	.min_words = 1,
	.max_words = INT_MAX,
	.words_hint = "COMMAND",
};

static void write_usage(struct buf *usage)
{
	buf_add_str(usage, "Usage: smtpreply COMMAND [OPTION]...\n"
			   "Tells what SMTP replies there are in a log, and what they mean.\n\n"
			   "Commands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		buf_printf(usage, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	buf_add_str(usage, "\nOptions:\n");
	buf_add_char(usage, '\0');
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	unsigned best = NEAREST_MAX + 1;
	const char *nearest = NULL;
	char hint[128];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		unsigned d = nearest_distance(span_str(name), span_str(commands[i]->name));

		if (d < best) {
			best = d;
			nearest = commands[i]->name;
		}
	}
	snprintf(hint, sizeof(hint),
		 nearest ? "no such command; did you mean %s? See --help"
			 : "no such command; see --help",
		 nearest);
	option_table_complain(&table, "", name, hint);
	return COMMAND_USAGE;
}

static int run_command(int argc, char **argv)
{
	const struct command *command = find_command(argv[0]);

	if (!command)
		return unknown_command(argv[0]);
	optind = 0; /* makes glibc start anew */
	return command->run(argc, argv);
}

/* What was printed counts only if it arrived; a reader that has seen enough is not told. */
static int close_output(int status)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return status;
	if (errno != EPIPE)
		perror("smtpreply: cannot write to standard output");
	return status ? status : COMMAND_FAILED;
}

int main(int argc, char **argv)
{
	struct buf usage = BUF_NULL;
	int r;

	/* Only which characters the terminal knows; numbers stay as they are. */
	setlocale(LC_CTYPE, "");
	write_usage(&usage);
	table.usage = usage.failed ? "" : usage.data;
	r = option_table_parse(&table, argc, argv, NULL);
	if (r == 0)
		r = run_command(argc - optind, argv + optind);
	else
		r = r == OPTION_TABLE_E_ANSWERED ? EXIT_SUCCESS : COMMAND_USAGE;
	buf_done(&usage);
	return close_output(r);
}
