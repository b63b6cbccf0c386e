#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""systemd's own opinion of the units: what they expose, and whether it understands them."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import tree

OWN, ACTIVATED = "smtp_reply_exporter.service", "smtp_reply_exporter-activated.service"
SOCKET = "smtp_reply_exporter.socket"
# Of 10; 9 and more is what a unit without any hardening gets.
EXPOSURE_MAX = {OWN: 1.3, ACTIVATED: 0.5}
# Verified before installation: the program and its manual page are not where the units say.
NOT_INSTALLED = re.compile(r": Command \S+ is not executable: No such file or directory$")


def analyze(*arguments, **environment):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                          check=False, env=os.environ | {"LC_ALL": "C.UTF-8"} | environment)


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("systemd-analyze"):
            raise unittest.SkipTest("systemd-analyze is missing")
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.directory = pathlib.Path(directory)
        generated = pathlib.Path(tree.environment("UNITS"))
        for path in (generated / OWN, generated / ACTIVATED, tree.ROOT / "systemd" / SOCKET):
            shutil.copy(path, directory)

    def test_exposure(self):
        for unit, most in EXPOSURE_MAX.items():
            with self.subTest(unit=unit):
                result = analyze("security", "--offline=true", "--no-pager",
                                 str(self.directory / unit))
                if "unrecognized option" in result.stderr:
                    self.skipTest("this systemd-analyze cannot judge files")
                level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", result.stdout)
                self.assertTrue(level, result.stderr)
                self.assertLessEqual(float(level.group(1)), most, result.stdout)

    def test_verify(self):
        paths = [str(self.directory / unit) for unit in (OWN, ACTIVATED, SOCKET)]
        result = analyze("verify", "--man=no", *paths, SYSTEMD_UNIT_PATH=f"{self.directory}:")
        # Complaints about the machine's own units come along.
        complaints = [line for line in result.stderr.splitlines()
                      if "smtp_reply_exporter" in line and not NOT_INSTALLED.search(line)]
        self.assertEqual(complaints, [])

    def test_verify_complains_at_all(self):
        path = self.directory / "smtp_reply_exporter-broken.service"
        text = (self.directory / OWN).read_text(encoding="utf-8")
        path.write_text(text.replace("ProtectHome=yes", "ProtectHome=perhaps"), encoding="utf-8")
        self.addCleanup(path.unlink)
        self.assertIn("Failed to parse", analyze("verify", "--man=no", str(path)).stderr)

    def test_nothing_was_left_out_of_the_template(self):
        for unit in (OWN, ACTIVATED):
            with self.subTest(unit=unit):
                text = (self.directory / unit).read_text(encoding="utf-8")
                self.assertNotRegex(text, r"(?m)^[^#\n]*@[a-z_]+@")
                self.assertRegex(text, r"(?m)^ExecStart=/\S+/smtp_reply_exporter ")


if __name__ == "__main__":
    unittest.main()
