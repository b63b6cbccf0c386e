/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The reason of a reply, by the precedence of taxonomy.md section 3. The text is read once, where it
 * lies: what must not be seen of it is passed over, which are
 *
 * - the code, and the enhanced code behind it, that every line of a multi-line reply begins with (RFC
 *   5321 section 4.2.1) and that logs keep when they join the lines;
 * - addresses in angle brackets: these are the sender's or recipient's words. <dmarc@example.org> says
 *   nothing about DMARC.
 *
 * The enhanced code in front of the text, which the parser took off, is seen: "5.5.1 Protocol error" and
 * "5.7.0 Reject" mean more than their words.
 */

#include "smtpreply/catalogue.h"
#include "util/cursor.h"
#include "util/macros.h"

#define ADDRESS_MAX 320u /* octets: RFC 5321 section 4.5.3, local part, @ and domain */

/* How far a pattern of several pieces has come. */
struct progress {
	uint8_t next; /* piece */
	size_t end;   /* of the one before, in bytes fed */
};

struct matcher {
	const struct signatures *signatures;
	const char *code; /* three digits, '0' for those not known */
	unsigned state;
	uint64_t in_word; /* bit I: whether the byte I before the last one is a letter or digit */
	size_t fed;	  /* bytes; set when a piece of the text is done */
	unsigned best;	  /* rank */
	struct progress progress[SIGNATURES_PARTED_MAX];
};

static bool applies(const struct matcher *m, const struct ranked *r)
{
	for (size_t i = 0; i < 3; i++)
		if (r->applies_to[i] != 'x' && r->applies_to[i] != m->code[i])
			return false;
	return true;
}

/* Whether the piece that ends at END completes its pattern. */
static bool completes(struct matcher *m, const struct piece *p, size_t end)
{
	struct progress *progress;

	if (p->whole_start && (m->in_word >> p->length & 1))
		return false;
	if (p->parted == SIGNATURE_NONE)
		return true;
	progress = &m->progress[p->parted];
	if (progress->next != p->number || end - p->length < progress->end)
		return false;
	progress->next++;
	progress->end = end;
	return p->last;
}

static void look_at_hits(struct matcher *m, size_t end)
{
	size_t n;
	const uint16_t *hits = automaton_hits(&m->signatures->automaton, m->state, &n);

	for (size_t i = 0; i < n; i++) {
		const struct piece *p = &m->signatures->pieces[hits[i]];

		if (p->rank < m->best && applies(m, &m->signatures->ranked[p->rank]) &&
		    completes(m, p, end))
			m->best = p->rank;
	}
}

/* State and history stay in registers from one hit to the next: most of the time goes into this loop. */
static void feed(struct matcher *m, span_t s)
{
	const struct automaton *a = &m->signatures->automaton;
	unsigned state = m->state;
	uint64_t in_word = m->in_word;

	for (size_t i = 0; i < s.len; i++) {
		state = automaton_step(a, state, s.ptr[i]);
		in_word = in_word << 1 | char_is_alnum(s.ptr[i]);
		if (state & AUTOMATON_HIT) {
			m->state = state;
			m->in_word = in_word;
			look_at_hits(m, m->fed + i + 1);
		}
	}
	m->state = state;
	m->in_word = in_word;
	m->fed += s.len;
}

/* A piece of the text that is not fed, and what is fed for it. */
struct gap {
	size_t start, end; /* START is the text's length if there is none */
	span_t instead;
};

/* `<local@domain>`, the next from AT on. */
static struct gap find_address(span_t text, size_t at)
{
	while (at < text.len) {
		span_t rest = span_tail(text, at);
		ptrdiff_t open = span_find_char(rest, '<');
		bool has_at = false;
		size_t start, end;

		if (open < 0)
			break;
		start = at + (size_t)open;
		for (end = start + 1; end < text.len && end - start < ADDRESS_MAX; end++) {
			char c = text.ptr[end];

			if (c == '<' || c == '>' || c == ' ')
				break;
			has_at |= c == '@';
		}
		if (has_at && end < text.len && text.ptr[end] == '>')
			return (struct gap){ start, end + 1, SPAN("<>") };
		at = end;
	}
	return (struct gap){ text.len, text.len, SPAN_NULL };
}

