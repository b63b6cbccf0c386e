/* SPDX-License-Identifier: Apache-2.0 */

#include "util/option_table.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HELP_INDENT 30
#define HELP_WIDTH 96
/* "no-" and the longest name. */
#define NEGATED_MAX 32

/* TEXT broken at blanks, every line but the first indented; ends the line. */
static void print_wrapped(const char *text)
{
	size_t column = HELP_INDENT;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > HELP_INDENT && column + 1 + word > HELP_WIDTH) {
			printf("\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		} else if (column > HELP_INDENT) {
			column += (size_t)printf(" ");
		}
		column += (size_t)printf("%.*s", (int)word, text);
		text += word + strspn(text + word, " ");
	}
	putchar('\n');
}

static void print_row(const struct option_row *row)
{
	char text[512];
	int n = printf("  --%s%s%s", row->name, row->argument ? "=" : "",
		       row->argument ? row->argument : "");

	printf("%*s", n + 2 > HELP_INDENT ? 2 : HELP_INDENT - n, "");
	snprintf(text, sizeof(text), row->fallback ? "%s [%s]" : "%s", row->help, row->fallback);
	print_wrapped(text);
}

static bool is_answer(const struct option_row *row)
{
	return !row->take;
}

static void answer(const struct option_table *t, const struct option_row *row)
{
	if (strcmp(row->name, "version") == 0) {
		fputs(t->version, stdout);
		return;
	}
	fputs(t->usage, stdout);
	for (size_t i = 0; i < t->n_rows; i++)
		print_row(&t->rows[i]);
}

/* Flags of which the opposite means something; the name of --no-state says its opposite already. */
static bool is_negatable(const struct option_row *row)
{
	return !row->argument && !is_answer(row) && strncmp(row->name, "no-", 3) != 0;
}

void option_table_complain(const struct option_table *t, const char *what, const char *name,
			   const char *hint)
{
	fprintf(stderr, "%s: %s%s: %s\n", t->program, what, name, hint);
}

/* What getopt_long returns for row I; above every character, since it returns those as well. */
#define ROW_VALUE(i) (256 + 2 * (int)(i))
#define ROW_INDEX(value) ((unsigned)((value)-256) / 2)
#define IS_NEGATED(value) ((value)&1)

/* getopt_long's table: every row, and --no-NAME for every flag but the answers. */
static void fill_table(const struct option_table *t, struct option *table,
		       char (*negated)[NEGATED_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_rows; i++) {
		const struct option_row *row = &t->rows[i];
		int has_arg = row->argument ? required_argument : no_argument;

		table[n++] = (struct option){ row->name, has_arg, NULL, ROW_VALUE(i) };
		if (!is_negatable(row))
			continue;
		snprintf(negated[i], sizeof(negated[i]), "no-%s", row->name);
		table[n++] = (struct option){ negated[i], no_argument, NULL, ROW_VALUE(i) + 1 };
	}
	table[n] = (struct option){ NULL, 0, NULL, 0 };
}

/* The option that getopt_long found, with its value in optarg. */
static int take_row(const struct option_table *t, int value, struct options *o)
{
	const struct option_row *row = &t->rows[ROW_INDEX(value)];
	const char *given = row->argument ? optarg : (IS_NEGATED(value) ? NULL : "");
	refusal why;

	if (is_answer(row)) {
		answer(t, row);
		return OPTION_TABLE_E_ANSWERED;
	}
	why = row->take(o, given);
	if (why)
		option_table_complain(t, "--", row->name, why);
	return why ? -EINVAL : 0;
}

/* What getopt_long had against a word. */
static const char *why_refused(int r)
{
	if (r == ':')
		return "needs a value; see --help";
	return optopt >= ROW_VALUE(0) ? "takes no value; see --help"
				      : "no such option, or ambiguous; see --help";
}

static int check_words(const struct option_table *t, int argc, char **argv)
{
	if (argc - optind > t->max_words) {
		option_table_complain(t, "", argv[optind + t->max_words],
				      t->max_words > 0
					      ? "one word too many; see --help"
					      : "takes no arguments besides options; see --help");
		return -EINVAL;
	}
	if (argc - optind < t->min_words) {
		option_table_complain(t, "", t->words_hint, "is missing; see --help");
		return -EINVAL;
	}
	return 0;
}

int option_table_parse(const struct option_table *t, int argc, char **argv, struct options *o)
{
	struct option table[2 * OPTION_ROWS_MAX + 1];
	char negated[OPTION_ROWS_MAX][NEGATED_MAX];
	int r, at;

	assert(t->n_rows <= OPTION_ROWS_MAX);
	fill_table(t, table, negated);
	opterr = 0;
	/* "+": what is no option ends them, so that the word at hand is always argv[at]. */
	for (at = 1; (r = getopt_long(argc, argv, "+:", table, NULL)) >= 0; at = optind) {
		if (r == '?' || r == ':') {
			option_table_complain(t, "", argv[at], why_refused(r));
			return -EINVAL;
		}
		r = take_row(t, r, o);
		if (r != 0)
			return r;
	}
	return check_words(t, argc, argv);
}
