/* SPDX-License-Identifier: Apache-2.0 */

#include <smtpreply.h>

#include "util/span.h"

#define CATEGORY_NAME(id, name) [SMTPREPLY_CATEGORY_##id] = SPAN_INIT(name),

const struct smtpreply_span smtpreply_category_names[_SMTPREPLY_CATEGORY_MAX] = {
	SMTPREPLY_CATEGORIES(CATEGORY_NAME)
};
