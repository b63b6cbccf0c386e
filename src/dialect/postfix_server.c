/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What smtpd(8) and postscreen(8) say about replies that this host gave (P20 to P22, P26 to P30). The
 * session lines, `QID: reject: STAGE from CLIENT: REPLY; ...`, have nothing that a stranger wrote in
 * front of the reply. Other lines tell of an event to which the program gives a fixed answer: those
 * replies are implied.
 */

#include "dialect/postfix.h"

/* smtpd.c: where a session stands, as its log lines have it. */
static const struct {
	span_t word;
	enum stage stage;
} stage_words[] = {
	{ SPAN_INIT("RCPT"), STAGE_RCPT },
	{ SPAN_INIT("CONNECT"), STAGE_CONNECT },
	{ SPAN_INIT("HELO"), STAGE_HELO },
	{ SPAN_INIT("EHLO"), STAGE_HELO },
	{ SPAN_INIT("STARTTLS"), STAGE_STARTTLS },
	{ SPAN_INIT("AUTH"), STAGE_AUTH },
	{ SPAN_INIT("MAIL"), STAGE_MAIL },
	{ SPAN_INIT("DATA"), STAGE_DATA },
	{ SPAN_INIT("DATA content"), STAGE_DATA_END },
	{ SPAN_INIT("BDAT"), STAGE_BDAT },
	{ SPAN_INIT("BDAT content"), STAGE_BDAT },
	{ SPAN_INIT("END-OF-MESSAGE"), STAGE_DATA_END },
	{ SPAN_INIT("VRFY"), STAGE_VRFY },
	{ SPAN_INIT("EXPN"), STAGE_EXPN },
	{ SPAN_INIT("ETRN"), STAGE_ETRN },
	{ SPAN_INIT("XCLIENT"), STAGE_XCLIENT },
	{ SPAN_INIT("XFORWARD"), STAGE_XFORWARD },
	{ SPAN_INIT("RSET"), STAGE_RSET },
	{ SPAN_INIT("NOOP"), STAGE_NOOP },
	{ SPAN_INIT("QUIT"), STAGE_QUIT },
	{ SPAN_INIT("HELP"), STAGE_HELP },
	{ SPAN_INIT("UNKNOWN"), STAGE_UNKNOWN },
};

enum stage postfix_stage(span_t word)
{
	for (unsigned i = 0; i < ARRAY_SIZE(stage_words); i++)
		if (span_eq(stage_words[i].word, word))
			return stage_words[i].stage;
	return STAGE_OTHER;
}

/* A line that means a reply which it does not print. First match wins. */
struct implied {
	span_t start, contains;
	enum stage stage;
	uint16_t code;
	struct smtpreply_enhanced enhanced;
};

/* smtpd.c and smtpd_sasl_glue.c, behind `warning: `. */
static const struct implied implied_warnings[] = {
	{ SPAN_INIT("Connection concurrency limit exceeded: "),
	  SPAN_INIT(""),
	  STAGE_CONNECT,
	  421,
	  { 4, 7, 0 } },
	{ SPAN_INIT("Connection rate limit exceeded: "),
	  SPAN_INIT(""),
	  STAGE_CONNECT,
	  421,
	  { 4, 7, 0 } },
	{ SPAN_INIT("New TLS session rate limit exceeded: "),
	  SPAN_INIT(""),
	  STAGE_HELO,
	  421,
	  { 4, 7, 0 } },
	{ SPAN_INIT("Refusing STARTTLS request from "),
	  SPAN_INIT(""),
	  STAGE_STARTTLS,
	  454,
	  { 4, 7, 0 } },
	{ SPAN_INIT("Message delivery request rate limit exceeded: "),
	  SPAN_INIT(""),
	  STAGE_MAIL,
	  450,
	  { 4, 7, 1 } },
	{ SPAN_INIT("Recipient address rate limit exceeded: "),
	  SPAN_INIT(""),
	  STAGE_RCPT,
	  450,
	  { 4, 7, 1 } },
	{ SPAN_INIT("AUTH command rate limit exceeded: "),
	  SPAN_INIT(""),
	  STAGE_AUTH,
	  450,
	  { 4, 7, 1 } },
	{ SPAN_INIT("Illegal address syntax from "),
	  SPAN_INIT(" in MAIL command: "),
	  STAGE_MAIL,
	  501,
	  { 5, 1, 7 } },
	{ SPAN_INIT("Illegal address syntax from "),
	  SPAN_INIT(" in RCPT command: "),
	  STAGE_RCPT,
	  501,
	  { 5, 1, 3 } },
	{ SPAN_INIT("Illegal address syntax from "),
	  SPAN_INIT(" in VRFY command: "),
	  STAGE_VRFY,
	  501,
	  { 5, 1, 3 } },
	{ SPAN_INIT("non-SMTP command from "), SPAN_INIT(""), STAGE_UNKNOWN, 221, { 2, 7, 0 } },
	{ SPAN_INIT("reject: ETRN "), SPAN_INIT(""), STAGE_ETRN, 459, { 0, 0, 0 } },
	{ SPAN_INIT("bad ETRN "), SPAN_INIT(""), STAGE_ETRN, 458, { 0, 0, 0 } },
	{ SPAN_INIT("unable to talk to fast flush service"),
	  SPAN_INIT(""),
	  STAGE_ETRN,
	  458,
	  { 0, 0, 0 } },
};

