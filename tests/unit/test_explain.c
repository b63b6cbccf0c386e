/* SPDX-License-Identifier: Apache-2.0 */

/* The commands explain and compare of smtpreply(1): arguments, statuses, output. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "testing.h"
#include "tool/command.h"

extern const struct command command_explain, command_compare;

#define WORDS_MAX 8

static struct {
	int status;
	const char *output;
} result;

/* Runs a command with WORDS, split at blanks; `_` stands for a blank inside a word. */
static void run(const struct command *command, const char *words)
{
	static char text[256];
	char *argv[WORDS_MAX + 1] = { NULL }, *rest = text;
	int argc = 0;

	snprintf(text, sizeof(text), "%s %s", command->name, words);
	for (char *word; (word = strsep(&rest, " ")) && argc < WORDS_MAX;) {
		if (!*word)
			continue;
		for (char *p = word; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		argv[argc++] = word;
	}
	capture_begin(STDOUT_FILENO);
	result.status = command->run(argc, argv);
	result.output = capture_end();
}

static void check_table(const struct command *command, const char *words, int status,
			const char *output)
{
	run(command, words);
	check(result.status == status, "%s %s: %d", command->name, words, result.status);
	check(strstr(result.output, output), "%s %s: %s", command->name, words, result.output);
}

static void explain_takes_codes_and_replies(void **state)
{
	static const struct {
		const char *words;
		int status;
		const char *output;
	} cases[] = {
		{ "451", 0, "SMTP 451 Local Error\n" },
		{ "451 --lang=fr", 0, "SMTP 451 Erreur locale\n" },
		{ "--lang vi 214", 0, "Mô tả\n" },
		{ "101", 0, "101 never goes over the wire" },
		{ "607 --lang=zh", 0, "607 从不在网络上传输" },
		{ "5.7.1", 0, "5.7.1 Delivery Not Authorized" },
		{ "550_5.7.1_Relaying_denied", 0, "SMTP 550 Mailbox Unavailable\n" },
		{ "550_5.7.1_Relaying_denied", 0, "\n5.7.1 Delivery Not Authorized" },
		{ "451 4.3.0 Try again", 0, "\n4.3.0 " },
		{ "451-4.3.0_more", 0, "\n4.3.0 " },
		{ "5.1.1_no_such_user", 0, "5.1.1 " },
		{ "599", COMMAND_FAILED, "SMTP 599 is not in the catalogue" },
		{ "5.7.999", COMMAND_FAILED, "5.7.999 is not in the catalogue" },
		{ "550_5.7.999_x", COMMAND_FAILED, "SMTP 550" },
		{ "hello", COMMAND_FAILED, "neither a reply code" },
		{ "-- --lang=fr", COMMAND_FAILED, "“--lang=fr”" },
		{ "--help", 0, "Usage: smtpreply explain CODE|ENHANCED" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_table(&command_explain, cases[i].words, cases[i].status, cases[i].output);
}

static void compare_takes_two_codes(void **state)
{
	static const struct {
		const char *words;
		int status;
		const char *output;
	} cases[] = {
		{ "214 251", 0, "SMTP 214 Help Message vs 251 User Not Local\n" },
		{ "214 251 --lang=vi", 0, "Khi nào dùng cái nào\n" },
		{ "450 550", 0, "After 450: Retry later." },
		{ "250 250", COMMAND_FAILED, "both codes are 250" },
		{ "250 999", COMMAND_FAILED, "999 is not in the catalogue" },
		{ "--help", 0, "Usage: smtpreply compare CODE CODE" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_table(&command_compare, cases[i].words, cases[i].status, cases[i].output);
}

static void wrong_command_lines_are_refused(void **state)
{
	static const char *const explain[] = { "",	     "--lang=en",	  "451 --lang=xx",
					       "451 --lang", "451 --language=fr", "451 --colour" };
	static const char *const compare[] = { "",	  "214",      "214 251 451",
					       "214 abc", "214 0250", "214 099" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(explain); i++)
		check_table(&command_explain, explain[i], COMMAND_USAGE, "");
	for (size_t i = 0; i < ARRAY_SIZE(compare); i++)
		check_table(&command_compare, compare[i], COMMAND_USAGE, "");
}

static void every_code_is_explained_in_every_language(void **state)
{
	static const char *const languages[] = { "en", "vi", "zh", "fr" };
	struct smtpreply_catalogue *catalogue;
	const struct smtpreply_code *codes;
	size_t n;

	(void)state;
	assert_int_equal(smtpreply_catalogue_new(&catalogue), 0);
	codes = smtpreply_codes(catalogue, &n);
	assert_int_equal(n, 78);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(languages); j++) {
			char words[32], title[16];

			snprintf(words, sizeof(words), "%u --lang=%s", codes[i].code, languages[j]);
			snprintf(title, sizeof(title), "SMTP %u ", codes[i].code);
			check_table(&command_explain, words, 0, title);
		}
	}
	smtpreply_catalogue_free(catalogue);
}

/* Standard output is no terminal here. */
static void no_colours_go_into_a_file(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	run(&command_compare, "214 251");
	assert_null(strchr(result.output, '\033'));
}

static void columns_set_the_width(void **state)
{
	(void)state;
	setenv("COLUMNS", "40", 1);
	run(&command_explain, "451");
	assert_non_null(strstr(result.output, "\n  The requested action was aborted due\n"));
	setenv("COLUMNS", "nonsense", 1);
	run(&command_explain, "451");
	assert_non_null(
		strstr(result.output, "\n  The requested action was aborted due to a local"));
	unsetenv("COLUMNS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explain_takes_codes_and_replies),
		cmocka_unit_test(compare_takes_two_codes),
		cmocka_unit_test(wrong_command_lines_are_refused),
		cmocka_unit_test(every_code_is_explained_in_every_language),
		cmocka_unit_test(no_colours_go_into_a_file),
		cmocka_unit_test(columns_set_the_width),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
