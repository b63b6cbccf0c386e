/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each family keeps its series in a dense array in order of appearance, an open-addressing index from
 * key to array position, and the positions sorted by key for the exposition. A new series costs an
 * insertion; counting one that exists is a hash, a probe and an addition.
 */

#include "metrics/registry.h"

#include <errno.h>
#include <stdlib.h>

#include "util/hash.h"
#include "util/macros.h"

const uint64_t histogram_bounds[HISTOGRAM_BUCKETS] = {
	100 * USEC_PER_MSEC,  500 * USEC_PER_MSEC,   1 * USEC_PER_SEC,	  2500 * USEC_PER_MSEC,
	5 * USEC_PER_SEC,     10 * USEC_PER_SEC,     30 * USEC_PER_SEC,	  60 * USEC_PER_SEC,
	300 * USEC_PER_SEC,   900 * USEC_PER_SEC,    3600 * USEC_PER_SEC, 14400 * USEC_PER_SEC,
	86400 * USEC_PER_SEC, 432000 * USEC_PER_SEC,
};

/* Slots are numbered by name; labels that share a slot share the number within a family. */
enum slot {
	SLOT_mta,
	SLOT_hop,
	SLOT_code,
	SLOT_evidence,
	SLOT_stage,
	SLOT_enhanced,
	SLOT_status,
	SLOT_cause,
	SLOT_phase,
	SLOT_command,
	SLOT_mechanism,
	SLOT_outcome,
	SLOT_reason,
	SLOT_provider,
	SLOT_source,
	SLOT_version,
};

const char *const label_names[_LABEL_MAX] = {
#define LABEL(name, slot) [LABEL_##name] = #name,
#include "metrics/families.def"
};

static const enum slot label_slots[_LABEL_MAX] = {
#define LABEL(name, slot) [LABEL_##name] = SLOT_##slot,
#include "metrics/families.def"
};

/* A family as families.def has it; labels end with an empty name. */
static const struct definition {
	const char *name;
	enum metric_type type;
	enum metric_unit unit;
	enum metric_group group;
	unsigned cap;
	const char *help;
	const char *labels; /* "mta, hop, code" */
} definitions[_FAMILY_MAX] = {
#define FAMILY(id, name, type, unit, group, cap, help, ...)                                        \
	[FAMILY_##id] = {                                                                          \
		name, METRIC_##type, UNIT_##unit, GROUP_##group, cap, help, #__VA_ARGS__           \
	},
#include "metrics/families.def"
};

struct domain {
	const span_t *values;
	unsigned n;
	unsigned other;
};

struct table {
	struct series *series;
	uint64_t *values;
	uint32_t *index; /* position + 1, 0: free */
	uint32_t *order; /* positions by ascending key */
	unsigned n, hard_cap, index_size;
};

struct registry {
	struct domain domain[_LABEL_MAX];
	struct table table[_FAMILY_MAX];
	uint64_t overflows;
	bool no_hold; /* new series are shown as they are */
};

static struct family_info families[_FAMILY_MAX];

static enum label find_label(span_t name)
{
	enum label l = 0;

	while (l < _LABEL_MAX && !span_eq(span_str(label_names[l]), name))
		l++;
	return l;
}

/* The next word of a list such as "mta, hop, code"; false at its end. */
static bool next_word(span_t *list, span_t *ret)
{
	size_t n = 0;

	while (list->len > 0 && (*list->ptr == ' ' || *list->ptr == ','))
		*list = span_tail(*list, 1);
	while (n < list->len && list->ptr[n] != ',')
		n++;
	*ret = span_head(*list, n);
	*list = span_tail(*list, n);
	return n > 0;
}

/* Gives each label the key slot that it shares with its predecessors, or a new one. */
static void resolve_labels(struct family_info *f, const char *labels)
{
	enum slot slots[FAMILY_LABELS_MAX];
	span_t list = span_str(labels), word;

	while (f->n_labels < FAMILY_LABELS_MAX && next_word(&list, &word)) {
		enum label label = find_label(word);
		unsigned s = 0;

		while (s < f->n_slots && slots[s] != label_slots[label])
			s++;
		if (s == f->n_slots)
			slots[f->n_slots++] = label_slots[label];
		f->label[f->n_labels] = label;
		f->slot[f->n_labels++] = s;
	}
}

