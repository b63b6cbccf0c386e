#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever is in the journal: the number of series, memory and the time of a scrape stay bounded."""

import os
import random
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from exporter import (PATIENCE, Exporter, is_sanitized, once, pairs, program, delivery,
                      queue_id)
from journald import encode_field, entry, make_journal, missing_remote

SKIP = missing_remote()
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))

HOSTILE = 100000
SERIES_MAX = 10000
ANONYMOUS_KIB_MAX = 8 * 1024
DEFINITIONS = os.path.join(os.path.dirname(__file__), "../../src/metrics/families.def")


def word(chance, letters="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"):
    return "".join(chance.choices(letters, k=chance.randrange(1, 20)))


def hostile_line(chance, number):
    """Identifier and message: every part that a stranger can choose is chosen anew."""
    code, enhanced = chance.randrange(0, 1000), "%d.%d.%d" % (
        chance.randrange(0, 10), chance.randrange(0, 1100), chance.randrange(0, 1100))
    host = "%s.example.org[192.0.2.%d]" % (word(chance), chance.randrange(256))
    name = word(chance)
    lines = (
        ("smtp", delivery(queue_id(number), code, enhanced, relay=host + ":25",
                          stage=name.upper())),
        ("smtp", delivery(queue_id(number), *pairs()[chance.randrange(len(pairs()))])),
        ("lmtp", delivery(queue_id(number), code, enhanced, relay="127.0.0.1[127.0.0.1]:24")),
        ("smtpd", "NOQUEUE: reject: %s from %s: %03d %s <%s@example.org>: x; from=<a@example.org> "
                  "to=<%s@example.org> proto=ESMTP helo=<%s>" % (
                      name.upper(), host, code, enhanced, name, name, name)),
        ("smtpd", "disconnect from %s ehlo=1 %s=%d %s=0/%d commands=9" % (
            host, name, code, word(chance), code)),
        ("smtpd", "warning: %s: SASL %s authentication failed: %s" % (host, name.upper(), name)),
        ("smtpd", "lost connection after %s from %s" % (name.upper(), host)),
        ("smtp", "%s: to=<a@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, "
                 "status=%s (%s: %s)" % (queue_id(number), name, name, name)),
        (name, "%s{mta=\"%s\"} %d" % (name, name, code)),
    )
    identifier, message = lines[number % len(lines)]
    return "postfix/" + identifier, message


def hostile_entries(start, end):
    chance = random.Random("%d %d" % (SEED, start))
    for number in range(start, end):
        identifier, message = hostile_line(chance, number)
        yield entry(number, message, identifier=identifier)


def caps():
    """The largest number of series of each family: twice its cap, other included."""
    with open(DEFINITIONS, encoding="utf-8") as file:
        rows = re.findall(r'^FAMILY\(\w+, "(\w+)", \w+, \w+, \w+, (\d+)', file.read(), re.M)
    return {name: 2 * int(cap) for name, cap in rows}


@unittest.skipIf(SKIP, SKIP)
class LimitsCase(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="limits.")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name="a.journal"):
        return os.path.join(self.directory, name)

    def make(self, entries, name="a.journal"):
        make_journal(self.path(name), entries)

    def exporter(self, *arguments, **more):
        exporter = Exporter("--journal.directory=" + self.directory, "--journal.since=all",
                            "--no-state", "--metrics.zero-hold=0", *arguments, **more)
        self.addCleanup(exporter.end)
        return exporter

    def check_promtool(self, text):
        """Not a word from Prometheus' own check."""
        if not shutil.which("promtool"):
            return
        result = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def check_bounds(self, metrics):
        bounds = caps()
        for family in metrics.types:
            if metrics.types[family] != "histogram":
                self.assertLessEqual(len(metrics.select(family)), bounds[family], family)
        self.assertLess(len(metrics.samples), SERIES_MAX)
        self.check_promtool(metrics.text)

    def scrape_seconds(self, exporter):
        """The median of some."""
        times = []
        for _ in range(21):
            start = time.monotonic()
            exporter.scrape()
            times.append(time.monotonic() - start)
        return sorted(times)[10]


