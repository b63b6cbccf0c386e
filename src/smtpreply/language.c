/* SPDX-License-Identifier: Apache-2.0 */

/* Two tables, read once: headings by key, texts by code; and the header of a reader's browser. */

#include "smtpreply/language.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "smtpreply/data.h"
#include "smtpreply/tsv.h"
#include "util/cursor.h"
#include "util/macros.h"

#define HEADINGS_MAX 192u
#define TEXT_CODES_MAX 96u
/* Longer headers come from nobody who reads; what is beyond is not looked at. */
#define ACCEPT_RANGES_MAX 64u
/* Weights are counted in thousandths. */
#define WEIGHT_ONE 1000u

const span_t language_tags[_LANGUAGE_MAX] = {
	[LANGUAGE_EN] = SPAN_INIT("en"),
	[LANGUAGE_VI] = SPAN_INIT("vi"),
	[LANGUAGE_ZH] = SPAN_INIT("zh"),
	[LANGUAGE_FR] = SPAN_INIT("fr"),
};

const span_t language_names[_LANGUAGE_MAX] = {
	[LANGUAGE_EN] = SPAN_INIT("English"),
	[LANGUAGE_VI] = SPAN_INIT("Tiếng Việt"),
	[LANGUAGE_ZH] = SPAN_INIT("中文"),
	[LANGUAGE_FR] = SPAN_INIT("Français"),
};

struct heading {
	span_t key;
	span_t text[_LANGUAGE_MAX];
};

/* Texts of one code; a language without them has an empty name. */
struct code_texts {
	unsigned code;
	struct language_text text[_LANGUAGE_MAX];
};

struct languages {
	struct heading headings[HEADINGS_MAX];
	size_t n_headings;
	struct code_texts codes[TEXT_CODES_MAX];
	size_t n_codes;
};

/* ---- the tables ---- */

static const span_t headings_header = SPAN_INIT("kind\tkey\ten\tvi\tzh\tfr\torigin");

enum {
	HEADINGS_KEY = 1,
	HEADINGS_TEXT = 2, /* the first of the languages, in the order of enum language */
};

static const span_t texts_header =
	SPAN_INIT("code\tlang\tname\tdescription\twhen_seen\thow_to_fix");

enum {
	TEXTS_CODE,
	TEXTS_LANG,
	TEXTS_NAME,
	TEXTS_DESCRIPTION,
	TEXTS_WHEN_SEEN,
	TEXTS_HOW_TO_FIX,
};

static int compare_spans(span_t a, span_t b)
{
	size_t n = MIN(a.len, b.len);
	int r = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	return r != 0 ? r : (a.len > b.len) - (a.len < b.len);
}

static int compare_headings(const void *a, const void *b)
{
	const struct heading *x = a, *y = b;

	return compare_spans(x->key, y->key);
}

static int load_headings(struct languages *l)
{
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;
	int r = tsv_open(&tsv, data_headings, headings_header);

	if (r < 0)
		return r;
	while ((r = tsv_next(&tsv, field)) > 0) {
		struct heading *h = &l->headings[l->n_headings];

		if (l->n_headings == HEADINGS_MAX || field[HEADINGS_KEY].len == 0)
			return -EBADMSG;
		h->key = field[HEADINGS_KEY];
		for (unsigned i = 0; i < _LANGUAGE_MAX; i++)
			h->text[i] = field[HEADINGS_TEXT + i];
		l->n_headings++;
	}
	qsort(l->headings, l->n_headings, sizeof(l->headings[0]), compare_headings);
	return r;
}

static struct code_texts *find_code(struct languages *l, unsigned code)
{
	for (size_t i = 0; i < l->n_codes; i++)
		if (l->codes[i].code == code)
			return &l->codes[i];
	return NULL;
}

static int take_text(struct languages *l, const span_t *field)
{
	struct cursor c = cursor_over(field[TEXTS_CODE]);
	struct code_texts *texts;
	enum language language;
	uint64_t code;

	if (!cursor_number(&c, 3, &code) || !cursor_at_end(&c) ||
	    !language_find(field[TEXTS_LANG], &language) || field[TEXTS_NAME].len == 0)
		return -EBADMSG;
	texts = find_code(l, (unsigned)code);
	if (!texts && l->n_codes == TEXT_CODES_MAX)
		return -EBADMSG;
	if (!texts)
		texts = &l->codes[l->n_codes++];
	texts->code = (unsigned)code;
	texts->text[language] = (struct language_text){
		.name = field[TEXTS_NAME],
		.description = field[TEXTS_DESCRIPTION],
		.when_seen = field[TEXTS_WHEN_SEEN],
		.how_to_fix = field[TEXTS_HOW_TO_FIX],
	};
	return 0;
}

static int load_texts(struct languages *l)
{
	span_t field[TSV_COLUMNS_MAX];
	struct tsv tsv;
	int r = tsv_open(&tsv, data_texts, texts_header);

	if (r < 0)
		return r;
	while ((r = tsv_next(&tsv, field)) > 0) {
		r = take_text(l, field);
		if (r < 0)
			return r;
	}
	return r;
}

int languages_new(struct languages **ret)
{
	struct languages *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	r = load_headings(l);
	if (r == 0)
		r = load_texts(l);
	if (r < 0) {
		languages_free(l);
		return r;
	}
	*ret = l;
	return 0;
}

