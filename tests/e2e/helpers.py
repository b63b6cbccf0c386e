#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What Postfix asks while it talks to clients: a milter and a password checker, both scripted.

    helpers.py AUTH_SOCKET MILTER_PORT

The password checker speaks Dovecot's auth protocol on a unix socket and refuses everybody, except
the user `good`; user `broken` gets a temporary failure. The milter, on 127.0.0.1, does what
addresses ask for: `milter-STAGE-ANSWER@...`, where STAGE is mail, rcpt, data or end and ANSWER is
a code with enhanced code (550-5-7-1), `plain451` (a code alone), `reject` or `tempfail`. A HELO name
`milter-helo-ANSWER.example` asks likewise.
"""

import asyncio
import base64
import os
import socket
import struct
import sys

GREETING = ("VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\n"
            "SPID\t1\nCUID\t1\nCOOKIE\t00112233445566778899aabbccddeeff\nDONE\n")


def auth_answer(number, response):
    """Answer to a PLAIN response."""
    user = base64.b64decode(response + "==").split(b"\0")[1].decode()
    if user == "good":
        return f"OK\t{number}\tuser=good\n"
    if user == "broken":
        return f"FAIL\t{number}\tuser=broken\ttemp\n"
    return f"FAIL\t{number}\tuser={user}\n"


async def auth_client(reader, writer):
    """One connection of an smtpd."""
    writer.write(GREETING.encode())
    pending = {}
    while line := (await reader.readline()).decode().rstrip("\n"):
        fields = line.split("\t")
        if fields[0] == "AUTH":
            number, mechanism = fields[1], fields[2]
            response = next((f[5:] for f in fields if f.startswith("resp=")), None)
            if mechanism == "PLAIN" and response:
                writer.write(auth_answer(number, response).encode())
            else:
                pending[number] = []
                prompt = base64.b64encode(b"Username:") if mechanism == "LOGIN" else b""
                writer.write(b"CONT\t%s\t%s\n" % (number.encode(), prompt))
        elif fields[0] == "CONT":
            answers = pending[fields[1]]
            answers.append(fields[2] if len(fields) > 2 else "")
            if len(answers) == 1:
                writer.write(f"CONT\t{fields[1]}\t{'UGFzc3dvcmQ6'}\n".encode())
            else:
                writer.write(f"FAIL\t{fields[1]}\n".encode())
        await writer.drain()
    writer.close()


def milter_answer(text, stage):
    """The milter's packet for an address (or HELO name) at a stage; continue unless it asks."""
    prefix = f"milter-{stage}-"
    place = text.find(prefix)
    if place < 0:
        return b"c"
    wish = text[place + len(prefix):].split("@")[0].split(".")[0].strip("<>")
    if wish in ("reject", "tempfail"):
        return wish[:1].encode()
    if wish.startswith("plain"):
        return f"y{wish[5:]} the milter says no\0".encode()
    code, *enhanced = wish.split("-")
    return f"y{code} {'.'.join(enhanced)} the milter says no\0".encode()


class Milter:
    """One milter session."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.addresses = ""

    def send(self, packet):
        """One packet with its length."""
        self.writer.write(struct.pack("!I", len(packet)) + packet)

    def answer(self, command, data):
        """The reply to a command, or None where none is expected."""
        text = data.decode("utf-8", "replace")
        if command == "O":
            return b"O" + struct.pack("!III", 6, 0, 0)
        if command == "H":
            return milter_answer(text, "helo")
        if command == "M":
            self.addresses = text
            return milter_answer(text, "mail")
        if command == "R":
            self.addresses += text
            return milter_answer(text, "rcpt")
        if command == "T":
            return milter_answer(self.addresses, "data")
        if command == "E":
            return milter_answer(self.addresses, "end")
        return None if command in "DAQ" else b"c"

    async def run(self):
        """Until the server leaves."""
        try:
            while True:
                length, = struct.unpack("!I", await self.reader.readexactly(4))
                packet = await self.reader.readexactly(length)
                reply = self.answer(chr(packet[0]), packet[1:])
                if reply is not None:
                    self.send(reply)
                    await self.writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer.close()


async def serve(path, port):
    """Both servers."""
    if os.path.exists(path):
        os.unlink(path)
    auth = await asyncio.start_unix_server(auth_client, path)
    os.chmod(path, 0o666)
    milter = await asyncio.start_server(lambda r, w: Milter(r, w).run(), "127.0.0.1", port)
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + address[1:] if address[0] == "@" else address)
    await asyncio.gather(auth.serve_forever(), milter.serve_forever())


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