class Hostile(LimitsCase):
    def test_lines_that_try_to_make_series(self):
        print("\nseed %d:" % SEED, end=" ", flush=True)
        exporter = self.exporter()
        exporter.start().wait_ready()
        self.make(hostile_entries(0, HOSTILE))
        begun = time.monotonic()
        metrics = exporter.wait_metrics(lambda m: m.own("entries_read_total") >= HOSTILE)
        seconds = time.monotonic() - begun
        metrics.check()
        self.assertEqual(metrics.own("entries_read_total"), HOSTILE)
        self.check_bounds(metrics)
        # Nothing that a line chose is in a label.
        self.assertNotRegex(metrics.text, "example|192\\.0")
        self.check_small(exporter, metrics, seconds)

    def check_small(self, exporter, metrics, seconds):
        scrape, kib = self.scrape_seconds(exporter), exporter.anonymous_kib()
        print("%d entries in %.1f s, %d series, %d KiB anonymous, scrape %.1f ms" % (
            HOSTILE, seconds, len(metrics.samples), kib, scrape * 1000), end=" ", flush=True)
        self.assertLess(scrape, 0.5)
        if not is_sanitized():
            self.assertLess(kib, ANONYMOUS_KIB_MAX)

    def test_series_do_not_grow_with_time(self):
        """What a second helping of new names adds is less than what was there after the first."""
        exporter = self.exporter()
        exporter.start().wait_ready()
        counts = []
        for i in range(2):
            self.make(hostile_entries(20000 * i, 20000 * (i + 1)), "%d.journal" % i)
            metrics = exporter.wait_metrics(
                lambda m, n=20000 * (i + 1): m.own("entries_read_total") >= n)
            counts.append(len(metrics.samples))
        self.assertLess(counts[1], 1.5 * counts[0])
        self.check_bounds(metrics)


