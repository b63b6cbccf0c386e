/* SPDX-License-Identifier: Apache-2.0 */

#include "state/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "count/tally.h"
#include "testing.h"
#include "util/buf.h"

#define NOW UINT64_C(1700000000000000)
#define POSITION "s=1;i=2 1 1 17 18"
#define MAGIC "smtp_reply_exporter state 1\n"
/* Hashes that share a set of the collapse table. */
#define SHARED(i) (UINT64_C(7) + (uint64_t)COLLAPSE_SETS * (i))

/* One side of a checkpoint: what is saved, or what it is restored into. */
struct numbers {
	struct smtpreply_catalogue *catalogue;
	struct registry *registry;
	struct tally *tally;
	struct collapse *collapse;
};

/* FNV-1a with 64 bits, as anybody else would write it. */
static uint64_t checksum(span_t text)
{
	uint64_t h = 14695981039346656037u;

	for (const char *p = text.ptr; p < text.ptr + text.len; p++)
		h = (h ^ (uint8_t)*p) * 1099511628211u;
	return h;
}

static struct numbers one, two;
static char directory[] = "/tmp/checkpoint.XXXXXX";
static char path[64], path_new[80], path_aside[80];

static const span_t text_value[] = { SPAN_INIT("1.2.3") };

static void numbers_new(struct numbers *n)
{
	assert_int_equal(smtpreply_catalogue_new(&n->catalogue), 0);
	assert_int_equal(registry_new(&n->registry), 0);
	assert_int_equal(tally_new(&n->tally, n->registry, n->catalogue), 0);
	registry_domain(n->registry, LABEL_source, text_value, 1, 0);
	registry_domain(n->registry, LABEL_version, text_value, 1, 0);
	registry_domain(n->registry, LABEL_libsystemd, text_value, 1, 0);
	registry_domain(n->registry, LABEL_libmicrohttpd, text_value, 1, 0);
	n->collapse = calloc(1, sizeof(*n->collapse));
	assert_non_null(n->collapse);
}

static void numbers_done(struct numbers *n)
{
	tally_free(n->tally);
	registry_free(n->registry);
	smtpreply_catalogue_free(n->catalogue);
	free(n->collapse);
}

static struct checkpoint checkpoint_of(const struct numbers *n)
{
	return (struct checkpoint){
		.registry = n->registry,
		.collapse = n->collapse,
		.position = SPAN_INIT(POSITION),
	};
}

static int set_up(void **state)
{
	(void)state;
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/state", directory);
	snprintf(path_new, sizeof(path_new), "%s.new", path);
	snprintf(path_aside, sizeof(path_aside), "%s.unusable", path);
	numbers_new(&one);
	numbers_new(&two);
	return 0;
}

static void remove_path(const char *name)
{
	if (unlink(name) < 0 && (errno == EISDIR || errno == EPERM))
		(void)rmdir(name);
}

static int tear_down(void **state)
{
	(void)state;
	remove_path(path);
	remove_path(path_new);
	remove_path(path_aside);
	assert_int_equal(rmdir(directory), 0);
	numbers_done(&one);
	numbers_done(&two);
	return 0;
}

static int save(const struct numbers *n)
{
	struct checkpoint c = checkpoint_of(n);

	return checkpoint_save(path, &c);
}

/* Returns what checkpoint_load() does; restores into N if it can. */
static int restore(const struct numbers *n)
{
	struct checkpoint c = checkpoint_of(n);
	struct checkpoint_file *file;
	int r = checkpoint_load(path, &file);

	if (r != 0)
		return r;
	assert_true(span_eq(checkpoint_position(file), SPAN(POSITION)));
	checkpoint_restore(file, &c);
	checkpoint_file_free(file);
	return 0;
}

static void write_text(const char *name, span_t text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.ptr, text.len), (ssize_t)text.len);
	close(fd);
}

static void read_text(const char *name, struct buf *out)
{
	char chunk[4096];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	buf_clear(out);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, span_make(chunk, (size_t)n));
	assert_int_equal(n, 0);
	close(fd);
}

/* A state with these RECORDS and a checksum that fits. */
static void write_records(const char *records)
{
	struct buf text = BUF_NULL;

	buf_add_str(&text, MAGIC);
	buf_add_str(&text, records);
	buf_printf(&text, "end %016llx\n", (unsigned long long)checksum(buf_span(&text)));
	write_text(path, buf_span(&text));
	buf_done(&text);
}

static bool exists(const char *name)
{
	return access(name, F_OK) == 0;
}

static unsigned values_of(enum family family)
{
	return registry_family(family)->type == METRIC_HISTOGRAM ? HISTOGRAM_VALUES : 1;
}

