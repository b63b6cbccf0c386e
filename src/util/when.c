/* SPDX-License-Identifier: Apache-2.0 */

#include "util/when.h"

#include <time.h>

#include "util/cursor.h"
#include "util/macros.h"

/* The seconds behind an `@`. */
static bool parse_seconds(struct cursor c, uint64_t *ret_usec)
{
	uint64_t seconds;

	if (!cursor_number(&c, 11, &seconds) || !cursor_at_end(&c))
		return false;
	*ret_usec = seconds * USEC_PER_SEC;
	return true;
}

/* Whether VALUE is a date that exists; END is where strptime() stopped, at nothing or a Z. */
static bool take_date(struct tm *tm, const char *end, uint64_t *ret_usec)
{
	int day = tm->tm_mday;
	time_t t = *end == 'Z' ? timegm(tm) : mktime(tm);

	/* The 30th of February became a day in March. */
	if (tm->tm_mday != day || t < 0)
		return false;
	*ret_usec = (uint64_t)t * USEC_PER_SEC;
	return true;
}

bool when_timestamp(const char *value, uint64_t *ret_usec)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
					       "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
	struct cursor c = cursor_over(span_str(value));

	if (cursor_take(&c, '@'))
		return parse_seconds(c, ret_usec);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(value, formats[i], &tm);

		if (end && (*end == '\0' || (*end == 'Z' && end[1] == '\0')))
			return take_date(&tm, end, ret_usec);
	}
	return false;
}

bool when_duration(const char *value, uint64_t *ret_usec)
{
	static const struct {
		span_t unit;
		uint64_t usec;
	} units[] = {
		{ SPAN_INIT("ms"), USEC_PER_MSEC },
		{ SPAN_INIT("s"), USEC_PER_SEC },
		{ SPAN_INIT("m"), 60 * USEC_PER_SEC },
		{ SPAN_INIT("h"), 3600 * USEC_PER_SEC },
	};
	struct cursor c = cursor_over(span_str(value));
	uint64_t sum = 0, n;

	if (span_eq(cursor_rest(&c), SPAN("0"))) {
		*ret_usec = 0;
		return true;
	}
	while (cursor_number(&c, 6, &n)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(units) && !cursor_take_span(&c, units[i].unit))
			i++;
		if (i == ARRAY_SIZE(units))
			return false;
		sum += n * units[i].usec;
	}
	*ret_usec = sum;
	return *value && cursor_at_end(&c);
}
