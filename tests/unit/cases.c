/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a case file (tests/data/NAME.cases): feeds each entry to the real dialect, trust and collapse, and
 * compares the events with those that the file expects. Then parses each message again at every
 * truncation, in memory that ends at an unreadable page. CONTRIBUTING.md describes the format. Never
 * rewrites an expectation.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "count/collapse.h"
#include "count/tally.h"
#include "dialect/dialect.h"
#include "dialect/trust.h"
#include "util/buf.h"
#include "util/cursor.h"

#define MESSAGE_MAX 65536u
#define FIELD_MAX 1024u
#define TEXT_MAX 16384u
#define DEFAULT_TIME UINT64_C(1700000000000000)

/* The fields of a case as they stand, and where its outcome is collected. */
struct state {
	const char *path;
	unsigned line, case_line;
	char name[256];
	char identifier[FIELD_MAX], unit[FIELD_MAX], exe[FIELD_MAX];
	struct record record;
	struct collapse collapse;
	struct trust *trust;
	char expected[TEXT_MAX], actual[TEXT_MAX];
	bool has_entry;
	char *guard; /* MESSAGE_MAX readable bytes, then an unreadable page */
	unsigned cases, failed, truncations;
};

static void set_text(char *to, size_t size, span_t *field, const char *value)
{
	snprintf(to, size, "%s", value);
	*field = span_str(to);
}

static void reset_case(struct state *s)
{
	memset(&s->collapse, 0, sizeof(s->collapse));
	s->record = (struct record){ .uid = 0, .pid = 100, .realtime_usec = DEFAULT_TIME };
	set_text(s->unit, sizeof(s->unit), &s->record.unit, "postfix@-.service");
	s->identifier[0] = s->exe[0] = s->expected[0] = s->actual[0] = '\0';
	s->has_entry = false;
}

/* \n \r \t \\ and \xHH stand for those bytes. Returns the length. */
static size_t unescape(const char *from, char *to)
{
	size_t n = 0;

	for (; *from && *from != '\n' && n < MESSAGE_MAX; from++) {
		char hex[3] = { 0 };

		if (*from != '\\' || !from[1]) {
			to[n++] = *from;
			continue;
		}
		from++;
		if (*from == 'x' && from[1] && from[2]) {
			memcpy(hex, from + 1, 2);
			to[n++] = (char)strtoul(hex, NULL, 16);
			from += 2;
		} else {
			to[n++] = *from == 'n'	 ? '\n'
				  : *from == 'r' ? '\r'
				  : *from == 't' ? '\t'
						 : *from;
		}
	}
	return n;
}

static void print_seconds(struct buf *out, uint64_t usec)
{
	buf_add_char(out, ' ');
	buf_add_micro(out, usec);
}

static void print_code(struct buf *out, const struct reply *r)
{
	if (r->code)
		buf_printf(out, "%u", r->code);
	else
		buf_printf(out, "%uxx", r->class);
	if (r->enhanced.class)
		buf_printf(out, " %u.%u.%u", r->enhanced.class, r->enhanced.subject,
			   r->enhanced.detail);
	else
		buf_add_str(out, " none");
}

static void print_reply(struct buf *out, const struct reply *r)
{
	buf_add_str(out, r->side == SIDE_CLIENT ? "client " : "server ");
	if (r->side == SIDE_CLIENT) {
		buf_add(out, hop_names[r->hop]);
		buf_add_char(out, ' ');
	}
	buf_add(out, stage_names[r->stage]);
	buf_add_char(out, ' ');
	print_code(out, r);
	buf_add_char(out, ' ');
	buf_add(out, evidence_names[r->evidence]);
}

