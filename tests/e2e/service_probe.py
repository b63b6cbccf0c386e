#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs in the host: service_probe.py PORT UNIT starts UNIT and asks it from the first moment on.

Asks for /-/ready and /metrics in turn until it is ready, and prints a JSON list of what was
answered: [seconds since the start, path, status, text].
"""

import json
import socket
import subprocess
import sys
import time


def ask(port, path):
    """(status, text) of one answer; None if nobody listens or the connection broke."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            s.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            data = b""
            while piece := s.recv(65536):
                data += piece
    except OSError:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    return (int(head.split()[1]), body.decode()) if head else None


def main():
    """Command line to the list."""
    port, unit = int(sys.argv[1]), sys.argv[2]
    answers, started, ready = [], time.monotonic(), False
    with subprocess.Popen(["systemctl", "start", unit]) as systemctl:
        while not ready and time.monotonic() - started < 60:
            for path in ("/-/ready", "/metrics"):
                answer = ask(port, path)
                if answer:
                    answers.append([time.monotonic() - started, path, *answer])
                    ready = ready or (path, answer[0]) == ("/-/ready", 200)
            time.sleep(0.001)
        status = systemctl.wait()
    print(json.dumps(answers))
    return status


sys.exit(main())