static bool is_kept(enum family family)
{
	const struct family_info *f = registry_family(family);

	return f->group != GROUP_PROCESS && f->type != METRIC_GAUGE;
}

static uint64_t total(const struct registry *registry, enum family family)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < registry_series_n(registry, family); i++)
		sum += registry_series((struct registry *)registry, family, i)->value[0];
	return sum;
}

static void check_same_family(enum family family)
{
	const char *name = registry_family(family)->name;

	check(registry_series_n(one.registry, family) == registry_series_n(two.registry, family),
	      "%s", name);
	for (unsigned i = 0; i < registry_series_n(one.registry, family); i++) {
		const struct series *a = registry_series(one.registry, family, i);
		const struct series *b = registry_series(two.registry, family, i);

		check(a->key == b->key && a->held == b->held &&
			      a->first_shown_usec == b->first_shown_usec,
		      "%s series %u", name, i);
		check(memcmp(a->value, b->value, values_of(family) * sizeof(*a->value)) == 0,
		      "%s series %u", name, i);
	}
}

static void check_same_numbers(void)
{
	for (unsigned f = 0; f < _FAMILY_MAX; f++)
		if (is_kept((enum family)f))
			check_same_family((enum family)f);
	check_same_family(FAMILY_LAST_ENTRY);
}

/* Nothing but what tally_new() declares. */
static void check_nothing_restored(void)
{
	for (unsigned f = 0; f < _FAMILY_MAX; f++)
		check(total(two.registry, (enum family)f) == 0 || f == FAMILY_CODE_INFO, "%s",
		      registry_family((enum family)f)->name);
}

/* Different numbers in every series there is, and series that were not declared. */
static void fill(struct numbers *n)
{
	struct registry *r = n->registry;
	uint64_t number = 1;

	for (unsigned i = 0; i < 20; i++) {
		registry_add(r, FAMILY_CLIENT_REPLIES, KEY4(0, i % 2, i, 0), 1);
		registry_add(r, FAMILY_CLIENT_REPLY_STAGES, KEY4(0, 0, i, i % 8), 1);
		registry_add(r, FAMILY_CLIENT_REPLY_ENHANCED, KEY4(0, 1, i, 2 * i), 1);
		registry_add(r, FAMILY_SERVER_REPLY_STAGES, KEY3(0, i, i % 8), 1);
		registry_add(r, FAMILY_SERVER_REPLY_ENHANCED, KEY3(0, i, i), 1);
		registry_observe(r, FAMILY_CLIENT_DELAY, KEY1(0), i * i * 100000);
		registry_observe(r, FAMILY_CLIENT_PHASE, KEY2(0, i % 4), UINT64_MAX / 64 / (i + 1));
	}
	registry_add(r, FAMILY_ENTRIES_READ, KEY0, 1);
	registry_add(r, FAMILY_JOURNALD_DROPPED, KEY0, 1);
	registry_set(r, FAMILY_LAST_ENTRY, KEY1(0), NOW);
	for (unsigned f = 0; f < _FAMILY_MAX; f++) {
		for (unsigned i = 0; is_kept((enum family)f) && i < registry_series_n(r, f); i++) {
			struct series *s = registry_series(r, (enum family)f, i);

			s->value[0] += number++;
			s->held = number % 3 == 0;
			s->first_shown_usec = number % 2 ? NOW + number : 0;
		}
	}
}

static void everything_comes_back(void **state)
{
	(void)state;
	fill(&one);
	assert_int_equal(save(&one), 0);
	assert_int_equal(restore(&two), 0);
	check_same_numbers();
}

static void the_largest_numbers_come_back(void **state)
{
	static const uint64_t numbers[] = { 0, 1, UINT64_MAX / 10, UINT64_MAX - 1, UINT64_MAX };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
		registry_add(one.registry, FAMILY_CLIENT_FAILURES, KEY2(0, i), numbers[i]);
	assert_int_equal(save(&one), 0);
	assert_int_equal(restore(&two), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_true(registry_get(two.registry, FAMILY_CLIENT_FAILURES, KEY2(0, i)) ==
			    numbers[i]);
}

/* All that a family can hold, and as much again in "other". */
static void a_full_family_comes_back(void **state)
{
	enum family family = FAMILY_CLIENT_REPLY_ENHANCED;
	unsigned n = 0;

	(void)state;
	for (unsigned code = 0; code < 60; code++)
		for (unsigned enhanced = 2; enhanced < 62; enhanced++, n++)
			registry_add(one.registry, family, KEY4(0, 0, code, enhanced), 1);
	assert_true(registry_series_n(one.registry, family) > registry_family(family)->cap);
	assert_int_equal(save(&one), 0);
	assert_int_equal(restore(&two), 0);
	assert_int_equal(total(two.registry, family), n);
	check_same_family(family);
	assert_int_equal(registry_overflows(two.registry), 0);
}

static void the_collapse_table_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 3000; i++)
		(void)collapse_seen(one.collapse, i * UINT64_C(0x9e3779b97f4a7c15), NOW + i, 0);
	for (unsigned i = 0; i < 6; i++)
		(void)collapse_seen(one.collapse, SHARED(i), NOW + i, 0);
	(void)collapse_seen(one.collapse, SHARED(3), NOW + 9, 0);
	(void)collapse_seen(one.collapse, UINT64_MAX, 0, 0);
	assert_int_equal(save(&one), 0);
	assert_int_equal(restore(&two), 0);
	assert_memory_equal(one.collapse, two.collapse, sizeof(*one.collapse));
}

