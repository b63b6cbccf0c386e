#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages about codes: test_pages.py SERVE [unittest arguments]."""

import re
import shutil
import subprocess
import sys
import unittest
import urllib.parse

from reference_site import (CODES, FEATURED, HEADINGS, LANGUAGES, TEXTS, TRANSLATED, Page, Serve,
                            local)

SERVE = ""
HTML = "text/html; charset=utf-8"
# Headings of a comparison, in order, as the first pages of this kind had them.
PARTS = ("description", "when_you_see_it", "how_to_fix")
LAST = ("key_differences", "when_to_use_which", "learn_more")
# Codes in the four classes that go over the wire, without those that only senders write.
ON_WIRE = [code for code, row in CODES.items() if 200 <= code < 600]
PAGES_MAX = 6000  # of the whole site; beyond it something makes links without end


def heading(key, lang):
    return HEADINGS[key][lang]


def name(code, lang):
    row = TEXTS.get((code, lang))
    return row["name"] if row else CODES[code]["name"]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.serve = cls.enterClassContext(Serve(SERVE))

    def page(self, path, status=200, **headers):
        got, answer, text = self.serve.ask(path, **headers)
        self.assertEqual((got, answer["Content-Type"], answer["Vary"]),
                         (status, HTML, "Accept-Language"), path)
        return Page(text)


class Codes(Case):
    def test_every_code_has_a_page_in_every_language(self):
        for code, row in CODES.items():
            for lang in LANGUAGES:
                with self.subTest(code=code, lang=lang):
                    page = self.page(f"/codes/{code}?lang={lang}")
                    self.assertEqual((page.language, page.current), (lang, lang))
                    title = f"SMTP {code} {name(code, lang)}"
                    self.assertEqual(page.texts("title", "h1"), [title, title])
                    headings = [h for h in page.texts("h2")
                                if h != heading("counted_here", lang)]
                    self.assertEqual(headings, [heading(k, lang) for k in
                                                (*PARTS, "details", "learn_more")])
                    text = "\n".join(page.texts("p", "dd"))
                    expected = TEXTS.get((code, lang), row)
                    self.assertIn(expected["description"], text)
                    self.assertIn(expected["when_seen"], text)
                    for advice in (row["fix_sender"], row["fix_receiver"]):
                        self.assertIn(advice, text)

    def test_english_text_on_other_pages_is_marked(self):
        for code, row in CODES.items():
            for lang in LANGUAGES:
                page = self.page(f"/codes/{code}?lang={lang}")
                foreign = "\n".join(text for _, text in page.foreign)
                with self.subTest(code=code, lang=lang):
                    if lang == "en":
                        self.assertEqual(page.foreign, [])
                        continue
                    self.assertEqual({tag for tag, _ in page.foreign}, {"en"})
                    self.assertEqual(row["description"] in foreign, code not in TRANSLATED)
                    self.assertIn(row["fix_sender"], foreign)

    def test_codes_that_never_go_over_the_wire_say_so(self):
        for code in CODES:
            for lang in LANGUAGES:
                note = heading("never_on_wire", lang).replace("{a}", str(code))
                page = self.page(f"/codes/{code}?lang={lang}")
                with self.subTest(code=code, lang=lang):
                    self.assertEqual(note in page.texts("p"), code not in ON_WIRE)

    def test_counts_are_shown_where_there_are_any(self):
        page = self.page("/codes/250?lang=en")
        self.assertIn("18446744073", page.texts("dd"))
        for code in (450, 101, 605):  # serve has not counted 4xx
            page = self.page(f"/codes/{code}?lang=en")
            self.assertNotIn("Counted Here", page.texts("h2"))
        with Serve(SERVE, counts=0) as serve:
            for path in ("/codes", "/codes/250"):
                self.assertNotIn("Received", serve.ask(path)[2])

    def test_enhanced_codes_have_pages(self):
        page = self.page("/codes/5.7.1?lang=vi")
        self.assertRegex(page.texts("h1")[0], r"^5\.7\.1 \w+")
        self.assertIn("/codes/550?lang=vi", page.links)
        self.assertIn(heading("class_5xx", "vi"), page.texts("dd"))


