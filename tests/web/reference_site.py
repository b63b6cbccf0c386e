# SPDX-License-Identifier: Apache-2.0
"""The pages of a running serve, for test_pages.py and test_browser.py."""

import csv
import html.parser
import http.client
import pathlib
import signal
import subprocess

DATA = pathlib.Path(__file__).resolve().parents[2] / "src/smtpreply/data"
LANGUAGES = ("en", "vi", "zh", "fr")
# The comparisons that the list of codes links.
FEATURED = ((211, 251), (214, 250), (214, 251), (214, 451), (250, 251))
# Codes that have texts in every language.
TRANSLATED = (211, 214, 250, 251, 451)
# Without a `/` at their ends, as HTML writes them.
VOID = {"meta", "br"}


def table(name):
    with open(DATA / name, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


CODES = {int(row["code"]): row for row in table("reply-codes.tsv")}
HEADINGS = {row["key"]: row for row in table("headings.tsv")}
TEXTS = {(int(row["code"]), row["lang"]): row for row in table("texts.tsv")}


class Serve:
    """A running serve with one address; use it in a with statement."""

    def __init__(self, program, **options):
        args = [f"--{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen([program, *args, "127.0.0.1:0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.address = line.split(" ", 1)[1].strip()
        self.connection = http.client.HTTPConnection(self.address, timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        if kind is None and (self.process.returncode != 0 or errors):
            raise AssertionError(f"serve ended with {self.process.returncode}: {errors}")

    def ask(self, path, method="GET", **headers):
        """Status, headers and text."""
        self.connection.request(method, path,
                                headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = self.connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8")


class Page(html.parser.HTMLParser):
    """What a page holds; fails where tags do not fit together."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.ids = [], [], [], []
        self.language, self.current = None, None
        self.blocks = []  # tag, text, and language of each heading, paragraph, item and so on
        self.foreign = []  # language and text of what is marked
        self.feed(text)
        self.close()
        if self.open:
            raise AssertionError(f"never closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        if tag == "html":
            self.language = attrs["lang"]
        if tag == "strong":
            self.current = attrs["lang"]
        if tag == "a":
            self.links.append(attrs["href"])
        if tag in ("h1", "h2", "h3", "p", "li", "dt", "dd", "title", "td", "th"):
            self.blocks.append([tag, "", attrs.get("lang", self.language)])
        if tag not in VOID:
            self.open.append((tag, attrs.get("lang")))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop()[0] != tag:
            raise AssertionError(f"</{tag}> does not fit")

    def handle_data(self, data):
        if self.blocks and self.open:
            if any(tag == self.blocks[-1][0] for tag, _ in self.open):
                self.blocks[-1][1] += data
        marked = [lang for tag, lang in self.open if lang and tag != "html"]
        if marked and "nav" not in [tag for tag, _ in self.open]:
            self.foreign.append((marked[-1], data))

    def texts(self, *tags):
        return [text for tag, text, _ in self.blocks if tag in tags]


def local(link):
    """The path that a link on this site leads to; None for one that stays on its page."""
    return None if link.startswith("#") else link.split("#")[0]