/* Logs join lines by a blank, by `?` for the newline, or by `\n` in letters. */
static size_t join_start(span_t text, size_t floor, size_t at)
{
	size_t start = at;

	while (start > floor) {
		char c = text.ptr[start - 1];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '?')
			start--;
		else if (start - floor >= 2 && (c == 'n' || c == 'r') &&
			 text.ptr[start - 2] == '\\')
			start -= 2;
		else
			break;
	}
	return start;
}

/*
 * The next place from AT on where CODE stands as at the start of a line, with the enhanced code behind
 * it, which becomes *ENHANCED if there is none yet.
 */
static struct gap find_repeat(span_t text, size_t at, span_t code,
			      struct smtpreply_enhanced *enhanced)
{
	size_t from = at;
	ptrdiff_t found;

	while ((found = span_find(span_tail(text, from), code)) >= 0) {
		size_t digits = from + (size_t)found, start = join_start(text, at, digits);
		struct cursor c = cursor_over(span_tail(text, digits + code.len));
		struct smtpreply_enhanced e;
		size_t used;

		from = digits + code.len;
		if ((start == digits && digits > 0) ||
		    (!cursor_at_end(&c) && !cursor_take(&c, '-') && !cursor_take(&c, ' ')))
			continue;
		used = smtpreply_enhanced_parse(cursor_rest(&c), &e);
		if (used > 0 && !enhanced->class)
			*enhanced = e;
		c.p += used;
		(void)cursor_take(&c, ' ');
		return (struct gap){ start, (size_t)(c.p - text.ptr), SPAN(" ") };
	}
	return (struct gap){ text.len, text.len, SPAN_NULL };
}

static void feed_enhanced(struct matcher *m, const struct smtpreply_enhanced *e)
{
	const uint16_t numbers[] = { e->class, e->subject, e->detail };
	char text[sizeof("65535.65535.65535 ")];
	char *end = text + sizeof(text), *p = end;

	for (size_t i = ARRAY_SIZE(numbers); i-- > 0;) {
		unsigned v = numbers[i];

		*--p = i == 2 ? ' ' : '.';
		do
			*--p = (char)('0' + v % 10);
		while ((v /= 10) > 0);
	}
	feed(m, span_make(p, (size_t)(end - p)));
}

/* Feeds the text but for its gaps. Each byte is looked at by each finder once. */
static void feed_text(struct matcher *m, span_t text, span_t code,
		      struct smtpreply_enhanced *enhanced)
{
	struct gap address = find_address(text, 0), repeat = { text.len, text.len, SPAN_NULL };
	size_t at = 0;

	if (code.len > 0)
		repeat = find_repeat(text, 0, code, enhanced);
	while (at < text.len) {
		struct gap *gap = address.start < repeat.start ? &address : &repeat;

		feed(m, span_make(text.ptr + at, gap->start - at));
		feed(m, gap->instead);
		at = gap->end;
		if (address.start < at)
			address = find_address(text, at);
		if (repeat.start < at)
			repeat = find_repeat(text, at, code, enhanced);
	}
}

/* The best signature in the text, or NULL. *ENHANCED is set if it was none and the text has one. */
static const struct smtpreply_signature *find_signature(const struct smtpreply_catalogue *catalogue,
							const struct smtpreply_question *q,
							unsigned class,
							struct smtpreply_enhanced *enhanced)
{
	const char digits[] = { (char)('0' + class), (char)('0' + q->code / 10 % 10),
				(char)('0' + q->code % 10) };
	const char unknown[] = { digits[0], 0, 0 };
	struct matcher m;

	m.signatures = &catalogue->signatures;
	m.code = q->code ? digits : unknown;
	m.state = 0;
	m.in_word = 0;
	m.fed = 0;
	m.best = SIGNATURE_NONE;
	memset(m.progress, 0, m.signatures->n_parted * sizeof(m.progress[0]));
	if (enhanced->class)
		feed_enhanced(&m, enhanced);
	else
		(void)smtpreply_enhanced_parse(q->text, enhanced);
	feed_text(&m, q->text, span_make(digits, q->code ? 3 : 0), enhanced);
	return m.best == SIGNATURE_NONE ? NULL : m.signatures->ranked[m.best].signature;
}

/*
 * The row of an enhanced code: the provider's own reading if there is one, else the registry's, else any
 * provider's. A provider's reading holds for the classes it is known with: X.4.1 of Microsoft is another
 * thing in 5.4.1 than in 4.4.1.
 */
