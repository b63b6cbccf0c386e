/* SPDX-License-Identifier: Apache-2.0 */

/* pwd.h's users differ from machine to machine, so getpwnam() is the test's own (--wrap). */

#include "dialect/trust.h"

#include <pwd.h>

#include "testing.h"

#define POSTFIX 0
#define POSTFIX_UID 105u

static bool has_postfix_user;

struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwnam(const char *name)
{
	static struct passwd postfix = { .pw_uid = POSTFIX_UID };

	return has_postfix_user && strcmp(name, "postfix") == 0 ? &postfix : NULL;
}

#define UNIT SPAN_INIT("postfix@-.service")
#define SMTPD SPAN_INIT("postfix/smtpd")

static const struct {
	const char *name;
	struct record record;
	bool without_user,
		with_user; /* allowed where there is no user postfix, and where there is */
} cases[] = {
	{ "root in the unit", { .unit = UNIT, .uid = 0 }, true, true },
	{ "root without a unit", { .uid = 0 }, true, true },
	{ "root in another unit", { .unit = SPAN_INIT("cron.service"), .uid = 0 }, true, true },
	{ "the server's user without a unit", { .uid = POSTFIX_UID }, false, true },
	{ "the server's user elsewhere",
	  { .unit = SPAN_INIT("session-1.scope"), .uid = POSTFIX_UID },
	  false,
	  true },
	{ "a system user in the unit", { .unit = UNIT, .uid = 33 }, true, true },
	{ "the last system user in the unit", { .unit = UNIT, .uid = 999 }, true, true },
	{ "the plain unit", { .unit = SPAN_INIT("postfix.service"), .uid = 33 }, true, true },
	{ "an instance", { .unit = SPAN_INIT("postfix@out.service"), .uid = 33 }, true, true },
	{ "a system user elsewhere",
	  { .unit = SPAN_INIT("cron.service"), .uid = 33 },
	  false,
	  false },
	{ "a system user without a unit", { .uid = 33 }, false, false },
	{ "a unit with a longer name",
	  { .unit = SPAN_INIT("notpostfix.service"), .uid = 33 },
	  false,
	  false },
	{ "a unit of another kind",
	  { .unit = SPAN_INIT("postfix.service.scope"), .uid = 33 },
	  false,
	  false },
	{ "a person in the unit", { .unit = UNIT, .uid = 1000 }, false, false },
	{ "a person without a unit", { .uid = 1000 }, false, false },
	{ "nobody in the unit", { .unit = UNIT, .uid = 65534 }, false, false },
	{ "no user in the unit", { .unit = UNIT, .uid = RECORD_UID_NONE }, false, false },
	{ "no user", { .uid = RECORD_UID_NONE }, false, false },
	{ "root of a container", { .unit = UNIT, .uid = 0, .container = true }, false, false },
	{ "the server's user of a container",
	  { .unit = UNIT, .uid = POSTFIX_UID, .container = true },
	  false,
	  false },
};

static void check_cases(bool with_user)
{
	struct trust *trust;

	has_postfix_user = with_user;
	assert_int_equal(trust_new(&trust, TRUST_TRUSTED), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record record = cases[i].record;
		bool expected = with_user ? cases[i].with_user : cases[i].without_user;

		record.identifier = (span_t)SMTPD;
		check(trust_allows(trust, POSTFIX, &record) == expected, "%s", cases[i].name);
	}
	trust_free(trust);
}

static void an_entry_is_believed_if_the_fields_of_journald_fit(void **state)
{
	(void)state;
	check_cases(true);
}

static void without_the_user_its_number_is_no_better_than_others(void **state)
{
	(void)state;
	check_cases(false);
}

static void in_identifier_mode_everything_is_believed(void **state)
{
	struct trust *trust;

	(void)state;
	assert_int_equal(trust_new(&trust, TRUST_IDENTIFIER), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(trust_allows(trust, POSTFIX, &cases[i].record), "%s", cases[i].name);
	trust_free(trust);
}

/* A name is what systemd allows; NUL inside or 256 bytes and more are none. */
static void a_unit_is_compared_as_a_whole_and_with_a_limit(void **state)
{
	char name[300] = "postfix@";

	(void)state;
	memset(name + 8, 'x', sizeof(name) - 8);
	memcpy(name + 255 - 8, ".service", 8);
	assert_true(dialect_in_unit(dialects[POSTFIX], guard_copy(span_make(name, 255))));
	memcpy(name + 255 - 8, "xxxxxxxx", 8);
	memcpy(name + 256 - 8, ".service", 8);
	assert_false(dialect_in_unit(dialects[POSTFIX], guard_copy(span_make(name, 256))));
	assert_false(dialect_in_unit(dialects[POSTFIX], SPAN_NULL));
	assert_false(dialect_in_unit(dialects[POSTFIX], SPAN("")));
	assert_false(dialect_in_unit(dialects[POSTFIX], SPAN("postfix.servic")));
	assert_false(dialect_in_unit(dialects[POSTFIX], SPAN("postfix@x.service ")));
}

static void nothing_can_be_freed(void **state)
{
	(void)state;
	assert_null(trust_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_believed_if_the_fields_of_journald_fit),
		cmocka_unit_test(without_the_user_its_number_is_no_better_than_others),
		cmocka_unit_test(in_identifier_mode_everything_is_believed),
		cmocka_unit_test(a_unit_is_compared_as_a_whole_and_with_a_limit),
		cmocka_unit_test(nothing_can_be_freed),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
