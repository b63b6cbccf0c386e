#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""End to end: the exporter as a systemd service, in both of its forms, on a real host.

    test_service.py --build-dir BUILD [--cache-dir DIR]

Boots a throw-away Debian 12 (host.py) with the exporter installed by `meson install`, writes mail
lines to its journal and checks that exactly these are counted while the service, behind a listener
of its own and behind a socket that systemd holds, is started, restarted, killed, stopped by a
signal until the watchdog acts, reloaded, and exchanged for its other form; while the journal is
rotated, vacuumed and its daemon restarted; over a reboot and over a crash of the whole host. Checks
also the sandbox as the kernel sees it, what is answered while a backlog is read, and that lines
forged by those who may write to the journal are told apart.

Needs root, debootstrap and systemd-container; exits with 77 (skipped) where they are missing. One
line for each check; exit status 1 if one fails. --cache-dir as in test_postfix.py, whose Debian root
is used here as well; with it there the test takes half a minute.
"""

import argparse
import json
import os
import sys
import time

from host import HostError, exit_on_signals, poll, require_tools
from report import Report
from service_forgery import check_trust
from service_host import ACTIVATED, DROP_IN, OWN, PORT, SOCKET, ServiceHost, family_names

BACKLOG = 50_000
# Far below what the backlog takes: whoever waits for its end before it says a word is killed.
BACKLOG_WATCHDOG = "WatchdogSec=2s", "WatchdogSec=200ms"
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
# What is writable besides kernel interfaces, which the kernel guards itself.
WRITABLE = {"/var/lib/private/smtp_reply_exporter", "/tmp", "/var/tmp"}
DYNAMIC_UIDS = range(61184, 65520)  # systemd.exec(5), DynamicUser=


class Service:
    """The checks of one form of the service; the other form is stopped."""

    def __init__(self, report, host, unit, say):
        self.report, self.host, self.unit, self.say = report, host, unit, say
        self.form = "activated" if unit == ACTIVATED else "own listener"

    def check(self, what, problems, evidence=()):
        """A check under the name of this form."""
        self.report.check(f"{self.form}: {what}", problems, evidence)

    def equal(self, what, actual, expected):
        """A check of one value."""
        self.check(what, [] if actual == expected else [f"is {actual!r}, expected {expected!r}"])

    def counted(self, what):
        """That what was written is counted, within the time a slow machine needs, and no more."""
        problems = [""]

        def none():
            problems[:] = self.host.uncounted()
            return not problems
        try:
            poll(none, 15, "counting")
        except HostError:
            pass
        self.check(f"{what}: every reply counts exactly once", problems[:20],
                   self.host.log(self.unit).splitlines()[-15:] if problems else ())
        if problems:
            self.host.forgive()

    def show(self, name):
        """A property of the unit."""
        return self.host.show(self.unit, name)

    # The steps

    def first_start(self):
        """From nothing: what was there before counts, and what comes later."""
        host = self.host
        host.mail(50)
        started = time.monotonic()
        host.systemctl("start", self.unit)
        took = time.monotonic() - started
        usec = (int(self.show("ActiveEnterTimestampMonotonic"))
                - int(self.show("InactiveExitTimestampMonotonic")))
        self.say(f"{self.form}: READY=1 after {usec / 1000:.0f} ms, "
                 f"systemctl start took {took * 1000:.0f} ms")
        self.equal("Type", self.show("Type"), "notify")
        self.running("after the start")
        self.counted("written before the start")
        host.mail(50)
        self.counted("written after the start")

    def running(self, when):
        """Active, answering from outside the unit, and saying what it does."""
        self.equal(f"{when}: state", self.show("ActiveState"), "active")
        answers = [self.host.http(path, PORT)[0] for path in ("/metrics", "/-/healthy", "/")]
        self.equal(f"{when}: answers", answers, [200] * 3)
        text = self.show("StatusText")
        self.check(f"{when}: STATUS=", [] if text.startswith("Reading the journal, ") else [text])

    def sandbox(self):
        """The process as the kernel sees it."""
        host, pid = self.host, self.host.pid(self.unit)
        status = host.status(pid)
        uid = int(status["Uid"].split()[0])
        self.check("runs as a dynamic user", [] if uid in DYNAMIC_UIDS else [status["Uid"]])
        self.equal("all user ids", set(status["Uid"].split()), {str(uid)})
        self.equal("all group ids", set(status["Gid"].split()), {str(uid)})
        journal = host.run(["getent", "group", "systemd-journal"]).stdout.split(":")[2]
        self.equal("groups besides its own", set(status["Groups"].split()) - {str(uid)}, {journal})
        self.equal("capabilities", {int(status[name], 16) for name in CAPABILITIES}, {0})
        self.equal("NoNewPrivs", status["NoNewPrivs"], "1")
        self.equal("Seccomp is a filter", status["Seccomp"], "2")
        self.equal("Umask", status["Umask"], "0077")
        self.equal("writable", host.writable_mounts(pid), WRITABLE)
        namespaces = {name for name in ("user", "mnt", "ipc", "net", "uts") if host.run(
            ["readlink", f"/proc/{pid}/ns/{name}"]).stdout != host.run(
            ["readlink", f"/proc/1/ns/{name}"]).stdout}
        expected = {"user", "mnt", "ipc", "uts"} | ({"net"} if self.unit == ACTIVATED else set())
        self.equal("namespaces of its own", namespaces, expected)
        if self.unit == ACTIVATED:
            devices = host.run(["cat", f"/proc/{pid}/net/dev"]).stdout.splitlines()[2:]
            self.equal("network devices", [line.split(":")[0].strip() for line in devices], ["lo"])

    def restart(self):
        """systemctl restart, and a stop of some length."""
        host = self.host
        host.mail(30)
        host.systemctl("restart", self.unit)
        self.counted("restart")
        host.systemctl("stop", self.unit)
        self.equal("stop: result", self.show("Result"), "success")
        self.equal("stop: exit status", self.show("ExecMainStatus"), "0")
        self.equal("stop: state", self.show("ActiveState"), "inactive")
        host.mail(30)
        host.systemctl("start", self.unit)
        host.mail(30)
        self.counted("written while it was stopped")

    def revived(self, what, act, within):
        """systemd starts it again within so many seconds after ACT was done to its process."""
        host = self.host
        host.mail(30)
        self.counted(f"before {what}")
        host.mail(30)
        pid, restarts = host.pid(self.unit), int(self.show("NRestarts"))
        started = time.monotonic()
        act(pid)
        host.mail(30)

        def again():
            return (int(self.show("NRestarts")) > restarts
                    and self.show("ActiveState") == "active")
        poll(again, within, f"{self.form}: restart after {what}")
        self.say(f"{self.form}: active again {time.monotonic() - started:.1f} s after {what}")
        self.equal(f"{what}: one restart", int(self.show("NRestarts")) - restarts, 1)
        host.mail(30)
        self.counted(what)

    def killed(self):
        """kill -9, and a reader that does not move any more."""
        host = self.host
        self.revived("kill -9", lambda pid: host.signal("KILL", pid), 10)
        self.revived("SIGSTOP", lambda pid: host.signal("STOP", pid), 20)
        self.check("SIGSTOP: it was the watchdog", [] if "Watchdog timeout" in host.log(self.unit)
                   else ["systemd says nothing of a watchdog"])

    def reload(self):
        """Returns, changes nothing, and saves the state."""
        host, pid = self.host, self.host.pid(self.unit)
        host.mail(30)
        self.counted("before reload")
        state = "/var/lib/private/smtp_reply_exporter/state"
        before = host.run(["stat", "-c", "%i %a", state]).stdout.split()
        self.equal("mode of the state file", before[1], "600")
        reloads = host.log(self.unit).count("msg=reloaded")
        host.systemctl("reload", self.unit, timeout=10)
        poll(lambda: host.log(self.unit).count("msg=reloaded") > reloads, 5, "reload")
        self.check("reload: the state is a new file", [] if before[0] != host.run(
            ["stat", "-c", "%i", state]).stdout.strip() else ["it is the old one"])
        self.equal("reload: same process", host.pid(self.unit), pid)
        self.equal("reload: state", self.show("ActiveState"), "active")
        host.mail(30)
        self.counted("reload")

    def backlog(self):
        """Much to catch up with: what is answered meanwhile, and that the watchdog leaves it alone."""
        host = self.host
        host.systemctl("stop", self.unit)
        host.mail(BACKLOG)
        path = f"/etc/systemd/system/{self.unit}.d/e2e.conf"
        host.write(path, DROP_IN.replace(*BACKLOG_WATCHDOG))
        host.systemctl("daemon-reload")
        answers = json.loads(host.run(
            ["python3", "-I", "/e2e/service_probe.py", str(PORT), self.unit], timeout=90).stdout)
        ready = [answer for answer in answers if answer[1] == "/-/ready"]
        waiting = [answer for answer in ready if answer[2] != 200]
        self.say(f"{self.form}: backlog of {BACKLOG} read after {ready[-1][0] * 1000:.0f} ms, "
                 f"asked {len(answers)} times meanwhile")
        self.equal("backlog: ready in the end", ready[-1][2], 200)
        self.equal("backlog: not ready before", {answer[2] for answer in waiting}, {503})
        far = [int(answer[3].split(" entries so far")[0].rsplit(" ", 1)[1]) for answer in waiting
               if " entries so far" in answer[3]]
        self.check("backlog: how far is told, and grows", [] if len(far) == len(waiting)
                   and far == sorted(far) and len(set(far)) > 1 else [str(far)])
        until = waiting[-1][0] if waiting else 0
        shown = set().union(*(family_names(answer[3]) for answer in answers
                              if answer[1] == "/metrics" and answer[0] < until))
        self.check("backlog: metrics say nothing of mail yet", sorted(
            name for name in shown if name.startswith(("smtp_client_", "smtp_server_")))
            or ([] if "smtp_reply_exporter_source_up" in shown else ["nothing was scraped"]))
        self.counted(f"backlog of {BACKLOG}")
        self.equal("backlog: no restart", self.show("NRestarts"), "0")
        host.write(path, DROP_IN)
        host.systemctl("daemon-reload")
        host.systemctl("restart", self.unit)

    def all_steps(self):
        """Everything that is done to both forms."""
        self.sandbox()
        self.restart()
        self.killed()
        self.reload()
        self.backlog()
        self.running("in the end")
        self.warnings()

    def warnings(self):
        """What the service itself had to say."""
        lines = self.host.journal("-b", "-p", "warning", "_COMM=smtp_reply_expo", output="cat")
        self.check("no warnings", lines.splitlines())


def check_journald(service):
    """The journal changes under a running service."""
    host = service.host
    for what, command in (
            ("rotation", ["journalctl", "--rotate"]),
            ("vacuum", ["journalctl", "--rotate", "--vacuum-files=1"]),
            ("restart of journald", ["systemctl", "restart", "systemd-journald"])):
        host.mail(30)
        service.counted(f"before {what}")  # what is vacuumed unread nobody can count
        host.run(command)
        host.mail(30)
        service.counted(what)
    archived = [name for name in host.run(["sh", "-c", "ls /var/log/journal/*/"]).stdout.split()
                if name.startswith("system@")]
    service.check("vacuum removed something", [] if len(archived) <= 1 else archived)
    pid = service.host.pid(service.unit)
    files = host.run(["sh", "-c", f"ls -l /proc/{pid}/fd"]).stdout
    service.check("no deleted file is held", [line for line in files.splitlines()
                                              if "(deleted)" in line and ".journal" in line])


def check_switch(report, host, to, say):
    """From one form to the other, by starting it."""
    service = Service(report, host, to, say)
    before = OWN if to == ACTIVATED else ACTIVATED
    host.mail(30)
    done = host.systemctl("start", to, check=False)
    service.check("starts in place of the other form", done.stderr.splitlines(),
                  [] if done.returncode == 0 else host.log(to).splitlines()[-15:])
    service.equal("the other form has stopped", host.show(before, "ActiveState"), "inactive")
    service.equal("the other form's result", host.show(before, "Result"), "success")
    service.equal("the socket", host.show(SOCKET, "ActiveState"),
                  "active" if to == ACTIVATED else "inactive")
    host.mail(30)
    service.counted("switch of form")
    return service


def check_activation(service):
    """While the service is down its clients wait, and the first of them starts it."""
    host = service.host
    host.systemctl("stop", service.unit)
    service.equal("stopped", service.show("ActiveState"), "inactive")
    service.equal("answers the client that starts it", host.http("/-/healthy", PORT), (200, "OK\n"))
    service.equal("started by a client", service.show("ActiveState"), "active")
    service.counted("started by a client")


def check_reboot(service, crash):
    """The host boots again, in good order or not."""
    host, what = service.host, "crash of the host" if crash else "reboot"
    host.mail(30)
    service.counted(f"before {what}")
    host.mail(30)
    started = time.monotonic()
    host.reboot(crash)
    service.say(f"{what} took {time.monotonic() - started:.1f} s")
    # Nobody has asked it anything yet.
    service.equal(f"{what}: it is started", service.show("ActiveState"), "active")
    log = host.log(service.unit)
    service.check(f"{what}: it reads its state",
                  [] if "going on where the state was saved" in log else log.splitlines())
    host.mail(30)
    service.counted(what)
    service.running(f"after the {what}")


def steps(report, host, say):
    """The whole course of the test."""
    own = Service(report, host, OWN, say)
    own.first_start()
    own.all_steps()
    say("own listener done")
    check_journald(own)
    say("journald done")
    check_trust(own)
    say("trust done")
    activated = check_switch(report, host, ACTIVATED, say)
    activated.running("after the switch")
    activated.all_steps()
    check_activation(activated)
    say("activated done")
    host.systemctl("enable", ACTIVATED)
    activated.equal("enabled with its socket", host.show(SOCKET, "UnitFileState"), "enabled")
    check_reboot(activated, crash=False)
    host.systemctl("disable", ACTIVATED)
    activated.equal("disabled with its socket", host.show(SOCKET, "UnitFileState"), "disabled")
    own = check_switch(report, host, OWN, say)
    host.systemctl("enable", OWN)
    check_reboot(own, crash=True)
    own.sandbox()
    host.systemctl("stop", OWN)
    own.equal("stops in good order", (own.show("Result"), own.show("ExecMainStatus")),
              ("success", "0"))


def parse_options():
    """Command line."""
    parser = argparse.ArgumentParser(description="End-to-end test of the systemd units.")
    parser.add_argument("--build-dir", required=True, help="meson build directory of the exporter")
    parser.add_argument("--cache-dir", help="where Debian roots are kept")
    options = parser.parse_args()
    if not options.cache_dir:
        options.cache_dir = os.path.join(options.build_dir, "e2e-cache")
    return options


def run(options):
    """The whole test; returns the exit status."""
    started = time.monotonic()

    def say(what):
        print(f"---- {time.monotonic() - started:5.1f} s: {what}", flush=True)
    report = Report()
    with ServiceHost(options.cache_dir, options.build_dir,
                     "--journal.since=all --metrics.zero-hold=0") as host:
        host.boot()
        say("booted")
        steps(report, host, say)
    say(f"{report.passed} checks passed, {report.failed} failed")
    return 1 if report.failed else 0


def main():
    """Command line to exit status."""
    options = parse_options()
    exit_on_signals()
    try:
        require_tools()
    except HostError as error:
        print(f"skipped: {error}")
        return 77
    try:
        return run(options)
    except HostError as error:
        print(f"test_service.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
