/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

/* Listening sockets: from "host:port" to a descriptor and back. Nothing of HTTP in here. */

#include <stddef.h>

/*
 * A non-blocking socket that listens on ADDRESS, in the forms and with the errors of
 * http_server_listen(). Returns the descriptor, which the caller closes, or a negative errno.
 */
int listen_open(const char *address);

/* Where socket FD listens, as http_server_address() gives it. */
int listen_address(int fd, char *buf, size_t size);

#endif
