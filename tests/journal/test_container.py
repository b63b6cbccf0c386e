#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail servers in containers: entries relayed by the engine, whose container is believed by name."""

import os
import shutil
import tempfile
import unittest

import exporter as process
from journald import entry, make_journal, missing_remote

REPLIES = "smtp_client_replies_total"


def relayed(number, container, head="Mar 10 08:00:01 mail postfix/smtp[42]: ", uid=0):
    """An entry as a journald log driver writes it: what a container printed, under the engine's name."""
    line = process.delivery(process.queue_id(number), 550, "5.1.1")
    return entry(number, head + line, identifier="0123456789ab",
                 extra=[("CONTAINER_NAME", container), ("CONTAINER_ID", "0123456789ab"),
                        ("_UID", uid), ("_SYSTEMD_UNIT", "docker.service"),
                        ("_EXE", "/usr/bin/dockerd"), ("_TRANSPORT", "journal")])


@unittest.skipIf(missing_remote(), missing_remote())
class Containers(unittest.TestCase):
    def setUp(self):
        self.journal = tempfile.mkdtemp(prefix="container.")
        self.addCleanup(shutil.rmtree, self.journal)

    def counted(self, entries, *arguments):
        make_journal(os.path.join(self.journal, "a.journal"), entries)
        status, metrics, _ = process.once("--journal.directory=" + self.journal, *arguments)
        self.assertEqual(status, 0)
        return metrics.sum(REPLIES), metrics.outcomes()

    def test_nobody_is_believed_unasked(self):
        self.assertEqual(self.counted([relayed(0, "mail-1")]), (0, {"foreign": 1}))

    def test_lines_of_the_named_ones_count(self):
        entries = [relayed(0, "mail-1"), relayed(1, "mail-2"), relayed(2, "mail-10"),
                   relayed(3, "mail-2", head="<22>2026-03-10T08:00:01.5+01:00 cid postfix/smtp[7]: ")]
        self.assertEqual(self.counted(entries, "--journal.container=mail-1",
                                      "--journal.container=mail-2"),
                         (3, {"reply": 3, "foreign": 1}))

    def test_what_is_no_line_of_a_syslog_daemon_does_not(self):
        entries = [relayed(0, "mail-1", head=""), relayed(1, "mail-1", head="postfix/smtp[42]: "),
                   relayed(2, "mail-1", head="Mar 10 08:00:01 postfix/smtp[42] ")]
        self.assertEqual(self.counted(entries, "--journal.container=mail-1"), (0, {"foreign": 3}))

    def test_an_ordinary_user_cannot_be_an_engine(self):
        self.assertEqual(self.counted([relayed(0, "mail-1", uid=1000)],
                                      "--journal.container=mail-1"), (0, {"untrusted": 1}))


if __name__ == "__main__":
    unittest.main()
