/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H

/* HTML pages: plain, no scripts, readable on a phone. Those about codes are in reference.h. */

#include "http/routes.h"

/* The landing page: what this is, its version, the state of the reader, links. */
void pages_landing(struct buf *out, const struct routes_status *status,
		   const struct routes *routes);

#endif
