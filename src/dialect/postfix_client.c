/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What smtp(8) and lmtp(8) say about replies that they received (P1 to P11). Two kinds of lines hold one:
 * delivery lines, `QID: to=<...>, relay=..., status=WORD (TEXT)`, one for each recipient, and lines
 * about a host that was not the last to be tried, `QID: TEXT`. TEXT has the same few forms in both. It
 * quotes the remote server, so it is read from its anchored start, never searched.
 */

#include "dialect/postfix.h"
#include "util/hash.h"

/* Everything in a delivery line up to the text in brackets. */
struct delivery_line {
	struct delivery delivery;
	span_t relay_text;   /* as printed */
	struct peer relay;   /* address empty for relay=none */
	span_t delays;	     /* delay= and delays= as printed: the attempt's fingerprint */
	span_t queue_delays; /* the first two of delays=, fixed before the attempt began */
	span_t text;	     /* between the brackets */
	bool probe;	     /* an address verification, not a delivery */
};

static const struct {
	span_t word;
	enum status status;
	bool probe;
} status_words[] = {
	{ SPAN_INIT("sent"), STATUS_SENT, false },
	{ SPAN_INIT("deferred"), STATUS_DEFERRED, false },
	{ SPAN_INIT("bounced"), STATUS_BOUNCED, false },
	{ SPAN_INIT("SOFTBOUNCE"), STATUS_DEFERRED, false },
	{ SPAN_INIT("expired"), STATUS_EXPIRED, false },
	{ SPAN_INIT("deliverable"), STATUS_OTHER, true },
	{ SPAN_INIT("undeliverable"), STATUS_UNDELIVERABLE, true },
};

/* smtp_proto.c:xfer_request and the texts around it: what a reply answered, at the end of the text. */
static const struct {
	span_t suffix;
	enum stage stage;
} stage_suffixes[] = {
	{ SPAN_INIT("(in reply to RCPT TO command)"), STAGE_RCPT },
	{ SPAN_INIT("(in reply to end of DATA command)"), STAGE_DATA_END },
	{ SPAN_INIT("(in reply to MAIL FROM command)"), STAGE_MAIL },
	{ SPAN_INIT("(in reply to DATA command)"), STAGE_DATA },
	{ SPAN_INIT("(in reply to XFORWARD name/address command)"), STAGE_XFORWARD },
	{ SPAN_INIT("(in reply to XFORWARD helo/protocol command)"), STAGE_XFORWARD },
	{ SPAN_INIT("(in reply to final RSET command)"), STAGE_RSET },
	{ SPAN_INIT("(in reply to RSET probe)"), STAGE_RSET },
	{ SPAN_INIT("(in reply to QUIT command)"), STAGE_QUIT },
};

/* How the text about a refusal begins, up to the name of the host and from there to the reply. */
static const struct form {
	span_t before, after;
	enum stage stage;
	bool stage_at_end; /* the suffix tells better */
} forms[] = {
	{ SPAN_INIT("host "), SPAN_INIT(" said: "), STAGE_UNKNOWN, true },
	{ SPAN_INIT("host "), SPAN_INIT(" refused to talk to me: "), STAGE_CONNECT, false },
	{ SPAN_INIT("server "), SPAN_INIT(" refused to talk to me: "), STAGE_CONNECT, false },
	{ SPAN_INIT("SASL authentication failed; server "), SPAN_INIT(" said: "), STAGE_AUTH,
	  false },
	{ SPAN_INIT("TLS is required, but host "), SPAN_INIT(" refused to start TLS: "),
	  STAGE_STARTTLS, false },
};

/* Texts that repeat an old reply: nobody was asked again, so nothing happened that counts. */
static const span_t replays[] = {
	SPAN_INIT("delivery temporarily suspended: "),
	SPAN_INIT("SASL [CACHED] authentication failed; "),
};

