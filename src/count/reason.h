/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNT_REASON_H
#define COUNT_REASON_H

/* Why a reply was given: the classifier's question, asked of a reply that a dialect found. */

#include "dialect/event.h"

/* Who gave REPLY, an index into smtpreply_providers(); 0 for nobody known and for local hops. */
unsigned reason_provider(const struct smtpreply_catalogue *catalogue, const struct reply *reply);

/* Success needs no reading: only 4xx and 5xx are classified. */
enum smtpreply_category reason_of(const struct smtpreply_catalogue *catalogue,
				  const struct reply *reply, unsigned provider);

#endif
