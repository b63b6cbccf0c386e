/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

/*
 * One subcommand of smtpreply. RUN gets its own words, of which the first is its name, and returns the
 * exit status; it writes to standard output, and main() finds out whether that worked.
 */
struct command {
	const char *name, *arguments, *help;
	int (*run)(int argc, char **argv);
};

/* Exit statuses besides 0. */
#define COMMAND_FAILED 1 /* something could not be read or written; one line says what */
#define COMMAND_USAGE 2	 /* the command line is wrong; one line says where */

#endif
