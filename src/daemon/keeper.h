/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

/* Keeps the exporter's state on disk, and tells the operator, once, when it cannot. */

#include "daemon/exporter.h"

/* How often to save where only entries went by that are no mail server's. */
#define KEEPER_QUIET_INTERVAL_USEC (300 * USEC_PER_SEC)

struct keeper {
	struct exporter *exporter; /* borrowed */
	const char *path;	   /* NULL: no state is kept */
	int lock;		   /* held as long as the state is ours; -1: none */
	uint64_t saved_entries;	   /* read when the state was saved last */
	uint64_t saved_mail_entries;
	bool failing; /* said so already */
	bool opened;
};

/*
 * EXPORTER is borrowed. Reads the state that it goes on from; logs what became of it. Returns 0, or
 * -EWOULDBLOCK if another exporter uses the same file.
 */
int keeper_init(struct keeper *keeper, struct exporter *exporter);
void keeper_done(struct keeper *keeper);

/* To be called when the source was opened: says what became of the position, once. */
void keeper_opened(struct keeper *keeper);

/* Saves now. */
void keeper_save(struct keeper *keeper);

/* How long from now on the next save may wait; UINT64_MAX if there is nothing to save. */
uint64_t keeper_delay_usec(const struct keeper *keeper);

#endif
