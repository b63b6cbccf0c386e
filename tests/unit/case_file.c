/* SPDX-License-Identifier: Apache-2.0 */

#include "case_file.h"

#include <stdlib.h>

#define DEFAULT_TIME UINT64_C(1700000000000000)

static void reset(struct case_file *f)
{
	f->record = (struct record){
		.unit = SPAN("postfix@-.service"),
		.pid = 100,
		.realtime_usec = DEFAULT_TIME,
	};
	f->replies = 0;
	f->case_line = f->line;
	f->expected[0] = '\0';
}

bool case_file_open(struct case_file *f, const char *path)
{
	f->file = fopen(path, "re");
	f->text = NULL;
	f->size = 0;
	f->line = 0;
	f->bad_line = 0;
	f->name[0] = '\0';
	reset(f);
	return f->file;
}

void case_file_close(struct case_file *f)
{
	free(f->text);
	fclose(f->file);
}

/* \n \r \t \\ and \xHH stand for those bytes. */
static span_t unescape(const char *from, char *to)
{
	char *p = to;

	for (; *from && p < to + CASE_TEXT_MAX; from++) {
		if (*from != '\\' || !from[1]) {
			*p++ = *from;
		} else if (from[1] == 'x' && from[2] && from[3]) {
			char hex[] = { from[2], from[3], '\0' };

			*p++ = (char)strtoul(hex, NULL, 16);
			from += 3;
		} else {
			from++;
			*p++ = *from == 'n'   ? '\n'
			       : *from == 'r' ? '\r'
			       : *from == 't' ? '\t'
					      : *from;
		}
	}
	return span_make(to, (size_t)(p - to));
}

static span_t keep(char *to, size_t size, const char *value)
{
	snprintf(to, size, "%s", value);
	return span_str(to);
}

/* Returns whether the field was the last of its entry. */
static bool take_field(struct case_file *f, const char *name, const char *value)
{
	struct record *r = &f->record;

	if (strcmp(name, "MESSAGE") == 0)
		r->message = unescape(value, f->message);
	else if (strcmp(name, "SYSLOG_IDENTIFIER") == 0)
		r->identifier = keep(f->identifier, sizeof(f->identifier), value);
	else if (strcmp(name, "_SYSTEMD_UNIT") == 0)
		r->unit = keep(f->unit, sizeof(f->unit), value);
	else if (strcmp(name, "_EXE") == 0)
		r->exe = keep(f->exe, sizeof(f->exe), value);
	else if (strcmp(name, "_UID") == 0)
		r->uid = *value ? (uint32_t)strtoul(value, NULL, 10) : RECORD_UID_NONE;
	else if (strcmp(name, "_PID") == 0)
		r->pid = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "__REALTIME_TIMESTAMP") == 0)
		r->realtime_usec = strtoull(value, NULL, 10);
	else if (strncmp(name, "CONTAINER_", 10) == 0)
		r->container = *value != '\0';
	return strcmp(name, "MESSAGE") == 0;
}

static void expect(struct case_file *f, const char *what)
{
	size_t n = strlen(f->expected);

	snprintf(f->expected + n, sizeof(f->expected) - n, "%s\n", what);
	f->replies += strncmp(what, "client ", 7) == 0 || strncmp(what, "server ", 7) == 0;
}

/* One line that is not empty. Returns whether it ends an entry. */
static bool take_line(struct case_file *f, char *line)
{
	char *value = strchr(line, '=');

	if (strncmp(line, "> ", 2) == 0 && value) {
		*value++ = '\0';
		return take_field(f, line + 2, value);
	}
	if (strncmp(line, "= ", 2) == 0)
		expect(f, line + 2);
	else if (line[0] == '#')
		snprintf(f->name, sizeof(f->name), "%s", line + 1 + (line[1] == ' '));
	else if (f->bad_line == 0)
		f->bad_line = f->line;
	return false;
}

enum case_item case_file_next(struct case_file *f)
{
	bool inside = f->record.message.ptr != NULL;

	if (!inside)
		reset(f);
	while (getline(&f->text, &f->size, f->file) > 0) {
		f->line++;
		f->text[strcspn(f->text, "\n")] = '\0';
		if (f->text[0] == '\0' && inside)
			break;
		if (f->text[0] == '\0')
			reset(f);
		else if (take_line(f, f->text))
			return CASE_ENTRY;
	}
	f->record.message = SPAN_NULL;
	return inside ? CASE_END : CASE_FILE_END;
}
