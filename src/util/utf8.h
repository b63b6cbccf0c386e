/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include "util/span.h"

/* The length of the UTF-8 character (RFC 3629 section 4) at the start of S, 1 to 4; 0 if there is none. */
size_t utf8_length(span_t s);

#endif
