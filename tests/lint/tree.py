# SPDX-License-Identifier: Apache-2.0
"""The source tree for the lint tests: files, their text, and C without comments and strings."""

import functools
import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("src", "include", "tests", "systemd", "grafana")


def environment(name):
    """What meson hands over; a test that needs it cannot run by itself without."""
    value = os.environ.get(name)
    if not value:
        raise unittest.SkipTest(f"{name} is not set; run it by meson test --suite lint")
    return value


@functools.lru_cache(maxsize=None)
def files(*suffixes):
    """All files of the project with one of the suffixes, generated ones and builds left out."""
    found = [p for p in ROOT.iterdir() if p.is_file()]
    for folder in FOLDERS:
        found += [p for p in (ROOT / folder).rglob("*") if p.is_file()]
    found = [p for p in found
             if "__pycache__" not in p.parts
             and not any(part.startswith(("build", ".git")) for part in p.relative_to(ROOT).parts)]
    return sorted(p for p in found if not suffixes or p.suffix in suffixes)


def name(path):
    return str(path.relative_to(ROOT))


@functools.lru_cache(maxsize=None)
def text(path):
    return path.read_text(encoding="utf-8", errors="surrogateescape")


# A comment, a string or a character constant, whichever begins first.
_NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(match):
    """Blanks of the same shape, so that lines keep their numbers."""
    kept = match.group()[0] if match.group()[0] in "\"'" else " "
    return kept + re.sub(r"[^\n]", " ", match.group()[1:-1]) + kept


@functools.lru_cache(maxsize=None)
def code(path):
    """The text of a C file without what comments and strings say."""
    return _NOT_CODE.sub(_blank, text(path))


def line_of(haystack, position):
    return haystack.count("\n", 0, position) + 1


def main():
    """Runs the tests of a script; says what was skipped and why, with meson's 77 if that is all."""
    program = unittest.main(module="__main__", exit=False)
    for test, reason in program.result.skipped:
        print(f"SKIP: {test}: {reason}")
    if not program.result.wasSuccessful():
        sys.exit(1)
    skipped = len(program.result.skipped)
    sys.exit(77 if skipped and skipped >= program.result.testsRun else 0)
