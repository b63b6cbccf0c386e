#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make tests/journal/postfix.export: a mail server's journal of two hours, for demonstrations.

    record.py --cache-dir DIR [--output FILE]

The entries come from a real Postfix on the test host (see host.py); hosts, addresses and ids are
made up. The run takes a minute; the pauses between its batches are stretched to five minutes in
the timestamps. Load it with

    systemd-journal-remote --output=postfix.journal - < postfix.export
"""

import argparse
import json
import os
import random
import re
import sys
import time

import scenarios_server as server
from host import HostError, exit_on_signals
from postfix_host import HERE, PostfixHost, World
from scenarios_client import Client

FIELDS = (
    "MESSAGE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "PRIORITY", "SYSLOG_FACILITY", "_PID", "_UID",
    "_GID", "_COMM", "_EXE", "_SYSTEMD_UNIT", "_TRANSPORT", "_BOOT_ID", "_MACHINE_ID",
    "_HOSTNAME", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP",
)
MACHINE_ID = "0123456789abcdef0123456789abcdef"
BOOT_ID = "fedcba9876543210fedcba9876543210"
START = 1741593600 * 10**6  # 2025-03-10 08:00 UTC
BATCHES, STEP, LETTERS = 24, 300 * 10**6, 6
DOMAINS = {  # domain: (its mail host, the host's address)
    "example.net": ("mx.example.net", "192.0.2.25"),
    "example.org": ("mx1.example.org", "192.0.2.25"),
    "shop.example": ("mail.shop.example", "192.0.2.26"),
    "school.example": ("mx.school.example", "192.0.2.25"),
    "city.example": ("in.city.example", "192.0.2.26"),
}
OK = "250 2.0.0 Ok: queued as 4Zb8vD"
PLANS = {  # sender: (weight, plan)
    "news": (30, {"data_end": OK}),
    "shop": (30, {"data_end": "250 2.6.0 <7f@example.com> queued for delivery"}),
    "anna": (16, {"data_end": "250 OK id=1tqkWz-0001Bc-2f"}),
    "ben": (10, {"rcpt": ["451 4.7.1 Greylisted, please try again in 300 seconds",
                          "250 2.1.5 Ok"]}),
    "carol": (6, {"rcpt": "550 5.1.1 The account does not exist"}),
    "dora": (3, {"rcpt": "552 5.2.2 Mailbox full"}),
    "emil": (3, {"data_end": "554 5.7.1 Message rejected as spam"}),
    "fay": (2, {"mail": ["421 4.7.0 Too many messages, slow down", "250 2.1.0 Ok"] * 20}),
    "gus": (2, {"data_end": ["451 4.3.0 Temporary failure", "250 2.0.0 Ok"] * 20}),
    "ida": (1, {"rcpt": "550 5.7.26 Unauthenticated mail is not accepted"}),
}
NAMES = "adam bea carl dana eva finn gina hugo ines jan kira leo mia nils olga paul".split()
NOISE = (
    ("cron", "CRON", "authpriv.info", "pam_unix(cron:session): session opened for user root"),
    ("cron", "CRON", "cron.info", "(root) CMD (cd / && run-parts --report /etc/cron.hourly)"),
    ("ssh", "sshd", "auth.info",
     "Failed password for invalid user admin from 203.0.113.77 port 40022 ssh2"),
    ("ssh", "sshd", "auth.info", "Connection closed by 203.0.113.77 port 40022 [preauth]"),
    ("backup", "backup", "daemon.notice", "run finished, 250 files, 421 MB"),
)
CLIENTS = (
    ("203.0.113.21", server.letter("ok", sender="list@example.org")),
    ("203.0.113.22", server.letter("ok", sender="anna@school.example")),
    ("203.0.113.23", server.letter("ok", sender="info@shop.example")),
    ("203.0.113.61", (server.HI, server.FROM, "RCPT TO:<x@example.net>", "QUIT")),
    ("203.0.113.62", (server.HI, server.FROM, "RCPT TO:<sales@mail.example.com>", "QUIT")),
    ("203.0.113.63", (server.HI, server.FROM, "RCPT TO:<r450@mail.example.com>", "QUIT")),
    ("203.0.113.64", (server.HI, "AUTH PLAIN " + server.passwd("admin"), "QUIT")),
    ("203.0.113.65", (server.HI, "#drop")),
    ("203.0.113.66", ("GET / HTTP/1.1",)),
    ("203.0.113.67", ("EHLO bad_name!", server.FROM, server.TO, "QUIT")),
)


def world():
    """Names, routes and plans of the recording."""
    result = World([])
    for domain, (name, address) in DOMAINS.items():
        result.names[name] = address
        result.transport[domain] = f"smtp:[{name}]"
    result.plans = {name: plan for name, (_weight, plan) in PLANS.items()}
    busy = Client("busy", "", "", at="own", session={
        "greeting": ["421 4.3.2 All servers busy", "421 4.3.2 All servers busy",
                     "220 busy.example.net ESMTP"] * 5})
    result.add(busy)
    for index, (address, _talk) in enumerate(CLIENTS[:3]):
        result.names[f"out{index}.example.org"] = address
    return result


def letters(chance, count, batch):
    """Messages of one batch."""
    names, weights = zip(*((name, weight) for name, (weight, _plan) in PLANS.items()))
    result = []
    for number, sender in enumerate(chance.choices(names, weights, k=count)):
        domain = chance.choice(list(DOMAINS))
        recipients = sorted({f"{sender}.{chance.choice(NAMES)}@{domain}"
                             for _ in range(chance.choice((1, 1, 1, 1, 2, 3)))})
        result.append({"sender": f"{sender}@example.com", "recipients": recipients,
                       "options": ["-i"], "text": f"Message-Id: <{batch}.{number}@example.com>\n"
                                                  "Subject: hello\n\nhello\n"})
    return result


def visitors(chance):
    """Sessions of one batch of clients."""
    chosen = chance.sample(CLIENTS[:3], 2) + chance.sample(CLIENTS[3:], 1)
    return [{"name": "visitor", "source": address, "talk": [list(talk)],
             "port": server.SASL if "AUTH" in " ".join(talk) else server.MAIN}
            for address, talk in chosen]


def say(host, unit, identifier, priority, text, *options):
    """A syslog line from a transient unit."""
    host.run_as_unit(["logger", "-t", identifier, "-p", priority, text],
                     f"--unit={unit}", f"--description={unit} service", *options)


def run(host):
    """All batches; returns the journal in export format and each batch's first timestamp."""
    chance = random.Random(25)
    starts = []
    for number in range(BATCHES):
        starts.append(now(host))
        host.inject(letters(chance, LETTERS, number))
        if number % 8 == 3:
            host.inject([{"sender": "news@example.com", "recipients": ["bob@busy.example.net"],
                          "options": ["-i"], "text": "Subject: hello\n\nhello\n"}])
        host.put("sessions.json", json.dumps(visitors(chance)))
        host.run(["python3", "-I", "/e2e/smtp_client.py", "/e2e/sessions.json",
                  "/e2e/client.jsonl"], timeout=60)
        for noise in chance.sample(NOISE, 1):
            say(host, *noise)
        if number == 15:
            say(host, "app", "postfix/smtp", "mail.info",
                "1A2B3C: to=<x@example.net>, relay=mx.example.net[192.0.2.25]:25, delay=1, "
                "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 forged)",
                "--property=User=nobody")
        host.settle(quiet=0.5)
        host.flush()
        host.settle(quiet=0.5)
    return host.run(["sh", "-c", "journalctl --sync; journalctl -o export"]).stdout, starts


