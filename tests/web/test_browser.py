#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages in a real browser: test_browser.py SERVE [unittest arguments].

Debian's chromium, headless, driven through chromedriver's WebDriver interface. With SCREENSHOTS in
the environment, pictures of the pages are left in that directory to be looked at.
"""

import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from reference_site import LANGUAGES, Serve

SERVE = ""
FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
         "--disable-background-networking --disable-component-update --disable-sync "
         "--disable-dev-shm-usage --hide-scrollbars").split()
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
# Pages of every kind; the paths without their language.
PATHS = {"home": "/", "codes": "/codes", "451": "/codes/451", "550": "/codes/550",
         "101": "/codes/101", "605": "/codes/605", "571": "/codes/5.7.1",
         "214-251": "/compare/214/251", "211-251": "/compare/211/251",
         "214-451": "/compare/214/451", "214-250": "/compare/214/250",
         "250-251": "/compare/250/251", "450-550": "/compare/450/550",
         "unknown": "/codes/999"}
START_SECONDS = 60
# What the browser says of pages that are missing on purpose.
EXPECTED = re.compile(r"the server responded with a status of 404")

# What is too wide, and numbers that are broken into lines.
WIDTHS = """
const root = document.documentElement;
const wide = [...document.querySelectorAll("body *")]
	.filter(e => e.getBoundingClientRect().right > root.clientWidth + 0.5)
	.map(e => e.tagName + ": " + e.textContent.slice(0, 60));
const broken = [...document.querySelectorAll("td:first-child a, .number")]
	.filter(e => e.firstChild.nodeType == 3).filter(e => {
		const range = document.createRange();
		range.selectNodeContents(e);
		return range.getClientRects().length > 1;
	}).map(e => e.textContent);
