/* SPDX-License-Identifier: Apache-2.0 */

#include "http/frame.h"

static const char head[] =
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n";

static const char style[] =
	"<style>\n"
	":root { --ink: #1d2433; --paper: #fff; --faint: #5b6475; --line: #d8dce4;"
	" --link: #0b57b0; --good: #1a6e2e; --bad: #b3261e; --note: #fff6dd; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	":root { --ink: #e4e7ee; --paper: #14171d; --faint: #9aa3b4; --line: #333a47;"
	" --link: #8ab8f5; --good: #74c98a; --bad: #f2938c; --note: #33291a; }\n"
	"}\n"
	"body { margin: 0 auto; max-width: 40rem; padding: 1.5rem 1rem; color: var(--ink);"
	" background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }\n"
	"h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.3; }\n"
	"h2 { margin: 2rem 0 .5rem; font-size: 1.125rem; }\n"
	"h3 { margin: 1rem 0 .25rem; font-size: 1rem; color: var(--faint); }\n"
	"p { margin: .25rem 0; }\n"
	"p + p { margin-top: .75rem; }\n"
	"a { color: var(--link); }\n"
	"dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; margin: 0; }\n"
	"dt, dd { margin: 0; padding: .375rem 1rem .375rem 0; border-top: 1px solid var(--line);"
	" overflow-wrap: anywhere; }\n"
	"dt, .faint { color: var(--faint); }\n"
	".good { color: var(--good); }\n"
	".bad { color: var(--bad); }\n"
	".note { margin: .75rem 0; padding: .5rem .75rem; background: var(--note);"
	" border-left: 3px solid var(--faint); }\n"
	"ul, ol { margin: 0; padding-left: 1.5rem; }\n"
	"li { padding: .25rem 0; }\n"
	"p + dl { margin-top: .75rem; }\n"
	"code { font-size: .9375em; }\n"
	"nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-bottom: 1.5rem;"
	" font-size: .875rem; }\n"
	".jump { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }\n"
	"nav .languages { display: flex; gap: .75rem; margin-left: auto; }\n"
	"table { width: 100%; border-collapse: collapse; }\n"
	"th, td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line);"
	" text-align: left; vertical-align: top; }\n"
	"th { font-size: .875rem; font-weight: 400; color: var(--faint); border-top: 0;"
	" overflow-wrap: normal; }\n"
	"th:first-child, td:first-child { width: 2.25rem; white-space: nowrap; }\n"
	".number { width: 4.5rem; }\n"
	"td small { display: block; font-size: .875rem; color: var(--faint); }\n"
	".number { padding-right: 0; padding-left: .75rem; text-align: right;"
	" font-variant-numeric: tabular-nums; white-space: nowrap; }\n"
	"@media (max-width: 30rem) {\n"
	"nav .languages { margin-left: 0; }\n"
	"dl { display: block; }\n"
	"dt { padding-bottom: 0; }\n"
	"dd { padding-top: 0; border-top: 0; }\n"
	"}\n"
	"</style>\n";

void frame_begin(struct buf *out, span_t language, span_t title)
{
	buf_add_str(out, "<!DOCTYPE html>\n<html lang=\"");
	buf_add_html(out, language);
	buf_add_str(out, "\">\n<head>\n");
	buf_add_str(out, head);
	buf_add_str(out, "<title>");
	buf_add_html(out, title);
	buf_add_str(out, "</title>\n");
	buf_add_str(out, style);
	buf_add_str(out, "</head>\n<body>\n");
}

void frame_end(struct buf *out)
{
	buf_add_str(out, "</body>\n</html>\n");
}
