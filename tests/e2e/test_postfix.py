#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""End to end: a real host with Debian's Postfix, a scripted peer, and the exporter as its service.

    test_postfix.py --build-dir BUILD [--cache-dir DIR] [--no-exporter] [--keep DIR]

Boots a throw-away Debian 12 (host.py), lets Postfix deliver to a scripted server
(smtpd_scripted.py) and lets bad clients (smtp_client.py) talk to Postfix. Both keep a ledger of
every reply that went over the wire. The tables in scenarios_client.py and scenarios_server.py say
beforehand which of these Postfix logs. Checked is

1. that each scenario's conversation went as its table says,
2. that exactly the replies which the tables call logged are in the journal,
3. that the exporter's metrics equal the ledgers' logged replies, by code, stage, enhanced code,
   hop and evidence, and that its other families equal what the journal and the tables say,
4. that `smtp_reply_exporter --once` over the same journal prints the same numbers.

--no-exporter stops after 2. --cache-dir defaults to BUILD/e2e-cache; the first run fills it with
debootstrap (a minute and a network connection), later ones take half a minute. --keep saves
ledgers, journal and metrics to a directory. Needs root, debootstrap and systemd-container; exits
with 77 (skipped) where they are missing. One line for each check; exit status 1 if one fails.

By meson, after `meson install` works for the build directory:
    test('postfix', files('test_postfix.py'), args: ['--build-dir', meson.project_build_root()],
         suite: 'e2e', timeout: 900, is_parallel: false)
