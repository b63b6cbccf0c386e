/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIALECT_EVENT_H
#define DIALECT_EVENT_H

/*
 * What one log entry says: replies, and the other events that operators count. All closed sets are
 * lists here; names are label values and never change (see README, "Metrics").
 */

#include "util/macros.h"
#include "util/span.h"

/* The commands of RFC 5321 and its extensions to which a reply belongs. */
#define STAGES(X)                                                                                  \
	X(CONNECT, "connect") /* the greeting */                                                   \
	X(HELO, "helo")	      /* HELO, EHLO and LHLO */                                            \
	X(STARTTLS, "starttls")                                                                    \
	X(AUTH, "auth")                                                                            \
	X(MAIL, "mail")                                                                            \
	X(RCPT, "rcpt")                                                                            \
	X(DATA, "data")                                                                            \
	X(DATA_END, "data_end") /* after the message itself */                                     \
	X(BDAT, "bdat")                                                                            \
	X(BURL, "burl")                                                                            \
	X(VRFY, "vrfy")                                                                            \
	X(EXPN, "expn")                                                                            \
	X(ETRN, "etrn")                                                                            \
	X(ATRN, "atrn")                                                                            \
	X(HELP, "help")                                                                            \
	X(RSET, "rset")                                                                            \
	X(NOOP, "noop")                                                                            \
	X(XCLIENT, "xclient")                                                                      \
	X(XFORWARD, "xforward")                                                                    \
	X(QUIT, "quit")                                                                            \
	X(OTHER, "other")                                                                          \
	X(UNKNOWN, "unknown") /* the log does not tell */

/* Whether the peer is another host, or a program on this one (loopback, unix socket). */
#define HOPS(X)                                                                                    \
	X(REMOTE, "remote")                                                                        \
	X(LOCAL, "local")

/* Whether the code was printed, or is the mail server's documented answer to the event. */
#define EVIDENCES(X)                                                                               \
	X(LOGGED, "logged")                                                                        \
	X(IMPLIED, "implied")

/* What became of one recipient. */
#define STATUSES(X)                                                                                \
	X(SENT, "sent")                                                                            \
	X(DEFERRED, "deferred")                                                                    \
	X(BOUNCED, "bounced")                                                                      \
	X(EXPIRED, "expired")                                                                      \
	X(UNDELIVERABLE, "undeliverable") /* an address probe failed */                            \
	X(OTHER, "other")

/* Why a delivery attempt ended without a reply. */
#define CAUSES(X)                                                                                  \
	X(TIMEOUT, "timeout")                                                                      \
	X(REFUSED, "refused")                                                                      \
	X(UNREACHABLE, "unreachable")                                                              \
	X(DNS, "dns")                                                                              \
	X(TLS, "tls")                                                                              \
	X(LOST_CONNECTION, "lost_connection")                                                      \
	X(LOOP, "loop")                                                                            \
	X(LOCAL, "local") /* a decision or a fault of this host */                                 \
	X(OTHER, "other")

/* SASL mechanisms (RFC 4422); the client chooses the word, hence the short list. */
#define MECHANISMS(X)                                                                              \
	X(PLAIN, "plain")                                                                          \
	X(LOGIN, "login")                                                                          \
	X(CRAM_MD5, "cram_md5")                                                                    \
	X(SCRAM, "scram")                                                                          \
	X(GSSAPI, "gssapi")                                                                        \
	X(EXTERNAL, "external")                                                                    \
	X(XOAUTH2, "xoauth2")                                                                      \
	X(OTHER, "other")

/* Commands as a server sums them up when a client leaves. */
#define COMMANDS(X)                                                                                \
	X(HELO, "helo")                                                                            \
	X(EHLO, "ehlo")                                                                            \
	X(STARTTLS, "starttls")                                                                    \
	X(AUTH, "auth")                                                                            \
	X(MAIL, "mail")                                                                            \
	X(RCPT, "rcpt")                                                                            \
	X(DATA, "data")                                                                            \
	X(BDAT, "bdat")                                                                            \
	X(BURL, "burl")                                                                            \
	X(VRFY, "vrfy")                                                                            \
	X(EXPN, "expn")                                                                            \
	X(ETRN, "etrn")                                                                            \
	X(ATRN, "atrn")                                                                            \
	X(HELP, "help")                                                                            \
	X(RSET, "rset")                                                                            \
	X(NOOP, "noop")                                                                            \
	X(QUIT, "quit")                                                                            \
	X(XCLIENT, "xclient")                                                                      \
	X(XFORWARD, "xforward")                                                                    \
	X(UNKNOWN, "unknown") /* what the server itself did not know */                            \
	X(OTHER, "other")

