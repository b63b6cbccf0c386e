/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_COUNTER_H
#define TOOL_COUNTER_H

/* The exporter's own way from a record to its numbers, without the exporter: so both count alike. */

#include "count/pipeline.h"
#include "dialect/trust.h"
#include "metrics/registry.h"

struct counter {
	struct smtpreply_catalogue *catalogue;
	struct registry *registry;
	struct tally *tally;
	struct trust *trust;
	struct pipeline pipeline;
};

/* What is wrong with a file of CATALOGUE_DIR: path, line and reason. */
#define COUNTER_MESSAGE_MAX 1024

/*
 * CATALOGUE_DIR may be NULL. Returns 0; or -errno and why in MESSAGE, of COUNTER_MESSAGE_MAX bytes.
 * counter_done() is to be called in any case.
 */
int counter_init(struct counter *counter, enum trust_mode trust, const char *catalogue_dir,
		 char *message);
void counter_done(struct counter *counter);

#endif
