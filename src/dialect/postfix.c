/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Postfix logs as SYSLOG_IDENTIFIER `<syslog_name>/<daemon>` (mail_task.c). syslog_name is free, and may
 * hold slashes itself (`postfix/submission/smtpd`), so the last word decides. Only five daemons ever
 * have something to do with a reply; what others quote is somebody else's text.
 */

#include "dialect/postfix.h"

static enum verdict parse_nothing(const struct postfix_line *line, struct events *events)
{
	(void)line;
	(void)events;
	return VERDICT_UNDERSTOOD;
}

/* Programs of Postfix, and policy daemons that borrow its name; the busiest come first. */
static const struct daemon {
	span_t name;
	enum verdict (*parse)(const struct postfix_line *line, struct events *events);
} daemons[] = {
	{ SPAN_INIT("smtp"), postfix_parse_client },
	{ SPAN_INIT("smtpd"), postfix_parse_smtpd },
	{ SPAN_INIT("qmgr"), parse_nothing },
	{ SPAN_INIT("lmtp"), postfix_parse_client },
	{ SPAN_INIT("cleanup"), postfix_parse_cleanup },
	{ SPAN_INIT("postscreen"), postfix_parse_postscreen },
	{ SPAN_INIT("anvil"), parse_nothing },
	{ SPAN_INIT("bounce"), parse_nothing },
	{ SPAN_INIT("defer"), parse_nothing },
	{ SPAN_INIT("discard"), parse_nothing },
	{ SPAN_INIT("dnsblog"), parse_nothing },
	{ SPAN_INIT("error"), parse_nothing },
	{ SPAN_INIT("flush"), parse_nothing },
	{ SPAN_INIT("local"), parse_nothing },
	{ SPAN_INIT("master"), parse_nothing },
	{ SPAN_INIT("nqmgr"), parse_nothing },
	{ SPAN_INIT("oqmgr"), parse_nothing },
	{ SPAN_INIT("pickup"), parse_nothing },
	{ SPAN_INIT("pipe"), parse_nothing },
	{ SPAN_INIT("policy-spf"), parse_nothing },
	{ SPAN_INIT("policyd-spf"), parse_nothing },
	{ SPAN_INIT("postalias"), parse_nothing },
	{ SPAN_INIT("postconf"), parse_nothing },
	{ SPAN_INIT("postdrop"), parse_nothing },
	{ SPAN_INIT("postfix"), parse_nothing },
	{ SPAN_INIT("postfix-script"), parse_nothing },
	{ SPAN_INIT("postlog"), parse_nothing },
	{ SPAN_INIT("postlogd"), parse_nothing },
	{ SPAN_INIT("postmap"), parse_nothing },
	{ SPAN_INIT("postmulti"), parse_nothing },
	{ SPAN_INIT("postqueue"), parse_nothing },
	{ SPAN_INIT("postsuper"), parse_nothing },
	{ SPAN_INIT("proxymap"), parse_nothing },
	{ SPAN_INIT("proxywrite"), parse_nothing },
	{ SPAN_INIT("qmqpd"), parse_nothing },
	{ SPAN_INIT("relay"), parse_nothing },
	{ SPAN_INIT("retry"), parse_nothing },
	{ SPAN_INIT("scache"), parse_nothing },
	{ SPAN_INIT("sendmail"), parse_nothing },
	{ SPAN_INIT("showq"), parse_nothing },
	{ SPAN_INIT("spawn"), parse_nothing },
	{ SPAN_INIT("tlsmgr"), parse_nothing },
	{ SPAN_INIT("tlsproxy"), parse_nothing },
	{ SPAN_INIT("trace"), parse_nothing },
	{ SPAN_INIT("trivial-rewrite"), parse_nothing },
	{ SPAN_INIT("verify"), parse_nothing },
	{ SPAN_INIT("virtual"), parse_nothing },
};

bool postfix_starts_any(span_t text, const span_t *prefixes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (span_starts(text, prefixes[i]))
			return true;
	return false;
}

