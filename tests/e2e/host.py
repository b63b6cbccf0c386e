#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A throw-away Debian 12 host for end-to-end tests.

make_root() builds a root directory once with debootstrap and keeps it under the name of its
package list. Host boots a copy of it with systemd-nspawn: the root is the lower layer of an
overlay whose upper layer is a tmpfs in a private mount namespace, so that a boot copies nothing
and a crash leaves nothing behind. The host has its own network namespace with a loopback device
only; addresses of the documentation ranges are added to that device.

    root = make_root(cache_dir, ("postfix",))
    with Host(root, addresses=("192.0.2.10/32",)) as host:
        host.write("/etc/motd", "hello\\n")          # before boot(): part of the first boot
        host.boot()
        host.run(["systemctl", "start", "postfix"])
        text = host.run(["cat", "/etc/motd"]).stdout

Needs root, debootstrap and systemd-container. Environment: E2E_MIRROR names another Debian mirror.

By hand: host.py --cache-dir DIR [--package NAME]... [--build-dir DIR] [COMMAND ...] boots a host
and runs COMMAND (default: a shell) in it.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
RECIPE = 2  # raise when build_root() changes what a root holds
BASE_PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "iproute2", "libsystemd0", "libmicrohttpd12",
    "python3-minimal", "libpython3-stdlib",
)
NSENTER = ("nsenter", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
CLEAN_ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8", "HOME": "/root", "TERM": "dumb",
}
# Runs in its own mount namespace; every mount made here goes with the last process or descriptor.
MOUNT = """set -e
root=$1 run=$2
mount -t tmpfs -o size=75% tmpfs "$run/tmp"
mkdir "$run/tmp/upper" "$run/tmp/work" "$run/tmp/root"
mount -t overlay overlay \
    -o "lowerdir=$root,upperdir=$run/tmp/upper,workdir=$run/tmp/work" "$run/tmp/root"
tar -C "$run/seed" -cf - . | \
    tar -C "$run/tmp/root" --no-overwrite-dir --keep-directory-symlink -xpf -
"""
LAUNCH = """set -e
run=$2; shift 2
for group in $CGROUPS; do echo $$ > "$group/cgroup.procs" || :; done
unset CGROUPS
exec systemd-nspawn --boot --register=no --keep-unit --private-network --quiet \
    --console=pipe --link-journal=no --resolv-conf=off --timezone=off --notify-ready=yes \
    --bind="$run/share:/e2e" --directory="$run/tmp/root" "$@"
"""


class HostError(Exception):
    """The host could not be built, booted or asked."""


def exit_on_signals():
    """Turn signals into SystemExit so that every `with` and `finally` runs."""
    def leave(number, _frame):
        sys.exit(128 + number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def require_tools():
    """Raise HostError if something that a host needs is missing."""
    if os.geteuid() != 0:
        raise HostError("must run as root")
    for tool in ("debootstrap", "systemd-nspawn", "nsenter", "unshare", "setpriv", "tar"):
        if shutil.which(tool, path=CLEAN_ENV["PATH"]) is None:
            raise HostError(f"missing program: {tool}")


def root_name(packages):
    """Name of the cached root for a list of packages."""
    key = "\n".join([SUITE, str(RECIPE), *sorted(set(packages))])
    return "root-" + hashlib.sha256(key.encode()).hexdigest()[:12]


def make_root(cache_dir, packages=()):
    """Return the path of a Debian root with these packages; built on first use, then cached."""
    require_tools()
    packages = sorted(set(BASE_PACKAGES) | set(packages))
    os.makedirs(cache_dir, exist_ok=True)
    path = os.path.join(os.path.abspath(cache_dir), root_name(packages))
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(path):
            build_root(path, packages)
    return path


def build_root(path, packages):
    """Run debootstrap into a temporary name and publish the result as path."""
    partial, log_path = path + ".partial", path + ".log"
    debs = os.path.join(os.path.dirname(path), "debs")
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(debs, exist_ok=True)
    command = [
        "debootstrap", "--variant=minbase", "--cache-dir=" + debs,
        "--include=" + ",".join(packages), SUITE, partial, os.environ.get("E2E_MIRROR", MIRROR),
    ]
    environment = dict(CLEAN_ENV, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    with open(log_path, "wb") as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                              env=environment, timeout=900, check=False)
    if done.returncode != 0:
        with open(log_path, encoding="utf-8", errors="replace") as log:
            tail = "".join(log.readlines()[-15:])
        raise HostError(f"debootstrap failed ({done.returncode}), see {log_path}:\n{tail}")
    tidy_root(partial)
    os.rename(partial, path)


def tidy_root(path):
    """Remove what a test host does not need and what would make its boots slow or unlike."""
    for directory in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc",
                      "usr/share/man", "usr/share/locale"):
        shutil.rmtree(os.path.join(path, directory), ignore_errors=True)
    units = os.path.join(path, "etc/systemd/system")
    for unit in ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
                 "e2scrub_all.timer", "fstrim.timer", "systemd-networkd.service",
                 "systemd-resolved.service", "systemd-timesyncd.service",
                 "systemd-networkd-wait-online.service", "console-getty.service"):
        link = os.path.join(units, unit)
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink("/dev/null", link)
    with open(os.path.join(path, "etc/machine-id"), "w", encoding="ascii"):
        pass


