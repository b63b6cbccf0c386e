#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prometheus' own check of what --once prints about a small journal."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import tree

REMOTE = "/lib/systemd/systemd-journal-remote"
EXPORT = tree.ROOT / "tests/journal/postfix.export"
ENTRIES = 400


def missing():
    """Why this cannot run here, or None."""
    if not os.access(REMOTE, os.X_OK):
        return "systemd-journal-remote is missing"
    return None


def some_entries():
    """The first entries of the recording, as they are."""
    return b"\n\n".join(EXPORT.read_bytes().split(b"\n\n")[:ENTRIES]) + b"\n\n"


class Exposition(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if missing():
            raise unittest.SkipTest(missing())
        exporter = tree.environment("EXPORTER")
        with tempfile.TemporaryDirectory() as directory:
            journal = pathlib.Path(directory) / "small.journal"
            subprocess.run([REMOTE, f"--output={journal}", "-"], input=some_entries(),
                           capture_output=True, check=True)
            result = subprocess.run([exporter, "--once", f"--journal.file={journal}"],
                                    capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(f"--once ended with {result.returncode}: {result.stderr}")
        cls.text = result.stdout

    def value(self, series):
        match = re.search("^" + re.escape(series) + r" (\S+)$", self.text, re.M)
        self.assertTrue(match, series)
        return float(match.group(1))

    def test_promtool_has_no_remark(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is missing")
        result = subprocess.run(["promtool", "check", "metrics"], input=self.text, text=True,
                                capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_every_line_is_a_sample_or_a_remark(self):
        sample = re.compile(r'[a-z_]+(\{([a-z_]+="(\\.|[^"\\\n])*",?)+\})? [0-9.]+(e\+\d+)?')
        for line in self.text.splitlines():
            self.assertTrue(re.match(r"# (HELP|TYPE) [a-z_]+ \S", line) or sample.fullmatch(line),
                            line)

    def test_no_series_is_there_twice(self):
        series = [line.rsplit(" ", 1)[0] for line in self.text.splitlines() if line[0] != "#"]
        self.assertEqual(len(series), len(set(series)))

    def test_every_entry_is_accounted_for(self):
        outcomes = re.findall(r"^smtp_reply_exporter_entries_total\{.*\} (\d+)$", self.text, re.M)
        read = self.value("smtp_reply_exporter_entries_read_total")
        self.assertEqual(sum(map(int, outcomes)), read)
        self.assertGreater(read, ENTRIES / 2)


if __name__ == "__main__":
    tree.main()
