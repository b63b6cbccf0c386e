/* SPDX-License-Identifier: Apache-2.0 */

#include "dialect/scan.h"

#include <strings.h>

bool scan_path(struct cursor *c, span_t *ret)
{
	const char *p = c->p;
	bool quoted = false;

	if (!cursor_peek(c, '<'))
		return false;
	for (p++; p < c->end; p++) {
		if (*p == '\\' && p + 1 < c->end) {
			p++;
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (*p == '>' && !quoted) {
			*ret = span_make(c->p + 1, (size_t)(p - c->p - 1));
			c->p = p + 1;
			return true;
		}
	}
	return false;
}

/* Host names as Postfix lets them through, underscores, and addresses where a name is missing. */
static bool is_host_char(char ch)
{
	return char_is_alnum(ch) || ch == '.' || ch == '-' || ch == '_' || ch == ':';
}

/* Addresses hold no brackets and no blanks; socket paths with such are refused. */
static bool is_address_char(char ch)
{
	return ch != '[' && ch != ']' && ch != ' ';
}

bool scan_peer(struct cursor *c, struct peer *ret)
{
	struct cursor at = *c;
	struct peer peer = { .name = { at.p, 0 } };
	uint64_t port;

	while (at.p < at.end && is_host_char(*at.p))
		at.p++;
	peer.name.len = (size_t)(at.p - c->p);
	if (!cursor_take(&at, '['))
		return false;

	peer.address.ptr = at.p;
	while (at.p < at.end && is_address_char(*at.p))
		at.p++;
	peer.address.len = (size_t)(at.p - peer.address.ptr);
	if (peer.address.len == 0 || !cursor_take(&at, ']'))
		return false;

	*c = at;
	peer.has_port = cursor_take(&at, ':') && cursor_number(&at, 5, &port);
	if (peer.has_port)
		*c = at;
	*ret = peer;
	return true;
}

enum hop peer_hop(const struct peer *peer)
{
	span_t a = peer->address;

	if (span_find_char(a, '/') >= 0 || span_starts(a, SPAN("127.")) ||
	    span_eq(a, SPAN("::1")) || span_starts(a, SPAN("::ffff:127.")))
		return HOP_LOCAL;
	return HOP_REMOTE;
}

bool scan_seconds(struct cursor *c, uint64_t *ret_usec)
{
	struct cursor at = *c;
	uint64_t seconds, unit = USEC_PER_SEC, fraction = 0;

	if (!cursor_number(&at, 12, &seconds))
		return false;
	if (cursor_take(&at, '.')) {
		while (at.p < at.end && char_is_digit(*at.p) && unit > 1) {
			fraction = fraction * 10 + (uint64_t)(*at.p++ - '0');
			unit /= 10;
		}
		if (unit == USEC_PER_SEC)
			return false;
	}
	*c = at;
	*ret_usec = seconds * USEC_PER_SEC + fraction * unit;
	return true;
}

struct reply *scan_reply(span_t text, struct events *events, enum side side, enum stage stage)
{
	struct smtpreply_reply parsed;
	struct event *e;

	if (smtpreply_parse(text, &parsed) == 0)
		return NULL;
	e = events_add(events, EVENT_REPLY);
	e->reply = (struct reply){
		.side = side,
		.stage = stage,
		.class = parsed.code / 100,
		.code = parsed.code,
		.enhanced = parsed.enhanced,
		.text = parsed.text,
	};
	return &e->reply;
}

struct reply *imply_reply(struct events *events, enum side side, enum stage stage, uint16_t code,
			  struct smtpreply_enhanced enhanced)
{
	struct event *e = events_add(events, EVENT_REPLY);

	e->reply = (struct reply){
		.side = side,
		.stage = stage,
		.evidence = EVIDENCE_IMPLIED,
		.class = code / 100,
		.code = code,
		.enhanced = enhanced,
	};
	return &e->reply;
}

static bool starts_nocase(span_t s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && strncasecmp(s.ptr, prefix, n) == 0;
}

enum mechanism scan_mechanism(span_t name)
{
	static const struct {
		const char *name;
		bool prefix; /* variants follow, as in SCRAM-SHA-256 */
		enum mechanism mechanism;
	} table[] = {
		{ "PLAIN", false, MECHANISM_PLAIN },
		{ "LOGIN", false, MECHANISM_LOGIN },
		{ "CRAM-MD5", false, MECHANISM_CRAM_MD5 },
		{ "SCRAM-", true, MECHANISM_SCRAM },
		{ "GSSAPI", false, MECHANISM_GSSAPI },
		{ "EXTERNAL", false, MECHANISM_EXTERNAL },
		{ "XOAUTH2", false, MECHANISM_XOAUTH2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (starts_nocase(name, table[i].name) &&
		    (table[i].prefix || name.len == strlen(table[i].name)))
			return table[i].mechanism;
	return MECHANISM_OTHER;
}
