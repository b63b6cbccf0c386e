/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_RECORD_H
#define SOURCE_RECORD_H

/*
 * One log entry, as every source delivers it. The spans belong to the source and are valid until its
 * next read. An absent field is an empty span.
 */

#include "util/span.h"

#define RECORD_UID_NONE UINT32_MAX

struct record {
	span_t identifier; /* SYSLOG_IDENTIFIER: whatever the writer said */
	span_t message;

	/* Added by journald, so a writer cannot choose them (systemd.journal-fields(7)). */
	span_t unit;  /* _SYSTEMD_UNIT */
	span_t exe;   /* _EXE */
	uint32_t uid; /* _UID, RECORD_UID_NONE if absent */
	uint32_t pid; /* _PID, 0 if absent */

	bool container;		/* relayed from a container (CONTAINER_ID, CONTAINER_NAME) */
	uint64_t realtime_usec; /* when journald received it, microseconds since 1970 */
	uint64_t dropped; /* N_DROPPED of journald's own notice that it lost messages, else 0 */
};

#endif