/* The same with a queue id in front. */
static const struct implied implied_queue_warnings[] = {
	{ SPAN_INIT("queue file size limit exceeded"),
	  SPAN_INIT(""),
	  STAGE_DATA_END,
	  552,
	  { 5, 3, 4 } },
	{ SPAN_INIT("malformed BDAT command syntax from "),
	  SPAN_INIT(""),
	  STAGE_BDAT,
	  521,
	  { 5, 5, 4 } },
	{ SPAN_INIT("null BDAT request from "), SPAN_INIT(""), STAGE_BDAT, 551, { 5, 7, 1 } },
	{ SPAN_INIT("BDAT request from "),
	  SPAN_INIT(" exceeds message size limit"),
	  STAGE_BDAT,
	  552,
	  { 5, 3, 4 } },
};

/* postscreen_smtpd.c; each of these ends the session with the reply. */
static const struct implied implied_postscreen[] = {
	{ SPAN_INIT("COMMAND TIME LIMIT from "), SPAN_INIT(""), STAGE_UNKNOWN, 421, { 4, 4, 2 } },
	{ SPAN_INIT("COMMAND COUNT LIMIT from "), SPAN_INIT(""), STAGE_UNKNOWN, 421, { 0, 0, 0 } },
	{ SPAN_INIT("COMMAND LENGTH LIMIT from "), SPAN_INIT(""), STAGE_UNKNOWN, 421, { 0, 0, 0 } },
	{ SPAN_INIT("NON-SMTP COMMAND from "), SPAN_INIT(""), STAGE_UNKNOWN, 521, { 5, 7, 0 } },
	{ SPAN_INIT("DATA without valid RCPT from "), SPAN_INIT(""), STAGE_DATA, 503, { 5, 5, 1 } },
	{ SPAN_INIT("BDAT without valid RCPT from "), SPAN_INIT(""), STAGE_BDAT, 503, { 5, 5, 1 } },
	{ SPAN_INIT("reject: connect from "),
	  SPAN_INIT(": all screening ports busy"),
	  STAGE_CONNECT,
	  421,
	  { 4, 3, 2 } },
};

/* What the texts of P27 stand for, behind the client. */
static const struct implied implied_busy[] = {
	{ SPAN_INIT("too many connections"), SPAN_INIT(""), STAGE_CONNECT, 421, { 4, 7, 0 } },
	{ SPAN_INIT("all server ports busy"), SPAN_INIT(""), STAGE_CONNECT, 421, { 4, 3, 2 } },
};

/* What becomes of a session's line by its first word, behind the queue id. */
enum action {
	ACTION_REPLY,  /* the reply was given */
	ACTION_MILTER, /* likewise, with exceptions */
	ACTION_PROXY,  /* likewise, and no client is named */
	ACTION_TLS_ABORT,
	ACTION_QUIET, /* nothing was refused, or another line tells */
};

