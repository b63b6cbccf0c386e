#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README and the man page say what the program says: options, families, label values."""

import re
import subprocess
import unittest

import tree

README = tree.ROOT / "README.md"
MAN_PAGE = tree.ROOT / "src/daemon/smtp_reply_exporter.8"
OPTIONS = tree.ROOT / "src/daemon/options.c"
FAMILIES = tree.ROOT / "src/metrics/families.def"
EVENTS = tree.ROOT / "src/dialect/event.h"
TALLY = tree.ROOT / "src/count/tally.h"

STRING = r'"((?:\\.|[^"\\])*)"'
STRINGS = rf'{STRING}(?:\s*{STRING})*'


def joined(literals):
    """Adjacent C string literals as one text."""
    return "".join(re.findall(STRING, literals)).replace('\\"', '"').replace("\\\\", "\\")


def read(path):
    if not path.exists():
        raise unittest.SkipTest(f"{tree.name(path)} is missing")
    return tree.text(path)


def rows(first):
    """Cells of README's tables whose first cell is a name in backticks that FIRST matches."""
    for line in read(README).split("\n"):
        if not line.startswith("|"):
            continue
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        match = re.fullmatch(r"`([^`]+)`", cells[0])
        if match and re.fullmatch(first, match.group(1)):
            yield match.group(1), cells[1:]


def source_options():
    """Name and argument to default and help, as the table in options.c has them."""
    table = re.search(r"rows\[\] = \{(.*?)\n\};", read(OPTIONS), re.S).group(1)
    row = re.compile(rf"\{{\s*{STRING},\s*(NULL|{STRING}),\s*(NULL|{STRING}),\s*({STRINGS}),\s*"
                     r"\w+\s*\}", re.S)
    options = {}
    for match in row.finditer(table):
        name, argument, default = match.group(1), match.group(3), match.group(5)
        options["--" + name + (f"={argument}" if argument else "")] = (
            default or "", joined(match.group(6)))
    return options


def help_options():
    """The same from --help."""
    text = subprocess.run([tree.environment("EXPORTER"), "--help"], capture_output=True, text=True,
                          check=True).stdout
    options = {}
    for block in re.split(r"\n  (?=--)", text)[1:]:
        head, _, rest = block.partition("  ")
        words = re.sub(r"\s+", " ", rest).strip()
        match = re.fullmatch(r"(.*?)(?: \[([^][]*)\])?", words)
        options[head.strip()] = (match.group(2) or "", match.group(1))
    return options


def plain(cell):
    """What a reader sees of a cell."""
    return re.sub(r"\s+", " ", cell.replace("`", "").replace("\\|", "|")).strip()


def source_families():
    """Name to type and labels, in order."""
    text = re.sub(r"/\*.*?\*/", "", read(FAMILIES), flags=re.S)
    row = re.compile(rf"^FAMILY\(\w+, {STRING}, (\w+), \w+, \w+, \d+,\s*({STRINGS})(?:,([^)]*))?\)",
                     re.M | re.S)
    return {m.group(1): (m.group(2).lower(),
                         [w.strip() for w in (m.group(m.lastindex) or "").split(",")]
                         if m.lastindex and not m.group(m.lastindex).startswith('"')
                         and m.group(0).rstrip(")").split('"')[-1].strip() else [])
            for m in row.finditer(text)}


def closed_set(path, name):
    """The label values of an X-macro list."""
    body = re.search(rf"#define {name}\(X\)(.*?)(?<!\\)\n", read(path), re.S).group(1)
    return re.findall(r'X\(\w+, "([^"]+)"\)', body)


class Options(unittest.TestCase):
    def test_the_table_is_read_at_all(self):
        self.assertIn("--once", source_options())
        self.assertEqual(source_options()["--web.listen-address=ADDRESS"][0], ":10451")

    def test_help_says_what_the_table_says(self):
        self.assertEqual(help_options(), source_options())

    def test_readme_has_every_option_and_no_other(self):
        self.assertEqual([n for n, _ in rows(r"--[\w.-]+(=\w+)?")], list(source_options()))

    def test_readme_has_the_defaults(self):
        for name, cells in rows(r"--[\w.-]+(=\w+)?"):
            default = source_options()[name][0]
            with self.subTest(option=name):
                if default:
                    self.assertIn(default, [plain(c) for c in cells])
                else:
                    self.assertTrue(any(plain(c) in ("", "–", "-") for c in cells), cells)

    def test_the_man_page_has_every_option_argument_and_default(self):
        text = read(MAN_PAGE)
        entries = {}
        for block in re.split(r"\n\.It Fl (?=-)", text)[1:]:
            head, _, rest = block.partition("\n")
            name = "-" + head.replace(" Ns = Ns Ar ", "=").replace(" ", "")
            default = re.search(r"^Default: (.*)$", rest.split("\n.El")[0], re.M)
            entries[name] = default.group(1) if default else ""
        self.assertEqual(entries, {n: d for n, (d, _) in source_options().items()})


class Metrics(unittest.TestCase):
    FAMILY = r"(smtp_|process_)\w+"

    def table(self):
        """Families of README's table: those whose row names a type."""
        for name, cells in rows(self.FAMILY):
            kinds = [c for c in map(plain, cells) if c in ("counter", "gauge", "histogram")]
            if kinds:
                yield name, kinds[0], cells

    def test_the_families_are_read_at_all(self):
        families = source_families()
        self.assertGreater(len(families), 30)
        self.assertEqual(families["smtp_client_replies_total"], (
            "counter", ["mta", "hop", "code", "class", "meaning", "evidence"]))
        self.assertEqual(families["smtp_reply_exporter_entries_read_total"], ("counter", []))
        self.assertEqual(len(families), read(FAMILIES).count("\nFAMILY("))

    def test_readme_has_every_family_in_order_and_no_other(self):
        self.assertEqual([name for name, _, _ in self.table()], list(source_families()))

    def test_readme_has_types_and_labels(self):
        for name, kind, cells in self.table():
            expected = source_families().get(name)
            with self.subTest(family=name):
                self.assertEqual((kind, re.findall(r"`(\w+)`", cells[0])), expected)

    def test_families_in_the_text_exist(self):
        text = re.sub(r"\|.*", "", read(README))
        names = set(source_families())
        for name in list(names):
            names |= {name + "_bucket", name + "_sum", name + "_count"}
        for match in re.finditer(r"\bsmtp_(?:client|server)_\w+|\bsmtp_reply_exporter_\w+", text):
            if match.group().endswith("_"):
                continue  # smtp_client_...
            with self.subTest(name=match.group()):
                self.assertIn(match.group(), names)

    def test_readme_has_the_values_of_closed_sets(self):
        sets = {"hop": (EVENTS, "HOPS"), "evidence": (EVENTS, "EVIDENCES"),
                "stage": (EVENTS, "STAGES"), "status": (EVENTS, "STATUSES"),
                "cause": (EVENTS, "CAUSES"), "phase": (EVENTS, "PHASES"),
                "command": (EVENTS, "COMMANDS"), "mechanism": (EVENTS, "MECHANISMS"),
                "outcome": (TALLY, "OUTCOMES")}
        shown = {name: cells for name, cells in rows(r"\w+") if name in sets}
        for name, (path, macro) in sets.items():
            with self.subTest(label=name):
                self.assertIn(name, shown)
                values = re.findall(r"`(\w+)`", re.sub(r"\(.*\)", "", shown[name][0]))
                self.assertEqual(values, closed_set(path, macro))


if __name__ == "__main__":
    tree.main()