/* An attempt without a reply, by how its text begins and what it says anywhere later; first row wins. */
static const struct {
	span_t start, contains;
	enum cause cause;
} causes[] = {
	{ SPAN_INIT("lost connection with "), SPAN_INIT(""), CAUSE_LOST_CONNECTION },
	{ SPAN_INIT("conversation with "), SPAN_INIT(" timed out while "), CAUSE_TIMEOUT },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Connection refused"), CAUSE_REFUSED },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Connection timed out"), CAUSE_TIMEOUT },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Operation timed out"), CAUSE_TIMEOUT },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Network is unreachable"), CAUSE_UNREACHABLE },
	{ SPAN_INIT("connect to "), SPAN_INIT(": No route to host"), CAUSE_UNREACHABLE },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Host is unreachable"), CAUSE_UNREACHABLE },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Host is down"), CAUSE_UNREACHABLE },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Connection reset by peer"),
	  CAUSE_LOST_CONNECTION },
	{ SPAN_INIT("connect to "), SPAN_INIT(": Permission denied"), CAUSE_LOCAL },
	{ SPAN_INIT("connect to "), SPAN_INIT(""), CAUSE_OTHER },
	{ SPAN_INIT("Host or domain name not found"), SPAN_INIT(""), CAUSE_DNS },
	{ SPAN_INIT("Name service error"), SPAN_INIT(""), CAUSE_DNS },
	{ SPAN_INIT("Malformed DNS server reply"), SPAN_INIT(""), CAUSE_DNS },
	{ SPAN_INIT("unable to look up host "), SPAN_INIT(""), CAUSE_DNS },
	{ SPAN_INIT("unable to find primary relay for "), SPAN_INIT(""), CAUSE_DNS },
	{ SPAN_INIT("Domain "), SPAN_INIT(" does not accept mail (nullMX)"), CAUSE_DNS },
	{ SPAN_INIT("TLSA lookup error for "), SPAN_INIT(""), CAUSE_DNS },
	{ SPAN_INIT("mail for "), SPAN_INIT(" loops back to myself"), CAUSE_LOOP },
	{ SPAN_INIT("Cannot start TLS: "), SPAN_INIT(""), CAUSE_TLS },
	{ SPAN_INIT("TLS is required, but "), SPAN_INIT(""), CAUSE_TLS },
	{ SPAN_INIT("Server certificate not "), SPAN_INIT(""), CAUSE_TLS },
	{ SPAN_INIT("client TLS configuration problem"), SPAN_INIT(""), CAUSE_TLS },
	{ SPAN_INIT("local data error while talking to "), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("SMTPUTF8 is required, but "), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("REQUIRETLS "), SPAN_INIT(""), CAUSE_TLS },
	{ SPAN_INIT("message size "), SPAN_INIT(" exceeds size limit "), CAUSE_LOCAL },
	{ SPAN_INIT("Server configuration "), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("server configuration "), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("SASL authentication failed: "), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("SASL authentication failed; "), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("network address conversion failed"), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("all network protocols are disabled"), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("unreadable mail queue entry"), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("Temporary lookup error"), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("mail transport unavailable"), SPAN_INIT(""), CAUSE_LOCAL },
	{ SPAN_INIT("unexpected server message"), SPAN_INIT(""), CAUSE_OTHER },
};

/* Lines with a queue id, and without one, that tell nothing about a reply or an attempt. */
static const span_t quiet_with_id[] = {
	SPAN_INIT("enabling PIX workarounds"),
	SPAN_INIT("replace: "),
	SPAN_INIT("breaking line > "),
	SPAN_INIT("warning: "),
	SPAN_INIT("warn: "),
	SPAN_INIT("info: "),
	SPAN_INIT("ignore: "),
	SPAN_INIT("strip: "),
	SPAN_INIT("prepend: "),
	SPAN_INIT("non-ESMTP response from "),
	SPAN_INIT("non-LMTP response from "),
	SPAN_INIT("using "),
	SPAN_INIT("passing "),
	SPAN_INIT("sender notify: "),
};

