#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mechanical part of the style: layout, sizes, calls that are not made, licences."""

import re
import shutil
import subprocess
import unittest

import tree

CLANG_FORMAT_MAJOR = 14  # other versions lay some things out differently
COLUMNS_MAX = 110  # clang-format, which holds code to 100, leaves comments alone
FUNCTION_LINES_MAX = 100
FILE_LINES_MAX = 800
# Files that are tables of data and nothing else may be longer than others.
LONG_FILES = set()

NEVER = ("strtok", "strtok_r", "sscanf", "atoi", "atol", "atoll", "strcpy", "strcat", "sprintf",
         "vsprintf", "gets")
# These look for a NUL, which journal data has not. The files in which every call is about a string
# of our own, of libmicrohttpd or of libsystemd.
NUL_SEEKERS = ("strlen", "strchr", "strrchr", "strstr", "strspn", "strcspn", "strdup", "strndup")
NUL_ALLOWED = {
    "src/daemon/daemon.c", "src/daemon/exporter.c", "src/daemon/keeper.c", "src/daemon/log.c",
    "src/daemon/main.c", "src/daemon/options.c", "src/daemon/process.c",  # argv, /proc
    "src/dialect/scan.c",          # the names in its own table
    "src/http/listen.c", "src/http/pages.c", "src/http/routes.c", "src/http/server.c",
    "src/source/journal.c", "src/source/journal_error.c", "src/source/journal_files.c",
    "src/source/position.c",       # paths, cursors
    "src/state/checkpoint.c",      # paths
    "src/util/option_table.c",     # --help
    "src/util/span.h",             # span_str(), whose comment says so
}


def c_files(*folders):
    return [p for p in tree.files(".c", ".h", ".def")
            if p.relative_to(tree.ROOT).parts[0] in folders]


def clang_format():
    """The program, or a reason why not."""
    for name in (f"clang-format-{CLANG_FORMAT_MAJOR}", "clang-format"):
        program = shutil.which(name)
        if not program:
            continue
        version = subprocess.run([program, "--version"], capture_output=True, text=True,
                                 check=False).stdout
        if f"version {CLANG_FORMAT_MAJOR}." in version:
            return program, None
    return None, f"clang-format {CLANG_FORMAT_MAJOR} is missing"


def functions(path):
    """First line and length of each function: from a brace at the margin to its end."""
    start = None
    for number, line in enumerate(tree.code(path).split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, number - start - 1
            start = None


def calls(path, names):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")
    for match in pattern.finditer(tree.code(path)):
        yield f"{tree.name(path)}:{tree.line_of(tree.code(path), match.start())} {match.group(1)}"


class Style(unittest.TestCase):
    def test_the_layout_is_that_of_clang_format(self):
        program, reason = clang_format()
        if reason:
            self.skipTest(reason)
        paths = [str(p) for p in tree.files(".c", ".h")]
        result = subprocess.run([program, "--dry-run", "--Werror", *paths], capture_output=True,
                                text=True, check=False)
        bad = sorted({line.split(str(tree.ROOT) + "/")[-1].split(": ")[0]
                      for line in result.stderr.split("\n") if "[-Wclang-format" in line})
        self.assertEqual(result.returncode, 0, "not as clang-format has it: " + " ".join(bad))

    def test_no_line_is_far_beyond_100_columns(self):
        for path in tree.files(".c", ".h", ".def", ".py", ".build"):
            for number, line in enumerate(tree.text(path).split("\n"), 1):
                # A string that is not cut can be found by who looks for it.
                if len(line.expandtabs(8)) <= COLUMNS_MAX or '"' in line:
                    continue
                self.fail(f"{tree.name(path)}:{number} has {len(line.expandtabs(8))} columns")

    def test_functions_have_at_most_100_lines(self):
        for path in c_files("src", "include", "tests"):
            for start, length in functions(path):
                with self.subTest(path=tree.name(path), line=start):
                    self.assertLessEqual(length, FUNCTION_LINES_MAX)

    def test_files_have_at_most_800_lines(self):
        for path in tree.files(".c", ".h", ".def", ".py"):
            if tree.name(path) in LONG_FILES:
                continue
            with self.subTest(path=tree.name(path)):
                self.assertLessEqual(tree.text(path).count("\n"), FILE_LINES_MAX)

    def test_functions_are_found_at_all(self):
        lengths = [n for p in c_files("src") for _, n in functions(p)]
        self.assertGreater(len(lengths), 200)
        self.assertLessEqual(sorted(lengths)[len(lengths) // 2], 20, "the median function")

    def test_dangerous_calls_are_not_made(self):
        found = [c for p in c_files("src", "include") for c in calls(p, NEVER)]
        self.assertEqual(found, [])

    def test_nothing_looks_for_a_nul_in_journal_data(self):
        found = [c for p in c_files("src", "include") if tree.name(p) not in NUL_ALLOWED
                 for c in calls(p, NUL_SEEKERS)]
        self.assertEqual(found, [])

    def test_every_source_names_its_licence(self):
        for path in tree.files(".c", ".h", ".def", ".py", ".build", ".ini"):
            with self.subTest(path=tree.name(path)):
                self.assertIn("SPDX-License-Identifier: Apache-2.0",
                              "\n".join(tree.text(path).split("\n")[:3]))
        for path in tree.files():
            if tree.text(path).startswith("#!"):
                with self.subTest(path=tree.name(path)):
                    self.assertIn("SPDX-License-Identifier: Apache-2.0", tree.text(path)[:200])

    def test_no_typedef_hides_a_struct(self):
        for path in c_files("src", "include"):
            for match in re.finditer(r"typedef\s+(struct|union|enum)\b", tree.code(path)):
                if tree.name(path) == "src/util/span.h":
                    continue  # the project's one
                self.fail(f"{tree.name(path)}:{tree.line_of(tree.code(path), match.start())}")

    def test_texts_end_with_a_newline_and_lines_without_blanks(self):
        for path in tree.files(".c", ".h", ".def", ".py", ".build", ".ini", ".md", ".sh"):
            with self.subTest(path=tree.name(path)):
                self.assertTrue(tree.text(path).endswith("\n"))
                self.assertNotRegex(tree.text(path), r"[ \t]\n")

    def test_python_files_compile(self):
        for path in tree.files(".py"):
            with self.subTest(path=tree.name(path)):
                compile(tree.text(path), tree.name(path), "exec")


class Scanner(unittest.TestCase):
    """The scanner above, over what it must not be fooled by."""

    def test_comments_and_strings_are_no_code(self):
        source = 'a("strcpy(\\"x\\")", \'"\'); /* gets( */ // atoi(\nb(); "/*" c(); "*/"'
        code = tree._NOT_CODE.sub(tree._blank, source)
        self.assertNotRegex(code, "strcpy|gets|atoi")
        self.assertRegex(code, r"\bb\(\);")
        self.assertRegex(code, r"\bc\(\);")
        self.assertEqual(len(code), len(source))


if __name__ == "__main__":
    tree.main()
