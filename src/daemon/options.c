/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/version.h"
#include "util/option_table.h"
#include "util/when.h"

static refusal take_directory(struct options *o, const char *value)
{
	return journal_options_directory(&o->journal, value);
}

static refusal take_file(struct options *o, const char *value)
{
	return journal_options_file(&o->journal, value);
}

static refusal take_container(struct options *o, const char *value)
{
	return journal_options_container(&o->journal, value);
}

static refusal take_namespace(struct options *o, const char *value)
{
	return journal_options_namespace(&o->journal, value);
}

static refusal take_since(struct options *o, const char *value)
{
	return journal_options_since(&o->journal, value);
}

static refusal take_trust(struct options *o, const char *value)
{
	return trust_mode_parse(value, &o->trust) ? NULL : "give trusted or identifier";
}

static refusal take_once(struct options *o, const char *value)
{
	o->once = value != NULL;
	return NULL;
}

/* Whether the address can be used shows when it is bound. */
static refusal take_listen(struct options *o, const char *value)
{
	if (o->n_listen == HTTP_ADDRESSES_MAX)
		return "at most 8 addresses";
	o->listen[o->n_listen++] = value;
	return NULL;
}

static refusal take_systemd_socket(struct options *o, const char *value)
{
	o->systemd_socket = value != NULL;
	return NULL;
}

static refusal take_path(struct options *o, const char *value)
{
	static const char *const taken[] = { "/-/", "/codes", "/compare" };

	o->telemetry_path = value;
	if (*value != '/' || value[1] == '/' || strpbrk(value, "?#%"))
		return "give a plain path that starts with one slash";
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (strncmp(value, taken[i], strlen(taken[i])) == 0)
			return "paths under /-/, /codes and /compare are the exporter's own";
	return NULL;
}

static refusal take_zero_hold(struct options *o, const char *value)
{
	return when_duration(value, &o->zero_hold_usec) ? NULL
							: "give a duration such as 65s or 2m";
}

static refusal take_catalogue_dir(struct options *o, const char *value)
{
	o->catalogue_dir = value;
	return *value ? NULL : "give a directory";
}

static refusal take_state_file(struct options *o, const char *value)
{
	o->state_file = value;
	return *value ? NULL : "give a file, or --no-state";
}

static refusal take_state_interval(struct options *o, const char *value)
{
	return when_duration(value, &o->state_interval_usec) && o->state_interval_usec > 0
		       ? NULL
		       : "give a duration such as 15s";
}

static refusal take_no_state(struct options *o, const char *value)
{
	(void)value;
	o->no_state = true;
	return NULL;
}

static refusal take_level(struct options *o, const char *value)
{
	unsigned level = 0;

	if (strcmp(value, "warn") == 0)
		value = "warning";
	while (level < _LOG_LEVEL_MAX && strcmp(value, log_level_names[level]) != 0)
		level++;
	if (level == _LOG_LEVEL_MAX)
		return "give error, warning, info or debug";
	o->log_level = (enum log_level)level;
	return NULL;
}

