# SPDX-License-Identifier: Apache-2.0
"""Mail lines by those who are no mail server: told apart by the fields that journald adds."""

import json

from host import poll
from service_host import mail_text

TAG = "postfix/smtp"
UID = 1000
USER = "ordinary"
# With names of its own choice: a user's service is not the system's of the same name.
USER_UNIT = f"""\
[Service]
Type=oneshot
SyslogIdentifier={TAG}
ExecStart=/usr/bin/logger -t {TAG} "{mail_text(5, 554, '5.7.1', 'forged')}"
ExecStart=/usr/bin/echo "{mail_text(6, 554, '5.7.1', 'forged')}"
"""
OTHER_MACHINE = "0123456789abcdef0123456789abcdef"


class Forgery:
    """One after the other; each is to be untrusted and to count nowhere else."""

    def __init__(self, service):
        self.service, self.host = service, service.host
        self._number = 0x1000000

    def text(self):
        """A line that would count."""
        self._number += 1
        return mail_text(self._number, 554, "5.7.1", "forged")

    def check(self, who, count=1):
        """After WHO wrote COUNT lines."""
        self.host.untrusted += count
        self.service.counted(f"forged by {who}")

    def logger(self, who, *properties):
        """logger(1) in a unit with these properties."""
        self.host.run_as_unit(["logger", "-t", TAG, "-p", "mail.info", self.text()], *properties)
        self.check(who)

    def native(self, who, fields, *properties):
        """The native protocol, with fields of the writer's choice."""
        self.host.send([{"SYSLOG_IDENTIFIER": TAG, "MESSAGE": self.text(), **fields}], *properties)
        self.check(who)

    def stdout(self, who, *properties):
        """Standard output of a service, to which systemd gives the identifier."""
        self.host.run(["systemd-run", "--quiet", "--wait", "--collect",
                       f"--property=SyslogIdentifier={TAG}", *properties, "--",
                       "echo", self.text()])
        self.check(who)


def ordinary_user(forgery):
    """Without any rights, by every way into the journal."""
    host, user = forgery.host, f"--property=User={USER}"
    forgery.logger("a user by logger", user)
    host.run_as_unit(["logger", "--journald"], user, check=False)  # an empty entry: foreign
    forgery.native("a user with fields that only journald may set", {
        "_UID": "0", "_GID": "0", "_COMM": "smtp", "_EXE": "/usr/lib/postfix/sbin/smtp",
        "_SYSTEMD_UNIT": "postfix@-.service", "_SYSTEMD_CGROUP": "/system.slice/postfix@-.service",
        "_TRANSPORT": "syslog", "_PID": "1"}, user)
    forgery.native("a user for somebody else", {"OBJECT_PID": "1", "OBJECT_UID": "0"}, user)
    host.run_as_unit(["systemd-cat", "-t", TAG, "echo", forgery.text()], user)
    forgery.check("a user by systemd-cat")
    forgery.stdout("a user's service on standard output", user)


def user_manager(forgery):
    """A user's own systemd with a unit named like Postfix'."""
    host, directory = forgery.host, f"XDG_RUNTIME_DIR=/run/user/{UID}"
    host.write(f"/home/{USER}/.config/systemd/user/postfix@-.service", USER_UNIT)
    host.run(["chown", "-R", USER, f"/home/{USER}"])
    # What pam_systemd does where it is installed.
    host.write(f"/run/systemd/system/user@{UID}.service.d/e2e.conf",
               f"[Service]\nEnvironment={directory}\n")
    host.systemctl("daemon-reload")
    host.systemctl("start", f"user@{UID}.service")
    host.run(["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "env", directory,
              "systemctl", "--user", "start", "postfix@-.service"])
    seen = host.journal(f"_SYSTEMD_UNIT=user@{UID}.service", f"SYSLOG_IDENTIFIER={TAG}",
                        output="json").splitlines()
    forgery.service.equal("forged within a user's systemd: written by a unit named like Postfix'",
                          {json.loads(line).get("_SYSTEMD_USER_UNIT") for line in seen},
                          {"postfix@-.service"})
    forgery.check("a unit of a user's systemd", 2)
    host.systemctl("stop", f"user@{UID}.service")


def postfix_unit(forgery):
    """Who writes from within a unit of Postfix is not by that Postfix."""
    host, unit = forgery.host, "postfix@forged.service"  # an instance of Debian's template
    for who, settings in (("a user", f"User={USER}"), ("a dynamic user", "DynamicUser=yes\nUser=forger")):
        host.write(f"/run/systemd/system/{unit}", (
            f"[Service]\nType=oneshot\nSyslogIdentifier={TAG}\n{settings}\n"
            f'ExecStart=/usr/bin/logger -t {TAG} "{forgery.text()}"\n'
            f'ExecStart=/usr/bin/echo "{forgery.text()}"\n'))
        host.systemctl("daemon-reload")
        host.systemctl("start", unit)
        seen = host.journal(f"_SYSTEMD_UNIT={unit}", f"SYSLOG_IDENTIFIER={TAG}", output="cat")
        forgery.service.check(f"forged by {who}: from within {unit}",
                              [] if "forged" in seen else ["the journal does not say so"])
        forgery.check(f"{who} in a unit of Postfix", 2)


def forged(host, where):
    """How many forged lines journalctl finds there."""
    return host.journal(where, "-t", TAG, output="cat").count("forged")


def containers(forgery):
    """Their root is not ours."""
    host, service = forgery.host, forgery.service
    forgery.native("root of a container, by its manager",
                   {"CONTAINER_NAME": "web", "CONTAINER_ID": "0123456789ab"})
    # A journal namespace makes real files, which then become those of another machine.
    for _ in range(3):
        host.run_as_unit(["logger", "-t", TAG, forgery.text()],
                         "--property=LogNamespace=container")
    poll(lambda: forged(host, "--namespace=container") == 3, 10, "lines in a namespace")
    service.counted("in another namespace, which is not read")
    host.run(["sh", "-c", (
        "systemctl stop 'systemd-journald@container.*' && cd /var/log/journal && "
        f"mkdir {OTHER_MACHINE} && mv *.container/*.journal {OTHER_MACHINE}/ && "
        f"rmdir *.container && chmod 644 {OTHER_MACHINE}/*")])
    service.equal("forged lines in another machine's journal",
                  forged(host, f"--directory=/var/log/journal/{OTHER_MACHINE}"), 3)
    service.counted("in another machine's journal, which is not read")
    host.systemctl("restart", service.unit)
    service.counted("in another machine's journal, which is not read after a restart either")


def mail_user(forgery):
    """The other way round: Postfix' own user is trusted wherever it is."""
    host = forgery.host
    host.run_as_unit(["logger", "-t", TAG, *host.lines(1)], "--property=User=postfix")
    forgery.service.counted("Postfix' own user")


def check_trust(service):
    """All of the above."""
    host = service.host
    host.run(["useradd", "--create-home", f"--uid={UID}", USER])
    service.counted("before anything is forged")
    forgery = Forgery(service)
    ordinary_user(forgery)
    forgery.logger("www-data", "--property=User=www-data", "--unit=apache2.service")
    forgery.native("www-data with Postfix' unit", {"_SYSTEMD_UNIT": "postfix.service"},
                   "--property=User=www-data")
    user_manager(forgery)
    postfix_unit(forgery)
    containers(forgery)
    mail_user(forgery)
    journals = host.run(["sh", "-c", "ls /var/log/journal/*/"]).stdout
    poll(lambda: f"user-{UID}.journal" in journals, 0, "a journal of the user's own")
