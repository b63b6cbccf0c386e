#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A badly behaved SMTP client that keeps a ledger of every reply it gets.

    smtp_client.py SESSIONS LEDGER

SESSIONS is a JSON list of {"name": ..., "source": address, "port": 25, "talk": [[step, ...], ...]}:
the sessions of one scenario follow each other, scenarios run side by side. A step is

    "EHLO client.example"   send the line (or several, if it ends with \n) and read the reply
    "|text"                 send the text (lines ended by \\n) and the final dot, read the reply
    "=text"                 send text as it is, read nothing
    "<STAGE"                read a reply and book it under this stage
    "!0.5"                  wait so many seconds
    "#drop"                 close at once
    "#early TEXT"           send TEXT before the greeting (only as the first step)

A session ends with its last step or with the server's closing. LEDGER gets one JSON line per reply:
name, source, session, stage, command, code, enhanced, text, time.
"""

import concurrent.futures
import json
import re
import socket
import sys
import threading
import time

ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")
STAGES = {"EHLO": "helo", "HELO": "helo"}
KNOWN = ("STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "ETRN",
         "HELP", "XFORWARD", "XCLIENT")
SERVER = "192.0.2.10"


class Closed(Exception):
    """The server closed the connection."""


class Ledger:
    """File of JSON lines, shared by threads."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()

    def add(self, entry):
        """Write one entry."""
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")
            self.file.flush()


class Session:
    """One connection to the server."""

    def __init__(self, ledger, scenario, number):
        self.ledger, self.scenario, self.number = ledger, scenario, number
        family = socket.AF_INET6 if ":" in scenario["source"] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(15)
        self.socket.bind((scenario["source"], 0))
        self.socket.connect((scenario.get("server", SERVER), scenario["port"]))
        self.reader = self.socket.makefile("rb")
        self.last = ""

    def read(self, stage, command=""):
        """Read one reply and book it; returns its code."""
        lines = []
        while True:
            line = self.reader.readline()
            if not line:
                raise Closed()
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            if lines[-1][3:4] != "-":
                break
        found = ENHANCED.match(lines[0][4:])
        self.ledger.add({
            "name": self.scenario["name"], "source": self.scenario["source"],
            "session": self.number, "stage": stage, "command": command, "code": lines[0][:3],
            "enhanced": found.group(1) if found else "", "text": [line[4:] for line in lines],
            "time": round(time.time(), 3)})
        return lines[0][:3]

    def step(self, step):
        """Do one step."""
        self.last = step
        if step.startswith("!"):
            time.sleep(float(step[1:]))
        elif step.startswith("="):
            self.socket.sendall(step[1:].encode())
        elif step.startswith("<"):
            self.read(step[1:])
        elif step.startswith("|"):
            text = step[1:].replace("\n", "\r\n")
            self.socket.sendall((text + "\r\n.\r\n").encode())
            self.read("data_end", "DATA")
        else:
            end = "" if step.endswith("\n") else "\r\n"
            self.socket.sendall((step + end).encode("utf-8", "surrogateescape"))
            verb = step.split(" ", 1)[0].upper()
            self.read(STAGES.get(verb, verb.lower() if verb in KNOWN else "unknown"), verb)

    def run(self, steps):
        """Greeting, then all steps."""
        try:
            if steps and steps[0].startswith("#early "):
                self.socket.sendall((steps[0][7:] + "\r\n").encode())
                steps = steps[1:]
            self.read("connect")
            for step in steps:
                if step == "#drop":
                    break
                self.step(step)
            else:
                self.socket.shutdown(socket.SHUT_WR)
                if self.reader.read():
                    raise RuntimeError(f"{self.scenario['name']}: an unread reply")
        except (Closed, ConnectionError):
            pass
        except TimeoutError as error:
            raise RuntimeError(f"{self.scenario['name']}: no reply after {self.last!r}") from error
        finally:
            self.reader.close()
            self.socket.close()


def run_scenario(ledger, scenario):
    """All sessions of one scenario, one after the other."""
    for number, steps in enumerate(scenario["talk"]):
        Session(ledger, scenario, number).run(steps)


def main():
    """Command line."""
    if len(sys.argv) != 3:
        sys.exit("usage: smtp_client.py SESSIONS LEDGER")
    with open(sys.argv[1], encoding="utf-8") as file:
        scenarios = json.load(file)
    ledger = Ledger(sys.argv[2])
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(run_scenario, ledger, scenario) for scenario in scenarios]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main()
