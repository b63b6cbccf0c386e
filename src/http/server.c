/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One libmicrohttpd daemon per listening socket, each with its own epoll descriptor that the caller
 * polls. libmicrohttpd's timeout counts inactivity only, so that a client with one byte a second
 * would stay for ever. It is switched off; instead every connection has a slot here that says what
 * the client is about and since when, and a deadline for each of these phases. A connection is cut
 * by shutdown() of its socket: libmicrohttpd sees the hang-up when it runs and cleans up itself.
 */

#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/listen.h"
#include "util/cursor.h"

#if MHD_VERSION < 0x00097500
#error "libmicrohttpd 0.9.75 or later is needed"
#endif

/* In the order in which connections are given up when there are too many. */
enum phase {
	PHASE_FREE,    /* no connection */
	PHASE_CUT,     /* shut down; libmicrohttpd will notice */
	PHASE_IDLE,    /* between two requests */
	PHASE_REQUEST, /* the first request is not complete yet */
	PHASE_ANSWER,  /* the client has not taken all of the answer yet */
	_PHASE_MAX,
};

struct slot {
	enum phase phase;
	int fd;		     /* libmicrohttpd's, for shutdown() only */
	uint64_t since_usec; /* CLOCK_MONOTONIC */
	size_t answer;	     /* bytes that libmicrohttpd holds for this client */
};

struct listener {
	struct http_server *server;
	struct MHD_Daemon *mhd; /* owns the listening socket and the epoll descriptor */
	int fd, epoll_fd;
	bool again; /* wants to run at once: see connection_closed() */
	struct slot slots[HTTP_CONNECTIONS_MAX];
};

struct http_server {
	http_handler handler;
	void *userdata;
	uint64_t timeout_usec[_PHASE_MAX]; /* UINT64_MAX: none */
	size_t answers;			   /* the sum over all slots */
	size_t lost;			   /* what of it belongs to slots in PHASE_CUT */
	int spare_fd;			   /* see listener_unblock() */
	unsigned n_listeners;
	struct listener *listeners[HTTP_ADDRESSES_MAX];
};

static uint64_t now_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* ---- connections and their phases ---- */

static void slot_enter(struct slot *slot, enum phase phase)
{
	slot->phase = phase;
	slot->since_usec = now_usec();
}

static void slot_take_answer(struct http_server *server, struct slot *slot, size_t answer)
{
	slot->answer = answer;
	server->answers += answer;
	slot_enter(slot, PHASE_ANSWER);
}

/* libmicrohttpd frees the answer now. */
static void slot_drop_answer(struct http_server *server, struct slot *slot)
{
	server->answers -= slot->answer;
	if (slot->phase == PHASE_CUT)
		server->lost -= slot->answer;
	slot->answer = 0;
}

static void slot_cut(struct http_server *server, struct slot *slot)
{
	(void)shutdown(slot->fd, SHUT_RDWR);
	server->lost += slot->answer;
	slot->phase = PHASE_CUT;
}

static uint64_t slot_deadline(const struct http_server *server, const struct slot *slot)
{
	return saturating_add(slot->since_usec, server->timeout_usec[slot->phase]);
}

/*
 * Whether nothing can come any more from a client that owes a request. libmicrohttpd misses an end
 * that arrives together with data, because its epoll set tells every event once.
 */