static void resolve_families(void)
{
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		const struct definition *d = &definitions[i];

		families[i] = (struct family_info){
			.name = d->name,
			.help = d->help,
			.type = d->type,
			.unit = d->unit,
			.group = d->group,
			.cap = d->cap,
		};
		resolve_labels(&families[i], d->labels);
	}
}

static unsigned values_per_series(enum family family)
{
	return families[family].type == METRIC_HISTOGRAM ? HISTOGRAM_VALUES : 1;
}

/*
 * Beyond the cap as many series again fit for the value "other": enough for every combination of the
 * slots before the last one that can occur. Memory is touched as series appear.
 */
static int table_init(struct table *t, enum family family)
{
	t->hard_cap = 2 * families[family].cap;
	t->index_size = 4;
	while (t->index_size < 2 * t->hard_cap)
		t->index_size *= 2;
	t->series = calloc(t->hard_cap, sizeof(*t->series));
	t->values = calloc((size_t)t->hard_cap * values_per_series(family), sizeof(*t->values));
	t->index = calloc(t->index_size, sizeof(*t->index));
	t->order = calloc(t->hard_cap, sizeof(*t->order));
	return t->series && t->values && t->index && t->order ? 0 : -ENOMEM;
}

int registry_new(struct registry **ret)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return -ENOMEM;
	resolve_families();
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		if (table_init(&registry->table[i], (enum family)i) < 0) {
			registry_free(registry);
			return -ENOMEM;
		}
	}
	*ret = registry;
	return 0;
}

struct registry *registry_free(struct registry *registry)
{
	if (!registry)
		return NULL;
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		free(registry->table[i].series);
		free(registry->table[i].values);
		free(registry->table[i].index);
		free(registry->table[i].order);
	}
	free(registry);
	return NULL;
}

void registry_domain(struct registry *registry, enum label label, const span_t *values, unsigned n,
		     unsigned other)
{
	registry->domain[label] = (struct domain){ values, n, other };
}

/* The index cell of KEY: its own, or the free one where it belongs. */
static uint32_t *find_cell(const struct table *t, uint64_t key)
{
	unsigned mask = t->index_size - 1;
	unsigned i = (unsigned)hash_u64(HASH_SEED, key) & mask;

	while (t->index[i] && t->series[t->index[i] - 1].key != key)
		i = (i + 1) & mask;
	return &t->index[i];
}

/* Enters position POS into the sorted order. */
static void insert_ordered(struct table *t, uint32_t pos)
{
	unsigned i = t->n;

	for (; i > 0 && t->series[t->order[i - 1]].key > t->series[pos].key; i--)
		t->order[i] = t->order[i - 1];
	t->order[i] = pos;
}

/* The last slot of KEY replaced by the value "other" of its label. */
static uint64_t overflow_key(const struct registry *registry, enum family family, uint64_t key)
{
	const struct family_info *f = &families[family];
	unsigned shift, other;

	if (f->n_slots == 0)
		return key;
	shift = 48 - 16 * (f->n_slots - 1);
	other = registry->domain[f->label[f->n_labels - 1]].other;
	return (key & ~((uint64_t)0xffff << shift)) | (uint64_t)other << shift;
}

static struct series *new_series(struct table *t, enum family family, uint64_t key, uint32_t *cell,
				 bool held)
{
	uint32_t pos = t->n;
	struct series *s = &t->series[pos];

	*s = (struct series){
		.key = key,
		.held = held,
		.value = t->values + (size_t)pos * values_per_series(family),
	};
	*cell = pos + 1;
	insert_ordered(t, pos);
	t->n++;
	return s;
}

/* The series of KEY, made if need be; the one of "other" beyond the cap; NULL if not even that fits. */
static struct series *get_series(struct registry *registry, enum family family, uint64_t key,
				 bool held)
{
	struct table *t = &registry->table[family];
	uint32_t *cell = find_cell(t, key);

	if (*cell)
		return &t->series[*cell - 1];
	if (t->n >= families[family].cap) {
		registry->overflows++;
		key = overflow_key(registry, family, key);
		cell = find_cell(t, key);
		if (*cell)
			return &t->series[*cell - 1];
		if (t->n >= t->hard_cap)
			return NULL;
	}
	return new_series(t, family, key, cell, held);
}