static const struct smtpreply_detail *find_detail(const struct smtpreply_catalogue *catalogue,
						  const struct smtpreply_enhanced *e,
						  unsigned provider)
{
	size_t n;
	const struct smtpreply_detail *d = catalogue_details(catalogue, e->subject, e->detail, &n);
	const struct smtpreply_detail *best = NULL;

	for (size_t i = 0; i < n; i++) {
		bool registered = i == 0 && span_eq(d[i].vendor, SPAN("iana"));

		if (!registered && !(d[i].classes >> e->class & 1))
			continue;
		if (!best || (provider > 0 && d[i].provider == provider))
			best = &d[i];
	}
	return best;
}

/* taxonomy.md section 3, item 9. */
static enum smtpreply_category correct_by_stage(enum smtpreply_category category,
						const struct smtpreply_question *q)
{
	bool rcpt = q->stage == SMTPREPLY_STAGE_RCPT;

	switch (q->code) {
	case 452:
		return rcpt && q->text.len == 0 ? SMTPREPLY_CATEGORY_RATE_LIMITED
						: SMTPREPLY_CATEGORY_SYSTEM_ERROR;
	case 550:
	case 553:
		return rcpt || q->stage == SMTPREPLY_STAGE_VRFY
			       ? SMTPREPLY_CATEGORY_RECIPIENT_UNKNOWN
			       : SMTPREPLY_CATEGORY_POLICY;
	case 552:
		return rcpt ? SMTPREPLY_CATEGORY_MAILBOX_FULL : SMTPREPLY_CATEGORY_MESSAGE_TOO_BIG;
	default:
		return category;
	}
}

static struct smtpreply_verdict judge_by_code(const struct smtpreply_catalogue *catalogue,
					      const struct smtpreply_question *q)
{
	const struct smtpreply_code *code = smtpreply_code_find(catalogue, q->code);

	if (!code)
		return (struct smtpreply_verdict){ .category = SMTPREPLY_CATEGORY_OTHER,
						   .basis = SMTPREPLY_BASIS_NONE };
	return (struct smtpreply_verdict){ .category = correct_by_stage(code->category, q),
					   .basis = SMTPREPLY_BASIS_CODE };
}

static struct smtpreply_verdict judge_failure(const struct smtpreply_catalogue *catalogue,
					      const struct smtpreply_question *q, unsigned class)
{
	struct smtpreply_enhanced e = q->enhanced;
	const struct smtpreply_signature *s = find_signature(catalogue, q, class, &e);
	/* A failure with an enhanced code of success contradicts itself. */
	bool believed = e.class == 4 || e.class == 5;
	const struct smtpreply_detail *d =
		believed ? find_detail(catalogue, &e, q->provider) : NULL;
	enum smtpreply_category subject = believed && e.subject > 0 && e.subject < SUBJECTS_MAX
						  ? catalogue->subjects[e.subject]
						  : SMTPREPLY_CATEGORY_OTHER;

	if (d && d->specific && d->category != SMTPREPLY_CATEGORY_OK && !(s && s->tier < 4))
		return (struct smtpreply_verdict){ .category = d->category,
						   .basis = SMTPREPLY_BASIS_DETAIL,
						   .detail = d };
	if (s)
		return (struct smtpreply_verdict){ .category = s->category,
						   .basis = SMTPREPLY_BASIS_SIGNATURE,
						   .signature = s };
	if (subject != SMTPREPLY_CATEGORY_OTHER)
		return (struct smtpreply_verdict){ .category = subject,
						   .basis = SMTPREPLY_BASIS_SUBJECT };
	return judge_by_code(catalogue, q);
}

struct smtpreply_verdict smtpreply_explain(const struct smtpreply_catalogue *catalogue,
					   const struct smtpreply_question *question)
{
	unsigned class = question->code ? question->code / 100u : question->class;

	if (class == 2 || class == 3)
		return (struct smtpreply_verdict){ .category = SMTPREPLY_CATEGORY_OK,
						   .basis = SMTPREPLY_BASIS_CLASS };
	if (class == 4 || class == 5)
		return judge_failure(catalogue, question, class);
	return judge_by_code(catalogue, question);
}

enum smtpreply_category smtpreply_classify(const struct smtpreply_catalogue *catalogue,
					   const struct smtpreply_question *question)
{
	return smtpreply_explain(catalogue, question).category;
}