/* The parts of a delivery's delay, in the order of Postfix' delays=a/b/c/d. */
#define PHASES(X)                                                                                  \
	X(BEFORE_QUEUE, "before_queue")                                                            \
	X(IN_QUEUE, "in_queue")                                                                    \
	X(CONNECT, "connect")                                                                      \
	X(TRANSMIT, "transmit")

#define STAGE_ENUM(id, name) STAGE_##id,
#define HOP_ENUM(id, name) HOP_##id,
#define EVIDENCE_ENUM(id, name) EVIDENCE_##id,
#define STATUS_ENUM(id, name) STATUS_##id,
#define CAUSE_ENUM(id, name) CAUSE_##id,
#define MECHANISM_ENUM(id, name) MECHANISM_##id,
#define COMMAND_ENUM(id, name) COMMAND_##id,
#define PHASE_ENUM(id, name) PHASE_##id,

enum stage { STAGES(STAGE_ENUM) _STAGE_MAX };
enum hop { HOPS(HOP_ENUM) _HOP_MAX };
enum evidence { EVIDENCES(EVIDENCE_ENUM) _EVIDENCE_MAX };
enum status { STATUSES(STATUS_ENUM) _STATUS_MAX };
enum cause { CAUSES(CAUSE_ENUM) _CAUSE_MAX };
enum mechanism { MECHANISMS(MECHANISM_ENUM) _MECHANISM_MAX };
enum smtp_command { COMMANDS(COMMAND_ENUM) _COMMAND_MAX };
enum phase { PHASES(PHASE_ENUM) _PHASE_MAX };

extern const span_t stage_names[_STAGE_MAX];
extern const span_t hop_names[_HOP_MAX];
extern const span_t evidence_names[_EVIDENCE_MAX];
extern const span_t status_names[_STATUS_MAX];
extern const span_t cause_names[_CAUSE_MAX];
extern const span_t mechanism_names[_MECHANISM_MAX];
extern const span_t command_names[_COMMAND_MAX];
extern const span_t phase_names[_PHASE_MAX];

enum side {
	SIDE_CLIENT, /* another server's reply to our client */
	SIDE_SERVER, /* our server's reply to a client */
	_SIDE_MAX,
};

/*
 * What makes two lines one: a hash over process, queue id, peer, stage, text and the attempt's delays.
 * 0: every line stands for itself (replies to RCPT, LMTP's answers to the end of data).
 */
struct same {
	uint64_t hash;
	uint64_t window_usec; /* lines further apart are not the same; 0: however far */
};

/* A reply that went over the wire. */
struct reply {
	enum side side;
	enum hop hop; /* client side only */
	enum stage stage;
	enum evidence evidence;
	uint16_t class;			    /* 2 to 5 */
	uint16_t code;			    /* 0 if the log tells the class only */
	struct smtpreply_enhanced enhanced; /* class 0: none */
	span_t text;			    /* in the record; may be empty */
	span_t host; /* name of the server that gave it, in the record; client side only */

	struct same same;
};

/* What a line says about one recipient. */
struct delivery {
	enum hop hop;
	enum status status;
	bool has_delay, has_phases;
	uint64_t delay_usec;
	uint64_t phase_usec[_PHASE_MAX];
};

/* An attempt that ended without a reply. */
struct failure {
	enum cause cause;
	struct same same;
};

/* How often a client used a command in its session, refusals included. */
struct command_count {
	enum smtp_command command;
	uint64_t total, refused;
};

enum event_type {
	EVENT_REPLY,
	EVENT_DELIVERY,
	EVENT_FAILURE,
	EVENT_TRANSACTION,     /* the server took a message into its queue */
	EVENT_CONNECTION,      /* a client connected */
	EVENT_LOST_CONNECTION, /* a client left without QUIT */
	EVENT_AUTH_FAILURE,
	EVENT_COMMAND,
};

struct event {
	enum event_type type;
	union {
		struct reply reply;
		struct delivery delivery;
		struct failure failure;
		enum stage stage;	  /* EVENT_LOST_CONNECTION */
		enum mechanism mechanism; /* EVENT_AUTH_FAILURE */
		struct command_count command;
	};
};

/* More than any known line yields: Postfix' `disconnect from` has at most 20 words. */
#define EVENTS_MAX 32

struct events {
	unsigned n;
	struct event item[EVENTS_MAX];
};

/*
 * Appends an event of TYPE with everything else 0 and returns it for filling in. Beyond EVENTS_MAX the
 * last one is overwritten: only a hostile line gets there.
 */
struct event *events_add(struct events *events, enum event_type type);

/* The index of NAME in a list of names; N if it is not there. */
unsigned name_find(const span_t *names, unsigned n, span_t name);

#endif
