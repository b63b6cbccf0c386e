#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The state file: what is in it, what becomes of a bad one, and what of a position that is gone.

Journal files are made from text, so that this runs as any user.
"""

import os
import random
import shutil
import stat
import tempfile
import time
import unittest

from exporter import PATIENCE, Exporter, delivery, pairs, program, queue_id
from journald import MACHINE, encode_field, entry, make_journal, missing_remote, wait_for

SKIP = missing_remote()
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
NOBODY = 65534
DAY_USEC = 86400 * 10**6

REPLIES = "smtp_client_replies_total"
ENHANCED = "smtp_client_reply_enhanced_total"
MAGIC = b"smtp_reply_exporter state 1\n"
FEW = pairs()[::97]


def reply(number, usec=None, **more):
    """Entry NUMBER, a reply that is sent after RCPT."""
    code, enhanced = FEW[number % len(FEW)]
    return entry(number, delivery(queue_id(number), code, enhanced, **more), usec=usec)


def other(number):
    return entry(number, "job %d" % number, identifier="cron")


@unittest.skipIf(SKIP, SKIP)
class StateCase(unittest.TestCase):
    """A journal directory and a state directory for every test."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="state.")
        self.addCleanup(shutil.rmtree, self.directory)
        self.journal = os.path.join(self.directory, "journal")
        self.keep = os.path.join(self.directory, "keep")
        self.state = os.path.join(self.keep, "state")
        self.aside = self.state + ".unusable"
        for directory in (self.journal, self.keep):
            os.mkdir(directory)

    def make(self, entries, name="a.journal"):
        make_journal(os.path.join(self.journal, name), entries)

    def exporter(self, *arguments, state=True, hold="0", **more):
        state = ["--state.file=" + self.state] if state else []
        exporter = Exporter("--journal.directory=" + self.journal, "--metrics.zero-hold=" + hold,
                            *state, *arguments, **more)
        self.addCleanup(exporter.end)
        return exporter

    def counted(self, exporter, n):
        """Returns when N entries were read, the numbers of that moment."""
        return exporter.wait_metrics(lambda m: m.has_mail() and m.own("entries_read_total") >= n)

    def saved(self, *arguments, n=50, **more):
        """Counts N replies from the start of the journal and leaves a state behind; its numbers."""
        self.make(reply(i) for i in range(n))
        exporter = self.exporter("--journal.since=all", *arguments, **more)
        metrics = self.counted(exporter.start(), n)
        self.assertEqual(exporter.stop(), 0)
        return metrics

    def read_state(self):
        with open(self.state, "rb") as file:
            return file.read()

    def write_state(self, data):
        with open(self.state, "wb") as file:
            file.write(data)


