/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

/* The command line. The table in options.c is also what --help prints and README is checked against. */

#include "daemon/log.h"
#include "dialect/trust.h"
#include "http/server.h"
#include "source/journal_options.h"

/* All strings belong to argv or are static. */
struct options {
	struct journal_options journal;
	enum trust_mode trust;

	const char *listen[HTTP_ADDRESSES_MAX];
	unsigned n_listen;
	bool systemd_socket; /* take the sockets that systemd hands over instead */
	const char *telemetry_path;

	const char *catalogue_dir; /* NULL: the catalogue built in, alone */

	const char *state_file; /* NULL: no state is kept */
	uint64_t state_interval_usec;
	bool no_state;

	uint64_t zero_hold_usec;
	enum log_level log_level;
	bool once;
};

/* A positive result of options_parse(): --help or --version was answered on standard output. */
#define OPTIONS_E_ANSWERED OPTION_TABLE_E_ANSWERED

/*
 * Reads the command line into *RET. Returns 0; OPTIONS_E_ANSWERED; or -EINVAL after it has said on
 * standard error, in one line, what is wrong and what to do.
 */
int options_parse(int argc, char **argv, struct options *ret);

#endif
