/* SPDX-License-Identifier: Apache-2.0 */

#include "count/tally.h"

#include <errno.h>
#include <stdlib.h>

#include "count/reason.h"
#include "count/values.h"
#include "dialect/dialect.h"

#define OUTCOME_NAME(id, name) [OUTCOME_##id] = SPAN_INIT(name),
const span_t outcome_names[_OUTCOME_MAX] = { OUTCOMES(OUTCOME_NAME) };

struct tally {
	struct registry *registry;		     /* borrowed */
	const struct smtpreply_catalogue *catalogue; /* borrowed */
	struct values values;
	span_t *mta; /* the dialects' names, then "none" */
};

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
	const struct values *v = &t->values;
	struct registry *r = t->registry;
	size_t n_providers;
	const span_t *providers = smtpreply_providers(t->catalogue, &n_providers);

	registry_domain(r, LABEL_mta, t->mta, dialects_n + 1, dialects_n);
	registry_domain(r, LABEL_code, v->code, v->n_codes, v->other);
	registry_domain(r, LABEL_class, v->class, v->n_codes, v->other);
	registry_domain(r, LABEL_meaning, v->meaning, v->n_codes, v->other);
	registry_domain(r, LABEL_title, v->title, v->n_codes, v->other);
	registry_domain(r, LABEL_retryable, v->retryable, v->n_codes, v->other);
	registry_domain(r, LABEL_reason, smtpreply_category_names, _SMTPREPLY_CATEGORY_MAX,
			SMTPREPLY_CATEGORY_OTHER);
	registry_domain(r, LABEL_provider, providers, (unsigned)n_providers, 0);
	registry_domain(r, LABEL_enhanced, v->enhanced, v->n_enhanced, VALUES_ENHANCED_OTHER);
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
	return c->code >= 200 && c->code < 600 &&
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
		unsigned code = values_code(&t->values, codes[i].code, 0);

		registry_declare(t->registry, FAMILY_CLIENT_REPLIES,
				 KEY4(mta, HOP_REMOTE, code, EVIDENCE_LOGGED));
		registry_declare(t->registry, FAMILY_SERVER_REPLIES,
				 KEY3(mta, code, EVIDENCE_LOGGED));
	}
}

/* What 451 can mean is what people watch: every reason is 0 before it is 1. */
static void declare_reasons(struct tally *t, unsigned mta)
{
	unsigned code = values_code(&t->values, 451, 0);

	for (unsigned i = 0; i < _SMTPREPLY_CATEGORY_MAX; i++) {
		if (i == SMTPREPLY_CATEGORY_OK)
			continue;
		registry_declare(t->registry, FAMILY_CLIENT_REPLY_REASONS,
				 KEY4(mta, HOP_REMOTE, code, i));
		registry_declare(t->registry, FAMILY_SERVER_REPLY_REASONS, KEY3(mta, code, i));
	}
}

static void declare_info(struct tally *t)
{
	for (unsigned i = 0; i < t->values.other; i++)
		registry_set(t->registry, FAMILY_CODE_INFO, KEY1(i), 1);
}

static void declare_implied(struct tally *t, unsigned mta, const struct dialect_implied *implied)
{
	for (; implied && implied->code; implied++) {
		/* A class alone is written as its digit. */
		unsigned code = implied->code < 10 ? values_code(&t->values, 0, implied->code)
						   : values_code(&t->values, implied->code, 0);

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
	t->catalogue = catalogue;
	if (values_init(&t->values, catalogue) < 0 || build_mtas(t) < 0) {
		tally_free(t);
		return -ENOMEM;
	}

	publish_domains(t);
	declare_info(t);
	registry_declare(registry, FAMILY_ENTRIES, KEY2(dialects_n, OUTCOME_FOREIGN));
	for (unsigned mta = 0; mta < dialects_n; mta++) {
		declare_codes(t, mta, catalogue);
		declare_reasons(t, mta);
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
	values_done(&t->values);
	free(t->mta);
	free(t);
	return NULL;
}

static void count_client_reply(struct tally *t, unsigned mta, const struct reply *reply)
{
	unsigned code = values_code(&t->values, reply->code, reply->class);
	unsigned enhanced = values_enhanced(&t->values, &reply->enhanced, reply->class);
	unsigned provider =
		reply->hop == HOP_REMOTE ? smtpreply_provider_find(t->catalogue, reply->host) : 0;
	unsigned reason = reason_of(t->catalogue, reply, provider);

	registry_add(t->registry, FAMILY_CLIENT_REPLIES,
		     KEY4(mta, reply->hop, code, reply->evidence), 1);
	code = values_code_alone(&t->values, code);
	registry_add(t->registry, FAMILY_CLIENT_REPLY_REASONS, KEY4(mta, reply->hop, code, reason),
		     1);
	registry_add(t->registry, FAMILY_CLIENT_REPLY_STAGES,
		     KEY4(mta, reply->hop, code, reply->stage), 1);
	registry_add(t->registry, FAMILY_CLIENT_REPLY_ENHANCED,
		     KEY4(mta, reply->hop, code, enhanced), 1);
	if (reply->hop == HOP_REMOTE)
		registry_add(t->registry, FAMILY_CLIENT_PROVIDER_REASONS,
			     KEY3(provider, values_class(&t->values, reply->class), reason), 1);
}

static void count_server_reply(struct tally *t, unsigned mta, const struct reply *reply)
{
	unsigned code = values_code(&t->values, reply->code, reply->class);
	unsigned enhanced = values_enhanced(&t->values, &reply->enhanced, reply->class);
	unsigned reason = reason_of(t->catalogue, reply, 0);

	registry_add(t->registry, FAMILY_SERVER_REPLIES, KEY3(mta, code, reply->evidence), 1);
	code = values_code_alone(&t->values, code);
	registry_add(t->registry, FAMILY_SERVER_REPLY_REASONS, KEY3(mta, code, reason), 1);
	registry_add(t->registry, FAMILY_SERVER_REPLY_STAGES, KEY3(mta, code, reply->stage), 1);
	registry_add(t->registry, FAMILY_SERVER_REPLY_ENHANCED, KEY3(mta, code, enhanced), 1);
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
	if (outcome == OUTCOME_FOREIGN || outcome == OUTCOME_UNTRUSTED)
		return;
	/* Entries of several files can come late; the newest one counts. */
	if (realtime_usec > registry_get(t->registry, FAMILY_LAST_ENTRY, KEY1(mta)))
		registry_set(t->registry, FAMILY_LAST_ENTRY, KEY1(mta), realtime_usec);
}
