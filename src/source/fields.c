/* SPDX-License-Identifier: Apache-2.0 */
#include "source/fields.h"

#include "source/syslog_line.h"
#include "util/cursor.h"

/* Grouped by the second letter of the name, which tells most others apart. */
enum field {
	FIELD_NONE,
	FIELD_MESSAGE,
	FIELD_MESSAGE_ID,
	FIELD_EXE,
	FIELD_IDENTIFIER,
	FIELD_UNIT,
	FIELD_UID,
	FIELD_PID,
	FIELD_CONTAINER_ID,
	FIELD_CONTAINER_NAME,
	FIELD_TRANSPORT,
	FIELD_N_DROPPED,
	_FIELD_MAX,
};

static const span_t names[_FIELD_MAX] = {
	[FIELD_MESSAGE] = SPAN_INIT("MESSAGE="),
	[FIELD_MESSAGE_ID] = SPAN_INIT("MESSAGE_ID="),
	[FIELD_EXE] = SPAN_INIT("_EXE="),
	[FIELD_IDENTIFIER] = SPAN_INIT("SYSLOG_IDENTIFIER="),
	[FIELD_UNIT] = SPAN_INIT("_SYSTEMD_UNIT="),
	[FIELD_UID] = SPAN_INIT("_UID="),
	[FIELD_PID] = SPAN_INIT("_PID="),
	[FIELD_CONTAINER_ID] = SPAN_INIT("CONTAINER_ID="),
	[FIELD_CONTAINER_NAME] = SPAN_INIT("CONTAINER_NAME="),
	[FIELD_TRANSPORT] = SPAN_INIT("_TRANSPORT="),
	[FIELD_N_DROPPED] = SPAN_INIT("N_DROPPED="),
};

/* First of the group and number of fields in it, by the second letter. */
static const struct {
	uint8_t first, n;
} groups[UINT8_MAX + 1] = {
	['E'] = { FIELD_MESSAGE, 3 },	['Y'] = { FIELD_IDENTIFIER, 1 },
	['S'] = { FIELD_UNIT, 1 },	['U'] = { FIELD_UID, 1 },
	['P'] = { FIELD_PID, 1 },	['O'] = { FIELD_CONTAINER_ID, 2 },
	['T'] = { FIELD_TRANSPORT, 1 }, ['_'] = { FIELD_N_DROPPED, 1 },
};

static enum field find(span_t data)
{
	unsigned field, end;

	if (data.len < 2)
		return FIELD_NONE;
	field = groups[(uint8_t)data.ptr[1]].first;
	end = field + groups[(uint8_t)data.ptr[1]].n;
	while (field < end && !span_starts(data, names[field]))
		field++;
	return field < end ? field : FIELD_NONE;
}

/* The identifier of journald's own notices, and the MESSAGE_ID of "messages were dropped". */
#define JOURNALD_IDENTIFIER SPAN("systemd-journald")
#define JOURNALD_DROPPED_ID SPAN("a596d6fe7bfa4994828e72309e95d61e")

/* Decimal as journald prints it: no sign, no leading zero. Anything else gives NONE. */
static uint32_t parse_u32(span_t value, uint32_t none)
{
	struct cursor c = cursor_over(value);
	uint64_t v;

	if (!cursor_number(&c, 10, &v) || !cursor_at_end(&c) || v > UINT32_MAX)
		return none;
	if (value.len > 1 && value.ptr[0] == '0')
		return none;
	return (uint32_t)v;
}

static uint64_t parse_u64(span_t value)
{
	struct cursor c = cursor_over(value);
	uint64_t v;

	return cursor_number(&c, 18, &v) && cursor_at_end(&c) ? v : 0;
}

static span_t copy(char *buffer, span_t value)
{
	memcpy(buffer, value.ptr, value.len);
	return span_make(buffer, value.len);
}

static span_t copy_whole(char *buffer, size_t size, span_t value)
{
	return value.len <= size ? copy(buffer, value) : SPAN_NULL;
}

void fields_start(struct fields *fields)
{
	fields->record = (struct record){ .uid = RECORD_UID_NONE };
	fields->seen = 0;
	fields->doubled = false;
	fields->inside = false;
	fields->notice = false;
	fields->notice_dropped = false;
	fields->n_dropped = 0;
}

static bool is_wanted(const struct fields *fields)
{
	span_t identifier = fields->record.identifier;

	return fields->wanted(identifier) || span_eq(identifier, JOURNALD_IDENTIFIER);
}

static bool is_believed(const struct fields *fields, span_t container)
{
	for (const char *const *name = fields->containers; name && *name; name++)
		if (span_eq(span_str(*name), container))
			return true;
	return false;
}

/*
 * Docker's and Podman's journald drivers relay what a container prints, line by line. Whoever does not
 * run as root cannot be one of them, and keeps its own _UID: so a forged line stays untrusted. A line
 * without the head of a syslog daemon is no mail server's.
 */
static void unwrap(struct record *record)
{
	struct syslog_line line;

	if (!syslog_line_parse(record->message, &line))
		return;
	record->identifier = line.identifier;
	record->message = line.message;
	record->pid = line.pid;
	record->container = false;
}

static void store(struct fields *fields, enum field field, span_t value)
{
	struct record *record = &fields->record;

	switch (field) {
	case FIELD_MESSAGE:
		value.len = MIN(value.len, sizeof(fields->message));
		record->message = copy(fields->message, value);
		break;
	case FIELD_IDENTIFIER:
		record->identifier =
			copy_whole(fields->identifier, sizeof(fields->identifier), value);
		break;
	case FIELD_UNIT:
		record->unit = copy_whole(fields->unit, sizeof(fields->unit), value);
		break;
	case FIELD_EXE:
		record->exe = copy_whole(fields->exe, sizeof(fields->exe), value);
		break;
	case FIELD_UID:
		record->uid = parse_u32(value, RECORD_UID_NONE);
		break;
	case FIELD_PID:
		record->pid = parse_u32(value, 0);
		break;
	case FIELD_CONTAINER_NAME:
		fields->inside = is_believed(fields, value);
		record->container = true;
		break;
	case FIELD_CONTAINER_ID:
		record->container = true;
		break;
	case FIELD_TRANSPORT:
		fields->notice = span_eq(value, SPAN("driver"));
		break;
	case FIELD_MESSAGE_ID:
		fields->notice_dropped = span_eq(value, JOURNALD_DROPPED_ID);
		break;
	case FIELD_N_DROPPED:
		fields->n_dropped = parse_u64(value);
		break;
	case FIELD_NONE:
	case _FIELD_MAX:
		break;
	}
}

bool fields_add(struct fields *fields, span_t data)
{
	enum field field = find(data);

	if (field == FIELD_NONE)
		return true;
	if (fields->seen & 1U << field) {
		fields->doubled = true;
		return true;
	}
	fields->seen |= 1U << field;
	store(fields, field, span_tail(data, names[field].len));
	/* Of a container the identifier says nothing, and its name may come later. */
	return field != FIELD_IDENTIFIER || fields->containers || is_wanted(fields);
}

const struct record *fields_finish(struct fields *fields)
{
	if (fields->doubled)
		fields->record.identifier = SPAN_NULL;
	else if (fields->inside)
		unwrap(&fields->record);
	if (fields->notice && fields->notice_dropped)
		fields->record.dropped = fields->n_dropped;
	return &fields->record;
}
