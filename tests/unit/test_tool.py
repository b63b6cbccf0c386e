#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""smtpreply as a process: what it prints where, and what is written about it.

The program is named by the environment variable SMTPREPLY, the exporter by EXPORTER.
"""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/journal"))

from exporter import delivery, is_sanitized, once  # noqa: E402
from journald import entry, make_journal, missing_remote  # noqa: E402

EXPORT = ROOT / "tests/journal/postfix.export"
SIGNATURES = ROOT / "src/smtpreply/data/reply-signatures.tsv"
GOLDEN = ROOT / "tests/golden"
MAN_PAGE = ROOT / "src/tool/smtpreply.1"
COMPLETION = ROOT / "src/tool/smtpreply.bash"

COMMANDS = {"explain", "compare", "parse", "report", "check"}
ALIGNED = ["side", "hop", "stage", "code", "enhanced", "evidence", "mta", "meaning"]
PATIENCE = 60
LINE_MAX = 17 * 1024


def environment(**more):
    """Without what the tester's own terminal says; UTC, so that lines without a zone have one."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "TERM")}
    return kept | {"LC_ALL": "C", "TZ": "UTC", "TERM": "xterm"} | more


def tool(*arguments, text="", **more):
    """Runs it over TEXT; returns what subprocess.run() does, with bytes."""
    text = text if isinstance(text, bytes) else text.encode()
    return subprocess.run([os.environ["SMTPREPLY"], *arguments], input=text, capture_output=True,
                          check=False, env=environment(**more), timeout=PATIENCE)


def good(test, *arguments, **more):
    """The same, for what must succeed without a word on standard error; its output as text."""
    result = tool(*arguments, **more)
    test.assertEqual((result.returncode, result.stderr), (0, b""))
    return result.stdout.decode()


def log_line(message, identifier="postfix/smtp", head="Mar 10 08:00:01 mail"):
    return "%s %s[42]: %s\n" % (head, identifier, message)


def export_entries():
    """The recording's entries as dictionaries."""
    for block in EXPORT.read_text(encoding="utf-8").split("\n\n"):
        if block.strip():
            yield dict(line.split("=", 1) for line in block.strip().split("\n"))


