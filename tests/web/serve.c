/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The HTTP server and its routes over a made-up exporter, for test_web.py; also the smallest
 * example of an event loop around http/server.h.
 *
 *     serve [--OPTION=NUMBER]... ADDRESS...
 *
 * Prints "listening ADDRESS" or "error ADDRESS ERRNO" for each address and then "go". SIGTERM ends
 * it in good order.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/routes.h"
#include "http/server.h"
#include "util/cursor.h"

enum option {
	OPTION_UP, /* 0: the journal cannot be read */
	OPTION_CAUGHT_UP,
	OPTION_ENTRIES,
	OPTION_LAST,	       /* realtime of the newest entry, in seconds */
	OPTION_BODY,	       /* bytes of the exposition */
	OPTION_NO_MEMORY,      /* 1: the exposition fails */
	OPTION_TELEMETRY_PATH, /* an index of telemetry_paths[] */
	OPTION_NO_IPV6,	       /* 1: as on a kernel without it */
	OPTION_REQUEST_MS,     /* timeouts of the server */
	OPTION_ANSWER_MS,
	OPTION_IDLE_MS,
	OPTION_COUNTS, /* 0: pages have none */
	_OPTION_MAX,
};

static const char *const option_names[_OPTION_MAX] = {
	[OPTION_UP] = "up",
	[OPTION_CAUGHT_UP] = "caught-up",
	[OPTION_ENTRIES] = "entries",
	[OPTION_LAST] = "last",
	[OPTION_BODY] = "body",
	[OPTION_NO_MEMORY] = "no-memory",
	[OPTION_TELEMETRY_PATH] = "telemetry-path",
	[OPTION_NO_IPV6] = "no-ipv6",
	[OPTION_REQUEST_MS] = "request-ms",
	[OPTION_ANSWER_MS] = "answer-ms",
	[OPTION_IDLE_MS] = "idle-ms",
	[OPTION_COUNTS] = "counts",
};

static uint64_t option_values[_OPTION_MAX] = {
	[OPTION_UP] = 1,
	[OPTION_CAUGHT_UP] = 1,
	[OPTION_ENTRIES] = 1234567,
	[OPTION_LAST] = 1767323045,
	[OPTION_BODY] = 200,
	[OPTION_REQUEST_MS] = HTTP_REQUEST_TIMEOUT_SEC * 1000,
	[OPTION_ANSWER_MS] = HTTP_ANSWER_TIMEOUT_SEC * 1000,
	[OPTION_IDLE_MS] = HTTP_IDLE_TIMEOUT_SEC * 1000,
	[OPTION_COUNTS] = 1,
};

/* The linker puts this in the place of socket(). */
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	if (domain == AF_INET6 && option_values[OPTION_NO_IPV6]) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return __real_socket(domain, type, protocol);
}

/* ---- the made-up exporter ---- */

static void write_metrics(void *userdata, struct buf *out, const char **ret_content_type)
{
	static char filler[4096];
	size_t n;

	(void)userdata;
	memset(filler, 'x', sizeof(filler));
	*ret_content_type = "text/plain; version=0.0.4; charset=utf-8";
	buf_add_str(out, "# TYPE made_up_total counter\nmade_up_total 1\n# ");
	while (out->len + 1 < option_values[OPTION_BODY] && !out->failed) {
		n = MIN((size_t)option_values[OPTION_BODY] - out->len - 1, sizeof(filler));
		buf_add(out, span_make(filler, n));
	}
	buf_add_char(out, '\n');
	if (option_values[OPTION_NO_MEMORY])
		out->failed = true;
}

static void read_status(void *userdata, struct routes_status *ret)
{
	(void)userdata;
	*ret = (struct routes_status){
		.version = "1.2.3 <script>&\"'",
		.source = "journal of <this> & \"that\" machine",
		.source_up = option_values[OPTION_UP] > 0,
		.caught_up = option_values[OPTION_CAUGHT_UP] > 0,
		.entries_read = option_values[OPTION_ENTRIES],
		.last_read_usec = option_values[OPTION_LAST] * USEC_PER_SEC,
		.now_usec = (option_values[OPTION_LAST] + 61) * USEC_PER_SEC,
	};
}

