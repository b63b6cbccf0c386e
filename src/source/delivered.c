/* SPDX-License-Identifier: Apache-2.0 */
#include "source/delivered.h"

#include <string.h>

void delivered_rewind(struct delivered *d)
{
	memset(d->met, 0, sizeof(d->met));
	d->n_expected = d->n;
	d->hint = 0;
}

static bool matches(const struct delivered *d, unsigned i, struct stamp stamp)
{
	return !d->met[i] && d->stamps[i].realtime_usec == stamp.realtime_usec &&
	       d->stamps[i].monotonic_usec == stamp.monotonic_usec;
}

bool delivered_meet(struct delivered *d, struct stamp stamp)
{
	unsigned i = d->hint;

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

void delivered_add(struct delivered *d, struct stamp stamp)
{
	d->stamps[d->n] = stamp;
	d->met[d->n] = true;
	d->n++;
}

void delivered_forget(struct delivered *d, struct stamp now)
{
	unsigned kept = 0;

	/* An entry still expected lies behind the cursor if it is the later one. */
	for (unsigned i = 0; d->n_expected > 0 && i < d->n; i++) {
		if (d->met[i] || d->stamps[i].realtime_usec < now.realtime_usec)
			continue;
		d->stamps[kept] = d->stamps[i];
		d->met[kept++] = false;
	}
	d->n = d->n_expected = kept;
	d->hint = 0;
}
