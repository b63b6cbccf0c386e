/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_REFERENCE_H
#define HTTP_REFERENCE_H

/*
 * The pages about codes: /codes, /codes/451, /codes/5.7.1, /compare/214/451, in the language of `?lang=`
 * or else of Accept-Language.
 */

#include "http/routes.h"

/* Answers if the path is one of these; false if it is not, or if ROUTES has no catalogue. */
bool reference_answer(const struct routes *routes, const struct http_request *request,
		      struct http_response *response);

#endif
