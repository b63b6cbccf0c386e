/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

/*
 * A small HTTP/1.1 server on libmicrohttpd that runs inside somebody else's event loop: it has
 * descriptors to poll and a time at which it wants to run. No threads.
 */

#include "util/buf.h"

/* Bounds of what strangers can occupy; those of connections count per listening socket. */
#define HTTP_CONNECTIONS_MAX 64u
/* When fewer than this are free, each new connection costs the one that waited longest. */
#define HTTP_CONNECTIONS_RESERVE 16u
#define HTTP_CONNECTIONS_PER_ADDRESS_MAX 16u
#define HTTP_CONNECTION_MEMORY ((size_t)32 * 1024)
/* A request body has no meaning here: it is read and forgotten, above this size refused. */
#define HTTP_REQUEST_BODY_MAX ((uint64_t)64 * 1024)
/*
 * Bytes of answers on their way to clients, all together. Above it the slowest client loses its
 * own; until those that are lost are freed, it may be twice as much, and then the answer is a 503.
 */
#define HTTP_ANSWERS_MAX ((size_t)16 * 1024 * 1024)
/* One listening socket each. */
#define HTTP_ADDRESSES_MAX 8u

/* From the start of a connection until its first request is complete, trickling or not. */
#define HTTP_REQUEST_TIMEOUT_SEC 15u
/* From a complete request until the client has taken the answer. */
#define HTTP_ANSWER_TIMEOUT_SEC 60u
/* From an answer until the next request on the same connection is complete. */
#define HTTP_IDLE_TIMEOUT_SEC 75u

/* All strings are valid during the handler only. NULL where the client sent none. */
struct http_request {
	const char *method; /* "GET" or "HEAD" when the handler is asked */
	const char
		*path; /* percent-decoded, without query; a client's "*" and "x" stay as they are */
	const char *accept;
	const char *accept_language;
	const char *lang; /* the value of `lang` in the query, percent-decoded */
};

/* Starts as status 200 with an empty body. */
struct http_response {
	unsigned status;
	const char *content_type; /* static; NULL: text/plain in UTF-8 */
	const char *vary;	  /* static; the header of that name; NULL: none */
	struct buf body; /* taken over by the server; if it has failed, the client gets a 500 */
};

/*
 * Answers a request. Called for GET and HEAD only: the server itself answers other methods with 405
 * and an Allow header, and leaves the body out for HEAD. Every answer carries Cache-Control:
 * no-store, X-Content-Type-Options: nosniff and a Content-Security-Policy that allows style sheets
 * inside the page and nothing else. What is not HTTP is answered, or cut off, by libmicrohttpd in
 * its own words.
 */
typedef void (*http_handler)(void *userdata, const struct http_request *request,
			     struct http_response *response);

struct http_server;

/*
 * HANDLER is called from http_server_run() only. Returns 0, -ENOMEM, -EMFILE, or -EOPNOTSUPP if the
 * libmicrohttpd of this machine was built without epoll.
 */
int http_server_new(struct http_server **ret, http_handler handler, void *userdata);
struct http_server *http_server_free(struct http_server *server);

/* Other timeouts than the constants above, for tests: microseconds, before the first listener. */
struct http_timeouts {
	uint64_t request, answer, idle;
};
void http_server_set_timeouts(struct http_server *server, const struct http_timeouts *timeouts);

/*
 * Listens on ADDRESS: ":10451" (all addresses, IPv6 and IPv4, the latter only where the machine has
 * no IPv6), "192.0.2.1:10451", "localhost:10451" (a name's IPv4 address if it has one),
 * "[::1]:10451"; port 0 takes any free port. A name is looked up here and now, which may wait for
 * the resolver. Returns 0; -EINVAL if ADDRESS is none of those; -EADDRNOTAVAIL if the name or
 * address is not one of this machine; -EADDRINUSE, -EACCES and so on as the system says; -E2BIG
 * beyond HTTP_ADDRESSES_MAX. Nothing is half-open after a failure.
 */
int http_server_listen(struct http_server *server, const char *address);

/*
 * Serves on FD, a listening stream socket that somebody else made, such as systemd (LISTEN_FDS). Takes it
 * over: it is closed at the end, or after a failure, and never shut down, since its maker goes on using
 * it. Returns 0 or a negative errno as above.
 */
int http_server_adopt(struct http_server *server, int fd);

/*
 * The addresses in use, for the start message: fills BUF with "127.0.0.1:10451" or "[::]:10451".
 * Returns 0, -ENOSPC if BUF is too small (HTTP_ADDRESS_SIZE never is) or the system's error.
 */
#define HTTP_ADDRESS_SIZE 80u
int http_server_address(const struct http_server *server, unsigned i, char *buf, size_t size);
unsigned http_server_listeners(const struct http_server *server);

/* The descriptor of listener I to poll for input; it does not change. */
int http_server_fd(const struct http_server *server, unsigned i);

/*
 * When to call http_server_run() at the latest, CLOCK_MONOTONIC microseconds, in the past if there
 * is something to do now; UINT64_MAX: not. To be asked anew after every http_server_run().
 */
uint64_t http_server_timeout_usec(const struct http_server *server);

/* Does what there is to do and returns; never waits. Call when a descriptor or the time says so. */
void http_server_run(struct http_server *server);

#endif