static bool slot_is_abandoned(const struct slot *slot)
{
	char byte;

	return (slot->phase == PHASE_REQUEST || slot->phase == PHASE_IDLE) &&
	       recv(slot->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Whether A should go rather than B when there is no room for both. */
static bool slot_goes_first(const struct slot *a, const struct slot *b)
{
	return a->phase != b->phase ? a->phase < b->phase : a->since_usec < b->since_usec;
}

static struct slot *listener_find(struct listener *listener, enum phase phase)
{
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (listener->slots[i].phase == phase)
			return &listener->slots[i];
	return NULL;
}

/* Keeps some connections free: who scrapes gets in while others sit there and wait. */
static void listener_make_room(struct listener *listener)
{
	struct slot *victim = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct slot *slot = &listener->slots[i];

		if (slot->phase <= PHASE_CUT)
			continue;
		n++;
		if (!victim || slot_goes_first(slot, victim))
			victim = slot;
	}
	if (n >= HTTP_CONNECTIONS_MAX - HTTP_CONNECTIONS_RESERVE)
		slot_cut(listener->server, victim);
}

/* The client that has been taking its answer for the longest time; NULL if there is none. */
static struct slot *server_slowest(struct http_server *server)
{
	struct slot *slowest = NULL;

	for (unsigned i = 0; i < server->n_listeners; i++) {
		for (size_t j = 0; j < HTTP_CONNECTIONS_MAX; j++) {
			struct slot *slot = &server->listeners[i]->slots[j];

			if (slot->phase == PHASE_ANSWER &&
			    (!slowest || slot_goes_first(slot, slowest)))
				slowest = slot;
		}
	}
	return slowest;
}

/* Makes room for an answer of N bytes; false if there is still none. */
static bool server_make_room(struct http_server *server, size_t n)
{
	struct slot *slowest;

	while (server->answers - server->lost + n > HTTP_ANSWERS_MAX &&
	       (slowest = server_slowest(server)))
		slot_cut(server, slowest);
	return server->answers == 0 || server->answers + n <= 2 * HTTP_ANSWERS_MAX;
}

static void connection_started(struct listener *listener, struct MHD_Connection *connection,
			       void **socket_context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct slot *slot;

	listener_make_room(listener);
	/* There are as many slots as connections; without one, on_request() refuses. */
	slot = info ? listener_find(listener, PHASE_FREE) : NULL;
	*socket_context = slot;
	if (!slot)
		return;
	slot->fd = info->connect_fd;
	slot_enter(slot, PHASE_REQUEST);
}

/*
 * At its limit, or without a free descriptor, libmicrohttpd takes the listening socket out of its
 * epoll set. It puts it back only when it is run once more after a connection has gone: without
 * that run, new clients would wait until another client moves.
 */
static void connection_closed(struct listener *listener, struct slot *slot)
{
	listener->again = true;
	if (!slot)
		return;
	slot_drop_answer(listener->server, slot);
	slot->phase = PHASE_FREE;
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		connection_started(userdata, connection, socket_context);
	else if (what == MHD_CONNECTION_NOTIFY_CLOSED)
		connection_closed(userdata, *socket_context);
}

/* The answer is out; the connection may stay for the next request. */
static void on_completed(void *userdata, struct MHD_Connection *connection, void **request_context,
			 enum MHD_RequestTerminationCode how)
{
	struct listener *listener = userdata;
	struct slot *slot = *request_context;

	(void)connection;
	(void)how;
	if (!slot || slot->phase <= PHASE_CUT)
		return;
	slot_drop_answer(listener->server, slot);
	slot_enter(slot, PHASE_IDLE);
}

/* ---- requests and answers ---- */

static void replace_body(struct http_response *response, unsigned status, const char *text)
{
	buf_done(&response->body);
	buf_add_str(&response->body, text);
	response->status = status;
	response->content_type = NULL;
	response->vary = NULL;
}

/* Takes over the body in every case; NULL rather than one that is not complete. */
static struct MHD_Response *make_response(struct http_response *response, size_t *ret_len)
{
	bool failed = response->body.failed;
	char *data = buf_take(&response->body, ret_len);
	struct MHD_Response *mhd;

	if (failed)
		return NULL;
	if (!data)
		return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	mhd = MHD_create_response_from_buffer(*ret_len, data, MHD_RESPMEM_MUST_FREE);
	if (!mhd)
		free(data);
	return mhd;
}

static bool add_headers(struct MHD_Response *mhd, const struct http_response *response)
{
	const struct {
		const char *name, *value;
	} headers[] = {
		{ "Content-Type",
		  response->content_type ? response->content_type : "text/plain; charset=utf-8" },
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
					     "base-uri 'none'; form-action 'none'; "
					     "frame-ancestors 'none'" },
		{ "Vary", response->vary },
		{ "Allow", response->status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		if (headers[i].value &&
		    MHD_add_response_header(mhd, headers[i].name, headers[i].value) != MHD_YES)
			return false;
	return true;
}

/* MHD_NO makes libmicrohttpd close the connection. */
static enum MHD_Result respond(struct listener *listener, struct MHD_Connection *connection,
			       struct slot *slot, struct http_response *response)
{
	struct http_server *server = listener->server;
	enum MHD_Result r = MHD_NO;
	struct MHD_Response *mhd;
	size_t len;

	if (!server_make_room(server, response->body.len))
		replace_body(response, MHD_HTTP_SERVICE_UNAVAILABLE,
			     "Too many answers are under way to slow clients.\n");
	else if (response->body.failed)
		replace_body(response, MHD_HTTP_INTERNAL_SERVER_ERROR, "Out of memory.\n");
	mhd = make_response(response, &len);
	if (!mhd)
		return MHD_NO;
	slot_take_answer(server, slot, len);
	if (add_headers(mhd, response))
		r = MHD_queue_response(connection, response->status, mhd);
	MHD_destroy_response(mhd);
	return r;
}

static enum MHD_Result refuse(struct listener *listener, struct MHD_Connection *connection,
			      struct slot *slot, unsigned status, const char *text)
{
	struct http_response response = { .status = status, .body = BUF_NULL };

	buf_add_str(&response.body, text);
	return respond(listener, connection, slot, &response);
}

static const char *header_value(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/*
 * The status with which a request is refused for its body, before that is read; 0 if it is not.
 * Chunks are refused because libmicrohttpd 0.9.75 runs in circles over a chunk header that does not
 * fit into the connection's memory.
 */
static unsigned body_verdict(struct MHD_Connection *connection)
{
	const char *text = header_value(connection, "Content-Length");
	struct cursor c;
	uint64_t length;

	if (header_value(connection, "Transfer-Encoding"))
		return MHD_HTTP_LENGTH_REQUIRED;
	if (!text)
		return 0;
	c = cursor_over(span_str(text));
	if (!cursor_number(&c, 18, &length) || length > HTTP_REQUEST_BODY_MAX)
		return MHD_HTTP_CONTENT_TOO_LARGE;
	return 0;
}

static bool method_allowed(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static enum MHD_Result refuse_method(struct listener *listener, struct MHD_Connection *connection,
				     struct slot *slot)
{
	return refuse(listener, connection, slot, MHD_HTTP_METHOD_NOT_ALLOWED,
		      "Only GET and HEAD are allowed.\n");
}

static enum MHD_Result request_started(struct listener *listener, struct MHD_Connection *connection,
				       struct slot *slot, const char *method)
{
	unsigned status = body_verdict(connection);

	if (status == 0)
		return MHD_YES;
	if (!method_allowed(method))
		return refuse_method(listener, connection, slot);
	return refuse(listener, connection, slot, status, "A request needs no body here.\n");
}

/* RFC 9112 section 3.2.2: a server accepts "http://host/path" for "/path" as well. */
static const char *path_of(const char *target)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t n = strlen(schemes[i]);
		const char *path;

		if (strncasecmp(target, schemes[i], n) != 0)
			continue;
		path = strchr(target + n, '/');
		return path ? path : "/";
	}
	return target;
}

static enum MHD_Result request_complete(struct listener *listener,
					struct MHD_Connection *connection, struct slot *slot,
					const struct http_request *request)
{
	struct http_response response = { .status = MHD_HTTP_OK, .body = BUF_NULL };

	if (!method_allowed(request->method))
		return refuse_method(listener, connection, slot);
	listener->server->handler(listener->server->userdata, request, &response);
	return respond(listener, connection, slot, &response);
}

/*
 * Called several times for a request: when its header is complete, for each piece of its body, and
 * at its end. An answer in the first call closes the connection, so the first call takes notice
 * only.
 */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
				  const char *url, const char *method, const char *version,
				  const char *upload_data, size_t *upload_data_size,
				  void **request_context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct slot *slot = info ? info->socket_context : NULL;
	struct http_request request;

	(void)version;
	(void)upload_data;
	if (!slot || slot->phase <= PHASE_CUT)
		return MHD_NO;
	if (!*request_context) {
		*request_context = slot;
		return request_started(userdata, connection, slot, method);
	}
	if (*upload_data_size > 0) {
		*upload_data_size = 0;
		return MHD_YES;
	}
	request = (struct http_request){
		.method = method,
		.path = path_of(url),
		.accept = header_value(connection, "Accept"),
		.accept_language = header_value(connection, "Accept-Language"),
		.lang = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "lang"),
	};
	return request_complete(userdata, connection, slot, &request);
}