/* Numbers of every length; 4xx were not counted yet. */
static bool read_count(void *userdata, unsigned code, struct routes_count *ret)
{
	(void)userdata;
	if (code / 100 == 4)
		return false;
	ret->received = code == 250 ? 18446744073 : code % 7 * 1111;
	ret->given = code % 5;
	return true;
}

static const char *const telemetry_paths[] = { "/metrics", "/", "/m\xc3\xa9 \"<x>&?#%" };

/* ---- the event loop ---- */

/* For poll(): rounded up, or it would be called again and again in the last millisecond. */
static int wait_msec(uint64_t until_usec)
{
	struct timespec ts;
	uint64_t now;

	if (until_usec == UINT64_MAX)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
	if (until_usec <= now)
		return 0;
	return (int)MIN((until_usec - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC, 3600 * 1000);
}

static void loop(struct http_server *server, int signal_fd)
{
	struct pollfd fds[HTTP_ADDRESSES_MAX + 1];
	unsigned n = http_server_listeners(server);

	for (unsigned i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = http_server_fd(server, i), .events = POLLIN };
	fds[n] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
	while (!fds[n].revents) {
		if (poll(fds, n + 1, wait_msec(http_server_timeout_usec(server))) < 0)
			return;
		http_server_run(server);
	}
}

/* ---- start ---- */

/* Returns whether ARG is an option. */
static bool parse_option(const char *arg)
{
	struct cursor c = cursor_over(span_str(arg));
	span_t name;

	if (!cursor_take_span(&c, SPAN("--")))
		return false;
	if (!cursor_until_char(&c, '=', &name))
		exit(2);
	for (size_t i = 0; i < _OPTION_MAX; i++)
		if (span_eq(name, span_str(option_names[i])) &&
		    cursor_number(&c, 18, &option_values[i]))
			return true;
	exit(2);
}

static void listen_on(struct http_server *server, const char *address)
{
	char text[HTTP_ADDRESS_SIZE];
	int r = http_server_listen(server, address);

	if (r == 0)
		r = http_server_address(server, http_server_listeners(server) - 1, text,
					sizeof(text));
	if (r < 0)
		printf("error %s %s\n", address, strerrorname_np(-r));
	else
		printf("listening %s\n", text);
}

static struct http_server *start(struct routes *routes, char **addresses, int n)
{
	const struct http_timeouts timeouts = {
		.request = option_values[OPTION_REQUEST_MS] * USEC_PER_MSEC,
		.answer = option_values[OPTION_ANSWER_MS] * USEC_PER_MSEC,
		.idle = option_values[OPTION_IDLE_MS] * USEC_PER_MSEC,
	};
	struct http_server *server;

	if (http_server_new(&server, routes_handle, routes) < 0)
		exit(1);
	http_server_set_timeouts(server, &timeouts);
	for (int i = 0; i < n; i++)
		listen_on(server, addresses[i]);
	puts("go");
	fflush(stdout);
	return server;
}

int main(int argc, char **argv)
{
	struct routes routes = { .metrics = write_metrics, .status = read_status };
	struct smtpreply_catalogue *catalogue;
	struct languages *languages;
	struct http_server *server;
	sigset_t signals;
	int signal_fd, i = 1;

	while (i < argc && parse_option(argv[i]))
		i++;
	if (option_values[OPTION_TELEMETRY_PATH] >= ARRAY_SIZE(telemetry_paths))
		return 2;
	routes.telemetry_path = telemetry_paths[option_values[OPTION_TELEMETRY_PATH]];
	if (smtpreply_catalogue_new(&catalogue) < 0 || languages_new(&languages) < 0)
		return 1;
	routes.catalogue = catalogue;
	routes.languages = languages;
	if (option_values[OPTION_COUNTS])
		routes.count = read_count;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return 1;
	server = start(&routes, argv + i, argc - i);
	loop(server, signal_fd);
	http_server_free(server);
	languages_free(languages);
	smtpreply_catalogue_free(catalogue);
	close(signal_fd);
	return 0;
}
