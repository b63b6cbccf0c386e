/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every piece is taken by a function of its own, in the order of the grammar; the first that does not fit
 * ends the attempt.
 */

#include "source/syslog_line.h"

#include <time.h>

#include "util/cursor.h"

#define PRIORITY_MAX 191u
#define USEC_PER_DAY (86400 * USEC_PER_SEC)
#define FRACTION_DIGITS_MAX 9u

/* Exactly N digits, whatever follows, of a value from LOW to HIGH. */
static bool take_digits(struct cursor *c, unsigned n, unsigned low, unsigned high, unsigned *ret)
{
	const char *p = c->p;
	unsigned v = 0;

	for (; n > 0 && p < c->end && char_is_digit(*p); n--)
		v = v * 10 + (unsigned)(*p++ - '0');
	if (n > 0 || v < low || v > high)
		return false;
	c->p = p;
	*ret = v;
	return true;
}

/* "<" 1 to 3 digits ">"; a leading zero only alone (RFC 3164 section 4.1.1). Absence is no fault. */
static bool take_priority(struct cursor *c, unsigned *ret)
{
	uint64_t v;

	*ret = SYSLOG_LINE_NO_PRIORITY;
	if (!cursor_take(c, '<'))
		return true;
	if (cursor_peek(c, '0') && !span_starts(cursor_rest(c), SPAN("0>")))
		return false;
	if (!cursor_number(c, 3, &v) || v > PRIORITY_MAX || !cursor_take(c, '>'))
		return false;
	*ret = (unsigned)v;
	return true;
}

static unsigned days_of(unsigned month, unsigned year)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	/* Without a year the 29th of February may be one. */
	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_month(struct cursor *c, unsigned *ret)
{
	static const span_t names[] = { SPAN_INIT("Jan "), SPAN_INIT("Feb "), SPAN_INIT("Mar "),
					SPAN_INIT("Apr "), SPAN_INIT("May "), SPAN_INIT("Jun "),
					SPAN_INIT("Jul "), SPAN_INIT("Aug "), SPAN_INIT("Sep "),
					SPAN_INIT("Oct "), SPAN_INIT("Nov "), SPAN_INIT("Dec ") };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (cursor_take_span(c, names[i])) {
			*ret = i + 1;
			return true;
		}
	}
	return false;
}

/* hh:mm:ss, where a leap second may be the 61st. */
static bool take_time(struct cursor *c, struct syslog_line *l)
{
	return take_digits(c, 2, 0, 23, &l->hour) && cursor_take(c, ':') &&
	       take_digits(c, 2, 0, 59, &l->minute) && cursor_take(c, ':') &&
	       take_digits(c, 2, 0, 60, &l->second);
}

/* RFC 3164: a day below 10 stands behind a blank; some daemons write a zero. */
static bool take_rfc3164(struct cursor *c, struct syslog_line *l)
{
	bool padded;

	if (!take_month(c, &l->month))
		return false;
	padded = cursor_take(c, ' ');
	return take_digits(c, padded ? 1 : 2, 1, days_of(l->month, l->year), &l->day) &&
	       cursor_take(c, ' ') && take_time(c, l);
}

/* Up to nine digits behind a point, of which six count. */
static bool take_fraction(struct cursor *c, unsigned *ret_usec)
{
	unsigned n = 0, usec = 0;

	if (!cursor_take(c, '.'))
		return true;
	for (; c->p < c->end && char_is_digit(*c->p) && n < FRACTION_DIGITS_MAX; c->p++, n++)
		if (n < 6)
			usec = usec * 10 + (unsigned)(*c->p - '0');
	for (unsigned i = n; i < 6; i++)
		usec *= 10;
	*ret_usec = usec;
	return n > 0;
}

