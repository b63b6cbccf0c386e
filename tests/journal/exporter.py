# SPDX-License-Identifier: Apache-2.0
"""The exporter as a process: start, stop, kill, scrape; and the log lines that it counts.

    exporter = Exporter("--journal.directory=/var/log/journal", before=journald.inside)
    exporter.start().wait_ready()
    exporter.scrape().sum("smtp_client_replies_total", code="250")
    exporter.stop()

The program is named by the environment variable EXPORTER. It listens on a port of its own choice.
"""

import contextlib
import functools
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from journald import wait_for

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "src/smtpreply/data"

# Under AddressSanitizer or valgrind, on two busy cores: never wait for less.
PATIENCE = 60.0

MAIL = "smtp_client_", "smtp_server_"
OWN = "smtp_reply_exporter_"
REPLY_FAMILIES = {side: ["smtp_%s_replies_total" % side, "smtp_%s_reply_reasons_total" % side,
                         "smtp_%s_reply_stages_total" % side,
                         "smtp_%s_reply_enhanced_total" % side] for side in ("client", "server")}

_SAMPLE = re.compile(r'([a-zA-Z_:]+)(\{[^\n]*\})? (\S+)')
_LABEL = re.compile(r'([a-z_]+)="((?:\\.|[^"\\])*)"')


def program():
    """The path of the exporter."""
    return os.environ["EXPORTER"]


def is_sanitized():
    """Whether the program is built with AddressSanitizer, whose memory is not the program's."""
    with open(program(), "rb") as file:
        return b"__asan_init" in file.read()


class Metrics:
    """One exposition: SAMPLES maps the text of a series to its number, in order."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        self.types = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                self.types[name] = kind
            elif not line.startswith("#"):
                series, value = line.rsplit(" ", 1)
                if series in self.samples or not _SAMPLE.fullmatch(line):
                    raise ValueError("twice, or no sample: " + line)
                self.samples[series] = float(value)

    def select(self, name, **labels):
        """The series of a family with these labels, and their values."""
        found = {}
        for series, value in self.samples.items():
            if series != name and not series.startswith(name + "{"):
                continue
            if labels.items() <= dict(_LABEL.findall(series)).items():
                found[series] = value
        return found

    def sum(self, name, **labels):
        return sum(self.select(name, **labels).values())

    def by(self, name, label, **labels):
        """Sums over the values of LABEL; zeros are left out."""
        sums = {}
        for series, value in self.select(name, **labels).items():
            key = dict(_LABEL.findall(series))[label]
            sums[key] = sums.get(key, 0) + value
        return {key: value for key, value in sums.items() if value}

    def value(self, series):
        return self.samples[series]

    def own(self, name):
        """The value of one of the exporter's own families without labels."""
        return self.samples[OWN + name]

    def counters(self):
        """Series that may only grow, those of histograms included."""
        kinds = {"counter": ("",), "histogram": ("_bucket", "_sum", "_count")}
        names = {name + suffix for name, kind in self.types.items()
                 for suffix in kinds.get(kind, ())}
        return {s: v for s, v in self.samples.items() if s.partition("{")[0] in names}

    def mail(self):
        """Everything about mail, and nothing about the exporter."""
        return {s: v for s, v in self.samples.items() if s.startswith(MAIL)}

    def has_mail(self):
        return any(series.startswith(MAIL) for series in self.samples)

    def outcomes(self):
        return self.by(OWN + "entries_total", "outcome")

    def check(self):
        """What holds for every exposition with mail families: sums agree, every entry has an outcome."""
        read, entries = self.own("entries_read_total"), self.sum(OWN + "entries_total")
        if read != entries:
            raise AssertionError("%d entries read, %d accounted for" % (read, entries))
        for families in REPLY_FAMILIES.values():
            sums = [self.sum(family) for family in families]
            if len(set(sums)) != 1:
                raise AssertionError("sums of %s differ: %s" % (families, sums))


