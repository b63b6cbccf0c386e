/* SPDX-License-Identifier: Apache-2.0 */

/* The table of all dialects, and which of them an entry belongs to. */

#include "dialect/dialect.h"

#include <fnmatch.h>

#include "dialect/dialect-list.h" /* generated: DIALECT_LIST(X) with an X(name) for each */

#define DIALECT_EXTERN(name) extern const struct dialect dialect_##name;
#define DIALECT_POINTER(name) &dialect_##name,

DIALECT_LIST(DIALECT_EXTERN)

const struct dialect *const dialects[] = { DIALECT_LIST(DIALECT_POINTER) };
const unsigned dialects_n = ARRAY_SIZE(dialects);

/* Unit names come from systemd and are short; a longer one is none of ours. */
#define UNIT_MAX 256u

bool dialect_in_unit(const struct dialect *dialect, span_t unit)
{
	char name[UNIT_MAX];

	if (unit.len == 0 || unit.len >= sizeof(name))
		return false;
	memcpy(name, unit.ptr, unit.len);
	name[unit.len] = '\0';

	for (const char *const *pattern = dialect->units; *pattern; pattern++)
		if (fnmatch(*pattern, name, 0) == 0)
			return true;
	return false;
}

static bool has_exe(const struct dialect *dialect, span_t exe)
{
	for (const char *const *part = dialect->exes; *part; part++)
		if (span_find(exe, span_str(*part)) >= 0)
			return true;
	return false;
}

int dialect_find(const struct record *record)
{
	for (unsigned i = 0; i < dialects_n; i++) {
		const struct dialect *d = dialects[i];
		enum claim claim = d->claims(record->identifier);

		if (claim == CLAIM_YES)
			return (int)i;
		if (claim == CLAIM_BY_UNIT &&
		    (dialect_in_unit(d, record->unit) || has_exe(d, record->exe)))
			return (int)i;
	}
	return -1;
}

bool dialect_wants(span_t identifier)
{
	for (unsigned i = 0; i < dialects_n; i++)
		if (dialects[i]->claims(identifier) != CLAIM_NO)
			return true;
	return false;
}
