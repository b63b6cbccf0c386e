/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Label values of codes: first those of the catalogue that can go over the wire, in ascending order,
 * then for each class "other" (a code without a row) and "4xx" (only the class is known). Label values
 * of enhanced codes: "none", "other", then every detail of the catalogue in each of the three classes.
 */

#include "count/tally.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dialect/dialect.h"

#define CLASS_MIN 2u
#define CLASSES 4u /* 2xx to 5xx */
#define CODE_MIN 200u
#define CODES 400u

#define ENHANCED_NONE 0u
#define ENHANCED_OTHER 1u
#define ENHANCED_FIRST 2u
#define ENHANCED_TEXT 12u /* "5.999.999" */

#define OUTCOME_NAME(id, name) [OUTCOME_##id] = SPAN_INIT(name),
const span_t outcome_names[_OUTCOME_MAX] = { OUTCOMES(OUTCOME_NAME) };

static const span_t class_names[CLASSES] = { SPAN_INIT("2xx"), SPAN_INIT("3xx"), SPAN_INIT("4xx"),
					     SPAN_INIT("5xx") };

/* An enhanced code and its label value; sorted by class, subject, detail. */
struct enhanced_value {
	struct smtpreply_enhanced enhanced;
	char text[ENHANCED_TEXT];
};

struct tally {
	struct registry *registry; /* borrowed */

	/* Label values, parallel: index of the slot `code`. */
	span_t *code, *class, *meaning;
	char (*code_text)[4];
	unsigned n_codes;
	uint16_t code_index[CODES]; /* code - 200 to index; codes without a row go to "other" */
	unsigned first_other, first_unspecified; /* index of class 2; the others follow */

	struct enhanced_value *enhanced;
	span_t *enhanced_name;
	unsigned n_enhanced;

	span_t *mta; /* the dialects' names, then "none" */
};

static void add_code(struct tally *t, span_t code, span_t class, span_t meaning)
{
	t->code[t->n_codes] = code;
	t->class[t->n_codes] = class;
	t->meaning[t->n_codes] = meaning;
	t->n_codes++;
}

static bool on_the_wire(const struct smtpreply_code *c)
{
	return c->code >= CODE_MIN && c->code < CODE_MIN + CODES;
}

static void add_catalogue_codes(struct tally *t, const struct smtpreply_code *codes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!on_the_wire(&codes[i]))
			continue;
		snprintf(t->code_text[i], sizeof(t->code_text[i]), "%u", codes[i].code % 1000u);
		t->code_index[codes[i].code - CODE_MIN] = (uint16_t)t->n_codes;
		add_code(t, span_str(t->code_text[i]), codes[i].class, codes[i].identifier);
	}
}

static int build_codes(struct tally *t, const struct smtpreply_catalogue *catalogue)
{
	size_t n, room;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	room = n + 2 * CLASSES;
	t->code = calloc(room, sizeof(*t->code));
	t->class = calloc(room, sizeof(*t->class));
	t->meaning = calloc(room, sizeof(*t->meaning));
	t->code_text = calloc(room, sizeof(*t->code_text));
	if (!t->code || !t->class || !t->meaning || !t->code_text)
		return -ENOMEM;

	memset(t->code_index, 0xff, sizeof(t->code_index));
	add_catalogue_codes(t, codes, n);
	t->first_other = t->n_codes;
	for (unsigned c = 0; c < CLASSES; c++)
		add_code(t, SPAN("other"), class_names[c], SPAN("unlisted"));
	t->first_unspecified = t->n_codes;
	for (unsigned c = 0; c < CLASSES; c++)
		add_code(t, class_names[c], class_names[c], SPAN("unspecified"));

	for (unsigned i = 0; i < CODES; i++)
		if (t->code_index[i] == UINT16_MAX)
			t->code_index[i] = (uint16_t)(t->first_other + i / 100);
	return 0;
}

/* The class counts first, so that values stand in the order in which people write them. */
static int compare_enhanced(const struct smtpreply_enhanced *a, const struct smtpreply_enhanced *b)
{
	if (a->class != b->class)
		return (int)a->class - (int)b->class;
	if (a->subject != b->subject)
		return (int)a->subject - (int)b->subject;
	return (int)a->detail - (int)b->detail;
}

