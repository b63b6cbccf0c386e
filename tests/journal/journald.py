# SPDX-License-Identifier: Apache-2.0
"""A real systemd-journald for tests, apart from the machine's own; and journal files from text.

    with Journald(storage="persistent") as journald:
        journald.write(MESSAGE="hello", SYSLOG_IDENTIFIER="postfix/smtp")
        journald.rotate()
        subprocess.run(journald.inside("journalctl", "--no-pager"))

The daemon runs in a mount namespace of its own in which /run/systemd, /run/log and /var/log are empty
file systems in memory, so nothing on the machine changes and nothing is left behind: the namespace
ends with the process that holds it, which ends with the tests. journald can be killed and started
again within it. Needs root.

    make_journal("/tmp/x/a.journal", [entry(0, "first"), entry(1, "second")])

writes a journal file without a daemon, as any user, by way of systemd-journal-remote.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import time

JOURNALD = "/usr/lib/systemd/systemd-journald"
REMOTE = "/lib/systemd/systemd-journal-remote"

MACHINE = "0d2c1f3e4b5a69788796a5b4c3d2e1f0"
BOOT_1 = "4d7ce2e5a4a34a4fa0bd2a4c5ee1a1a1"
BOOT_2 = "5e8df3f6b5b45b50b1ce3b5d6ff2b2b2"
EPOCH_USEC = 1735689600 * 1000000  # 2025-01-01

SETUP = """
set -e
mkdir -p /run/systemd /run/log /var/log
mount -t tmpfs -o mode=755 tmpfs /run/systemd
mount -t tmpfs -o mode=755 tmpfs /run/log
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d
printf '%s\\n' "$1" > /run/systemd/journald.conf.d/test.conf
printf '%s\\n' "$2" > /run/systemd/machine-id
mount --bind /run/systemd/machine-id /etc/machine-id
echo ready
exec cat
"""

SETTINGS = {
    "Storage": "persistent",
    "ReadKMsg": "no",
    "Audit": "no",
    "ForwardToSyslog": "no",
    "ForwardToWall": "no",
    "RateLimitIntervalSec": "0",
    "SystemMaxUse": "1G",
    "RuntimeMaxUse": "1G",
    "SystemKeepFree": "1M",
    "RuntimeKeepFree": "1M",
}


def missing():
    """Why journald cannot be run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.access(JOURNALD, os.X_OK):
        return JOURNALD + " is missing"
    for program in ("unshare", "nsenter", "mount"):
        if not shutil.which(program):
            return program + " is missing"
    if not os.path.exists("/etc/machine-id"):
        return "/etc/machine-id is missing"
    if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        return "mount namespaces are not permitted"
    return None


def missing_remote():
    """Why journal files cannot be made from text here, or None."""
    return None if os.access(REMOTE, os.X_OK) else "systemd-journal-remote is not installed"


