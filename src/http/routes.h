/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

/* Which path answers what: a table. Pages themselves are in pages.c and
 * reference.c. */

#include "http/server.h"
#include "smtpreply/language.h"

/* What the routes need to know of the exporter; filled anew for each request by status(). */
struct routes_status {
	const char *version;
	const char *source; /* "journal" and where it is: what the operator asked to read */
	bool source_up;
	bool caught_up; /* the backlog of the start was read */
	uint64_t entries_read;
	uint64_t last_read_usec; /* realtime of the newest entry read; 0: none yet */
	uint64_t now_usec;	 /* realtime */
};

/* How often a reply was seen since the counters began. */
struct routes_count {
	uint64_t received; /* from other servers */
	uint64_t given;	   /* to clients */
};

struct routes {
	const char *telemetry_path; /* "/metrics"; wins over every other route of the same path */
	void *userdata;
	/* Writes the exposition; reads what is waiting in the source first. */
	void (*metrics)(void *userdata, struct buf *out, const char **ret_content_type);
	void (*status)(void *userdata, struct routes_status *ret);

	/* For the pages about codes (reference.h), borrowed. NULL: there are none. */
	const struct smtpreply_catalogue *catalogue;
	const struct languages *languages;
	/* The count of CODE, 200 to 599; false: nothing is known. NULL: pages show no counts. */
	bool (*count)(void *userdata, unsigned code, struct routes_count *ret);
};

/* The server's handler; USERDATA is a struct routes. */
void routes_handle(void *userdata, const struct http_request *request,
		   struct http_response *response);

#endif