static const struct {
	span_t word;
	enum action action;
} actions[] = {
	{ SPAN_INIT("reject: "), ACTION_REPLY },
	{ SPAN_INIT("milter-reject: "), ACTION_MILTER },
	{ SPAN_INIT("proxy-reject: "), ACTION_PROXY },
	{ SPAN_INIT("proxy-accept: "), ACTION_PROXY },
	{ SPAN_INIT("abort: TLS from "), ACTION_TLS_ABORT },
	{ SPAN_INIT("reject_warning: "), ACTION_QUIET },
	{ SPAN_INIT("warn: "), ACTION_QUIET },
	{ SPAN_INIT("hold: "), ACTION_QUIET },
	{ SPAN_INIT("discard: "), ACTION_QUIET },
	{ SPAN_INIT("filter: "), ACTION_QUIET },
	{ SPAN_INIT("redirect: "), ACTION_QUIET },
	{ SPAN_INIT("bcc: "), ACTION_QUIET },
	{ SPAN_INIT("delay: "), ACTION_QUIET },
	{ SPAN_INIT("info: "), ACTION_QUIET },
	{ SPAN_INIT("hangup: "), ACTION_QUIET },
	{ SPAN_INIT("prepend: "), ACTION_QUIET },
	{ SPAN_INIT("permit: "), ACTION_QUIET },
	{ SPAN_INIT("replace: "), ACTION_QUIET },
	{ SPAN_INIT("trigger: "), ACTION_QUIET },
	{ SPAN_INIT("milter-hold: "), ACTION_QUIET },
	{ SPAN_INIT("milter-discard: "), ACTION_QUIET },
	{ SPAN_INIT("reply filter in: "), ACTION_QUIET },
	{ SPAN_INIT("reply filter out: "), ACTION_QUIET },
	{ SPAN_INIT("client="), ACTION_QUIET }, /* NOQUEUE: the message goes on to a filter */
};

static const span_t quiet_smtpd[] = {
	SPAN_INIT("improper command pipelining after "),
	SPAN_INIT("Anonymous TLS connection "),
	SPAN_INIT("Untrusted TLS connection "),
	SPAN_INIT("Trusted TLS connection "),
	SPAN_INIT("Verified TLS connection "),
	SPAN_INIT("SSL_accept error from "),
	SPAN_INIT("SSL3 alert "),
	SPAN_INIT("TLS SNI "),
	SPAN_INIT("setting up TLS connection from "),
	SPAN_INIT("initializing the server-side TLS engine"),
	SPAN_INIT("certificate verification failed for "),
	SPAN_INIT("Relaying allowed for "),
	SPAN_INIT("discarding EHLO keywords: "),
	SPAN_INIT("table "),
	SPAN_INIT("using backwards-compatible default setting "),
	SPAN_INIT("mapping DSN status "),
	SPAN_INIT("statistics: "),
	SPAN_INIT("message repeated "),
	SPAN_INIT("< "), /* conversation traces of verbose logging */
	SPAN_INIT("> "),
};

static const span_t quiet_postscreen[] = {
	SPAN_INIT("CONNECT from "),
	SPAN_INIT("PASS "),
	SPAN_INIT("PREGREET "),
	SPAN_INIT("HANGUP "),
	SPAN_INIT("DNSBL rank "),
	SPAN_INIT("DISCONNECT "),
	SPAN_INIT("COMMAND PIPELINING from "),
	SPAN_INIT("BARE NEWLINE from "),
	SPAN_INIT("WHITELISTED "),
	SPAN_INIT("BLACKLISTED "),
	SPAN_INIT("WHITELIST VETO "),
	SPAN_INIT("ALLOWLISTED "),
	SPAN_INIT("DENYLISTED "),
	SPAN_INIT("ALLOWLIST VETO "),
	SPAN_INIT("entering STRESS mode "),
	SPAN_INIT("leaving STRESS mode "),
	SPAN_INIT("cache "),
	SPAN_INIT("table "),
	SPAN_INIT("using backwards-compatible default setting "),
	SPAN_INIT("message repeated "),
};

static bool imply_from(const struct implied *table, unsigned n, span_t text, struct events *events)
{
	for (unsigned i = 0; i < n; i++) {
		if (!span_starts(text, table[i].start) || span_find(text, table[i].contains) < 0)
			continue;
		imply_reply(events, SIDE_SERVER, table[i].stage, table[i].code, table[i].enhanced);
		return true;
	}
	return false;
}

