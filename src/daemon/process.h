/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

/* The process_* families that every Prometheus client library shows. */

#include "metrics/registry.h"

/*
 * Sets all but the start time from getrusage(2), getrlimit(2) and /proc/self. What cannot be read (a
 * hidden /proc) keeps its last value, or stays absent.
 */
void process_update(struct registry *registry);

#endif