static const span_t quiet_without_id[] = {
	SPAN_INIT("connect to "),
	SPAN_INIT("Untrusted TLS connection "),
	SPAN_INIT("Trusted TLS connection "),
	SPAN_INIT("Verified TLS connection "),
	SPAN_INIT("Anonymous TLS connection "),
	SPAN_INIT("SSL_connect error to "),
	SPAN_INIT("certificate verification failed for "),
	SPAN_INIT("server certificate verification failed for "),
	SPAN_INIT("setting up TLS connection to "),
	SPAN_INIT("initializing the client-side TLS engine"),
	SPAN_INIT("Host offered STARTTLS: "),
	SPAN_INIT("discarding EHLO keywords: "),
	SPAN_INIT("table "),
	SPAN_INIT("using backwards-compatible default setting "),
	SPAN_INIT("SMTPS wrappermode (TCP port 465) requires setting "),
	SPAN_INIT("starting new SASL client"),
	SPAN_INIT("message repeated "),
	SPAN_INIT("< "), /* conversation traces of verbose logging */
	SPAN_INIT("> "),
};

/* `[host ]NAME[ADDRESS]:PORT: replacing server reply "..." with "..."` and the like, smtp_chat.c. */
static bool is_peer_remark(span_t text)
{
	static const span_t remarks[] = {
		SPAN_INIT(": replacing server reply "),
		SPAN_INIT(": multi-line response longer than "),
		SPAN_INIT(": response longer than "),
		SPAN_INIT(": SASL mechanisms "),
		SPAN_INIT(": depth="),
		SPAN_INIT(": subject_CN="),
		SPAN_INIT(": Reusing old session"),
		SPAN_INIT(": re-using session"),
		SPAN_INIT(": TLS cipher list "),
		SPAN_INIT(": SNI hostname: "),
		SPAN_INIT(" offers SMTPUTF8 support, but not 8BITMIME"),
	};
	struct cursor c = cursor_over(text);
	struct peer peer;

	(void)cursor_take_span(&c, SPAN("host "));
	return scan_peer(&c, &peer) &&
	       postfix_starts_any(cursor_rest(&c), remarks, ARRAY_SIZE(remarks));
}

/* Process, queue id, peer and what was said: the same in all lines of one attempt. */
static uint64_t same_hash(const struct postfix_line *line, span_t peer, span_t delays, span_t text)
{
	uint64_t h = hash_u64(HASH_SEED, line->record->pid);

	h = hash_span(h, line->queue_id);
	h = hash_span(h, peer);
	h = hash_span(h, delays);
	h = hash_span(h, text);
	return h != 0 ? h : 1;
}

/*
 * The command that a reply answered, cut off from the end of TEXT. The remote server may have written
 * such words itself, but the true ones are the last; in a line that was cut nothing is the last.
 */
static enum stage take_stage(span_t *text, bool cut)
{
	if (cut || text->len == 0 || text->ptr[text->len - 1] != ')')
		return STAGE_UNKNOWN;
	for (unsigned i = 0; i < ARRAY_SIZE(stage_suffixes); i++) {
		if (!span_ends(*text, stage_suffixes[i].suffix))
			continue;
		text->len -= stage_suffixes[i].suffix.len;
		while (text->len > 0 && text->ptr[text->len - 1] == ' ')
			text->len--;
		return stage_suffixes[i].stage;
	}
	return STAGE_UNKNOWN;
}

/* Finds the form that TEXT has; RET_REPLY is what the host said. */
static const struct form *match_form(span_t text, struct peer *ret_host, span_t *ret_reply)
{
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		struct cursor c = cursor_over(text);

		if (cursor_take_span(&c, forms[i].before) && scan_peer(&c, ret_host) &&
		    cursor_take_span(&c, forms[i].after)) {
			*ret_reply = cursor_rest(&c);
			return &forms[i];
		}
	}
	return NULL;
}

/* RCPT is answered for each recipient, and so is the end of data under LMTP (RFC 2033 section 4.2). */
static bool answered_per_recipient(enum stage stage, bool lmtp)
{
	return stage == STAGE_RCPT || (stage == STAGE_DATA_END && lmtp);
}

