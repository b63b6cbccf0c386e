/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_SYSLOG_LINE_H
#define SOURCE_SYSLOG_LINE_H

/*
 * Splits a line of a log file as syslog daemons and journalctl(1) write it:
 *
 *   [<PRI>] TIMESTAMP SP HOST SP IDENTIFIER [ "[" PID "]" ] ":" [SP] MESSAGE
 *
 * TIMESTAMP is `Mmm dd hh:mm:ss` (RFC 3164 section 4.1.2, which has neither year nor zone) or that of
 * RFC 3339 with date, time, optional fraction and offset. The grammar is strict: a line that differs in
 * a byte is no such line, and nobody's message can pass for the head of one.
 */

#include "util/macros.h"
#include "util/span.h"

/* No <PRI>. Real ones are facility times 8 plus severity, at most 191. */
#define SYSLOG_LINE_NO_PRIORITY 255u
/* RFC 1035 names have at most 255 bytes; identifiers of programs are shorter. */
#define SYSLOG_LINE_NAME_MAX ((size_t)255)

struct syslog_line {
	unsigned priority;
	span_t timestamp; /* as it stands there */
	span_t host, identifier, message;
	uint32_t pid; /* 0 if absent */

	/* The parts of the timestamp. */
	unsigned year; /* 0 if absent, and then it is local time */
	unsigned month, day, hour, minute, second, usec;
	int offset_min; /* minutes east of Greenwich, where there is a year */
};

/*
 * Splits LINE, which has no newline, into spans over it. Returns whether it is a syslog line; if not,
 * *RET is untouched.
 */
bool syslog_line_parse(span_t line, struct syslog_line *ret);

/*
 * The realtime of LINE in microseconds. Where the year is missing, the latest one that does not put it
 * more than a day behind NOW_USEC: logs are of the past, and clocks differ.
 */
uint64_t syslog_line_realtime(const struct syslog_line *line, uint64_t now_usec);

#endif
