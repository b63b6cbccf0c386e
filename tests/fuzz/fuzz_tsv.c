/* SPDX-License-Identifier: Apache-2.0 */

/* One table, whose header is its own first line. */

#include "smtpreply/tsv.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span_t text = span_make((const char *)data, size), field[TSV_COLUMNS_MAX];
	ptrdiff_t end = span_find_char(text, '\n');
	span_t header = end < 0 ? text : span_head(text, (size_t)end);
	unsigned line = 1;
	struct tsv tsv;

	if (tsv_open(&tsv, text, header) < 0)
		return 0;
	require(size > 0 && tsv.line == line);
	require(tsv.columns >= 1 && tsv.columns <= TSV_COLUMNS_MAX);
	while (tsv_next(&tsv, field) > 0) {
		require(tsv.line == ++line);
		for (unsigned i = 0; i < tsv.columns; i++) {
			require(span_inside(field[i], text));
			require(span_find_char(field[i], '\t') < 0);
			require(span_find_char(field[i], '\n') < 0);
			require(!span_eq(field[i], SPAN("-")));
		}
	}
	require(span_inside(tsv.rest, text));
	return 0;
}
