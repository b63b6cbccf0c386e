/* SPDX-License-Identifier: Apache-2.0 */

/* smtpreply report: the numbers of the registry, summed up over the labels that are not shown. */

#include "tool/report.h"

#include <errno.h>
#include <stdlib.h>

/* Where series of a family go to. */
static enum section section_of(enum family family, uint64_t key)
{
	if (family == FAMILY_SERVER_REPLIES || family == FAMILY_SERVER_REPLY_REASONS)
		return SECTION_SERVER;
	return key_slot(key, 1) == HOP_LOCAL ? SECTION_CLIENT_LOCAL : SECTION_CLIENT_REMOTE;
}

/* The row of a series, which is made if it is new; there is room, see report_init(). */
static struct row *row_for(struct report *report, const struct row *like)
{
	for (unsigned i = 0; i < report->n_rows; i++) {
		struct row *row = &report->rows[i];

		if (row->section == like->section && row->slot == like->slot &&
		    span_eq(row->reason, like->reason))
			return row;
	}
	report->rows[report->n_rows] = *like;
	return &report->rows[report->n_rows++];
}

/* Adds a family of replies; the code is in SLOT of its keys. */
static void add_replies(struct report *report, const struct counter *counter, enum family family,
			unsigned slot)
{
	struct registry *r = counter->registry;

	for (unsigned i = 0; i < registry_series_n(r, family); i++) {
		const struct series *series = registry_series(r, family, i);
		struct row row = {
			.section = section_of(family, series->key),
			.slot = key_slot(series->key, slot),
		};

		if (*series->value == 0)
			continue;
		row.class = registry_label_value(r, LABEL_class, row.slot);
		row.code = registry_label_value(r, LABEL_code, row.slot);
		row.meaning = registry_label_value(r, LABEL_meaning, row.slot);
		row_for(report, &row)->count += *series->value;
		report->replies[row.section] += *series->value;
	}
}

/*
 * Where the family of reasons has one value for all codes without a row, the class is that of any row of
 * the section with that code which can have a reason.
 */
static const struct row *unlisted(const struct report *report, const struct row *like)
{
	for (unsigned i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];

		if (row->section == like->section && span_eq(row->code, like->code) &&
		    row->reason.len == 0 && *row->class.ptr >= '4')
			return row;
	}
	return like;
}

/*
 * Adds the reasons of 4xx and 5xx replies from one of their families, behind the replies; the code is in
 * SLOT of its keys and the reason behind it.
 */
static void add_reasons(struct report *report, const struct counter *counter, enum family family,
			unsigned slot)
{
	struct registry *r = counter->registry;

	for (unsigned i = 0; i < registry_series_n(r, family); i++) {
		const struct series *series = registry_series(r, family, i);
		unsigned reason = key_slot(series->key, slot + 1);
		struct row row = {
			.section = section_of(family, series->key),
			.slot = key_slot(series->key, slot),
			.reason = registry_label_value(r, LABEL_reason, reason),
		};

		if (*series->value == 0 || reason == SMTPREPLY_CATEGORY_OK)
			continue;
		row.code = registry_label_value(r, LABEL_code, row.slot);
		row.slot = unlisted(report, &row)->slot;
		row.class = registry_label_value(r, LABEL_class, row.slot);
		row.meaning = registry_label_value(r, LABEL_meaning, row.slot);
		row_for(report, &row)->count += *series->value;
	}
}

/* By section, class and code; behind a code its reasons, the most frequent first. */
static int compare_rows(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	/* Classes are "2xx" to "5xx". */
	if (!span_eq(a->class, b->class))
		return *a->class.ptr < *b->class.ptr ? -1 : 1;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	if ((a->reason.len > 0) != (b->reason.len > 0))
		return a->reason.len > 0 ? 1 : -1;
	return (a->count < b->count) - (a->count > b->count);
}

/* Adds what FAMILY counts to an amount by the value in SLOT; the amounts have their names already. */
static void add_amounts(const struct counter *counter, enum family family, unsigned slot,
			struct amount *amounts)
{
	struct registry *r = counter->registry;

	for (unsigned i = 0; i < registry_series_n(r, family); i++) {
		const struct series *series = registry_series(r, family, i);

		amounts[key_slot(series->key, slot)].count += *series->value;
	}
}

static void name_amounts(struct amount *amounts, const span_t *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		amounts[i] = (struct amount){ names[i], 0 };
}

static void add_deliveries(struct report *report, const struct counter *counter)
{
	struct registry *r = counter->registry;

	for (unsigned hop = 0; hop < _HOP_MAX; hop++)
		name_amounts(report->deliveries[hop], status_names, _STATUS_MAX);
	for (unsigned i = 0; i < registry_series_n(r, FAMILY_CLIENT_DELIVERIES); i++) {
		const struct series *s = registry_series(r, FAMILY_CLIENT_DELIVERIES, i);

		report->deliveries[key_slot(s->key, 1)][key_slot(s->key, 2)].count += *s->value;
	}
}

static void add_transactions(struct report *report, const struct counter *counter)
{
	struct registry *r = counter->registry;

	for (unsigned i = 0; i < registry_series_n(r, FAMILY_SERVER_TRANSACTIONS); i++)
		report->transactions += *registry_series(r, FAMILY_SERVER_TRANSACTIONS, i)->value;
}

/* No more rows than series. */
static size_t room_for_rows(const struct counter *counter)
{
	static const enum family families[] = {
		FAMILY_CLIENT_REPLIES,
		FAMILY_SERVER_REPLIES,
		FAMILY_CLIENT_REPLY_REASONS,
		FAMILY_SERVER_REPLY_REASONS,
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		n += registry_series_n(counter->registry, families[i]);
	return n;
}

int report_init(struct report *report, const struct counter *counter)
{
	*report = (struct report){ .rows = NULL };
	report->rows = calloc(room_for_rows(counter) + 1, sizeof(*report->rows));
	if (!report->rows)
		return -ENOMEM;
	add_replies(report, counter, FAMILY_CLIENT_REPLIES, 2);
	add_replies(report, counter, FAMILY_SERVER_REPLIES, 1);
	add_reasons(report, counter, FAMILY_CLIENT_REPLY_REASONS, 2);
	add_reasons(report, counter, FAMILY_SERVER_REPLY_REASONS, 1);
	qsort(report->rows, report->n_rows, sizeof(*report->rows), compare_rows);

	name_amounts(report->failures, cause_names, _CAUSE_MAX);
	name_amounts(report->entries, outcome_names, _OUTCOME_MAX);
	add_deliveries(report, counter);
	add_transactions(report, counter);
	add_amounts(counter, FAMILY_CLIENT_FAILURES, 1, report->failures);
	add_amounts(counter, FAMILY_ENTRIES, 1, report->entries);
	report->n_entries = registry_get(counter->registry, FAMILY_ENTRIES_READ, KEY0);
	return 0;
}

void report_done(struct report *report)
{
	free(report->rows);
}