static void gauges_and_the_process_do_not_come_back(void **state)
{
	(void)state;
	registry_set(one.registry, FAMILY_SOURCE_UP, KEY0, 1);
	registry_set(one.registry, FAMILY_STATE_SAVED, KEY0, NOW);
	registry_set(one.registry, FAMILY_PROCESS_CPU, KEY0, 7);
	assert_int_equal(save(&one), 0);
	assert_int_equal(restore(&two), 0);
	check_nothing_restored();
}

static void what_this_version_does_not_know_is_left_out(void **state)
{
	static const char *const records[] = {
		"series smtp_client_dreams_total 0 0 1 mta=postfix\n",
		"series smtp_client_failures_total 0 0 1 mta=postfix cause=weather\n",
		"series smtp_client_failures_total 0 0 1 mta=pigeon cause=dns\n",
		"series smtp_client_failures_total 0 0 1 mta=postfix reason=dns\n",
		"series smtp_client_failures_total 0 0 1 cause=dns mta=postfix\n",
		"series smtp_client_failures_total 0 0 1 mta=postfix\n",
		"series smtp_client_failures_total 0 0 1 mta=postfix cause=dns more=labels\n",
		"series smtp_client_failures_total 0 0 1 1 mta=postfix cause=dns\n",
		"series smtp_client_failures_total 0 0 -1 mta=postfix cause=dns\n",
		"series smtp_client_failures_total 0 0 18446744073709551616 mta=postfix cause=dns\n",
		"series smtp_client_failures_total 0 0  mta=postfix cause=dns\n",
		"series smtp_client_failures_total 0 x 1 mta=postfix cause=dns\n",
		"series smtp_client_delivery_delay_seconds 0 0 1 mta=postfix\n",
		"series smtp_reply_exporter_source_up 0 0 1 source=1.2.3\n",
		"series process_max_fds 0 0 1\n",
		"series \n",
		"series\n",
		"collapse 0 5\n",
		"collapse 5\n",
		"collapse 5 5 5\n",
		"collapse x 5\n",
		"\n",
		"dream 1 2 3\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		struct buf text = BUF_NULL;

		buf_add_str(&text, "position " POSITION "\n");
		buf_add_str(&text, records[i]);
		buf_add_str(&text,
			    "series smtp_client_failures_total 0 0 5 mta=postfix cause=tls\n");
		buf_add_char(&text, '\0');
		write_records(text.data);
		buf_done(&text);
		check(restore(&two) == 0, "%s", records[i]);
		check(total(two.registry, FAMILY_CLIENT_FAILURES) == 5, "%s", records[i]);
		check(total(two.registry, FAMILY_SOURCE_UP) == 0, "%s", records[i]);
	}
	assert_memory_equal(one.collapse, two.collapse, sizeof(*one.collapse)); /* both empty */
}

/* All or nothing: whichever byte is wrong, and wherever the file ends. */
static void damage_is_noticed(void **state)
{
	struct buf good = BUF_NULL, bad = BUF_NULL;

	(void)state;
	fill(&one);
	assert_int_equal(save(&one), 0);
	read_text(path, &good);
	for (size_t i = 0; i < good.len; i += 1 + good.len / 2000) {
		good.data[i] = (char)(good.data[i] ^ (1 << i % 8));
		write_text(path, buf_span(&good));
		good.data[i] = (char)(good.data[i] ^ (1 << i % 8));
		check(restore(&two) == CHECKPOINT_E_UNUSABLE, "byte %zu", i);
		write_text(path, span_head(buf_span(&good), i));
		check(restore(&two) == CHECKPOINT_E_UNUSABLE, "%zu bytes", i);
		assert_false(exists(path));
	}
	read_text(path_aside, &bad);
	assert_true(bad.len < good.len);
	check_nothing_restored();
	write_text(path, buf_span(&good));
	assert_int_equal(restore(&two), 0);
	check_same_numbers();
	buf_done(&good);
	buf_done(&bad);
}