static void add_enhanced(struct tally *t, const struct smtpreply_enhanced *e)
{
	struct enhanced_value *v = &t->enhanced[t->n_enhanced];

	v->enhanced = *e;
	snprintf(v->text, sizeof(v->text), "%u.%u.%u", e->class % 10u, e->subject % 1000u,
		 e->detail % 1000u);
	t->enhanced_name[t->n_enhanced++] = span_str(v->text);
}

static int build_enhanced(struct tally *t, const struct smtpreply_catalogue *catalogue)
{
	static const uint16_t classes[] = { 2, 4, 5 };
	size_t n, room;
	const struct smtpreply_detail *details = smtpreply_details(catalogue, &n);

	room = ENHANCED_FIRST + n * ARRAY_SIZE(classes);
	t->enhanced = calloc(room, sizeof(*t->enhanced));
	t->enhanced_name = calloc(room, sizeof(*t->enhanced_name));
	if (!t->enhanced || !t->enhanced_name)
		return -ENOMEM;

	t->enhanced_name[ENHANCED_NONE] = SPAN("none");
	t->enhanced_name[ENHANCED_OTHER] = SPAN("other");
	t->n_enhanced = ENHANCED_FIRST;
	for (unsigned c = 0; c < ARRAY_SIZE(classes); c++) {
		for (size_t i = 0; i < n; i++) {
			struct smtpreply_enhanced e = { classes[c], details[i].subject,
							details[i].detail };

			/* A detail that several providers use stands once; the rows are sorted. */
			if (i == 0 ||
			    compare_enhanced(&e, &t->enhanced[t->n_enhanced - 1].enhanced))
				add_enhanced(t, &e);
		}
	}
	return 0;
}

static unsigned enhanced_index(const struct tally *t, const struct reply *reply)
{
	unsigned low = ENHANCED_FIRST, high = t->n_enhanced;

	if (reply->enhanced.class == 0)
		return ENHANCED_NONE;
	if (reply->enhanced.class != reply->class)
		return ENHANCED_OTHER;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = compare_enhanced(&t->enhanced[middle].enhanced, &reply->enhanced);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return ENHANCED_OTHER;
}

static unsigned code_index(const struct tally *t, const struct reply *reply)
{
	if (reply->code == 0)
		return t->first_unspecified + (reply->class - CLASS_MIN);
	return t->code_index[reply->code - CODE_MIN];
}

static int build_mtas(struct tally *t)
{
	t->mta = calloc(dialects_n + 1, sizeof(*t->mta));
	if (!t->mta)
		return -ENOMEM;
	for (unsigned i = 0; i < dialects_n; i++)
		t->mta[i] = span_str(dialects[i]->name);
	t->mta[dialects_n] = SPAN("none");
	return 0;
}

static void publish_domains(const struct tally *t)
{
	struct registry *r = t->registry;

	registry_domain(r, LABEL_mta, t->mta, dialects_n + 1, dialects_n);
	registry_domain(r, LABEL_code, t->code, t->n_codes, t->first_other);
	registry_domain(r, LABEL_class, t->class, t->n_codes, t->first_other);
	registry_domain(r, LABEL_meaning, t->meaning, t->n_codes, t->first_other);
	registry_domain(r, LABEL_enhanced, t->enhanced_name, t->n_enhanced, ENHANCED_OTHER);
	registry_domain(r, LABEL_hop, hop_names, _HOP_MAX, HOP_REMOTE);
	registry_domain(r, LABEL_evidence, evidence_names, _EVIDENCE_MAX, _EVIDENCE_MAX);
	registry_domain(r, LABEL_stage, stage_names, _STAGE_MAX, STAGE_OTHER);
	registry_domain(r, LABEL_status, status_names, _STATUS_MAX, STATUS_OTHER);
	registry_domain(r, LABEL_cause, cause_names, _CAUSE_MAX, CAUSE_OTHER);
	registry_domain(r, LABEL_phase, phase_names, _PHASE_MAX, _PHASE_MAX);
	registry_domain(r, LABEL_command, command_names, _COMMAND_MAX, COMMAND_OTHER);
	registry_domain(r, LABEL_mechanism, mechanism_names, _MECHANISM_MAX, MECHANISM_OTHER);
	registry_domain(r, LABEL_outcome, outcome_names, _OUTCOME_MAX, OUTCOME_UNKNOWN);
}

