/* SPDX-License-Identifier: Apache-2.0 */

#include "http/pages.h"

#include "http/frame.h"

static bool is_path_char(char c)
{
	static const char others[] = "/-._~!$&'()*+,;=:@";

	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       memchr(others, c, sizeof(others) - 1);
}

/* A decoded path as the value of href: RFC 3986 section 3.3, then what HTML asks for. */
static void add_href(struct buf *out, const char *path)
{
	for (; *path; path++) {
		if (is_path_char(*path))
			buf_add_html(out, span_make(path, 1));
		else
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)*path);
	}
}

static void add_link(struct buf *out, const char *path, const char *what)
{
	buf_add_str(out, "<li><a href=\"");
	add_href(out, path);
	buf_add_str(out, "\">");
	buf_add_html(out, span_str(path));
	buf_add_str(out, "</a> <span class=\"faint\">");
	buf_add_str(out, what);
	buf_add_str(out, "</span></li>\n");
}

static void add_links(struct buf *out, const char *telemetry_path, bool has_codes)
{
	buf_add_str(out, "<h2>Pages</h2>\n<ul>\n");
	if (has_codes)
		add_link(out, "/codes", "what each reply code means, and how often it was seen");
	add_link(out, telemetry_path, "the metrics, for Prometheus");
	add_link(out, "/-/healthy", "whether this program runs");
	add_link(out, "/-/ready", "whether it has read the journal up to now");
	buf_add_str(out, "</ul>\n");
}

/* "3 min ago". Nothing if the entry is newer than now: clocks jump. */
static void add_age(struct buf *out, uint64_t usec, uint64_t now_usec)
{
	static const struct {
		uint64_t sec;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 0, "s" } };
	uint64_t sec;
	size_t i = 0;

	if (usec > now_usec)
		return;
	sec = (now_usec - usec) / USEC_PER_SEC;
	while (sec < units[i].sec)
		i++;
	buf_add_str(out, " <span class=\"faint\">(");
	buf_add_u64(out, sec / MAX(units[i].sec, 1));
	buf_printf(out, " %s ago)</span>", units[i].name);
}

static void add_newest(struct buf *out, const struct routes_status *status)
{
	buf_add_str(out, "<dt>Newest entry</dt>\n<dd>");
	if (status->last_read_usec == 0) {
		buf_add_str(out, "none yet</dd>\n");
		return;
	}
	buf_add_str(out, "<time>");
	buf_add_utc(out, status->last_read_usec);
	buf_add_str(out, "</time>");
	add_age(out, status->last_read_usec, status->now_usec);
	buf_add_str(out, "</dd>\n");
}

static void add_state(struct buf *out, const struct routes_status *status)
{
	static const char *const states[2][2] = {
		/* not caught up, caught up */
		{ "<span class=\"bad\">cannot be read</span>",
		  "<span class=\"bad\">cannot be read</span>" },
		{ "the backlog is still being read", "<span class=\"good\">read up to now</span>" },
	};

	buf_add_str(out, "<h2>Reader</h2>\n<dl>\n<dt>Source</dt>\n<dd>");
	buf_add_html(out, span_str(status->source));
	buf_add_str(out, "</dd>\n<dt>State</dt>\n<dd>");
	buf_add_str(out, states[status->source_up][status->caught_up]);
	buf_add_str(out, "</dd>\n<dt>Entries read</dt>\n<dd>");
	buf_add_u64(out, status->entries_read);
	buf_add_str(out, "</dd>\n");
	add_newest(out, status);
	buf_add_str(out, "</dl>\n");
}

void pages_landing(struct buf *out, const struct routes_status *status, const struct routes *routes)
{
	frame_begin(out, SPAN("en"), SPAN("SMTP reply exporter"));
	buf_add_str(out, "<h1>SMTP reply exporter</h1>\n<p class=\"faint\">Version ");
	buf_add_html(out, span_str(status->version));
	buf_add_str(out, "</p>\n<p>Counts the SMTP replies in the journal of this mail host, for "
			 "Prometheus.</p>\n");
	add_state(out, status);
	add_links(out, routes->telemetry_path, routes->catalogue != NULL);
	frame_end(out);
}
