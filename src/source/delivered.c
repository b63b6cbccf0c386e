/* SPDX-License-Identifier: Apache-2.0 */
#include "source/delivered.h"

#include <string.h>

static bool is_same(struct stamp a, struct stamp b)
{
	return a.realtime_usec == b.realtime_usec && a.monotonic_usec == b.monotonic_usec;
}

void delivered_start(struct delivered *d, struct stamp stamp)
{
	d->last = d->cursor = stamp;
	d->n_last = d->n_cursor = 1;
}

void delivered_add(struct delivered *d, struct stamp stamp)
{
	d->n_last = d->n_last > 0 && is_same(stamp, d->last) ? d->n_last + 1 : 1;
	d->last = stamp;
	if (delivered_is_full(d))
		return;
	d->stamps[d->n] = stamp;
	d->met[d->n] = true;
	d->n++;
}

void delivered_at_cursor(struct delivered *d)
{
	unsigned kept = 0;

	/* An entry still expected lies behind the cursor if it is the later one. */
	for (unsigned i = 0; d->n_expected > 0 && i < d->n; i++) {
		if (d->met[i] || d->stamps[i].realtime_usec < d->last.realtime_usec)
			continue;
		d->stamps[kept] = d->stamps[i];
		d->met[kept++] = false;
	}
	d->n = d->n_expected = kept;
	d->hint = 0;
	d->cursor = d->last;
	d->n_cursor = d->n_last;
	d->n_cursor_expected = 0;
}

void delivered_rewind(struct delivered *d)
{
	memset(d->met, 0, sizeof(d->met));
	d->n_expected = d->n;
	d->n_cursor_expected = 0;
	d->hint = 0;
}

void delivered_expect_copy(struct delivered *d)
{
	d->n_cursor_expected = d->n_cursor;
}

static bool matches(const struct delivered *d, unsigned i, struct stamp stamp)
{
	return !d->met[i] && is_same(d->stamps[i], stamp);
}

bool delivered_meet(struct delivered *d, struct stamp stamp)
{
	unsigned i = d->hint;

	if (d->n_cursor_expected > 0 && is_same(d->cursor, stamp)) {
		d->n_cursor_expected--;
		return true;
	}
	if (d->n_expected == 0)
		return false;
	if (i >= d->n || !matches(d, i, stamp)) {
		for (i = 0; i < d->n && !matches(d, i, stamp); i++)
			;
		if (i == d->n)
			return false;
	}
	d->met[i] = true;
	d->n_expected--;
	d->hint = i + 1;
	return true;
}
