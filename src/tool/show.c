/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "smtpreply/article_text.h"
#include "tool/terminal.h"

/* Longer lines are hard to read. */
#define WIDTH_MAX 100u

/* ---- arguments ---- */

static void print_help(const struct command *command)
{
	printf("Usage: smtpreply %s %s [--lang=en|vi|zh|fr]\n\n%s\n", command->name,
	       command->arguments, command->help);
}

int show_usage(const struct command *command, const char *complaint)
{
	fprintf(stderr, "smtpreply %s: %s; see smtpreply %s --help\n", command->name, complaint,
		command->name);
	return COMMAND_USAGE;
}

static bool take_language(const char *tag, const struct command *command, enum language *ret)
{
	if (tag && language_find(span_str(tag), ret))
		return true;
	show_usage(command, "--lang is one of en, vi, zh, fr");
	return false;
}

bool show_arguments(int argc, char **argv, const struct command *command,
		    struct show_arguments *ret)
{
	struct show_arguments a = { .words = argv + 1 };
	bool options = true;

	for (int i = 1; i < argc; i++) {
		span_t word = span_str(argv[i]);

		if (!options || !span_starts(word, SPAN("--"))) {
			a.words[a.n++] = argv[i];
		} else if (span_eq(word, SPAN("--"))) {
			options = false;
		} else if (span_eq(word, SPAN("--help"))) {
			a.help = true;
		} else if (span_starts(word, SPAN("--lang"))) {
			const char *tag = argv[i] + sizeof("--lang");

			if (span_eq(word, SPAN("--lang")))
				tag = i + 1 < argc ? argv[++i] : NULL;
			else if (word.ptr[sizeof("--lang") - 1] != '=')
				return show_usage(command, "unknown option"), false;
			if (!take_language(tag, command, &a.language))
				return false;
		} else {
			return show_usage(command, "unknown option"), false;
		}
	}
	if (a.help)
		print_help(command);
	*ret = a;
	return true;
}

/* ---- the article ---- */

int show_init(struct show *show, enum language language)
{
	int r;

	*show = (struct show){ 0 };
	article_init(&show->article, language);
	r = smtpreply_catalogue_new(&show->catalogue);
	if (r == 0)
		r = languages_new(&show->languages);
	show->source = (struct article_source){
		.catalogue = show->catalogue,
		.languages = show->languages,
		.language = language,
	};
	return r;
}

void show_done(struct show *show)
{
	article_done(&show->article);
	languages_free(show->languages);
	smtpreply_catalogue_free(show->catalogue);
}

int show_article(struct show *show, bool known)
{
	struct article_text_options options;
	struct buf out = BUF_NULL;
	bool failed = article_failed(&show->article);
	struct terminal terminal;

	terminal_init(&terminal, STDOUT_FILENO);
	options.width = MIN(terminal.width, WIDTH_MAX);
	options.colour = terminal.colours;

	if (!failed)
		article_text(&show->article, &options, &out);
	failed = failed || out.failed;
	if (failed)
		fputs("smtpreply: out of memory\n", stderr);
	else
		(void)fwrite(out.data, 1, out.len, stdout); /* main() asks whether that worked */
	buf_done(&out);
	return failed || !known ? COMMAND_FAILED : 0;
}