def wait_for(condition, seconds=10.0):
    """Polls until condition() is true; returns its value, and raises TimeoutError after SECONDS."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError("waited %g seconds in vain" % seconds)
        time.sleep(0.01)
    return value


def encode_field(name, value):
    """One field of the export format, which is that of the native socket as well."""
    name = name.encode()
    value = value if isinstance(value, bytes) else str(value).encode()
    if b"\n" in value or any(byte < 32 and byte != 9 for byte in value):
        return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return name + b"=" + value + b"\n"


class Journald:
    """A journald in a mount namespace of its own; settings as in journald.conf(5)."""

    def __init__(self, storage="persistent", machine=MACHINE, **settings):
        self.settings = SETTINGS | {"Storage": storage} | settings
        self.machine = machine
        self.holder = None
        self.daemon = None
        self.native = None

    def __enter__(self):
        config = "[Journal]\n" + "".join("%s=%s\n" % item for item in self.settings.items())
        self.holder = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", SETUP, "sh", config,
             self.machine], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"ready\n":
            raise RuntimeError("cannot set up the mount namespace")
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.daemon:
            self.stop()
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()

    def inside(self, *command):
        """The argument vector that runs COMMAND where this journald's files are."""
        return ["nsenter", "--mount=/proc/%d/ns/mnt" % self.holder.pid, "--", *command]

    def path(self, path):
        """PATH of the namespace as seen from outside (root only)."""
        return "/proc/%d/root%s" % (self.holder.pid, path)

    def files(self, root="/var/log/journal"):
        """The names of the journal files below ROOT, as seen from inside."""
        directory = "%s/%s" % (root, self.machine)
        try:
            names = sorted(os.listdir(self.path(directory)))
        except FileNotFoundError:
            return []
        return ["%s/%s" % (directory, name) for name in names]

    # Life

    def start(self):
        self.daemon = subprocess.Popen(self.inside(JOURNALD), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.native = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.native.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)  # SO_SNDBUFFORCE

        def connected():
            try:
                self.native.connect(self.path("/run/systemd/journal/socket"))
            except OSError:
                return False
            return True
        wait_for(connected)
        wait_for(self._has_handlers)
        if self.settings["Storage"] == "persistent":
            self.flush()
        self.sync()

    def _has_handlers(self):
        """Until it blocks the signals it listens to they end it."""
        with open("/proc/%d/status" % self.daemon.pid) as file:
            blocked = [line.split()[1] for line in file if line.startswith("SigBlk:")]
        return blocked and int(blocked[0], 16) & 1 << (signal.SIGRTMIN + 1 - 1)

    def _end(self, signal_number):
        self.native.close()
        self.daemon.send_signal(signal_number)
        self.daemon.wait()
        self.daemon = None

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        """As a crash would end it: the files stay open for writing, as far as they tell."""
        self._end(signal.SIGKILL)

    def _signal_and_wait(self, signal_number, name):
        """journald tells that it is done by the time stamp of a file (as journalctl --rotate)."""
        path = self.path("/run/systemd/journal/" + name)

        def stamp():
            try:
                with open(path, "rb") as file:
                    return os.fstat(file.fileno()).st_mtime_ns, file.read()
            except FileNotFoundError:
                return None
        before = stamp()
        self.daemon.send_signal(signal_number)
        if name != "flushed" or before is None:  # that one is written once
            wait_for(lambda: stamp() != before)

    def rotate(self):
        self._signal_and_wait(signal.SIGUSR2, "rotated")

    def flush(self):
        """From /run/log/journal to /var/log/journal."""
        self._signal_and_wait(signal.SIGUSR1, "flushed")

    def sync(self):
        """Returns when all that was sent is in the files."""
        self._signal_and_wait(signal.SIGRTMIN + 1, "synced")

    # Writing

    def write(self, _fields=(), _uid=None, **fields):
        """Sends one entry through the native socket; _FIELDS are pairs, where a name comes twice."""
        data = b"".join(encode_field(*pair) for pair in [*fields.items(), *_fields])
        self._send(self.native, data, _uid)

    def write_syslog(self, text, _uid=None):
        """Sends one message as syslog(3) does, e.g. "<22>postfix/smtp[42]: text"."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
            syslog.connect(self.path("/run/systemd/journal/dev-log"))
            self._send(syslog, text if isinstance(text, bytes) else text.encode(), _uid)

    @staticmethod
    def _send(sock, data, uid):
        if uid is None:
            sock.send(data)
            return
        # The kernel tells journald who sends, so somebody else has to.
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
                sock.send(data)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


def entry(number, message=None, *, boot=BOOT_1, usec=None, identifier="postfix/smtp", extra=()):
    """The text of one entry, a millisecond after the one before it."""
    usec = EPOCH_USEC + number * 1000 if usec is None else usec
    fields = [("__REALTIME_TIMESTAMP", usec),
              ("__MONOTONIC_TIMESTAMP", 1000000 + number * 1000),
              ("_BOOT_ID", boot), ("_MACHINE_ID", MACHINE), ("_TRANSPORT", "syslog"),
              ("SYSLOG_IDENTIFIER", identifier), ("_UID", 0), ("_PID", 42),
              ("_SYSTEMD_UNIT", "postfix@-.service"), ("_EXE", "/usr/lib/postfix/sbin/smtp"),
              ("MESSAGE", "message %d" % number if message is None else message)]
    names = {name for name, _ in extra}
    fields = [field for field in fields if field[0] not in names]
    return b"".join(encode_field(*f) for f in [*fields, *extra] if f[1] is not None) + b"\n"


def make_journal(path, entries):
    """Appends entries to the journal file PATH, which is made if it does not exist."""
    subprocess.run([REMOTE, "--output=%s" % path, "-"], input=b"".join(entries), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