/* A decoded NUL would end the path early and make "/metrics%00x" another name for "/metrics". */
static size_t on_unescape(void *userdata, struct MHD_Connection *connection, char *text)
{
	(void)userdata;
	(void)connection;
	return strstr(text, "%00") ? strlen(text) : MHD_http_unescape(text);
}

/* ---- listeners ---- */

static struct listener *listener_free(struct listener *listener)
{
	if (!listener)
		return NULL;
	if (listener->mhd)
		MHD_stop_daemon(listener->mhd);
	free(listener);
	return NULL;
}

/* No MHD_USE_ERROR_LOG: what clients do wrong is no business of the journal. */
static struct MHD_Daemon *start_mhd(struct listener *listener, int fd)
{
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, HTTP_CONNECTIONS_PER_ADDRESS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONNECTION_MEMORY, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, listener },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, listener },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)on_unescape, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, listener,
				MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/* Takes over FD if it succeeds. */
static int listener_new(struct listener **ret, struct http_server *server, int fd)
{
	const union MHD_DaemonInfo *info;
	struct listener *listener;

	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	listener->server = server;
	listener->fd = fd;
	errno = 0;
	listener->mhd = start_mhd(listener, fd);
	if (!listener->mhd) {
		int r = errno > 0 ? -errno : -ENOMEM;

		free(listener);
		return r;
	}
	info = MHD_get_daemon_info(listener->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	listener->epoll_fd = info ? info->epoll_fd : -1;
	*ret = listener;
	return 0;
}

/*
 * Without a free descriptor and without a connection libmicrohttpd can neither accept a client nor
 * stop trying: the loop would turn at full speed. The spare descriptor is given up for a moment, so
 * that the client can be turned away.
 */
static void listener_unblock(struct listener *listener)
{
	struct http_server *server = listener->server;
	struct pollfd pfd = { .fd = listener->fd, .events = POLLIN };
	int fd;

	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (listener->slots[i].phase != PHASE_FREE)
			return;
	if (poll(&pfd, 1, 0) <= 0)
		return;
	/* Mostly somebody came just now, or more at once than libmicrohttpd accepts. */
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd < 0) {
		(void)close(server->spare_fd);
		fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
		server->spare_fd = -1;
	}
	if (fd >= 0)
		(void)close(fd);
	if (server->spare_fd < 0)
		server->spare_fd = eventfd(0, EFD_CLOEXEC);
}

