/* SPDX-License-Identifier: Apache-2.0 */

#include "series.h"

#include "testing.h"
#include "util/buf.h"

static void add_values(struct registry *registry, enum family family, unsigned i, struct buf *out)
{
	const struct family_info *f = registry_family(family);
	uint64_t key = registry_series(registry, family, i)->key;

	buf_clear(out);
	for (unsigned l = 0; l < f->n_labels; l++) {
		if (l > 0)
			buf_add_char(out, ' ');
		buf_add(out,
			registry_label_value(registry, f->label[l], key_slot(key, f->slot[l])));
	}
}

int series_find(struct registry *registry, enum family family, const char *values)
{
	struct buf text = BUF_NULL;
	int found = -1;

	for (unsigned i = 0; found < 0 && i < registry_series_n(registry, family); i++) {
		add_values(registry, family, i, &text);
		if (span_eq(buf_span(&text), span_str(values)))
			found = (int)i;
	}
	buf_done(&text);
	return found;
}

bool series_is_first(struct registry *registry, enum family family, unsigned i)
{
	struct buf text = BUF_NULL;
	int found;

	add_values(registry, family, i, &text);
	buf_add_char(&text, '\0');
	found = series_find(registry, family, text.data);
	buf_done(&text);
	return found == (int)i;
}

uint64_t series_value(struct registry *registry, enum family family, const char *values)
{
	int i = series_find(registry, family, values);

	check(i >= 0, "no %s %s", registry_family(family)->name, values);
	return registry_series(registry, family, (unsigned)i)->value[0];
}

uint64_t series_sum(struct registry *registry, enum family family)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < registry_series_n(registry, family); i++)
		sum += registry_series(registry, family, i)->value[0];
	return sum;
}

uint64_t series_observations(struct registry *registry, enum family family)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < registry_series_n(registry, family); i++)
		for (unsigned b = 0; b <= HISTOGRAM_BUCKETS; b++)
			sum += registry_series(registry, family, i)->value[b];
	return sum;
}
