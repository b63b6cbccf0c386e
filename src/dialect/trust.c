/* SPDX-License-Identifier: Apache-2.0 */

#include "dialect/trust.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>

/* Users that a dialect declares and this machine has; more than any dialect lists. */
#define TRUST_UIDS_MAX 8u

/* Below are system users, from here on people (SYS_UID_MAX of login.defs(5)). */
#define TRUST_UID_ORDINARY 1000u

struct trust {
	enum trust_mode mode;
	struct trust_uids {
		unsigned n;
		uint32_t uid[TRUST_UIDS_MAX];
	} of[]; /* one for each dialect */
};

bool trust_mode_parse(const char *value, enum trust_mode *ret)
{
	if (strcmp(value, "trusted") == 0)
		*ret = TRUST_TRUSTED;
	else if (strcmp(value, "identifier") == 0)
		*ret = TRUST_IDENTIFIER;
	else
		return false;
	return true;
}

/* Looks up the users of one dialect; those that do not exist here cannot write either. */
static void resolve(struct trust_uids *uids, const struct dialect *dialect)
{
	for (const char *const *user = dialect->users; *user; user++) {
		const struct passwd *pw = getpwnam(*user);

		if (pw && uids->n < TRUST_UIDS_MAX)
			uids->uid[uids->n++] = (uint32_t)pw->pw_uid;
	}
}

int trust_new(struct trust **ret, enum trust_mode mode)
{
	struct trust *trust = calloc(1, sizeof(*trust) + dialects_n * sizeof(trust->of[0]));

	if (!trust)
		return -ENOMEM;
	trust->mode = mode;
	for (unsigned i = 0; i < dialects_n; i++)
		resolve(&trust->of[i], dialects[i]);
	endpwent();
	*ret = trust;
	return 0;
}

struct trust *trust_free(struct trust *trust)
{
	free(trust);
	return NULL;
}

bool trust_allows(const struct trust *trust, unsigned mta, const struct record *record)
{
	const struct trust_uids *uids = &trust->of[mta];

	if (trust->mode == TRUST_IDENTIFIER)
		return true;
	if (record->container)
		return false;
	if (record->uid == 0)
		return true;
	for (unsigned i = 0; i < uids->n; i++)
		if (uids->uid[i] == record->uid)
			return true;
	return record->uid < TRUST_UID_ORDINARY && dialect_in_unit(dialects[mta], record->unit);
}