/* The word behind the last slash; empty if there is no slash. */
static span_t daemon_name(span_t identifier)
{
	ptrdiff_t slash = span_find_last_char(identifier, '/');

	return slash < 0 ? SPAN_NULL : span_tail(identifier, (size_t)slash + 1);
}

static const struct daemon *find_daemon(span_t identifier)
{
	span_t name = daemon_name(identifier);

	for (unsigned i = 0; i < ARRAY_SIZE(daemons); i++)
		if (span_eq(daemons[i].name, name))
			return &daemons[i];
	return NULL;
}

/*
 * `postfix` is the default syslog_name and what multi-instance set-ups begin with (`postfix-out`). Under
 * any other name only systemd's unit or the path of the program tells Postfix from others that write
 * `something/lmtp`, such as Cyrus.
 */
static enum claim postfix_claims(span_t identifier)
{
	if (span_find_char(identifier, '/') < 0)
		return CLAIM_NO;
	if (span_starts(identifier, SPAN("postfix")))
		return CLAIM_YES;
	return find_daemon(identifier) ? CLAIM_BY_UNIT : CLAIM_NO;
}

/* msg_output.c puts the severity in front of the text. */
static bool take_severity(struct cursor *c)
{
	static const span_t severities[] = { SPAN_INIT("warning: "), SPAN_INIT("error: "),
					     SPAN_INIT("fatal: "), SPAN_INIT("panic: ") };

	for (unsigned i = 0; i < ARRAY_SIZE(severities); i++)
		if (cursor_take_span(c, severities[i]))
			return true;
	return false;
}

/* Queue ids are hexadecimal or, with enable_long_queue_ids, base 52: letters and digits. */
static span_t take_queue_id(struct cursor *c)
{
	const char *p = c->p;
	span_t id;

	while (p < c->end && char_is_alnum(*p))
		p++;
	id = span_make(c->p, (size_t)(p - c->p));
	if (id.len == 0 || p == c->end || *p != ':' || p + 1 == c->end || p[1] != ' ')
		return SPAN_NULL;
	c->p = p + 2;
	return id;
}

static enum verdict postfix_parse(const struct record *record, struct events *events)
{
	const struct daemon *daemon = find_daemon(record->identifier);
	/* Postfix writes no longer lines; what somebody else put behind one is not read. */
	size_t len = MIN(record->message.len, POSTFIX_LINE_MAX);
	struct cursor c = cursor_over(span_head(record->message, len));
	struct postfix_line line = { .record = record, .cut = len == POSTFIX_LINE_MAX };

	if (!daemon)
		return VERDICT_UNKNOWN;
	line.warning = take_severity(&c);
	line.whole = cursor_rest(&c);
	line.queue_id = take_queue_id(&c);
	line.text = cursor_rest(&c);
	line.lmtp = span_eq(daemon->name, SPAN("lmtp"));
	return daemon->parse(&line, events);
}

static const char *const users[] = { "postfix", NULL };
static const char *const units[] = { "postfix.service", "postfix@*.service", NULL };
static const char *const exes[] = { "/postfix/", NULL };

/* What smtpd, postscreen and cleanup say without printing the code; postfix_server.c has the lines. */
static const struct dialect_implied implied[] = {
	{ SIDE_SERVER, 4 },   { SIDE_SERVER, 5 },   { SIDE_SERVER, 221 }, { SIDE_SERVER, 421 },
	{ SIDE_SERVER, 450 }, { SIDE_SERVER, 451 }, { SIDE_SERVER, 454 }, { SIDE_SERVER, 458 },
	{ SIDE_SERVER, 459 }, { SIDE_SERVER, 501 }, { SIDE_SERVER, 503 }, { SIDE_SERVER, 521 },
	{ SIDE_SERVER, 550 }, { SIDE_SERVER, 551 }, { SIDE_SERVER, 552 }, { 0, 0 },
};

const struct dialect dialect_postfix = {
	.name = "postfix",
	.users = users,
	.units = units,
	.exes = exes,
	.implied = implied,
	.claims = postfix_claims,
	.parse = postfix_parse,
};
