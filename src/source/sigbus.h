/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_SIGBUS_H
#define SOURCE_SIGBUS_H

/*
 * A journal file that is truncated while it is mapped raises SIGBUS at the next read behind its new
 * end (journald of systemd 250 to 254 does that to files it archives). Inside a guarded section such
 * an access reads zeros instead and is remembered. Any other SIGBUS goes to whoever handled it before,
 * which usually ends the process.
 *
 * The handler belongs to the process; guarded sections belong to one thread.
 */

#include <stdbool.h>

/* Installs the handler; every call is undone by one sigbus_uninstall(). Returns 0 or -errno. */
int sigbus_install(void);
void sigbus_uninstall(void);

/* Sections do not nest. */
void sigbus_guard_enter(void);
void sigbus_guard_leave(void);

/* Whether an access was caught since the last call. What was read since then is not to be believed. */
bool sigbus_take(void);

#endif