void registry_hold_new(struct registry *registry, bool hold)
{
	registry->no_hold = !hold;
}

void registry_declare(struct registry *registry, enum family family, uint64_t key)
{
	(void)get_series(registry, family, key, false);
}

void registry_add(struct registry *registry, enum family family, uint64_t key, uint64_t n)
{
	struct series *s = get_series(registry, family, key, !registry->no_hold);

	if (s)
		s->value[0] += n;
}

void registry_set(struct registry *registry, enum family family, uint64_t key, uint64_t value)
{
	struct series *s = get_series(registry, family, key, false);

	if (s)
		s->value[0] = value;
}

void registry_observe(struct registry *registry, enum family family, uint64_t key, uint64_t usec)
{
	struct series *s = get_series(registry, family, key, !registry->no_hold);
	unsigned i = 0;

	if (!s)
		return;
	while (i < HISTOGRAM_BUCKETS && usec > histogram_bounds[i])
		i++;
	s->value[i]++;
	s->value[HISTOGRAM_BUCKETS + 1] += usec;
}

uint64_t registry_get(const struct registry *registry, enum family family, uint64_t key)
{
	const struct table *t = &registry->table[family];
	uint32_t *cell = find_cell(t, key);

	return *cell ? t->series[*cell - 1].value[0] : 0;
}

const struct family_info *registry_family(enum family family)
{
	return &families[family];
}

span_t registry_label_value(const struct registry *registry, enum label label, unsigned index)
{
	const struct domain *d = &registry->domain[label];

	return index < d->n ? d->values[index] : SPAN("other");
}

unsigned registry_series_n(const struct registry *registry, enum family family)
{
	return registry->table[family].n;
}

struct series *registry_series(struct registry *registry, enum family family, unsigned i)
{
	struct table *t = &registry->table[family];

	return &t->series[t->order[i]];
}

bool registry_find_family(span_t name, enum family *ret)
{
	for (unsigned i = 0; i < _FAMILY_MAX; i++) {
		if (span_eq(span_str(families[i].name), name)) {
			*ret = (enum family)i;
			return true;
		}
	}
	return false;
}

/* Whether LABELS are what the labels behind key slot SLOT show for value INDEX. */
static bool shows(const struct registry *registry, const struct family_info *f, unsigned slot,
		  unsigned index, const span_t *labels)
{
	for (unsigned i = 0; i < f->n_labels; i++) {
		span_t name = span_str(label_names[f->label[i]]);
		span_t value = registry_label_value(registry, f->label[i], index);

		if (f->slot[i] != slot)
			continue;
		if (labels[i].len != name.len + 1 + value.len || !span_starts(labels[i], name) ||
		    labels[i].ptr[name.len] != '=' || !span_ends(labels[i], value))
			return false;
	}
	return true;
}

/* Values that the labels of SLOT can have. */
static unsigned slot_size(const struct registry *registry, const struct family_info *f,
			  unsigned slot)
{
	for (unsigned i = 0; i < f->n_labels; i++)
		if (f->slot[i] == slot)
			return registry->domain[f->label[i]].n;
	return 0;
}

bool registry_find_key(const struct registry *registry, enum family family, const span_t *labels,
		       uint64_t *ret_key)
{
	const struct family_info *f = &families[family];
	uint64_t key = 0;

	for (unsigned slot = 0; slot < f->n_slots; slot++) {
		unsigned n = slot_size(registry, f, slot), i = 0;

		while (i < n && !shows(registry, f, slot, i, labels))
			i++;
		if (i == n)
			return false;
		key |= (uint64_t)i << (48 - 16 * slot);
	}
	*ret_key = key;
	return true;
}

/* The cap was kept when the series were made, so it is not asked again. */
void registry_restore(struct registry *registry, enum family family, const struct series *saved)
{
	struct table *t = &registry->table[family];
	uint32_t *cell = find_cell(t, saved->key);
	struct series *s;

	if (!*cell && t->n >= t->hard_cap)
		return;
	s = *cell ? &t->series[*cell - 1] : new_series(t, family, saved->key, cell, saved->held);
	s->held = saved->held;
	s->first_shown_usec = saved->first_shown_usec;
	memcpy(s->value, saved->value, values_per_series(family) * sizeof(*s->value));
}

uint64_t registry_overflows(const struct registry *registry)
{
	return registry->overflows;
}
