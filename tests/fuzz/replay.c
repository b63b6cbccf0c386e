/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A plain main in libFuzzer's place: feeds each file named on the command line to the target once,
 * in memory that is exactly as large, so that sanitizers see a read beyond it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static int replay(const char *path)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	uint8_t *data;
	bool ok;

	if (!f || fstat(fileno(f), &st) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	data = malloc((size_t)st.st_size);
	ok = st.st_size == 0 || (data && fread(data, (size_t)st.st_size, 1, f) == 1);
	fclose(f);
	if (ok)
		(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
	return ok ? 0 : -1;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed += replay(argv[i]) < 0;
	printf("%d inputs, %d unreadable\n", argc - 1, failed);
	return argc > 1 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
