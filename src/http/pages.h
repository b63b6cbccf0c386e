/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H

/* HTML pages: plain, no scripts, one small style sheet, dark and light, readable on a phone. */

#include "http/routes.h"

/* The landing page: what this is, its version, the state of the reader, links. */
void pages_landing(struct buf *out, const struct routes_status *status, const char *telemetry_path);

#endif