def own_cgroups():
    """Directories of this process in the hierarchies that systemd uses (v1, hybrid or v2)."""
    places = []
    with open("/proc/self/cgroup", encoding="utf-8") as lines:
        for line in lines:
            number, controllers, path = line.rstrip("\n").split(":", 2)
            if controllers == "name=systemd":
                places.append("/sys/fs/cgroup/systemd" + path)
            elif number == "0":
                unified = "/sys/fs/cgroup/unified"
                places.append((unified if os.path.isdir(unified) else "/sys/fs/cgroup") + path)
    return [p for p in places if os.path.exists(os.path.join(p, "cgroup.procs"))]


def remove_cgroups(groups):
    """Remove cgroup directories with all that is below them; they are empty by now."""
    for group in groups:
        for directory, _subdirectories, _files in os.walk(group, topdown=False):
            try:
                os.rmdir(directory)
            except OSError:
                pass


def poll(condition, timeout, what, pause=0.1):
    """Call condition() until it returns something true, which is returned."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise HostError(f"{what}: not within {timeout} s")
        time.sleep(pause)


def sweep():
    """Remove directories and cgroups of hosts whose process was killed."""
    for base in (tempfile.gettempdir(), *own_cgroups()):
        for name in os.listdir(base):
            found = re.match(r"e2e-(?:host-)?(\d+)-", name)
            if not found or os.path.exists("/proc/" + found[1]):
                continue
            if name.startswith("e2e-host-"):
                shutil.rmtree(os.path.join(base, name), ignore_errors=True)
            else:
                remove_cgroups([os.path.join(base, name)])


class Host:
    """One boot of a root. A context manager: leaving it removes every trace of the host."""

    def __init__(self, root, hostname="mail.example.com", addresses=()):
        self.root = root
        self.hostname = hostname
        self.addresses = tuple(addresses)
        self.leader = None
        self._process = None
        self._console = None
        self._cgroups = []
        self._namespace = None  # keeps the root's mounts between two boots
        sweep()
        self._run = tempfile.mkdtemp(prefix=f"e2e-host-{os.getpid()}-")
        self.share = os.path.join(self._run, "share")  # the same directory is /e2e in the host
        self.seed = os.path.join(self._run, "seed")
        for directory in (self.share, self.seed, os.path.join(self._run, "tmp")):
            os.mkdir(directory)
        os.chmod(self.share, 0o777)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def write(self, path, text, mode=0o644):
        """Write a file of the host: into the first boot's root before boot(), directly after."""
        data = text.encode() if isinstance(text, str) else text
        if self.leader is not None:
            self.run(["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"',
                      "sh", path, f"{mode:o}"], stdin=data)
            return
        target = self.seed + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)
        os.chmod(target, mode)

    def link(self, path, target):
        """Make a symbolic link in the root; before boot() only."""
        os.makedirs(os.path.dirname(self.seed + path), exist_ok=True)
        os.symlink(target, self.seed + path)

    def install_build(self, build_dir):
        """`meson install` a build directory into the root; before boot() only."""
        done = subprocess.run(
            ["meson", "install", "--no-rebuild", "--quiet", "-C", build_dir,
             "--destdir", self.seed],
            capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise HostError(f"meson install failed:\n{done.stdout}{done.stderr}")

    def boot(self, timeout=90):
        """Boot and wait until the host's systemd has started everything."""
        require_tools()
        if self._namespace is None:
            self._seed_base()
        name = f"\0e2e-{os.getpid()}-{id(self):x}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(name)
            notify.settimeout(1)
            self._spawn("@" + name[1:])
            self._wait_ready(notify, time.monotonic() + timeout)
        if self._namespace is None:
            self._namespace = os.open(f"/proc/{self._process.pid}/ns/mnt",
                                      os.O_RDONLY | os.O_CLOEXEC)

    def reboot(self, crash=False):
        """Boot again, /run empty and everything else kept; after a crash nothing was told."""
        if crash:
            _kill(self.leader)
            self._process.wait(15)
        else:
            self.shutdown()
        self._reap()
        self.boot()

    def _seed_base(self):
        """Files that every host needs, unless the caller wrote them."""
        names = self.hostname + " " + self.hostname.split(".", maxsplit=1)[0]
        defaults = {
            "/etc/hostname": self.hostname + "\n",
            "/etc/hosts": f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {names}\n",
            "/etc/resolv.conf": "# no name server\n",
            "/etc/systemd/journald.conf.d/e2e.conf":
                "[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\n",
        }
        for path, text in defaults.items():
            if not os.path.lexists(self.seed + path):
                self.write(path, text)
        self._seed_addresses()

    def _seed_addresses(self):
        """A unit that adds the host's addresses before anything waits for the network."""
        if not self.addresses:
            return
        unit = "e2e-addresses.service"
        commands = "".join(f"ExecStart=-/sbin/ip address add {address} dev lo"
                           f"{' nodad' if ':' in address else ''}\n"
                           for address in self.addresses)
        self.write("/etc/systemd/system/" + unit, (
            "[Unit]\nDescription=Addresses of the test host\n"
            "Wants=network-pre.target\nBefore=network-pre.target network-online.target\n"
            "[Service]\nType=oneshot\nRemainAfterExit=yes\n" + commands))
        self.link("/etc/systemd/system/multi-user.target.wants/" + unit, "../" + unit)

    def _spawn(self, notify_address):
        """Start systemd-nspawn in its own mount namespace and cgroups."""
        for place in own_cgroups():
            group = os.path.join(place, f"e2e-{os.getpid()}-{id(self):x}")
            try:
                os.mkdir(group)
            except OSError:
                continue
            self._cgroups.append(group)
        environment = dict(CLEAN_ENV, NOTIFY_SOCKET=notify_address,
                           CGROUPS=" ".join(self._cgroups))
        self._console = open(os.path.join(self._run, "console"), "a+b")
        if self._namespace is None:
            enter, script = ["unshare", "--mount", "--propagation", "private"], MOUNT + LAUNCH
        else:
            enter, script = ["nsenter", f"--mount=/proc/self/fd/{self._namespace}"], LAUNCH
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *enter, "sh", "-c", script, "launch",
             self.root, self._run, "--hostname=" + self.hostname],
            stdin=subprocess.DEVNULL, stdout=self._console, stderr=self._console,
            env=environment, start_new_session=True,
            pass_fds=() if self._namespace is None else (self._namespace,))

    def _wait_ready(self, notify, deadline):
        """Read nspawn's notifications until the host says READY=1; learn the pid of its init."""
        while True:
            if self._process.poll() is not None:
                raise HostError("systemd-nspawn ended while booting:\n" + self.console_text())
            if time.monotonic() > deadline:
                raise HostError("the host did not finish booting:\n" + self.console_text())
            try:
                message = notify.recv(4096).decode()
            except socket.timeout:
                continue
            fields = dict(line.split("=", 1) for line in message.splitlines() if "=" in line)
            if "X_NSPAWN_LEADER_PID" in fields:
                self.leader = int(fields["X_NSPAWN_LEADER_PID"])
            if fields.get("READY") == "1" and self.leader is not None:
                return

    def console_text(self):
        """What nspawn and the host's console said."""
        with open(os.path.join(self._run, "console"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def run(self, command, stdin=b"", timeout=60, check=True):
        """Run a command inside the host; returns CompletedProcess with text output."""
        if self.leader is None:
            raise HostError("the host is not booted")
        if isinstance(stdin, str):
            stdin = stdin.encode()
        done = subprocess.run(
            [*NSENTER, "--target", str(self.leader), "--root", "--wd", "--", *command],
            input=stdin, capture_output=True, timeout=timeout, env=CLEAN_ENV, check=False)
        result = subprocess.CompletedProcess(
            command, done.returncode, done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"))
        if check and result.returncode != 0:
            raise HostError(f"in the host: {command} exited with {result.returncode}:\n"
                            f"{result.stdout}{result.stderr}")
        return result

    def run_as_unit(self, command, *options, timeout=60, check=True):
        """Run a command as a transient unit, so that the journal knows where it came from."""
        return self.run(["systemd-run", "--quiet", "--pipe", "--wait", "--collect", *options,
                         "--", *command], timeout=timeout, check=check)

    def http(self, path, port, address="127.0.0.1", timeout=20):
        """GET from a server inside the host; returns (status, text)."""
        script = (
            "import sys, urllib.request, urllib.error\n"
            "opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
            "try:\n"
            "    reply = opener.open(sys.argv[1], timeout=float(sys.argv[2]))\n"
            "except urllib.error.HTTPError as error:\n"
            "    reply = error\n"
            "except OSError as error:\n"
            "    sys.exit(f'{sys.argv[1]}: {error}')\n"
            "print(reply.status)\n"
            "sys.stdout.flush()\n"
            "sys.stdout.buffer.write(reply.read())\n")
        done = self.run(["python3", "-c", script, f"http://{address}:{port}{path}", str(timeout)],
                        timeout=timeout + 20)
        status, _, body = done.stdout.partition("\n")
        return int(status), body

    def journal(self, *options, output="export"):
        """Text of the host's journal as journalctl prints it."""
        self.run(["journalctl", "--sync"], check=False)
        return self.run(["journalctl", "--no-pager", "--all", "-o", output, *options],
                        timeout=120).stdout

    def shutdown(self, timeout=30):
        """Power the host off in good order; the root's contents are gone with close()."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()  # nspawn asks the host's systemd to power off
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            pass

    def close(self):
        """Stop the host at once, if it runs, and remove its files. May be called twice."""
        self._reap()
        if self._namespace is not None:
            os.close(self._namespace)
            self._namespace = None
        shutil.rmtree(self._run, ignore_errors=True)

    def _reap(self):
        """End the boot at hand, if there is one."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            if self.leader is not None:
                _kill(self.leader)  # init of its pid namespace: everything in it ends
            else:
                process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)
        self.leader = None
        if self._console is not None:
            self._console.close()
            self._console = None
        remove_cgroups(self._cgroups)
        self._cgroups = []


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def parse_options(arguments):
    """Command line of the interactive use."""
    parser = argparse.ArgumentParser(description="Boot a throw-away Debian host.")
    parser.add_argument("--cache-dir", required=True, help="where roots are kept")
    parser.add_argument("--build-dir", help="meson build directory to install into the host")
    parser.add_argument("--package", action="append", default=[], help="package to include")
    parser.add_argument("command", nargs="*", default=[], help="command to run in the host")
    return parser.parse_args(arguments)


def main():
    """Boot a host, run a command or a shell in it, clean up."""
    options = parse_options(sys.argv[1:])
    exit_on_signals()
    root = make_root(options.cache_dir, options.package)
    with Host(root) as host:
        if options.build_dir:
            host.install_build(options.build_dir)
        host.boot()
        command = options.command or ["bash", "--login"]
        return subprocess.run(
            [*NSENTER, "--target", str(host.leader), "--root", "--wd", "--", *command],
            env=CLEAN_ENV, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HostError as error:
        sys.exit(f"host.py: {error}")
