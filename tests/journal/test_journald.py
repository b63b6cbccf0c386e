#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The journal reader beside a real systemd-journald (journald.py): as root only."""

import os
import subprocess
import threading
import time
import unittest

from drain import ALL, Drain
from journald import Journald, missing

SKIP = missing()


def numbers(entries):
    return [int(e.message.split()[-1]) for e in entries if e.message.startswith(b"message ")]


@unittest.skipIf(SKIP, SKIP)
class LiveCase(unittest.TestCase):
    def journald(self, **settings):
        journald = Journald(**settings)
        self.enterContext(journald)
        return journald

    def drain(self, journald, *arguments, **more):
        drain = Drain(*arguments, before=journald.inside, **more)
        self.addCleanup(drain.end)
        return drain

    @staticmethod
    def write(journald, start, end=None, **fields):
        for i in range(start, start + 1 if end is None else end):
            journald.write(MESSAGE="message %d" % i, SYSLOG_IDENTIFIER="postfix/smtp", **fields)

    def follow(self, drain, n, seconds=10):
        """The numbers of N entries made by write(); journald's own are passed over."""
        got = []
        deadline = time.monotonic() + seconds
        while len(got) < n and time.monotonic() < deadline:
            got += numbers(drain.follow(n - len(got), 1))
        return got