/* "Z", or hours and minutes, with a colon between them (RFC 3339) or without (journalctl). */
static bool take_offset(struct cursor *c, int *ret_min)
{
	bool west = cursor_peek(c, '-');
	unsigned hours, minutes;

	*ret_min = 0;
	if (cursor_take(c, 'Z'))
		return true;
	if (!cursor_take(c, west ? '-' : '+') || !take_digits(c, 2, 0, 23, &hours))
		return false;
	(void)cursor_take(c, ':');
	if (!take_digits(c, 2, 0, 59, &minutes))
		return false;
	*ret_min = (int)(hours * 60 + minutes) * (west ? -1 : 1);
	return true;
}

/* RFC 3339 section 5.6 with a capital T and Z. */
static bool take_rfc3339(struct cursor *c, struct syslog_line *l)
{
	return take_digits(c, 4, 1970, 9999, &l->year) && cursor_take(c, '-') &&
	       take_digits(c, 2, 1, 12, &l->month) && cursor_take(c, '-') &&
	       take_digits(c, 2, 1, days_of(l->month, l->year), &l->day) && cursor_take(c, 'T') &&
	       take_time(c, l) && take_fraction(c, &l->usec) && take_offset(c, &l->offset_min);
}

static bool take_timestamp(struct cursor *c, struct syslog_line *l)
{
	const char *from = c->p;
	bool dated = c->p < c->end && char_is_digit(*c->p);

	if (!(dated ? take_rfc3339(c, l) : take_rfc3164(c, l)))
		return false;
	l->timestamp = span_make(from, (size_t)(c->p - from));
	return cursor_take(c, ' ');
}

/* A run of printable bytes without blanks; an identifier also ends at what follows it. */
static bool take_name(struct cursor *c, bool is_identifier, span_t *ret)
{
	const char *p = c->p;

	while (p<c->end && * p> ' ' && *p != 0x7f &&
	       !(is_identifier && (*p == ':' || *p == '[' || *p == ']')))
		p++;
	*ret = span_make(c->p, (size_t)(p - c->p));
	c->p = p;
	return ret->len > 0 && ret->len <= SYSLOG_LINE_NAME_MAX;
}

static bool take_pid(struct cursor *c, uint32_t *ret)
{
	uint64_t v;

	if (!cursor_take(c, '['))
		return true;
	if (!cursor_number(c, 10, &v) || v > UINT32_MAX || !cursor_take(c, ']'))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool syslog_line_parse(span_t line, struct syslog_line *ret)
{
	struct cursor c = cursor_over(line);
	struct syslog_line l = { .pid = 0 };

	if (!take_priority(&c, &l.priority) || !take_timestamp(&c, &l) ||
	    !take_name(&c, false, &l.host) || !cursor_take(&c, ' ') ||
	    !take_name(&c, true, &l.identifier) || !take_pid(&c, &l.pid) || !cursor_take(&c, ':'))
		return false;
	(void)cursor_take(&c, ' ');
	l.message = cursor_rest(&c);
	*ret = l;
	return true;
}

static uint64_t usec_of(time_t t, unsigned usec)
{
	return t > 0 ? (uint64_t)t * USEC_PER_SEC + usec : 0;
}

static struct tm tm_of(const struct syslog_line *l, int year)
{
	return (struct tm){
		.tm_year = year - 1900,
		.tm_mon = (int)l->month - 1,
		.tm_mday = (int)l->day,
		.tm_hour = (int)l->hour,
		.tm_min = (int)l->minute,
		.tm_sec = (int)l->second,
		.tm_isdst = -1,
	};
}

uint64_t syslog_line_realtime(const struct syslog_line *l, uint64_t now_usec)
{
	time_t now = (time_t)(now_usec / USEC_PER_SEC);
	struct tm tm = tm_of(l, (int)l->year);
	uint64_t usec;
	int year;

	if (l->year > 0)
		return usec_of(timegm(&tm) - l->offset_min * 60, l->usec);
	if (!localtime_r(&now, &tm))
		return 0;
	/* On the 31st of December a clock may be in the next year already. */
	year = tm.tm_year + 1900 + (tm.tm_mon == 11);
	do {
		tm = tm_of(l, year--);
		usec = usec_of(mktime(&tm), 0);
	} while (usec > now_usec + USEC_PER_DAY);
	return usec;
}
