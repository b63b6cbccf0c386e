/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/exporter.h"

/*
 * Serves EXPORTER until SIGTERM or SIGINT. Logs what goes wrong. Returns 0 for an orderly end, or a negative
 * errno if it could not start; then nothing was left half-started.
 */
int daemon_run(struct exporter *exporter);

#endif
