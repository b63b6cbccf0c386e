/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util/buf.h"

const char *const log_level_names[_LOG_LEVEL_MAX] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* syslog(3) priorities. */
static const char priorities[_LOG_LEVEL_MAX] = {
	[LOG_LEVEL_ERROR] = '3',
	[LOG_LEVEL_WARNING] = '4',
	[LOG_LEVEL_INFO] = '6',
	[LOG_LEVEL_DEBUG] = '7',
};

static enum log_level max_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	max_level = level;
}

/* Bare words stay bare, everything else is quoted, so that a value cannot imitate a key. */
static bool needs_quotes(const char *s)
{
	if (*s == '\0')
		return true;
	for (; *s; s++)
		if (*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' || *s == 0x7f)
			return true;
	return false;
}

static void add_value(struct buf *line, const char *s)
{
	bool quotes = needs_quotes(s);

	if (quotes)
		buf_add_char(line, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_add_char(line, '\\');
		buf_add_char(line, (unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s);
	}
	if (quotes)
		buf_add_char(line, '"');
}

static void add_head(struct buf *line, enum log_level level)
{
	char stamp[sizeof("2026-01-01T00:00:00Z")];
	time_t now = time(NULL);
	struct tm tm;

	if (getenv("JOURNAL_STREAM")) {
		buf_add_char(line, '<');
		buf_add_char(line, priorities[level]);
		buf_add_char(line, '>');
	} else if (gmtime_r(&now, &tm) && strftime(stamp, sizeof(stamp), "%FT%TZ", &tm) > 0) {
		buf_add_str(line, "ts=");
		buf_add_str(line, stamp);
		buf_add_char(line, ' ');
	}
	buf_add_str(line, "level=");
	buf_add_str(line, log_level_names[level]);
}

void log_write(enum log_level level, const char *message, ...)
{
	struct buf line = BUF_NULL;
	const char *key;
	va_list ap;

	if (level > max_level)
		return;
	add_head(&line, level);
	buf_add_str(&line, " msg=");
	add_value(&line, message);
	va_start(ap, message);
	while ((key = va_arg(ap, const char *))) {
		buf_add_char(&line, ' ');
		buf_add_str(&line, key);
		buf_add_char(&line, '=');
		add_value(&line, va_arg(ap, const char *));
	}
	va_end(ap);
	buf_add_char(&line, '\n');
	/* One write for one line; where even standard error is gone nobody can be told. */
	if (!line.failed && write(STDERR_FILENO, line.data, line.len) < 0)
		(void)line.len;
	buf_done(&line);
}