class Restart(StateCase):
    def test_everything_goes_on(self):
        """Histograms included, whose sums and buckets are the same to the last digit."""
        before = self.saved()
        exporter = self.exporter().start().wait_ready()
        after = exporter.scrape()
        self.assertEqual(after.mail(), before.mail())
        self.assertEqual(after.outcomes(), before.outcomes())
        self.assertGreater(sum(v for s, v in after.mail().items() if "_seconds_bucket" in s), 0)
        self.assertEqual(len(exporter.lines("going on where the state was saved")), 1)
        self.make(reply(i) for i in range(50, 60))
        self.assertEqual(self.counted(exporter, 60).sum(REPLIES), 60)

    def test_what_came_meanwhile_is_counted(self):
        self.saved()
        self.make(reply(i) for i in range(50, 3000))
        metrics = self.counted(self.exporter().start(), 3000)
        self.assertEqual(metrics.sum(REPLIES), 3000)
        metrics.check()

    def test_a_repeat_is_a_repeat_after_a_restart(self):
        line = delivery(queue_id(1), 451, "4.7.1", stage="end of DATA")
        self.make([entry(0, line)])
        exporter = self.exporter("--journal.since=all")
        self.assertEqual(self.counted(exporter.start(), 1).outcomes(), {"reply": 1})
        exporter.stop()
        self.make([entry(1, line.replace("<a@", "<b@"))])
        metrics = self.counted(exporter.start(), 2)
        self.assertEqual(metrics.outcomes(), {"reply": 1, "repeat": 1})
        self.assertEqual(metrics.sum(REPLIES), 1)

    def test_the_hold_goes_on(self):
        """A series is 0 for so long after it was first shown, by however many processes."""
        self.make([])
        exporter = self.exporter("--journal.since=all", hold="4s").start().wait_ready()
        self.make([reply(30)])
        self.assertEqual(self.counted(exporter, 1).sum(ENHANCED), 0)
        shown = time.time()
        for _ in range(3):
            time.sleep(0.6)
            exporter.kill()
            exporter.start().wait_ready()
            if time.time() < shown + 3:
                self.assertEqual(exporter.scrape().sum(ENHANCED), 0)
        exporter.wait_metrics(lambda m: m.sum(ENHANCED) == 1)
        self.assertGreater(time.time(), shown + 3)
        self.assertLess(time.time(), shown + 4 + 1.5)

    def test_a_hold_that_is_over_stays_over(self):
        self.saved(hold="100ms")
        time.sleep(0.2)
        exporter = self.exporter(hold="100ms").start().wait_ready()
        self.assertEqual(exporter.scrape().sum(ENHANCED), 50)

    def test_families_beyond_their_cap(self):
        """A hostile server fills a family; the series and sums are the same after a restart."""
        many = pairs()[:2600]
        self.make(entry(i, delivery(queue_id(i), code, e)) for i, (code, e) in enumerate(many))
        exporter = self.exporter("--journal.since=all")
        before = self.counted(exporter.start(), len(many))
        exporter.stop()
        self.assertGreater(before.own("label_overflow_total"), 0)
        after = self.exporter().start().wait_ready().scrape()
        self.assertEqual(after.sum(ENHANCED), before.sum(ENHANCED))
        self.assertEqual(after.mail(), before.mail())
        self.assertEqual(after.own("label_overflow_total"), before.own("label_overflow_total"))

    def test_the_position_is_saved_when_nothing_matched(self):
        self.saved()
        self.make(other(i) for i in range(50, 80))
        exporter = self.exporter()
        self.counted(exporter.start(), 80)
        exporter.stop()
        exporter.start().wait_ready()
        metrics = exporter.scrape()
        self.assertEqual(metrics.outcomes(), {"reply": 50, "foreign": 30})
        self.assertEqual(len(exporter.lines("going on where the state was saved")), 1)

    def test_an_empty_journal(self):
        """There is no position yet, and a state neither."""
        exporter = self.exporter("--journal.since=all").start().wait_ready()
        self.assertEqual(exporter.stop(), 0)
        self.assertLessEqual(set(os.listdir(self.keep)), {"state.lock"})


class Saving(StateCase):
    def test_at_the_interval(self):
        self.make([reply(0)])
        exporter = self.exporter("--journal.since=all", "--state.interval=200ms").start()
        self.counted(exporter, 1)
        wait_for(lambda: os.path.exists(self.state), PATIENCE)
        stamp = os.stat(self.state).st_mtime_ns
        self.make([reply(len(FEW))])  # a series that is known already
        self.counted(exporter, 2)
        wait_for(lambda: os.stat(self.state).st_mtime_ns != stamp, PATIENCE)
        exporter.kill()
        self.assertIn(b" 2 mta=postfix", self.read_state())

    def test_at_the_interval_behind_entries_of_others(self):
        """Those are saved every 5 min only, which mail does not wait for."""
        self.make([reply(0)])
        exporter = self.exporter("--journal.since=all", "--state.interval=200ms").start()
        self.counted(exporter, 1)
        time.sleep(1)  # everything is saved
        self.make([other(1)])
        self.counted(exporter, 2)
        stamp = os.stat(self.state).st_mtime_ns
        self.make([reply(len(FEW))])
        self.counted(exporter, 3)
        wait_for(lambda: os.stat(self.state).st_mtime_ns != stamp, 10)

    def test_not_while_nothing_happens(self):
        self.make([reply(0)])
        exporter = self.exporter("--journal.since=all", "--state.interval=100ms").start()
        self.counted(exporter, 1)
        time.sleep(0.7)
        stamp = os.stat(self.state).st_mtime_ns
        time.sleep(1)
        self.assertEqual(os.stat(self.state).st_mtime_ns, stamp)

    def test_at_reload(self):
        self.make([reply(0)])
        exporter = self.exporter("--journal.since=all", "--state.interval=1h").start().wait_ready()
        self.counted(exporter, 1)
        self.make(other(i) for i in range(1, 5))
        self.counted(exporter, 5)
        exporter.reload()
        exporter.kill()
        exporter.start()
        self.assertEqual(self.counted(exporter, 5).outcomes(), {"reply": 1, "foreign": 4})

    def test_only_its_owner_may_read_it(self):
        """Whatever a crash or somebody left behind under the other name."""
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.saved()
        self.assertEqual(stat.S_IMODE(os.stat(self.state).st_mode), 0o600)
        with open(self.state + ".new", "w", encoding="ascii") as file:
            file.write("half a line")
        os.chmod(self.state + ".new", 0o666)
        self.exporter().start().wait_ready().stop()
        exporter = self.exporter().start().wait_ready()
        self.assertEqual(exporter.scrape().sum(REPLIES), 50)
        self.assertEqual(stat.S_IMODE(os.stat(self.state).st_mode), 0o600)
        self.assertEqual(sorted(os.listdir(self.keep)), ["state", "state.lock"])

    def test_no_state(self):
        self.make([reply(0)])
        exporter = self.exporter("--journal.since=all", "--no-state",
                                 environment={"STATE_DIRECTORY": self.keep})
        self.counted(exporter.start(), 1)
        exporter.reload()
        exporter.stop()
        self.assertLessEqual(set(os.listdir(self.keep)), {"state.lock"})

    def test_directory_of_the_service(self):
        self.make([reply(0)])
        exporter = self.exporter("--journal.since=all", state=False,
                                 environment={"STATE_DIRECTORY": self.keep})
        self.counted(exporter.start(), 1)
        exporter.stop()
        self.assertTrue(self.read_state().startswith(MAGIC))

    def test_no_state_without_a_place(self):
        self.make([reply(0)])
        exporter = self.exporter("--journal.since=all", state=False)
        self.counted(exporter.start(), 1)
        self.assertEqual(exporter.stop(), 0)

    def test_no_text_of_the_log_is_in_it(self):
        marks = ["Qmark%d" % i for i in range(8)]
        lines = [delivery(marks[0], 550, "5.1.1", text=marks[1], recipient=marks[2] + "@example.org",
                          relay=marks[3] + ".example.com[192.0.2.77]:25"),
                 "4F9: reject: RCPT from %s[192.0.2.78]: 450 4.7.1 <%s>: %s" % (*marks[4:6], "x"),
                 "\n".join(marks), "warning: %s\nseries smtp_x 0 0 1 mta=%s" % (marks[6], marks[7])]
        self.make([entry(i, line, identifier=identifier) for i, (line, identifier) in
                   enumerate((line, name) for line in lines
                             for name in ("postfix/smtp", "postfix/smtpd", marks[7]))])
        exporter = self.exporter("--journal.since=all")
        self.counted(exporter.start(), 3 * len(lines))
        exporter.stop()
        state = self.read_state()
        for text in [*marks, "192.0.2", "example", "a@", "smtp_x"]:
            self.assertNotIn(text.encode(), state)