/* `STAGE from CLIENT: `; leaves the cursor at what was said. */
static bool scan_session(struct cursor *c, span_t *ret_word)
{
	struct peer client;

	return cursor_until(c, SPAN(" from "), ret_word) && scan_peer(c, &client) &&
	       cursor_take_span(c, SPAN(": "));
}

/*
 * Cuts the attributes off what was said. The reply may hold such words too, but then only text is lost,
 * not the code.
 */
static span_t without_attributes(span_t said)
{
	ptrdiff_t end = span_find(said, SPAN("; from=<"));

	if (end < 0)
		end = span_find(said, SPAN("; proto="));
	if (end < 0 && said.len > 0 && said.ptr[said.len - 1] == ';')
		end = (ptrdiff_t)said.len - 1;
	return end < 0 ? said : span_head(said, (size_t)end);
}

/* `STAGE from CLIENT: REPLY; from=<> to=<> proto= helo=<>` (P20, P22, P26, P27). */
static enum verdict parse_session(span_t text, bool milter, struct events *events)
{
	struct cursor c = cursor_over(text);
	struct reply *reply;
	enum stage stage;
	span_t word, said;

	if (!scan_session(&c, &word))
		return VERDICT_UNKNOWN;
	stage = postfix_stage(word);
	said = cursor_rest(&c);
	if (imply_from(implied_busy, ARRAY_SIZE(implied_busy), said, events))
		return VERDICT_UNDERSTOOD;
	if (span_starts(said, SPAN("bare <LF> received"))) {
		imply_reply(events, SIDE_SERVER, stage, 550, ENHANCED(5, 5, 2));
		return VERDICT_UNDERSTOOD;
	}

	reply = scan_reply(without_attributes(said), events, SIDE_SERVER, stage);
	if (!reply)
		return VERDICT_UNKNOWN;
	/* smtpd keeps a milter's refusal of these for MAIL, and logs it there again; 421 it says. */
	if (milter && (stage == STAGE_CONNECT || stage == STAGE_HELO) && reply->code != 421)
		events->n--;
	return VERDICT_UNDERSTOOD;
}

/* `STAGE: REPLY; from=...` (P28): what a before-queue filter answered, passed on to the client. */
static enum verdict parse_proxy(span_t text, struct events *events)
{
	struct cursor c = cursor_over(text);
	span_t word;

	if (!cursor_until(&c, SPAN(": "), &word) ||
	    !scan_reply(without_attributes(cursor_rest(&c)), events, SIDE_SERVER,
			postfix_stage(word)))
		return VERDICT_UNKNOWN;
	return VERDICT_UNDERSTOOD;
}

/* A line about a message or session, behind its queue id. */
static enum verdict parse_queue_line(const struct postfix_line *line, struct events *events)
{
	unsigned i = 0;
	span_t rest;

	if (span_starts(line->text, SPAN("client=")) && !span_eq(line->queue_id, SPAN("NOQUEUE"))) {
		events_add(events, EVENT_TRANSACTION);
		return VERDICT_UNDERSTOOD;
	}
	while (i < ARRAY_SIZE(actions) && !span_starts(line->text, actions[i].word))
		i++;
	if (i == ARRAY_SIZE(actions))
		return VERDICT_UNKNOWN;

	rest = span_tail(line->text, actions[i].word.len);
	switch (actions[i].action) {
	case ACTION_REPLY:
	case ACTION_MILTER:
		return parse_session(rest, actions[i].action == ACTION_MILTER, events);
	case ACTION_PROXY:
		return parse_proxy(rest, events);
	case ACTION_TLS_ABORT:
		/* The answer to the EHLO behind the handshake. */
		imply_reply(events, SIDE_SERVER, STAGE_HELO, 421, ENHANCED(4, 7, 1));
		return VERDICT_UNDERSTOOD;
	case ACTION_QUIET:
		break;
	}
	return VERDICT_UNDERSTOOD;
}