class Content(LimitsCase):
    def outcomes(self, messages, identifier="postfix/smtp"):
        self.make(entry(i, m, identifier=identifier) for i, m in enumerate(messages))
        status, metrics, error = once("--journal.file=" + self.path())
        self.assertEqual((status, error), (0, ""))
        metrics.check()
        self.check_promtool(metrics.text)
        self.assertEqual(metrics.own("entries_read_total"), len(messages))
        return metrics.outcomes()

    def test_up_to_a_megabyte(self):
        """A reply at the start counts however much follows."""
        line = delivery(queue_id(1), 250, "2.0.0", text="x" * (1 << 20))
        sizes = [1 << n for n in range(0, 21)] + [767 * 1024, (1 << 20) - 1]
        messages = [b"x" * size for size in sizes] + [line]
        outcomes = self.outcomes(messages)
        self.assertEqual(sum(outcomes.values()), len(messages))
        self.assertEqual(outcomes.get("reply", 0) + outcomes.get("ambiguous", 0)
                         + outcomes.get("unknown", 0) + outcomes.get("none", 0), len(messages))

    def test_nul_and_bytes_that_are_no_utf8(self):
        good = delivery(queue_id(1), 550, "5.1.1", text="TEXT").encode()
        bad = [b"\0", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x01\x7f\x1b",
               b"\r\n", b"\n", bytes(range(256))]
        messages = [good.replace(b"TEXT", b) for b in bad]
        messages += [b + good for b in bad] + [good[:i] + b"\0" + good[i:] for i in range(len(good))]
        messages += [b"", *bad]
        self.outcomes(messages)

    def test_identifiers(self):
        names = [b"postfix/" + b"a" * 100000, b"postfix/\xff", b"postfix/sm\0tp", b"", b"/", b"postfix",
                 b"postfix/smtp/smtp", b'postfix/smtp"} 1\nx{a="', bytes(range(256))]
        self.make(entry(i, delivery(queue_id(i), 250, "2.0.0"), identifier=name)
                  for i, name in enumerate(names))
        status, metrics, _ = once("--journal.file=" + self.path())
        self.assertEqual(status, 0)
        self.assertEqual(metrics.own("entries_read_total"), len(names))
        self.check_promtool(metrics.text)

    def test_many_fields(self):
        fields = [("F%d" % i, "x" * 50) for i in range(200)]
        self.make([entry(i, delivery(queue_id(i), 250, "2.0.0"), extra=fields) for i in range(20)])
        metrics = once("--journal.file=" + self.path())[1]
        self.assertEqual(metrics.outcomes(), {"reply": 20})

    def test_noise(self):
        """Lines of which bytes were turned, cut and doubled at random."""
        chance = random.Random(SEED)
        messages = []
        for number in range(5000):
            data = bytearray(hostile_line(chance, number)[1].encode())
            for _ in range(chance.randrange(8)):
                place = chance.randrange(len(data) + 1)
                data[place:place + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
            messages.append(bytes(data))
        self.outcomes(messages, identifier=chance.choice(("postfix/smtp", "postfix/smtpd")))


class Memory(LimitsCase):
    """One template entry, written with other numbers, as making a million from scratch takes long."""

    def entries(self, start, end):
        texts = [delivery("QQQQQQQQQQ", *pair) for pair in pairs()[::400]]
        templates = [entry(0, text) for text in texts]
        usec, mono = (encode_field("__REALTIME_TIMESTAMP", 1735689600000000),
                      encode_field("__MONOTONIC_TIMESTAMP", 1000000))
        for i in range(start, end):
            text = templates[i % len(templates)].replace(b"QQQQQQQQQQ", queue_id(i).encode())
            yield text.replace(
                usec, b"__REALTIME_TIMESTAMP=%d\n" % (1735689600000000 + 1000 * i), 1).replace(
                    mono, b"__MONOTONIC_TIMESTAMP=%d\n" % (1000000 + 1000 * i), 1)

    def test_flat(self):
        """Anonymous memory after 100,000 entries and after 300,000, a file at a time."""
        exporter = self.exporter()
        exporter.start().wait_ready()
        kib = []
        for i in range(3):
            self.make(self.entries(100000 * i, 100000 * (i + 1)), "%d.journal" % i)
            exporter.wait_metrics(
                lambda m, n=100000 * (i + 1): m.own("entries_read_total") >= n, 2 * PATIENCE)
            kib.append(exporter.anonymous_kib())
        print("\nKiB anonymous after 100,000, 200,000, 300,000 entries: %s" % kib, end=" ",
              flush=True)
        if is_sanitized():
            self.skipTest("AddressSanitizer keeps freed memory")
        self.assertLess(kib[-1], ANONYMOUS_KIB_MAX)
        self.assertLess(kib[-1] - kib[0], 256)

    @unittest.skipIf(not shutil.which("valgrind"), "valgrind is missing")
    def test_no_leak(self):
        """Start, a few thousand hostile entries, scrapes, reload, end."""
        if is_sanitized():
            self.skipTest("valgrind does not run what is built with AddressSanitizer")
        report = self.path("valgrind.log")
        self.make(hostile_entries(0, 4000))
        exporter = self.exporter(
            "--state.file=" + self.path("state"),
            before=lambda *command: ["valgrind", "--quiet", "--leak-check=full",
                                     "--show-leak-kinds=definite,indirect,possible",
                                     "--errors-for-leak-kinds=definite,indirect,possible",
                                     "--error-exitcode=99", "--log-file=" + report, *command])
        exporter.arguments.remove("--no-state")
        exporter.start().wait_ready()
        exporter.wait_metrics(lambda m: m.own("entries_read_total") >= 4000)
        exporter.get("/")
        exporter.get("/nothing")
        exporter.reload()
        self.make([entry(5000 + i, "x") for i in range(10)])
        exporter.wait_metrics(lambda m: m.own("entries_read_total") >= 4010)
        status = exporter.stop()
        with open(report, encoding="utf-8", errors="replace") as file:
            self.assertEqual((status, file.read()), (0, ""))
        result = subprocess.run(
            ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99", program(), "--once",
             "--journal.file=" + self.path()], capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
