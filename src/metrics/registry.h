/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METRICS_REGISTRY_H
#define METRICS_REGISTRY_H

/*
 * Counters, gauges and histograms in memory. A series is found by a key of up to four small integers,
 * so that counting neither formats nor allocates once a series exists; integers become text only when
 * they are shown. Label values come from closed tables: nothing in a log line can make one.
 */

#include "util/span.h"

enum label {
#define LABEL(name, slot) LABEL_##name,
#include "metrics/families.def"
	_LABEL_MAX,
};

enum family {
#define FAMILY(id, ...) FAMILY_##id,
#include "metrics/families.def"
	_FAMILY_MAX,
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
enum metric_unit { UNIT_ONE, UNIT_MICRO };
enum metric_group { GROUP_MAIL, GROUP_SELF, GROUP_PROCESS };

#define FAMILY_LABELS_MAX 6u
#define KEY_SLOTS_MAX 4u

/* Upper bounds of the histograms' buckets in microseconds; +Inf follows. */
#define HISTOGRAM_BUCKETS 14u
extern const uint64_t histogram_bounds[HISTOGRAM_BUCKETS];

struct family_info {
	const char *name;
	const char *help;
	enum metric_type type;
	enum metric_unit unit;
	enum metric_group group;
	unsigned cap;
	unsigned n_labels;
	enum label label[FAMILY_LABELS_MAX];
	unsigned slot[FAMILY_LABELS_MAX]; /* the key slot behind each label */
	unsigned n_slots;
};

extern const char *const label_names[_LABEL_MAX];

/* Values of a histogram: the buckets one by one (not summed up), then +Inf, then the sum. */
#define HISTOGRAM_VALUES (HISTOGRAM_BUCKETS + 2)

struct series {
	uint64_t key;
	uint64_t first_shown_usec; /* realtime of the first exposition; 0: not shown yet */
	bool held;		   /* shown as 0 until the zero-hold is over */
	uint64_t *value;	   /* 1 value, or HISTOGRAM_VALUES */
};

struct registry;

/* Returns 0 or -ENOMEM. */
int registry_new(struct registry **ret);
struct registry *registry_free(struct registry *registry);

/*
 * Gives LABEL its N values, which are borrowed. OTHER is the index of the value that stands for all
 * beyond a family's cap.
 */
void registry_domain(struct registry *registry, enum label label, const span_t *values, unsigned n,
		     unsigned other);

/* The key of a series: one index for each slot, in the order of the family's labels. */
static inline uint64_t key4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (uint64_t)(a & 0xffff) << 48 | (uint64_t)(b & 0xffff) << 32 |
	       (uint64_t)(c & 0xffff) << 16 | (uint64_t)(d & 0xffff);
}

#define KEY0 ((uint64_t)0)
#define KEY1(a) key4(a, 0, 0, 0)
#define KEY2(a, b) key4(a, b, 0, 0)
#define KEY3(a, b, c) key4(a, b, c, 0)
#define KEY4(a, b, c, d) key4(a, b, c, d)

static inline unsigned key_slot(uint64_t key, unsigned slot)
{
	return (unsigned)(key >> (48 - 16 * slot)) & 0xffff;
}

/* Makes the series exist with value 0, and without a zero-hold. */
void registry_declare(struct registry *registry, enum family family, uint64_t key);

/*
 * Whether series that appear from now on are held at 0 for a while (they are from the start). Not while
 * the past is read for the first time: Prometheus is to take what it finds there as where things stood.
 */
void registry_hold_new(struct registry *registry, bool hold);

/* Counters: adds N. A new series is held at 0 until Prometheus has had a chance to see the 0. */
void registry_add(struct registry *registry, enum family family, uint64_t key, uint64_t n);

/* Gauges, and counters that somebody else counts: sets the value. */
void registry_set(struct registry *registry, enum family family, uint64_t key, uint64_t value);

/* Histograms: one observation of USEC microseconds. */
void registry_observe(struct registry *registry, enum family family, uint64_t key, uint64_t usec);

/* The true value of a series, held or not; 0 if there is none. */
uint64_t registry_get(const struct registry *registry, enum family family, uint64_t key);

const struct family_info *registry_family(enum family family);
span_t registry_label_value(const struct registry *registry, enum label label, unsigned index);

/* The series of a family in the order of their keys; I below registry_series_n(). */
unsigned registry_series_n(const struct registry *registry, enum family family);
struct series *registry_series(struct registry *registry, enum family family, unsigned i);

/* For reading a state file: a family by its name; false if there is none. */
bool registry_find_family(span_t name, enum family *ret);

/* The key whose labels show as `name=value`, in the order of the family; false if a value is unknown. */
bool registry_find_key(const struct registry *registry, enum family family, const span_t *labels,
		       uint64_t *ret_key);

/* Makes the series of SAVED's key what SAVED says; its values are copied. */
void registry_restore(struct registry *registry, enum family family, const struct series *saved);

/* Increments that went to "other" because of a cap, since the start. */
uint64_t registry_overflows(const struct registry *registry);

#endif
