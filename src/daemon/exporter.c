/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/exporter.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/process.h"
#include "daemon/version.h"
#include "dialect/dialect.h"
#include "metrics/exposition.h"

static const span_t source_values[] = { SPAN_INIT("journal") };
static const span_t version_values[] = { SPAN_INIT(VERSION) };
static const span_t libsystemd_values[] = { SPAN_INIT(VERSION_LIBSYSTEMD) };
static const span_t libmicrohttpd_values[] = { SPAN_INIT(VERSION_LIBMICROHTTPD) };

uint64_t exporter_now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static void declare_own_families(struct registry *r)
{
	static const enum family zero[] = {
		FAMILY_ENTRIES_READ,  FAMILY_LATE_ENTRIES,     FAMILY_SOURCE_REOPENS,
		FAMILY_SOURCE_ERRORS, FAMILY_JOURNALD_DROPPED, FAMILY_LABEL_OVERFLOW,
		FAMILY_SOURCE_UP,     FAMILY_STATE_ERRORS,
	};

	registry_domain(r, LABEL_source, source_values, ARRAY_SIZE(source_values), 0);
	registry_domain(r, LABEL_version, version_values, 1, 0);
	registry_domain(r, LABEL_libsystemd, libsystemd_values, 1, 0);
	registry_domain(r, LABEL_libmicrohttpd, libmicrohttpd_values, 1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(zero); i++)
		registry_declare(r, zero[i], KEY0);
	registry_set(r, FAMILY_BUILD_INFO, KEY0, 1);
	registry_set(r, FAMILY_CONFIG_RELOAD, KEY0, 1);
}

static int new_journal(struct journal **ret, const struct options *o)
{
	struct journal_config config = journal_options_config(&o->journal, dialect_wants);

	return journal_new(ret, &config);
}

static void numbers_done(struct numbers *n)
{
	tally_free(n->tally);
	registry_free(n->registry);
	smtpreply_catalogue_free(n->catalogue);
	*n = (struct numbers){ .catalogue = NULL };
}

/* Catalogue, registry and tally belong together: label values are texts of the catalogue. */
static int numbers_init(struct numbers *n, const struct options *options,
			char message[EXPORTER_MESSAGE_MAX])
{
	int r;

	*n = (struct numbers){ .catalogue = NULL };
	message[0] = '\0';
	r = smtpreply_catalogue_new(&n->catalogue);
	if (r == 0 && options->catalogue_dir)
		r = smtpreply_catalogue_overlay(n->catalogue, options->catalogue_dir, message,
						EXPORTER_MESSAGE_MAX);
	if (r == 0)
		r = registry_new(&n->registry);
	if (r == 0) {
		declare_own_families(n->registry);
		r = tally_new(&n->tally, n->registry, n->catalogue);
	}
	if (r < 0)
		numbers_done(n);
	return r;
}

static int init(struct exporter *e, const struct options *options,
		char message[EXPORTER_MESSAGE_MAX])
{
	int r;

	e->options = options;
	e->start_usec = exporter_now_usec();
	r = numbers_init(&e->numbers, options, message);
	if (r < 0)
		return r;
	r = languages_new(&e->languages);
	if (r < 0)
		return r;
	r = trust_new(&e->trust, options->trust);
	if (r < 0)
		return r;
	registry_set(e->numbers.registry, FAMILY_PROCESS_START, KEY0, e->start_usec);
	pipeline_init(&e->pipeline, e->trust, e->numbers.tally);
	return new_journal(&e->journal, options);
}

