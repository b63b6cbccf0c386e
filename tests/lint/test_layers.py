#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What may include what: knowledge only flows one way, and libraries have one place each."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import tree

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[>"]', re.M)

# A layer, and those whose headers it may include besides its own and smtpreply.h. source/record.h
# is a layer of its own: what every source delivers, without any source.
LAYERS = {
    "util": set(),
    "smtpreply": {"util"},
    "record": {"util"},
    "dialect": {"util", "smtpreply", "record"},
    "metrics": {"util"},
    "count": {"util", "smtpreply", "record", "dialect", "metrics"},
    "state": {"util", "record", "metrics", "count"},
    "source": {"util", "record"},
    "http": {"util", "smtpreply"},
    "tool": {"util", "smtpreply"},
    "daemon": {"util", "smtpreply", "record", "dialect", "metrics", "count", "state", "source",
               "http"},
    "tool": {"util", "smtpreply", "record", "dialect", "metrics", "count", "source"},
}
# These know nothing but the C library and POSIX.
LIBC_ONLY = {"util", "smtpreply", "record", "dialect", "metrics", "count"}
# Whose headers count as foreign; everything else in angle brackets is libc's.
FOREIGN = re.compile(r"^(systemd/|microhttpd|zlib|yaml|gnutls|crypt\.h)")
# Headers of libraries, and the only files that may include them.
PLACES = {
    "systemd/sd-journal.h": re.compile(r"^src/source/[^/]+\.c$"),
    "systemd/sd-id128.h": re.compile(r"^src/source/[^/]+\.[ch]$"),
    "systemd/sd-event.h": re.compile(r"^src/daemon/daemon\.c$"),
    "systemd/sd-daemon.h": re.compile(r"^src/daemon/daemon\.c$"),
    "microhttpd.h": re.compile(r"^src/http/(server|listen)\.c$"),
}


def sources():
    return [p for p in tree.files(".c", ".h", ".def") if p.is_relative_to(tree.ROOT / "src")]


def layer(header):
    """The layer of a header, or of a source file, by its path below src."""
    return "record" if header == "source/record.h" else header.split("/")[0]


def includes(path):
    """Line, kind of bracket, and name of each include; those in comments do not count."""
    text = tree.text(path)
    for match in INCLUDE.finditer(text):
        if tree.code(path)[match.start():match.start(1)].strip():
            yield tree.line_of(text, match.start(1)), match.group(1), match.group(2)


class Layers(unittest.TestCase):
    def check(self, path, line, bracket, header):
        where = f"{tree.name(path)}:{line} includes {header}"
        own = layer(str(path.relative_to(tree.ROOT / "src")))
        if header == "smtpreply.h":
            return
        if bracket == "<":
            self.assertFalse(FOREIGN.match(header) and own in LIBC_ONLY, where)
            return
        if "/" not in header:
            self.fail(where + ": write the layer in front")
        self.assertIn(layer(header), LAYERS[own] | {own}, where)

    def test_every_layer_is_known(self):
        for path in sources():
            self.assertIn(layer(str(path.relative_to(tree.ROOT / "src"))), LAYERS, path)

    def test_a_layer_includes_itself_and_those_below(self):
        for path in sources():
            for line, bracket, header in includes(path):
                with self.subTest(path=tree.name(path), header=header):
                    self.check(path, line, bracket, header)

    def test_the_order_has_no_circle(self):
        for name, below in LAYERS.items():
            for other in below:
                self.assertNotIn(name, LAYERS[other], f"{name} and {other} include each other")

    def test_each_library_has_its_place(self):
        for path in sources():
            for line, _, header in includes(path):
                place = PLACES.get(header)
                with self.subTest(path=tree.name(path), header=header):
                    self.assertTrue(place is None or place.match(tree.name(path)),
                                    f"{tree.name(path)}:{line} includes {header}")

    def test_libraries_with_a_place_are_all_there_are(self):
        for path in sources():
            for _, _, header in includes(path):
                if FOREIGN.match(header):
                    self.assertIn(header, PLACES, f"{tree.name(path)}: no place is known for it")

    def test_the_public_header_needs_nothing_of_the_project(self):
        for path in (tree.ROOT / "include").iterdir():
            for _, bracket, header in includes(path):
                self.assertEqual(bracket, "<", f"{path.name} includes {header}")
                self.assertFalse(FOREIGN.match(header), f"{path.name} includes {header}")


class Headers(unittest.TestCase):
    def compile(self, header):
        """Compiles a file with nothing but the header in it, twice."""
        command = tree.environment("LINT_CC").split() + [
            "-fsyntax-only", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
            "-I", str(tree.ROOT / "include"), "-I", str(tree.ROOT / "src"), "-x", "c", "-"]
        source = f'#include "{header}"\n' * 2
        with tempfile.TemporaryDirectory() as directory:
            return subprocess.run(command, input=source, text=True, capture_output=True,
                                  cwd=directory, check=False)

    def test_each_header_compiles_alone_and_twice(self):
        for folder in ("include", "src"):
            for path in sorted((tree.ROOT / folder).rglob("*.h")):
                header = path.relative_to(tree.ROOT / folder)
                with self.subTest(header=str(header)):
                    result = self.compile(header)
                    self.assertEqual(result.returncode, 0, result.stderr)

    def test_each_header_is_guarded_by_its_own_name(self):
        for path in tree.files(".h"):
            if not path.is_relative_to(tree.ROOT / "src"):
                continue
            parts = path.relative_to(tree.ROOT / "src").with_suffix("").parts
            guard = re.sub(r"\W", "_", "_".join(parts)).upper() + "_H"
            with self.subTest(path=tree.name(path)):
                self.assertIn(f"#ifndef {guard}\n#define {guard}\n", tree.text(path))

    def test_each_source_includes_its_own_header_first(self):
        for path in sources():
            header = path.with_suffix(".h")
            if path.suffix != ".c" or not header.exists():
                continue
            first = next(includes(path), (0, "", ""))[2]
            with self.subTest(path=tree.name(path)):
                self.assertEqual(pathlib.PurePath(first),
                                 header.relative_to(tree.ROOT / "src"))


if __name__ == "__main__":
    tree.main()
