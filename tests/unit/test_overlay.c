/* SPDX-License-Identifier: Apache-2.0 */

/* An operator's files over the tables that are built in. */

#include <dirent.h>
#include <errno.h>
#include <smtpreply.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing.h"

#define CODES                                                                                      \
	"code\tclass\tclass_name\tname\tidentifier\tdigit2\tdigit2_category\tstatus\tsource\t"     \
	"stages\tdirection\tretryable\tdefault_category\tdescription\twhen_seen\tfix_sender\t"     \
	"fix_receiver\ttypical_causes\tenhanced_codes\tverified\n"
#define ENHANCED                                                                                   \
	"code\tkind\tvendor\tclasses\tname\tidentifier\tbasic_codes\treference\tcategory\t"        \
	"specific\tmeaning\tverified\n"
#define SIGNATURES                                                                                 \
	"id\ttier\tpattern\tcategory\tprovider\texample_code\texample_enhanced\tapplies_to\t"      \
	"retry\tsource\tverified\n"
#define PROVIDERS "suffix\tprovider\tverified\n"

/* A row of each with every column right, but for the one that a case replaces. */
#define CODE_ROW(code, class, name, identifier, status, retryable, category)                       \
	code "\t" class "\tx\t" name "\t" identifier "\t-\t-\t" status "\t-\t-\t-\t" retryable     \
			"\t" category "\td\tw\ts\tr\t-\t-\t-\n"
#define ENHANCED_ROW(code, kind, vendor, classes, identifier, category, specific)                  \
	code "\t" kind "\t" vendor "\t" classes "\tN\t" identifier "\t-\t-\t" category             \
	     "\t" specific "\tmeaning\t-\n"
#define SIGNATURE_ROW(id, tier, pattern, category, applies_to, retry)                              \
	id "\t" tier "\t" pattern "\t" category "\town\t-\t-\t" applies_to "\t" retry "\t-\t-\n"

#define EIGHT "12345678"
#define LONG EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT /* one more than fits */

static struct smtpreply_catalogue *catalogue;
static char dir[] = "/tmp/smtpreply-overlay-XXXXXX";
static char message[1024];

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int setup(void **state)
{
	(void)state;
	message[0] = '\0';
	return smtpreply_catalogue_new(&catalogue);
}

static int empty_dir(void)
{
	char path[sizeof(dir) + 300];
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return -1;
	while ((entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)unlink(path);
	}
	return closedir(d);
}

static int teardown(void **state)
{
	(void)state;
	catalogue = smtpreply_catalogue_free(catalogue);
	return empty_dir();
}

static void put_bytes(const char *name, span_t bytes)
{
	char path[sizeof(dir) + 64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, span_str(text));
}

static int overlay(void)
{
	return smtpreply_catalogue_overlay(catalogue, dir, message, sizeof(message));
}

static enum smtpreply_category category_of(unsigned code, const char *text)
{
	const struct smtpreply_question q = { .code = (uint16_t)code, .text = span_str(text) };

	return smtpreply_classify(catalogue, &q);
}

static void a_code_gets_other_texts_and_keeps_its_identifier(void **state)
{
	const struct smtpreply_code *c;
	size_t n, before;

	(void)state;
	(void)smtpreply_codes(catalogue, &before);
	put("reply-codes.tsv",
	    CODES CODE_ROW("451", "4xx", "Our own", "local_error", "standard", "later", "policy"));
	assert_int_equal(overlay(), 0);
	c = smtpreply_code_find(catalogue, 451);
	assert_true(span_eq(c->name, SPAN("Our own")) && span_eq(c->description, SPAN("d")));
	assert_int_equal(category_of(451, "hello"), SMTPREPLY_CATEGORY_POLICY);
	(void)smtpreply_codes(catalogue, &n);
	assert_int_equal(n, before);
}

static void a_code_is_added_and_found(void **state)
{
	(void)state;
	put("reply-codes.tsv",
	    CODES CODE_ROW("599", "5xx", "New", "brand_new", "provider", "no", "greylisting"));
	assert_int_equal(overlay(), 0);
	assert_true(span_eq(smtpreply_code_find(catalogue, 599)->identifier, SPAN("brand_new")));
	assert_int_equal(category_of(599, "hello"), SMTPREPLY_CATEGORY_GREYLISTING);
	assert_non_null(smtpreply_code_find(catalogue, 101));
	assert_non_null(smtpreply_code_find(catalogue, 607));
}

