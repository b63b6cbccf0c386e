/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What cleanup(8) says about messages that it refused (P23 to P25): smtpd(8) gives the reply, but only
 * cleanup logs it, and without the code. The lines quote the message, so they are read from their tail:
 *
 *   QID: ACTION: WHAT CONTENT from ORIGIN; from=<S> to=<R> [proto=P helo=<H>][: TEXT]
 *
 * Messages that were submitted on this host look the same but have no proto and helo, and nobody to
 * answer.
 */

#include "dialect/postfix.h"

/* Imitations of the tail that are worth looking at; a message of content has 200 bytes for them. */
#define TAILS_MAX 32u

struct tail {
	bool by_network; /* ORIGIN is a client, `name[address]` */
	bool by_smtp;	 /* proto= says so */
	span_t text;	 /* what the operator's rule says; may be empty */
};

/* ` NAME<PATH>` as one attribute; true also if it is not there. */
static void skip_path(struct cursor *c, span_t name)
{
	struct cursor at = *c;
	span_t path;

	if (cursor_take_span(&at, name) && scan_path(&at, &path))
		*c = at;
}

/* ` proto=WORD helo=<PATH>`; smtpd says SMTP or ESMTP, other ways in have other words. */
static bool take_protocol(struct cursor *c)
{
	struct cursor at = *c;
	span_t word, path;

	if (!cursor_take_span(&at, SPAN(" proto=")) || !cursor_until_char(&at, ' ', &word) ||
	    !cursor_take_span(&at, SPAN("helo=")) || !scan_path(&at, &path))
		return false;
	*c = at;
	return span_eq(word, SPAN("ESMTP")) || span_eq(word, SPAN("SMTP"));
}

/* Reads a tail behind ` from `. The cursor is left where TEXT begins. */
static bool take_tail(struct cursor *c, struct tail *ret)
{
	struct cursor at = *c;
	struct tail tail = { .by_network = false };
	struct peer client;
	span_t origin;

	if (scan_peer(&at, &client))
		tail.by_network = true;
	else if (!cursor_until_char(&at, ';', &origin) || span_find_char(origin, ' ') >= 0)
		return false;
	else
		at.p--;
	if (!cursor_take_span(&at, SPAN("; from=<")))
		return false;
	at.p--;
	skip_path(&at, SPAN(""));
	skip_path(&at, SPAN(" to="));
	tail.by_smtp = take_protocol(&at);
	if (!cursor_at_end(&at) && !cursor_take_span(&at, SPAN(": ")))
		return false;
	tail.text = cursor_rest(&at);
	*c = at;
	*ret = tail;
	return true;
}

/*
 * The true tail of a line whose content may hold imitations of one: the last, since the operator's text
 * behind it holds none. What stands inside its own quoted addresses is skipped along with them. Returns
 * the number found; TAILS_MAX means that there may be more, and the true one is not known.
 */
static unsigned find_tail(span_t text, struct tail *ret)
{
	struct cursor c = cursor_over(text);
	unsigned tried = 0, found = 0;
	span_t skipped;

	while (tried < TAILS_MAX && cursor_until(&c, SPAN(" from "), &skipped)) {
		found += take_tail(&c, ret);
		tried++;
	}
	return tried < TAILS_MAX ? found : TAILS_MAX;
}

/*
 * A milter's refusal (P23). Its code is dropped, its enhanced code kept if there was one; without that
 * not even the class is known.
 */
static enum verdict parse_milter(span_t text, struct events *events)
{
	struct smtpreply_enhanced enhanced;
	struct cursor c = cursor_over(text);
	struct reply *reply;
	struct peer client;
	span_t word, said;

	if (!cursor_until(&c, SPAN(" from "), &word) || !scan_peer(&c, &client) ||
	    !cursor_take_span(&c, SPAN(": ")))
		return VERDICT_UNKNOWN;
	said = cursor_rest(&c);
	if (span_find(said, SPAN(" proto=")) < 0 || span_find(said, SPAN(" helo=<")) < 0 ||
	    smtpreply_enhanced_parse(said, &enhanced) == 0)
		return VERDICT_UNDERSTOOD;
	reply = imply_reply(events, SIDE_SERVER, postfix_stage(word), 0, enhanced);
	reply->class = enhanced.class;
	return VERDICT_UNDERSTOOD;
}

/* cleanup_strerror.c: an enhanced code 4.x.x becomes 451, everything else 550. */
static void imply_content(struct smtpreply_enhanced enhanced, struct events *events)
{
	imply_reply(events, SIDE_SERVER, STAGE_DATA_END, enhanced.class == 4 ? 451 : 550, enhanced);
}

/*
 * header_checks, body_checks and their kin (P24), and messages that are no proper MIME (P25), whose lines
 * never have proto and helo.
 */
static enum verdict parse_content(span_t text, bool mime, struct events *events)
{
	struct smtpreply_enhanced enhanced = mime ? ENHANCED(5, 6, 0) : ENHANCED(5, 7, 1);
	struct tail tail = { .by_network = false };
	unsigned found = find_tail(text, &tail);

	if (found == TAILS_MAX)
		return VERDICT_AMBIGUOUS;
	if (found == 0 || !(mime ? tail.by_network : tail.by_smtp))
		return VERDICT_UNDERSTOOD;
	if (!mime)
		(void)smtpreply_enhanced_parse(tail.text, &enhanced);
	imply_content(enhanced, events);
	return VERDICT_UNDERSTOOD;
}

enum verdict postfix_parse_cleanup(const struct postfix_line *line, struct events *events)
{
	static const span_t milter = SPAN_INIT("milter-reject: ");
	static const span_t content[] = { SPAN_INIT("reject: header "), SPAN_INIT("reject: body "),
					  SPAN_INIT("reject: content "),
					  SPAN_INIT("milter-header-reject: ") };

	if (line->warning || line->queue_id.len == 0)
		return VERDICT_UNDERSTOOD;
	if (span_starts(line->text, milter))
		return parse_milter(span_tail(line->text, milter.len), events);
	if (postfix_starts_any(line->text, content, ARRAY_SIZE(content)))
		return parse_content(line->text, false, events);
	if (span_starts(line->text, SPAN("reject: mime-error ")))
		return parse_content(line->text, true, events);
	return VERDICT_UNDERSTOOD;
}