class List(Case):
    def test_it_has_every_code_by_class(self):
        for lang in LANGUAGES:
            page = self.page(f"/codes?lang={lang}")
            with self.subTest(lang=lang):
                links = [link for link in page.links if re.match(r"/codes/\d{3}\?", link)]
                self.assertEqual(links, [f"/codes/{code}?lang={lang}" for code in
                                         sorted(CODES, key=lambda c: (c not in ON_WIRE, c))])
                classes = ["2xx", "3xx", "4xx", "5xx", "1xx", "6xx"]
                self.assertEqual(page.texts("h2"), [heading("class_" + c, lang) for c in classes]
                                 + [heading("comparisons", lang)])
                self.assertEqual([link for link in page.links if link.startswith("#")],
                                 [f"#class-{c}" for c in classes])
                self.assertEqual(page.ids, [f"class-{c}" for c in classes])
                for a, b in FEATURED:
                    self.assertIn(f"/compare/{a}/{b}?lang={lang}", page.links)

    def test_counts(self):
        self.assertEqual(self.page("/codes").texts("th").count("Received"), 4)
        cells = self.page("/codes").texts("td")
        at = cells.index("250")
        self.assertEqual(cells[at + 2:at + 4], ["18446744073", "0"])
        at = cells.index("451")
        self.assertEqual(cells[at + 2:at + 4], ["–", "–"])

    def test_the_landing_page_leads_here(self):
        status, _, text = self.serve.ask("/")
        self.assertEqual(status, 200)
        self.assertIn("/codes", Page(text).links)


