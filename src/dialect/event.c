/* SPDX-License-Identifier: Apache-2.0 */

#include "dialect/event.h"

#define STAGE_NAME(id, name) [STAGE_##id] = SPAN_INIT(name),
#define HOP_NAME(id, name) [HOP_##id] = SPAN_INIT(name),
#define EVIDENCE_NAME(id, name) [EVIDENCE_##id] = SPAN_INIT(name),
#define STATUS_NAME(id, name) [STATUS_##id] = SPAN_INIT(name),
#define CAUSE_NAME(id, name) [CAUSE_##id] = SPAN_INIT(name),
#define MECHANISM_NAME(id, name) [MECHANISM_##id] = SPAN_INIT(name),
#define COMMAND_NAME(id, name) [COMMAND_##id] = SPAN_INIT(name),
#define PHASE_NAME(id, name) [PHASE_##id] = SPAN_INIT(name),

const span_t stage_names[_STAGE_MAX] = { STAGES(STAGE_NAME) };
const span_t hop_names[_HOP_MAX] = { HOPS(HOP_NAME) };
const span_t evidence_names[_EVIDENCE_MAX] = { EVIDENCES(EVIDENCE_NAME) };
const span_t status_names[_STATUS_MAX] = { STATUSES(STATUS_NAME) };
const span_t cause_names[_CAUSE_MAX] = { CAUSES(CAUSE_NAME) };
const span_t mechanism_names[_MECHANISM_MAX] = { MECHANISMS(MECHANISM_NAME) };
const span_t command_names[_COMMAND_MAX] = { COMMANDS(COMMAND_NAME) };
const span_t phase_names[_PHASE_MAX] = { PHASES(PHASE_NAME) };

struct event *events_add(struct events *events, enum event_type type)
{
	struct event *e;

	if (events->n < EVENTS_MAX)
		events->n++;
	e = &events->item[events->n - 1];
	*e = (struct event){ .type = type };
	return e;
}

unsigned name_find(const span_t *names, unsigned n, span_t name)
{
	unsigned i = 0;

	while (i < n && !span_eq(names[i], name))
		i++;
	return i;
}