int exporter_new(struct exporter **ret, const struct options *options,
		 char message[EXPORTER_MESSAGE_MAX])
{
	struct exporter *e = calloc(1, sizeof(*e));
	int r;

	message[0] = '\0';
	if (!e)
		return -ENOMEM;
	r = init(e, options, message);
	if (r < 0) {
		exporter_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

struct exporter *exporter_free(struct exporter *e)
{
	if (!e)
		return NULL;
	checkpoint_file_free(e->resumable);
	journal_free(e->journal);
	trust_free(e->trust);
	languages_free(e->languages);
	numbers_done(&e->numbers);
	free(e);
	return NULL;
}

static struct checkpoint checkpoint_of(struct exporter *e)
{
	return (struct checkpoint){ .registry = e->numbers.registry,
				    .collapse = &e->pipeline.collapse };
}

/* Numbers and position belong together: without the one the others start at 0. */
static void restore(struct exporter *e)
{
	struct checkpoint checkpoint = checkpoint_of(e);

	if (e->resumable && journal_start(e->journal) == JOURNAL_START_RESUMED) {
		checkpoint_restore(e->resumable, &checkpoint);
		e->resumed = true;
	}
	registry_hold_new(e->numbers.registry, e->resumed || e->caught_up);
	e->resumable = checkpoint_file_free(e->resumable);
}

int exporter_open(struct exporter *e)
{
	int r = journal_open(e->journal);

	e->source_up = r >= 0;
	if (e->source_up)
		restore(e);
	return r;
}

int exporter_load(struct exporter *e, const char *path)
{
	int r = checkpoint_load(path, &e->resumable);

	if (r == 0)
		r = journal_set_position(e->journal, checkpoint_position(e->resumable));
	if (r == -EBADMSG)
		r = checkpoint_set_aside(path);
	if (r != 0)
		e->resumable = checkpoint_file_free(e->resumable);
	return r;
}

/* What others count becomes series of ours, which go on after a restart. */
static void count_events_of_others(struct exporter *e)
{
	struct journal_stats stats = journal_stats(e->journal);
	uint64_t overflows = registry_overflows(e->numbers.registry);

	registry_add(e->numbers.registry, FAMILY_SOURCE_REOPENS, KEY0,
		     stats.reopens - e->stats.reopens);
	registry_add(e->numbers.registry, FAMILY_SOURCE_ERRORS, KEY0,
		     stats.errors - e->stats.errors);
	registry_add(e->numbers.registry, FAMILY_LABEL_OVERFLOW, KEY0, overflows - e->overflows);
	e->stats = stats;
	e->overflows = overflows;
}

/* A state that was not taken up yet, since the journal could not be opened, is not to be replaced. */
int exporter_save(struct exporter *e, const char *path)
{
	struct checkpoint checkpoint = checkpoint_of(e);
	struct buf position = BUF_NULL;
	int r;

	if (e->resumable || journal_save_position(e->journal, &position) == -ENODATA)
		return 0;
	count_events_of_others(e);
	checkpoint.position = buf_span(&position);
	r = position.failed ? -ENOMEM : checkpoint_save(path, &checkpoint);
	buf_done(&position);
	if (r < 0)
		registry_add(e->numbers.registry, FAMILY_STATE_ERRORS, KEY0, 1);
	else
		registry_set(e->numbers.registry, FAMILY_STATE_SAVED, KEY0, exporter_now_usec());
	return r;
}

/* One entry: the counting itself, and what the exporter says of its own reading. */
static void take_entry(struct exporter *e, const struct record *record, uint64_t now_usec)
{
	if (pipeline_feed(&e->pipeline, record) != OUTCOME_FOREIGN)
		e->mail_entries_read++;
	e->entries_read++;
	e->last_read_usec = record->realtime_usec;
	if (record->dropped > 0)
		registry_add(e->numbers.registry, FAMILY_JOURNALD_DROPPED, KEY0, record->dropped);
	if (now_usec > record->realtime_usec + EXPORTER_LATE_USEC)
		registry_add(e->numbers.registry, FAMILY_LATE_ENTRIES, KEY0, 1);
}

int exporter_round(struct exporter *e)
{
	uint64_t now_usec = exporter_now_usec();
	struct record record;

	if (!e->source_up)
		return -ENOTCONN;
	for (unsigned i = 0; i < EXPORTER_ROUND; i++) {
		int r = journal_next(e->journal, &record);

		if (r < 0) {
			e->source_up = false;
			return r;
		}
		if (r == 0) {
			e->caught_up = true;
			registry_hold_new(e->numbers.registry, true);
			e->caught_up_usec = now_usec;
			return 0;
		}
		take_entry(e, &record, now_usec);
	}
	return 1;
}

static void update_own_families(struct exporter *e)
{
	count_events_of_others(e);
	registry_set(e->numbers.registry, FAMILY_SOURCE_UP, KEY0, e->source_up);
	if (e->caught_up_usec > 0)
		registry_set(e->numbers.registry, FAMILY_CAUGHT_UP, KEY0, e->caught_up_usec);
	process_update(e->numbers.registry);
}

unsigned exporter_expose(struct exporter *e, struct buf *out)
{
	struct exposition_options options = {
		.now_usec = exporter_now_usec(),
		.zero_hold_usec = e->options->zero_hold_usec,
		.self_only = !e->caught_up,
		.no_counters = !e->caught_up && e->resumed,
	};

	update_own_families(e);
	return exposition_write(e->numbers.registry, &options, out);
}

void exporter_status(const struct exporter *e, struct routes_status *ret)
{
	*ret = (struct routes_status){
		.version = VERSION,
		.source = journal_options_name(&e->options->journal),
		.source_up = e->source_up,
		.caught_up = e->caught_up,
		.entries_read = e->entries_read,
		.last_read_usec = e->last_read_usec,
		.now_usec = exporter_now_usec(),
	};
}

/* The sum of the series of FAMILY whose label `code`, in SLOT of the key, is CODE. */
static uint64_t count_code(const struct exporter *e, enum family family, unsigned slot, span_t code)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < registry_series_n(e->numbers.registry, family); i++) {
		const struct series *s = registry_series(e->numbers.registry, family, i);
		unsigned index = key_slot(s->key, slot);

		if (span_eq(registry_label_value(e->numbers.registry, LABEL_code, index), code))
			sum += *s->value;
	}
	return sum;
}

