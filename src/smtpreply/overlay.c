/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An operator's files over the tables that are built in. Everything is read into a second catalogue,
 * which takes the place of the first only when nothing was wrong.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smtpreply/catalogue.h"
#include "util/cursor.h"
#include "util/macros.h"
#include "util/utf8.h"

#define FILE_BYTES_MAX ((off_t)4 * 1024 * 1024)
#define PATH_BYTES_MAX 4096u

/* Returns R, for `return complain(...)`. */
static int PRINTF_LIKE(3, 4) complain(const struct complaint *c, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (c->size > 0)
		(void)vsnprintf(c->text, c->size, format, args);
	va_end(args);
	return r;
}

/* Texts become label values and pages: UTF-8 without control characters but tab and newline. */
static int check_bytes(span_t text, const char *path, const struct complaint *complaint)
{
	unsigned line = 1;
	size_t len;

	for (; text.len > 0; text = span_tail(text, len)) {
		unsigned char c = (unsigned char)text.ptr[0];

		len = utf8_length(text);
		if (len == 0)
			return complain(complaint, -EBADMSG, "%s:%u: not UTF-8", path, line);
		if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
			return complain(complaint, -EBADMSG, "%s:%u: a control character", path,
					line);
		line += c == '\n';
	}
	return 0;
}

static int read_all(int fd, struct catalogue_text *text)
{
	size_t size = text->len;

	text->len = 0;
	while (text->len < size) {
		ssize_t n = read(fd, text->bytes + text->len, size - text->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		text->len += (size_t)n;
	}
	return 0;
}

static int read_open_file(int fd, struct catalogue_text **ret)
{
	struct catalogue_text *text;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > FILE_BYTES_MAX)
		return -EFBIG;
	text = malloc(sizeof(*text) + (size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	text->len = (size_t)st.st_size;
	r = read_all(fd, text);
	if (r < 0)
		free(text);
	else
		*ret = text;
	return r;
}

/* Returns 0, or 1 if there is no such file. A pipe is not waited for. */
static int read_file(const char *path, struct catalogue_text **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;
	struct stat st;

	if (fd < 0) {
		r = -errno;
		/* A link to nowhere is a file that cannot be read, not one that is not there. */
		return r == -ENOENT && lstat(path, &st) < 0 ? 1 : r;
	}
	r = read_open_file(fd, ret);
	(void)close(fd);
	return r;
}

static int add_file(struct smtpreply_catalogue *catalogue, enum catalogue_table table,
		    const char *path, const struct complaint *complaint)
{
	struct catalogue_text *text = NULL;
	span_t bytes;
	int r = read_file(path, &text);

	if (r > 0)
		return 0;
	if (r < 0)
		return complain(complaint, r, "%s: %s", path, strerror(-r));
	text->older = catalogue->texts;
	catalogue->texts = text;
	bytes = span_make(text->bytes, text->len);
	r = check_bytes(bytes, path, complaint);
	return r < 0 ? r
		     : table_load(&catalogue->rows[table], &catalogue_tables[table], bytes, path,
				  complaint);
}

static bool is_known_file(const char *name)
{
	for (size_t t = 0; t < _TABLE_MAX; t++)
		if (strcmp(name, catalogue_tables[t].file) == 0)
			return true;
	return false;
}

/* A table under a wrong name would be passed over in silence. */
static int check_names(const char *dir, const struct complaint *complaint)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int r = 0;

	if (!d)
		return complain(complaint, -errno, "%s: %s", dir, strerror(errno));
	while (r == 0 && (entry = readdir(d))) {
		span_t name = span_str(entry->d_name);

		if (span_ends(name, SPAN(".tsv")) && !span_starts(name, SPAN(".")) &&
		    !is_known_file(entry->d_name))
			r = complain(complaint, -EBADMSG, "%s/%s: not a table of the catalogue",
				     dir, entry->d_name);
	}
	(void)closedir(d);
	return r;
}

static int add_files(struct smtpreply_catalogue *catalogue, const char *dir,
		     const struct complaint *complaint)
{
	char path[PATH_BYTES_MAX];
	int r = check_names(dir, complaint);

	for (unsigned t = 0; r == 0 && t < _TABLE_MAX; t++) {
		int n = snprintf(path, sizeof(path), "%s/%s", dir, catalogue_tables[t].file);

		if (n < 0 || (size_t)n >= sizeof(path))
			return complain(complaint, -ENAMETOOLONG, "%s: %s", dir,
					strerror(ENAMETOOLONG));
		r = add_file(catalogue, t, path, complaint);
	}
	return r;
}

static int copy_rows(struct smtpreply_catalogue *to, const struct smtpreply_catalogue *from)
{
	int r = 0;

	for (size_t t = 0; r == 0 && t < _TABLE_MAX; t++)
		r = rows_copy(&to->rows[t], &from->rows[t]);
	return r;
}

/* Frees the texts that NEXT has and CATALOGUE has not. */
static void drop_new_texts(struct smtpreply_catalogue *next,
			   const struct smtpreply_catalogue *catalogue)
{
	while (next->texts != catalogue->texts) {
		struct catalogue_text *text = next->texts;

		next->texts = text->older;
		free(text);
	}
}

int smtpreply_catalogue_overlay(struct smtpreply_catalogue *catalogue, const char *dir,
				char *message, size_t size)
{
	const struct complaint complaint = { message, size };
	struct smtpreply_catalogue next = { .texts = catalogue->texts };
	int r = copy_rows(&next, catalogue);

	if (r == 0)
		r = add_files(&next, dir, &complaint);
	if (r == 0)
		r = catalogue_finish(&next, &complaint);
	if (r == -ENOMEM)
		(void)complain(&complaint, r, "%s", strerror(ENOMEM));
	if (r < 0) {
		drop_new_texts(&next, catalogue);
		catalogue_clear(&next);
		return r == -E2BIG ? -EBADMSG : r;
	}
	catalogue_clear(catalogue);
	*catalogue = next;
	return 0;
}
