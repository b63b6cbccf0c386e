/* SPDX-License-Identifier: Apache-2.0 */

#include "source/journal_options.h"

#include "util/when.h"

refusal journal_options_directory(struct journal_options *o, const char *value)
{
	o->directory = value;
	return *value ? NULL : "give a directory";
}

refusal journal_options_file(struct journal_options *o, const char *value)
{
	if (o->n_files == JOURNAL_OPTIONS_FILES_MAX)
		return "at most 64 files; give their directory with --journal.directory";
	o->files[o->n_files++] = value;
	return *value ? NULL : "give a file";
}

refusal journal_options_namespace(struct journal_options *o, const char *value)
{
	o->name_space = value;
	return *value ? NULL : "give a namespace, as in LogNamespace= of a unit";
}

refusal journal_options_container(struct journal_options *o, const char *value)
{
	if (o->n_containers == JOURNAL_OPTIONS_CONTAINERS_MAX)
		return "at most 32 containers";
	o->containers[o->n_containers++] = value;
	return *value ? NULL : "give the name of a container, as docker ps shows it";
}

refusal journal_options_since(struct journal_options *o, const char *value)
{
	static const struct {
		span_t word;
		enum journal_since since;
	} words[] = {
		{ SPAN_INIT("now"), JOURNAL_SINCE_NOW },
		{ SPAN_INIT("boot"), JOURNAL_SINCE_BOOT },
		{ SPAN_INIT("all"), JOURNAL_SINCE_ALL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (span_eq(span_str(value), words[i].word)) {
			o->since = words[i].since;
			return NULL;
		}
	}
	o->since = JOURNAL_SINCE_TIME;
	return when_timestamp(value, &o->since_usec)
		       ? NULL
		       : "give now, boot, all, @SECONDS or a time such as 2026-01-31 12:00:00";
}

bool journal_options_agree(const struct journal_options *o)
{
	return (o->directory != NULL) + (o->n_files > 0) + (o->name_space != NULL) <= 1;
}

const char *journal_options_name(const struct journal_options *o)
{
	return o->directory    ? o->directory
	       : o->n_files    ? o->files[0]
	       : o->name_space ? o->name_space
			       : "this machine's journal";
}

struct journal_config journal_options_config(const struct journal_options *o,
					     bool (*wanted)(span_t identifier))
{
	return (struct journal_config){
		.directory = o->directory,
		.files = o->n_files > 0 ? o->files : NULL,
		.name_space = o->name_space,
		.containers = o->n_containers > 0 ? o->containers : NULL,
		.since = o->since,
		.since_usec = o->since_usec,
		.wanted = wanted,
	};
}
