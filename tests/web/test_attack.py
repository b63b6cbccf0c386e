#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The whole exporter under attack over HTTP: it goes on counting and answering.

Attackers on 127.0.0.2 to 127.0.0.4 do all at once, as fast as they can, what test_web.py tries one
by one on the server alone, while a journal grows and a scraper on 127.0.0.1 asks. Then attackers on
all four addresses, the scraper's included, take more than there is. Needs EXPORTER, the program, in
the environment, and systemd-journal-remote.
"""

import contextlib
import os
import pathlib
import random
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "journal"))
# pylint: disable=wrong-import-position
from exporter import Exporter, Metrics, delivery, is_sanitized, pairs, queue_id  # noqa: E402
from journald import REMOTE, entry, missing_remote  # noqa: E402

FOES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
SCRAPER = "127.0.0.1"
ATTACK_SECONDS = 10
REQUEST_SECONDS = 15  # HTTP_REQUEST_TIMEOUT_SEC
CONNECTIONS = 64  # HTTP_CONNECTIONS_MAX
ANSWERS_KIB = 2 * 16 * 1024  # HTTP_ANSWERS_MAX, twice at most
CONNECTIONS_KIB = CONNECTIONS * 32  # HTTP_CONNECTION_MEMORY
PAIRS = 1000  # half of what a family may have
NORMAL_KIB = 4 * 1024  # what comes and goes anyway
RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: close without farewell

# What the attackers send: (name, connections that each holds at any time, first bytes, bytes that
# follow one a second, whether the answer is read). Those that the server cuts off come again.
random.seed(451)
GARBAGE = random.randbytes(4000)
HEAD = b"HTTP/1.1\r\nHost: x\r\n"
KINDS = (
    ("slow", 60, b"GET /metrics " + HEAD, b"X: " + b"y" * 1000, True),
    ("slow body", 20, b"GET /metrics " + HEAD + b"Content-Length: 900\r\n\r\n", b"z" * 900, True),
    ("idle after an answer", 200, b"GET /-/healthy " + HEAD + b"\r\n", b"", True),
    ("silent", 1000, b"", b"", True),
    ("never reads", 60, (b"GET /metrics " + HEAD + b"\r\n") * 50, b"", False),
    ("oversized header", 20, b"GET / " + HEAD + b"X: " + b"y" * 200_000 + b"\r\n\r\n", b"", True),
    ("oversized line", 20, b"GET /" + b"x" * 200_000 + b" " + HEAD + b"\r\n", b"", True),
    ("garbage", 40, GARBAGE, b"", True),
    ("tls", 20, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + GARBAGE[:500], b"", True),
    ("body", 20, b"GET /metrics " + HEAD + b"Content-Length: 60000\r\n\r\n" + b"z" * 60_000, b"",
     True),
    ("huge body", 20, b"POST / " + HEAD + b"Content-Length: 99999999\r\n\r\n" + b"z" * 200_000,
     b"", True),
)


class Foe:
    """One connection of an attacker."""

    def __init__(self, kind, address, port):
        self.name, _, self.first, self.slow, self.reads = kind
        self.kind, self.address = kind, address
        self.sent, self.since = 0, time.monotonic()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if not self.reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.bind((address, 0))
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.socket.connect((SCRAPER, port))

    def fileno(self):
        return self.socket.fileno()

    def push(self):
        """Sends what of the first bytes is left."""
        with contextlib.suppress(BlockingIOError):
            while self.sent < len(self.first):
                self.sent += self.socket.send(self.first[self.sent:self.sent + 65536])

    def trickle(self):
        """Sends one byte more."""
        if self.slow and self.sent >= len(self.first):
            at = self.sent - len(self.first)
            self.sent += self.socket.send(self.slow[at:at + 1])


class Attack(threading.Thread):
    """Holds the connections of all kinds, shared out over the addresses, until it is ended."""

    def __init__(self, port, addresses, kinds):
        super().__init__(daemon=True)
        self.port = port
        self.again = True  # until somebody says that no more are to come
        self.selector = selectors.DefaultSelector()
        self.foes = set()
        self.made = self.cut = 0
        self.stop = threading.Event()
        self.wanted = [(kind, addresses[i % len(addresses)])
                       for kind in kinds for i in range(kind[1])]
        random.shuffle(self.wanted)
        self.error = None

    def add(self, kind, address):
        foe = Foe(kind, address, self.port)
        self.made += 1
        self.foes.add(foe)
        self.selector.register(foe, selectors.EVENT_WRITE
                               | (selectors.EVENT_READ if foe.reads else 0))

    def drop(self, foe):
        with contextlib.suppress(KeyError):
            self.selector.unregister(foe)
        self.foes.remove(foe)
        foe.socket.close()
        self.cut += 1
        self.wanted.append((foe.kind, foe.address))

    def serve(self, foe, events):
        """One look at a connection."""
        try:
            if events & selectors.EVENT_WRITE:
                foe.push()
                if foe.sent >= len(foe.first):
                    self.wait(foe)
            if events & selectors.EVENT_READ and not foe.socket.recv(65536):
                self.drop(foe)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(foe)

    def wait(self, foe):
        """For an answer, or, without reading, for nothing at all."""
        if foe.reads:
            self.selector.modify(foe, selectors.EVENT_READ)
        else:
            self.selector.unregister(foe)

    def run(self):
        try:
            self.rounds()
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error
            raise
        finally:
            for foe in self.foes:
                foe.socket.close()
            self.selector.close()

    def rounds(self):
        tick = time.monotonic()
        while not self.stop.is_set():
            # A few at a time, or the storm of those that are turned away is all there is.
            for _ in range(min(20, len(self.wanted)) if self.again else 0):
                self.add(*self.wanted.pop())
            for key, events in self.selector.select(0.01):
                if key.fileobj in self.foes:
                    self.serve(key.fileobj, events)
            if time.monotonic() >= tick:
                tick += 1
                self.each_second()

    def each_second(self):
        for foe in list(self.foes):
            try:
                foe.trickle()
            except BlockingIOError:
                pass
            except OSError:
                self.drop(foe)
            if not foe.reads and time.monotonic() - foe.since > 3:
                self.drop(foe)

    def end(self):
        self.stop.set()
        self.join(20)
        if self.error:
            raise self.error


class Mail:
    """A journal file that grows; each line has another pair of code and enhanced code."""

    def __init__(self, path):
        self.pairs, self.written = pairs()[:PAIRS], 0
        self.remote = subprocess.Popen([REMOTE, f"--output={path}", "-"], stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def write(self, count):
        for number in range(self.written, self.written + count):
            code, enhanced = self.pairs[number % len(self.pairs)]
            self.remote.stdin.write(entry(number, delivery(queue_id(number), code, enhanced)))
        self.remote.stdin.flush()
        self.written += count

    def expected(self):
        """Lines by code and enhanced code."""
        table = {}
        for number in range(self.written):
            key = tuple(map(str, self.pairs[number % len(self.pairs)]))
            table[key] = table.get(key, 0) + 1
        return table

    def end(self):
        self.remote.stdin.close()
        self.remote.wait()


def counted(metrics):
    """Replies by code and enhanced code, as the exporter has them."""
    return {re.search(r'code="(.*?)",enhanced="(.*?)"', series).groups(): value
            for series, value in metrics.select("smtp_client_reply_enhanced_total").items() if value}


@unittest.skipIf(missing_remote(), missing_remote())
class UnderAttack(unittest.TestCase):
    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        os.mkdir(f"{directory}/journal")
        self.mail = Mail(f"{directory}/journal/a.journal")
        self.addCleanup(self.mail.end)
        self.mail.write(500)
        self.exporter = self.enterContext(Exporter(
            f"--journal.directory={directory}/journal", "--journal.since=all",
            "--metrics.zero-hold=0", f"--state.file={directory}/state", "--state.interval=1s"))
        self.exporter.start().wait_ready()
        self.check_counts()
        self.descriptors = self.count_descriptors()

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.exporter.process.pid}/fd"))

    def check_counts(self):
        """Everything that was written is counted, once."""
        self.exporter.wait_metrics(lambda m: m.own("entries_read_total") >= self.mail.written)
        metrics = self.exporter.scrape()
        metrics.check()
        counts, expected = counted(metrics), self.mail.expected()
        self.assertEqual([(key, expected.get(key, 0), counts.get(key, 0))
                          for key in sorted(counts.keys() | expected.keys())
                          if expected.get(key, 0) != counts.get(key, 0)][:20], [])
        self.assertEqual(metrics.outcomes(), {"reply": self.mail.written})

    def attack(self, addresses, kinds):
        attack = Attack(self.exporter.port, addresses, kinds)
        self.addCleanup(attack.end)
        attack.start()
        return attack

    def scrape(self, timeout):
        """Seconds until a scrape was answered, or None."""
        started = time.monotonic()
        try:
            status, text = self.exporter.get("/metrics", timeout=timeout)
        except OSError:
            return None
        except Exception as error:  # pylint: disable=broad-except
            if type(error).__module__ != "http.client":
                raise
            return None
        self.assertEqual(status, 200)
        Metrics(text)
        return time.monotonic() - started

    def check_after(self):
        """When all is over it is as if nothing had been."""
        self.check_counts()
        until = time.monotonic() + 5
        while self.count_descriptors() > self.descriptors and time.monotonic() < until:
            time.sleep(0.05)
        self.assertLessEqual(self.count_descriptors(), self.descriptors)
        ticks = self.exporter.cpu_ticks()
        time.sleep(1)
        self.assertLess(self.exporter.cpu_ticks() - ticks, 5, "it does not come to rest")
        self.assertEqual([line for line in self.exporter.log().splitlines()
                          if "level=info" not in line], [])
        self.assertEqual(self.exporter.stop(), 0)

    def test_three_addresses(self):
        """A scraper of another address is answered within a second, whatever the others do."""
        before, most = self.exporter.anonymous_kib(), 0
        attack = self.attack(FOES, KINDS)
        times, until = [], time.monotonic() + ATTACK_SECONDS
        while time.monotonic() < until:
            self.mail.write(50)
            times.append(self.scrape(timeout=5))
            most = max(most, self.exporter.anonymous_kib())
            time.sleep(0.1)
        attack.end()
        print(f"{attack.made} connections, {attack.cut} cut off; {len(times)} scrapes, the slowest "
              f"{max(t or 99 for t in times) * 1000:.0f} ms, the middle one "
              f"{sorted(t or 99 for t in times)[len(times) // 2] * 1000:.0f} ms; "
              f"{most - before} KiB more memory")
        self.assertNotIn(None, times)
        self.assertLess(max(times), 1.0)
        self.assertGreater(attack.made, sum(kind[1] for kind in KINDS))
        if not is_sanitized():
            self.assertLess(most - before, ANSWERS_KIB + CONNECTIONS_KIB + NORMAL_KIB)
        self.check_after()

    def wait_for_service(self, attack, what):
        """The attackers that are there stay, and no others come."""
        attack.again = False
        started = time.monotonic()
        while self.scrape(timeout=1) is None:
            self.assertLess(time.monotonic() - started, REQUEST_SECONDS + 2)
            self.mail.write(50)
            time.sleep(0.1)
        print(f"{what}: answered again after {time.monotonic() - started:.1f} s")
        for _ in range(5):
            self.assertLess(self.scrape(timeout=5) or 99, 1.0)
        attack.end()
        self.check_after()

    def test_all_addresses(self):
        """The scraper's own address is among the attackers', and they are more than there is room."""
        attack = self.attack((SCRAPER, *FOES), KINDS)
        until, times = time.monotonic() + ATTACK_SECONDS / 2, []
        while time.monotonic() < until:
            self.mail.write(50)
            times.append(self.scrape(timeout=1))
            time.sleep(0.1)
        print(f"{attack.made} connections from all addresses; {len(times)} scrapes, "
              f"{times.count(None)} in vain")
        self.wait_for_service(attack, "all addresses")

    def test_own_address(self):
        """A scraper shut out by slow neighbours gets in again when their deadline has come."""
        slow = [kind for kind in KINDS if kind[0] == "slow"]
        attack = self.attack((SCRAPER,), slow)
        time.sleep(1)
        self.assertIsNone(self.scrape(timeout=1), "not enough attackers: nothing was tested")
        self.wait_for_service(attack, "own address")


if __name__ == "__main__":
    unittest.main()
