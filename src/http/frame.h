/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_FRAME_H
#define HTTP_FRAME_H

/* What every page begins and ends with, the one style sheet included: dark and light, no scripts. */

#include "util/buf.h"

/* LANGUAGE is a tag of BCP 47. Ends inside the body. */
void frame_begin(struct buf *out, span_t language, span_t title);
void frame_end(struct buf *out);

#endif
