/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_EXPORTER_H
#define DAEMON_EXPORTER_H

/*
 * The exporter without its event loop: a source, the pipeline behind it, and the numbers. The daemon
 * drives it from its loop, --once from start to end.
 */

#include "count/pipeline.h"
#include "daemon/options.h"
#include "http/routes.h"
#include "state/checkpoint.h"

/* Entries between two looks at the clock and the loop, so that a scrape never waits for a backlog. */
#define EXPORTER_ROUND 512u
/* Rounds that one scrape may read before it is answered. */
#define EXPORTER_SCRAPE_ROUNDS 8u
/* An entry read later than this after it was written belongs to a backlog. */
#define EXPORTER_LATE_USEC (60 * USEC_PER_SEC)

struct exporter {
	const struct options *options; /* borrowed */
	struct numbers {
		struct smtpreply_catalogue *catalogue;
		struct registry *registry;
		struct tally *tally;
	} numbers;
	struct languages *languages;
	struct trust *trust;
	struct journal *journal;
	struct pipeline pipeline;
	struct checkpoint_file *resumable; /* read, and waiting for its position to be found */
	struct journal_stats stats;	   /* of the journal, as far as they are counted */
	uint64_t overflows;		   /* of the registry, likewise */

	uint64_t start_usec; /* realtime */
	bool resumed;	     /* the numbers go on from a saved state */
	bool source_up;
	bool caught_up; /* all there was at the start has been read */
	uint64_t entries_read;
	uint64_t mail_entries_read; /* those that are not foreign */
	uint64_t last_read_usec;    /* realtime of the newest entry read */
	uint64_t caught_up_usec;    /* realtime of the last moment with nothing left to read */
};

/* What went wrong in an operator's file, with its name and line. */
#define EXPORTER_MESSAGE_MAX 512u

/*
 * OPTIONS is borrowed and must outlive the exporter. Opens no journal. Returns 0 or -errno; MESSAGE then
 * says what is wrong with a file of --catalogue.dir, and is empty otherwise.
 */
int exporter_new(struct exporter **ret, const struct options *options,
		 char message[EXPORTER_MESSAGE_MAX]);
struct exporter *exporter_free(struct exporter *exporter);

/* Opens the source, or opens it again. Returns 0 or the error of journal_open(). */
int exporter_open(struct exporter *exporter);

/*
 * Reads at most EXPORTER_ROUND entries. Returns 1 if there may be more, 0 if all there is was read, or a
 * negative errno: the source cannot be read any more and waits for exporter_open().
 */
int exporter_round(struct exporter *exporter);

/*
 * Writes the exposition of this moment to OUT. Reads nothing. Returns what exposition_write() does: more
 * than 0 asks for a save before OUT is sent.
 */
unsigned exporter_expose(struct exporter *exporter, struct buf *out);

/*
 * Reads the state at PATH, to go on from it: before the first exporter_open(), which restores the numbers
 * if the position is still in the journal. Returns the results of checkpoint_load().
 */
int exporter_load(struct exporter *exporter, const char *path);

/* Replaces the state at PATH by that of now. Returns 0 or a negative errno, which is counted. */
int exporter_save(struct exporter *exporter, const char *path);

void exporter_status(const struct exporter *exporter, struct routes_status *ret);

/* How often CODE, 200 to 599, was received and given; remote and local hops, all evidence. */
void exporter_count(const struct exporter *exporter, unsigned code, struct routes_count *ret);

/*
 * Reads the catalogue and the mail servers' users again. Returns 0; or -errno and MESSAGE as above, and
 * then everything is as before.
 */
int exporter_reload(struct exporter *exporter, char message[EXPORTER_MESSAGE_MAX]);

uint64_t exporter_now_usec(void);

#endif
