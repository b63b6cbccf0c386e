/* SPDX-License-Identifier: Apache-2.0 */

/* Why a reply was given, in front of what its codes mean in general. */

#include "smtpreply/article_parts.h"

/* What decided, as a text: a wording, an enhanced code, or nothing but the code. */
static span_t evidence(const struct smtpreply_verdict *verdict)
{
	if (verdict->signature)
		return verdict->signature->pattern;
	if (verdict->detail)
		return verdict->detail->name;
	return SPAN_NULL;
}

void article_reason(struct article *a, const struct article_source *source,
		    const struct smtpreply_reply *reply)
{
	struct smtpreply_question question = {
		.code = reply->code,
		.stage = SMTPREPLY_STAGE_OTHER,
		.enhanced = reply->enhanced,
		.text = reply->text,
	};
	struct smtpreply_verdict verdict = smtpreply_explain(source->catalogue, &question);

	article_heading(a, source, ARTICLE_SECTION, "category");
	article_begin(a, ARTICLE_PARAGRAPH);
	article_add(a,
		    article_word2(a, source, SPAN("category_"),
				  smtpreply_category_names[verdict.category]),
		    a->language);
	article_define(a, source, "recognised_by", evidence(&verdict), LANGUAGE_EN);
}
