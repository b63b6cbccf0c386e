/* SPDX-License-Identifier: Apache-2.0 */

/* smtp_reply_exporter: options, then either one pass over the journal or the daemon. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/exporter.h"
#include "daemon/log.h"
#include "daemon/options.h"

/* A wrong command line: starting again would not help (RestartPreventExitStatus= of the unit). */
#define EXIT_USAGE 2

/* --once: reads to the end, prints, and says why if it cannot. */
static int run_once(struct exporter *exporter)
{
	struct buf out = BUF_NULL;
	int r = exporter_open(exporter);

	while (r >= 0 && (r = exporter_round(exporter)) > 0)
		;
	if (r < 0) {
		log_error("cannot read the journal", "reason", journal_strerror(r), "error",
			  strerror(-r));
		return r;
	}
	exporter_expose(exporter, &out);
	if (out.failed || fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
		log_error("cannot write the metrics to standard output");
		r = -1;
	}
	buf_done(&out);
	return r;
}

int main(int argc, char **argv)
{
	struct exporter *exporter = NULL;
	char message[EXPORTER_MESSAGE_MAX];
	struct options options;
	int r = options_parse(argc, argv, &options);

	if (r != 0)
		return r == OPTIONS_E_ANSWERED ? EXIT_SUCCESS : EXIT_USAGE;
	log_set_level(options.log_level);
	r = exporter_new(&exporter, &options, message);
	if (r < 0)
		log_error("cannot start", "reason", message[0] ? message : strerror(-r));
	else
		r = options.once ? run_once(exporter) : daemon_run(exporter);
	exporter_free(exporter);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
