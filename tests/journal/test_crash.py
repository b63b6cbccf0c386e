#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing lost, nothing counted twice: the exporter is killed at random beside a real journald.

Reply number n is a pair of code and enhanced code that no other number has, so that a loss and a
duplicate cannot cancel out. As root only. The seed is printed; SEED in the environment repeats a run.
"""

import collections
import os
import queue
import random
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from exporter import (OWN, PATIENCE, REPLY_FAMILIES, Exporter, delivery, free_port, once, pairs,
                      queue_id)
from journald import Journald, missing, wait_for

SKIP = missing()
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))

ENHANCED = "smtp_client_reply_enhanced_total"
PAIRS = 1500  # below the cap of a family
END_OF_DATA = "end of DATA"


class Writer(threading.Thread):
    """Writes as many replies as it is told to, each with a pause of its own.

    A third of them are replies to the end of the data with a second recipient, whose line comes some
    time later and counts as a delivery but not as a reply. Entries of others come in between.
    """

    def __init__(self, journald, numbers, chance):
        super().__init__(daemon=True)
        self.journald = journald
        self.numbers = numbers
        self.chance = chance
        self.lock = threading.Lock()  # whoever restarts journald holds it
        self.orders = queue.Queue()
        self.later = collections.deque()
        self.replies = self.lines = 0  # begun, so that nobody can have counted more
        self.error = None

    def run(self):
        try:
            for number, (code, enhanced) in enumerate(self.numbers):
                self.orders.get()
                self.reply(number, code, enhanced)
                if self.later and self.chance.random() < 0.5:
                    self.second(self.later.popleft())
                if self.chance.random() < 0.03:
                    self.others(self.chance.randrange(800))
                time.sleep(self.chance.random() * 0.02)
            while self.later:
                self.second(self.later.popleft())
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error
            raise

    def reply(self, number, code, enhanced):
        several = number % 3 == 0
        stage = END_OF_DATA if several else "RCPT TO"
        message = delivery(queue_id(number), code, enhanced, stage=stage)
        self.replies += 1
        self.send(message)
        if several:
            self.later.append(message.replace("<a@", "<b@"))

    def second(self, message):
        self.send(message)

    def send(self, message):
        self.lines += 1
        with self.lock:
            self.journald.write(MESSAGE=message, SYSLOG_IDENTIFIER="postfix/smtp")

    def others(self, n):
        with self.lock:
            for i in range(n):
                self.journald.write(MESSAGE="job %d" % i, SYSLOG_IDENTIFIER="cron")


class Scraper(threading.Thread):
    """Scrapes all the time and keeps what was wrong with what it saw."""

    def __init__(self, exporter, writer):
        super().__init__(daemon=True)
        self.exporter = exporter
        self.writer = writer
        self.seen = {}
        self.faults = []
        self.scrapes = self.backlogs = 0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.005):
            try:
                metrics = self.exporter.scrape()
            except (OSError, RuntimeError):
                continue  # between two lives
            except Exception as error:  # pylint: disable=broad-except
                # A kill in the middle of an answer is no fault of it.
                if type(error).__module__ != "http.client":
                    self.faults.append(repr(error))
                continue
            self.look(metrics, self.writer.replies, self.writer.lines)

    def stop(self):
        self.over.set()
        self.join()

    def look(self, metrics, replies, lines):
        """Checks an answer; REPLIES and LINES had been begun when it was there."""
        self.scrapes += 1
        counters = {s: v for s, v in metrics.counters().items() if not s.startswith("process_")}
        for series, value in counters.items():
            before = self.seen.get(series, 0)
            if value < before:
                self.faults.append("%s went from %d to %d" % (series, before, value))
            self.seen[series] = value
        if not metrics.has_mail():
            self.backlogs += 1
            return
        for series in self.seen.keys() - counters.keys():
            self.faults.append("%s is gone" % series)
        self.look_at_sums(metrics, replies, lines)

    def look_at_sums(self, metrics, replies, lines):
        for family in REPLY_FAMILIES["client"]:
            if metrics.sum(family) > replies:
                self.faults.append("%s is above the %d written" % (family, replies))
        if metrics.sum("smtp_client_deliveries_total") > lines:
            self.faults.append("more deliveries than the %d written" % lines)
        twice = [s for s, v in metrics.select(ENHANCED).items() if v > 1]
        if twice:
            self.faults.append("counted twice: %s" % twice[:5])


@unittest.skipIf(SKIP, SKIP)
class CrashCase(unittest.TestCase):
    def setUp(self):
        self.chance = random.Random("%s %d" % (self.id(), SEED))
        self.directory = tempfile.mkdtemp(prefix="crash.")
        self.addCleanup(shutil.rmtree, self.directory)
        self.state = os.path.join(self.directory, "state")

    def journald(self):
        journald = Journald()
        self.enterContext(journald)
        return journald

    def exporter(self, journald, *arguments, **more):
        exporter = Exporter("--journal.since=all", "--state.file=" + self.state,
                            *arguments, before=journald.inside, **more)
        self.addCleanup(exporter.end)
        return exporter


class Random(CrashCase):
    """The crash test."""

    def play(self, ends, hold, pairs_n, signal="kill"):
        """ENDS lives of the exporter; the numbers afterwards are those of one that was never ended."""
        print("\nseed %d: " % SEED, end="", flush=True)
        self.start(hold, pairs_n)
        begun = time.monotonic()
        for i in range(ends):
            if i > 0:
                self.exporter_.run()
            self.order(pairs_n * (i + 1) // ends - pairs_n * i // ends)
            time.sleep(self.chance.choice((0.01, 0.05, 0.3, 0.6)) * self.chance.random())
            self.disturb(i)
            if self.exporter_.process.poll() is not None:
                self.fail("ended by itself: " + self.exporter_.log())
            if signal == "term":
                self.listening()
                self.assertEqual(self.exporter_.stop(), 0)
            else:
                self.exporter_.kill()
        self.exporter_.run()
        self.finish(pairs_n)
        print("%d ends, %d scrapes (%d of a backlog), %d rotations and restarts of journald, %.0f s"
              % (ends, self.scraper.scrapes, self.scraper.backlogs, self.disturbed,
                 time.monotonic() - begun), end=" ", flush=True)

    def start(self, hold, pairs_n):
        self.journald_ = self.journald()
        self.numbers = self.chance.sample(pairs(), pairs_n)
        self.exporter_ = self.exporter(self.journald_, "--state.interval=100ms",
                                       "--metrics.zero-hold=" + hold,
                                       listen="127.0.0.1:%d" % free_port())
        self.exporter_.start().wait_ready()
        self.writer = Writer(self.journald_, self.numbers, self.chance)
        self.writer.start()
        self.scraper = Scraper(self.exporter_, self.writer)
        self.scraper.start()
        self.addCleanup(self.scraper.stop)
        self.disturbed = 0

    def listening(self):
        """Before it listens SIGTERM is not handled yet."""
        wait_for(self.exporter_._find_port, PATIENCE)

    def order(self, n):
        for _ in range(n):
            self.writer.orders.put(None)

    def disturb(self, i):
        """A rotation of the journal every few lives, and now and then journald itself."""
        if i % 6 == 3:
            self.disturbed += 1
            self.journald_.rotate()
        if i % 40 == 25:
            self.disturbed += 1
            with self.writer.lock:
                self.journald_.sync()
                self.chance.choice((self.journald_.stop, self.journald_.kill))()
                self.journald_.start()

    def finish(self, pairs_n):
        self.writer.join(PATIENCE)
        self.assertIsNone(self.writer.error)
        self.assertFalse(self.writer.is_alive())
        self.journald_.sync()
        self.listening()
        self.exporter_.wait_ready()
        expected = once("--journal.since=all", before=self.journald_.inside)[1]
        metrics = self.exporter_.wait_metrics(
            lambda m: m.sum(ENHANCED) >= pairs_n
            and m.own("entries_read_total") >= expected.own("entries_read_total"))
        time.sleep(0.2)
        self.scraper.stop()
        self.assertEqual(self.scraper.faults[:10], [])
        self.assertGreater(self.scraper.scrapes, 10)
        self.check(metrics, expected)

    def check(self, metrics, expected):
        counted = {(m["code"], m["enhanced"]): value for m, value in labels(metrics, ENHANCED)}
        self.assertEqual(counted, {(str(code), e): 1 for code, e in self.numbers})
        metrics.check()
        self.assertEqual(metrics.sum("smtp_client_deliveries_total"), self.writer.lines)
        self.assertEqual(metrics.outcomes(), expected.outcomes())
        self.assertEqual(nonzero(metrics.mail()), nonzero(expected.mail()))

    def test_kill(self):
        """120 times, with a hold of 1 s, under which a new series is 0 over several lives."""
        self.play(120, "1s", PAIRS)

    def test_kill_without_a_hold(self):
        self.play(60, "0", PAIRS)

    def test_terminate(self):
        self.play(10, "1s", 200, signal="term")


def labels(metrics, family):
    """Labels and value of each series of a family that is not 0."""
    for series, value in metrics.select(family).items():
        if value:
            yield dict(pair.split("=") for pair in
                       series.partition("{")[2].rstrip("}").replace('"', "").split(",")), value


def nonzero(samples):
    return {series: value for series, value in samples.items() if value}


class Backlog(CrashCase):
    """Killed while it reads a backlog, which a few thousand entries are."""

    N = 30000

    def write(self, journald):
        """Replies that repeat a few pairs, and entries of others."""
        few = pairs()[::300]
        for i in range(self.N):
            if i % 3 == 0:
                code, enhanced = few[i % len(few)]
                journald.write(MESSAGE=delivery(queue_id(i), code, enhanced),
                               SYSLOG_IDENTIFIER="postfix/smtp")
            else:
                journald.write(MESSAGE="job %d" % i, SYSLOG_IDENTIFIER="cron")

    def test_kill_in_the_backlog(self):
        journald = self.journald()
        exporter = self.exporter(journald, "--state.interval=100ms", "--metrics.zero-hold=0")
        exporter.start().wait_ready()
        exporter.stop()
        self.write(journald)
        journald.sync()
        behind = 0
        for _ in range(30):
            exporter.run()
            time.sleep(0.03 + self.chance.random() * 0.05)
            if exporter._find_port():
                behind += not exporter.scrape().has_mail()
            exporter.kill()
        exporter.start().wait_ready()
        expected = once("--journal.since=all", before=journald.inside)[1]
        metrics = exporter.scrape()
        metrics.check()
        self.assertEqual(nonzero(metrics.mail()), nonzero(expected.mail()))
        self.assertEqual(metrics.outcomes(), expected.outcomes())
        print("\n%d of 30 lives were behind" % behind, end=" ", flush=True)

    def test_only_own_families_while_behind(self):
        """And /-/ready tells how far it is."""
        journald = self.journald()
        exporter = self.exporter(journald)
        self.write(journald)
        journald.sync()
        exporter.start()
        status, text = exporter.get("/-/ready")
        metrics = exporter.scrape()
        self.assertEqual(status, 503)
        self.assertRegex(text, r"\d+ entries so far")
        self.assertFalse(metrics.has_mail())
        self.assertIn(OWN + "entries_read_total", metrics.samples)
        exporter.wait_ready()
        self.assertTrue(exporter.scrape().has_mail())

    def test_no_counter_goes_down_while_behind(self):
        """Its own counters are of the saved state as well, which is older than what was shown."""
        journald = self.journald()
        exporter = self.exporter(journald, "--state.interval=1h", "--metrics.zero-hold=0")
        exporter.start().wait_ready()
        self.write(journald)
        journald.sync()
        exporter.wait_metrics(lambda m: m.own("entries_read_total") >= self.N)
        exporter.reload()  # saves, and for an hour nothing does
        self.write_others(journald)
        before = exporter.wait_metrics(lambda m: m.own("entries_read_total") >= 2 * self.N)
        exporter.kill()
        exporter.start()
        self.assert_grew(before.counters(), exporter.scrape().counters())
        exporter.wait_ready()
        self.assert_grew(before.counters(), exporter.scrape().counters())

    def write_others(self, journald):
        for i in range(self.N):
            journald.write(MESSAGE="job %d" % i, SYSLOG_IDENTIFIER="cron")
        journald.sync()

    def assert_grew(self, before, after):
        """Except to 0, and what may be absent for a while."""
        down = {s: (before[s], v) for s, v in after.items()
                if 0 < v < before.get(s, 0) and not s.startswith("process_")}
        self.assertEqual(down, {}, "went down to what is not 0")


class Full(CrashCase):
    """The state cannot be written for a while."""

    def setUp(self):
        super().setUp()
        self.journald_ = self.journald()
        self.exporter_ = self.exporter(self.journald_, "--journal.since=now",
                                       "--state.interval=100ms", "--metrics.zero-hold=0")
        self.written = 0

    def mount(self, *options):
        """In the namespace, with which it goes away."""
        subprocess.run(self.journald_.inside("mount", "-t", "tmpfs", *options, "tmpfs",
                                             self.directory), check=True)

    def inside(self):
        return self.journald_.path(self.directory)

    def write(self, n=50):
        """Returns when all is counted."""
        for code, enhanced in pairs()[self.written:self.written + n]:
            self.journald_.write(MESSAGE=delivery(queue_id(self.written), code, enhanced),
                                 SYSLOG_IDENTIFIER="postfix/smtp")
            self.written += 1
        metrics = self.exporter_.wait_metrics(lambda m: m.sum(ENHANCED) >= self.written)
        self.assertEqual(metrics.sum(ENHANCED), self.written)
        metrics.check()
        return metrics

    def errors(self):
        return self.exporter_.scrape().own("state_errors_total")

    def check_failing(self):
        """Counted and tried again, said once, and nothing else suffers."""
        wait_for(lambda: self.errors() >= 3, PATIENCE)
        self.write()
        self.assertEqual(len(self.exporter_.lines("cannot save the state")), 1,
                         self.exporter_.log())
        self.assertFalse(os.path.exists(os.path.join(self.inside(), "state.new")))

    def check_saved_again(self):
        wait_for(lambda: self.exporter_.lines("the state is saved again"), PATIENCE)
        before = self.errors()
        metrics = self.write()
        self.assertEqual(metrics.own("state_errors_total"), before)
        self.assertEqual(len(self.exporter_.lines("the state is saved again")), 1)
        self.assertEqual(self.exporter_.stop(), 0)
        self.exporter_.start().wait_ready()
        self.assertEqual(self.exporter_.scrape().sum(ENHANCED), self.written)

    def test_no_room(self):
        self.mount("-o", "size=8k")
        self.exporter_.start().wait_ready()
        self.write()
        self.check_failing()
        self.mount("-o", "remount,size=16m")
        self.check_saved_again()

    def test_no_room_later(self):
        """What was saved before stays, so that a crash then costs nothing either."""
        self.mount("-o", "size=16m")
        self.exporter_.start().wait_ready()
        self.write()
        wait_for(lambda: os.path.exists(os.path.join(self.inside(), "state")), PATIENCE)
        self.assertEqual(self.errors(), 0)
        size = os.path.getsize(os.path.join(self.inside(), "state"))
        self.mount("-o", "remount,size=%d" % (size + 8192))
        self.write()
        self.check_failing()
        self.exporter_.kill()
        self.exporter_.start().wait_ready()
        self.assertEqual(self.exporter_.scrape().sum(ENHANCED), self.written)
        self.check_failing()
        self.mount("-o", "remount,size=16m")
        self.check_saved_again()

    def test_read_only(self):
        self.mount("-o", "size=16m")
        self.exporter_.start().wait_ready()
        self.write()
        self.mount("-o", "remount,ro")
        self.write()
        self.check_failing()
        self.mount("-o", "remount,rw")
        self.check_saved_again()

    def test_errors_over_a_crash(self):
        """They cannot be read again, so that they go on exactly or start at 0."""
        self.test_read_only()
        self.mount("-o", "remount,ro")
        self.write()
        before = self.errors() + 2
        wait_for(lambda: self.errors() >= before, PATIENCE)
        before = self.errors()
        self.exporter_.kill()
        self.mount("-o", "remount,rw")
        self.exporter_.start().wait_ready()
        after = self.errors()
        self.assertTrue(after == 0 or after >= before, "from %d to %d" % (before, after))

    def test_directory_missing(self):
        self.mount("-o", "size=16m")
        self.exporter_.arguments.append("--state.file=" + self.directory + "/none/state")
        self.exporter_.start().wait_ready()
        self.write()
        self.check_failing()
        os.mkdir(os.path.join(self.inside(), "none"))
        self.check_saved_again()

    def test_stopped_while_it_cannot_be_saved(self):
        """It ends as ever: a restart by systemd would not help."""
        self.mount("-o", "size=8k")
        self.exporter_.start().wait_ready()
        self.write()
        self.assertEqual(self.exporter_.stop(), 0)
        self.assertEqual(len(self.exporter_.lines("cannot save the state")), 1)


if __name__ == "__main__":
    unittest.main()