def now(host):
    """The clock in microseconds."""
    return int(host.run(["date", "+%s%6N"]).stdout)


def parse_export(text):
    """Entries of a text in export format, as lists of (name, value); binary fields are left out."""
    for block in re.split(r"\n\n+", text.strip("\n")):
        pairs = [line.split("=", 1) for line in block.split("\n") if "=" in line]
        yield {name: value for name, value in pairs}


def tidy(entries, starts):
    """Chosen fields, made-up ids, stretched time; entries before the first batch come first."""
    for entry in entries:
        if "MESSAGE" not in entry or "__REALTIME_TIMESTAMP" not in entry:
            continue
        real = int(entry["__REALTIME_TIMESTAMP"])
        batch = max((i for i, start in enumerate(starts) if real >= start), default=0)
        shifted = START + batch * STEP + real - starts[batch]
        entry.update({
            "__REALTIME_TIMESTAMP": str(shifted),
            "__MONOTONIC_TIMESTAMP": str(shifted - START + 60 * 10**6),
            "_BOOT_ID": BOOT_ID, "_MACHINE_ID": MACHINE_ID})
        text = re.sub(r"\bk\d{5} ", "", entry["MESSAGE"])  # the ledger's marks
        text = text.replace("private/scripted-lmtp", "private/dovecot-lmtp")
        text = re.sub(r"<20\d{12}\.", time.strftime("<%Y%m%d%H%M%S.", time.gmtime(
            shifted // 10**6)), text)
        about = text + entry.get("_SYSTEMD_UNIT", "")
        if any(word in about for word in ("pcrphase", "journal/", "e2e", "cripted", "TTY")):
            continue
        entry["MESSAGE"] = text
        yield {name: entry[name] for name in FIELDS if name in entry}


def export(entries):
    """Text in export format."""
    return "".join("".join(f"{name}={value}\n" for name, value in entry.items()) + "\n"
                   for entry in entries)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description="Record a demonstration journal.")
    parser.add_argument("--cache-dir", required=True, help="where roots are kept")
    parser.add_argument("--output", default=os.path.join(HERE, "../journal/postfix.export"))
    options = parser.parse_args()
    exit_on_signals()
    main_cf = server.main_cf()[0].replace(
        "local_transport = discard:local", "local_transport = lmtp:unix:private/scripted-lmtp")
    with PostfixHost(options.cache_dir, world(), main_cf, server.master_cf(),
                     extra=("smtp_client.py", "helpers.py")) as host:
        server.prepare(host)
        host.boot()
        host.run(["ip", "address", "add", "203.0.113.20/24", "dev", "lo"])  # the clients' net
        text, starts = run(host)
    entries = list(tidy(parse_export(text), starts))
    entries.sort(key=lambda entry: int(entry["__REALTIME_TIMESTAMP"]))
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(export(entries))
    print(f"{options.output}: {len(entries)} entries")


if __name__ == "__main__":
    try:
        main()
    except HostError as error:
        sys.exit(f"record.py: {error}")
