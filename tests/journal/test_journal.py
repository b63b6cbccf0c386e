#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The journal reader against journal files made from text; test_journald.py has the live ones."""

import errno
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from drain import NO_UID, Drain, DrainError
from journald import (BOOT_1, BOOT_2, EPOCH_USEC, MACHINE, entry, make_journal, missing_remote)

SKIP = missing_remote()
NOBODY = 65534


def numbers(entries):
    """The numbers in the messages that entry() makes."""
    return [int(e.message.split()[-1]) for e in entries if e.message.startswith(b"message ")]


@unittest.skipIf(SKIP, SKIP)
class JournalCase(unittest.TestCase):
    """A directory of its own for every test."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="journal.")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name="a.journal"):
        return os.path.join(self.directory, name)

    def make(self, entries, name="a.journal"):
        make_journal(self.path(name), entries)
        return self.path(name)

    def drain(self, *arguments, **more):
        drain = Drain("--directory", self.directory, *arguments, **more)
        self.addCleanup(drain.end)
        return drain

    def read_all(self, *arguments, **more):
        return self.drain(*arguments, **more).open().next()

    def one(self, *extra, **more):
        """The entry that comes out when one with these fields goes in."""
        self.make([entry(0, extra=extra, **more)])
        entries = self.read_all()
        self.assertEqual(len(entries), 1)
        return entries[0]


class Start(JournalCase):
    def test_all(self):
        self.make(entry(i) for i in range(2000))
        self.assertEqual(numbers(self.read_all()), list(range(2000)))

    def test_now_delivers_only_what_comes_later(self):
        self.make(entry(i) for i in range(10))
        drain = self.drain("--since", "now").open()
        self.make(entry(i) for i in range(10, 15))  # between open and the first next
        self.assertEqual(numbers(drain.next()), list(range(10, 15)))
        self.make([entry(15)])
        self.assertEqual(numbers(drain.next()), [15])

    def test_now_with_several_files_delivers_nothing_old(self):
        """seek_tail followed by next gives an old entry per file (systemd#9934)."""
        for i in range(4):
            self.make([entry(2 * i), entry(2 * i + 1)], "f%d.journal" % i)
        drain = self.drain("--since", "now").open()
        self.assertEqual(drain.next(), [])
        self.make([entry(100)], "f1.journal")
        self.assertEqual(numbers(drain.next()), [100])

    def test_now_in_an_empty_directory(self):
        drain = self.drain("--since", "now").open()
        self.assertEqual(drain.next(), [])
        self.make(entry(i) for i in range(3))
        self.assertEqual(numbers(drain.follow(3, 5)), [0, 1, 2])

    def test_now_in_a_file_without_entries(self):
        self.make([])
        drain = self.drain("--since", "now").open()
        self.make(entry(i) for i in range(3))
        self.assertEqual(numbers(drain.follow(3, 5)), [0, 1, 2])

    def test_now_is_the_first_open_even_if_it_failed(self):
        """What is written while the journal cannot be read is delivered when it can."""
        self.make([entry(0)])
        drain = self.drain("--since", "now", fault="files:1:1:%d" % errno.EIO)
        with self.assertRaises(DrainError):
            drain.open()
        self.make([entry(1, usec=int(time.time() * 1e6))])
        self.assertEqual(numbers(drain.open().next()), [1])

    def test_boot(self):
        self.make([entry(i) for i in range(10)] +
                  [entry(i, boot=BOOT_2) for i in range(10, 20)])
        self.assertEqual(numbers(self.read_all("--since", "boot")), list(range(10, 20)))

    def test_boot_with_files_that_do_not_know_it(self):
        """A seek by boot and monotonic time goes to the head of such a file."""
        self.make([entry(i) for i in range(10)], "old.journal")
        self.make([entry(i, boot=BOOT_2) for i in range(10, 20)], "new.journal")
        self.assertEqual(numbers(self.read_all("--since", "boot")), list(range(10, 20)))

    def test_boot_that_started_with_a_wrong_clock(self):
        """Entries of the boot before it come later than its first ones by the clock."""
        self.make([entry(i) for i in range(10)], "old.journal")
        self.make([entry(i, boot=BOOT_2, usec=EPOCH_USEC - 10**9 + i) for i in range(10, 15)] +
                  [entry(i, boot=BOOT_2) for i in range(15, 20)], "new.journal")
        self.assertEqual(numbers(self.read_all("--since", "boot")), list(range(10, 20)))

    def test_boot_goes_on_with_other_boots_once_it_caught_up(self):
        self.make([entry(i) for i in range(5)])
        drain = self.drain("--since", "boot").open()
        self.assertEqual(len(drain.next()), 5)
        self.make([entry(7, boot=BOOT_2)])
        self.assertEqual(numbers(drain.next()), [7])

    def test_boot_of_an_empty_journal(self):
        drain = self.drain("--since", "boot").open()
        self.assertEqual(drain.next(), [])
        self.make([entry(0)])
        self.assertEqual(numbers(drain.follow(1, 5)), [0])

    def test_time(self):
        self.make([entry(i) for i in range(10)])
        self.make([entry(i) for i in range(10, 20)], "b.journal")
        since = str(EPOCH_USEC + 5 * 1000)
        self.assertEqual(numbers(self.read_all("--since", since)), list(range(5, 20)))

    def test_time_between_entries_and_behind_all(self):
        self.make([entry(i) for i in range(10)])
        since = str(EPOCH_USEC + 4 * 1000 + 1)
        self.assertEqual(numbers(self.read_all("--since", since)), list(range(5, 10)))
        since = str(EPOCH_USEC + 10**9)
        self.assertEqual(self.read_all("--since", since), [])


    def test_time_and_a_clock_that_was_wrong_for_a_while(self):
        self.make(entry(i, usec=EPOCH_USEC - i if i in (70, 71) else None) for i in range(100))
        since = str(EPOCH_USEC + 30 * 1000)
        self.assertEqual(numbers(self.read_all("--since", since)),
                         [*range(30, 70), *range(72, 100)])


class Places(JournalCase):
    def fails(self, error, *arguments, **more):
        with Drain(*arguments, **more) as drain:
            with self.assertRaises(DrainError) as caught:
                drain.open()
            with self.assertRaises(DrainError):  # and it stays closed
                drain.next()
        self.assertEqual(caught.exception.errno, error)
        return str(caught.exception)

    def test_missing_directory(self):
        self.fails(errno.ENOENT, "--directory", self.path("missing"))

    def test_directory_that_is_a_file(self):
        self.fails(errno.ENOTDIR, "--directory", self.make([entry(0)]))

    def test_files(self):
        a = self.make([entry(0), entry(2)])
        b = self.make([entry(1), entry(3)], "b.journal")
        with Drain("--file", a, "--file", b) as drain:
            self.assertEqual(numbers(drain.open().next()), [0, 1, 2, 3])
            self.assertEqual(drain.next(), [])
            drain.journal_process()
            self.assertEqual(drain.follow(1, 0.2), [])

    def test_missing_file(self):
        self.fails(errno.ENOENT, "--file", self.path("missing.journal"))

    def test_file_that_is_no_journal(self):
        with open(self.path("x.journal"), "wb") as file:
            file.write(b"no journal\n" * 10000)
        with Drain("--file", self.path("x.journal")) as drain:
            with self.assertRaises(DrainError):
                drain.open()
        self.fails(errno.EBADMSG, "--directory", self.directory)

    def test_directories_of_machines_are_read_whoever_they_are(self):
        os.mkdir(self.path(MACHINE))
        os.mkdir(self.path("f" * 32))
        os.mkdir(self.path("other"))
        self.make([entry(0)], MACHINE + "/system.journal")
        self.make([entry(1)], "f" * 32 + "/system.journal")
        self.make([entry(2)], "other/system.journal")
        self.assertEqual(numbers(self.read_all()), [0, 1])

    def test_missing_namespace(self):
        with Drain("--namespace", "missing") as drain:
            with self.assertRaises(DrainError) as caught:
                drain.open()
            self.assertEqual(caught.exception.errno, errno.ENOENT)

    def as_nobody(self, error):
        os.chmod(self.directory, 0o755)
        program = os.path.join(tempfile.mkdtemp(prefix="journal."), "drain")
        self.addCleanup(shutil.rmtree, os.path.dirname(program))
        shutil.copy(os.environ["DRAIN"], program)
        os.chmod(os.path.dirname(program), 0o755)
        os.chmod(program, 0o755)
        return self.fails(error, "--directory", self.directory,
                          before=lambda _, *arguments: [program, *arguments],
                          user=NOBODY, group=NOBODY, extra_groups=[], cwd="/")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_unreadable_files(self):
        os.chmod(self.make([entry(0)]), 0o600)
        self.assertIn("systemd-journal", self.as_nobody(errno.EACCES))

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_unreadable_directory(self):
        os.mkdir(self.path(MACHINE), 0o700)
        self.make([entry(0)], MACHINE + "/system.journal")
        self.as_nobody(errno.EACCES)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_own_file_is_not_enough_if_those_of_the_system_are_unreadable(self):
        os.chmod(self.make([entry(0)], "system.journal"), 0o600)
        os.chmod(self.make([entry(1)], "user-65534.journal"), 0o644)
        self.as_nobody(errno.EACCES)


class Fields(JournalCase):
    def test_plain(self):
        e = self.one(("_PID", "77"), ("_UID", "105"))
        self.assertEqual(e, (EPOCH_USEC, b"postfix/smtp", b"postfix@-.service",
                             b"/usr/lib/postfix/sbin/smtp", 105, 77, False, 0, b"message 0"))

    def test_absent(self):
        e = self.one(*((name, None) for name in ("_PID", "_UID", "_EXE", "_SYSTEMD_UNIT",
                                                 "SYSLOG_IDENTIFIER", "MESSAGE")))
        self.assertEqual(e, (EPOCH_USEC, b"", b"", b"", NO_UID, 0, False, 0, b""))

    def test_any_byte(self):
        message = bytes(range(256)) * 2 + b"\0\xff\xfe\xc3"
        self.assertEqual(self.one(("MESSAGE", message)).message, message)

    def test_empty_message_and_identifier(self):
        e = self.one(("MESSAGE", ""), ("SYSLOG_IDENTIFIER", ""))
        self.assertEqual((e.message, e.identifier), (b"", b""))

    def test_message_of_a_megabyte_is_cut(self):
        for fill in (b"x", os.urandom(1024)):  # compressed and not
            message = (b"550 5.7.1 " + fill * (1 << 20))[:1 << 20]
            with self.subTest(fill=len(fill)):
                e = self.one(("MESSAGE", message))
                self.assertEqual(e.message, message[:16384])
                self.assertEqual(e.identifier, b"postfix/smtp")
            os.unlink(self.path())

    def test_too_long_is_absent_and_never_a_part(self):
        for name, attribute, size in (("SYSLOG_IDENTIFIER", "identifier", 256),
                                      ("_SYSTEMD_UNIT", "unit", 256), ("_EXE", "exe", 4096)):
            for length in (size - 1, size, size + 1, 1 << 20):
                value = ("postfix/smtp" + "x" * length)[:length]
                with self.subTest(name=name, length=length):
                    got = getattr(self.one((name, value)), attribute)
                    self.assertEqual(got, value.encode() if length <= size else b"")
                os.unlink(self.path())

    def test_doubled_fields_belong_to_nobody(self):
        cases = [
            [("SYSLOG_IDENTIFIER", "postfix/smtp"), ("SYSLOG_IDENTIFIER", "other")],
            [("MESSAGE", "one"), ("MESSAGE", "two")],
            [("_UID", "0"), ("_UID", "1000")],
            [("_SYSTEMD_UNIT", "a.service"), ("_SYSTEMD_UNIT", "b.service")],
        ]
        for extra in cases:
            with self.subTest(extra=extra):
                self.assertEqual(self.one(*extra).identifier, b"")
            os.unlink(self.path())

    def test_doubled_and_not_wanted(self):
        e = self.one(("SYSLOG_IDENTIFIER", "postfix/smtp"), ("SYSLOG_IDENTIFIER", "foreign"))
        self.assertIn(e.identifier, (b"", b"foreign"))

    def test_uid_is_strictly_decimal(self):
        for value, uid in (("0", 0), ("65534", 65534), ("4294967294", 4294967294),
                           ("4294967295", NO_UID), ("4294967296", NO_UID), ("00", NO_UID),
                           ("18446744073709551616", NO_UID), ("-1", NO_UID), ("+1", NO_UID),
                           ("", NO_UID), ("0x0", NO_UID), (" 0", NO_UID), ("0 ", NO_UID),
                           (b"0\0", NO_UID)):
            with self.subTest(value=value):
                self.assertEqual(self.one(("_UID", value)).uid, uid)
            os.unlink(self.path())

    def test_container(self):
        self.assertTrue(self.one(("CONTAINER_NAME", "mail")).container)
        os.unlink(self.path())
        self.assertTrue(self.one(("CONTAINER_ID", "0123456789ab")).container)

    def test_dropped(self):
        notice = [("SYSLOG_IDENTIFIER", "systemd-journald"), ("_TRANSPORT", "driver"),
                  ("MESSAGE_ID", "a596d6fe7bfa4994828e72309e95d61e"), ("N_DROPPED", "1234")]
        self.assertEqual(self.one(*notice).dropped, 1234)
        for change in (("_TRANSPORT", "journal"), ("MESSAGE_ID", "f" * 32), ("N_DROPPED", "-5"),
                       ("N_DROPPED", "9" * 30)):
            os.unlink(self.path())
            with self.subTest(change=change):
                fields = dict(notice) | dict([change])
                self.assertEqual(self.one(*fields.items()).dropped, 0)

    def test_not_wanted(self):
        e = self.one(("SYSLOG_IDENTIFIER", "foreign"))
        self.assertEqual((e.identifier, e.realtime), (b"foreign", EPOCH_USEC))


class Damage(JournalCase):
    def test_truncated_while_mapped(self):
        """Raises SIGBUS; what is in the other file is delivered nevertheless, once."""
        long = self.make(entry(2 * i) for i in range(20000))
        self.make((entry(2 * i + 1) for i in range(20000)), "b.journal")
        for size in (4096, 1 << 20, 5 << 20):
            with self.subTest(size=size):
                shutil.copy(long, self.path("saved"))
                drain = self.drain().open()
                got = numbers(drain.next(1000))
                os.truncate(long, size)
                got += numbers(drain.next())
                stats = drain.stats()
                self.assertEqual(len(got), len(set(got)))
                self.assertEqual([n for n in got if n % 2], list(range(1, 40000, 2)))
                self.assertGreater(stats["reopens"], 0)
                self.assertLess(stats["reopens"], 10)
                self.assertGreater(stats["errors"], 0)
                self.make([entry(99999)], "b.journal")
                self.assertEqual(numbers(drain.follow(1, 5)), [99999])
                drain.end()
                os.replace(self.path("saved"), long)
                for name in os.listdir(self.directory):
                    if name.startswith("b"):
                        os.unlink(self.path(name))
                self.make((entry(2 * i + 1) for i in range(20000)), "b.journal")

    def test_truncated_just_before_open(self):
        """The seek for the newest entry runs into it."""
        path = self.make(entry(i) for i in range(20000))
        os.truncate(path, 1 << 20)
        self.make([entry(20000)], "b.journal")
        self.assertEqual(self.read_all("--since", "now"), [])

    def test_sigbus_from_elsewhere_is_fatal(self):
        self.make([entry(0)])
        drain = Drain("--directory", self.directory, stderr=subprocess.DEVNULL).open()
        drain.process.send_signal(signal.SIGBUS)
        with self.assertRaises(RuntimeError):
            drain.end()

    def test_flipped_bytes(self):
        """Ends, with every entry of the other file and none twice, wherever the damage is."""
        good = self.make((entry(2 * i) for i in range(3000)), "good.journal")
        bad = self.make((entry(2 * i + 1) for i in range(3000)), "bad.journal")
        used = os.path.getsize(bad)
        with open(bad, "rb") as file:
            original = file.read()
        self.assertTrue(good)
        for offset in [300, *range(5 << 18, used, used // 23)]:
            damaged = bytearray(original)
            for i in range(offset, min(offset + 600, used), 3):
                damaged[i] ^= 0xff
            with open(bad, "wb") as file:
                file.write(damaged)
            with self.subTest(offset=offset):
                got = numbers(self.read_all())
                self.assertEqual([n for n in got if n % 2 == 0], list(range(0, 6000, 2)))
                self.assertEqual(len(got), len(set(got)))

    def test_file_deleted_while_read(self):
        self.make((entry(i) for i in range(3000)), "a.journal")
        self.make((entry(i) for i in range(3000, 6000)), "b.journal")
        drain = self.drain().open()
        got = numbers(drain.next(1000))
        os.unlink(self.path("a.journal"))
        drain.journal_process()
        self.assertEqual(numbers(drain.next()), list(range(3000, 6000)))
        self.assertEqual(got, list(range(1000)))

    def test_identical_entries_in_two_files(self):
        shutil.copy(self.make(entry(i) for i in range(3000)), self.path("copy.journal"))
        drain = self.drain().open()
        got = numbers(drain.next(777)) + numbers(drain.open().next())
        self.assertEqual(got, list(range(3000)))


class Again(JournalCase):
    """After journal_open() once more, nothing twice and nothing left out."""

    def test_after_any_number_of_entries(self):
        self.make(entry(i) for i in range(2500))
        for step in (1, 511, 512, 513, 514, 1024, 1025):
            with self.subTest(step=step):
                drain = self.drain().open()
                got = []
                for _ in range(min(40, 2500 // step)):
                    got += numbers(drain.next(step))
                    drain.open()
                got += numbers(drain.next())
                self.assertEqual(got, list(range(2500)))

    def test_at_the_end(self):
        self.make(entry(i) for i in range(10))
        drain = self.drain().open()
        self.assertEqual(len(drain.next()), 10)
        self.assertEqual(drain.open().next(), [])
        self.make([entry(10)])
        self.assertEqual(numbers(drain.open().next()), [10])

    def test_equal_stamps(self):
        """journald stamps all lines it reads at once from a service's output with one time."""
        self.make(self.burst())
        for first in (1, 2, 300, 512, 513, 600, 700):
            with self.subTest(first=first):
                drain = self.drain().open()
                got = numbers(drain.next(first)) + numbers(drain.open().next())
                self.assertEqual(got, list(range(701)))

    def test_equal_stamps_in_a_copy(self):
        self.make(self.burst())
        for first in (300, 513, 600):
            with self.subTest(first=first):
                drain = self.drain().open()
                got = numbers(drain.next(first))
                os.unlink(self.path())
                self.make(self.burst())
                self.assertEqual(got + numbers(drain.open().next()), list(range(701)))

    @staticmethod
    def burst():
        same = [("__MONOTONIC_TIMESTAMP", 1001000)]
        return [entry(0), *(entry(i, extra=same, usec=EPOCH_USEC + 1000) for i in range(1, 700)),
                entry(700)]

    def test_cursor_is_gone(self):
        """The file with the entry of the cursor is deleted; the next entry may not be skipped."""
        self.make([entry(i) for i in range(600)], "a.journal")
        self.make([entry(i) for i in range(600, 1200)], "b.journal")
        for first in (300, 513, 600):
            with self.subTest(first=first):
                drain = self.drain().open()
                self.assertEqual(len(drain.next(first)), first)
                os.rename(self.path("a.journal"), self.path("gone"))
                drain.open()
                self.assertEqual(numbers(drain.next()), list(range(600, 1200)))
                os.rename(self.path("gone"), self.path("a.journal"))

    def test_cursor_is_gone_but_a_copy_is_there(self):
        """As after journalctl --flush: the same entries, numbered anew."""
        self.make([entry(i) for i in range(700)], "a.journal")
        for first in (1, 513, 700):
            with self.subTest(first=first):
                drain = self.drain().open()
                got = numbers(drain.next(first))
                if first == 700:
                    self.assertEqual(drain.next(), [])
                os.rename(self.path("a.journal"), self.path("gone"))
                self.make([entry(i) for i in range(701)], "b.journal")
                got += numbers(drain.open().next())
                self.assertEqual(got, list(range(701)))
                os.unlink(self.path("b.journal"))
                os.rename(self.path("gone"), self.path("a.journal"))

    def test_late_entries_are_found(self):
        """A file that turns up late, with entries between those delivered."""
        self.make([entry(10 * i) for i in range(100)], "a.journal")
        drain = self.drain().open()
        self.assertEqual(len(drain.next(80)), 80)
        self.make([entry(5), entry(795)], "late.journal")
        got = numbers(drain.open().next())
        self.assertEqual(sorted(got), [5, 795, *range(800, 1000, 10)])

    def test_everything_is_gone_and_comes_back(self):
        self.make([entry(i) for i in range(10)])
        drain = self.drain().open()
        drain.next()
        os.rename(self.path(), self.path("gone"))
        self.assertEqual(drain.open().next(), [])
        os.rename(self.path("gone"), self.path())
        self.make([entry(10)])
        self.assertEqual(numbers(drain.follow(1, 5)), [10])

    def test_descriptors_and_directory_changes(self):
        self.make([entry(0)])
        drain = self.drain().open()
        drain.next()
        before = drain.stats()["fds"]
        for i in range(1, 51):
            os.rename(self.path(), self.path("a@%d.journal" % i))
            self.make([entry(i)])
            self.assertEqual(numbers(drain.follow(1, 5)), [i])
            os.unlink(self.path("a@%d.journal" % i))
            drain.open()
        self.assertLessEqual(drain.stats()["fds"], before + 2)


class Faults(JournalCase):
    """libsystemd is made to fail at entry 700 (faults.c)."""

    N = 1500
    AT = EPOCH_USEC + 700 * 1000

    def check(self, fault, lost=(), **stats):
        self.make(entry(i) for i in range(self.N))
        drain = self.drain(fault=fault).open()
        got = numbers(drain.next())
        self.assertEqual(got, [i for i in range(self.N) if i not in lost])
        got = drain.stats()
        self.assertEqual({name: got[name] for name in stats}, stats)

    def test_one_error_is_retried(self):
        for function in ("next", "enumerate", "realtime"):
            with self.subTest(function=function):
                self.check("%s:%d:1:%d" % (function, self.AT, errno.EBADMSG), errors=1, reopens=0)
            os.unlink(self.path())

    def test_repeated_error_reopens(self):
        for function in ("next", "enumerate"):
            with self.subTest(function=function):
                self.check("%s:%d:2:%d" % (function, self.AT, errno.EADDRNOTAVAIL),
                           errors=2, reopens=1)
            os.unlink(self.path())

    def test_unreadable_entry_is_passed_over(self):
        for function in ("enumerate", "realtime"):
            with self.subTest(function=function):
                self.check("%s:%d:1000:%d" % (function, self.AT, errno.EIO), lost=[700],
                           errors=4, reopens=2)
            os.unlink(self.path())

    def test_stuck_next_is_passed_over(self):
        """systemd#36247: the same error for ever. Entries of the next milliseconds may go as well."""
        self.make(entry(i) for i in range(self.N))
        drain = self.drain(fault="next:%d:1000000:%d" % (self.AT, errno.EBADMSG)).open()
        got = numbers(drain.next())
        self.assertEqual(got[:700], list(range(700)))
        self.assertLess(got[700], 710)
        self.assertEqual(got[700:], list(range(got[700], self.N)))

    def test_whole_stretches_are_passed_over(self):
        at = " ".join("enumerate:%d:1000:%d" % (self.AT + i * 1000, errno.EIO) for i in range(8))
        self.check(at, lost=range(700, 708), reopens=2)

    def test_at_the_last_entry(self):
        self.make(entry(i) for i in range(701))
        drain = self.drain(fault="next:%d:1000000:%d" % (self.AT, errno.EBADMSG)).open()
        self.assertEqual(numbers(drain.next()), list(range(700)))
        self.make([entry(701)])
        self.assertEqual(numbers(drain.follow(1, 5)), [701])

    def test_process_fails(self):
        self.check("process:1:1:%d" % errno.EIO, errors=1)

    def test_no_cursor(self):
        """The set is full and no cursor to be had: only a reopen right then would deliver twice."""
        self.check("cursor:%d:1:%d" % (EPOCH_USEC + 512 * 1000, errno.ENOMEM), errors=0)

    def test_seek_fails(self):
        self.check("next:%d:1:%d seek:1:1:%d" % (self.AT, errno.EBADMSG, errno.EINVAL))

    def test_reopen_fails_and_the_caller_is_told(self):
        self.make(entry(i) for i in range(self.N))
        drain = self.drain(fault="next:%d:2:%d files:2:1:%d files:3:1:%d" % (
            self.AT, errno.EBADMSG, errno.EMFILE, errno.EACCES)).open()
        with self.assertRaises(DrainError) as caught:
            drain.next()
        self.assertEqual(caught.exception.errno, errno.EMFILE)
        with self.assertRaises(DrainError):
            drain.open()
        self.assertEqual(numbers(drain.open().next()), list(range(700, self.N)))


if __name__ == "__main__":
    unittest.main()