return [root.scrollWidth, root.clientWidth, [...wide.slice(0, 5), ...broken]];
"""
# Of text against what is behind it, by WCAG 2: the least of the page's colours.
CONTRAST = """
const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const luminance = c => {
	const [r, g, b] = c.match(/[\\d.]+/g).map(Number);
	return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
};
const ground = e => {
	for (; e; e = e.parentElement) {
		const c = getComputedStyle(e).backgroundColor;
		if (!/, 0\\)$|transparent/.test(c)) return c;
	}
	return "rgb(255, 255, 255)";
};
let least = 21;
for (const e of document.querySelectorAll("h1, h2, h3, p, a, td, th, small, dt, dd, li, strong")) {
	const a = luminance(getComputedStyle(e).color), b = luminance(ground(e));
	least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
}
return least;
"""


def missing():
    """Why this cannot run here, or None."""
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return f"{program} is missing"
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    """One window of a new browser with a profile of its own."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.session = ""
        try:
            self.wait_for_driver()
            self.start()
        except BaseException:
            self.close()
            raise

    def wait_for_driver(self):
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                if self.call("GET", "/status")["ready"]:
                    return
            except ConnectionError:
                self.connection.close()
            if time.monotonic() > until or self.driver.poll() is not None:
                raise RuntimeError("chromedriver does not start")
            time.sleep(0.1)

    def start(self):
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": [
                *FLAGS, f"--user-data-dir={self.profile.name}"]}}}})
        self.session = "/session/" + answer["sessionId"]

    def call(self, method, path, body=None):
        self.connection.request(method, self.session_path(path),
                                json.dumps(body) if method == "POST" else None,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        value = json.loads(answer.read())["value"]
        if answer.status != 200:
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}")
        return value

    def session_path(self, path):
        return path if path in ("/status", "/session") else self.session + path

    def developer(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, size, scheme):
        width, height = SIZES[size]
        self.developer("Emulation.setDeviceMetricsOverride", width=width, height=height,
                       deviceScaleFactor=1, mobile=size == "phone")
        self.developer("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def url(self):
        return self.call("GET", "/url")

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def click(self, selector):
        element = self.call("POST", "/element", {"using": "css selector", "value": selector})
        self.call("POST", f"/element/{next(iter(element.values()))}/click", {})

    def complaints(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})
                if not EXPECTED.search(entry["message"])]

    def picture(self, path):
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return document.documentElement.clientWidth")
        shot = self.developer("Page.captureScreenshot", captureBeyondViewport=True,
                              clip={"x": 0, "y": 0, "width": width, "height": min(height, 4000),
                                    "scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        if self.session:
            try:
                self.connection.request("DELETE", self.session)
                self.connection.getresponse().read()
            except OSError:
                pass
        self.connection.close()
        self.driver.terminate()
        self.driver.wait(30)
        self.profile.cleanup()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if missing():
            raise unittest.SkipTest(missing())
        cls.serve = cls.enterClassContext(Serve(SERVE))
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, path):
        self.browser.open(f"http://{self.serve.address}{path}")


class Looks(Case):
    def check(self, name, path):
        self.open(path)
        scroll, client, wide = self.browser.run(WIDTHS)
        self.assertLessEqual(scroll, client, wide)
        self.assertEqual(wide, [])
        self.assertGreaterEqual(self.browser.run(CONTRAST), 4.5)
        if os.environ.get("SCREENSHOTS"):
            directory = pathlib.Path(os.environ["SCREENSHOTS"])
            directory.mkdir(parents=True, exist_ok=True)
            self.browser.picture(directory / f"{name}.png")

    def test_every_kind_of_page_in_every_size_scheme_and_language(self):
        for size in SIZES:
            for scheme in SCHEMES:
                self.browser.look(size, scheme)
                for name, path in PATHS.items():
                    for lang in LANGUAGES[:1] if path == "/" else LANGUAGES:
                        with self.subTest(size=size, scheme=scheme, path=path, lang=lang):
                            self.check(f"{name}-{lang}-{size}-{scheme}", f"{path}?lang={lang}")
        self.assertEqual(self.browser.complaints(), [])

    def test_colours_follow_the_scheme(self):
        grounds = set()
        for scheme in SCHEMES:
            self.browser.look("phone", scheme)
            self.open("/codes")
            grounds.add(self.browser.run("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(grounds), 2)


class Walk(Case):
    def setUp(self):
        self.browser.look("phone", "light")

    def path(self):
        return self.browser.url().split(self.serve.address, 1)[1]

    def test_a_reader_finds_the_way(self):
        self.open("/")
        for selector, path in (
                ('a[href="/codes"]', "/codes"),
                ('a[href="/codes/214"]', "/codes/214"),
                ('a[lang="vi"]', "/codes/214?lang=vi"),
                ('a[href^="/compare/214/251"]', "/compare/214/251?lang=vi"),
                ('a[lang="fr"]', "/compare/214/251?lang=fr"),
                ('h2 a[href^="/codes/251"]', "/codes/251?lang=fr"),
                ('a[lang="zh"]', "/codes/251?lang=zh"),
                ('nav a[href^="/codes"]', "/codes?lang=zh"),
                ('a[href="#class-5xx"]', "/codes?lang=zh#class-5xx"),
                ('nav a[href="/"]', "/")):
            self.browser.click(selector)
            self.assertEqual(self.path(), path)
        self.assertEqual(self.browser.complaints(), [])

    def test_an_unknown_language_is_explained(self):
        self.open("/codes/451?lang=xx")
        self.browser.click('a[lang="en"]')
        self.assertEqual(self.path(), "/codes/451?lang=en")

    def test_the_page_says_its_language(self):
        for lang in LANGUAGES:
            self.open(f"/codes/550?lang={lang}")
            self.assertEqual(self.browser.run("return document.documentElement.lang"), lang)
            marked = self.browser.run("return document.querySelectorAll('main [lang=en]').length")
            self.assertEqual(marked > 0, lang != "en")


if __name__ == "__main__":
    SERVE = sys.argv.pop(1)
    unittest.main()