/* A delivery is part of the reply's line where there is one, and a line of its own elsewhere. */
static void print_delivery(struct buf *out, const struct delivery *d, bool after_reply)
{
	if (after_reply) {
		out->len--; /* the newline */
		buf_add_char(out, ' ');
	} else {
		buf_add_str(out, "delivery ");
		buf_add(out, hop_names[d->hop]);
		buf_add_char(out, ' ');
	}
	buf_add(out, status_names[d->status]);
	if (d->status != STATUS_SENT || !d->has_delay)
		return;
	buf_add_str(out, "\ndelay");
	print_seconds(out, d->delay_usec);
	for (unsigned i = 0; d->has_phases && i < _PHASE_MAX; i++)
		print_seconds(out, d->phase_usec[i]);
}

static void print_event(struct buf *out, const struct event *e, bool after_reply)
{
	switch (e->type) {
	case EVENT_REPLY:
		print_reply(out, &e->reply);
		break;
	case EVENT_DELIVERY:
		print_delivery(out, &e->delivery, after_reply);
		break;
	case EVENT_FAILURE:
		buf_add_str(out, "failure ");
		buf_add(out, cause_names[e->failure.cause]);
		break;
	case EVENT_TRANSACTION:
		buf_add_str(out, "transaction");
		break;
	case EVENT_CONNECTION:
		buf_add_str(out, "connection");
		break;
	case EVENT_LOST_CONNECTION:
		buf_add_str(out, "lost ");
		buf_add(out, stage_names[e->stage]);
		break;
	case EVENT_AUTH_FAILURE:
		buf_add_str(out, "auth ");
		buf_add(out, mechanism_names[e->mechanism]);
		break;
	case EVENT_COMMAND:
		buf_add_str(out, "command ");
		buf_add(out, command_names[e->command.command]);
		buf_printf(out, " %" PRIu64 " %" PRIu64, e->command.total, e->command.refused);
		break;
	}
	buf_add_char(out, '\n');
}

static bool is_repeat(struct state *s, const struct event *e)
{
	const struct same *same = e->type == EVENT_REPLY     ? &e->reply.same
				  : e->type == EVENT_FAILURE ? &e->failure.same
							     : NULL;

	return same && same->hash &&
	       collapse_seen(&s->collapse, same->hash, s->record.realtime_usec, same->window_usec);
}

static void print_events(struct state *s, const struct events *events, struct buf *out)
{
	for (unsigned i = 0; i < events->n; i++) {
		const struct event *e = &events->item[i];

		if (is_repeat(s, e))
			buf_add_str(out, "repeat ");
		print_event(out, e, i > 0 && events->item[i - 1].type == EVENT_REPLY);
	}
}

/* What the program makes of the entry, in the words of the case file. */
static void run_entry(struct state *s, struct buf *out)
{
	static const char *const verdicts[] = { "none\n", "ambiguous\n", "unknown\n" };
	struct events events = { .n = 0 };
	int mta = dialect_find(&s->record);
	enum verdict verdict;

	if (mta < 0) {
		buf_add_str(out, "foreign\n");
		return;
	}
	if (!trust_allows(s->trust, (unsigned)mta, &s->record)) {
		buf_add_str(out, "untrusted\n");
		return;
	}
	verdict = dialects[mta]->parse(&s->record, &events);
	print_events(s, &events, out);
	if (events.n == 0 || verdict != VERDICT_UNDERSTOOD)
		buf_add_str(out, verdicts[verdict]);
}

/* Every beginning of the message, each ending where the readable memory ends. */
static void run_truncations(struct state *s)
{
	static struct events events;
	struct record record = s->record;
	int mta = dialect_find(&record);

	for (size_t n = 0; mta >= 0 && n <= s->record.message.len; n++) {
		char *start = s->guard + MESSAGE_MAX - n;

		memmove(start, s->record.message.ptr, n);
		record.message = span_make(start, n);
		events.n = 0;
		(void)dialects[mta]->parse(&record, &events);
		s->truncations++;
	}
}

static void feed(struct state *s, const char *value)
{
	static char message[MESSAGE_MAX];
	struct buf out = BUF_NULL;

	s->record.message = span_make(message, unescape(value, message));
	run_entry(s, &out);
	snprintf(s->actual + strlen(s->actual), sizeof(s->actual) - strlen(s->actual), "%.*s",
		 (int)out.len, out.data);
	buf_done(&out);
	run_truncations(s);
	s->has_entry = true;
}

