/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/counter.h"

#include <stdio.h>

int counter_init(struct counter *c, enum trust_mode trust, const char *catalogue_dir, char *message)
{
	int r;

	*c = (struct counter){ .catalogue = NULL };
	message[0] = '\0';
	r = smtpreply_catalogue_new(&c->catalogue);
	if (r == 0 && catalogue_dir)
		r = smtpreply_catalogue_overlay(c->catalogue, catalogue_dir, message,
						COUNTER_MESSAGE_MAX);
	if (r == 0)
		r = registry_new(&c->registry);
	if (r == 0)
		r = tally_new(&c->tally, c->registry, c->catalogue);
	if (r == 0)
		r = trust_new(&c->trust, trust);
	if (r == 0)
		pipeline_init(&c->pipeline, c->trust, c->tally);
	else if (!message[0])
		snprintf(message, COUNTER_MESSAGE_MAX, "%s", strerror(-r));
	return r;
}

void counter_done(struct counter *c)
{
	trust_free(c->trust);
	tally_free(c->tally);
	registry_free(c->registry);
	smtpreply_catalogue_free(c->catalogue);
}