class Live(LiveCase):
    def test_every_entry_once_over_a_rotation(self):
        """2,000 entries at 100/s with a rotation in the middle: others counted 98 of 2,020."""
        journald = self.journald()
        drain = self.drain(journald, "--since", "now").open()

        def run():
            start = time.monotonic()
            for i in range(2000):
                self.write(journald, i)
                if i == 1000:
                    journald.rotate()
                time.sleep(max(0.0, start + i / 100 - time.monotonic()))
        writer = threading.Thread(target=run)
        writer.start()
        got = self.follow(drain, 2000, 40)
        writer.join()
        got += numbers(drain.follow(ALL, 1))
        self.assertEqual(got, list(range(2000)))
        self.assertEqual(drain.stats()["errors"], 0)

    def test_now_and_at_once(self):
        journald = self.journald()
        self.write(journald, 0, 10)
        journald.sync()
        drain = self.drain(journald, "--since", "now").open()
        self.write(journald, 10, 20)
        journald.sync()
        self.assertEqual(numbers(drain.next()), list(range(10, 20)))

    def test_boot_is_the_one_of_the_newest_entry(self):
        journald = self.journald()
        self.write(journald, 0, 10)
        journald.sync()
        drain = self.drain(journald, "--since", "boot").open()
        self.assertEqual(numbers(drain.next()), list(range(10)))

    def test_rotations_while_reading(self):
        """Reading stays behind, or catches up before or after the rotation."""
        journald = self.journald()
        drain = self.drain(journald, "--since", "now").open()
        got, n = [], 0
        for i in range(50):
            self.write(journald, n, n + 20)
            n += 20
            if i % 3 == 0:
                got += numbers(drain.follow(ALL, 0.05))
            journald.rotate()
            if i % 3 == 1:
                got += numbers(drain.next(15))
        got += numbers(drain.next())
        self.assertEqual(got, list(range(n)))
        self.assertLessEqual(drain.stats()["fds"], len(journald.files()) + 15)

    def test_first_entry_of_a_user_after_each_rotation(self):
        """It is in a new file, and elder than the entry behind it in the known file."""
        journald = self.journald(SplitMode="uid")
        drain = self.drain(journald, "--since", "now").open()
        got, n = [], 0
        for i in range(30):
            for _ in range(5):
                self.write(journald, n, _uid=1234)
                self.write(journald, n + 1)
                n += 2
                if i % 2:
                    got += numbers(drain.next())
            journald.sync()
            got += numbers(drain.next())
            journald.rotate()
            if i % 3 == 0:
                got += numbers(drain.next())
        self.assertEqual(got, list(range(n)))

    def test_descriptors_over_vacuumed_rotations(self):
        journald = self.journald()
        drain = self.drain(journald, "--since", "now").open()
        counts = []
        for i in range(50):
            self.write(journald, i)
            journald.sync()
            self.assertEqual(numbers(drain.next()), [i])
            journald.rotate()
            for name in journald.files():
                if "@" in name:
                    os.unlink(journald.path(name))
            drain.follow(1, 0.02)
            counts.append(drain.stats()["fds"])
        self.assertLessEqual(max(counts[5:]), min(counts[5:]) + 3)

    def test_deleted_files_are_given_back_while_draining(self):
        """They would stay open, and fill the disk, until a long catch-up is over."""
        journald = self.journald(storage="volatile")
        self.write(journald, 0, 6000)
        journald.sync()
        drain = self.drain(journald).open()
        drain.next(1000)
        journald.rotate()
        for name in journald.files("/run/log/journal"):
            if "@" in name:
                os.unlink(journald.path(name))
        self.assertTrue(self.deleted(drain))
        drain.next(1100)
        self.assertFalse(self.deleted(drain))

    @staticmethod
    def deleted(drain):
        directory = "/proc/%d/fd" % drain.process.pid
        links = [os.readlink(os.path.join(directory, fd)) for fd in os.listdir(directory)]
        return [link for link in links if "(deleted)" in link]

    def test_journald_is_killed_and_started_again(self):
        journald = self.journald()
        drain = self.drain(journald, "--since", "now").open()
        got, n = [], 0
        for _ in range(5):
            self.write(journald, n, n + 30)
            n += 30
            journald.sync()
            got += numbers(drain.next(20))
            journald.kill()
            journald.start()
            self.write(journald, n, n + 30)
            n += 30
        journald.sync()
        got += numbers(drain.follow(ALL, 1))
        self.assertEqual(got, list(range(n)))

    def test_reopened_at_random(self):
        journald = self.journald()
        drain = self.drain(journald, "--since", "now").open()
        got, n = [], 0
        for i in range(40):
            self.write(journald, n, n + 37)
            n += 37
            if i % 8 == 3:
                journald.rotate()
            if i % 3 == 0:
                journald.sync()
                drain.open()
            got += numbers(drain.next(30 + i))
        journald.sync()
        got += numbers(drain.next())
        self.assertEqual(got, list(range(n)))

    def test_vacuum(self):
        """Archived files go while they are being read; what is left comes once and in order."""
        journald = self.journald(SystemMaxUse="16M", SystemMaxFileSize="1M")
        drain = self.drain(journald, "--since", "now").open()
        got, n = [], 0
        for _ in range(30):
            for _ in range(100):
                journald.write(MESSAGE="message %d" % n, SYSLOG_IDENTIFIER="postfix/smtp",
                               PADDING=os.urandom(3000))
                n += 1
            got += numbers(drain.follow(90, 0.2))
        journald.sync()
        got += numbers(drain.follow(ALL, 1))
        self.assertEqual(got, sorted(set(got)))
        self.assertEqual(got[-1], n - 1)
        self.assertGreater(len(got), n // 2)


class Places(LiveCase):
    def test_flush_to_disk_while_reading(self):
        """The same entries in /run and in /var, then no longer in /run."""
        journald = self.journald(storage="auto")
        os.makedirs(journald.path("/var/log/journal"))
        drain = self.drain(journald, "--since", "now").open()
        self.write(journald, 0, 300)
        journald.sync()
        got = numbers(drain.next(100))
        journald.flush()
        self.write(journald, 300, 400)
        journald.sync()
        got += numbers(drain.follow(ALL, 1))
        self.assertEqual(got, list(range(400)))

    def test_directory_made_persistent_while_reading(self):
        """libsystemd does not watch /var/log/journal if it was not there from the start."""
        journald = self.journald(storage="auto")
        drain = self.drain(journald, "--since", "now").open()
        self.write(journald, 0, 10)
        got = self.follow(drain, 10)
        os.makedirs(journald.path("/var/log/journal"))
        journald.flush()
        self.write(journald, 10, 20)
        journald.sync()
        got += self.follow(drain, 10)
        self.assertEqual(got, list(range(20)))

    def test_user_journals_are_read(self):
        journald = self.journald(SplitMode="uid")
        drain = self.drain(journald, "--since", "now").open()
        self.write(journald, 0)
        self.write(journald, 1, _uid=1234)
        journald.sync()
        entries = [e for e in drain.next() if e.message.startswith(b"message")]
        self.assertEqual([e.uid for e in entries], [0, 1234])
        self.assertIn("user-1234.journal", " ".join(journald.files()))

    def test_foreign_machines_are_not_read(self):
        journald = self.journald()
        self.write(journald, 0)
        journald.sync()
        other = "/var/log/journal/" + "f" * 32
        os.makedirs(journald.path(other))
        os.rename(journald.path(journald.files()[0]), journald.path(other + "/system.journal"))
        journald.kill()
        journald.start()
        self.write(journald, 1)
        journald.sync()
        self.assertEqual(numbers(self.drain(journald).open().next()), [1])

    def test_no_journal_at_all_and_then_one(self):
        journald = self.journald(storage="none")
        drain = self.drain(journald, "--since", "now")
        with self.assertRaisesRegex(Exception, "no journal here"):
            drain.open()
        journald.stop()
        with open(journald.path("/run/systemd/journald.conf.d/zz.conf"), "w") as file:
            file.write("[Journal]\nStorage=volatile\n")
        journald.start()
        self.write(journald, 0, 3)
        self.assertEqual(self.follow(drain, 3), [0, 1, 2])


class Entries(LiveCase):
    def test_trusted_fields(self):
        journald = self.journald()
        journald.write_syslog("<22>postfix/smtp[42]: message 1", _uid=1234)
        journald.sync()
        entries = [e for e in self.drain(journald).open().next() if b"message" in e.message]
        self.assertEqual([(e.identifier, e.uid) for e in entries], [(b"postfix/smtp", 1234)])

    def test_doubled_and_forged_fields(self):
        journald = self.journald()
        journald.write([("MESSAGE", "message 1"), ("SYSLOG_IDENTIFIER", "postfix/smtp"),
                        ("SYSLOG_IDENTIFIER", "postfix/smtpd"), ("_UID", "0")], _uid=1234)
        journald.write(MESSAGE="message 2", SYSLOG_IDENTIFIER="systemd-journald",
                       MESSAGE_ID="a596d6fe7bfa4994828e72309e95d61e", N_DROPPED="5",
                       _TRANSPORT="driver")
        journald.sync()
        entries = [e for e in self.drain(journald).open().next() if b"message" in e.message]
        self.assertEqual([(e.identifier, e.uid, e.dropped) for e in entries],
                         [(b"", 1234, 0), (b"systemd-journald", 0, 0)])

    def test_big_and_binary(self):
        journald = self.journald()
        for message in (b"message \0\xff\xfe 1", b"message " + b"x" * (1 << 20)):
            journald.write(MESSAGE=message, SYSLOG_IDENTIFIER="postfix/smtp")
        journald.sync()
        entries = [e for e in self.drain(journald).open().next() if b"message" in e.message]
        self.assertEqual(entries[0].message, b"message \0\xff\xfe 1")
        self.assertEqual(entries[1].message, b"message " + b"x" * (16384 - 8))

    def test_lines_of_a_service_share_one_stamp(self):
        """They come once each also when the journal is opened again in the middle of them."""
        journald = self.journald()
        code = ("import socket,sys;s=socket.socket(socket.AF_UNIX);"
                "s.connect('/run/systemd/journal/stdout');"
                "s.sendall(b'postfix/smtp\\n\\n6\\n0\\n0\\n0\\n0\\n');"
                "s.sendall(b''.join(b'message %d\\n'%i for i in range(200)))")
        subprocess.run(journald.inside("python3", "-c", code), check=True)
        journald.sync()
        drain = self.drain(journald).open()
        entries = drain.next(100)
        entries += drain.open().next()
        self.assertEqual(numbers(entries), list(range(200)))


class Idle(LiveCase):
    def test_no_busy_loop(self):
        journald = self.journald()
        self.write(journald, 0, 100)
        drain = self.drain(journald).open()
        drain.follow(ALL, 0.5)
        before = drain.stats()["cpu_usec"]
        drain.follow(ALL, 3)
        self.assertLess(drain.stats()["cpu_usec"] - before, 30000)


if __name__ == "__main__":
    unittest.main()
