#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted SMTP and LMTP server that keeps a ledger of every reply it sends.

    smtpd_scripted.py SCRIPT LEDGER

SCRIPT is a JSON file:

    {"listeners": [{"name": "mx", "host": "192.0.2.25", "port": 25,
                    "capabilities": ["PIPELINING"], "session": {...}},
                   {"name": "store", "unix": "/run/lmtp", "lmtp": true}],
     "plans": {"s01": {"mail": R, "rcpt": {"a": R, "*": R}, "data": R, "data_end": R}}}

`session` gives the replies before a message is known: greeting, ehlo, helo, starttls, auth,
xforward. A plan is chosen by the part of the sender's local part before the first dot, and where
that is no plan's name (bounces, address probes by the server) by the first recipient's; the rest
of a recipient's local part chooses its reply: RCPT TO:<s01.a@example.net> gets plans.s01.rcpt.a.

R is one of
    "550 5.1.1 text"         one reply; "\\n" in the text makes it a multi-line reply
    {"raw": "550\\r\\n"}       these bytes and no others, no mark is added; "after": seconds
    "@drop"                  close the connection without a reply
    "@hang 5"                say nothing for 5 s, then close
    "@after 0.3 451 later"   reply after 0.3 s
    "250 ok @close"          reply, then close
    [R, R, ...]              successive attempts; the last is for all that follow
A 421 closes the connection. For LMTP, data_end may be {"a": R, "*": R}, by recipient.

Each reply's text begins with a mark (k00042) of its own, which makes it easy to find in a log.
LEDGER gets one JSON line per reply: n, time, listener, connection, peer, stage, code, enhanced,
text (list of lines), mark (empty for raw replies), plan, sender, recipients, mail_refused,
accepted, automatic (true: no script asked for this reply).
"""

import asyncio
import json
import os
import re
import socket
import sys
import time

ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")
STAGES = {  # command: stage, as in the exporter's closed list
    "EHLO": "helo", "HELO": "helo", "LHLO": "helo", "STARTTLS": "starttls", "AUTH": "auth",
    "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "RSET": "rset", "NOOP": "noop",
    "QUIT": "quit", "VRFY": "vrfy", "XFORWARD": "xforward",
}
DEFAULTS = {
    "greeting": "220 mx.example.net ESMTP", "mail": "250 2.1.0 Ok", "rcpt": "250 2.1.5 Ok",
    "data": "354 End data with <CR><LF>.<CR><LF>", "data_end": "250 2.0.0 Ok: queued",
    "starttls": "454 4.7.0 TLS not available", "auth": "235 2.7.0 Accepted",
    "xforward": "250 2.0.0 Ok",
}


class Hangup(Exception):
    """The script asks for the connection to be closed."""


class Ledger:
    """Append-only file of JSON lines; gives each reply its number."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.count = 0

    def next_number(self):
        """Number of the next reply."""
        self.count += 1
        return self.count

    def add(self, entry):
        """Write one entry; it is in the file when this returns."""
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()


