/* SPDX-License-Identifier: Apache-2.0 */

#include "tool/counter.h"

int counter_init(struct counter *c, enum trust_mode trust)
{
	int r;

	*c = (struct counter){ .catalogue = NULL };
	r = smtpreply_catalogue_new(&c->catalogue);
	if (r == 0)
		r = registry_new(&c->registry);
	if (r == 0)
		r = tally_new(&c->tally, c->registry, c->catalogue);
	if (r == 0)
		r = trust_new(&c->trust, trust);
	if (r == 0)
		pipeline_init(&c->pipeline, c->trust, c->tally);
	return r;
}

void counter_done(struct counter *c)
{
	trust_free(c->trust);
	tally_free(c->tally);
	registry_free(c->registry);
	smtpreply_catalogue_free(c->catalogue);
}
