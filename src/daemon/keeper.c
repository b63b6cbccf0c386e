/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/keeper.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "state/checkpoint.h"

static void load(struct keeper *k)
{
	int r = exporter_load(k->exporter, k->path);

	if (r == CHECKPOINT_E_NONE)
		log_info("no state yet, counting from 0", "file", k->path);
	else if (r == CHECKPOINT_E_UNUSABLE)
		log_warning("the state file is damaged or of a later version: set aside as "
			    "*.unusable, counting from 0",
			    "file", k->path);
	else if (r < 0)
		log_warning("cannot read the state file, counting from 0", "file", k->path,
			    "reason", strerror(-r));
}

/* Where no lock can be made (a full disk, say) there will be no state either: that is told when it is. */
int keeper_init(struct keeper *k, struct exporter *exporter)
{
	*k = (struct keeper){ .exporter = exporter,
			      .path = exporter->options->state_file,
			      .lock = -1 };
	if (!k->path)
		return 0;
	k->lock = checkpoint_lock(k->path);
	if (k->lock == -EWOULDBLOCK) {
		log_error("another exporter uses this state file: give each its own --state.file",
			  "file", k->path);
		return k->lock;
	}
	load(k);
	return 0;
}

void keeper_done(struct keeper *k)
{
	if (k->lock >= 0)
		(void)close(k->lock);
	k->lock = -1;
}

void keeper_opened(struct keeper *k)
{
	if (k->opened || !k->path)
		return;
	k->opened = true;
	switch (journal_start(k->exporter->journal)) {
	case JOURNAL_START_RESUMED:
		log_info("going on where the state was saved", "file", k->path);
		break;
	case JOURNAL_START_LOST:
		log_warning("the entry at which the state was saved is gone from the journal, "
			    "counting from 0",
			    "file", k->path);
		break;
	case JOURNAL_START_FRESH:
		break;
	}
}

uint64_t keeper_delay_usec(const struct keeper *k)
{
	const struct exporter *e = k->exporter;

	if (!k->path || e->entries_read == k->saved_entries)
		return UINT64_MAX;
	return e->mail_entries_read != k->saved_mail_entries ? e->options->state_interval_usec
							     : KEEPER_QUIET_INTERVAL_USEC;
}

void keeper_save(struct keeper *k)
{
	uint64_t entries = k->exporter->entries_read, mail = k->exporter->mail_entries_read;
	int r;

	if (!k->path)
		return;
	r = exporter_save(k->exporter, k->path);
	if (r < 0) {
		if (!k->failing)
			log_error("cannot save the state, trying again: make room or check the "
				  "permissions",
				  "file", k->path, "reason", strerror(-r));
		k->failing = true;
		return;
	}
	if (k->failing)
		log_info("the state is saved again", "file", k->path);
	k->failing = false;
	k->saved_entries = entries;
	k->saved_mail_entries = mail;
}
