/* SPDX-License-Identifier: Apache-2.0 */

#include "state/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/cursor.h"

/* Caps of the families bound the file to about a megabyte; anything larger is not ours. */
#define FILE_MAX ((size_t)16 * 1024 * 1024)
#define LINE_FIELDS_MAX (HISTOGRAM_VALUES + FAMILY_LABELS_MAX + 8u)

static const span_t magic = SPAN_INIT("smtp_reply_exporter state 1\n");

/* FNV-1a. Part of the format: a change needs another version in MAGIC. */
static uint64_t checksum(span_t text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
	return h;
}

struct checkpoint_file {
	struct buf text;
	span_t position, records; /* in TEXT; records end before the checksum */
};

/* Writing */

/*
 * Gauges are of the moment; when a mail server wrote last is not. Errors since the last save cannot be
 * counted again after a crash, so these counters start at 0 rather than go down a little.
 */
static bool is_kept(enum family family)
{
	const struct family_info *f = registry_family(family);

	if (family == FAMILY_STATE_ERRORS || family == FAMILY_SOURCE_ERRORS ||
	    family == FAMILY_SOURCE_REOPENS)
		return false;
	return f->group != GROUP_PROCESS &&
	       (f->type != METRIC_GAUGE || family == FAMILY_LAST_ENTRY);
}

static unsigned values_of(const struct family_info *f)
{
	return f->type == METRIC_HISTOGRAM ? HISTOGRAM_VALUES : 1;
}

static void add_field(struct buf *out, uint64_t v)
{
	buf_add_char(out, ' ');
	buf_add_u64(out, v);
}

static void add_series(struct buf *out, const struct registry *registry,
		       const struct family_info *f, const struct series *s)
{
	buf_add(out, SPAN("series "));
	buf_add_str(out, f->name);
	add_field(out, s->held);
	add_field(out, s->first_shown_usec);
	for (unsigned i = 0; i < values_of(f); i++)
		add_field(out, s->value[i]);
	for (unsigned i = 0; i < f->n_labels; i++) {
		buf_add_char(out, ' ');
		buf_add_str(out, label_names[f->label[i]]);
		buf_add_char(out, '=');
		buf_add(out,
			registry_label_value(registry, f->label[i], key_slot(s->key, f->slot[i])));
	}
	buf_add_char(out, '\n');
}

static void add_family(struct buf *out, struct registry *registry, enum family family)
{
	for (unsigned i = 0; i < registry_series_n(registry, family); i++)
		add_series(out, registry, registry_family(family),
			   registry_series(registry, family, i));
}

static void add_registry(struct buf *out, struct registry *registry)
{
	for (unsigned i = 0; i < _FAMILY_MAX; i++)
		if (is_kept((enum family)i))
			add_family(out, registry, (enum family)i);
}

/* From the oldest of a set to the newest, so that reading them in turn gives the same table. */
static void add_collapse(struct buf *out, const struct collapse *collapse)
{
	for (unsigned set = 0; set < COLLAPSE_SETS; set++) {
		for (unsigned way = COLLAPSE_WAYS; way-- > 0;) {
			const struct collapse_entry *e = &collapse->set[set][way];

			if (e->hash == 0)
				continue;
			buf_add(out, SPAN("collapse"));
			add_field(out, e->hash);
			add_field(out, e->first_usec);
			buf_add_char(out, '\n');
		}
	}
}

void checkpoint_write(const struct checkpoint *c, struct buf *out)
{
	buf_add(out, magic);
	buf_add(out, SPAN("position "));
	buf_add(out, c->position);
	buf_add_char(out, '\n');
	add_registry(out, c->registry);
	add_collapse(out, c->collapse);
	buf_printf(out, "end %016llx\n", (unsigned long long)checksum(buf_span(out)));
}

static int write_all(int fd, span_t s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s = span_tail(s, (size_t)n);
	}
	return 0;
}

/* A rename is only there after a crash if its directory was written. */
static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, r = 0;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int write_file(const char *path, span_t text)
{
	int fd, r;

	/* What a crash left behind has an owner and a mode that are not to be trusted. */
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* PATH with SUFFIX behind it, which the caller frees. */
static char *with_suffix(const char *path, const char *suffix)
{
	char *name;

	return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

static int replace_file(const char *path, span_t text)
{
	char *temporary = with_suffix(path, ".new");
	int r;

	if (!temporary)
		return -ENOMEM;
	r = write_file(temporary, text);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	else
		r = sync_directory(path);
	free(temporary);
	return r;
}

int checkpoint_save(const char *path, const struct checkpoint *checkpoint)
{
	struct buf out = BUF_NULL;
	int r;

	checkpoint_write(checkpoint, &out);
	r = out.failed ? -ENOMEM : replace_file(path, buf_span(&out));
	buf_done(&out);
	return r;
}

/* Reading */

static int read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = 0;
	char chunk[16384];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	while ((n = read(fd, chunk, sizeof(chunk))) != 0 && out->len <= FILE_MAX) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			break;
		}
		buf_add(out, span_make(chunk, (size_t)n));
	}
	close(fd);
	return r < 0 ? r : out->failed ? -ENOMEM : 0;
}

