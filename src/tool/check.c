/* SPDX-License-Identifier: Apache-2.0 */

/* smtpreply check: would the exporter take this directory for its --catalogue.dir? */

#include <getopt.h>
#include <smtpreply.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/command.h"
#include "util/macros.h"
#include "util/option_table.h"

/* A path, a line and a reason; a longer one is cut by the library. */
#define MESSAGE_MAX 1024

extern const struct command command_check;

static const struct option_row rows[] = {
	{ "help", NULL, NULL, "Print this help and exit.", NULL },
};

static const struct option_table table = {
	.program = "smtpreply check",
	.usage =
		"Usage: smtpreply check DIR\n"
		"Reads the catalogue files in DIR, as the exporter would, and says whether they are "
		"good.\n\n",
	.rows = rows,
	.n_rows = ARRAY_SIZE(rows),
	.min_words = 1,
	.max_words = 1,
	.words_hint = "DIR",
};

static int check(const char *directory)
{
	struct smtpreply_catalogue *catalogue = NULL;
	char message[MESSAGE_MAX] = "";
	int r = smtpreply_catalogue_new(&catalogue);

	if (r == 0)
		r = smtpreply_catalogue_overlay(catalogue, directory, message, sizeof(message));
	smtpreply_catalogue_free(catalogue);
	if (r < 0) {
		fprintf(stderr, "smtpreply check: %s\n", *message ? message : strerror(-r));
		return COMMAND_FAILED;
	}
	printf("%s: good\n", directory);
	return EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	int r = option_table_parse(&table, argc, argv, NULL);

	if (r != 0)
		return r == OPTION_TABLE_E_ANSWERED ? EXIT_SUCCESS : COMMAND_USAGE;
	return check(argv[optind]);
}

const struct command command_check = {
	.name = "check",
	.arguments = "DIR",
	.help = "Says whether a directory of catalogue files is good.",
	.run = run,
};
