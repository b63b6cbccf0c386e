#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes seeds for a fuzz target, and runs it over them.

replay.py PROGRAM SEED...        feeds every seed to PROGRAM once
replay.py --write DIR SEED...    leaves them in DIR, to begin a corpus with

A SEED is a file as it is, or a case file (NAME.cases): each entry in it becomes a seed for
fuzz_NAME.c, every 7th also one cut in the middle.
"""

import pathlib
import subprocess
import sys
import tempfile

# As in fuzz_postfix.c.
IDENTIFIERS = ["postfix/smtp", "postfix/lmtp", "postfix/smtpd", "postfix/cleanup",
               "postfix/postscreen", "postfix/qmgr", "postfix/nonesuch",
               "postfix/submission/smtpd", "postfix-out/smtp"]
ESCAPES = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t"}


def unescape(text):
    r"""\n \r \t \\ and \xHH stand for those bytes."""
    out, i = bytearray(), 0
    while i < len(text):
        if text[i] != ord("\\") or i + 1 == len(text):
            out.append(text[i])
            i += 1
        elif text[i + 1] == ord("x") and i + 3 < len(text):
            out.append(int(text[i + 2:i + 4], 16))
            i += 4
        else:
            out += ESCAPES.get(text[i + 1], text[i + 1:i + 2])
            i += 2
    return bytes(out)


def case_seeds(path):
    """The entries of a case file, each behind the byte that stands for its identifier."""
    identifier, entries = "", 0
    for line in path.read_bytes().split(b"\n"):
        if line.startswith(b"> SYSLOG_IDENTIFIER="):
            identifier = line.split(b"=", 1)[1].decode()
        elif line.startswith(b"> MESSAGE="):
            number = IDENTIFIERS.index(identifier) if identifier in IDENTIFIERS else 0
            seed = bytes([number]) + unescape(line.split(b"=", 1)[1])
            yield seed
            entries += 1
            if entries % 7 == 0:
                yield seed[:len(seed) // 2]


def seeds_of(path):
    return case_seeds(path) if path.suffix == ".cases" else [path.read_bytes()]


def write_seeds(directory, paths):
    """Returns the files that were written."""
    files = []
    for path in paths:
        for seed in seeds_of(path):
            files.append(directory / f"{path.stem}-{len(files):04}")
            files[-1].write_bytes(seed)
    return files


def main():
    if len(sys.argv) > 3 and sys.argv[1] == "--write":
        directory = pathlib.Path(sys.argv[2])
        directory.mkdir(parents=True, exist_ok=True)
        write_seeds(directory, map(pathlib.Path, sys.argv[3:]))
        return 0
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as directory:
        files = write_seeds(pathlib.Path(directory), map(pathlib.Path, sys.argv[2:]))
        # libFuzzer ends with 77 after a finding, which meson would take for "skipped".
        return int(subprocess.run([sys.argv[1], *files], check=False).returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