class Comparisons(Case):
    def check_structure(self, page, a, b, lang):
        title = heading("compare_title", lang)
        for key, value in (("a", a), ("b", b), ("a_name", name(a, lang)),
                           ("b_name", name(b, lang))):
            title = title.replace("{" + key + "}", str(value))
        self.assertEqual(page.texts("title", "h1"), [title, title])
        self.assertEqual(page.texts("h2"), [f"{a} {name(a, lang)}", f"{b} {name(b, lang)}",
                                            *(heading(k, lang) for k in LAST)])
        self.assertEqual(page.texts("h3"), [heading(k, lang) for k in PARTS * 2])

    def test_featured_ones_in_every_language(self):
        for a, b in FEATURED:
            for lang in LANGUAGES:
                with self.subTest(a=a, b=b, lang=lang):
                    page = self.page(f"/compare/{a}/{b}?lang={lang}")
                    self.check_structure(page, a, b, lang)
                    self.assertEqual(page.language, lang)
                    text = page.texts("p")
                    # Each text stands below its heading and once more where it is compared.
                    for code in (a, b):
                        for column in ("description", "when_seen", "how_to_fix"):
                            self.assertIn(TEXTS[code, lang][column], text)
                    steps = page.texts("li")[:4 if a // 100 == b // 100 else 5]
                    self.assertTrue(all(re.search(rf"\b({a}|{b})\b", step) for step in steps))
                    self.assertEqual(sum(TEXTS[c, lang]["description"] in step
                                         for step in steps for c in (a, b)), 2)

    def test_sentences_are_sentences(self):
        for a, b in FEATURED:
            text = "\n".join(self.page(f"/compare/{a}/{b}?lang=en").texts("p", "li"))
            self.assertNotRegex(text, r"(?i)\b(when when|when after|that a system|indicates that)\b")
            self.assertRegex(text, rf"You see {a} (after|when) ")

    def test_any_pair(self):
        for a, b in ((450, 550), (550, 450), (101, 607), (354, 503), (557, 200)):
            for lang in LANGUAGES:
                with self.subTest(a=a, b=b, lang=lang):
                    page = self.page(f"/compare/{a}/{b}?lang={lang}")
                    self.check_structure(page, a, b, lang)

    def test_retries_are_compared_where_they_differ(self):
        page = self.page("/compare/450/550?lang=en")
        self.assertIn("After 450: Retry later. After 550: Do not retry.", page.texts("li"))


class Languages(Case):
    def test_negotiation(self):
        for header, lang in ((None, "en"), ("fr", "fr"), ("de, vi;q=0.5, en;q=0.4", "vi"),
                             ("zh-TW", "zh"), ("xx", "en"), ("fr;q=0, *", "en")):
            headers = {"Accept_Language": header} if header else {}
            with self.subTest(header=header):
                for path in ("/codes", "/codes/451", "/compare/214/451"):
                    page = self.page(path, **headers)
                    self.assertEqual((page.language, page.current), (lang, lang))
                    self.assertFalse([x for x in page.links if "lang=" in x and x[0] == "/"])

    def test_the_query_wins_and_stays_in_links(self):
        page = self.page("/codes/451?lang=zh", Accept_Language="fr")
        self.assertEqual(page.language, "zh")
        links = [link for link in page.links if link.startswith(("/codes", "/compare"))]
        self.assertTrue(links)
        self.assertEqual([link for link in links if not link.endswith("?lang=zh")], [])

    def test_the_switch_keeps_the_page(self):
        for path in ("/codes", "/codes/550", "/compare/214/250", "/codes/999"):
            page = self.page(path, status=404 if "999" in path else 200)
            self.assertEqual([link for link in page.links if link.startswith("?")],
                             ["?lang=vi", "?lang=zh", "?lang=fr"])


class Missing(Case):
    def test_unknown_codes(self):
        for path, words in (("/codes/599", "599 is not in the catalogue"),
                            ("/codes/000", "000 is not in the catalogue"),
                            ("/codes/999", "999 is not in the catalogue"),
                            ("/codes/5.7.999", "5.7.999 is not in the catalogue"),
                            ("/compare/250/599", "599 is not in the catalogue"),
                            ("/compare/598/250", "598 is not in the catalogue"),
                            ("/compare/250/250", "both codes are 250"),
                            ("/codes/", "neither a reply code"), ("/codes/25", "“25”"),
                            ("/codes/2500", "“2500”"), ("/codes/451/", "“451/”"),
                            ("/compare/250/", "“250/”"), ("/compare/a/b/c", "“a/b/c”"),
                            ("/codes/%3Cscript%3E", "“<script>”"),
                            ("/codes/%ff%1b", "“??”"), ("/codes/" + "9" * 500, "“9999")):
            for method in ("GET", "HEAD"):
                with self.subTest(path=path[:40], method=method):
                    if method == "HEAD":
                        self.assertEqual(self.serve.ask(path, method)[0], 404)
                        continue
                    page = self.page(path, status=404)
                    self.assertIn(words, page.texts("p")[0])
                    self.assertIn("/codes", page.links)
                    self.assertNotIn("script", page.tags)

    def test_in_other_languages(self):
        for lang in LANGUAGES:
            page = self.page(f"/codes/999?lang={lang}", status=404)
            self.assertEqual((page.language, page.texts("h1")),
                             (lang, [heading("unknown_code", lang)]))

    def test_unknown_language(self):
        for path in ("/codes", "/codes/451", "/compare/214/250"):
            for tag, shown in (("xx", "xx"), ("", ""), ("EN", "EN"), ("%3Cb%3E", "<b>"),
                               ("zh-TW", "zh-TW")):
                with self.subTest(path=path, tag=tag):
                    page = self.page(f"{path}?lang={tag}", status=404, Accept_Language="fr")
                    self.assertEqual((page.language, page.current), ("fr", None))
                    self.assertEqual(page.links[2:6], [f"?lang={lang}" for lang in LANGUAGES])
                    self.assertIn(f"«\u00a0{shown}\u00a0»", page.texts("p")[0])


class Everything(Case):
    def test_head(self):
        for path in ("/codes", "/codes/451?lang=fr", "/compare/214/250"):
            _, headers, text = self.serve.ask(path)
            status, head, nothing = self.serve.ask(path, "HEAD")
            self.assertEqual((status, head["Content-Length"], nothing),
                             (200, str(len(text.encode())), ""))
            self.assertEqual(headers["Content-Type"], head["Content-Type"])

    def test_every_link_leads_somewhere(self):
        """From the landing page through the whole site, in all languages."""
        seen, waiting = {"/"}, ["/"]
        while waiting:
            path = waiting.pop()
            status, headers, text = self.serve.ask(path)
            self.assertEqual(status, 200, path)
            if headers["Content-Type"] != HTML:
                continue
            for link in Page(text).links:
                target = local(link)
                if target is None:
                    continue
                target = urllib.parse.urljoin(path, target)
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
            self.assertLess(len(seen), PAGES_MAX)
        for lang in LANGUAGES:
            for code in CODES:
                self.assertIn(f"/codes/{code}?lang={lang}", seen)
        self.assertGreater(sum(path.startswith("/compare/") for path in seen), 500)

    @unittest.skipUnless(shutil.which("tidy"), "tidy is missing")
    def test_valid(self):
        paths = [f"/codes/{code}" for code in CODES]
        paths += [f"/compare/{a}/{b}" for a, b in FEATURED + ((450, 550),)]
        paths += ["/codes", "/codes/5.7.1", "/codes/4.7.1", "/codes/999", "/codes/%3Cb%3E"]
        for path in [f"{path}?lang={lang}" for path in paths for lang in LANGUAGES] + \
                ["/codes?lang=x"]:
            tidy = subprocess.run(["tidy", "-quiet", "-errors", "-utf8"],
                                  input=self.serve.ask(path)[2], text=True, encoding="utf-8",
                                  capture_output=True, check=False)
            with self.subTest(path=path):
                self.assertEqual((tidy.returncode, tidy.stderr), (0, ""))

    def test_no_page_asks_for_anything_else(self):
        for path in ("/", "/codes", "/codes/451", "/compare/214/451", "/codes/999"):
            text = self.serve.ask(path)[2]
            self.assertFalse({"script", "img", "link", "iframe"} & set(Page(text).tags))
            self.assertNotRegex(text, r"https?://|url\(|@import")


if __name__ == "__main__":
    SERVE = sys.argv.pop(1)
    unittest.main()
