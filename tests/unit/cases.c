/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a case file (tests/data/NAME.cases): feeds each entry to the real dialect, trust and collapse, and
 * compares the events with those that the file expects. Then parses each message again at every
 * truncation, in memory that ends at an unreadable page. CONTRIBUTING.md describes the format. Never
 * rewrites an expectation.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "case_file.h"
#include "count/pipeline.h"
#include "dialect/dialect.h"
#include "dialect/trust.h"
#include "util/buf.h"

struct state {
	struct case_file file;
	struct collapse collapse;
	struct trust *trust;
	struct buf actual; /* what the case at hand gave so far */
	char *guard;	   /* CASE_TEXT_MAX readable bytes, then an unreadable page */
	unsigned cases, failed, truncations;
};

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

static void print_events(struct state *s, const struct events *events, struct buf *out)
{
	for (unsigned i = 0; i < events->n; i++) {
		const struct event *e = &events->item[i];

		if (pipeline_is_repeat(&s->collapse, e, s->file.record.realtime_usec))
			buf_add_str(out, "repeat ");
		print_event(out, e, i > 0 && events->item[i - 1].type == EVENT_REPLY);
	}
}

/* What the program makes of the entry, in the words of the case file. */
static void run_entry(struct state *s, struct buf *out)
{
	static const char *const verdicts[] = { "none\n", "ambiguous\n", "unknown\n" };
	const struct record *record = &s->file.record;
	struct events events = { .n = 0 };
	int mta = dialect_find(record);
	enum verdict verdict;

	if (mta < 0) {
		buf_add_str(out, "foreign\n");
		return;
	}
	if (!trust_allows(s->trust, (unsigned)mta, record)) {
		buf_add_str(out, "untrusted\n");
		return;
	}
	verdict = dialects[mta]->parse(record, &events);
	print_events(s, &events, out);
	if (events.n == 0 || verdict != VERDICT_UNDERSTOOD)
		buf_add_str(out, verdicts[verdict]);
}

/* Every beginning of the message, each ending where the readable memory ends. */
static void run_truncations(struct state *s)
{
	static struct events events;
	struct record record = s->file.record;
	span_t message = record.message;
	int mta = dialect_find(&record);

	for (size_t n = 0; mta >= 0 && n <= message.len; n++) {
		char *start = s->guard + CASE_TEXT_MAX - n;

		memmove(start, message.ptr, n);
		record.message = span_make(start, n);
		events.n = 0;
		(void)dialects[mta]->parse(&record, &events);
		s->truncations++;
	}
}

static void end_case(struct state *s)
{
	const struct case_file *f = &s->file;

	s->cases++;
	if (!span_eq(span_str(f->expected), buf_span(&s->actual))) {
		s->failed++;
		printf("FAILED line %u: %s\n--- expected\n%s--- actual\n%.*s\n", f->case_line + 1,
		       f->name, f->expected, (int)s->actual.len, s->actual.data);
	}
	buf_clear(&s->actual);
	memset(&s->collapse, 0, sizeof(s->collapse));
}

static void run_file(struct state *s)
{
	enum case_item item;

	while ((item = case_file_next(&s->file)) != CASE_FILE_END) {
		if (item == CASE_END) {
			end_case(s);
			continue;
		}
		run_entry(s, &s->actual);
		run_truncations(s);
	}
}

static int report(const struct state *s, const char *path)
{
	if (s->file.bad_line)
		printf("%s:%u: neither comment, field nor expectation\n", path, s->file.bad_line);
	printf("%s: %u cases, %u failed, %u truncations\n", path, s->cases, s->failed,
	       s->truncations);
	return s->file.bad_line == 0 && s->cases > 0 && s->failed == 0 ? EXIT_SUCCESS
								       : EXIT_FAILURE;
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
	s.guard = mmap(NULL, CASE_TEXT_MAX + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s.guard == MAP_FAILED || mprotect(s.guard + CASE_TEXT_MAX, page, PROT_NONE) < 0 ||
	    trust_new(&s.trust, TRUST_TRUSTED) < 0 || !case_file_open(&s.file, argv[1])) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	run_file(&s);
	r = report(&s, argv[1]);
	case_file_close(&s.file);
	trust_free(s.trust);
	buf_done(&s.actual);
	munmap(s.guard, CASE_TEXT_MAX + page);
	return r;
}
