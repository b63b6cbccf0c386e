/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPREPLY_PROVIDER_H
#define SMTPREPLY_PROVIDER_H

/* Mail providers, told by the suffix of their hosts' names. */

#include "smtpreply/table.h"

#define PROVIDERS_MAX 255u /* each is a label value; "other" is one more */

/* A row of providers.tsv. */
struct suffix {
	span_t suffix; /* lower case, without a dot in front */
	span_t provider;
	unsigned index; /* of PROVIDER among the names; set by providers_init() */
};

struct providers {
	span_t *names; /* "other", then sorted */
	size_t n_names;
	struct suffix *suffixes; /* sorted */
	size_t n_suffixes;
};

const char *suffix_read(const span_t *field, void *ret);
bool suffix_same(const void *a, const void *b);

/*
 * Makes the look-up of the rows. Returns 0, -ENOMEM, or -E2BIG if there are more than PROVIDERS_MAX. The
 * caller calls providers_done() in every case.
 */
int providers_init(struct providers *p, const struct rows *rows);
void providers_done(struct providers *p);

/* The index of a provider's name; 0 if it is none. */
unsigned providers_name_find(const struct providers *p, span_t name);
/* The index of the provider that HOST belongs to, 0 if it is none's. */
unsigned providers_host_find(const struct providers *p, span_t host);

#endif
