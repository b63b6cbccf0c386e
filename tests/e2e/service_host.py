# SPDX-License-Identifier: Apache-2.0
"""A host with the exporter installed as a service, and a ledger of the mail lines written there."""

import collections
import itertools
import json
import os
import re

import metrics
from host import Host, HostError, make_root
from postfix_host import PACKAGES

PORT = 10451
OWN = "smtp_reply_exporter.service"
SOCKET = "smtp_reply_exporter.socket"
ACTIVATED = "smtp_reply_exporter-activated.service"
HERE = os.path.dirname(os.path.abspath(__file__))
REPLIES = "smtp_client_reply_enhanced_total"
ENTRIES = "smtp_reply_exporter_entries_total"
CODES = (450, 451, 452, 550, 551, 552, 553, 554)
DETAILS = [f"{subject}.{detail}" for subject, last in enumerate((8, 4, 5, 7, 5, 5, 7), start=1)
           for detail in range(last + 1)]
# Lines that follow each other bear different pairs, so that a loss and a duplicate that are less
# than 384 lines apart cannot cancel out.
PAIRS = [(code, f"{code // 100}.{detail}") for detail in DETAILS for code in CODES]
# Short, so that the test is; and systemd shall not give up in its course.
DROP_IN = """\
[Unit]
StartLimitIntervalSec=0
[Service]
WatchdogSec=2s
RestartSec=200ms
"""


def mail_text(number, code, enhanced, text="no"):
    """What Postfix logs of a reply to RCPT."""
    status = "deferred" if code < 500 else "bounced"
    return (f"4F{number:08X}: to=<x@example.net>, relay=mx.example.net[192.0.2.25]:25, delay=1, "
            f"delays=0/0/0/1, dsn={enhanced}, status={status} (host mx.example.net[192.0.2.25] "
            f"said: {code} {enhanced} {text} (in reply to RCPT TO command))")


class ServiceHost(Host):
    """Host with the units installed and none enabled."""

    def __init__(self, cache_dir, build_dir, arguments):
        super().__init__(make_root(cache_dir, PACKAGES))
        self.install_build(build_dir)
        for unit in (OWN, SOCKET, ACTIVATED):
            if not any(unit in names for _, _, names in os.walk(self.seed)):
                raise HostError(f"meson install did not install {unit}")
        self.write("/etc/default/smtp_reply_exporter", f'ARGS="{arguments}"\n')
        for unit in (OWN, ACTIVATED):
            self.write(f"/etc/systemd/system/{unit}.d/e2e.conf", DROP_IN)
        # It would write lines of its own.
        self.link("/etc/systemd/system/postfix.service", "/dev/null")
        for name in ("journal_send.py", "service_probe.py"):
            with open(os.path.join(HERE, name), encoding="utf-8") as file:
                self.put(name, file.read())
        self.written = collections.Counter()  # by code and enhanced code
        self.untrusted = 0
        self._numbers = itertools.count()

    def put(self, name, text):
        """Write a file that both sides see, /e2e in the host."""
        with open(os.path.join(self.share, name), "w", encoding="utf-8") as file:
            file.write(text)

    # systemd

    def systemctl(self, *arguments, **options):
        """systemctl with some arguments."""
        return self.run(["systemctl", *arguments], **options)

    def show(self, unit, name):
        """A property of a unit."""
        return self.systemctl("show", "-P", name, unit).stdout.strip()

    def pid(self, unit):
        """Its main process."""
        return int(self.show(unit, "MainPID"))

    def log(self, unit):
        """What the unit and systemd said about it since this boot."""
        return self.journal("-b", "-u", unit, output="cat")

    def status(self, pid):
        """/proc/PID/status as a dictionary."""
        text = self.run(["cat", f"/proc/{pid}/status"]).stdout
        return {name: value.strip() for name, _, value in
                (line.partition(":") for line in text.splitlines())}

    def signal(self, name, pid):
        """kill(1), which is a program only where there is procps."""
        self.run(["sh", "-c", f"kill -{name} {pid}"])

    def writable_mounts(self, pid):
        """Where a process may write as far as mounts decide, kernel interfaces left out."""
        text = self.run(["cat", f"/proc/{pid}/mountinfo"]).stdout
        mounts = {fields[4]: fields[5].split(",") for fields in map(str.split, text.splitlines())}
        return {path for path, options in mounts.items() if "rw" in options
                and path.split("/")[1] not in ("dev", "proc", "sys")
                and not path.startswith("/run/host/")}  # of systemd-nspawn, and root's

    # Mail lines

    def lines(self, count):
        """So many texts, each with the next pair; they count as written."""
        texts = []
        for number in itertools.islice(self._numbers, count):
            code, enhanced = PAIRS[number % len(PAIRS)]
            self.written[(str(code), enhanced)] += 1
            texts.append(mail_text(number, code, enhanced))
        return texts

    def send(self, entries, *properties):
        """Entries to journald's native socket by root, or from a unit with these properties."""
        self.put("entries.json", json.dumps(entries))
        command = ["python3", "-I", "/e2e/journal_send.py", "/e2e/entries.json"]
        if properties:
            self.run_as_unit(command, *properties)
        else:
            self.run(command, timeout=120)

    def mail(self, count):
        """Write so many mail lines as root."""
        self.send([{"SYSLOG_IDENTIFIER": "postfix/smtp", "PRIORITY": "6", "MESSAGE": text}
                   for text in self.lines(count)])

    # Metrics

    def scrape(self):
        """(status, text) of /metrics, (0, reason) if there is no answer."""
        try:
            return self.http("/metrics", PORT)
        except HostError as error:
            return 0, str(error)

    def counted(self):
        """What the metrics say of mail: (replies by pair, entries by outcome), or (None, reason)."""
        status, text = self.scrape()
        if status != 200:
            return None, f"/metrics answers {status}: {text}"
        families = metrics.parse(text)
        entries = {key: value for key, value in families.get(ENTRIES, {}).items()
                   if dict(key).get("mta") == "postfix"}
        return (metrics.table(families, REPLIES, "code", "enhanced"),
                metrics.table({ENTRIES: entries}, ENTRIES, "outcome"))

    def uncounted(self):
        """How the metrics differ from what was written."""
        replies, outcomes = self.counted()
        if replies is None:
            return [outcomes]
        expected = {("reply",): self.written.total(), ("untrusted",): self.untrusted}
        return (metrics.differences(self.written, replies, REPLIES)
                + metrics.differences(expected, outcomes, ENTRIES))

    def forgive(self):
        """Go on from what is counted, so that one failure is not found again and again."""
        replies, outcomes = self.counted()
        if replies is not None:
            self.written = collections.Counter(replies)
            self.untrusted = outcomes.get(("untrusted",), 0)


def family_names(text):
    """Names of the families that have a sample."""
    return set(re.findall(r"^([a-z_]+)[{ ]", text, re.M))
