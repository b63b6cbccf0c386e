# SPDX-License-Identifier: Apache-2.0
"""The reader program `drain` as a Python object; drain.c documents the protocol."""

import collections
import os
import re
import subprocess

NO_UID = -1
ALL = 2**31

Entry = collections.namedtuple(
    "Entry", "realtime identifier unit exe uid pid container dropped message")


class DrainError(Exception):
    """journal_open() or journal_next() failed; ERRNO is positive."""

    def __init__(self, answer):
        super().__init__(answer)
        self.errno = int(answer.split()[1])


def _decode(text):
    return re.sub(rb"\\x(..)", lambda m: bytes.fromhex(m[1].decode()), text.encode())


def _parse(line):
    realtime, identifier, unit, exe, uid, pid, container, dropped, message = (
        line.rstrip("\n").split("\t")[1:])
    return Entry(int(realtime), _decode(identifier), _decode(unit), _decode(exe), int(uid), int(pid),
                 container == "1", int(dropped), _decode(message))


class Drain:
    """ARGUMENTS are those of drain; FAULT makes libsystemd fail (faults.c); BEFORE is a command to run
    it under, as Journald.inside."""

    def __init__(self, *arguments, fault=None, before=lambda *command: list(command), **popen):
        program = os.environ["DRAIN_FAULTS" if fault else "DRAIN"]
        environment = os.environ | ({"FAULT": fault} if fault else {})
        self.process = subprocess.Popen(
            before(program, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment, text=True, **popen)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.end(check=kind is None)

    def end(self, check=True):
        if self.process.stdin.closed:
            return
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdout.read()
        self.process.stdout.close()
        code = self.process.wait()
        if check and code != 0:
            raise RuntimeError("drain ended with %d" % code)

    def _send(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("drain ended with %d" % self.process.wait())
        if line.startswith("error"):
            raise DrainError(line)
        return line

    def _entries(self):
        entries = []
        while (line := self._answer()).startswith("entry"):
            entries.append(_parse(line))
        if line != "end %d\n" % len(entries):
            raise RuntimeError("not the end: " + line)
        return entries

    def open(self):
        self._send("open")
        self._answer()
        return self

    def next(self, n=ALL):
        self._send("next %d" % n)
        return self._entries()

    def follow_start(self, n, seconds):
        self._send("follow %d %d" % (n, seconds * 1000))

    def follow_end(self):
        return self._entries()

    def follow(self, n, seconds):
        self.follow_start(n, seconds)
        return self.follow_end()

    def journal_process(self):
        self._send("process")
        self._answer()

    def stats(self):
        self._send("stats")
        words = self._answer().split()[1:]
        return {name: int(value) for name, value in (word.split("=") for word in words)}