class Exporter:
    """ARGUMENTS are the exporter's; BEFORE is a command to run it under, as Journald.inside."""

    def __init__(self, *arguments, before=lambda *command: list(command), environment=None,
                 listen="127.0.0.1:0"):
        self.arguments = list(arguments)
        self.before = before
        self.environment = environment or {}
        self.listen = listen
        self.stderr = tempfile.TemporaryFile()
        self.process = None
        self.port = None
        self.from_byte = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    # Life

    def command(self, *arguments):
        return self.before(program(), *arguments)

    def run(self):
        """Starts it and does not wait for anything."""
        self.from_byte = self.stderr.seek(0, os.SEEK_END)
        environment = {k: v for k, v in os.environ.items() if k != "STATE_DIRECTORY"}
        self.process = subprocess.Popen(
            self.command("--web.listen-address=" + self.listen, *self.arguments),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.stderr,
            env=environment | self.environment)
        return self

    def start(self):
        """Returns when it listens."""
        self.run()
        wait_for(self._find_port, PATIENCE)
        return self

    def _find_port(self):
        found = re.search(r"msg=listening address=\S*?:(\d+)\b", self.log())
        self.port = int(found[1]) if found else None
        if not found and self.process.poll() is not None:
            raise RuntimeError("ended with %d: %s" % (self.process.returncode, self.log()))
        return found

    def log(self):
        """What it has said on standard error since it was started last."""
        size = os.fstat(self.stderr.fileno()).st_size
        return os.pread(self.stderr.fileno(), size, self.from_byte).decode(errors="replace")

    def lines(self, *words):
        """The lines of its log with all of these words."""
        return [line for line in self.log().splitlines() if all(word in line for word in words)]

    def kill(self):
        self.process.kill()
        return self.process.wait()

    def stop(self):
        """The exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def reload(self):
        """Returns when the signal was handled."""
        before = len(self.lines("msg=reloaded"))
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(self.lines("msg=reloaded")) > before, PATIENCE)
        return self.get("/-/healthy")

    def end(self):
        """For clean-ups: it is gone afterwards, whatever it did."""
        if self.process and self.process.poll() is None:
            self.kill()
        self.stderr.close()

    # HTTP

    def get(self, path, timeout=PATIENCE):
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def scrape(self):
        status, text = self.get("/metrics")
        if status != 200:
            raise RuntimeError("/metrics answered %d" % status)
        return Metrics(text)

    def is_ready(self):
        return self.get("/-/ready")[0] == 200

    def wait_ready(self, seconds=PATIENCE):
        wait_for(self.is_ready, seconds)
        return self

    def wait_metrics(self, condition, seconds=PATIENCE):
        """Scrapes until CONDITION holds for the answer, and returns it."""
        return wait_for(lambda: (lambda m: m if condition(m) else None)(self.scrape()), seconds)

    # proc(5)

    def proc(self, name):
        with open("/proc/%d/%s" % (self.process.pid, name)) as file:
            return file.read()

    def proc_status(self, name):
        """The first number behind NAME in /proc/PID/status, over all threads where it is one's."""
        return int(re.search(r"^%s:\s*(\d+)" % name, self.proc("status"), re.M)[1])

    def anonymous_kib(self):
        return self.proc_status("RssAnon")

    def switches(self):
        """Context switches so far, over all threads."""
        total = 0
        for task in os.listdir("/proc/%d/task" % self.process.pid):
            text = self.proc("task/%s/status" % task)
            total += sum(map(int, re.findall(r"ctxt_switches:\s*(\d+)", text)))
        return total

    def cpu_ticks(self):
        """User and system time in clock ticks."""
        fields = self.proc("stat").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


def once(*arguments, before=lambda *command: list(command)):
    """Runs --once over ARGUMENTS; returns exit status, metrics (or None) and standard error."""
    result = subprocess.run(before(program(), "--once", *arguments), capture_output=True, check=False,
                            stdin=subprocess.DEVNULL)
    metrics = Metrics(result.stdout.decode()) if result.returncode == 0 else None
    return result.returncode, metrics, result.stderr.decode()


def free_port():
    """A port that nobody listened on a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# Log lines

def delivery(queue_id, code, enhanced, text="text", recipient="a@example.org", stage="RCPT TO",
             delay="0.5", relay="mx.example.com[192.0.2.1]:25"):
    """What smtp(8) logs of the reply that decided about a recipient."""
    code = str(code)
    reply = "%s %s %s" % (code, enhanced, text) if enhanced else "%s %s" % (code, text)
    head = ("%s: to=<%s>, relay=%s, delay=%s, delays=0.1/0/0.2/0.2, dsn=%s, " % (
        queue_id, recipient, relay, delay, enhanced or code[0] + ".0.0"))
    if code[0] == "2":
        return head + "status=sent (%s)" % reply
    return head + "status=%s (host %s said: %s (in reply to %s command))" % (
        "deferred" if code[0] == "4" else "bounced", relay.rpartition(":")[0], reply, stage)


def queue_id(number):
    """A queue id that no other number has."""
    return "4F%08X" % number


def _column(name, index):
    with open(DATA / name, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [row[index] for row in rows[1:]]


def codes():
    """The codes of the catalogue that a server can give in the end: no 1xx, 3xx, 6xx."""
    return sorted({int(c) for c in _column("reply-codes.tsv", 0) if c[:1] in "245"})


def details():
    """Subject and detail of the registered enhanced codes, as "7.26"."""
    rows = zip(_column("enhanced-codes.tsv", 0), _column("enhanced-codes.tsv", 1))
    found = {code.partition(".")[2] for code, kind in rows if kind == "detail"}
    return sorted(d for d in found if re.fullmatch(r"\d+\.\d+", d))


@functools.lru_cache(maxsize=None)
def pairs():
    """All pairs of a code and an enhanced code of its class."""
    return [(code, "%d.%s" % (code // 100, d)) for code in codes() for d in details()]