class Damaged(StateCase):
    """A state that is no good is set aside; counting starts from 0, and never is a start refused."""

    def setUp(self):
        super().setUp()
        self.saved()
        self.good = self.read_state()

    def check(self, data):
        """DATA in place of the state: what becomes of it, and that the next state is good."""
        self.write_state(data)
        exporter = self.exporter().start().wait_ready()
        self.check_fresh(exporter)
        with open(self.aside, "rb") as file:
            self.assertEqual(file.read(), data)
        self.assertEqual(exporter.stop(), 0)
        self.assertTrue(self.read_state().startswith(MAGIC))
        os.unlink(self.aside)

    def check_fresh(self, exporter):
        metrics = exporter.scrape()
        self.assertEqual((metrics.sum(REPLIES), metrics.own("entries_read_total")), (0, 0))
        self.assertEqual(len(exporter.lines("level=warning", "counting from 0")), 1, exporter.log())
        self.assertFalse(os.path.exists(self.state))
        self.assertTrue(os.path.exists(self.aside), "was not set aside")

    def test_single_bytes(self):
        print("\nseed %d" % SEED, end=" ")
        chance = random.Random(SEED)
        places = {0, len(MAGIC) - 1, len(MAGIC), len(self.good) - 2, len(self.good) - 1,
                  *(chance.randrange(len(self.good)) for _ in range(40))}
        for place in places:
            with self.subTest(place=place):
                data = bytearray(self.good)
                data[place] ^= 1 << chance.randrange(8)
                self.check(bytes(data))

    def test_truncated(self):
        chance = random.Random(SEED)
        for length in {0, 1, len(MAGIC) - 1, len(MAGIC), len(self.good) - 22, len(self.good) - 1,
                       *(chance.randrange(len(self.good)) for _ in range(25))}:
            with self.subTest(length=length):
                self.check(self.good[:length])

    def test_longer(self):
        self.check(self.good + b"\n")
        self.check(self.good + self.good)
        self.check(self.good + b"\0" * (17 << 20))

    def test_later_version(self):
        self.check(self.good.replace(b"state 1\n", b"state 2\n", 1))

    def test_foreign(self):
        self.check(b"\x7fELF" + os.urandom(10000))
        self.check(b"a\n" * 100000)

    def test_directory_in_its_place(self):
        os.unlink(self.state)
        os.mkdir(self.state)
        exporter = self.exporter().start().wait_ready()
        self.check_fresh(exporter)
        self.assertEqual(exporter.stop(), 0)
        self.assertTrue(self.read_state().startswith(MAGIC))

    def test_set_aside_twice(self):
        """The last one is kept."""
        self.write_state(b"first")
        self.exporter().start().wait_ready().kill()
        self.check(b"second")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_unreadable(self):
        """As somebody who may write into the directory, but not read the file."""
        os.chmod(self.directory, 0o755)
        os.chown(self.keep, NOBODY, NOBODY)
        os.chmod(os.path.join(self.journal, "a.journal"), 0o644)
        binary = os.path.join(self.directory, "exporter")
        shutil.copy(program(), binary)
        exporter = self.exporter(before=lambda _, *arguments: [
            "setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups",
            binary, *arguments])
        exporter.start().wait_ready()
        self.check_fresh(exporter)
        self.assertEqual(exporter.stop(), 0)
        self.assertTrue(self.read_state().startswith(MAGIC))