class Script:
    """The script file with a memory of how often each of its replies was used."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        self.listeners = data["listeners"]
        self.plans = data["plans"]
        self.used = {}

    def choose(self, key, reply):
        """The reply for this use of key: of a list the next, the last one for ever."""
        if not isinstance(reply, list):
            return reply
        index = self.used.get(key, 0)
        self.used[key] = index + 1
        return reply[min(index, len(reply) - 1)]


def render(reply, number):
    """(code, enhanced, lines of text, mark, bytes) of a scripted reply."""
    if isinstance(reply, dict):
        data = reply["raw"].encode("utf-8", "surrogateescape")
        first = reply["raw"].split("\r\n", 1)[0]
        found = ENHANCED.match(first[4:])
        return first[:3], found.group(1) if found else "", [first[4:]], "", data
    code, _, text = reply.partition(" ")
    lines = text.split("\n")
    found = ENHANCED.match(lines[0])
    enhanced, mark = found.group(1) if found else "", f"k{number:05d}"
    rest = lines[0][len(enhanced):].lstrip(" ") if enhanced else lines[0]
    lines[0] = " ".join(part for part in (enhanced, mark, rest) if part)
    wire = [f"{code}-{line}" for line in lines[:-1]] + [f"{code} {lines[-1]}"]
    return code, enhanced, lines, mark, "".join(line + "\r\n" for line in wire).encode()


def address_in(argument):
    """The path of a MAIL or RCPT argument, quoted local parts included."""
    found = re.search(r'<((?:"(?:\\.|[^"\\])*"|[^">])*)>', argument)
    return found.group(1) if found else ""


def split_local(address):
    """(plan name, rest) of an address: s01.a@example.net gives s01 and a."""
    local = address.rpartition("@")[0].strip('"')
    name, _, rest = local.partition(".")
    return name, rest


class Session:
    """One connection."""

    def __init__(self, script, ledger, listener, reader, writer, number):
        self.script, self.ledger, self.listener = script, ledger, listener
        self.reader, self.writer, self.number = reader, writer, number
        self.session = listener.get("session", {})
        self.lmtp = bool(listener.get("lmtp"))
        peer = writer.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) and peer else "unix"
        self.reset()

    def reset(self):
        """Forget the message."""
        self.plan, self.sender, self.mail_refused, self.accepted = "", None, False, []

    async def send(self, stage, reply, recipients=(), automatic=False):
        """Send a reply and enter it into the ledger; returns its code."""
        if isinstance(reply, str) and reply.startswith("@"):
            action, _, rest = reply.partition(" ")
            seconds, _, reply = rest.partition(" ")
            if seconds:
                await asyncio.sleep(float(seconds))
            if action != "@after":
                raise Hangup()
        if isinstance(reply, dict):
            await asyncio.sleep(reply.get("after", 0))
        close = isinstance(reply, str) and reply.endswith(" @close")
        if close:
            reply = reply[:-len(" @close")]
        number = self.ledger.next_number()
        code, enhanced, lines, mark, data = render(reply, number)
        self.ledger.add({
            "n": number, "time": round(time.time(), 3), "listener": self.listener["name"],
            "connection": self.number, "peer": self.peer, "stage": stage, "code": code,
            "enhanced": enhanced, "text": lines, "mark": mark, "plan": self.plan,
            "sender": self.sender, "recipients": list(recipients),
            "mail_refused": self.mail_refused, "accepted": len(self.accepted),
            "automatic": automatic})
        self.writer.write(data)
        await self.writer.drain()
        if close or code == "421":
            raise Hangup()
        return code

    def scripted(self, stage, detail=""):
        """The plan's reply for a stage, or the default one."""
        plan = self.script.plans.get(self.plan, {})
        reply = plan.get(stage, DEFAULTS[stage])
        if isinstance(reply, dict) and "raw" not in reply:
            reply = reply.get(detail, reply.get("*", DEFAULTS[stage]))
        return self.script.choose((self.plan, stage, detail), reply)

    def of_session(self, stage):
        """The listener's reply for a stage before any message, or the default one."""
        reply = self.session.get(stage, DEFAULTS.get(stage))
        return self.script.choose((self.listener["name"], stage), reply)

    async def run(self):
        """Talk until the client leaves or the script hangs up."""
        try:
            if (await self.send("connect", self.of_session("greeting")))[0] != "2":
                await self.reader.read()
                return
            while True:
                line = await self.reader.readline()
                if not line:
                    return
                verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
                if not await self.command(verb.upper(), argument):
                    return
        except (Hangup, ConnectionError):
            pass
        finally:
            self.writer.close()

    async def command(self, verb, argument):
        """Answer one command; false after QUIT."""
        handlers = {"MAIL": self.mail, "RCPT": self.rcpt, "AUTH": self.auth}
        if verb in ("EHLO", "HELO", "LHLO"):
            await self.hello(verb)
        elif verb in handlers:
            await handlers[verb](argument)
        elif verb == "DATA":
            await self.data()
        elif verb in ("STARTTLS", "XFORWARD"):
            await self.send(STAGES[verb], self.of_session(verb.lower()))
        elif verb == "QUIT":
            await self.send("quit", "221 2.0.0 Bye", automatic=True)
            return False
        elif verb in ("RSET", "NOOP"):
            await self.send(STAGES[verb], "250 2.0.0 Ok", automatic=True)
            if verb == "RSET":
                self.reset()
        else:
            await self.send("other", "502 5.5.2 Command not recognized", automatic=True)
        return True

    async def hello(self, verb):
        """EHLO, LHLO and HELO."""
        self.reset()
        scripted = self.of_session(verb.lower())
        if scripted is not None:
            await self.send("helo", scripted)
            return
        offered = [] if verb == "HELO" else self.listener.get("capabilities", [])
        await self.send("helo", "250 " + "\n".join(["mx.example.net", *offered]))

    async def auth(self, argument):
        """AUTH with an initial response, or LOGIN with its two challenges."""
        if argument.upper() == "LOGIN":
            for challenge in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
                await self.send("auth", {"raw": challenge + "\r\n"}, automatic=True)
                await self.reader.readline()
        await self.send("auth", self.of_session("auth"))

    async def mail(self, argument):
        """MAIL FROM chooses the plan."""
        self.reset()
        self.sender = address_in(argument)
        name, _ = split_local(self.sender)
        if name in self.script.plans:
            self.plan = name
        code = await self.send("mail", self.scripted("mail"))
        self.mail_refused = code[0] != "2"

    async def rcpt(self, argument):
        """RCPT TO; out of place it is refused without a plan."""
        address = address_in(argument)
        name, rest = split_local(address)
        if self.sender is None or self.mail_refused:
            await self.send("rcpt", "503 5.5.1 MAIL first", [address], automatic=True)
            return
        if not self.plan and self.sender and name in self.script.plans:
            self.plan = name
        code = await self.send("rcpt", self.scripted("rcpt", rest), [address])
        if code[0] == "2":
            self.accepted.append(address)

    async def data(self):
        """DATA and what follows it."""
        lenient = self.script.plans.get(self.plan, {}).get("lenient")
        if self.mail_refused or not (self.accepted or lenient):
            await self.send("data", "554 5.5.1 No valid recipients", automatic=True)
            return
        code = await self.send("data", self.scripted("data"), self.accepted)
        if code != "354":
            return
        while True:
            line = await self.reader.readline()
            if not line:
                raise Hangup()
            if line == b".\r\n":
                break
        if self.lmtp:
            for address in self.accepted:
                detail = split_local(address)[1]
                await self.send("data_end", self.scripted("data_end", detail), [address])
        else:
            await self.send("data_end", self.scripted("data_end"), self.accepted)
        self.reset()


async def serve(script, ledger):
    """Open every listener and serve for ever."""
    connections = [0]
    servers = []
    for listener in script.listeners:
        def accept(reader, writer, listener=listener):
            connections[0] += 1
            session = Session(script, ledger, listener, reader, writer, connections[0])
            return session.run()
        if "unix" in listener:
            servers.append(await asyncio.start_unix_server(accept, listener["unix"],
                                                           limit=1 << 20))
            os.chmod(listener["unix"], 0o666)
        else:
            servers.append(await asyncio.start_server(accept, listener["host"],
                                                      listener["port"], limit=1 << 20))
    notify_ready()
    await asyncio.gather(*(server.serve_forever() for server in servers))


def notify_ready():
    """Tell systemd, if it started this, that the listeners are open."""

    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + address[1:] if address[0] == "@" else address)


def main():
    """Command line."""
    if len(sys.argv) != 3:
        sys.exit("usage: smtpd_scripted.py SCRIPT LEDGER")
    asyncio.run(serve(Script(sys.argv[1]), Ledger(sys.argv[2])))


if __name__ == "__main__":
    main()
