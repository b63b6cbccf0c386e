#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs in the host: journal_send.py FILE sends entries to journald by its native protocol.

FILE holds a JSON list of objects; each is an entry, with a string for each field.
"""

import json
import socket
import struct
import sys


def encode(entry):
    """An entry as journald wants it; the length goes before a value that holds a newline."""
    data = b""
    for name, value in entry.items():
        value = value.encode()
        if b"\n" in value:
            data += name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
        else:
            data += name.encode() + b"=" + value + b"\n"
    return data


def main():
    """Command line to the last entry."""
    with open(sys.argv[1], encoding="utf-8") as file:
        entries = json.load(file)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.connect("/run/systemd/journal/socket")
        for entry in entries:
            journald.send(encode(entry))


main()
