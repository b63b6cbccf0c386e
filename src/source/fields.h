/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_FIELDS_H
#define SOURCE_FIELDS_H

/*
 * Collects the fields of one journal entry, `NAME=value` in any order, into a record. Values are copied
 * because the journal's memory is valid until the next field only; nothing is allocated.
 *
 * Of a container that is believed, what counts is not the entry but the line that it relays: the head
 * that a syslog daemon put before it says who wrote it.
 *
 * A value that is too long is treated as absent, so that a part of it can never pass for the whole;
 * only the message is cut. A field of a record that occurs twice (the native protocol allows it, and
 * their order in the file is arbitrary) makes the entry one without identifier, and so nobody's.
 */

#include "source/journal.h"

#include <limits.h>

struct fields {
	struct record record;
	bool (*wanted)(span_t identifier);
	const char *const *containers; /* NULL-terminated; NULL: believe none */
	unsigned seen;		       /* bits: fields that occurred */
	bool doubled;
	bool inside; /* relayed from one of CONTAINERS */
	bool notice; /* from journald itself, which says so in fields that nobody else can write */
	bool notice_dropped; /* and the notice is that messages were dropped */
	uint64_t n_dropped;

	char identifier[256];
	char unit[256]; /* unit names have at most 255 bytes */
	char exe[PATH_MAX];
	char message[JOURNAL_MESSAGE_MAX];
};

/* Start of an entry. */
void fields_start(struct fields *fields);

/* Takes one field. Returns false if the entry is not wanted: further fields are of no use. */
bool fields_add(struct fields *fields, span_t data);

/* End of an entry. The spans of the record are valid until the next fields_start(). */
const struct record *fields_finish(struct fields *fields);

#endif
