/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNT_VALUES_H
#define COUNT_VALUES_H

/*
 * The label values of reply codes and enhanced codes, as closed tables made from the catalogue. An index
 * into them is what series are keyed by.
 */

#include "util/span.h"

/* Index 0 of the enhanced codes is "none", 1 "other". */
#define VALUES_ENHANCED_NONE 0u
#define VALUES_ENHANCED_OTHER 1u

struct values {
	/* Parallel: values of the labels behind a code. The catalogue's codes come first, ascending. */
	span_t *code, *class, *meaning, *title, *retryable;
	unsigned n_codes;
	unsigned
		other; /* index of code="other", meaning="unlisted" for 2xx; the other classes follow */
	unsigned unspecified; /* the same for code="2xx", meaning="unspecified" */

	span_t *enhanced;
	unsigned n_enhanced;

	/* Private. */
	char (*code_text)[4];
	uint16_t code_index[400];		/* by code - 200 */
	struct values_enhanced *enhanced_value; /* parallel to ENHANCED */
};

/* CATALOGUE is borrowed and must outlive the values. Returns 0 or -ENOMEM. */
int values_init(struct values *values, const struct smtpreply_catalogue *catalogue);
void values_done(struct values *values);

/* CODE is 200 to 599, or 0 where only the class is known. */
unsigned values_code(const struct values *values, unsigned code, unsigned class);

/*
 * For families that show of a code only its class: the first index that shows CLASS, so that there is
 * one series for it, and it is found again by its labels.
 */
unsigned values_class(const struct values *values, unsigned class);

/* For families without a label for the class: there code="other" is one value, not one for each class. */
unsigned values_code_alone(const struct values *values, unsigned index);

/*
 * Codes that neither the registry nor a provider's row knows, and those of another class than CLASS, are
 * "other".
 */
unsigned values_enhanced(const struct values *values, const struct smtpreply_enhanced *enhanced,
			 unsigned class);

#endif