/* `lost connection|timeout|too many errors after STAGE[ (N bytes)] from CLIENT`, smtpd.c. */
static bool parse_after(span_t text, struct events *events)
{
	struct cursor c = cursor_over(text);
	span_t reason, word;
	ptrdiff_t bytes;
	enum stage stage;

	if (!cursor_until(&c, SPAN(" after "), &reason) || !cursor_until(&c, SPAN(" from "), &word))
		return false;
	bytes = span_find(word, SPAN(" ("));
	stage = postfix_stage(bytes < 0 ? word : span_head(word, (size_t)bytes));
	/* A count of bytes means that the message itself was under way. */
	if (bytes >= 0 && stage == STAGE_DATA)
		stage = STAGE_DATA_END;

	if (span_eq(reason, SPAN("lost connection")))
		events_add(events, EVENT_LOST_CONNECTION)->stage = stage;
	else if (span_eq(reason, SPAN("timeout")))
		imply_reply(events, SIDE_SERVER, stage, 421, ENHANCED(4, 4, 2));
	else if (span_eq(reason, SPAN("too many errors")))
		imply_reply(events, SIDE_SERVER, stage, 421, ENHANCED(4, 7, 0));
	else
		return false;
	return true;
}

/* `name=ok` or `name=ok/total`; the sum over all, `commands=`, is no event. */
static bool scan_command(struct cursor *c, struct events *events)
{
	struct command_count count;
	uint64_t ok, total;
	span_t name;

	if (!cursor_until_char(c, '=', &name) || !cursor_number(c, 10, &ok))
		return false;
	total = ok;
	if (cursor_take(c, '/') && !cursor_number(c, 10, &total))
		return false;
	if (span_eq(name, SPAN("commands")))
		return true;

	count.command = name_find(command_names, _COMMAND_MAX, name);
	if (count.command == _COMMAND_MAX)
		count.command = COMMAND_OTHER;
	count.total = total;
	count.refused = total > ok ? total - ok : 0;
	events_add(events, EVENT_COMMAND)->command = count;
	return true;
}

/* `disconnect from CLIENT ehlo=1 rcpt=0/1 ... commands=4/7` */
static enum verdict parse_disconnect(span_t text, struct events *events)
{
	struct cursor c = cursor_over(text);
	struct peer client;

	if (!scan_peer(&c, &client))
		return VERDICT_UNKNOWN;
	while (cursor_take(&c, ' '))
		if (!scan_command(&c, events))
			return VERDICT_UNKNOWN;
	return VERDICT_UNDERSTOOD;
}

/*
 * `CLIENT: SASL MECHANISM authentication failed: ...`: 535 or 454, nobody can tell, so only the failure
 * counts. An exchange that the client broke off was answered with 501 5.7.0.
 */
static bool parse_sasl(span_t text, struct events *events)
{
	struct cursor c = cursor_over(text);
	struct peer client;
	span_t mechanism;

	if (!scan_peer(&c, &client) || !cursor_take_span(&c, SPAN(": SASL ")) ||
	    !cursor_until_char(&c, ' ', &mechanism))
		return false;
	if (cursor_take_span(&c, SPAN("authentication failed")))
		events_add(events, EVENT_AUTH_FAILURE)->mechanism = scan_mechanism(mechanism);
	else if (cursor_take_span(&c, SPAN("authentication aborted")))
		imply_reply(events, SIDE_SERVER, STAGE_AUTH, 501, ENHANCED(5, 7, 0));
	return true;
}

/* The command in quotes before a proxy's refusal; the client wrote it. */
static enum stage proxied_stage(span_t command)
{
	struct cursor c = cursor_over(command);
	span_t word;

	if (span_eq(command, SPAN("connection request")))
		return STAGE_CONNECT;
	if (span_eq(command, SPAN("end of content")) || span_eq(command, SPAN(".")))
		return STAGE_DATA_END;
	if (!cursor_until_char(&c, ' ', &word))
		word = command;
	return postfix_stage(word);
}

/*
 * `proxy SERVICE rejected "COMMAND": "REPLY"` (P10): a reply that smtpd received from its before-queue
 * filter. COMMAND may imitate the rest of the line, but it cannot make the last `": "` its own.
 */
