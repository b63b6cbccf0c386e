/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/version.h"
#include "util/cursor.h"

/* Why a value was refused, for the operator; NULL if it was taken. */
typedef const char *refusal;

struct option_row {
	const char *name;
	const char *argument; /* NULL: a flag, which --no-NAME takes back */
	const char *fallback; /* what holds without it, for --help; may be NULL */
	const char *help;
	refusal (*take)(struct options *o, const char *value);
};

static refusal take_directory(struct options *o, const char *value)
{
	o->journal_directory = value;
	return *value ? NULL : "give a directory";
}

static refusal take_file(struct options *o, const char *value)
{
	if (o->n_journal_files == OPTIONS_FILES_MAX)
		return "at most " STRINGIFY(
			64) " files; give their directory with --journal.directory";
	o->journal_files[o->n_journal_files++] = value;
	return *value ? NULL : "give a file";
}

static refusal take_namespace(struct options *o, const char *value)
{
	o->journal_namespace = value;
	return *value ? NULL : "give a namespace, as in LogNamespace= of a unit";
}

/* `@SECONDS`, or a date with an optional time: local time, or UTC with a Z at its end. */
static bool parse_timestamp(const char *value, uint64_t *ret_usec)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
					       "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
	struct cursor c = cursor_over(span_str(value));
	uint64_t seconds;

	if (cursor_take(&c, '@')) {
		if (!cursor_number(&c, 11, &seconds) || !cursor_at_end(&c))
			return false;
		*ret_usec = seconds * USEC_PER_SEC;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(value, formats[i], &tm);
		bool utc = end && *end == 'Z';
		time_t t;
		int day;

		if (!end || (*end != '\0' && !(utc && end[1] == '\0')))
			continue;
		day = tm.tm_mday;
		t = utc ? timegm(&tm) : mktime(&tm);
		/* The 30th of February became a day in March. */
		if (tm.tm_mday != day)
			return false;
		*ret_usec = t > 0 ? (uint64_t)t * USEC_PER_SEC : 0;
		return t >= 0;
	}
	return false;
}

static refusal take_since(struct options *o, const char *value)
{
	static const struct {
		const char *word;
		enum journal_since since;
	} words[] = {
		{ "now", JOURNAL_SINCE_NOW },
		{ "boot", JOURNAL_SINCE_BOOT },
		{ "all", JOURNAL_SINCE_ALL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i].word) == 0) {
			o->since = words[i].since;
			return NULL;
		}
	}
	o->since = JOURNAL_SINCE_TIME;
	return parse_timestamp(value, &o->since_usec)
		       ? NULL
		       : "give now, boot, all, @SECONDS or a time such as 2026-01-31 12:00:00";
}

static refusal take_trust(struct options *o, const char *value)
{
	if (strcmp(value, "trusted") == 0)
		o->trust = TRUST_TRUSTED;
	else if (strcmp(value, "identifier") == 0)
		o->trust = TRUST_IDENTIFIER;
	else
		return "give trusted or identifier";
	return NULL;
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
	o->telemetry_path = value;
	return *value == '/' && value[1] != '/' ? NULL : "give a path that starts with one slash";
}

/* Prometheus' durations: 65s, 1m5s, 500ms, 2h; a bare 0. */
static bool parse_duration(const char *value, uint64_t *ret_usec)
{
	static const struct {
		span_t unit;
		uint64_t usec;
	} units[] = {
		{ SPAN_INIT("ms"), USEC_PER_MSEC },
		{ SPAN_INIT("s"), USEC_PER_SEC },
		{ SPAN_INIT("m"), 60 * USEC_PER_SEC },
		{ SPAN_INIT("h"), 3600 * USEC_PER_SEC },
	};
	struct cursor c = cursor_over(span_str(value));
	uint64_t sum = 0, n;

	if (strcmp(value, "0") == 0) {
		*ret_usec = 0;
		return true;
	}
	while (cursor_number(&c, 6, &n)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(units) && !cursor_take_span(&c, units[i].unit))
			i++;
		if (i == ARRAY_SIZE(units))
			return false;
		sum += n * units[i].usec;
	}
	*ret_usec = sum;
	return *value && cursor_at_end(&c);
}