static void listener_run(struct listener *listener)
{
	uint64_t now = now_usec();

	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (slot_deadline(listener->server, &listener->slots[i]) <= now)
			slot_cut(listener->server, &listener->slots[i]);
	listener->again = false;
	(void)MHD_run(listener->mhd);
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (slot_is_abandoned(&listener->slots[i]))
			slot_cut(listener->server, &listener->slots[i]);
	listener_unblock(listener);
}

static uint64_t listener_timeout(const struct listener *listener)
{
	MHD_UNSIGNED_LONG_LONG msec;
	uint64_t first = UINT64_MAX;

	if (listener->again)
		return 0;
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		first = MIN(first, slot_deadline(listener->server, &listener->slots[i]));
	if (MHD_get_timeout(listener->mhd, &msec) == MHD_YES)
		first = MIN(first, now_usec() + MIN((uint64_t)msec, UINT32_MAX) * USEC_PER_MSEC);
	return first;
}

/* ---- the server ---- */

int http_server_new(struct http_server **ret, http_handler handler, void *userdata)
{
	static const struct http_timeouts timeouts = {
		.request = HTTP_REQUEST_TIMEOUT_SEC * USEC_PER_SEC,
		.answer = HTTP_ANSWER_TIMEOUT_SEC * USEC_PER_SEC,
		.idle = HTTP_IDLE_TIMEOUT_SEC * USEC_PER_SEC,
	};
	struct http_server *server;

	if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) != MHD_YES)
		return -EOPNOTSUPP;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->handler = handler;
	server->userdata = userdata;
	http_server_set_timeouts(server, &timeouts);
	server->spare_fd = eventfd(0, EFD_CLOEXEC);
	if (server->spare_fd < 0) {
		int r = -errno;

		free(server);
		return r;
	}
	*ret = server;
	return 0;
}

struct http_server *http_server_free(struct http_server *server)
{
	if (!server)
		return NULL;
	/* The last first: the connections of each still account to the server. */
	while (server->n_listeners > 0)
		listener_free(server->listeners[--server->n_listeners]);
	if (server->spare_fd >= 0)
		(void)close(server->spare_fd);
	free(server);
	return NULL;
}

void http_server_set_timeouts(struct http_server *server, const struct http_timeouts *timeouts)
{
	server->timeout_usec[PHASE_FREE] = UINT64_MAX;
	server->timeout_usec[PHASE_CUT] = UINT64_MAX;
	server->timeout_usec[PHASE_IDLE] = timeouts->idle;
	server->timeout_usec[PHASE_REQUEST] = timeouts->request;
	server->timeout_usec[PHASE_ANSWER] = timeouts->answer;
}

int http_server_adopt(struct http_server *server, int fd)
{
	int flags = fcntl(fd, F_GETFL), r = -E2BIG;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		r = -errno;
	else if (server->n_listeners < HTTP_ADDRESSES_MAX)
		r = listener_new(&server->listeners[server->n_listeners], server, fd);
	if (r < 0) {
		/* libmicrohttpd may have closed it before; nobody else can have got its number. */
		(void)close(fd);
		return r;
	}
	server->n_listeners++;
	return 0;
}

int http_server_listen(struct http_server *server, const char *address)
{
	int fd = listen_open(address);

	return fd < 0 ? fd : http_server_adopt(server, fd);
}

int http_server_address(const struct http_server *server, unsigned i, char *buf, size_t size)
{
	return listen_address(server->listeners[i]->fd, buf, size);
}

unsigned http_server_listeners(const struct http_server *server)
{
	return server->n_listeners;
}

int http_server_fd(const struct http_server *server, unsigned i)
{
	return server->listeners[i]->epoll_fd;
}

uint64_t http_server_timeout_usec(const struct http_server *server)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < server->n_listeners; i++)
		first = MIN(first, listener_timeout(server->listeners[i]));
	return first;
}

void http_server_run(struct http_server *server)
{
	for (unsigned i = 0; i < server->n_listeners; i++)
		listener_run(server->listeners[i]);
}
