#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the HTTP server from outside: test_web.py SERVE [unittest arguments].

SERVE is the program of serve.c. All addresses are 127.0.0.x and ::1.
"""

import contextlib
import html.parser
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

SERVE = ""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
PER_ADDRESS = 16  # HTTP_CONNECTIONS_PER_ADDRESS_MAX
CONNECTIONS = 64  # HTTP_CONNECTIONS_MAX
BODY_MAX = 64 * 1024  # HTTP_REQUEST_BODY_MAX
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Server:
    """A running serve; use it in a with statement, which also checks that it ends well."""

    def __init__(self, *addresses, small=False, **options):
        args = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        env = dict(os.environ)
        if small:  # the address sanitizer keeps up to 256 MB of freed memory
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        self.process = subprocess.Popen([SERVE, *args, *(addresses or ("127.0.0.1:0",))],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=env, text=True)
        self.lines = []
        for line in self.process.stdout:
            if line == "go\n":
                break
            self.lines.append(line.rstrip("\n"))
        self.addresses = [line.split(" ", 1)[1] for line in self.lines
                          if line.startswith("listening ")]
        self.ports = [int(a.rsplit(":", 1)[1]) for a in self.addresses]
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=20)
        if kind is None and (self.process.returncode != 0 or errors):
            raise AssertionError(f"serve ended with {self.process.returncode}: {errors}")

    def connect(self, source="127.0.0.1", to="127.0.0.1", i=0, receive_buffer=None):
        s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET)
        s.settimeout(10)
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if ":" not in to:
            s.bind((source, 0))
        s.connect((to, self.ports[i]))
        return s

    @contextlib.contextmanager
    def stopped(self):
        """What happens meanwhile reaches the server all at once."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def cpu(self):
        """Seconds of CPU time used so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return int(re.search(rf"^{name}:\s+(\d+)", f.read(), re.M).group(1))

    def wakes(self):
        """How often it has slept so far."""
        return self.status("voluntary_ctxt_switches")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


def read_answer(s, head=False, rest=b""):
    """One answer from socket S, and what came after it; None if the server closed instead."""
    data = rest
    while b"\r\n\r\n" not in data:
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            return None, data
        data += piece
    top, data = data.split(b"\r\n\r\n", 1)
    lines = top.decode("latin-1").split("\r\n")
    headers = [(n.strip().lower(), v.strip()) for n, v in (x.split(":", 1) for x in lines[1:])]
    length = 0 if head else int(dict(headers)["content-length"])
    while len(data) < length:
        piece = s.recv(65536)
        if not piece:
            raise AssertionError(f"truncated: {len(data)} of {length} bytes")
        data += piece
    return Answer(int(lines[0].split(" ")[1]), headers, data[:length]), data[length:]


def ask(server, path, method="GET", head="", body=b"", **where):
    """One request on a connection of its own."""
    with server.connect(**where) as s:
        s.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode("latin-1") + body)
        answer, rest = read_answer(s, head=method == "HEAD")
        if rest:
            raise AssertionError(f"more than one answer: {rest!r}")
        return answer


def is_closed(s, seconds):
    """Whether the other side closes S within SECONDS."""
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
        return True
    except ConnectionResetError:
        return True
    except socket.timeout:
        return False


def count_open(sockets):
    """How many of SOCKETS the other side has not closed."""
    return len(sockets) - len(select.select(sockets, [], [], 0)[0])


class Page(html.parser.HTMLParser):
    """Notes tags, links and text, and fails where an end tag does not fit."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.text, self.attributes = [], [], [], "", []
        self.feed(text)
        self.close()
        if self.open:
            raise AssertionError(f"never closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.links += [v for k, v in attrs if k == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> does not fit")

    def handle_data(self, data):
        self.text += data


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("127.0.0.1:0", "[::1]:0"))

    def check_headers(self, answer, content_type):
        headers = dict(answer.headers)
        self.assertEqual(headers["content-type"], content_type)
        self.assertEqual(headers["cache-control"], "no-store")
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        self.assertIn("default-src 'none'", headers["content-security-policy"])
        self.assertEqual(len(headers), len(answer.headers), "a header twice")

    def test_table(self):
        for path, status, content_type, body in (
            ("/metrics", 200, METRICS_TYPE, rb"# TYPE made_up_total counter\n.*\n"),
            ("/metrics?a=b&c", 200, METRICS_TYPE, rb"# TYPE .*\n"),
            ("/", 200, HTML_TYPE, rb"<!DOCTYPE html>\n.*</html>\n"),
            ("/-/healthy", 200, TEXT_TYPE, rb"OK\n"),
            ("/-/ready", 200, TEXT_TYPE, rb"Ready\n"),
            ("/%6detrics", 200, METRICS_TYPE, rb"# TYPE .*\n"),
            ("/%2d%2Fhealthy", 200, TEXT_TYPE, rb"OK\n"),
            ("http://example.org/-/healthy", 200, TEXT_TYPE, rb"OK\n"),
            ("HTTP://example.org", 200, HTML_TYPE, rb"<!DOCTYPE html>\n.*"),
            ("/metrics/", 404, TEXT_TYPE, rb".+\n"),
            ("/metrics%00", 404, TEXT_TYPE, rb".+\n"),
            ("/metrics%00x", 404, TEXT_TYPE, rb".+\n"),
            ("/metrics%", 404, TEXT_TYPE, rb".+\n"),
            ("/Metrics", 404, TEXT_TYPE, rb".+\n"),
            ("//metrics", 404, TEXT_TYPE, rb".+\n"),
            ("/metric", 404, TEXT_TYPE, rb".+\n"),
            ("/-/healthy/", 404, TEXT_TYPE, rb".+\n"),
            ("/-/", 404, TEXT_TYPE, rb".+\n"),
            ("/codes", 200, HTML_TYPE, rb"<!DOCTYPE html>\n.*</html>\n"),
            ("/codes/451", 200, HTML_TYPE, rb"<!DOCTYPE html>\n.*</html>\n"),
            ("/codes?lang=xx", 404, HTML_TYPE, rb"<!DOCTYPE html>\n.*</html>\n"),
            ("/codex", 404, TEXT_TYPE, rb".+\n"),
            ("/compare", 404, TEXT_TYPE, rb".+\n"),
            ("/../metrics", 404, TEXT_TYPE, rb".+\n"),
            ("metrics", 404, TEXT_TYPE, rb".+\n"),
            ("*", 404, TEXT_TYPE, rb".+\n"),
            ("/" + "x" * 8000, 404, TEXT_TYPE, rb".+\n"),
        ):
            with self.subTest(path=path[:40]):
                answer = ask(self.server, path)
                self.assertEqual(answer.status, status)
                self.check_headers(answer, content_type)
                self.assertRegex(answer.body, re.compile(rb"\A" + body + rb"\Z", re.S))
                head = ask(self.server, path, method="HEAD")
                self.assertEqual(head.status, status)
                self.check_headers(head, content_type)
                self.assertEqual(dict(head.headers)["content-length"], str(len(answer.body)))

    def test_ipv6(self):
        self.assertEqual(ask(self.server, "/-/healthy", to="::1", i=1).body, b"OK\n")
        self.assertRegex(self.server.addresses[1], r"^\[::1\]:\d+$")

    def test_methods(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "BREW"):
            with self.subTest(method=method):
                answer = ask(self.server, "/metrics", method=method)
                self.assertEqual(answer.status, 405)
                self.check_headers(answer, TEXT_TYPE)
                self.assertEqual(dict(answer.headers)["allow"], "GET, HEAD")
        self.assertNotIn("allow", dict(ask(self.server, "/nothing").headers))

    def test_bodies(self):
        for method, length, status in (("GET", 1, 200), ("GET", 5000, 200), ("POST", 5000, 405),
                                       ("GET", BODY_MAX, 200), ("GET", BODY_MAX + 1, 413),
                                       ("POST", BODY_MAX + 1, 405)):
            with self.subTest(method=method, length=length), self.server.connect() as s:
                s.sendall(f"{method} /-/healthy HTTP/1.1\r\nHost: x\r\n"
                          f"Content-Length: {length}\r\n\r\n".encode())
                if status != 413 and length <= BODY_MAX:
                    s.sendall(b"x" * length)
                answer, rest = read_answer(s)
                self.assertEqual((answer.status, rest), (status, b""))

    def test_body_is_no_request(self):
        """What is declared as a body is not taken for the next request."""
        inner = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        with self.server.connect() as s:
            s.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                      b"GET /-/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                      % (len(inner), inner))
            first, rest = read_answer(s)
            second, rest = read_answer(s, rest=rest)
            self.assertEqual((first.body, second.body, rest), (b"OK\n", b"Ready\n", b""))
            self.assertTrue(is_closed(s, 5))

    def test_chunks(self):
        """Refused, without any piece of the body being taken for a request."""
        for method, status in (("GET", 411), ("POST", 405)):
            with self.subTest(method=method), self.server.connect() as s:
                s.sendall(f"{method} / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          .encode() + b"0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                answer, rest = read_answer(s)
                self.assertEqual((answer.status, rest), (status, b""))
                self.assertTrue(is_closed(s, 5))

    def test_expect_continue(self):
        with self.server.connect() as s:
            s.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                      b"Expect: 100-continue\r\n\r\n")
            self.assertEqual(s.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            s.sendall(b"abc")
            self.assertEqual(read_answer(s)[0].status, 200)

    def test_keep_alive(self):
        with self.server.connect() as s:
            for path, status in (("/metrics", 200), ("/nothing", 404), ("/", 200)) * 10:
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                answer, rest = read_answer(s)
                self.assertEqual((answer.status, rest), (status, b""))

    def test_pipelining(self):
        n = 100
        with self.server.connect() as s:
            s.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                      b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n" * n)
            rest = b""
            for _ in range(n):
                head, rest = read_answer(s, head=True, rest=rest)
                answer, rest = read_answer(s, rest=rest)
                self.assertEqual((head.status, answer.body), (200, b"OK\n"))
            self.assertEqual(rest, b"")

    def test_http_1_0(self):
        with self.server.connect() as s:
            s.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
            answer, rest = read_answer(s)
            self.assertEqual((answer.body, rest), (b"OK\n", b""))
            self.assertTrue(is_closed(s, 5))
        with self.server.connect() as s:
            for _ in range(3):
                s.sendall(b"GET /-/healthy HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                self.assertEqual(read_answer(s)[0].body, b"OK\n")

    def test_half_close(self):
        """A client that closes its sending side still gets its answer."""
        request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
        for data, n in ((request, 1), (request * 20, 20), (request + b"GET /", 1)):
            with self.subTest(n=n), self.server.connect() as s:
                with self.server.stopped():
                    s.sendall(data)
                    s.shutdown(socket.SHUT_WR)
                rest = b""
                for _ in range(n):
                    answer, rest = read_answer(s, rest=rest)
                    self.assertEqual(answer.body, b"OK\n")
                self.assertTrue(is_closed(s, 5))

    def test_byte_by_byte(self):
        with self.server.connect() as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n":
                s.sendall(bytes([byte]))
                time.sleep(0.002)
            self.assertEqual(read_answer(s)[0].body, b"OK\n")

    def test_garbage(self):
        """Never a success, never an end of the server; it answers 4xx, 5xx or closes."""
        for data in (
            b"\0" * 100 + b"\r\n\r\n",
            b"\xff\xfe\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x55" * 600 + b"\n\n",
            b"GET\r\n\r\n",
            b"GET /metrics\r\n\r\n",
            b"GET /metrics HTTP/9.9\r\n\r\n",
            b"GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /metrics FTP/1.1\r\n\r\n",
            b"/metrics HTTP/1.1\r\n\r\n",
            b"GET /-/healthy HTTP/1.1\r\nno colon\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        ):
            with self.subTest(data=data[:30]), self.server.connect() as s:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                answer, _ = read_answer(s)
                if answer:
                    self.assertGreaterEqual(answer.status, 400)
                self.assertTrue(is_closed(s, 5))
        self.assertEqual(ask(self.server, "/-/healthy").body, b"OK\n")

    def test_oversized(self):
        for data, status in ((b"GET /" + b"x" * 100000, 414),
                             (b"GET / HTTP/1.1\r\nX: " + b"x" * 100000, 431),
                             (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000, 431)):
            with self.subTest(status=status), self.server.connect() as s:
                with contextlib.suppress(ConnectionError):
                    s.sendall(data)
                answer, _ = read_answer(s)
                # The reset for what was not read may overtake the answer.
                if answer:
                    self.assertEqual(answer.status, status)
                self.assertTrue(is_closed(s, 5))

    def test_ordinary_headers_fit(self):
        head = "".join(f"X-Header-{i}: {'v' * 100}\r\n" for i in range(100))
        self.assertEqual(ask(self.server, "/-/healthy", head=head).status, 200)


class States(unittest.TestCase):
    def test_ready(self):
        for options, status, text in (
            ({}, 200, "Ready\n"),
            ({"up": 0}, 503, "The journal cannot be read.\n"),
            ({"up": 0, "caught_up": 0}, 503, "The journal cannot be read.\n"),
            ({"caught_up": 0}, 503, "The backlog of the journal is still being read: 1234567 "
                                    "entries so far, the newest of 2026-01-02T03:04:05Z.\n"),
            ({"caught_up": 0, "entries": 0, "last": 0}, 503,
             "The backlog of the journal is still being read: 0 entries so far.\n"),
        ):
            with self.subTest(**options), Server(**options) as server:
                answer = ask(server, "/-/ready")
                self.assertEqual((answer.status, answer.body.decode()), (status, text))
                self.assertEqual(dict(answer.headers)["content-type"], TEXT_TYPE)
                self.assertEqual(ask(server, "/-/healthy").status, 200)
                self.assertEqual(ask(server, "/metrics").status, 200)

    def test_no_memory(self):
        """Never half an exposition."""
        with Server(no_memory=1) as server:
            answer = ask(server, "/metrics")
            self.assertEqual((answer.status, answer.body), (500, b"Out of memory.\n"))
            self.assertEqual(dict(answer.headers)["content-type"], TEXT_TYPE)

    def test_telemetry_at_root(self):
        with Server(telemetry_path=1) as server:
            answer = ask(server, "/")
            self.assertEqual((answer.status, dict(answer.headers)["content-type"]),
                             (200, METRICS_TYPE))
            self.assertEqual(ask(server, "/metrics").status, 404)
            self.assertEqual(ask(server, "/-/healthy").status, 200)


class Landing(unittest.TestCase):
    def page(self, **options):
        with Server(**options) as server:
            answer = ask(server, "/")
        self.assertEqual(answer.status, 200)
        return Page(answer.body.decode()), answer.body.decode()

    def test_page(self):
        page, text = self.page()
        self.assertTrue(text.startswith('<!DOCTYPE html>\n<html lang="en">\n'))
        self.assertEqual(page.links, ["/codes", "/metrics", "/-/healthy", "/-/ready"])
        for words in ('1.2.3 <script>&"\'', 'journal of <this> & "that" machine', "1234567",
                      "read up to now", "2026-01-02T03:04:05Z", "1 min ago"):
            self.assertIn(words, page.text)
        self.assertFalse({"script", "img", "link", "iframe", "this"} & set(page.tags))
        self.assertIn("prefers-color-scheme", text)
        self.assertIn("width=device-width", text)
        self.assertNotRegex(text, r"https?://|url\(|@import")

    def test_states(self):
        for options, words in (({"up": 0}, "cannot be read"),
                               ({"caught_up": 0}, "the backlog is still being read"),
                               ({"last": 0, "entries": 0}, "none yet")):
            with self.subTest(**options):
                self.assertIn(words, self.page(**options)[0].text)

    @unittest.skipUnless(shutil.which("tidy"), "no tidy")
    def test_valid(self):
        for options in ({}, {"up": 0}, {"caught_up": 0, "last": 0}, {"telemetry_path": 2}):
            _, text = self.page(**options)
            tidy = subprocess.run(["tidy", "-quiet", "-errors"], input=text, text=True,
                                  capture_output=True, check=False)
            self.assertEqual((tidy.returncode, tidy.stderr), (0, ""))

    def test_odd_telemetry_path(self):
        page, _ = self.page(telemetry_path=2)
        link = "/m%C3%A9%20%22%3Cx%3E&%3F%23%25"
        self.assertEqual(page.links[1], link)
        with Server(telemetry_path=2) as server:
            self.assertEqual(ask(server, link).status, 200)


class Addresses(unittest.TestCase):
    def test_errors(self):
        cases = {
            "EINVAL": ("10451", "abc", ":99999", ":65536", "[::1", "[::1]", "::1:80", "", ":",
                       "1.2.3.4:", "1.2.3:80", "256.1.1.1:80", "[]:80", "[127.0.0.1]:80",
                       "[localhost]:80", "a b:80", ":+1", ":-1", ":0x50", ":8 0", ":80 ",
                       "[::1]:80x", ":000080", "x" * 300 + ":80", "[::1]x:80", ".:80"),
            # Documentation addresses, which no machine has.
            "EADDRNOTAVAIL": ("192.0.2.1:0", "[2001:db8::1]:0"),
        }
        for name, addresses in cases.items():
            with Server(*addresses) as server:
                self.assertEqual(server.lines, [f"error {a} {name}" for a in addresses])
                # Standard streams, the signal descriptor and the spare one: nothing half-open.
                self.assertEqual(server.descriptors(), 5)

    def test_good(self):
        with Server("127.0.0.1:0", "127.0.0.2:0", "[::1]:0", "localhost:0", ":0") as server:
            for line, address in zip(server.lines, ("127.0.0.1", "127.0.0.2", "[::1]",
                                                    "127.0.0.1", "[::]")):
                self.assertRegex(line, rf"^listening {re.escape(address)}:[1-9]\d*$")
            self.assertEqual(len(set(server.ports)), 5)
            self.assertEqual(ask(server, "/-/healthy", to="127.0.0.2", i=1).status, 200)
            self.assertEqual(ask(server, "/-/healthy", to="::1", i=2).status, 200)
            for to in ("127.0.0.1", "::1"):
                self.assertEqual(ask(server, "/-/healthy", to=to, i=4).status, 200)

    def test_no_ipv6(self):
        with Server(":0", "[::1]:0", "localhost:0", no_ipv6=1) as server:
            self.assertRegex(server.lines[0], r"^listening 0\.0\.0\.0:\d+$")
            self.assertEqual(server.lines[1], "error [::1]:0 EAFNOSUPPORT")
            self.assertRegex(server.lines[2], r"^listening 127\.0\.0\.1:\d+$")
            self.assertEqual(ask(server, "/-/healthy").status, 200)

    def test_in_use(self):
        with Server() as first:
            taken = first.addresses[0]
            with Server(taken, "127.0.0.1:0") as second:
                self.assertEqual(second.lines[0], f"error {taken} EADDRINUSE")
                self.assertEqual(ask(second, "/-/healthy").status, 200)
            # Its connections are in TIME_WAIT now, which does not hold up a successor.
            ask(first, "/", head="Connection: close\r\n")
        with Server(taken) as third:
            self.assertEqual(third.addresses, [taken])

    def test_too_many(self):
        with Server(*["127.0.0.1:0"] * 9) as server:
            self.assertEqual(len(server.ports), 8)
            self.assertEqual(server.lines[8], "error 127.0.0.1:0 E2BIG")
            for i in range(8):
                self.assertEqual(ask(server, "/-/healthy", i=i).status, 200)


class Limits(unittest.TestCase):
    def check_scrapes(self, server, seconds=1.0, n=20):
        for _ in range(n):
            start = time.monotonic()
            self.assertEqual(ask(server, "/metrics").status, 200)
            self.assertLess(time.monotonic() - start, seconds)

    def check_descriptors(self, server, n):
        """The server has N open, at the latest when it has noticed that its clients went."""
        until = time.monotonic() + 2
        while server.descriptors() != n and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual(server.descriptors(), n)

    def test_one_address(self):
        """200 idle connections of one address take its share only, and cost no time."""
        with Server() as server, contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(server.connect("127.0.0.2")) for _ in range(200)]
            self.check_scrapes(server)
            self.assertEqual(count_open(sockets), PER_ADDRESS)
            self.check_no_busy_loop(server)
            self.check_scrapes(server)

    def check_no_busy_loop(self, server, seconds=1.5):
        cpu, wakes = server.cpu(), server.wakes()
        time.sleep(seconds)
        self.assertLess(server.cpu() - cpu, 0.05)
        self.assertLessEqual(server.wakes() - wakes, 3)

    def test_many_addresses(self):
        """When the table is full, the connection that waited longest makes room."""
        with Server() as server, contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(server.connect(f"127.0.0.{n}"))
                       for n in range(2, 22) for _ in range(10)]
            self.check_scrapes(server)
            self.assertLessEqual(count_open(sockets), CONNECTIONS)
            self.assertGreater(count_open(sockets), CONNECTIONS // 2)
            self.check_no_busy_loop(server)

    def test_idle_goes_first(self):
        """A connection whose answer is under way survives a flood of idle ones."""
        with Server(body=8_000_000) as server, contextlib.ExitStack() as stack:
            slow = stack.enter_context(server.connect(receive_buffer=32768))
            slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            for n in range(2, 22):
                for _ in range(10):
                    stack.enter_context(server.connect(f"127.0.0.{n}"))
            answer, _ = read_answer(slow)
            self.assertEqual(len(answer.body), 8_000_000)

    def test_burst(self):
        """More than fit at once: nobody is forgotten in the backlog."""
        with Server() as server, contextlib.ExitStack() as stack:
            with server.stopped():
                sockets = [stack.enter_context(server.connect(f"127.0.0.{n}"))
                           for n in range(2, 22) for _ in range(10)]
            sockets[-1].sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(read_answer(sockets[-1])[0].body, b"OK\n")
            self.check_scrapes(server)

    def test_memory(self):
        """Clients that do not read their answers hold a bounded amount."""
        body = 5_000_000  # more than the kernel takes off the server's hands
        with Server(small=True, body=body) as server, contextlib.ExitStack() as stack:
            ask(server, "/metrics")
            before = server.status("VmRSS")
            for i in range(100):
                s = stack.enter_context(server.connect(f"127.0.0.{2 + i % 30}",
                                                       receive_buffer=4096))
                s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            # They all came before this one, and each costs the server the making of a body.
            self.check_scrapes(server, seconds=5, n=1)
            # At most 32 MB of answers, and the one that is being made.
            self.assertLess(server.status("VmRSS") - before, 80_000)

    def test_requests_leave_nothing(self):
        with Server(small=True) as server:
            sizes = []
            for _ in range(3):
                for _ in range(500):
                    ask(server, "/metrics")
                sizes.append(server.status("VmRSS"))
            self.assertLess(sizes[-1] - sizes[0], 2_000)
            self.check_descriptors(server, 7)

    def test_no_descriptors(self):
        """Without a free descriptor clients are turned away, and the loop does not spin."""
        with Server() as server, contextlib.ExitStack() as stack:
            used = server.descriptors()
            subprocess.run(["prlimit", f"--pid={server.pid}", f"--nofile={used}:100"], check=True)
            sockets = [stack.enter_context(server.connect()) for _ in range(30)]
            for s in sockets:
                self.assertTrue(is_closed(s, 5))
            self.check_no_busy_loop(server)
            subprocess.run(["prlimit", f"--pid={server.pid}", "--nofile=100:100"], check=True)
            self.check_scrapes(server, n=3)
            self.check_descriptors(server, used)

    def test_last_descriptor(self):
        """Who waits for a descriptor gets it when another client goes, with nobody else's help."""
        request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
        with Server() as server:
            used = server.descriptors()
            subprocess.run(["prlimit", f"--pid={server.pid}", f"--nofile={used + 1}:100"],
                           check=True)
            with server.connect() as first, server.connect() as second:
                first.sendall(request)
                self.assertEqual(read_answer(first)[0].body, b"OK\n")
                second.sendall(request)
                self.assertFalse(select.select([second], [], [], 0.2)[0])
                self.check_no_busy_loop(server, 0.5)
                first.close()
                self.assertEqual(read_answer(second)[0].body, b"OK\n")


class Timeouts(unittest.TestCase):
    OPTIONS = {"request_ms": 1000, "idle_ms": 2000, "answer_ms": 1000}

    def trickle(self, s, data, seconds):
        """Sends DATA in steps of 100 ms; returns after how long the server cut."""
        start = time.monotonic()
        for byte in data:
            try:
                s.sendall(bytes([byte]))
            except ConnectionError:
                break
            if select.select([s], [], [], 0.1)[0]:
                break
            self.assertLess(time.monotonic() - start, seconds)
        return time.monotonic() - start

    def test_slow_request(self):
        request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200
        with Server(**self.OPTIONS) as server, server.connect() as s:
            after = self.trickle(s, request, 5)
            self.assertTrue(0.9 < after < 2, after)
            self.assertTrue(is_closed(s, 1))

    def test_slow_body(self):
        with Server(**self.OPTIONS) as server, server.connect() as s:
            s.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
            after = self.trickle(s, b"y" * 200, 5)
            self.assertTrue(0.9 < after < 2, after)

    def test_slow_next_request(self):
        with Server(**self.OPTIONS) as server, server.connect() as s:
            s.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(read_answer(s)[0].status, 200)
            after = self.trickle(s, b"GET /-/healthy HTTP/1.1\r\nX: " + b"y" * 200, 5)
            self.assertTrue(1.9 < after < 3, after)

    def test_slow_reader(self):
        with Server(body=8_000_000, **self.OPTIONS) as server:
            with server.connect(receive_buffer=4096) as s:
                s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                s.recv(1)
                self.assertEqual(server.descriptors(), 8)
                time.sleep(2)
                self.assertEqual(server.descriptors(), 7)

    def test_idle(self):
        """Silent connections go in time, used ones stay longer, and the server sleeps meanwhile."""
        with Server(**self.OPTIONS) as server:
            with server.connect() as used, server.connect() as silent:
                used.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
                read_answer(used)
                time.sleep(0.1)
                start, wakes = time.monotonic(), server.wakes()
                self.assertTrue(is_closed(silent, 5))
                self.assertTrue(0.7 < time.monotonic() - start < 1.5)
                self.assertEqual(count_open([used]), 1)
                self.assertTrue(is_closed(used, 5))
                self.assertTrue(1.7 < time.monotonic() - start < 2.7)
                time.sleep(0.1)
                self.assertLessEqual(server.wakes() - wakes, 8)
            wakes = server.wakes()
            time.sleep(1)
            self.assertEqual(server.wakes(), wakes, "woke up without a connection")


class Abuse(unittest.TestCase):
    def test_client_dies(self):
        """Clients that go away at any moment, also in the midst of an answer."""
        with Server(body=3_000_000) as server:
            for i in range(100):
                s = server.connect()
                if i % 4:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                if i % 3:
                    s.recv(1 + i * 1000)
                s.close()
            self.assertEqual(ask(server, "/-/healthy").status, 200)
            time.sleep(0.2)
            self.assertLessEqual(server.descriptors(), 8)

    def test_parallel(self):
        """Several keep-alive clients at a time, on two listeners."""
        failures = []

        def client(server, i):
            try:
                with server.connect(f"127.0.0.{2 + i}", i=i % 2) as s:
                    for _ in range(100):
                        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                        answer, _ = read_answer(s)
                        if answer.status != 200 or len(answer.body) != 100_000:
                            failures.append(answer.status)
            except Exception as e:  # pylint: disable=broad-except
                failures.append(e)

        with Server("127.0.0.1:0", "127.0.0.1:0", body=100_000) as server:
            threads = [threading.Thread(target=client, args=(server, i)) for i in range(8)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    SERVE = sys.argv.pop(1)
    unittest.main()
