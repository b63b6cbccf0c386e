/* SPDX-License-Identifier: Apache-2.0 */

/* A line of a syslog file: its parts lie in it, in order, and its numbers are in range. */

#include "source/syslog_line.h"

#include "fuzz.h"

static void check_names(const struct syslog_line *l, span_t in)
{
	require(l->timestamp.len >= 15 && l->timestamp.len <= 35);
	require(l->host.len >= 1 && l->host.len <= SYSLOG_LINE_NAME_MAX);
	require(l->identifier.len >= 1 && l->identifier.len <= SYSLOG_LINE_NAME_MAX);
	require(span_inside(l->timestamp, in) && span_inside(l->host, in));
	require(span_inside(l->identifier, in) && span_inside(l->message, in));
	require(l->timestamp.ptr + l->timestamp.len + 1 == l->host.ptr);
	require(l->host.ptr + l->host.len + 1 == l->identifier.ptr);
	require(l->message.ptr > l->identifier.ptr + l->identifier.len);
	require(l->message.ptr + l->message.len == in.ptr + in.len);
}

static void check_numbers(const struct syslog_line *l)
{
	require(l->priority <= 191 || l->priority == SYSLOG_LINE_NO_PRIORITY);
	require(l->year == 0 || (l->year >= 1970 && l->year <= 9999));
	require(l->month >= 1 && l->month <= 12 && l->day >= 1 && l->day <= 31);
	require(l->hour <= 23 && l->minute <= 59 && l->second <= 60 && l->usec <= 999999);
	require(l->offset_min > -24 * 60 && l->offset_min < 24 * 60);
	/* To the year 10000, and not much beyond a now in 2026 without a year. */
	require(syslog_line_realtime(l, UINT64_C(1773137998000000)) < UINT64_C(253402387200000000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span_t in = span_make((const char *)data, size);
	struct syslog_line line = { .pid = 4711 };

	if (!syslog_line_parse(in, &line)) {
		require(line.pid == 4711);
		return 0;
	}
	check_names(&line, in);
	check_numbers(&line);
	return 0;
}