"""

import argparse
import collections
import json
import os
import re
import sys
import time

import metrics
import scenarios_client as client
import scenarios_server as server
import wire
from host import HostError, exit_on_signals, poll, require_tools
from postfix_host import PostfixHost, World, mails, message_text
from report import Report

PORT = 10451
UNIT = "smtp_reply_exporter.service"
FORGED = (
    ("postfix/smtp", "1A2B3C: to=<x@example.net>, relay=mx.example.net[192.0.2.25]:25, delay=1, "
     "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 forged)"),
    ("postfix/smtp", "1A2B3C: to=<x@example.net>, relay=mx.example.net[192.0.2.25]:25, delay=1, "
     "delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.25] said: "
     "550 5.1.1 forged (in reply to RCPT TO command))"),
    ("postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[198.51.100.9]: 554 5.7.1 forged; "
     "from=<> to=<x@example.net> proto=ESMTP helo=<x>"),
    ("postfix/submission/smtpd", "connect from unknown[198.51.100.9]"),
    ("postfix/cleanup", "1A2B3C: milter-reject: END-OF-MESSAGE from unknown[198.51.100.9]: "
     "5.7.1 forged; from=<> to=<x@example.net> proto=ESMTP helo=<x>"),
)
SINK = "connect 220, helo 250, mail 250, rcpt 250, data 354, data_end *250 2.0.0, quit 221"
STATUS_LABELS = {"deliverable": "other", "SOFTBOUNCE": "deferred"}  # the rest are labels themselves
CAUSES = {
    "drop-greeting": "lost_connection", "drop-ehlo": "lost_connection",
    "drop-mail": "lost_connection", "drop-rcpt": "lost_connection",
    "drop-data": "lost_connection", "drop-end": "lost_connection", "hang-rcpt": "timeout",
    "hang-end": "timeout", "refused": "refused", "unreachable": "unreachable", "no-name": "dns",
    "tls-missing": "tls",
}
DELIVERY = re.compile(r"^[0-9A-Za-z]+: to=<.*>, relay=(?P<relay>.*?), (?:conn_use=\d+, )?delay=.*?"
                      r", dsn=[\d.]+, status=(?P<status>\w+) \(", re.S)


class Observation:
    """What was seen in one run: ledgers and journal."""

    def __init__(self, host, world):
        self.server_ledger = host.ledger("ledger.jsonl")  # what the scripted server said
        self.client_ledger = host.ledger("client.jsonl")  # what Postfix said to bad clients
        self.entries = host.entries()
        self.lines = [(entry.get("SYSLOG_IDENTIFIER") or "", message_text(entry))
                      for entry in self.entries
                      if (entry.get("SYSLOG_IDENTIFIER") or "").startswith("postfix")
                      and entry.get("_UID") != "65534"]
        self.by_scenario = claim(self.server_ledger, world)
        self.by_client = collections.defaultdict(list)
        for entry in self.client_ledger:
            self.by_client[entry["name"]].append(entry)

    def of_daemons(self, *daemons):
        """Texts of lines by these daemons, under any syslog_name."""
        return [text for identifier, text in self.lines
                if identifier.rpartition("/")[2] in daemons]

    def mentioning(self, *words):
        """Journal lines that hold one of the words, for messages about failures."""
        return [f"{identifier}: {text[:400]}" for identifier, text in self.lines
                if any(word in text for word in words)]


def claim(ledger, world):
    """Ledger entries by scenario: each connection belongs to the plan it used or the address."""
    owner = {entry["connection"]: entry["plan"] for entry in ledger if entry["plan"]}
    result = collections.defaultdict(list)
    for entry in ledger:
        listener = entry["listener"].removesuffix("-second")
        name = owner.get(entry["connection"])
        if name is None and listener in world.plans:
            name = listener
        result[name or "listener " + listener].append(entry)
    return result


def attempts(scenario):
    """How often a message was tried: once more after the flush if something was deferred."""
    return 2 if "deferred" in scenario.status else 1


def shown(entry):
    """A ledger entry in a line."""
    text = " / ".join(entry["text"])
    return (f"{entry.get('listener') or entry.get('source')} {entry['stage']}: "
            f"{entry['code']} {text[:120]}")


def check_logged(entry, item, lines):
    """Problem with a ledger entry and what the journal has of it, or None."""
    if entry["mark"]:
        found = any(entry["mark"] in text for text in lines)
    elif item.how == "unlogged":
        return None
    else:  # a raw reply carries no mark
        found = any(f": {entry['code']}" in text or f"({entry['code']}" in text
                    for text in lines if entry["plan"] in text or entry["listener"] in text)
    if found == (item.how != "unlogged"):
        return None
    return (f"{shown(entry)}: the table says {item.how}, but it is "
            f"{'in' if found else 'not in'} the journal")


def check_client_scenario(scenario, seen):
    """Problems of one client scenario: wire against table, journal against table."""
    entries = seen.by_scenario.get(scenario.name, [])
    items = scenario.items(attempts(scenario))
    problems = wire.mismatch(items, entries)
    lines = seen.of_daemons("smtp", "lmtp", "smtpd")
    own = [text for text in lines if scenario.hop == "remote" or "proxy-accept" not in text
           and "proxy-reject" not in text]
    for entry in entries:
        item = wire.classify(items, entry)
        problem = (f"{shown(entry)}: not in the table" if item is None
                   else check_logged(entry, item, own))
        if problem:
            problems.append(problem)
    return problems


def check_client_side(report, seen, scenarios):
    """Every client scenario, and that no ledger entry is left over."""
    for scenario in scenarios:
        problems = check_client_scenario(scenario, seen)
        report.check(f"client {scenario.name}", problems, [
            f"why: {scenario.why}", f"table: {scenario.wire}",
            *(shown(entry) for entry in seen.by_scenario.get(scenario.name, [])),
            *seen.mentioning(scenario.name + ".", f"{scenario.name}@")])
    replayed = seen.of_daemons("error")
    report.check("old replies are repeated in the journal", [] if any(
        "delivery temporarily suspended: host" in text for text in replayed)
        else ["no line of error(8) holds one: nothing was tested"])
    known = {scenario.name for scenario in scenarios} | {"listener sink"}
    problems = [f"{name}: {len(entries)} replies that belong to no scenario"
                for name, entries in seen.by_scenario.items() if name not in known]
    report.check("client ledger is accounted for", problems)
    sink = seen.by_scenario["listener sink"]
    report.check("client bounces", wire.mismatch(wire.parse(SINK), sink,
                                                 sum(bounces(s) for s in scenarios)))


def bounces(scenario):
    """Messages to the sender: one for a message that was returned, one for a probe's report."""
    if scenario.bounces >= 0:
        return scenario.bounces
    later = scenario.second_status if attempts(scenario) > 1 else {}
    return scenario.messages * (("bounced" in scenario.status) + ("bounced" in later))