def export_lines():
    """The recording as a syslog daemon would have written it."""
    for fields in export_entries():
        usec = int(fields["__REALTIME_TIMESTAMP"])
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(usec // 10**6))
        yield "%s.%06d+00:00 %s %s[%s]: %s\n" % (
            stamp, usec % 10**6, fields["_HOSTNAME"], fields.get("SYSLOG_IDENTIFIER", "kernel"),
            fields.get("_PID", "0"), fields["MESSAGE"])


class CommandLine(unittest.TestCase):
    def test_help_lists_the_commands(self):
        text = good(self, "--help")
        listed = re.findall(r"^  ([a-z]+) +[A-Z].*\.$", text, re.M)
        self.assertLessEqual({"parse", "report"}, set(listed))
        self.assertLessEqual(set(listed), COMMANDS)

    def test_every_command_has_help(self):
        for command in commands():
            with self.subTest(command=command):
                text = good(self, command, "--help")
                self.assertTrue(text.startswith("Usage: smtpreply %s " % command), text)

    def test_help_fits_a_terminal(self):
        for words in ([], *([c] for c in commands())):
            for line in good(self, *words, "--help").split("\n"):
                self.assertLessEqual(len(line), 100, line)

    def test_version(self):
        self.assertRegex(good(self, "--version"), r"^smtpreply \d+\.\d+\.\d+\n$")

    def refused(self, *arguments):
        """The one line that says why."""
        result = tool(*arguments)
        self.assertEqual((result.returncode, result.stdout), (2, b""), arguments)
        self.assertRegex(result.stderr, rb"^smtpreply[^\n]+\n$")
        return result.stderr.decode()

    def test_wrong_command_lines(self):
        for arguments in ([], ["--nonsense"], ["--version=1"], ["parse", "file"],
                          ["parse", "--nonsense"], ["parse", "--file"], ["parse", "--file="],
                          ["parse", "--identifier=sshd"], ["parse", "--identifier="],
                          ["parse", "--json=yes"], ["report", "x"], ["report", "--since"],
                          ["report", "--since=yesterday"], ["report", "--since=2026-02-30"],
                          ["report", "--journal.trust=all"], ["report", "--journal.directory="],
                          ["report", "--journal.file=a", "--journal.directory=b"],
                          ["report", "--journal.file=a", "--journal.namespace=b"]):
            with self.subTest(arguments=arguments):
                self.refused(*arguments)

    def test_an_unknown_command_names_the_nearest(self):
        for word, meant in {"prase": "parse", "pars": "parse", "reprot": "report",
                            "reports": "report"}.items():
            self.assertIn("did you mean %s?" % meant, self.refused(word))
        for word in ("", "x" * 1000, "quite-something-else", "\x1b[2J"):
            self.assertNotIn("did you mean", self.refused(word))

    def test_flags_can_be_taken_back(self):
        line = log_line(delivery("4F0", 250, "2.0.0"))
        self.assertFalse(good(self, "parse", "--json", "--no-json", text=line).startswith("{"))


class Parse(unittest.TestCase):
    def objects(self, text, *arguments):
        return [json.loads(line) for line in
                good(self, "parse", "--json", *arguments, text=text).splitlines()]

    def test_each_reply_is_a_line(self):
        text = (log_line(delivery("4F1", 451, "4.7.1"))
                + log_line("4F1: removed", "postfix/qmgr")
                + log_line("NOQUEUE: reject: RCPT from x.example[192.0.2.9]: 554 5.7.1 <a@example"
                           ".org>: Relay access denied; from=<b@example.com> to=<a@example.org> "
                           "proto=ESMTP helo=<x.example>", "postfix/smtpd")
                + log_line(delivery("4F2", 250, None, relay="127.0.0.1[127.0.0.1]:25")))
        self.assertEqual([line.split() for line in good(self, "parse", text=text).splitlines()], [
            "client remote rcpt 451 4.7.1 logged postfix local_error policy".split(),
            "server - rcpt 554 5.7.1 logged postfix transaction_failed relay_denied".split(),
            "client local data_end 250 none logged postfix ok ok".split(),
        ])

    def test_columns_stand_below_each_other(self):
        text = "".join(export_lines())
        starts = set()
        for line in good(self, "parse", text=text).splitlines():
            starts.add(tuple(m.start() for m in re.finditer(r"\S+", line))[:len(ALIGNED)])
        self.assertEqual(len(starts), 1, starts)

    def test_every_form_of_a_line(self):
        message = delivery("4F1", 250, "2.0.0")
        for head in ("Mar 10 08:00:01 mail", "Mar  1 08:00:01 mail", "<22>Mar 10 08:00:01 mail",
                     "2026-03-10T08:00:01Z mail", "2026-03-10T08:00:01.123456+01:00 mail",
                     "<22>2026-03-10T08:00:01+0100 mail.example.com"):
            for end in ("\n", "\r\n", ""):
                with self.subTest(head=head, end=end):
                    text = log_line(message, head=head).rstrip("\n") + end
                    self.assertIn(" 250 ", good(self, "parse", text=text))

    def test_bare_messages_need_an_identifier(self):
        message = delivery("4F1", 250, "2.0.0") + "\n"
        result = tool("parse", text=message)
        self.assertEqual((result.returncode, result.stdout), (0, b""))
        self.assertIn(b"--identifier=postfix/smtp", result.stderr)
        self.assertIn(" 250 ", good(self, "parse", "--identifier=postfix/smtp", text=message))

    def test_a_file(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(log_line(delivery("4F1", 250, "2.0.0")).encode())
            file.flush()
            self.assertIn(" 250 ", good(self, "parse", "--file=" + file.name))

    def test_what_cannot_be_read_is_told(self):
        for name in ("/nonexistent/mail.log", "/"):
            result = tool("parse", "--file", name)
            self.assertEqual((result.returncode, result.stdout), (1, b""))
            self.assertRegex(result.stderr, b"^smtpreply parse: cannot read %s: [^\n]+\n$"
                             % name.encode())

    def test_repeats_are_marked(self):
        lines = [log_line(delivery("4F1", 250, "2.0.0", recipient="%s@example.org" % name))
                 for name in "abc"]
        text = good(self, "parse", text="".join(lines))
        self.assertEqual([line.endswith(" repeat") for line in text.splitlines()],
                         [False, True, True])
        self.assertEqual([o.get("repeat") for o in self.objects("".join(lines))],
                         [None, True, True])

    def test_a_code_without_a_row_is_shown_as_it_is(self):
        line = log_line(delivery("4F1", 599, None))
        self.assertIn(" 599 none ", good(self, "parse", text=line))
        self.assertEqual(self.objects(line)[0]["meaning"], "unlisted")

    def test_json_has_all_there_is(self):
        head = "2026-03-10T08:00:01.5+01:00 mail.example.com"
        text = log_line(delivery("4F1", 451, "4.7.1", "wait \"a\" \\ bit"), head=head)
        self.assertEqual(self.objects(text), [{
            "time": "2026-03-10T08:00:01.5+01:00", "host": "mail.example.com",
            "identifier": "postfix/smtp", "mta": "postfix", "side": "client", "hop": "remote",
            "stage": "rcpt", "code": "451", "enhanced": "4.7.1", "evidence": "logged",
            "meaning": "local_error", "reason": "policy", "text": "wait \"a\" \\ bit"}])

    def test_an_overlay_gives_another_reason(self):
        line = log_line(delivery("4F1", 550, "5.7.1", "come back with an umbrella"))
        self.assertNotEqual(self.objects(line)[0]["reason"], "tls")
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "reply-signatures.tsv")
            header = SIGNATURES.read_text(encoding="utf-8").split("\n")[0]
            path.write_text(header + "\nown1\t2\tan umbrella\ttls\t\t550\t5.7.1\tany\tno\tme\tyes\n",
                            encoding="utf-8")
            option = "--catalogue.dir=" + directory
            self.assertEqual(self.objects(line, option)[0]["reason"], "tls")
            path.write_text(header + "\nown1\n", encoding="utf-8")
            for command in ("parse", "report"):
                result = tool(command, option, text=line)
                self.assertEqual((result.returncode, result.stdout), (1, b""))
                self.assertRegex(result.stderr.decode(),
                                 r"^smtpreply %s: cannot start: .*\.tsv:2: .+\n$" % command)

    def test_hostile_text_stays_text(self):
        """Nothing of it reaches a terminal as a control character, and all of it is UTF-8."""
        for nasty in (b"\x1b[2J\x1b]0;owned\x07", b"\x00\x01\x7f", b"gr\xfc\xdfe \xff\xfe",
                      b"\xc2\x9b31m", b"\xed\xa0\x80 \xc0\xaf", b'","code":"250', b"\\u0000\\",
                      "\u202egnp.\u4f60\u597d".encode()):
            text = log_line(delivery("4F1", 550, "5.1.1", "NASTY")).encode()
            text = text.replace(b"NASTY", nasty)
            for arguments in ([], ["--json"]):
                with self.subTest(nasty=nasty, arguments=arguments):
                    out = tool("parse", *arguments, text=text).stdout
                    self.assertEqual(out.count(b"\n"), 1)
                    self.assertNotRegex(out.decode().rstrip("\n"), r"[\x00-\x1f\x7f-\x9f]")
            parsed = json.loads(out)
            self.assertEqual(parsed["code"], "550")
            # What is UTF-8 comes out as it went in.
            if nasty.decode(errors="replace") == nasty.decode(errors="ignore"):
                self.assertEqual(parsed["text"], nasty.decode())

    def test_hostile_lines_give_nothing_or_what_is_true(self):
        imitation = log_line(delivery("4F1", 250, "2.0.0")).rstrip("\n")
        lines = [
            "x" + imitation, " " + imitation, imitation.replace("[42]:", "[42]"),
            log_line(imitation), log_line(imitation, "sshd"),
            log_line(delivery("4F1", 250, "2.0.0"), "postfix/qmgr"),
            "", "\0", "<", "<22>", "Mar 10", "\xff" * 100, "{" * 100, "[" * 1000 + "]: ",
        ]
        self.assertEqual(tool("parse", text="\n".join(lines)).stdout, b"")

    def test_garbage_is_survived(self):
        garbage = bytes((i * 7919 + i // 251) % 256 for i in range(300000))
        for arguments in ([], ["--json"], ["--identifier=postfix/smtp"],
                          ["--identifier=postfix/smtpd", "--json"]):
            self.assertEqual(tool("parse", *arguments, text=garbage).returncode, 0)

    def test_long_lines_are_cut_and_the_next_one_is_not(self):
        whole = log_line(delivery("4F1", 250, "2.0.0"))
        head = log_line(delivery("4F2", 550, "5.1.1", "TEXT")).rstrip("\n")
        for size in (LINE_MAX - len(head), LINE_MAX, 10 * LINE_MAX):
            long = head.replace("TEXT", "x" * size) + "\n"
            objects = self.objects(long + whole)
            # What the end of a line would have told is not made up.
            codes = [o["code"] for o in objects if "cut" not in o]
            self.assertEqual(codes[-1], "250")
        behind = "x" * LINE_MAX
        last = self.objects(log_line(delivery("4F1", 250, "2.0.0") + behind) + whole)
        self.assertNotIn("cut", last[-1])

    def test_memory_does_not_grow_with_a_line(self):
        """A line of 64 MiB under a limit that would not hold it, unless the program is sanitized."""
        if is_sanitized():
            self.skipTest("AddressSanitizer wants more address space than any limit")
        command = "ulimit -v 60000; head -c 67108864 /dev/zero | tr '\\0' x | \"$SMTPREPLY\" parse"
        result = subprocess.run(["sh", "-c", command], capture_output=True, check=False,
                                env=environment(), timeout=PATIENCE)
        self.assertEqual((result.returncode, result.stdout), (0, b""))

    def test_a_pipe_is_answered_line_by_line(self):
        with subprocess.Popen([os.environ["SMTPREPLY"], "parse"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env=environment()) as process:
            for number in range(3):
                line = log_line(delivery("4F%d" % number, 250, "2.0.0")).encode()
                process.stdin.write(line[:30])
                process.stdin.flush()
                process.stdin.write(line[30:])
                process.stdin.flush()
                ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
                self.assertTrue(ready, "no answer while the pipe is open")
                self.assertIn(b" 250 ", os.read(process.stdout.fileno(), 4096))
            process.stdin.close()
            self.assertEqual(process.wait(PATIENCE), 0)

    def closes_early(self, restore_signals):
        """Reads one line of many and closes; the exit status, and standard error."""
        with subprocess.Popen([os.environ["SMTPREPLY"], "parse"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
                              bufsize=0, restore_signals=restore_signals) as process:
            line = log_line(delivery("4F1", 250, "2.0.0")).encode()
            process.stdin.write(line)
            os.read(process.stdout.fileno(), 10)
            process.stdout.close()
            try:
                for _ in range(5000):
                    process.stdin.write(line)
            except BrokenPipeError:
                pass
            process.stdin.close()
            status = process.wait(PATIENCE)
            return status, process.stderr.read()

    def test_a_reader_that_has_seen_enough_ends_it_quietly(self):
        self.assertEqual(self.closes_early(True), (-13, b""))
        # As below a parent that ignores SIGPIPE.
        self.assertEqual(self.closes_early(False), (1, b""))

    def test_a_full_device_is_told(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([os.environ["SMTPREPLY"], "parse"], stdout=full, check=False,
                                    input=log_line(delivery("4F1", 250, "2.0.0")).encode(),
                                    stderr=subprocess.PIPE, env=environment(), timeout=PATIENCE)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"cannot write", result.stderr)

    def test_golden(self):
        self.maxDiff = None
        text = good(self, "parse", text="".join(export_lines()))
        self.assertEqual(text, (GOLDEN / "parse.txt").read_text(encoding="utf-8"))


class Check(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, text):
        (self.directory / "providers.tsv").write_text(text, encoding="utf-8")

    def test_good_ones(self):
        self.assertEqual(good(self, "check", str(self.directory)), "%s: good\n" % self.directory)
        self.write("suffix\tprovider\tverified\nexample.com\texample\tknown\n")
        self.assertEqual(good(self, "check", str(self.directory)), "%s: good\n" % self.directory)

    def test_bad_ones_are_told_with_file_and_line(self):
        self.write("suffix\tprovider\tverified\nexample.com\texample\tknown\nexample.org\n")
        result = tool("check", str(self.directory))
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        self.assertRegex(result.stderr.decode(), r"^smtpreply check: \S+/providers\.tsv:3: .+\n$")

    def test_what_cannot_be_read_is_told(self):
        result = tool("check", str(self.directory / "nothing"))
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        self.assertRegex(result.stderr.decode(), r"^smtpreply check: .*nothing.+\n$")

    def test_it_takes_one_directory(self):
        for arguments in ([], ["a", "b"]):
            result = tool("check", *arguments)
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertRegex(result.stderr, rb"^smtpreply check: [^\n]+; see --help\n$")


def on_terminal(arguments, columns=80, stderr=False, **more):
    """Runs it with standard output (or standard error) on a terminal; returns what that got."""
    own, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    streams["stderr" if stderr else "stdout"] = other
    with subprocess.Popen([os.environ["SMTPREPLY"], *arguments], stdin=subprocess.DEVNULL,
                          env=environment(**more), **streams) as process:
        os.close(other)
        text = b""
        while True:
            try:
                chunk = os.read(own, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            text += chunk
        process.wait(PATIENCE)
    os.close(own)
    return text.decode().replace("\r\n", "\n")


SKIP = missing_remote()


@unittest.skipIf(SKIP, SKIP)
class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="tool.")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.journal = os.path.join(cls.directory, "postfix.journal")
        make_journal(cls.journal, [EXPORT.read_bytes()])
        cls.file = "--journal.file=" + cls.journal

    def report(self, *arguments, **more):
        return good(self, "report", self.file, *arguments, **more)

    def json(self, *arguments):
        return json.loads(self.report("--json", *arguments))

    def test_golden_text(self):
        self.maxDiff = None
        self.assertEqual(self.report(), (GOLDEN / "report.txt").read_text(encoding="utf-8"))

    def test_golden_json(self):
        self.maxDiff = None
        expected = (GOLDEN / "report.json").read_text(encoding="utf-8")
        self.assertEqual(self.json(), json.loads(expected))

    def test_json_is_one_line(self):
        self.assertEqual(self.report("--json").count("\n"), 1)

    def check_reasons(self, report, metrics, side, labels):
        """All but success, by code and reason."""
        family = "smtp_%s_reply_reasons_total" % side
        expected = {}
        for code in metrics.by(family, "code", **labels):
            for reason, count in metrics.by(family, "reason", code=code, **labels).items():
                if reason != "ok":
                    expected[code, reason] = count
        self.assertEqual({(r["code"], r["reason"]): r["count"] for r in report["reasons"]
                          if r["side"] == side and r.get("hop") == labels.get("hop")}, expected)

    def check_totals(self, report, metrics):
        for side, hops in (("client", ("remote", "local")), ("server", (None,))):
            for hop in hops:
                labels = {"hop": hop} if hop else {}
                family = "smtp_%s_replies_total" % side
                expected = metrics.by(family, "code", **labels)
                rows = [r for r in report["replies"] if r["side"] == side and r.get("hop") == hop]
                # code="other" may stand there once for each class.
                counted = {}
                for row in rows:
                    counted[row["code"]] = counted.get(row["code"], 0) + row["count"]
                self.assertEqual(counted, expected)
                total = [t["count"] for t in report["totals"]
                         if t["side"] == side and t.get("hop") == hop]
                self.assertEqual(total, [metrics.sum(family, **labels)])
                self.check_reasons(report, metrics, side, labels)
        for hop in ("remote", "local"):
            sums = metrics.by("smtp_client_deliveries_total", "status", hop=hop)
            self.assertEqual({k: v for k, v in report["deliveries"][hop].items() if v}, sums)
        self.assertEqual({k: v for k, v in report["failures"].items() if v},
                         metrics.by("smtp_client_failures_total", "cause"))
        self.assertEqual({k: v for k, v in report["entries"].items() if v}, metrics.outcomes())
        self.assertEqual(report["entries_read"], metrics.own("entries_read_total"))
        self.assertEqual(report["transactions"], metrics.sum("smtp_server_transactions_total"))

    def test_totals_agree_with_the_exporter(self):
        for trust in ("trusted", "identifier"):
            arguments = [self.file, "--journal.trust=" + trust]
            status, metrics, error = once(*arguments)
            self.assertEqual((status, error), (0, ""))
            with self.subTest(trust=trust):
                self.check_totals(self.json("--journal.trust=" + trust), metrics)

    def test_reasons_of_codes_that_nobody_lists(self):
        """The family of reasons has one `other` for all classes."""
        path = os.path.join(self.directory, "unlisted.journal")
        make_journal(path, (entry(i, delivery("4F%d" % i, code, None))
                            for i, code in enumerate((299, 497, 599, 599, 550))))
        file = "--journal.file=" + path
        status, metrics, _ = once(file)
        self.assertEqual(status, 0)
        self.check_totals(json.loads(good(self, "report", file, "--json")), metrics)
        rows = re.findall(r"^  (\dxx|   )    (\w+| +) .*?(\w+) +(\d+) +[\d.]+%",
                          good(self, "report", file), re.M)
        self.assertEqual([(c, w, int(n)) for c, _, w, n in rows if "xx" in c],
                         [("2xx", "unlisted", 1), ("4xx", "unlisted", 1),
                          ("5xx", "mailbox_unavailable", 1), ("5xx", "unlisted", 2)])

    def test_since_starts_later(self):
        everything, later = self.json(), self.json("--since=2025-03-10T09:00:00Z")
        self.assertLess(later["entries_read"], everything["entries_read"])
        self.assertGreaterEqual(later["first"], "2025-03-10T09:00:00Z")
        self.assertEqual(later["last"], everything["last"])
        self.assertEqual(self.json("--since=boot"), everything)

    def test_nothing_to_report(self):
        text = self.report("--since=now")
        self.assertIn("0 entries read\n", text)
        self.assertIn("No replies.", text)
        self.assertNotIn("first", self.json("--since=now"))

    def test_a_directory_that_is_empty_is_no_error(self):
        with tempfile.TemporaryDirectory() as directory:
            text = good(self, "report", "--journal.directory=" + directory)
        self.assertIn("0 entries read\n", text)

    def test_untrusted_entries_are_pointed_out(self):
        self.assertIn("--journal.trust=identifier", self.report())
        self.assertNotIn("--journal.trust=identifier", self.report("--journal.trust=identifier"))

    def test_what_cannot_be_read_is_told(self):
        damaged = os.path.join(self.directory, "damaged")
        with open(damaged, "wb") as file:
            file.write(b"not a journal" * 1000)
        for option in ("--journal.directory=/nonexistent", "--journal.file=/nonexistent",
                       "--journal.file=" + damaged, "--journal.file=/"):
            with self.subTest(option=option):
                result = tool("report", option)
                self.assertEqual((result.returncode, result.stdout), (1, b""))
                self.assertRegex(result.stderr,
                                 rb"^smtpreply report: cannot read the journal: [^\n]+\n$")

    # Terminals

    def test_colours_only_on_a_terminal(self):
        self.assertIn("\x1b[31m", on_terminal(["report", self.file]))
        self.assertIn("\x1b[31m", on_terminal(["report", self.file], NO_COLOR=""))
        self.assertNotIn("\x1b", self.report())
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            with self.subTest(**variables):
                self.assertNotIn("\x1b", on_terminal(["report", self.file], **variables))
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(log_line(delivery("4F1", 550, "5.1.1")))
            file.flush()
            arguments = ["parse", "--file=" + file.name]
            self.assertIn("\x1b[31m550 \x1b[0m", on_terminal(arguments))
            self.assertNotIn("\x1b", on_terminal(arguments, NO_COLOR="1"))
            self.assertNotIn("\x1b", on_terminal([*arguments, "--json"]))

    def test_without_colours_a_terminal_of_80_columns_gets_what_a_file_gets(self):
        self.assertEqual(on_terminal(["report", self.file], NO_COLOR="1"), self.report())

    def test_bars_fit_the_terminal_and_its_characters(self):
        for locale, block in (("C", "#"), ("C.UTF-8", "\u2588")):
            for columns in (70, 80, 100, 200):
                text = on_terminal(["report", self.file], columns, LC_ALL=locale, NO_COLOR="1")
                rows = [line for line in text.split("\n") if "%" in line]
                with self.subTest(locale=locale, columns=columns):
                    self.assertEqual(any(block in row for row in rows), columns > 70)
                    self.assertLessEqual(max(map(len, rows)), columns)
                    if columns >= 80:
                        self.assertGreaterEqual(max(map(len, rows)), min(columns, 100) - 2)

    def test_the_longest_bar_is_the_greatest_count(self):
        for section in self.report().split("\n\n")[1:4]:
            rows = [(int(m.group(1)), len(m.group(2)))
                    for m in re.finditer(r" (\d+) +[\d.]+%  (#+)$", section, re.M)]
            self.assertTrue(rows, section)
            most = max(count for count, _ in rows)
            for count, length in rows:
                self.assertEqual(length == max(n for _, n in rows), count == most)

    def test_progress_is_for_terminals_and_leaves_nothing(self):
        """How it looks meanwhile is in test_progress.c, which has the clock in its hand."""
        path = os.path.join(self.directory, "long.journal")
        # Long enough for a sanitized program to show something.
        number = 40000 if is_sanitized() else 2000
        make_journal(path, (entry(i, delivery("4F%08X" % i, 250, "2.0.0")) for i in range(number)))
        shown = on_terminal(["report", "--journal.file=" + path], stderr=True)
        self.assertTrue(shown == "" or shown.endswith("\r\x1b[K"), shown)
        if is_sanitized():
            self.assertIn(" entries read", shown)
        self.assertEqual(tool("report", "--journal.file=" + path).stderr, b"")


def commands():
    text = tool("--help").stdout.decode()
    return re.findall(r"^  ([a-z]+) +[A-Z].*\.$", text, re.M)


def help_options(*words):
    return set(re.findall(r"(?<![\w-])--[a-z][\w.]*(?:\.[\w]+)*(?==|\b)",
                          re.sub(r"as in\s+--\S+", "", tool(*words, "--help").stdout.decode())))


class Documents(unittest.TestCase):
    def man_options(self):
        """Command (or "") to its options, as the man page has them."""
        text = re.split(r"\n\.Sh ", MAN_PAGE.read_text(encoding="utf-8"))
        description = next(section for section in text if section.startswith("DESCRIPTION"))
        found = {}
        for part in re.split(r"\n\.Ss smtpreply ", "\n" + description):
            name = "" if part.startswith("\nDESCRIPTION") else part.split("\n")[0]
            found[name] = {"-" + o for o in re.findall(r"^\.It Fl (-[\w.-]+)", part, re.M)}
        return found

    def test_the_man_page_has_every_command_and_option(self):
        man = self.man_options()
        self.assertEqual(set(man), COMMANDS | {""})
        self.assertEqual(man[""], help_options())
        for command in commands():
            with self.subTest(command=command):
                self.assertEqual(man[command] - {"--help"}, help_options(command) - {"--help"})
                self.assertIn("--help", man[command])

    def test_the_man_page_has_the_defaults(self):
        text = MAN_PAGE.read_text(encoding="utf-8")
        for command in ("parse", "report"):
            part = text.split("\n.Ss smtpreply %s\n" % command)[1].split("\n.Ss ")[0]
            out = tool(command, "--help").stdout.decode()
            for block in re.split(r"\n  (?=--)", out)[1:]:
                name = re.match(r"--[\w.]+", block).group()
                default = re.search(r"\[([^][]+)\]$", re.sub(r"\s+", " ", block).strip())
                item = part.split(".It Fl " + name[1:])[1].split("\n.It ")[0]
                shown = re.search(r"^Default: (.*)$", item.split("\n.El")[0], re.M)
                with self.subTest(option=name):
                    self.assertEqual(shown and shown.group(1), default and default.group(1))

    def test_the_man_page_has_no_warnings(self):
        if not shutil.which("groff"):
            self.skipTest("groff is missing")
        result = subprocess.run(["groff", "-mandoc", "-Tutf8", "-ww", "-z", str(MAN_PAGE)],
                                capture_output=True, text=True, check=False)
        if "can't find macro file" in result.stderr:
            self.skipTest("groff has no mandoc macros")
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class Completion(unittest.TestCase):
    def setUp(self):
        if not shutil.which("bash"):
            self.skipTest("bash is missing")

    def bash(self, script, *arguments, cwd=None):
        result = subprocess.run(["bash", "--norc", "-u", "-c", script, "bash", *arguments],
                                capture_output=True, text=True, check=False, cwd=cwd)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def complete(self, *words, cwd=None):
        """What is offered for the last of the words behind `smtpreply`."""
        script = ('source "$1"; shift; COMP_WORDS=(smtpreply "$@"); COMP_CWORD=$#; _smtpreply\n'
                  'printf "%s\\n" "${COMPREPLY[@]+"${COMPREPLY[@]}"}"')
        return self.bash(script, str(COMPLETION), *words, cwd=cwd).split()

    def test_it_is_registered(self):
        out = self.bash('source "$1"; complete -p smtpreply', str(COMPLETION))
        self.assertEqual(out.strip(), "complete -F _smtpreply smtpreply")

    def test_commands(self):
        self.assertEqual(set(self.complete("")), COMMANDS)
        self.assertEqual(self.complete("re"), ["report"])
        self.assertEqual(self.complete("x"), [])
        self.assertEqual(set(self.complete("--")), help_options())

    def test_options_are_those_of_help(self):
        for command in commands():
            offered = {word.rstrip("=") for word in self.complete(command, "--")}
            with self.subTest(command=command):
                self.assertEqual(offered | {"--help"}, help_options(command) | {"--help"})

    def test_options_with_a_value_end_in_an_equals_sign(self):
        for command in ("parse", "report"):
            out = tool(command, "--help").stdout.decode()
            for name, value in re.findall(r"^  (--[\w.]+)(=?)", out, re.M):
                self.assertEqual(self.complete(command, name), [name + value])

    def test_values(self):
        for words, expected in (
                (["report", "--since", "="], ["now", "boot", "all"]),
                (["report", "--since", "=", "b"], ["boot"]),
                (["report", "--json", "--since", "n"], ["now"]),
                (["report", "--journal.trust", "=", ""], ["trusted", "identifier"]),
                (["parse", "--identifier", "=", "postfix/smtp"],
                 ["postfix/smtp", "postfix/smtpd"]),
                (["explain", "--lang", "="], ["en", "vi", "zh", "fr"]),
                (["compare", "451", "--lang", "=", "f"], ["fr"]),
                (["parse", ""], [])):
            with self.subTest(words=words):
                self.assertEqual(self.complete(*words), expected)

    def test_files_and_directories(self):
        with tempfile.TemporaryDirectory() as directory:
            pathlib.Path(directory, "file").touch()
            pathlib.Path(directory, "folder").mkdir()
            self.assertEqual(set(self.complete("parse", "--file", "=", "f", cwd=directory)),
                             {"file", "folder"})
            self.assertEqual(self.complete("report", "--journal.directory", "f", cwd=directory),
                             ["folder"])
            self.assertEqual(self.complete("check", "f", cwd=directory), ["folder"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