static refusal take_zero_hold(struct options *o, const char *value)
{
	return parse_duration(value, &o->zero_hold_usec) ? NULL
							 : "give a duration such as 65s or 2m";
}

static refusal take_state_file(struct options *o, const char *value)
{
	o->state_file = value;
	return *value ? NULL : "give a file, or --no-state";
}

static refusal take_state_interval(struct options *o, const char *value)
{
	return parse_duration(value, &o->state_interval_usec) && o->state_interval_usec > 0
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

static refusal answer_help(struct options *o, const char *value);
static refusal answer_version(struct options *o, const char *value);

static const struct option_row rows[] = {
	{ "journal.directory", "DIR", "this machine's journal", "Read the journal files in DIR.",
	  take_directory },
	{ "journal.file", "FILE", NULL,
	  "Read this journal file to its end; repeatable. Nothing is followed.", take_file },
	{ "journal.namespace", "NS", "the default namespace",
	  "Read the journal namespace NS (LogNamespace= of a unit).", take_namespace },
	{ "journal.since", "WHEN", "now",
	  "Where to start: now, boot, all, @SECONDS or a time such as \"2026-01-31 12:00:00\" "
	  "(UTC with a Z behind it).",
	  take_since },
	{ "journal.trust", "MODE", "trusted",
	  "trusted: count an entry only if the fields that journald adds fit the mail server. "
	  "identifier: believe every SYSLOG_IDENTIFIER.",
	  take_trust },
	{ "once", NULL, NULL,
	  "Read everything there is (--journal.since=all), print the metrics and exit: 0, or 1 if "
	  "the journal cannot be read.",
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
	{ "state.file", "FILE", "$STATE_DIRECTORY/state",
	  "Keep position and counters in FILE, so that they go on after a restart.",
	  take_state_file },
	{ "state.interval", "DURATION", "15s", "How often to save them while there is mail.",
	  take_state_interval },
	{ "no-state", NULL, NULL, "Keep nothing: all counters start at 0.", take_no_state },
	{ "log.level", "LEVEL", "info", "Log error, warning, info or debug.", take_level },
	{ "version", NULL, NULL, "Print the version and exit.", answer_version },
	{ "help", NULL, NULL, "Print this help and exit.", answer_help },
};

#define HELP_INDENT 30
#define HELP_WIDTH 96

/* TEXT broken at blanks, every line but the first indented; ends the line. */
static void print_wrapped(const char *text)
{
	size_t column = HELP_INDENT;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > HELP_INDENT && column + 1 + word > HELP_WIDTH) {
			printf("\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		} else if (column > HELP_INDENT) {
			column += (size_t)printf(" ");
		}
		column += (size_t)printf("%.*s", (int)word, text);
		text += word + strspn(text + word, " ");
	}
	putchar('\n');
}

static void print_row(const struct option_row *row)
{
	char text[512];
	int n = printf("  --%s%s%s", row->name, row->argument ? "=" : "",
		       row->argument ? row->argument : "");

	printf("%*s", n + 2 > HELP_INDENT ? 2 : HELP_INDENT - n, "");
	snprintf(text, sizeof(text), row->fallback ? "%s [%s]" : "%s", row->help, row->fallback);
	print_wrapped(text);
}

static refusal answer_help(struct options *o, const char *value)
{
	(void)o;
	(void)value;
	printf("Usage: smtp_reply_exporter [OPTION]...\n"
	       "Counts the SMTP replies in this host's journal and serves them to Prometheus.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		print_row(&rows[i]);
	return NULL;
}

static refusal answer_version(struct options *o, const char *value)
{
	(void)o;
	(void)value;
	printf("smtp_reply_exporter %s (libsystemd %s, libmicrohttpd %s)\n", VERSION,
	       VERSION_LIBSYSTEMD, VERSION_LIBMICROHTTPD);
	return NULL;
}

static bool is_answer(const struct option_row *row)
{
	return row->take == answer_help || row->take == answer_version;
}

/* Flags of which the opposite means something; the name of --no-state says its opposite already. */
static bool is_negatable(const struct option_row *row)
{
	return !row->argument && !is_answer(row) && strncmp(row->name, "no-", 3) != 0;
}

static void complain(const char *what, const char *name, const char *hint)
{
	fprintf(stderr, "smtp_reply_exporter: %s%s: %s\n", what, name, hint);
}

/* What getopt_long returns for row I; above every character, since it returns those as well. */
#define ROW_VALUE(i) (256 + 2 * (int)(i))
#define ROW_OF(value) (&rows[(unsigned)((value)-256) / 2])
#define IS_NEGATED(value) ((value)&1)

/* getopt_long's table: every row, and --no-NAME for every flag but the answers. */
static void fill_table(struct option *table)
{
	static char negated[ARRAY_SIZE(rows)][32];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int has_arg = rows[i].argument ? required_argument : no_argument;

		table[n++] = (struct option){ rows[i].name, has_arg, NULL, ROW_VALUE(i) };
		if (!is_negatable(&rows[i]))
			continue;
		snprintf(negated[i], sizeof(negated[i]), "no-%s", rows[i].name);
		table[n++] = (struct option){ negated[i], no_argument, NULL, ROW_VALUE(i) + 1 };
	}
	table[n] = (struct option){ NULL, 0, NULL, 0 };
}

/* What contradicts itself, once everything was read. */
static int check(const struct options *o)
{
	int sources = (o->journal_directory != NULL) + (o->n_journal_files > 0) +
		      (o->journal_namespace != NULL);

	if (sources > 1) {
		complain("--journal.directory, --journal.file and ", "--journal.namespace",
			 "give only one of them");
		return -EINVAL;
	}
	return 0;
}

/* systemd names the directory of StateDirectory= in the environment (systemd.exec(5)). */
static void find_state_file(struct options *o)
{
	static char path[4096];
	const char *directory = getenv("STATE_DIRECTORY");

	if (o->no_state || o->once) {
		o->state_file = NULL;
	} else if (!o->state_file && directory) {
		int n = snprintf(path, sizeof(path), "%s/state", directory);

		o->state_file = n > 0 && (size_t)n < sizeof(path) ? path : NULL;
	}
}

static int finish(struct options *o)
{
	find_state_file(o);
	if (o->n_listen == 0)
		o->listen[o->n_listen++] = ":10451";
	if (o->once) {
		o->since = JOURNAL_SINCE_ALL;
		o->zero_hold_usec = 0;
	}
	return check(o);
}

/* The option that getopt_long found, with its value in optarg. */
static int take_row(struct options *o, int value)
{
	const struct option_row *row = ROW_OF(value);
	const char *given = row->argument ? optarg : (IS_NEGATED(value) ? NULL : "");
	refusal why = row->take(o, given);

	if (why) {
		complain("--", row->name, why);
		return -EINVAL;
	}
	return is_answer(row) ? OPTIONS_E_ANSWERED : 0;
}

/* What getopt_long had against a word. */
static const char *why_refused(int r)
{
	if (r == ':')
		return "needs a value; see --help";
	return optopt >= ROW_VALUE(0) ? "takes no value; see --help"
				      : "no such option, or ambiguous; see --help";
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct option table[2 * ARRAY_SIZE(rows) + 1];
	struct options o = {
		.telemetry_path = "/metrics",
		.state_interval_usec = 15 * USEC_PER_SEC,
		.zero_hold_usec = 65 * USEC_PER_SEC,
		.log_level = LOG_LEVEL_INFO,
	};
	int r, at;

	fill_table(table);
	opterr = 0;
	/* "+": what is no option ends them, so that the word at hand is always argv[at]. */
	for (at = 1; (r = getopt_long(argc, argv, "+:", table, NULL)) >= 0; at = optind) {
		if (r == '?' || r == ':') {
			complain("", argv[at], why_refused(r));
			return -EINVAL;
		}
		r = take_row(&o, r);
		if (r != 0)
			return r;
	}
	if (optind < argc) {
		complain("", argv[optind], "takes no arguments besides options; see --help");
		return -EINVAL;
	}
	r = finish(&o);
	if (r == 0)
		*ret = o;
	return r;
}