static void an_enhanced_code_is_read_anew_for_one_provider(void **state)
{
	struct smtpreply_question q = { .code = 550, .enhanced = { 5, 7, 1 } };

	(void)state;
	put("enhanced-codes.tsv", ENHANCED ENHANCED_ROW("X.7.1", "vendor", "acme", "5", "acme_says",
							"mailbox_full", "yes"));
	put("providers.tsv", PROVIDERS "mail.example.org\tacme\t-\n");
	assert_int_equal(overlay(), 0);
	assert_int_equal(smtpreply_classify(catalogue, &q), SMTPREPLY_CATEGORY_POLICY);
	q.provider = smtpreply_provider_find(catalogue, SPAN("mx1.mail.example.org"));
	assert_true(q.provider > 0);
	assert_int_equal(smtpreply_classify(catalogue, &q), SMTPREPLY_CATEGORY_MAILBOX_FULL);
	q.enhanced.class = 4;
	assert_int_equal(smtpreply_classify(catalogue, &q), SMTPREPLY_CATEGORY_POLICY);
}

static void a_subject_gets_another_category(void **state)
{
	struct smtpreply_question q = { .code = 550, .enhanced = { 5, 7, 1 } };

	(void)state;
	put("enhanced-codes.tsv",
	    ENHANCED ENHANCED_ROW("X.7.X", "subject", "iana", "45", "seven", "tls", "no"));
	assert_int_equal(overlay(), 0);
	assert_int_equal(smtpreply_classify(catalogue, &q), SMTPREPLY_CATEGORY_TLS);
}

static void a_signature_is_replaced_or_added_in_front(void **state)
{
	(void)state;
	put("reply-signatures.tsv",
	    SIGNATURES SIGNATURE_ROW("sig434", "4", "spam", "tls", "any", "as_code") SIGNATURE_ROW(
		    "own1", "4", "greylisted widgets", "malware", "any", "no")
		    SIGNATURE_ROW("own2", "2", "n\xc3\xa3o * agora", "policy", "4xx", "later"));
	assert_int_equal(overlay(), 0);
	assert_int_equal(category_of(450, "spam"), SMTPREPLY_CATEGORY_TLS);
	assert_int_equal(category_of(450, "no greylisted widgets"), SMTPREPLY_CATEGORY_GREYLISTING);
	assert_int_equal(category_of(557, "n\xc3\xa3o, agora"), SMTPREPLY_CATEGORY_OTHER);
	assert_int_equal(category_of(450, "n\xc3\xa3o e agora"), SMTPREPLY_CATEGORY_POLICY);
}

static void an_added_generic_word_comes_before_those_built_in(void **state)
{
	(void)state;
	assert_int_equal(category_of(450, "policy of widgets"), SMTPREPLY_CATEGORY_POLICY);
	put("reply-signatures.tsv",
	    SIGNATURES SIGNATURE_ROW("own1", "4", "widgets", "malware", "any", "no"));
	assert_int_equal(overlay(), 0);
	assert_int_equal(category_of(450, "policy of widgets"), SMTPREPLY_CATEGORY_MALWARE);
}

static void a_suffix_is_given_to_another_provider(void **state)
{
	size_t n;
	unsigned i;

	(void)state;
	put("providers.tsv", PROVIDERS "google.com\tours\t-\nl.google.com\tother\t-\n");
	assert_int_equal(overlay(), 0);
	i = smtpreply_provider_find(catalogue, SPAN("mx.google.com"));
	assert_true(span_eq(smtpreply_providers(catalogue, &n)[i], SPAN("ours")));
	assert_int_equal(smtpreply_provider_find(catalogue, SPAN("aspmx.l.google.com")), 0);
}

static void overlays_lie_over_each_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		put("reply-signatures.tsv",
		    i == 1 ? SIGNATURES SIGNATURE_ROW("own", "4", "zzz", "tls", "any", "no")
			   : SIGNATURES SIGNATURE_ROW("own", "4", "zzz", "policy", "any", "no"));
		assert_int_equal(overlay(), 0);
		assert_int_equal(category_of(450, "zzz"),
				 i == 1 ? SMTPREPLY_CATEGORY_TLS : SMTPREPLY_CATEGORY_POLICY);
	}
}

