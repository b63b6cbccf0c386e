/* SPDX-License-Identifier: Apache-2.0 */

#include "smtpreply/provider.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "util/cursor.h"
#include "util/macros.h"

#define HOST_MAX 255u /* RFC 1035 section 2.3.4; what is longer is no host name */

static const span_t nobody = SPAN_INIT("other");

/* Lower case, labels of letters, digits and hyphens, none of them empty. */
static bool is_suffix(span_t s)
{
	bool in_label = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '.' && !in_label)
			return false;
		if (c != '.' && c != '-' && !char_is_digit(c) && (c < 'a' || c > 'z'))
			return false;
		in_label = c != '.';
	}
	return in_label && s.len <= HOST_MAX;
}

const char *suffix_read(const span_t *field, void *ret)
{
	struct suffix *s = ret;

	*s = (struct suffix){ .suffix = field[0], .provider = field[1] };
	if (!is_suffix(s->suffix))
		return "the suffix is not a lower-case domain without a dot in front";
	if (!field_is_label(s->provider))
		return "the provider is not made of a-z, 0-9 and _";
	return NULL;
}

bool suffix_same(const void *a, const void *b)
{
	const struct suffix *x = a, *y = b;

	return span_eq(x->suffix, y->suffix);
}

/* Shorter first, then letters in either case: an order that needs no more than it must read. */
static int compare_spans(span_t a, span_t b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return strncasecmp(a.ptr, b.ptr, a.len);
}

static int compare_suffixes(const void *a, const void *b)
{
	const struct suffix *x = a, *y = b;

	return compare_spans(x->suffix, y->suffix);
}

static int compare_names(const void *a, const void *b)
{
	const span_t *x = a, *y = b;
	int r = memcmp(x->ptr, y->ptr, MIN(x->len, y->len));

	return r ? r : (x->len > y->len) - (x->len < y->len);
}

/* Sorts the names behind the first and drops those that occur again. */
static void sort_names(struct providers *p)
{
	size_t n = 1;

	qsort(p->names + 1, p->n_names - 1, sizeof(*p->names), compare_names);
	for (size_t i = 1; i < p->n_names; i++)
		if (!span_eq(p->names[i], p->names[n - 1]) && !span_eq(p->names[i], nobody))
			p->names[n++] = p->names[i];
	p->n_names = n;
}

int providers_init(struct providers *p, const struct rows *rows)
{
	*p = (struct providers){ .n_names = 1, .n_suffixes = rows->n };
	p->names = calloc(rows->n + 1, sizeof(*p->names));
	p->suffixes = calloc(rows->n + 1, sizeof(*p->suffixes));
	if (!p->names || !p->suffixes)
		return -ENOMEM;

	p->names[0] = nobody;
	for (size_t i = 0; i < rows->n; i++) {
		p->suffixes[i] = *(const struct suffix *)rows_at(rows, i);
		p->names[p->n_names++] = p->suffixes[i].provider;
	}
	sort_names(p);
	if (p->n_names > PROVIDERS_MAX + 1)
		return -E2BIG;
	for (size_t i = 0; i < p->n_suffixes; i++)
		p->suffixes[i].index = providers_name_find(p, p->suffixes[i].provider);
	qsort(p->suffixes, p->n_suffixes, sizeof(*p->suffixes), compare_suffixes);
	return 0;
}

void providers_done(struct providers *p)
{
	free(p->names);
	free(p->suffixes);
	*p = (struct providers){ .n_names = 0 };
}

unsigned providers_name_find(const struct providers *p, span_t name)
{
	unsigned i = field_find(p->names, (unsigned)p->n_names, name);

	return i < p->n_names ? i : 0;
}

static const struct suffix *find_suffix(const struct providers *p, span_t s)
{
	const struct suffix key = { .suffix = s };

	return bsearch(&key, p->suffixes, p->n_suffixes, sizeof(key), compare_suffixes);
}

unsigned providers_host_find(const struct providers *p, span_t host)
{
	const struct suffix *found = NULL;
	ptrdiff_t dot;

	if (span_ends(host, SPAN(".")))
		host.len--;
	if (host.len > HOST_MAX)
		return 0;
	while (host.len > 0 && !(found = find_suffix(p, host))) {
		dot = span_find_char(host, '.');
		host = dot < 0 ? SPAN_NULL : span_tail(host, (size_t)dot + 1);
	}
	return found ? found->index : 0;
}
