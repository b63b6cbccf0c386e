/* SPDX-License-Identifier: Apache-2.0 */

/* An address is first understood, without asking anybody, then opened for one family at a time. */

#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/cursor.h"

/* A name of the DNS, or an IPv6 address with its scope. */
#define HOST_MAX 255
#define PORT_MAX 65535u

struct endpoint {
	char host[HOST_MAX + 1]; /* "": every address of the machine */
	char port[sizeof("65535")];
	int flags;	 /* of getaddrinfo() */
	int families[2]; /* to try in this order; AF_UNSPEC: no second one */
};

static int endpoint_copy(char *to, size_t size, span_t text)
{
	if (text.len >= size)
		return -EINVAL;
	if (text.len > 0)
		memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
	return 0;
}

static bool is_ipv4(const char *host)
{
	struct in_addr addr;

	return inet_pton(AF_INET, host, &addr) == 1;
}

/* Host names and numbers, but nothing that must stand in brackets. */
static bool is_name(span_t s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.ptr[i]) && span_find_char(SPAN("-._"), s.ptr[i]) < 0)
			return false;
	return true;
}

/* A name's last label has a letter (RFC 3696 section 2): "1.2.3" is a wrong number, not a name. */
static bool looks_numeric(span_t s)
{
	span_t last = span_tail(s, (size_t)(span_find_last_char(s, '.') + 1));

	for (size_t i = 0; i < last.len; i++)
		if (!char_is_digit(last.ptr[i]))
			return false;
	return true;
}

static int endpoint_host(struct endpoint *e, span_t host)
{
	if (host.len == 0) {
		e->flags |= AI_PASSIVE;
		e->families[0] = AF_INET6;
		e->families[1] = AF_INET;
		return 0;
	}
	if (*host.ptr == '[') {
		if (!span_ends(host, SPAN("]")) || host.len < 3)
			return -EINVAL;
		host = span_make(host.ptr + 1, host.len - 2);
		e->flags |= AI_NUMERICHOST;
		e->families[0] = AF_INET6;
		return endpoint_copy(e->host, sizeof(e->host), host);
	}
	e->families[0] = AF_INET;
	e->families[1] = AF_INET6;
	if (!is_name(host) || endpoint_copy(e->host, sizeof(e->host), host) < 0)
		return -EINVAL;
	return looks_numeric(host) && !is_ipv4(e->host) ? -EINVAL : 0;
}

/* "host:port", of which host may be empty. */
static int endpoint_parse(span_t address, struct endpoint *ret)
{
	struct endpoint e = { .flags = AI_NUMERICSERV, .families = { AF_UNSPEC, AF_UNSPEC } };
	ptrdiff_t colon = span_find_last_char(address, ':');
	struct cursor c;
	uint64_t port;
	span_t text;

	if (colon < 0 || endpoint_host(&e, span_head(address, (size_t)colon)) < 0)
		return -EINVAL;
	text = span_tail(address, (size_t)colon + 1);
	c = cursor_over(text);
	if (!cursor_number(&c, sizeof(e.port) - 1, &port) || !cursor_at_end(&c) || port > PORT_MAX)
		return -EINVAL;
	*ret = e;
	return endpoint_copy(ret->port, sizeof(ret->port), text);
}

static int socket_listen(int fd, const struct addrinfo *ai)
{
	const int on = 1, off = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	/* "[::]" then means IPv4 too, whatever net.ipv6.bindv6only says. */
	if (ai->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		return -errno;
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return 0;
}

static int socket_open(const struct addrinfo *ai)
{
	int fd, r;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	if (fd < 0)
		return -errno;
	r = socket_listen(fd, ai);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return fd;
}

static int resolver_error(const struct endpoint *e, int error)
{
	if (error == EAI_MEMORY)
		return -ENOMEM;
	if (error == EAI_SYSTEM && errno > 0)
		return -errno;
	return (e->flags & AI_NUMERICHOST) ? -EINVAL : -EADDRNOTAVAIL;
}

static int endpoint_open_family(const struct endpoint *e, int family)
{
	const struct addrinfo hints = {
		.ai_flags = e->flags,
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;
	int r;

	r = getaddrinfo(e->host[0] ? e->host : NULL, e->port, &hints, &list);
	if (r != 0)
		return resolver_error(e, r);
	r = socket_open(list);
	freeaddrinfo(list);
	return r;
}

/* The second family is for machines where the first does not exist. */
static int endpoint_open(const struct endpoint *e)
{
	int r = endpoint_open_family(e, e->families[0]);

	if ((r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL) && e->families[1] != AF_UNSPEC)
		r = endpoint_open_family(e, e->families[1]);
	return r;
}

int listen_open(const char *address)
{
	struct endpoint e;
	int r;

	r = endpoint_parse(span_str(address), &e);
	return r < 0 ? r : endpoint_open(&e);
}

/* A path is not always terminated, and an abstract name starts with a zero byte (unix(7)). */
static int unix_address(const struct sockaddr_un *addr, socklen_t len, char *buf, size_t size)
{
	size_t offset = offsetof(struct sockaddr_un, sun_path);
	int n = len > offset ? (int)(len - offset) : 0;
	int r = snprintf(buf, size, "unix:%.*s", n, addr->sun_path);

	return r >= 0 && (size_t)r < size ? 0 : -ENOSPC;
}

int listen_address(int fd, char *buf, size_t size)
{
	char host[HOST_MAX + 1], port[sizeof("65535")];
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int r;

	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return -errno;
	if (addr.ss_family == AF_UNIX)
		return unix_address((const struct sockaddr_un *)&addr, len, buf, size);
	if (getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -EIO;
	r = snprintf(buf, size, addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return r >= 0 && (size_t)r < size ? 0 : -ENOSPC;
}
