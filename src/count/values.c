/* SPDX-License-Identifier: Apache-2.0 */

#include "count/values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/macros.h"

#define CLASS_MIN 2u
#define CLASSES 4u /* 2xx to 5xx */
#define CODE_MIN 200u
#define CODES 400u

#define ENHANCED_FIRST 2u /* behind "none" and "other" */
#define ENHANCED_TEXT 12u /* "5.999.999" */

static const span_t class_names[CLASSES] = { SPAN_INIT("2xx"), SPAN_INIT("3xx"), SPAN_INIT("4xx"),
					     SPAN_INIT("5xx") };

/* An enhanced code and its label value; sorted by class, subject, detail. */
struct values_enhanced {
	struct smtpreply_enhanced enhanced;
	char text[ENHANCED_TEXT];
};

/* Title and retryable stay empty for what is no code of the catalogue. */
static void add_code(struct values *v, span_t code, span_t class, span_t meaning)
{
	v->code[v->n_codes] = code;
	v->class[v->n_codes] = class;
	v->meaning[v->n_codes] = meaning;
	v->n_codes++;
}

static bool on_the_wire(const struct smtpreply_code *c)
{
	return c->code >= CODE_MIN && c->code < CODE_MIN + CODES;
}

static void add_catalogue_codes(struct values *v, const struct smtpreply_code *codes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!on_the_wire(&codes[i]))
			continue;
		snprintf(v->code_text[i], sizeof(v->code_text[i]), "%u", codes[i].code % 1000u);
		v->code_index[codes[i].code - CODE_MIN] = (uint16_t)v->n_codes;
		v->title[v->n_codes] = codes[i].name;
		v->retryable[v->n_codes] = codes[i].retryable;
		add_code(v, span_str(v->code_text[i]), codes[i].class, codes[i].identifier);
	}
}

static int build_codes(struct values *v, const struct smtpreply_catalogue *catalogue)
{
	size_t n, room;
	const struct smtpreply_code *codes = smtpreply_codes(catalogue, &n);

	room = n + 2 * CLASSES;
	v->code = calloc(room, sizeof(*v->code));
	v->class = calloc(room, sizeof(*v->class));
	v->meaning = calloc(room, sizeof(*v->meaning));
	v->title = calloc(room, sizeof(*v->title));
	v->retryable = calloc(room, sizeof(*v->retryable));
	v->code_text = calloc(room, sizeof(*v->code_text));
	if (!v->code || !v->class || !v->meaning || !v->title || !v->retryable || !v->code_text)
		return -ENOMEM;

	memset(v->code_index, 0xff, sizeof(v->code_index));
	add_catalogue_codes(v, codes, n);
	v->other = v->n_codes;
	for (unsigned c = 0; c < CLASSES; c++)
		add_code(v, SPAN("other"), class_names[c], SPAN("unlisted"));
	v->unspecified = v->n_codes;
	for (unsigned c = 0; c < CLASSES; c++)
		add_code(v, class_names[c], class_names[c], SPAN("unspecified"));

	for (unsigned i = 0; i < CODES; i++)
		if (v->code_index[i] == UINT16_MAX)
			v->code_index[i] = (uint16_t)(v->other + i / 100);
	return 0;
}

/* The class counts first, so that values stand in the order in which people write them. */
static int compare_enhanced(const struct smtpreply_enhanced *a, const struct smtpreply_enhanced *b)
{
	if (a->class != b->class)
		return (int)a->class - (int)b->class;
	if (a->subject != b->subject)
		return (int)a->subject - (int)b->subject;
	return (int)a->detail - (int)b->detail;
}

static void add_enhanced(struct values *v, const struct smtpreply_enhanced *e)
{
	struct values_enhanced *row = &v->enhanced_value[v->n_enhanced];

	row->enhanced = *e;
	snprintf(row->text, sizeof(row->text), "%u.%u.%u", e->class % 10u, e->subject % 1000u,
		 e->detail % 1000u);
	v->enhanced[v->n_enhanced++] = span_str(row->text);
}

static const struct values_enhanced *last_enhanced(const struct values *v)
{
	return &v->enhanced_value[v->n_enhanced - 1];
}

static int build_enhanced(struct values *v, const struct smtpreply_catalogue *catalogue)
{
	static const uint16_t classes[] = { 2, 4, 5 };
	size_t n, room;
	const struct smtpreply_detail *details = smtpreply_details(catalogue, &n);

	room = ENHANCED_FIRST + n * ARRAY_SIZE(classes);
	v->enhanced = calloc(room, sizeof(*v->enhanced));
	v->enhanced_value = calloc(room, sizeof(*v->enhanced_value));
	if (!v->enhanced || !v->enhanced_value)
		return -ENOMEM;

	v->enhanced[VALUES_ENHANCED_NONE] = SPAN("none");
	v->enhanced[VALUES_ENHANCED_OTHER] = SPAN("other");
	v->n_enhanced = ENHANCED_FIRST;
	for (unsigned c = 0; c < ARRAY_SIZE(classes); c++) {
		for (size_t i = 0; i < n; i++) {
			struct smtpreply_enhanced e = { classes[c], details[i].subject,
							details[i].detail };

			/* A detail that several providers use stands once; the rows are sorted. */
			if (i == 0 || compare_enhanced(&e, &last_enhanced(v)->enhanced))
				add_enhanced(v, &e);
		}
	}
	return 0;
}

int values_init(struct values *v, const struct smtpreply_catalogue *catalogue)
{
	int r;

	*v = (struct values){ .n_codes = 0 };
	r = build_codes(v, catalogue);
	if (r == 0)
		r = build_enhanced(v, catalogue);
	if (r < 0)
		values_done(v);
	return r;
}

void values_done(struct values *v)
{
	free(v->code);
	free(v->class);
	free(v->meaning);
	free(v->title);
	free(v->retryable);
	free(v->code_text);
	free(v->enhanced);
	free(v->enhanced_value);
	*v = (struct values){ .n_codes = 0 };
}

unsigned values_code(const struct values *v, unsigned code, unsigned class)
{
	return code == 0 ? v->unspecified + (class - CLASS_MIN) : v->code_index[code - CODE_MIN];
}

unsigned values_class(const struct values *v, unsigned class)
{
	unsigned i = 0;

	while (!span_eq(v->class[i], class_names[class - CLASS_MIN]))
		i++;
	return i;
}

unsigned values_code_alone(const struct values *v, unsigned index)
{
	return index > v->other && index < v->other + CLASSES ? v->other : index;
}

unsigned values_enhanced(const struct values *v, const struct smtpreply_enhanced *enhanced,
			 unsigned class)
{
	unsigned low = ENHANCED_FIRST, high = v->n_enhanced;

	if (enhanced->class == 0)
		return VALUES_ENHANCED_NONE;
	if (enhanced->class != class)
		return VALUES_ENHANCED_OTHER;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = compare_enhanced(&v->enhanced_value[middle].enhanced, enhanced);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return VALUES_ENHANCED_OTHER;
}
