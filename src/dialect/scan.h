/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIALECT_SCAN_H
#define DIALECT_SCAN_H

/*
 * Scanners that several dialects share. All are anchored where the cursor stands, read no byte beyond
 * it, and move it only on a match.
 */

#include "dialect/event.h"
#include "util/cursor.h"

/*
 * A path in angle brackets, RFC 5321 section 4.1.2: a `>` inside a quoted string or behind a backslash
 * does not end it. RET is what stands between the brackets.
 */
bool scan_path(struct cursor *c, span_t *ret);

/* The other end of a connection: `name[address]` with an optional `:port`. */
struct peer {
	span_t name;	/* may be empty */
	span_t address; /* an IP address, or the path of a unix socket */
	bool has_port;
};

bool scan_peer(struct cursor *c, struct peer *ret);

/* Local for loopback addresses (127.0.0.0/8, ::1, also IPv4-mapped) and unix sockets. */
enum hop peer_hop(const struct peer *peer);

/* `12.345`: seconds with at most six decimals, as microseconds. */
bool scan_seconds(struct cursor *c, uint64_t *ret_usec);

/*
 * The reply at the start of TEXT as an event: code, enhanced code and text are filled in. NULL if TEXT
 * does not start with a reply.
 */
struct reply *scan_reply(span_t text, struct events *events, enum side side, enum stage stage);

/* Appends a reply that was given but not printed: the documented answer to an event. */
struct reply *imply_reply(struct events *events, enum side side, enum stage stage, uint16_t code,
			  struct smtpreply_enhanced enhanced);

#define ENHANCED(c, s, d) ((struct smtpreply_enhanced){ (c), (s), (d) })
#define ENHANCED_ABSENT ENHANCED(0, 0, 0)

/* A SASL mechanism by its name in any case, as an operator would group them. */
enum mechanism scan_mechanism(span_t name);

#endif