static void nothing_to_read_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(overlay(), 0);
	put("README.md", "not a table");
	put("reply-codes.tsv", CODES);
	put("providers.tsv", PROVIDERS "mail.example.org\tacme\t-"); /* no newline at the end */
	assert_int_equal(overlay(), 0);
	assert_true(smtpreply_provider_find(catalogue, SPAN("mail.example.org")) > 0);
}

#define GOOD_SIGNATURE SIGNATURE_ROW("own", "4", "abc", "tls", "any", "no")

/* What is wrong is in line 2 where nothing else is said. */
static const struct {
	const char *file, *text, *where, *reason;
} bad[] = {
	{ "reply-codes.tsv", "", ":1: ", "header" },
	{ "reply-codes.tsv", "code\n", ":1: ", "header" },
	{ "providers.tsv", CODES, ":1: ", "header" },
	{ "providers.tsv", PROVIDERS "a.example\tb\n", ":2: ", "fields" },
	{ "providers.tsv", PROVIDERS "\n", ":2: ", "fields" },
	{ "providers.tsv", PROVIDERS "a.example\tb\t-\r\n", ":2: ", "control character" },
	{ "providers.tsv", PROVIDERS "a.example\tb\t\xff\n", ":2: ", "UTF-8" },
	{ "providers.tsv", PROVIDERS "a.example\tb\t\xed\xa0\x80\n", ":2: ", "UTF-8" },
	{ "providers.tsv", PROVIDERS "a.example\tb\t\xc3", ":2: ", "UTF-8" },
	{ "providers.tsv", PROVIDERS "A.example\tb\t-\n", ":2: ", "suffix" },
	{ "providers.tsv", PROVIDERS ".example\tb\t-\n", ":2: ", "suffix" },
	{ "providers.tsv", PROVIDERS "a..example\tb\t-\n", ":2: ", "suffix" },
	{ "providers.tsv", PROVIDERS "example.\tb\t-\n", ":2: ", "suffix" },
	{ "providers.tsv", PROVIDERS "-\tb\t-\n", ":2: ", "suffix" },
	{ "providers.tsv", PROVIDERS "a.example\tB\t-\n", ":2: ", "provider" },
	{ "providers.tsv", PROVIDERS "a.example\t-\t-\n", ":2: ", "provider" },
	{ "providers.tsv", PROVIDERS "a.example\tb\t-\na.example\tc\t-\n", ":3: ", "twice" },
	{ "reply-codes.tsv", CODES CODE_ROW("45", "4xx", "n", "i", "draft", "no", "other"),
	  ":2: ", "100 to 699" },
	{ "reply-codes.tsv", CODES CODE_ROW("4510", "4xx", "n", "i", "draft", "no", "other"),
	  ":2: ", "100 to 699" },
	{ "reply-codes.tsv", CODES CODE_ROW("700", "7xx", "n", "i", "draft", "no", "other"),
	  ":2: ", "100 to 699" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "5xx", "n", "i", "draft", "no", "other"),
	  ":2: ", "class" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "n", "I", "draft", "no", "other"),
	  ":2: ", "identifier" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "n", "-", "draft", "no", "other"),
	  ":2: ", "identifier" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "n", "unlisted", "draft", "no", "other"),
	  ":2: ", "identifier" },
	{ "reply-codes.tsv",
	  CODES CODE_ROW("480", "4xx", "n", "local_error", "draft", "no", "other"),
	  ":2: ", "another code" },
	{ "reply-codes.tsv", CODES CODE_ROW("451", "4xx", "n", "renamed", "draft", "no", "other"),
	  ":2: ", "may not change" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "-", "i", "draft", "no", "other"),
	  ":2: ", "name" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "n", "i", "odd", "no", "other"),
	  ":2: ", "status" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "n", "i", "draft", "maybe", "other"),
	  ":2: ", "retryable" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "n", "i", "draft", "no", "odd"),
	  ":2: ", "category" },
	{ "reply-codes.tsv", CODES CODE_ROW("480", "4xx", "n", "i", "draft", "no", "ok"),
	  ":2: ", "category" },
	{ "reply-codes.tsv", CODES CODE_ROW("280", "2xx", "n", "i", "draft", "n/a", "other"),
	  ":2: ", "category" },
	{ "reply-codes.tsv",
	  CODES CODE_ROW("480", "4xx", "n", "i", "draft", "no", "other")
		  CODE_ROW("481", "4xx", "n", "i", "draft", "no", "other"),
	  ":3: ", "another code" },
	{ "enhanced-codes.tsv", ENHANCED ENHANCED_ROW("X.7.1", "odd", "a", "5", "i", "tls", "yes"),
	  ":2: ", "kind" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("5.7.1", "vendor", "a", "5", "i", "tls", "yes"), ":2: ", "form" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1000", "vendor", "a", "5", "i", "tls", "yes"),
	  ":2: ", "form" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.77.X", "subject", "iana", "5", "i", "tls", "yes"),
	  ":2: ", "form" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1", "vendor", "a", "3", "i", "tls", "yes"),
	  ":2: ", "classes" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1", "vendor", "A", "5", "i", "tls", "yes"), ":2: ", "vendor" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1", "vendor", "iana", "5", "i", "tls", "yes"),
	  ":2: ", "vendor" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1", "detail", "a", "5", "i", "tls", "yes"), ":2: ", "vendor" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1", "vendor", "a", "5", "i i", "tls", "yes"),
	  ":2: ", "identifier" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1", "vendor", "a", "5", "i", "odd", "yes"),
	  ":2: ", "category" },
	{ "enhanced-codes.tsv",
	  ENHANCED ENHANCED_ROW("X.7.1", "vendor", "a", "5", "i", "tls", "maybe"),
	  ":2: ", "specific" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("A", "4", "abc", "tls", "any", "no"),
	  ":2: ", "id" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "0", "abc", "tls", "any", "no"),
	  ":2: ", "tier" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "5", "abc", "tls", "any", "no"),
	  ":2: ", "tier" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "44", "abc", "tls", "any", "no"),
	  ":2: ", "tier" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "aBc", "tls", "any", "no"),
	  ":2: ", "upper-case" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "ab", "tls", "any", "no"),
	  ":2: ", "shorter" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "-", "tls", "any", "no"),
	  ":2: ", "shorter" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "abc*", "tls", "any", "no"),
	  ":2: ", "*" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "*abc", "tls", "any", "no"),
	  ":2: ", "*" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "a**bc", "tls", "any", "no"),
	  ":2: ", "*" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", LONG, "tls", "any", "no"),
	  ":2: ", "63" },
	{ "reply-signatures.tsv",
	  SIGNATURES SIGNATURE_ROW("a", "4", "a*b*c*d*e*f*g*h*i", "tls", "any", "no"),
	  ":2: ", "parts" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "abc", "odd", "any", "no"),
	  ":2: ", "category" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "abc", "ok", "any", "no"),
	  ":2: ", "category" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "abc", "tls", "all", "no"),
	  ":2: ", "applies_to" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "abc", "tls", "2xx", "no"),
	  ":2: ", "applies_to" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "abc", "tls", "-", "no"),
	  ":2: ", "applies_to" },
	{ "reply-signatures.tsv", SIGNATURES SIGNATURE_ROW("a", "4", "abc", "tls", "any", "odd"),
	  ":2: ", "retry" },
	{ "reply-signatures.tsv", SIGNATURES "a\t4\tabc\ttls\town\t250\t-\tany\tno\t-\t-\n",
	  ":2: ", "example" },
	{ "reply-signatures.tsv", SIGNATURES "a\t4\tabc\ttls\town\t550\t5.x.1\tany\tno\t-\t-\n",
	  ":2: ", "example" },
	{ "reply-signatures.tsv", SIGNATURES GOOD_SIGNATURE GOOD_SIGNATURE, ":3: ", "twice" },
	{ "signatures.tsv", SIGNATURES GOOD_SIGNATURE, "signatures.tsv: ", "not a table" },
};