static const struct option_row rows[] = {
	{ "journal.directory", "DIR", "this machine's journal", "Read the journal files in DIR.",
	  take_directory },
	{ "journal.file", "FILE", NULL,
	  "Read this journal file to its end, from its start unless --journal.since says otherwise; "
	  "repeatable. Nothing is followed.",
	  take_file },
	{ "journal.namespace", "NS", "the default namespace",
	  "Read the journal namespace NS (LogNamespace= of a unit).", take_namespace },
	{ "journal.container", "NAME", NULL,
	  "Believe the container NAME: take apart the syslog lines that it prints; repeatable.",
	  take_container },
	{ "journal.since", "WHEN", "now",
	  "Where to start: now, boot, all, @SECONDS or a time such as \"2026-01-31 12:00:00\" "
	  "(UTC with a Z behind it).",
	  take_since },
	{ "journal.trust", "MODE", "trusted",
	  "trusted: count an entry only if the fields that journald adds fit the mail server. "
	  "identifier: believe every SYSLOG_IDENTIFIER.",
	  take_trust },
	{ "once", NULL, NULL,
	  "Read everything there is, or what --journal.since says, print the metrics and exit: 0, or "
	  "1 if the journal cannot be read.",
	  take_once },
	{ "web.listen-address", "ADDRESS", ":10451",
	  "Where to serve HTTP: :PORT, HOST:PORT or [IPV6]:PORT; repeatable.", take_listen },
	{ "web.systemd-socket", NULL, NULL,
	  "Serve HTTP on the sockets that systemd hands over (a .socket unit) instead.",
	  take_systemd_socket },
	{ "web.telemetry-path", "PATH", "/metrics", "Path of the metrics.", take_path },
	{ "metrics.zero-hold", "DURATION", "65s",
	  "Show a new series as 0 for so long, so that increase() sees its first event; should be "
	  "longer than the scrape interval.",
	  take_zero_hold },
	{ "catalogue.dir", "DIR", NULL,
	  "Add the codes, enhanced codes, signatures and providers of the files in DIR to those built "
	  "in; read again at SIGHUP.",
	  take_catalogue_dir },
	{ "state.file", "FILE", "$STATE_DIRECTORY/state",
	  "Keep position and counters in FILE, so that they go on after a restart.",
	  take_state_file },
	{ "state.interval", "DURATION", "15s", "How often to save them while there is mail.",
	  take_state_interval },
	{ "no-state", NULL, NULL, "Keep nothing: all counters start at 0.", take_no_state },
	{ "log.level", "LEVEL", "info", "Log error, warning, info or debug.", take_level },
	{ "version", NULL, NULL, "Print the version and exit.", NULL },
	{ "help", NULL, NULL, "Print this help and exit.", NULL },
};

static const struct option_table table = {
	.program = "smtp_reply_exporter",
	.usage =
		"Usage: smtp_reply_exporter [OPTION]...\n"
		"Counts the SMTP replies in this host's journal and serves them to Prometheus.\n\n",
	.version = "smtp_reply_exporter " VERSION " (libsystemd " VERSION_LIBSYSTEMD
		   ", libmicrohttpd " VERSION_LIBMICROHTTPD ")\n",
	.rows = rows,
	.n_rows = ARRAY_SIZE(rows),
};

/* What contradicts itself, once everything was read. */
static int check(const struct options *o)
{
	if (journal_options_agree(&o->journal))
		return 0;
	option_table_complain(&table, "--journal.directory, --journal.file and ",
			      "--journal.namespace", "give only one of them");
	return -EINVAL;
}

/* systemd names the directories of StateDirectory= in the environment (systemd.exec(5)): the first. */
static void find_state_file(struct options *o)
{
	static char path[4096];
	const char *directories = getenv("STATE_DIRECTORY");

	if (o->no_state || o->once) {
		o->state_file = NULL;
	} else if (!o->state_file && directories && *directories) {
		int n = snprintf(path, sizeof(path), "%.*s/state", (int)strcspn(directories, ":"),
				 directories);

		o->state_file = n > 0 && (size_t)n < sizeof(path) ? path : NULL;
	}
}

static int finish(struct options *o)
{
	find_state_file(o);
	if (o->n_listen == 0)
		o->listen[o->n_listen++] = ":10451";
	/* What cannot be followed has no now to start at. */
	if ((o->once || o->journal.n_files > 0) && o->journal.since == JOURNAL_SINCE_NOW)
		o->journal.since = JOURNAL_SINCE_ALL;
	if (o->once)
		o->zero_hold_usec = 0;
	return check(o);
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct options o = {
		.telemetry_path = "/metrics",
		.state_interval_usec = 15 * USEC_PER_SEC,
		.zero_hold_usec = 65 * USEC_PER_SEC,
		.log_level = LOG_LEVEL_INFO,
	};
	int r = option_table_parse(&table, argc, argv, &o);

	if (r == 0)
		r = finish(&o);
	if (r == 0)
		*ret = o;
	return r;
}