/* Checks first line, last line and checksum; *RET_RECORDS is what stands between. */
static bool check_text(span_t text, span_t *ret_records)
{
	static const span_t end = SPAN_INIT("end ");
	size_t last = end.len + 16 + 1;
	char expected[32];
	span_t body;

	if (text.len > FILE_MAX || text.len < magic.len + last || !span_starts(text, magic))
		return false;
	body = span_head(text, text.len - last);
	snprintf(expected, sizeof(expected), "end %016llx\n", (unsigned long long)checksum(body));
	if (!span_eq(span_tail(text, body.len), span_str(expected)))
		return false;
	*ret_records = span_tail(body, magic.len);
	return true;
}

/* `position TEXT`, the first record. */
static bool take_position(span_t *records, span_t *ret)
{
	struct cursor at = cursor_over(*records);

	if (!cursor_take_span(&at, SPAN("position ")) || !cursor_until_char(&at, '\n', ret))
		return false;
	*records = cursor_rest(&at);
	return true;
}

/* What cannot be used is kept for whoever wants to know why. */
int checkpoint_set_aside(const char *path)
{
	char *aside = with_suffix(path, ".unusable");
	int r = 0;

	if (!aside)
		return -ENOMEM;
	if (rename(path, aside) < 0)
		r = -errno;
	free(aside);
	return r < 0 ? r : CHECKPOINT_E_UNUSABLE;
}

int checkpoint_read(struct buf *text, struct checkpoint_file **ret)
{
	struct checkpoint_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->text = *text;
	*text = BUF_NULL;
	if (!check_text(buf_span(&file->text), &file->records) ||
	    !take_position(&file->records, &file->position)) {
		checkpoint_file_free(file);
		return CHECKPOINT_E_UNUSABLE;
	}
	*ret = file;
	return 0;
}

int checkpoint_load(const char *path, struct checkpoint_file **ret)
{
	struct buf text = BUF_NULL;
	int r = read_file(path, &text);

	if (r == 0)
		r = checkpoint_read(&text, ret);
	buf_done(&text);
	if (r == CHECKPOINT_E_UNUSABLE || r == -EISDIR || r == -EACCES)
		return checkpoint_set_aside(path);
	return r == -ENOENT ? CHECKPOINT_E_NONE : r;
}

int checkpoint_lock(const char *path)
{
	char *name = with_suffix(path, ".lock");
	int fd, r;

	if (!name)
		return -ENOMEM;
	/* Not for writing, so that the file system can be made read-only meanwhile. */
	fd = open(name, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = fd < 0 ? -errno : 0;
	free(name);
	if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		close(fd);
	}
	return r < 0 ? r : fd;
}

span_t checkpoint_position(const struct checkpoint_file *file)
{
	return file->position;
}

struct checkpoint_file *checkpoint_file_free(struct checkpoint_file *file)
{
	if (!file)
		return NULL;
	buf_done(&file->text);
	free(file);
	return NULL;
}

/* The fields of a line, separated by single blanks. */
static unsigned split(span_t line, span_t field[LINE_FIELDS_MAX])
{
	struct cursor c = cursor_over(line);
	unsigned n = 0;

	while (n + 1 < LINE_FIELDS_MAX && cursor_until_char(&c, ' ', &field[n]))
		n++;
	field[n++] = cursor_rest(&c);
	return n;
}

static bool to_number(span_t s, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(s.ptr[i] - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return s.len > 0;
}

/* `FAMILY HELD FIRST_SHOWN VALUE... name=value...` */
static void restore_series(const span_t *field, unsigned n, struct registry *registry)
{
	struct series s = { .held = false };
	uint64_t value[HISTOGRAM_VALUES], held;
	enum family family;
	unsigned values;

	if (n < 1 || !registry_find_family(field[0], &family))
		return;
	values = values_of(registry_family(family));
	if (!is_kept(family) || n != 3 + values + registry_family(family)->n_labels)
		return;
	if (!to_number(field[1], &held) || !to_number(field[2], &s.first_shown_usec))
		return;
	for (unsigned i = 0; i < values; i++)
		if (!to_number(field[3 + i], &value[i]))
			return;
	if (!registry_find_key(registry, family, field + 3 + values, &s.key))
		return;
	s.held = held != 0;
	s.value = value;
	registry_restore(registry, family, &s);
}

static void restore_collapse(const span_t *field, unsigned n, struct collapse *collapse)
{
	uint64_t hash, first_usec;

	if (n == 2 && to_number(field[0], &hash) && hash != 0 && to_number(field[1], &first_usec))
		(void)collapse_seen(collapse, hash, first_usec, 0);
}

void checkpoint_restore(const struct checkpoint_file *file, const struct checkpoint *checkpoint)
{
	struct cursor c = cursor_over(file->records);
	span_t line, field[LINE_FIELDS_MAX];

	while (cursor_until_char(&c, '\n', &line)) {
		unsigned n = split(line, field);

		if (span_eq(field[0], SPAN("series")))
			restore_series(field + 1, n - 1, checkpoint->registry);
		else if (span_eq(field[0], SPAN("collapse")))
			restore_collapse(field + 1, n - 1, checkpoint->collapse);
	}
}
