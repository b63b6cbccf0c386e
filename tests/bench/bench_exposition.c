/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Time to write an exposition of 1,000 and of 5,000 series, beside a copy of the same bytes. The
 * goals are 1 and 3 milliseconds.
 */

#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "count/tally.h"
#include "metrics/exposition.h"

struct subject {
	struct registry *registry;
	struct buf out;
	char *copy;
};

static void call_exposition(void *data, unsigned i)
{
	static const struct exposition_options options = { .now_usec = 1 };
	struct subject *s = data;

	(void)i;
	buf_clear(&s->out);
	exposition_write(s->registry, &options, &s->out);
}

static void call_copy(void *data, unsigned i)
{
	struct subject *s = data;

	memcpy(s->copy, s->out.data, s->out.len);
	s->copy[i % s->out.len] = '\0';
}

static unsigned count_series(struct registry *registry)
{
	unsigned n = 0;

	for (unsigned f = 0; f < _FAMILY_MAX; f++)
		n += registry_series_n(registry, (enum family)f);
	return n;
}

/* The three widest families, evenly, until there are N series in all. */
static void fill(struct registry *registry, unsigned n)
{
	static const enum family families[] = { FAMILY_CLIENT_REPLY_ENHANCED,
						FAMILY_SERVER_REPLY_ENHANCED,
						FAMILY_CLIENT_REPLY_STAGES };

	for (unsigned i = 0; count_series(registry) < n; i++)
		registry_add(registry, families[i % ARRAY_SIZE(families)],
			     KEY4(0, i / 64 % 2, i % 64, i / 128 % 300), 1 + (uint64_t)i * 1000003);
}

static bool run(const struct smtpreply_catalogue *catalogue, unsigned n, double goal_msec)
{
	struct subject s = { .out = BUF_NULL };
	struct tally *tally;
	double write, copy;

	if (registry_new(&s.registry) < 0 || tally_new(&tally, s.registry, catalogue) < 0)
		return false;
	fill(s.registry, n);
	write = bench(call_exposition, &s);
	s.copy = malloc(s.out.len);
	if (s.out.failed || !s.copy)
		return false;
	copy = bench(call_copy, &s);
	printf("%8u %9zu %9.3f %9.3f %8.1f %9.1f%s\n", count_series(s.registry), s.out.len,
	       write / 1e6, copy / 1e6, write / copy, (double)s.out.len / write * 1e3,
	       write / 1e6 > goal_msec ? "  above the goal" : "");
	free(s.copy);
	buf_done(&s.out);
	tally_free(tally);
	registry_free(s.registry);
	return true;
}

int main(void)
{
	struct smtpreply_catalogue *catalogue;
	bool ok;

	if (smtpreply_catalogue_new(&catalogue) < 0)
		return EXIT_FAILURE;
	printf("  series     bytes ms/scrape   ms/copy    ratio      MB/s\n");
	ok = run(catalogue, 1000, 1) && run(catalogue, 5000, 3);
	smtpreply_catalogue_free(catalogue);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