/* Whatever becomes of the program, files of this version have this checksum. */
static void the_format_stays(void **state)
{
	static const char text[] = MAGIC
		"position " POSITION "\n"
		"series smtp_client_failures_total 1 1700000000000000 5 mta=postfix cause=tls\n"
		"collapse 7 1700000000000000\n"
		"end 2e643167dd9642ed\n";

	(void)state;
	write_text(path, SPAN(text));
	assert_int_equal(restore(&two), 0);
	assert_int_equal(total(two.registry, FAMILY_CLIENT_FAILURES), 5);
	assert_true(collapse_seen(two.collapse, 7, NOW, 0));
}

static void other_files_are_set_aside(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		MAGIC,
		"smtp_reply_exporter state 2\nend 0000000000000000\n",
		"some other program's file\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		write_text(path, span_str(texts[i]));
		check(restore(&two) == CHECKPOINT_E_UNUSABLE, "%zu", i);
		check(!exists(path) && exists(path_aside), "%zu", i);
	}
	/* A checksum alone is not enough. */
	write_records("");
	assert_int_equal(restore(&two), CHECKPOINT_E_UNUSABLE);
	write_records("series smtp_client_failures_total 0 0 5 mta=postfix cause=tls\n");
	assert_int_equal(restore(&two), CHECKPOINT_E_UNUSABLE);
	check_nothing_restored();
}

static void a_directory_is_set_aside(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(restore(&two), CHECKPOINT_E_UNUSABLE);
	assert_int_equal(save(&one), 0);
}

static void no_file_is_no_damage(void **state)
{
	(void)state;
	assert_int_equal(restore(&two), CHECKPOINT_E_NONE);
	assert_false(exists(path_aside));
}

static void what_a_crash_left_does_no_harm(void **state)
{
	struct buf text = BUF_NULL;
	struct stat st;

	(void)state;
	fill(&one);
	assert_int_equal(save(&one), 0);
	write_text(path_new, SPAN("half a li"));
	assert_int_equal(chmod(path_new, 0666), 0);
	assert_int_equal(restore(&two), 0);
	check_same_numbers();
	assert_int_equal(save(&one), 0);
	assert_false(exists(path_new));
	assert_int_equal(restore(&two), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_done(&text);
}

/* Somebody who may write there could have it point anywhere. */
static void a_link_under_the_other_name_is_not_followed(void **state)
{
	(void)state;
	assert_int_equal(symlink("victim", path_new), 0);
	(void)save(&one);
	assert_int_equal(unlink(path_new) == 0 || errno == ENOENT, 1);
	assert_int_equal(faccessat(AT_FDCWD, directory, F_OK, 0), 0);
	snprintf(path_new, sizeof(path_new), "%s/victim", directory);
	assert_false(exists(path_new));
}

static void errors_leave_the_old_file(void **state)
{
	struct checkpoint c = checkpoint_of(&one);
	char missing[96];

	(void)state;
	snprintf(missing, sizeof(missing), "%s/none/state", directory);
	assert_int_equal(checkpoint_save(missing, &c), -ENOENT);
	snprintf(missing, sizeof(missing), "%s/state", path);
	registry_add(one.registry, FAMILY_CLIENT_FAILURES, KEY2(0, 0), 5);
	assert_int_equal(save(&one), 0);
	assert_int_equal(checkpoint_save(missing, &c), -ENOTDIR);

	registry_add(one.registry, FAMILY_CLIENT_FAILURES, KEY2(0, 0), 1);
	assert_int_equal(mkdir(path_new, 0700), 0);
	assert_true(save(&one) < 0);
	assert_int_equal(restore(&two), 0);
	assert_int_equal(total(two.registry, FAMILY_CLIENT_FAILURES), 5);
}

static void a_directory_without_permission(void **state)
{
	uid_t uid = geteuid();

	(void)state;
	assert_int_equal(chmod(directory, 0500), 0);
	/* Root may write anywhere, so that it has to be somebody else for a moment. */
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(save(&one), -EACCES);
	if (uid == 0)
		assert_int_equal(seteuid(uid), 0);
	assert_int_equal(chmod(directory, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_largest_numbers_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_family_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_collapse_table_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gauges_and_the_process_do_not_come_back, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_this_version_does_not_know_is_left_out, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(damage_is_noticed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_format_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_files_are_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_directory_is_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_file_is_no_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_crash_left_does_no_harm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_under_the_other_name_is_not_followed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(errors_leave_the_old_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_directory_without_permission, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
