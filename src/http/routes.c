/* SPDX-License-Identifier: Apache-2.0 */

#include "http/routes.h"

#include "http/pages.h"
#include "http/reference.h"

enum {
	STATUS_NOT_FOUND = 404,
	STATUS_UNAVAILABLE = 503,
};

typedef void (*route_answer)(const struct routes *routes, struct http_response *response);

static void answer_metrics(const struct routes *routes, struct http_response *response)
{
	routes->metrics(routes->userdata, &response->body, &response->content_type);
}

static void answer_landing(const struct routes *routes, struct http_response *response)
{
	struct routes_status status = { 0 };

	routes->status(routes->userdata, &status);
	response->content_type = "text/html; charset=utf-8";
	pages_landing(&response->body, &status, routes);
}

/* That this is answered at all is the answer: the loop turns. */
static void answer_healthy(const struct routes *routes, struct http_response *response)
{
	(void)routes;
	buf_add_str(&response->body, "OK\n");
}

static void add_backlog(struct buf *out, const struct routes_status *status)
{
	buf_add_str(out, "The backlog of the journal is still being read: ");
	buf_add_u64(out, status->entries_read);
	buf_add_str(out, " entries so far");
	if (status->last_read_usec > 0) {
		buf_add_str(out, ", the newest of ");
		buf_add_utc(out, status->last_read_usec);
	}
	buf_add_str(out, ".\n");
}

static void answer_ready(const struct routes *routes, struct http_response *response)
{
	struct routes_status status = { 0 };

	routes->status(routes->userdata, &status);
	if (status.source_up && status.caught_up) {
		buf_add_str(&response->body, "Ready\n");
		return;
	}
	response->status = STATUS_UNAVAILABLE;
	if (status.source_up)
		add_backlog(&response->body, &status);
	else
		buf_add_str(&response->body, "The journal cannot be read.\n");
}

static void answer_not_found(struct http_response *response)
{
	response->status = STATUS_NOT_FOUND;
	buf_add_str(&response->body, "There is nothing at this path.\n");
}

/* NULL: none of these. */
static route_answer route_find(const struct routes *routes, const char *path)
{
	const struct {
		const char *path;
		route_answer answer;
	} table[] = {
		{ routes->telemetry_path, answer_metrics }, /* wins, so it is the first */
		{ "/", answer_landing },
		{ "/-/healthy", answer_healthy },
		{ "/-/ready", answer_ready },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(path, table[i].path) == 0)
			return table[i].answer;
	return NULL;
}

void routes_handle(void *userdata, const struct http_request *request,
		   struct http_response *response)
{
	const struct routes *routes = userdata;
	route_answer answer = route_find(routes, request->path);

	if (answer)
		answer(routes, response);
	else if (!reference_answer(routes, request, response))
		answer_not_found(response);
}