/* smtp_trouble.c puts this before a 2xx that is out of place (P9). */
static span_t without_protocol_error(span_t text)
{
	static const span_t prefix = SPAN_INIT("Protocol error: ");

	return span_starts(text, prefix) ? span_tail(text, prefix.len) : text;
}

static bool is_refusal(span_t text)
{
	struct peer host;
	span_t said;

	return match_form(without_protocol_error(text), &host, &said) != NULL;
}

/* A refusal in one of the forms. Returns NULL if TEXT has none of them or the host gave no code. */
static struct reply *parse_refusal(const struct postfix_line *line, span_t text,
				   struct events *events, struct peer *ret_host)
{
	const struct form *form;
	enum stage stage;
	span_t said;

	form = match_form(without_protocol_error(text), ret_host, &said);
	if (!form)
		return NULL;
	stage = form->stage_at_end ? take_stage(&said, line->cut) : form->stage;
	return scan_reply(said, events, SIDE_CLIENT, stage);
}

/* Index of the row of causes[] that TEXT fits, or -1. */
static int find_cause(span_t text)
{
	for (unsigned i = 0; i < ARRAY_SIZE(causes); i++)
		if (span_starts(text, causes[i].start) && span_find(text, causes[i].contains) >= 0)
			return (int)i;
	return -1;
}

static struct failure *add_failure(enum cause cause, struct events *events)
{
	struct failure *failure = &events_add(events, EVENT_FAILURE)->failure;

	failure->cause = cause;
	return failure;
}

static bool scan_status(struct cursor *c, struct delivery_line *d)
{
	span_t word;

	if (!cursor_take_span(c, SPAN("status=")) || !cursor_until(c, SPAN(" ("), &word))
		return false;
	d->delivery.status = STATUS_OTHER;
	for (unsigned i = 0; i < ARRAY_SIZE(status_words); i++) {
		if (span_eq(word, status_words[i].word)) {
			d->delivery.status = status_words[i].status;
			d->probe = status_words[i].probe;
		}
	}
	return span_find_char(word, ' ') < 0;
}

/* `none`, or a peer. */
static bool scan_relay(struct cursor *c, struct delivery_line *d)
{
	const char *start = c->p;

	if (!cursor_take_span(c, SPAN("none")) && !scan_peer(c, &d->relay))
		return false;
	d->relay_text = span_make(start, (size_t)(c->p - start));
	d->delivery.hop = d->relay.address.len > 0 ? peer_hop(&d->relay) : HOP_REMOTE;
	return true;
}

/* `a/b/c/d, ` */
static bool scan_phases(struct cursor *c, struct delivery_line *d)
{
	const char *start = c->p;

	for (unsigned i = 0; i < _PHASE_MAX; i++) {
		if (i > 0 && !cursor_take(c, '/'))
			return false;
		if (i == PHASE_CONNECT)
			d->queue_delays = span_make(start, (size_t)(c->p - start));
		if (!scan_seconds(c, &d->delivery.phase_usec[i]))
			return false;
	}
	return cursor_take_span(c, SPAN(", "));
}

/* `delay=D, [delays=a/b/c/d, ]` */
static bool scan_delays(struct cursor *c, struct delivery_line *d)
{
	const char *start = c->p;

	if (!cursor_take_span(c, SPAN("delay=")) || !scan_seconds(c, &d->delivery.delay_usec) ||
	    !cursor_take_span(c, SPAN(", ")))
		return false;
	d->delivery.has_delay = true;
	d->delivery.has_phases = cursor_take_span(c, SPAN("delays="));
	if (d->delivery.has_phases && !scan_phases(c, d))
		return false;
	d->delays = span_make(start, (size_t)(c->p - start));
	return true;
}

/* A `NAME=value, ` whose value does not matter; always moves on. */
static void skip_key(struct cursor *c, span_t name)
{
	struct cursor at = *c;
	span_t value;

	if (cursor_take_span(&at, name) && cursor_until(&at, SPAN(", "), &value))
		*c = at;
}

