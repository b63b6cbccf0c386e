/* SPDX-License-Identifier: Apache-2.0 */

/* smtpreply explain: a code, an enhanced code, or a reply as it stands in a log. */

#include "tool/show.h"
#include "util/cursor.h"

static int run(int argc, char **argv);

extern const struct command command_explain;
const struct command command_explain = {
	"explain",
	"CODE|ENHANCED|\"reply text\"",
	"Says what a reply code, an enhanced status code or a whole reply means and what to do.",
	run,
};

/* "451", and nothing else. */
static bool parse_code(span_t text, unsigned *ret)
{
	struct cursor c = cursor_over(text);
	uint64_t code;

	if (!cursor_number(&c, 3, &code) || !cursor_at_end(&c) || code < 100)
		return false;
	*ret = (unsigned)code;
	return true;
}

static bool explain_reply(struct show *show, const struct smtpreply_reply *reply)
{
	bool known;

	article_reason(&show->article, &show->source, reply);
	known = article_code(&show->article, &show->source, reply->code);
	if (reply->enhanced.class == 0)
		return known;
	return article_enhanced(&show->article, &show->source, &reply->enhanced) && known;
}

static bool explain(struct show *show, span_t text)
{
	struct smtpreply_enhanced enhanced;
	struct smtpreply_reply reply;
	unsigned code;

	if (parse_code(text, &code))
		return article_code(&show->article, &show->source, code);
	if (smtpreply_parse(text, &reply) > 0)
		return explain_reply(show, &reply);
	if (smtpreply_enhanced_parse(text, &enhanced) > 0)
		return article_enhanced(&show->article, &show->source, &enhanced);
	article_not_a_code(&show->article, &show->source, text);
	return false;
}

/* The words as one text, so that a reply need not be quoted. */
static void join(struct buf *out, const struct show_arguments *arguments)
{
	for (int i = 0; i < arguments->n; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		buf_add_str(out, arguments->words[i]);
	}
}

static int run(int argc, char **argv)
{
	struct show_arguments arguments;
	struct buf text = BUF_NULL;
	int r = COMMAND_FAILED;
	struct show show;

	if (!show_arguments(argc, argv, &command_explain, &arguments))
		return COMMAND_USAGE;
	if (arguments.help)
		return 0;
	join(&text, &arguments);
	if (text.len == 0 && !text.failed)
		return show_usage(&command_explain, "a code or a reply is needed");
	if (show_init(&show, arguments.language) == 0 && !text.failed)
		r = show_article(&show, explain(&show, buf_span(&text)));
	show_done(&show);
	buf_done(&text);
	return r;
}
