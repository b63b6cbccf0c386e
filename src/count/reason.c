/* SPDX-License-Identifier: Apache-2.0 */

#include "count/reason.h"

unsigned reason_provider(const struct smtpreply_catalogue *catalogue, const struct reply *reply)
{
	if (reply->side != SIDE_CLIENT || reply->hop != HOP_REMOTE)
		return 0;
	return smtpreply_provider_find(catalogue, reply->host);
}

static enum smtpreply_stage stage_of(enum stage stage)
{
	return stage == STAGE_RCPT   ? SMTPREPLY_STAGE_RCPT
	       : stage == STAGE_VRFY ? SMTPREPLY_STAGE_VRFY
				     : SMTPREPLY_STAGE_OTHER;
}

enum smtpreply_category reason_of(const struct smtpreply_catalogue *catalogue,
				  const struct reply *reply, unsigned provider)
{
	struct smtpreply_question question = {
		.code = reply->code,
		.class = reply->class,
		.stage = stage_of(reply->stage),
		.provider = provider,
		.enhanced = reply->enhanced,
		.text = reply->text,
	};

	return reply->class < 4 ? SMTPREPLY_CATEGORY_OK : smtpreply_classify(catalogue, &question);
}
