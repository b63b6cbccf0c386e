/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

/*
 * Messages about the exporter itself, in logfmt on standard error. Under systemd each line starts with
 * `<n>`, the syslog priority (sd-daemon(3)); elsewhere with the time. What mail servers log, and every
 * address or reply text in it, is never logged.
 */

#include "util/macros.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	_LOG_LEVEL_MAX,
};

extern const char *const log_level_names[_LOG_LEVEL_MAX];

/* Messages below LEVEL are not written; info until somebody says otherwise. */
void log_set_level(enum log_level level);

/* Writes MESSAGE and pairs of key and value, all of them strings; a NULL key ends the list. */
void log_write(enum log_level level, const char *message, ...) __attribute__((sentinel));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__, NULL)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__, NULL)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__, NULL)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__, NULL)

#endif
