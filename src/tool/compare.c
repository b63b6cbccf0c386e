/* SPDX-License-Identifier: Apache-2.0 */

/* smtpreply compare: two codes side by side. */

#include "tool/show.h"
#include "util/cursor.h"

static int run(int argc, char **argv);

extern const struct command command_compare;
const struct command command_compare = {
	"compare",
	"CODE CODE",
	"Says what sets two reply codes apart, and what to do about which.",
	run,
};

static bool parse_code(const char *word, unsigned *ret)
{
	struct cursor c = cursor_over(span_str(word));
	uint64_t code;

	if (!cursor_number(&c, 3, &code) || !cursor_at_end(&c) || code < 100)
		return false;
	*ret = (unsigned)code;
	return true;
}

static int compare(enum language language, unsigned a, unsigned b)
{
	struct show show;
	int r = COMMAND_FAILED;

	if (show_init(&show, language) == 0)
		r = show_article(&show, article_compare(&show.article, &show.source, a, b));
	show_done(&show);
	return r;
}

static int run(int argc, char **argv)
{
	struct show_arguments arguments;
	unsigned a, b;

	if (!show_arguments(argc, argv, &command_compare, &arguments))
		return COMMAND_USAGE;
	if (arguments.help)
		return 0;
	if (arguments.n != 2 || !parse_code(arguments.words[0], &a) ||
	    !parse_code(arguments.words[1], &b))
		return show_usage(&command_compare, "two codes of three digits are needed");
	return compare(arguments.language, a, b);
}