void exporter_count(const struct exporter *e, unsigned code, struct routes_count *ret)
{
	const char digits[] = { (char)('0' + code / 100), (char)('0' + code / 10 % 10),
				(char)('0' + code % 10) };
	span_t text = span_make(digits, sizeof(digits));

	/* The keys of tally.c: mta, hop, code, evidence; mta, code, evidence. */
	ret->received = count_code(e, FAMILY_CLIENT_REPLIES, 2, text);
	ret->given = count_code(e, FAMILY_SERVER_REPLIES, 1, text);
}

/*
 * Moves what was counted from one set of numbers to another, by names. Gauges are set anew when they are
 * shown, and what others count is counted from where it was.
 */
static int move_numbers(struct exporter *e, struct numbers *to)
{
	static struct collapse unused; /* the table stays where it is */
	struct checkpoint from = checkpoint_of(e);
	struct checkpoint target = { .registry = to->registry, .collapse = &unused };
	struct checkpoint_file *file;
	struct buf text = BUF_NULL;
	int r;

	count_events_of_others(e);
	from.position = SPAN("none");
	from.collapse = &unused;
	checkpoint_write(&from, &text);
	r = text.failed ? -ENOMEM : checkpoint_read(&text, &file);
	buf_done(&text);
	if (r != 0)
		return -ENOMEM;
	checkpoint_restore(file, &target);
	checkpoint_file_free(file);
	return 0;
}

static int reload_trust(struct exporter *e)
{
	struct trust *trust;
	int r = trust_new(&trust, e->options->trust);

	if (r < 0)
		return r;
	trust_free(e->trust);
	e->trust = trust;
	e->pipeline.trust = trust;
	return 0;
}

int exporter_reload(struct exporter *e, char message[EXPORTER_MESSAGE_MAX])
{
	struct numbers numbers;
	int r = numbers_init(&numbers, e->options, message);

	if (r == 0) {
		r = move_numbers(e, &numbers);
		if (r == 0)
			r = reload_trust(e);
		if (r < 0)
			numbers_done(&numbers);
	}
	if (r == 0) {
		numbers_done(&e->numbers);
		e->numbers = numbers;
		e->overflows = 0;
		e->pipeline.tally = numbers.tally;
		registry_hold_new(numbers.registry, e->caught_up);
		registry_set(numbers.registry, FAMILY_PROCESS_START, KEY0, e->start_usec);
	}
	registry_set(e->numbers.registry, FAMILY_CONFIG_RELOAD, KEY0, r == 0);
	return r;
}