def check_server_scenario(scenario, source, seen):
    """Problems of one server scenario."""
    entries = seen.by_client.get(scenario.name, [])
    items = scenario.items()
    problems = wire.mismatch(items, entries)
    lines = [text for text in seen.of_daemons("smtpd", "postscreen")
             if f"[{source}]" in text or text.startswith("proxy-")]
    logged = collections.Counter()
    for entry in entries:
        item = wire.classify(items, entry)
        if item is None:
            problems.append(f"{shown(entry)}: not in the table")
        elif item.how == "logged":
            logged[entry["code"]] += 1
    for code in {entry["code"] for entry in entries}:
        found = sum(1 for text in lines if re.search(
            rf"(^|: )(milter-)?reject: [A-Z-]+ from [^ ]*\]?(:\d+)?: {code} ", text) and not
            re.search(r"milter-reject: (EHLO|HELO) ", text))
        found += sum(1 for text in lines if f"; from=<{scenario.name}@" in text
                     and re.match(rf"proxy-(accept|reject): [A-Z-]+: {code} ", text))
        if found != logged[code]:
            problems.append(f"{code}: the table says logged {logged[code]} times, "
                            f"the journal has {found} lines")
    return problems


def check_server_side(report, seen):
    """Every server scenario."""
    sources = {session["name"]: session["source"] for session in server.sessions()}
    for scenario in server.ALL:
        source = sources[scenario.name]
        report.check(f"server {scenario.name}", check_server_scenario(scenario, source, seen), [
            f"why: {scenario.why}", f"table: {scenario.wire}",
            *(shown(entry) for entry in seen.by_client.get(scenario.name, [])),
            *seen.mentioning(f"[{source}]")])
    unknown = set(seen.by_client) - set(sources)
    report.check("server ledger is accounted for", [f"{name}: no such scenario"
                                                    for name in sorted(unknown)])


class Counts:
    """The tables that the reply families of one side must show."""

    def __init__(self):
        self.replies = collections.Counter()
        self.stages = collections.Counter()
        self.enhanced = collections.Counter()

    def add(self, item, hop=()):
        """One reply."""
        reply_class = item.code[0] + "xx"
        self.replies[(*hop, item.label, reply_class, item.how)] += 1
        self.stages[(*hop, item.label, item.stage_label)] += 1
        self.enhanced[(*hop, item.label, item.enhanced)] += 1

    def total(self):
        """All replies."""
        return sum(self.replies.values())


def expected_replies(seen, scenarios):
    """Counts of both sides: the ledgers' replies that the tables call logged or implied."""
    received, sent = Counts(), Counts()
    for scenario in scenarios:
        items = scenario.items(attempts(scenario))
        for entry in seen.by_scenario.get(scenario.name, []):
            item = wire.classify(items, entry)
            if item and item.how in ("logged", "implied"):
                received.add(item, (scenario.hop,))
    for entry in seen.by_scenario["listener sink"]:
        item = wire.classify(wire.parse(SINK), entry)
        if item and item.how == "logged":
            received.add(item, ("remote",))
    for scenario in server.ALL:
        for entry in seen.by_client.get(scenario.name, []):
            item = wire.classify(scenario.items(), entry)
            if item and item.how in ("logged", "implied"):
                sent.add(item)
    return received, sent


def compare_side(report, families, side, counts, hop=()):
    """The three reply families of one side."""
    for name, labels, expected in (
            ("replies", ("code", "class", "evidence"), counts.replies),
            ("reply_stages", ("code", "stage"), counts.stages),
            ("reply_enhanced", ("code", "enhanced"), counts.enhanced)):
        family = f"smtp_{side}_{name}_total"
        actual = metrics.table(families, family, *hop, *labels)
        report.check(family, metrics.differences(expected, actual, family))
    for family in sorted(families):
        if re.fullmatch(rf"smtp_{side}_reply_\w+_total", family):
            compare_sums(report, families, side, family)
    meanings = collections.defaultdict(set)
    family = f"smtp_{side}_replies_total"
    for code, meaning in metrics.table(families, family, "code", "meaning"):
        meanings[code].add(meaning)
    report.check(f"{family} meanings", [
        f"code {code} has meanings {sorted(words)}" for code, words in meanings.items()
        if len(words) != 1 or "" in words or (code == "other") != (words == {"unlisted"})
        or (code in ("4xx", "5xx")) != (words == {"unspecified"})])