/* The line behind `to=<...>, [orig_to=<...>, ]`, in the fixed order of log_adhoc.c. */
static bool scan_delivery(struct cursor *c, struct delivery_line *d)
{
	if (!cursor_take_span(c, SPAN("relay=")) || !scan_relay(c, d) ||
	    !cursor_take_span(c, SPAN(", ")))
		return false;
	skip_key(c, SPAN("conn_use="));
	if (!scan_delays(c, d))
		return false;
	skip_key(c, SPAN("tls="));
	skip_key(c, SPAN("dsn="));
	if (!scan_status(c, d))
		return false;
	d->text = cursor_rest(c);
	return true;
}

/*
 * `<ADDRESS>, ` with the key that follows it, `relay=` or `orig_to=`. Since Postfix 3.5 an address with
 * special characters is quoted, and what stands in quotes ends nothing. Before, and with
 * info_log_address_format=internal, it is raw: then a `>` ends it that the next key follows.
 */
static bool scan_address(struct cursor *c)
{
	static const span_t next[] = { SPAN_INIT(">, relay="), SPAN_INIT(">, orig_to=<") };
	bool quoted = false;

	for (const char *p = c->p; p < c->end; p++) {
		span_t rest = span_make(p, (size_t)(c->end - p));

		if (*p == '\\' && p + 1 < c->end) {
			p++;
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (*p == '>' && !quoted && postfix_starts_any(rest, next, 2)) {
			c->p = p + SPAN(">, ").len;
			return true;
		}
	}
	return false;
}

/* `to=<ADDRESS>, [orig_to=<ADDRESS>, ]`, both written by the sender of the message. */
static bool scan_recipient(struct cursor *c)
{
	if (!cursor_take_span(c, SPAN("to=<")) || !scan_address(c))
		return false;
	return !cursor_take_span(c, SPAN("orig_to=<")) || scan_address(c);
}

/*
 * Before Postfix 3.5 addresses were logged raw, and one can look like the rest of the line. Where the
 * fields do not follow each other and a second relay stands before the status, nobody can tell which
 * one Postfix wrote.
 */
static bool is_ambiguous(span_t rest)
{
	ptrdiff_t status = span_find(rest, SPAN(" status="));
	struct cursor c = cursor_over(status < 0 ? rest : span_head(rest, (size_t)status));
	unsigned relays = 0;
	span_t skipped;

	while (relays < 2 && cursor_until(&c, SPAN(", relay="), &skipped))
		relays++;
	return relays >= 2;
}

/* The command that the reply in a successful line answered (P1, P7). */
static enum stage success_stage(const struct delivery_line *d)
{
	if (!d->probe)
		return STAGE_DATA_END;
	/* smtp_address_verify_target=data takes a probe one command further. */
	return d->text.len > 0 && d->text.ptr[0] == '3' ? STAGE_DATA : STAGE_RCPT;
}

/* With relay=none only the text tells whom Postfix could not reach. */
static enum hop hop_of_text(span_t text)
{
	struct cursor c = cursor_over(text);
	struct peer peer;

	return cursor_take_span(&c, SPAN("connect to ")) && scan_peer(&c, &peer) ? peer_hop(&peer)
										 : HOP_REMOTE;
}

static bool is_success(const struct delivery_line *d)
{
	return d->delivery.status == STATUS_SENT ||
	       (d->probe && d->delivery.status == STATUS_OTHER);
}

/* Why an attempt for a recipient ended without a reply; the text is one that Postfix wrote itself. */
static enum cause cause_of(span_t text)
{
	int row = find_cause(text);

	if (row >= 0)
		return causes[row].cause;
	return span_ends(text, SPAN(": host not found")) ? CAUSE_DNS : CAUSE_OTHER;
}

/* Recipients of one attempt share its failure. */
static void add_attempt_failure(const struct postfix_line *line, const struct delivery_line *d,
				struct events *events)
{
	struct failure *failure = add_failure(cause_of(d->text), events);

	failure->same.hash = same_hash(line, d->relay_text, d->queue_delays, d->text);
	if (!d->delivery.has_phases)
		failure->same.window_usec = 60 * USEC_PER_SEC;
}

static void finish_reply(struct reply *reply, const struct postfix_line *line,
			 const struct delivery_line *d)
{
	reply->hop = d->delivery.hop;
	reply->host = d->relay.name;
	if (!answered_per_recipient(reply->stage, line->lmtp))
		reply->same.hash = same_hash(line, d->relay_text, d->delays, d->text);
}

/*
 * What the text in brackets says. With relay=none nobody was spoken to: a reply that it quotes was
 * counted in the line of its host.
 */
static enum verdict parse_delivery_text(const struct postfix_line *line,
					const struct delivery_line *d, struct events *events)
{
	bool talked = d->relay.address.len > 0, refusal = false;
	struct reply *reply = NULL;
	struct peer host;

	if (is_success(d) && talked)
		reply = scan_reply(d->text, events, SIDE_CLIENT, success_stage(d));
	else if (!is_success(d))
		refusal = is_refusal(d->text);
	if (refusal && talked)
		reply = parse_refusal(line, d->text, events, &host);

	if (reply)
		finish_reply(reply, line, d);
	events_add(events, EVENT_DELIVERY)->delivery = d->delivery;
	if (refusal && talked && !reply)
		return VERDICT_UNKNOWN;
	if (!reply && !refusal && !is_success(d) &&
	    !postfix_starts_any(d->text, replays, ARRAY_SIZE(replays)))
		add_attempt_failure(line, d, events);
	return VERDICT_UNDERSTOOD;
}

static enum verdict parse_delivery(const struct postfix_line *line, struct events *events)
{
	struct cursor c = cursor_over(line->text);
	struct delivery_line d = { .relay = { .has_port = false } };

	if (!scan_recipient(&c) || !scan_delivery(&c, &d))
		return is_ambiguous(line->text) ? VERDICT_AMBIGUOUS : VERDICT_UNKNOWN;
	if (!line->cut && d.text.len > 0 && d.text.ptr[d.text.len - 1] == ')')
		d.text.len--;
	if (d.relay.address.len == 0)
		d.delivery.hop = hop_of_text(d.text);
	return parse_delivery_text(line, &d, events);
}

/*
 * A host that was not the last to be tried (smtp_trouble.c, "not the final server"): no recipient and no
 * delays. Postfix writes one such line for each reply, so every line counts.
 */
static enum verdict parse_host_line(const struct postfix_line *line, struct events *events)
{
	struct peer host;
	struct reply *reply = parse_refusal(line, line->text, events, &host);
	int cause;

	if (reply) {
		reply->hop = peer_hop(&host);
		reply->host = host.name;
		return VERDICT_UNDERSTOOD;
	}
	cause = find_cause(line->text);
	if (cause >= 0) {
		add_failure(causes[cause].cause, events);
		return VERDICT_UNDERSTOOD;
	}
	if (postfix_starts_any(line->text, replays, ARRAY_SIZE(replays)) ||
	    postfix_starts_any(line->text, quiet_with_id, ARRAY_SIZE(quiet_with_id)))
		return VERDICT_UNDERSTOOD;
	return VERDICT_UNKNOWN;
}

/* `warning: host NA:port said: REPLY (in reply to XFORWARD ... command)` (P8); nothing else counts. */
static enum verdict parse_warning(const struct postfix_line *line, struct events *events)
{
	struct peer host;
	struct reply *reply = parse_refusal(line, line->whole, events, &host);

	if (reply)
		reply->hop = peer_hop(&host);
	return VERDICT_UNDERSTOOD;
}

enum verdict postfix_parse_client(const struct postfix_line *line, struct events *events)
{
	if (line->warning)
		return parse_warning(line, events);
	if (line->queue_id.len == 0) {
		if (is_peer_remark(line->whole) ||
		    postfix_starts_any(line->whole, quiet_without_id, ARRAY_SIZE(quiet_without_id)))
			return VERDICT_UNDERSTOOD;
		return VERDICT_UNKNOWN;
	}
	if (span_starts(line->text, SPAN("to=<")))
		return parse_delivery(line, events);
	return parse_host_line(line, events);
}