class Lost(StateCase):
    """The entry of the position is gone."""

    def replace(self, entries):
        for name in os.listdir(self.journal):
            os.unlink(os.path.join(self.journal, name))
        self.make(entries, "b.journal")

    def check(self, numbers, later, *, machine=MACHINE):
        """NUMBERS are counted, from 0, with a warning; and so is what comes LATER."""
        exporter = self.exporter().start().wait_ready()
        self.assertEqual(exporter.scrape().sum(REPLIES), len(numbers))
        self.assertEqual(len(exporter.lines("level=warning", "gone from the journal")), 1)
        self.make((on(machine, reply(i)) for i in later), "b.journal")
        metrics = self.counted(exporter, len(numbers) + len(later))
        self.assertEqual(metrics.own("entries_read_total"), len(numbers) + len(later))
        metrics.check()
        expected = {}
        for n in (*numbers, *later):
            code = str(FEW[n % len(FEW)][0])
            expected[code] = expected.get(code, 0) + 1
        self.assertEqual(metrics.by(ENHANCED, "code"), expected)
        exporter.stop()
        self.assertEqual(self.exporter().start().wait_ready().scrape().mail(), metrics.mail())

    def test_vacuumed(self):
        self.saved()
        self.replace(reply(i) for i in range(60, 80))
        self.check(range(60, 80), range(80, 90))

    def test_of_another_machine(self):
        self.saved()
        machine = "f" * 32
        self.replace(on(machine, reply(i)) for i in range(60, 80))
        self.check(range(60, 80), range(80, 90), machine=machine)

    def test_all_gone(self):
        self.saved()
        self.replace([])
        self.check([], range(80, 90))

    def test_power_loss(self):
        """The state was synced and the journal was not: it is ahead."""
        self.make(reply(i) for i in range(30))
        early = os.path.join(self.directory, "early")
        shutil.copytree(self.journal, early)
        self.saved_from(30, 50)
        shutil.rmtree(self.journal)
        os.rename(early, self.journal)
        self.make(reply(i) for i in range(60, 100))  # takes the numbers of what is lost
        self.replace_nothing_and_check()

    def saved_from(self, start, end):
        self.make(reply(i) for i in range(start, end))
        exporter = self.exporter("--journal.since=all")
        self.counted(exporter.start(), end)
        exporter.stop()

    def replace_nothing_and_check(self):
        exporter = self.exporter().start().wait_ready()
        self.assertEqual(exporter.scrape().sum(REPLIES), 40)
        self.assertEqual(len(exporter.lines("level=warning", "gone from the journal")), 1)
        self.make(reply(i) for i in range(100, 110))
        self.assertEqual(self.counted(exporter, 50).own("entries_read_total"), 50)

    def test_of_the_future(self):
        """Then nothing would come for ever (systemd#6213): what comes from now on counts."""
        far = int(time.time() * 1e6) + DAY_USEC
        self.make([reply(0, usec=far), reply(1, usec=far + 1)])
        exporter = self.exporter("--journal.since=all")
        self.counted(exporter.start(), 2)
        exporter.stop()
        self.replace(reply(i) for i in range(60, 80))
        exporter.start().wait_ready()
        self.assertEqual(len(exporter.lines("level=warning", "gone from the journal")), 1)


def on(machine, text):
    """An entry of another machine."""
    return text.replace(encode_field("_MACHINE_ID", MACHINE), encode_field("_MACHINE_ID", machine))


if __name__ == "__main__":
    unittest.main()
