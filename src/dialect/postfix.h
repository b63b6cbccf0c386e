/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIALECT_POSTFIX_H
#define DIALECT_POSTFIX_H

/*
 * The parts of the Postfix dialect: postfix.c knows whose line it is, postfix_client.c reads the lines
 * of smtp(8) and lmtp(8), postfix_server.c those of smtpd(8) and postscreen(8), postfix_cleanup.c those
 * of cleanup(8). Grammar numbers (P1 to P30) are those of the comments in tests/data/postfix.cases.
 */

#include "dialect/dialect.h"
#include "dialect/scan.h"

/* msg_syslog.c and msg_logger.c cut lines here; what stands at the end of such a line is no suffix. */
#define POSTFIX_LINE_MAX ((size_t)2000)

/* A line without its severity word and queue id. */
struct postfix_line {
	const struct record *record;
	span_t text;  /* behind severity and queue id */
	span_t whole; /* behind the severity only: any word before a colon looks like a queue id */
	span_t queue_id; /* empty if there is none; may be "NOQUEUE" */
	bool warning;	 /* it began with `warning: ` or worse */
	bool lmtp;	 /* written by lmtp(8) */
	bool cut;	 /* too long: the end is missing */
};

enum verdict postfix_parse_client(const struct postfix_line *line, struct events *events);
enum verdict postfix_parse_smtpd(const struct postfix_line *line, struct events *events);
enum verdict postfix_parse_postscreen(const struct postfix_line *line, struct events *events);
enum verdict postfix_parse_cleanup(const struct postfix_line *line, struct events *events);

/* A stage as smtpd, postscreen and cleanup name it (`RCPT`, `END-OF-MESSAGE`); STAGE_OTHER if unknown. */
enum stage postfix_stage(span_t word);

/* Whether TEXT starts with one of the N PREFIXES. */
bool postfix_starts_any(span_t text, const span_t *prefixes, unsigned n);

#endif