def compare_sums(report, families, side, family):
    """Every family of replies holds the same replies; those by reason perhaps only refusals."""
    labels = ("hop", "code") if side == "client" else ("code",)

    def refused(name):
        return {key: value for key, value in metrics.table(families, name, *labels).items()
                if key[-1][0] in "45o"}
    report.check(f"{family} has the same replies", metrics.differences(
        refused(f"smtp_{side}_replies_total"), refused(family), family))


def expected_deliveries(seen, scenarios):
    """smtp_client_deliveries_total by hop and status, from the tables."""
    result = collections.Counter()
    for scenario in scenarios:
        if scenario.by_ledger:
            result[(scenario.hop, *scenario.status)] += sum(
                1 for entry in seen.by_scenario.get(scenario.name, [])
                if wire.classify(scenario.items(2), entry).how == "logged")
            continue
        rounds = [scenario.status]
        if attempts(scenario) > 1:
            rounds.append(scenario.second_status or
                          {"deferred": scenario.status["deferred"]})
        for statuses in rounds:
            for status, number in statuses.items():
                label = STATUS_LABELS.get(status, status)
                result[(scenario.hop, label)] += number
    sink = [entry for entry in seen.by_scenario["listener sink"] if entry["stage"] == "data_end"]
    result[("remote", "sent")] += len(sink)
    return result


def compare_deliveries(report, families, seen, scenarios):
    """Deliveries against tables and journal, failures against the tables."""
    family = "smtp_client_deliveries_total"
    report.check(family, metrics.differences(
        expected_deliveries(seen, scenarios), metrics.table(families, family, "hop", "status"),
        family))
    statuses = collections.Counter(
        (STATUS_LABELS.get(found["status"], found["status"]),)
        for found in map(DELIVERY.match, seen.of_daemons("smtp", "lmtp")) if found)
    report.check(family + " as in the journal", metrics.differences(
        statuses, metrics.table(families, family, "status"), family))

    sent = sum(number for (status,), number in statuses.items() if status == "sent")
    for family, wanted in (("smtp_client_delivery_delay_seconds_count", sent),
                           ("smtp_client_delivery_phase_seconds_count", 4 * sent)):
        report.check(family, metrics.differences(
            {(): wanted}, metrics.table(families, family), family))

    family = "smtp_client_failures_total"
    actual = metrics.table(families, family, "cause")
    least, most = collections.Counter(), collections.Counter()
    for scenario in scenarios:
        if scenario.name in CAUSES:
            least[CAUSES[scenario.name]] += 1
            most[CAUSES[scenario.name]] += attempts(scenario)
    # Two attempts by one process within a minute may count as one: they have nothing to tell them
    # apart by.
    report.check(family, [
        f"{cause}: expected {least[cause]} to {most[cause]}, metrics say "
        f"{actual.get((cause,), 0)}" for cause in sorted({*least, *(key[0] for key in actual)})
        if not least[cause] <= actual.get((cause,), 0) <= most[cause]])


def compare_server_events(report, families, seen):
    """The server's families that are not replies, against the journal's lines."""
    smtpd = seen.of_daemons("smtpd")
    for family, pattern in (
            ("smtp_server_connections_total", r"connect from "),
            ("smtp_server_transactions_total", r"(?!NOQUEUE)[0-9A-Za-z]+: client=")):
        expected = sum(1 for text in smtpd if re.match(pattern, text))
        report.check(family, metrics.differences(
            {(): expected}, metrics.table(families, family), family))
    lost = collections.Counter()
    for text in smtpd:
        found = re.match(r"lost connection after (\S+)( \(\d+ bytes\))? from ", text)
        if found:  # with a number of bytes it was in the middle of the message
            word = "data_end" if found[2] else found[1].lower()
            lost[({"ehlo": "helo", "end-of-message": "data_end"}.get(word, word),)] += 1
    family = "smtp_server_lost_connections_total"
    report.check(family, metrics.differences(
        lost, metrics.table(families, family, "stage"), family))
    family = "smtp_server_auth_failures_total"
    failures = collections.Counter(
        (item.talk[1].split()[1].lower(),) for item in server.PASSWORDS
        if any(part.how == "uncounted" for part in item.items()))
    report.check(family, metrics.differences(
        failures, metrics.table(families, family, "mechanism"), family))
    compare_commands(report, families, smtpd)


