/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_SHOW_H
#define TOOL_SHOW_H

/* What explain and compare have in common: their arguments, and an article on standard output. */

#include "smtpreply/article.h"
#include "tool/command.h"

struct show_arguments {
	enum language language;
	bool help;
	int n; /* words that are no options */
	char **words;
};

/*
 * Sorts the words of ARGV[1..] to the front, takes the options `--lang=` and `--help` from between them,
 * and answers --help itself. Returns false, with a message on standard error, if an option is wrong.
 */
bool show_arguments(int argc, char **argv, const struct command *command,
		    struct show_arguments *ret);

/* A one-line complaint on standard error and where help is; returns COMMAND_USAGE. */
int show_usage(const struct command *command, const char *complaint);

struct show {
	struct smtpreply_catalogue *catalogue;
	struct languages *languages;
	struct article_source source;
	struct article article;
};

/* Returns 0 or a negative errno; show_done() in both cases. */
int show_init(struct show *show, enum language language);
void show_done(struct show *show);

/*
 * Writes the article as wide as the terminal, in colours if standard output is one and NO_COLOR is not
 * set. Returns 0, or COMMAND_FAILED if there was no memory or not KNOWN, which the article says.
 */
int show_article(struct show *show, bool known);

#endif