/* Codes that a mail server is likely to give one day: they shall be 0 before they are 1. */
static bool shown_from_start(const struct smtpreply_code *c)
{
	return on_the_wire(c) &&
	       (c->status == SMTPREPLY_STATUS_STANDARD || c->status == SMTPREPLY_STATUS_EXTENSION);
}

static void declare_codes(struct tally *t, unsigned mta,
			  const struct smtpreply_catalogue *catalogue)
{
	size_t n;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	for (size_t i = 0; i < n; i++) {
		if (!shown_from_start(&codes[i]))
			continue;
		unsigned code = t->code_index[codes[i].code - CODE_MIN];

		registry_declare(t->registry, FAMILY_CLIENT_REPLIES,
				 KEY4(mta, HOP_REMOTE, code, EVIDENCE_LOGGED));
		registry_declare(t->registry, FAMILY_SERVER_REPLIES,
				 KEY3(mta, code, EVIDENCE_LOGGED));
	}
}

static void declare_implied(struct tally *t, unsigned mta, const struct dialect_implied *implied)
{
	for (; implied && implied->code; implied++) {
		unsigned code = implied->code < 10
					? t->first_unspecified + (implied->code - CLASS_MIN)
					: t->code_index[implied->code - CODE_MIN];

		if (implied->side == SIDE_CLIENT)
			registry_declare(t->registry, FAMILY_CLIENT_REPLIES,
					 KEY4(mta, HOP_REMOTE, code, EVIDENCE_IMPLIED));
		else
			registry_declare(t->registry, FAMILY_SERVER_REPLIES,
					 KEY3(mta, code, EVIDENCE_IMPLIED));
	}
}

/* The small families: every member of their closed sets. */
static void declare_events(struct tally *t, unsigned mta)
{
	struct registry *r = t->registry;

	registry_declare(r, FAMILY_CLIENT_DELAY, KEY1(mta));
	registry_declare(r, FAMILY_SERVER_TRANSACTIONS, KEY1(mta));
	registry_declare(r, FAMILY_SERVER_CONNECTIONS, KEY1(mta));
	for (unsigned i = 0; i < _STATUS_MAX; i++)
		registry_declare(r, FAMILY_CLIENT_DELIVERIES, KEY3(mta, HOP_REMOTE, i));
	for (unsigned i = 0; i < _CAUSE_MAX; i++)
		registry_declare(r, FAMILY_CLIENT_FAILURES, KEY2(mta, i));
	for (unsigned i = 0; i < _PHASE_MAX; i++)
		registry_declare(r, FAMILY_CLIENT_PHASE, KEY2(mta, i));
	for (unsigned i = 0; i < _MECHANISM_MAX; i++)
		registry_declare(r, FAMILY_SERVER_AUTH_FAILURES, KEY2(mta, i));
	for (unsigned i = 0; i < _STAGE_MAX; i++)
		registry_declare(r, FAMILY_SERVER_LOST_CONNECTIONS, KEY2(mta, i));
	for (unsigned i = 0; i < _COMMAND_MAX; i++) {
		registry_declare(r, FAMILY_SERVER_COMMANDS, KEY2(mta, i));
		registry_declare(r, FAMILY_SERVER_COMMANDS_REFUSED, KEY2(mta, i));
	}
	for (unsigned i = 0; i < _OUTCOME_MAX; i++)
		if (i != OUTCOME_FOREIGN)
			registry_declare(r, FAMILY_ENTRIES, KEY2(mta, i));
}

int tally_new(struct tally **ret, struct registry *registry,
	      const struct smtpreply_catalogue *catalogue)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->registry = registry;
	if (build_codes(t, catalogue) < 0 || build_enhanced(t, catalogue) < 0 ||
	    build_mtas(t) < 0) {
		tally_free(t);
		return -ENOMEM;
	}

	publish_domains(t);
	registry_declare(registry, FAMILY_ENTRIES, KEY2(dialects_n, OUTCOME_FOREIGN));
	for (unsigned mta = 0; mta < dialects_n; mta++) {
		declare_codes(t, mta, catalogue);
		declare_implied(t, mta, dialects[mta]->implied);
		declare_events(t, mta);
	}
	*ret = t;
	return 0;
}