def compare_commands(report, families, smtpd):
    """`disconnect from ... rcpt=0/1` summed up."""
    total, refused = collections.Counter(), collections.Counter()
    for text in smtpd:
        if not text.startswith("disconnect from "):
            continue
        for name, done, tried in re.findall(r" (\w+)=(\d+)(?:/(\d+))?", text):
            if name != "commands":
                total[(name,)] += int(tried or done)
                refused[(name,)] += int(tried or done) - int(done)
    for family, expected in (("smtp_server_commands_total", total),
                             ("smtp_server_commands_refused_total", refused)):
        report.check(family, metrics.differences(
            {key: value for key, value in expected.items() if value},
            metrics.table(families, family, "command"), family))


def compare_own(report, families, counts, uncounted):
    """The exporter's books: every entry has one outcome, forged ones are untrusted."""
    outcomes = metrics.table(families, "smtp_reply_exporter_entries_total", "outcome")
    read = metrics.table(families, "smtp_reply_exporter_entries_read_total")
    report.check("entries_total adds up", metrics.differences(
        {(): sum(outcomes.values())}, read, "smtp_reply_exporter_entries_read_total"))
    report.check("forged entries are untrusted", metrics.differences(
        {("untrusted",): len(FORGED)},
        {key: value for key, value in outcomes.items() if key == ("untrusted",)},
        "smtp_reply_exporter_entries_total"))
    report.check("one reply per entry", metrics.differences(
        {("reply",): sum(side.total() for side in counts), ("unknown",): uncounted},
        {key: value for key, value in outcomes.items()
         if key in (("reply",), ("unknown",), ("ambiguous",))},
        "smtp_reply_exporter_entries_total"))


def mail_series(families):
    """Everything about mail that is not zero, for comparing two expositions."""
    return {(name, *(f"{k}={v}" for k, v in labels)): int(value)
            for name, series in families.items() if name.startswith("smtp_client_")
            or name.startswith("smtp_server_") for labels, value in series.items()
            if value and not name.endswith("_sum")}


def install_exporter(host, build_dir):
    """The built exporter with its unit, and a drop-in with the options of this test."""
    host.install_build(build_dir)
    unit = next((os.path.join(directory, UNIT) for directory, _, files in os.walk(host.seed)
                 if UNIT in files), None)
    if unit is None:
        raise HostError(f"meson install did not install {UNIT}")
    with open(unit, encoding="utf-8") as file:
        command = re.search(r"^ExecStart=(.*)$", file.read(), re.M)[1]
    host.write(f"/etc/systemd/system/{UNIT}.d/e2e.conf", (
        f"[Service]\nExecStart=\nExecStart={command} --journal.since=boot "
        "--metrics.zero-hold=0\n"))
    return command.split()[0]


def forge(host):
    """Log lines in Postfix' name by a user without rights."""
    for identifier, text in FORGED:
        host.run_as_unit(["logger", "-t", identifier, "-p", "mail.info", text],
                         "--property=User=nobody")


def traffic(host, scenarios, say):
    """All mail of the test: submission, bad clients, forgeries, then one retry of the queue."""
    host.inject(mails(scenarios))
    say("submitted")
    host.put("sessions.json", json.dumps(server.sessions()))
    host.run(["python3", "-I", "/e2e/smtp_client.py", "/e2e/sessions.json",
              "/e2e/client.jsonl"], timeout=120)
    say("clients served")
    forge(host)
    host.settle()
    say("first attempts done")
    host.flush()
    host.settle()
    say("second attempts done")


def scrape(host):
    """Families of /metrics, once two scrapes agree about mail."""
    last = [None]

    def steady():
        status, text = host.http("/metrics", PORT)
        if status != 200:
            return None
        families = metrics.parse(text)
        series = mail_series(families)
        if series and series == last[0]:
            return text
        last[0] = series
        return None
    return poll(steady, 30, "the metrics do not come to rest", pause=0.7)