static bool set_field(struct state *s, const char *name, const char *value)
{
	if (strcmp(name, "MESSAGE") == 0)
		feed(s, value);
	else if (strcmp(name, "SYSLOG_IDENTIFIER") == 0)
		set_text(s->identifier, sizeof(s->identifier), &s->record.identifier, value);
	else if (strcmp(name, "_SYSTEMD_UNIT") == 0)
		set_text(s->unit, sizeof(s->unit), &s->record.unit, value);
	else if (strcmp(name, "_EXE") == 0)
		set_text(s->exe, sizeof(s->exe), &s->record.exe, value);
	else if (strcmp(name, "_UID") == 0)
		s->record.uid = *value ? (uint32_t)strtoul(value, NULL, 10) : RECORD_UID_NONE;
	else if (strcmp(name, "_PID") == 0)
		s->record.pid = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "__REALTIME_TIMESTAMP") == 0)
		s->record.realtime_usec = strtoull(value, NULL, 10);
	else if (strcmp(name, "CONTAINER_NAME") == 0 || strcmp(name, "CONTAINER_ID") == 0)
		s->record.container = *value != '\0';
	else
		return strcmp(name, "PRIORITY") == 0;
	return true;
}

static void end_case(struct state *s)
{
	if (s->has_entry) {
		s->cases++;
		if (strcmp(s->expected, s->actual) != 0) {
			s->failed++;
			printf("FAILED %s:%u: %s\n--- expected\n%s--- actual\n%s\n", s->path,
			       s->case_line, s->name, s->expected, s->actual);
		}
	}
	reset_case(s);
}

/* One line of the file. Returns false if it has no known form. */
static bool take_line(struct state *s, char *line)
{
	char *value;

	line[strcspn(line, "\n")] = '\0';
	if (*line == '\0') {
		end_case(s);
	} else if (*line == '#') {
		snprintf(s->name, sizeof(s->name), "%s", line + 1 + (line[1] == ' '));
	} else if (strncmp(line, "= ", 2) == 0) {
		size_t n = strlen(s->expected);

		snprintf(s->expected + n, sizeof(s->expected) - n, "%s\n", line + 2);
	} else if (strncmp(line, "> ", 2) == 0 && (value = strchr(line, '='))) {
		if (!s->has_entry)
			s->case_line = s->line;
		*value++ = '\0';
		return set_field(s, line + 2, value);
	} else {
		return false;
	}
	return true;
}

static int run_file(struct state *s)
{
	FILE *f = fopen(s->path, "re");
	char *line = NULL;
	size_t size = 0;
	bool ok = true;

	if (!f) {
		fprintf(stderr, "%s: %s\n", s->path, strerror(errno));
		return EXIT_FAILURE;
	}
	while (getline(&line, &size, f) > 0) {
		s->line++;
		if (!take_line(s, line)) {
			printf("%s:%u: neither comment, field nor expectation\n", s->path, s->line);
			ok = false;
		}
	}
	end_case(s);
	free(line);
	fclose(f);
	printf("%s: %u cases, %u failed, %u truncations\n", s->path, s->cases, s->failed,
	       s->truncations);
	return ok && s->cases > 0 && s->failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	static struct state s;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: cases FILE\n");
		return EXIT_FAILURE;
	}
	s.path = argv[1];
	s.guard = mmap(NULL, MESSAGE_MAX + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s.guard == MAP_FAILED || mprotect(s.guard + MESSAGE_MAX, page, PROT_NONE) < 0 ||
	    trust_new(&s.trust, TRUST_TRUSTED) < 0) {
		perror("cases");
		return EXIT_FAILURE;
	}
	reset_case(&s);
	r = run_file(&s);
	trust_free(s.trust);
	munmap(s.guard, MESSAGE_MAX + page);
	return r;
}
