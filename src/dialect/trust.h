/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIALECT_TRUST_H
#define DIALECT_TRUST_H

/*
 * Any local user can write a line under any identifier (`logger -t postfix/smtp`). An entry counts only
 * if the fields that journald adds fit the mail server that it claims to come from.
 */

#include "dialect/dialect.h"

enum trust_mode {
	TRUST_TRUSTED,	  /* go by the trusted fields */
	TRUST_IDENTIFIER, /* believe every identifier: journals copied from elsewhere, odd set-ups */
};

/* "trusted" or "identifier"; returns whether VALUE is one of them. */
bool trust_mode_parse(const char *value, enum trust_mode *ret);

struct trust;

/* Looks up the dialects' users in the user database, once. Returns 0 or -ENOMEM. */
int trust_new(struct trust **ret, enum trust_mode mode);
struct trust *trust_free(struct trust *trust);

/*
 * Whether RECORD really comes from the mail server dialects[MTA]: from root, from one of its users, or
 * from a system user inside one of its units (an ordinary user's .forward command runs in the unit
 * too). Entries relayed from containers never do: their fields are the container engine's.
 */
bool trust_allows(const struct trust *trust, unsigned mta, const struct record *record);

#endif