struct tally *tally_free(struct tally *t)
{
	if (!t)
		return NULL;
	free(t->code);
	free(t->class);
	free(t->meaning);
	free(t->code_text);
	free(t->enhanced);
	free(t->enhanced_name);
	free(t->mta);
	free(t);
	return NULL;
}

static void count_client_reply(struct tally *t, unsigned mta, const struct reply *reply)
{
	unsigned code = code_index(t, reply);

	registry_add(t->registry, FAMILY_CLIENT_REPLIES,
		     KEY4(mta, reply->hop, code, reply->evidence), 1);
	registry_add(t->registry, FAMILY_CLIENT_REPLY_STAGES,
		     KEY4(mta, reply->hop, code, reply->stage), 1);
	registry_add(t->registry, FAMILY_CLIENT_REPLY_ENHANCED,
		     KEY4(mta, reply->hop, code, enhanced_index(t, reply)), 1);
}

static void count_server_reply(struct tally *t, unsigned mta, const struct reply *reply)
{
	unsigned code = code_index(t, reply);

	registry_add(t->registry, FAMILY_SERVER_REPLIES, KEY3(mta, code, reply->evidence), 1);
	registry_add(t->registry, FAMILY_SERVER_REPLY_STAGES, KEY3(mta, code, reply->stage), 1);
	registry_add(t->registry, FAMILY_SERVER_REPLY_ENHANCED,
		     KEY3(mta, code, enhanced_index(t, reply)), 1);
}

static void count_delivery(struct tally *t, unsigned mta, const struct delivery *d)
{
	registry_add(t->registry, FAMILY_CLIENT_DELIVERIES, KEY3(mta, d->hop, d->status), 1);
	if (d->status != STATUS_SENT)
		return;
	if (d->has_delay)
		registry_observe(t->registry, FAMILY_CLIENT_DELAY, KEY1(mta), d->delay_usec);
	for (unsigned i = 0; d->has_phases && i < _PHASE_MAX; i++)
		registry_observe(t->registry, FAMILY_CLIENT_PHASE, KEY2(mta, i), d->phase_usec[i]);
}

static void count_command(struct tally *t, unsigned mta, const struct command_count *c)
{
	registry_add(t->registry, FAMILY_SERVER_COMMANDS, KEY2(mta, c->command), c->total);
	registry_add(t->registry, FAMILY_SERVER_COMMANDS_REFUSED, KEY2(mta, c->command),
		     c->refused);
}

void tally_event(struct tally *t, unsigned mta, const struct event *e)
{
	struct registry *r = t->registry;

	switch (e->type) {
	case EVENT_REPLY:
		if (e->reply.side == SIDE_CLIENT)
			count_client_reply(t, mta, &e->reply);
		else
			count_server_reply(t, mta, &e->reply);
		break;
	case EVENT_DELIVERY:
		count_delivery(t, mta, &e->delivery);
		break;
	case EVENT_FAILURE:
		registry_add(r, FAMILY_CLIENT_FAILURES, KEY2(mta, e->failure.cause), 1);
		break;
	case EVENT_TRANSACTION:
		registry_add(r, FAMILY_SERVER_TRANSACTIONS, KEY1(mta), 1);
		break;
	case EVENT_CONNECTION:
		registry_add(r, FAMILY_SERVER_CONNECTIONS, KEY1(mta), 1);
		break;
	case EVENT_LOST_CONNECTION:
		registry_add(r, FAMILY_SERVER_LOST_CONNECTIONS, KEY2(mta, e->stage), 1);
		break;
	case EVENT_AUTH_FAILURE:
		registry_add(r, FAMILY_SERVER_AUTH_FAILURES, KEY2(mta, e->mechanism), 1);
		break;
	case EVENT_COMMAND:
		count_command(t, mta, &e->command);
		break;
	}
}

void tally_outcome(struct tally *t, unsigned mta, enum outcome outcome, uint64_t realtime_usec)
{
	if (outcome == OUTCOME_FOREIGN)
		mta = dialects_n;
	registry_add(t->registry, FAMILY_ENTRIES_READ, KEY0, 1);
	registry_add(t->registry, FAMILY_ENTRIES, KEY2(mta, outcome), 1);
	if (outcome != OUTCOME_FOREIGN && outcome != OUTCOME_UNTRUSTED)
		registry_set(t->registry, FAMILY_LAST_ENTRY, KEY1(mta), realtime_usec);
}
