#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An operator's catalogue, and SIGHUP: what is added, what is refused, and what is never lost."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import exporter as process
from journald import entry, make_journal, missing_remote

PROVIDERS = "suffix\tprovider\tverified\n"
RELOADED = "smtp_reply_exporter_config_last_reload_successful"
REASONS = "smtp_client_provider_reasons_total"


def bounce(number):
    """An entry: mx.partner.example refuses a recipient."""
    return entry(number, process.delivery(process.queue_id(number), 550, "5.1.1", "no such user",
                                          relay="mx.partner.example[192.0.2.25]:25"))


@unittest.skipIf(missing_remote(), missing_remote())
class Reload(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="reload.")
        self.addCleanup(shutil.rmtree, self.directory)
        self.journal = os.path.join(self.directory, "journal")
        self.catalogue = os.path.join(self.directory, "catalogue")
        os.mkdir(self.journal)
        os.mkdir(self.catalogue)

    def write(self, text):
        with open(os.path.join(self.catalogue, "providers.tsv"), "w", encoding="utf-8") as file:
            file.write(text)

    def exporter(self):
        exporter = process.Exporter("--journal.directory=" + self.journal, "--journal.since=all",
                                    "--catalogue.dir=" + self.catalogue, "--no-state",
                                    "--metrics.zero-hold=0")
        self.addCleanup(exporter.end)
        return exporter

    def reloaded(self, exporter, value):
        """Waits until the reload was answered with VALUE."""
        os.kill(exporter.process.pid, signal.SIGHUP)
        return exporter.wait_metrics(lambda m: m.value(RELOADED) == value)

    def add(self, name, first, last):
        make_journal(os.path.join(self.journal, name), map(bounce, range(first, last)))

    def test_a_reload_adds_and_keeps(self):
        self.add("a.journal", 0, 3)
        exporter = self.exporter().start().wait_ready()
        before = exporter.scrape()
        self.assertEqual(before.sum(REASONS, provider="other"), 3)

        self.write(PROVIDERS + "partner.example\tpartner\tyes\n")
        os.kill(exporter.process.pid, signal.SIGHUP)
        exporter.wait_metrics(lambda m: exporter.lines("reloaded"))
        after = exporter.scrape()
        self.assertEqual(after.mail(), before.mail())

        self.add("b.journal", 3, 5)
        after = exporter.wait_metrics(lambda m: m.sum(REASONS) == 5)
        self.assertEqual(after.sum(REASONS, provider="partner", reason="recipient_unknown"), 2)
        self.assertEqual(after.sum(REASONS, provider="other"), 3)
        after.check()

    def test_a_bad_file_changes_nothing(self):
        self.add("a.journal", 0, 3)
        self.write(PROVIDERS + "partner.example\tpartner\tyes\n")
        exporter = self.exporter().start().wait_ready()
        before = exporter.scrape()
        self.assertEqual(before.value(RELOADED), 1)
        self.assertEqual(before.sum(REASONS, provider="partner"), 3)

        self.write(PROVIDERS + "partner.example\tNot A Label\tyes\n")
        after = self.reloaded(exporter, 0)
        self.assertEqual(after.mail(), before.mail())
        self.assertTrue(exporter.lines("cannot reload", "providers.tsv", "2"))
        self.add("b.journal", 3, 4)
        exporter.wait_metrics(lambda m: m.sum(REASONS, provider="partner") == 4)

        self.write(PROVIDERS)
        after = self.reloaded(exporter, 1)
        self.assertEqual(after.sum(REASONS, provider="partner"), 0)

    def test_a_bad_file_at_the_start_is_said_and_ends_it(self):
        self.write("suffix\n")
        result = subprocess.run([process.program(), "--once", "--journal.directory=" + self.journal,
                                 "--catalogue.dir=" + self.catalogue], capture_output=True,
                                text=True, check=False, timeout=process.PATIENCE)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertIn("providers.tsv", result.stderr)

    def test_pages_follow_the_catalogue(self):
        exporter = self.exporter().start().wait_ready()
        for _ in range(20):
            os.kill(exporter.process.pid, signal.SIGHUP)
            self.assertEqual(exporter.get("/codes/451")[0], 200)
            self.assertEqual(exporter.get("/compare/214/451?lang=fr")[0], 200)


if __name__ == "__main__":
    unittest.main()