static bool parse_proxy_warning(const struct postfix_line *line, struct events *events)
{
	static const span_t between = SPAN_INIT("\": \"");
	struct cursor c = cursor_over(line->whole);
	span_t service, rest, command;
	struct reply *reply;
	ptrdiff_t at = -1;

	if (!cursor_take_span(&c, SPAN("proxy ")) ||
	    !cursor_until(&c, SPAN(" rejected \""), &service))
		return false;
	rest = cursor_rest(&c);
	for (size_t i = 0; i + between.len <= rest.len; i++)
		if (span_starts(span_tail(rest, i), between))
			at = (ptrdiff_t)i;
	if (at < 0)
		return true;
	command = span_head(rest, (size_t)at);
	rest = span_tail(rest, (size_t)at + between.len);
	if (!line->cut && rest.len > 0 && rest.ptr[rest.len - 1] == '"')
		rest.len--;
	reply = scan_reply(rest, events, SIDE_CLIENT, proxied_stage(command));
	if (reply)
		reply->hop = HOP_LOCAL;
	return true;
}

/* Warnings of which the tables say nothing are about this host, and carry no reply. */
static enum verdict parse_smtpd_warning(const struct postfix_line *line, struct events *events)
{
	if (line->queue_id.len > 0 &&
	    imply_from(implied_queue_warnings, ARRAY_SIZE(implied_queue_warnings), line->text,
		       events))
		return VERDICT_UNDERSTOOD;
	if (imply_from(implied_warnings, ARRAY_SIZE(implied_warnings), line->whole, events) ||
	    parse_sasl(line->whole, events))
		return VERDICT_UNDERSTOOD;
	(void)parse_proxy_warning(line, events);
	return VERDICT_UNDERSTOOD;
}

/* `CLIENT: replacing command "..." with "..."` (smtpd_command_filter) */
static bool is_replaced_command(span_t text)
{
	struct cursor c = cursor_over(text);
	struct peer client;

	return scan_peer(&c, &client) && cursor_take_span(&c, SPAN(": replacing command "));
}

enum verdict postfix_parse_smtpd(const struct postfix_line *line, struct events *events)
{
	static const span_t disconnect = SPAN_INIT("disconnect from ");

	if (line->warning)
		return parse_smtpd_warning(line, events);
	if (line->queue_id.len > 0)
		return parse_queue_line(line, events);
	if (span_starts(line->whole, SPAN("connect from "))) {
		events_add(events, EVENT_CONNECTION);
		return VERDICT_UNDERSTOOD;
	}
	if (span_starts(line->whole, disconnect))
		return parse_disconnect(span_tail(line->whole, disconnect.len), events);
	if (span_starts(line->whole, SPAN("proxy-")))
		return parse_queue_line(line, events);
	if (postfix_starts_any(line->whole, quiet_smtpd, ARRAY_SIZE(quiet_smtpd)) ||
	    parse_after(line->whole, events) || parse_sasl(line->whole, events) ||
	    is_replaced_command(line->whole))
		return VERDICT_UNDERSTOOD;
	return VERDICT_UNKNOWN;
}

/* The word behind the last ` after ` of a postscreen line: where the session stood. */
static enum stage after_stage(span_t text)
{
	struct cursor c = cursor_over(text);
	span_t word;

	if (!cursor_until(&c, SPAN(" after "), &word))
		return STAGE_UNKNOWN;
	if (cursor_until_char(&c, ':', &word))
		return postfix_stage(word);
	return postfix_stage(cursor_rest(&c));
}

enum verdict postfix_parse_postscreen(const struct postfix_line *line, struct events *events)
{
	if (line->warning)
		return VERDICT_UNDERSTOOD;
	if (imply_from(implied_postscreen, ARRAY_SIZE(implied_postscreen), line->whole, events)) {
		struct reply *reply = &events->item[events->n - 1].reply;

		if (reply->stage == STAGE_UNKNOWN)
			reply->stage = after_stage(line->whole);
		return VERDICT_UNDERSTOOD;
	}
	if (postfix_starts_any(line->whole, quiet_postscreen, ARRAY_SIZE(quiet_postscreen)))
		return VERDICT_UNDERSTOOD;
	return line->queue_id.len > 0 ? parse_queue_line(line, events) : VERDICT_UNKNOWN;
}