static void a_bad_row_is_refused_with_file_line_and_reason(void **state)
{
	size_t n, before;

	(void)state;
	(void)smtpreply_signatures(catalogue, &before);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		message[0] = '\0';
		assert_int_equal(empty_dir(), 0);
		/* What is good in another file is not taken either. */
		put("reply-signatures.tsv", SIGNATURES GOOD_SIGNATURE);
		put(bad[i].file, bad[i].text);
		check(overlay() == -EBADMSG, "case %zu", i);
		check(strstr(message, bad[i].file) && strstr(message, bad[i].where) &&
			      strstr(message, bad[i].reason),
		      "case %zu: %s", i, message);
		(void)smtpreply_signatures(catalogue, &n);
		check(n == before, "case %zu", i);
	}
	assert_int_equal(category_of(450, "abc"), SMTPREPLY_CATEGORY_OTHER);
	assert_null(smtpreply_code_find(catalogue, 480));
}

static void nul_bytes_are_refused(void **state)
{
	(void)state;
	put_bytes("providers.tsv", SPAN(PROVIDERS "a.example\tb\t\0\n"));
	assert_int_equal(overlay(), -EBADMSG);
	assert_non_null(strstr(message, ":2: "));
}

static void what_cannot_be_read_is_named(void **state)
{
	char path[sizeof(dir) + 32];

	(void)state;
	assert_int_equal(smtpreply_catalogue_overlay(catalogue, "/nonexistent/dir", message,
						     sizeof(message)),
			 -ENOENT);
	assert_non_null(strstr(message, "/nonexistent/dir"));

	snprintf(path, sizeof(path), "%s/providers.tsv", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(overlay(), -EINVAL);
	assert_non_null(strstr(message, "providers.tsv"));

	/* A link to nowhere is no missing file: a reload would drop its rows without a word. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nonexistent/providers.tsv", path), 0);
	assert_int_equal(overlay(), -ENOENT);
	assert_non_null(strstr(message, "providers.tsv"));
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	char path[sizeof(dir) + 32];

	(void)state;
	snprintf(path, sizeof(path), "%s/providers.tsv", dir);
	put("providers.tsv", PROVIDERS);
	assert_int_equal(truncate(path, 4 * 1024 * 1024 + 1), 0);
	assert_int_equal(overlay(), -EFBIG);
}

/* N rows, in which `%u` of FORMAT counts. */
#define put_many(name, header, format, n_rows)                                                     \
	do {                                                                                       \
		static char many[1 << 20];                                                         \
		size_t used = (size_t)snprintf(many, sizeof(many), header);                        \
		for (unsigned i = 0; i < (n_rows); i++)                                            \
			used += (size_t)snprintf(many + used, sizeof(many) - used, format, i);     \
		put_bytes(name, span_make(many, used));                                            \
	} while (0)

static void limits_are_refused_and_not_cut(void **state)
{
	(void)state;
	put_many("providers.tsv", PROVIDERS, "a%u.example\tb\t-\n", 8192);
	assert_int_equal(overlay(), 0);
	put_many("providers.tsv", PROVIDERS, "a%u.example\tb\t-\n", 8193);
	assert_int_equal(overlay(), -EBADMSG);
	assert_non_null(strstr(message, "providers.tsv:8194: the file has too many rows"));

	put_many("providers.tsv", PROVIDERS, "a%1$u.example\tp%1$u\t-\n", 256);
	assert_int_equal(overlay(), -EBADMSG);
	assert_non_null(strstr(message, "more than 255 providers"));
	assert_int_equal(empty_dir(), 0);

	put_many("reply-signatures.tsv", SIGNATURES,
		 SIGNATURE_ROW("s%u", "4", "abc*def", "tls", "any", "no"), 257);
	assert_int_equal(overlay(), -EBADMSG);
	assert_non_null(strstr(message, "too many signatures"));
	assert_int_equal(category_of(450, "abc def"), SMTPREPLY_CATEGORY_OTHER);
}

static void a_message_is_cut_at_its_size(void **state)
{
	char small[8] = "untouch";

	(void)state;
	put("providers.tsv", "");
	assert_int_equal(smtpreply_catalogue_overlay(catalogue, dir, small, sizeof(small)),
			 -EBADMSG);
	assert_int_equal(strlen(small), sizeof(small) - 1);
	assert_int_equal(smtpreply_catalogue_overlay(catalogue, dir, NULL, 0), -EBADMSG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_code_gets_other_texts_and_keeps_its_identifier),
		TEST(a_code_is_added_and_found),
		TEST(an_enhanced_code_is_read_anew_for_one_provider),
		TEST(a_subject_gets_another_category),
		TEST(a_signature_is_replaced_or_added_in_front),
		TEST(an_added_generic_word_comes_before_those_built_in),
		TEST(a_suffix_is_given_to_another_provider),
		TEST(overlays_lie_over_each_other),
		TEST(nothing_to_read_is_no_error),
		TEST(a_bad_row_is_refused_with_file_line_and_reason),
		TEST(nul_bytes_are_refused),
		TEST(what_cannot_be_read_is_named),
		TEST(a_file_that_is_too_large_is_refused),
		TEST(limits_are_refused_and_not_cut),
		TEST(a_message_is_cut_at_its_size),
	};

	return cmocka_run_group_tests_name("overlay", tests, make_dir, remove_dir);
}