def compare_once(report, host, program, families):
    """--once over the journal's files prints what the daemon says."""
    machine = host.run(["cat", "/etc/machine-id"]).stdout.strip()
    text = host.run([program, "--once", f"--journal.directory=/var/log/journal/{machine}"],
                    timeout=60).stdout
    once, daemon = mail_series(metrics.parse(text)), mail_series(families)
    report.check("--once agrees with the daemon",
                 metrics.differences(daemon, once, "series"))


def check_exporter(report, host, program, seen, scenarios):
    """Everything that needs the exporter; returns the exposition."""
    text = scrape(host)
    families = metrics.parse(text)
    received, sent = expected_replies(seen, scenarios)
    print(f"     {received.total()} replies received and {sent.total()} sent are logged, of "
          f"{len(seen.server_ledger)} and {len(seen.client_ledger)} on the wire")
    compare_side(report, families, "client", received, ("hop",))
    compare_side(report, families, "server", sent)
    compare_deliveries(report, families, seen, scenarios)
    compare_server_events(report, families, seen)
    uncounted = sum(1 for scenario in scenarios for entry in
                    seen.by_scenario.get(scenario.name, [])
                    if (wire.classify(scenario.items(2), entry) or wire.parse(SINK)[0]).how
                    == "uncounted")
    compare_own(report, families, (received, sent), uncounted)
    report.check("no series occurs twice", metrics.duplicates(text))
    compare_once(report, host, program, families)
    check_unit(report, host, families)
    return text


def check_unit(report, host, families):
    """The service itself: quiet, and the same numbers after a restart."""
    shown_warnings = host.run(["journalctl", "--no-pager", "-o", "cat", "-p", "warning",
                               "-u", UNIT]).stdout.splitlines()
    report.check("the service logs no warning", shown_warnings)
    host.run(["systemctl", "restart", UNIT])
    again = metrics.parse(scrape(host))
    report.check("a restart changes no number", metrics.differences(
        mail_series(families), mail_series(again), "series"))
    host.run(["systemctl", "stop", UNIT])
    result = host.run(["systemctl", "show", "-P", "Result", UNIT]).stdout.strip()
    report.check("the service stops in good order", [result] if result != "success" else [])


def save(directory, host, seen, exposition):
    """Keep the evidence."""
    os.makedirs(directory, exist_ok=True)
    for name, text in (
            ("server.jsonl", "".join(json.dumps(e) + "\n" for e in seen.server_ledger)),
            ("client.jsonl", "".join(json.dumps(e) + "\n" for e in seen.client_ledger)),
            ("journal.export", host.journal()), ("metrics.txt", exposition)):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(text)


def parse_options():
    """Command line."""
    parser = argparse.ArgumentParser(description="End-to-end test with Postfix.")
    parser.add_argument("--build-dir", help="meson build directory of the exporter")
    parser.add_argument("--cache-dir", help="where Debian roots are kept")
    parser.add_argument("--no-exporter", action="store_true",
                        help="only check which replies leave which journal lines")
    parser.add_argument("--keep", metavar="DIR", help="save ledgers, journal and metrics")
    options = parser.parse_args()
    if not options.build_dir and not (options.no_exporter and options.cache_dir):
        parser.error("give --build-dir, or --no-exporter and --cache-dir")
    if not options.cache_dir:
        options.cache_dir = os.path.join(options.build_dir, "e2e-cache")
    return options


def run(options):
    """The whole test; returns the exit status."""
    started = time.monotonic()

    def say(what):
        print(f"---- {time.monotonic() - started:5.1f} s: {what}", flush=True)
    scenarios = client.ALL
    world = World(scenarios)
    report = Report()
    main_cf, _tables = server.main_cf()
    with PostfixHost(options.cache_dir, world, main_cf, server.master_cf(),
                     extra=("smtp_client.py", "helpers.py")) as host:
        server.prepare(host)
        program = None if options.no_exporter else install_exporter(host, options.build_dir)
        say("host made")
        host.boot()
        say("booted")
        if program:
            host.run(["systemctl", "start", UNIT])
        traffic(host, scenarios, say)
        seen = Observation(host, world)
        check_client_side(report, seen, scenarios)
        check_server_side(report, seen)
        text = check_exporter(report, host, program, seen, scenarios) if program else ""
        if options.keep:
            save(options.keep, host, seen, text)
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
        print(f"test_postfix.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