struct languages *languages_free(struct languages *languages)
{
	free(languages);
	return NULL;
}

span_t languages_heading(const struct languages *languages, enum language language, span_t key)
{
	const struct heading wanted = { .key = key };
	const struct heading *h = bsearch(&wanted, languages->headings, languages->n_headings,
					  sizeof(languages->headings[0]), compare_headings);

	return h ? h->text[language] : SPAN_NULL;
}

bool languages_text(const struct languages *languages, unsigned code, enum language language,
		    struct language_text *ret)
{
	for (size_t i = 0; i < languages->n_codes; i++) {
		const struct code_texts *texts = &languages->codes[i];

		if (texts->code != code)
			continue;
		*ret = texts->text[language];
		if (ret->name.len > 0)
			return true;
		*ret = texts->text[LANGUAGE_EN];
		ret->is_english = true;
		return ret->name.len > 0;
	}
	return false;
}

/* ---- which language ---- */

bool language_find(span_t tag, enum language *ret)
{
	for (unsigned i = 0; i < _LANGUAGE_MAX; i++) {
		if (!span_eq(tag, language_tags[i]))
			continue;
		*ret = (enum language)i;
		return true;
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static span_t trim(span_t s)
{
	while (s.len > 0 && is_blank(*s.ptr))
		s = span_tail(s, 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s = span_head(s, s.len - 1);
	return s;
}

/* Everything up to SEPARATOR or the end, without blanks at its ends. */
static span_t take_part(struct cursor *c, char separator)
{
	span_t part;

	if (!cursor_until_char(c, separator, &part)) {
		part = cursor_rest(c);
		c->p = c->end;
	}
	return trim(part);
}

/* qvalue of RFC 9110 section 12.4.2: "0" or "1" with up to three digits behind a point. */
static bool parse_weight(span_t s, unsigned *ret)
{
	struct cursor c = cursor_over(s);
	unsigned unit = WEIGHT_ONE, weight;

	if (!cursor_peek(&c, '0') && !cursor_peek(&c, '1'))
		return false;
	weight = (unsigned)(*c.p++ - '0') * unit;
	if (cursor_take(&c, '.'))
		for (; !cursor_at_end(&c) && char_is_digit(*c.p) && unit > 1; c.p++) {
			unit /= 10;
			weight += (unsigned)(*c.p - '0') * unit;
		}
	*ret = weight;
	return cursor_at_end(&c) && weight <= WEIGHT_ONE;
}

/* `range [";" "q=" weight]`; false if it is something else, which then counts for nothing. */
static bool parse_range(span_t s, span_t *ret_range, unsigned *ret_weight)
{
	struct cursor c = cursor_over(s);
	span_t parameter;

	*ret_range = take_part(&c, ';');
	*ret_weight = WEIGHT_ONE;
	if (cursor_at_end(&c))
		return ret_range->len > 0;
	parameter = trim(cursor_rest(&c));
	if (parameter.len < 2 || (*parameter.ptr | 0x20) != 'q' || parameter.ptr[1] != '=')
		return false;
	return parse_weight(span_tail(parameter, 2), ret_weight);
}

/* "zh", "ZH" and "zh-Hans-CN" all are for zh. */
static bool range_matches(span_t range, span_t tag)
{
	return range.len >= tag.len && strncasecmp(range.ptr, tag.ptr, tag.len) == 0 &&
	       (range.len == tag.len || range.ptr[tag.len] == '-');
}

/* What a header says about one language. */
struct wish {
	bool named;
	unsigned weight;
	unsigned place; /* in the header, for ties */
};

static void take_wish(struct wish *wish, unsigned weight, unsigned place)
{
	/* "zh-TW;q=0, zh": what is wanted most in any of its forms. */
	if (wish->named && wish->weight >= weight)
		return;
	*wish = (struct wish){ .named = true, .weight = weight, .place = place };
}

static enum language best_of(const struct wish wishes[_LANGUAGE_MAX])
{
	unsigned best = LANGUAGE_EN;

	for (unsigned i = 0; i < _LANGUAGE_MAX; i++)
		if (wishes[i].weight > wishes[best].weight ||
		    (wishes[i].weight == wishes[best].weight && wishes[i].weight > 0 &&
		     wishes[i].place < wishes[best].place))
			best = i;
	return (enum language)best;
}

enum language language_negotiate(span_t accept_language)
{
	struct wish wishes[_LANGUAGE_MAX] = { 0 }, any = { 0 };
	struct cursor c = cursor_over(accept_language);

	for (unsigned place = 0; place < ACCEPT_RANGES_MAX && !cursor_at_end(&c); place++) {
		unsigned weight;
		span_t range;

		if (!parse_range(take_part(&c, ','), &range, &weight))
			continue;
		if (span_eq(range, SPAN("*")))
			take_wish(&any, weight, place);
		for (unsigned i = 0; i < _LANGUAGE_MAX; i++)
			if (range_matches(range, language_tags[i]))
				take_wish(&wishes[i], weight, place);
	}
	for (unsigned i = 0; i < _LANGUAGE_MAX; i++)
		if (!wishes[i].named)
			wishes[i] = any;
	return best_of(wishes);
}
