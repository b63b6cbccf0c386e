/* SPDX-License-Identifier: Apache-2.0 */

/* Prometheus' text format 0.0.4: HELP, TYPE, then one line for each series. */

#include "metrics/exposition.h"

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter",
	[METRIC_GAUGE] = "gauge",
	[METRIC_HISTOGRAM] = "histogram",
};

/* Label values may hold any UTF-8; backslash, quote and newline are written with a backslash. */
static void add_escaped(struct buf *out, span_t s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '\n')
			buf_add(out, SPAN("\\n"));
		else if (c == '\\' || c == '"')
			buf_add(out, span_make((char[]){ '\\', c }, 2));
		else
			buf_add_char(out, c);
	}
}

/* `{name="value",...` without the end. Returns what has to stand before another label. */
static char open_labels(struct buf *out, const struct registry *registry,
			const struct family_info *f, uint64_t key)
{
	char separator = '{';

	for (unsigned i = 0; i < f->n_labels; i++) {
		buf_add_char(out, separator);
		buf_add_str(out, label_names[f->label[i]]);
		buf_add(out, SPAN("=\""));
		add_escaped(out,
			    registry_label_value(registry, f->label[i], key_slot(key, f->slot[i])));
		buf_add_char(out, '"');
		separator = ',';
	}
	return separator;
}

static void add_labels(struct buf *out, const struct registry *registry,
		       const struct family_info *f, uint64_t key)
{
	if (open_labels(out, registry, f, key) == ',')
		buf_add_char(out, '}');
}

static void add_value(struct buf *out, enum metric_unit unit, uint64_t value)
{
	if (unit == UNIT_MICRO)
		buf_add_micro(out, value);
	else
		buf_add_u64(out, value);
}

static void add_sample(struct buf *out, const struct registry *registry,
		       const struct family_info *f, const struct series *s, bool zero)
{
	buf_add_str(out, f->name);
	add_labels(out, registry, f, s->key);
	buf_add_char(out, ' ');
	add_value(out, f->unit, zero ? 0 : s->value[0]);
	buf_add_char(out, '\n');
}

/* Bucket I is the one below histogram_bounds[I]; the one behind them all is +Inf. */
static void add_bucket(struct buf *out, const struct registry *registry,
		       const struct family_info *f, uint64_t key, unsigned i, uint64_t count)
{
	buf_add_str(out, f->name);
	buf_add(out, SPAN("_bucket"));
	buf_add_char(out, open_labels(out, registry, f, key));
	buf_add(out, SPAN("le=\""));
	if (i < HISTOGRAM_BUCKETS)
		buf_add_micro(out, histogram_bounds[i]);
	else
		buf_add(out, SPAN("+Inf"));
	buf_add(out, SPAN("\"} "));
	buf_add_u64(out, count);
	buf_add_char(out, '\n');
}

static void add_summary_line(struct buf *out, const struct registry *registry,
			     const struct family_info *f, uint64_t key, const char *suffix,
			     enum metric_unit unit, uint64_t value)
{
	buf_add_str(out, f->name);
	buf_add_str(out, suffix);
	add_labels(out, registry, f, key);
	buf_add_char(out, ' ');
	add_value(out, unit, value);
	buf_add_char(out, '\n');
}

/* Buckets are kept one by one and shown summed up, as Prometheus wants them. */
static void add_histogram(struct buf *out, const struct registry *registry,
			  const struct family_info *f, const struct series *s, bool zero)
{
	uint64_t count = 0;

	for (unsigned i = 0; i <= HISTOGRAM_BUCKETS; i++) {
		count += zero ? 0 : s->value[i];
		add_bucket(out, registry, f, s->key, i, count);
	}
	add_summary_line(out, registry, f, s->key, "_sum", f->unit,
			 zero ? 0 : s->value[HISTOGRAM_BUCKETS + 1]);
	add_summary_line(out, registry, f, s->key, "_count", UNIT_ONE, count);
}

/*
 * increase() only sees a series' first event if Prometheus saw the series as 0 before. So a new one is
 * shown as 0 until the hold is over, which is longer than the time between two scrapes.
 */
static bool shown_as_zero(struct series *s, const struct exposition_options *options,
			  unsigned *first_shown)
{
	if (!s->held)
		return false;
	if (s->first_shown_usec == 0) {
		s->first_shown_usec = options->now_usec;
		(*first_shown)++;
	}
	if (options->now_usec >= s->first_shown_usec &&
	    options->now_usec - s->first_shown_usec < options->zero_hold_usec)
		return true;
	s->held = false;
	return false;
}

static void add_head(struct buf *out, const struct family_info *f)
{
	buf_add(out, SPAN("# HELP "));
	buf_add_str(out, f->name);
	buf_add_char(out, ' ');
	buf_add_str(out, f->help);
	buf_add(out, SPAN("\n# TYPE "));
	buf_add_str(out, f->name);
	buf_add_char(out, ' ');
	buf_add_str(out, type_names[f->type]);
	buf_add_char(out, '\n');
}

static void add_family(struct buf *out, struct registry *registry, enum family family,
		       const struct exposition_options *options, unsigned *first_shown)
{
	const struct family_info *f = registry_family(family);
	unsigned n = registry_series_n(registry, family);

	if (n > 0)
		add_head(out, f);
	for (unsigned i = 0; i < n; i++) {
		struct series *s = registry_series(registry, family, i);
		bool zero = shown_as_zero(s, options, first_shown);

		if (f->type == METRIC_HISTOGRAM)
			add_histogram(out, registry, f, s, zero);
		else
			add_sample(out, registry, f, s, zero);
	}
}

static bool is_shown(const struct family_info *f, const struct exposition_options *options)
{
	if (f->group == GROUP_PROCESS)
		return true;
	if (options->self_only && f->group == GROUP_MAIL)
		return false;
	return !options->no_counters || f->type == METRIC_GAUGE;
}

unsigned exposition_write(struct registry *registry, const struct exposition_options *options,
			  struct buf *out)
{
	unsigned first_shown = 0;

	for (unsigned i = 0; i < _FAMILY_MAX; i++)
		if (is_shown(registry_family((enum family)i), options))
			add_family(out, registry, (enum family)i, options, &first_shown);
	return first_shown;
}
