# SPDX-License-Identifier: Apache-2.0
"""A host with Debian's Postfix that talks to the scripted server: configuration and operation."""

import json
import os
import time

from host import Host, make_root, poll

PACKAGES = ("postfix", "libsasl2-modules", "libyaml-0-2", "libgnutls30", "zlib1g")
HOSTNAME = "mail.example.com"
HERE = os.path.dirname(os.path.abspath(__file__))
# On the loopback device a prefix makes all of its addresses local.
ADDRESSES = ("192.0.2.10/24", "198.51.100.1/24", "2001:db8::10/128",
             "2001:db8::25/128", "2001:db8::70/128")
PLAIN = ["SIZE 10240000", "ENHANCEDSTATUSCODES", "8BITMIME"]
ESMTP = ["PIPELINING", *PLAIN]
LISTENERS = [
    {"name": "mx", "host": "192.0.2.25", "port": 25, "capabilities": ESMTP},
    {"name": "plain", "host": "192.0.2.26", "port": 25, "capabilities": PLAIN},
    {"name": "sink", "host": "192.0.2.30", "port": 25, "capabilities": ESMTP},
    {"name": "v6", "host": "2001:db8::25", "port": 25, "capabilities": ESMTP},
    {"name": "filter", "host": "127.0.0.25", "port": 10025, "capabilities": ESMTP},
    {"name": "filter-v6", "host": "::1", "port": 10025, "capabilities": ESMTP},
    {"name": "lmtp-inet", "host": "127.0.0.24", "port": 24, "lmtp": True, "capabilities": ESMTP},
    {"name": "lmtp-unix", "unix": "/var/spool/postfix/private/scripted-lmtp", "lmtp": True,
     "capabilities": ESMTP},
]
PLACES = {listener["name"]: listener.get("host") for listener in LISTENERS}
CLOSED, UNREACHABLE = "192.0.2.99", "203.0.113.9"

MAIN_CF = """\
compatibility_level = 3.6
myhostname = mail.example.com
myorigin = example.com
mydestination = mail.example.com, localhost
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1, 192.0.2.10, 2001:db8::10
inet_protocols = all
smtp_host_lookup = native
smtp_dns_support_level = disabled
lmtp_host_lookup = native
lmtp_dns_support_level = disabled
smtp_tls_security_level = none
smtp_connection_cache_on_demand = no
proxy_write_maps = proxy:btree:/var/lib/postfix/sasl_auth_cache
smtp-one_initial_destination_concurrency = 1
smtp-one_destination_concurrency_limit = 1
smtp_connect_timeout = 4s
smtp_helo_timeout = 6s
smtp_mail_timeout = 6s
smtp_rcpt_timeout = 6s
smtp_data_init_timeout = 6s
smtp_data_done_timeout = 6s
transport_maps = texthash:/etc/postfix/transport
alias_maps =
alias_database =
smtpd_banner = $myhostname ESMTP
smtpd_error_sleep_time = 0
"""

CLIENT_SERVICES = """
smtp-tls  unix  -  -  y  -  -  smtp -o smtp_tls_security_level=encrypt
smtp-may  unix  -  -  y  -  -  smtp -o smtp_tls_security_level=may
smtp-auth unix  -  -  y  -  -  smtp
    -o smtp_sasl_auth_enable=yes -o smtp_sasl_security_options=noanonymous
    -o smtp_sasl_password_maps=static:user:secret
smtp-memory unix - -   y  -  -  smtp
    -o smtp_sasl_auth_enable=yes -o smtp_sasl_security_options=noanonymous
    -o smtp_sasl_password_maps=static:user:secret
    -o smtp_sasl_auth_cache_name=proxy:btree:/var/lib/postfix/sasl_auth_cache
smtp-xforward unix - -  y  -  -  smtp -o smtp_send_xforward_command=yes
smtp-soft unix  -  -  y  -  -  smtp -o soft_bounce=yes
smtp-one  unix  -  -  y  -  1  smtp
smtp-cache unix -  -  y  -  1  smtp
    -o smtp_connection_cache_destinations=static:yes
"""

SERVER_UNIT = """\
[Unit]
Description=Scripted SMTP server of the test
After=e2e-addresses.service postfix@-.service
[Service]
Type=notify
NotifyAccess=all
ExecStart=/usr/bin/python3 -I /e2e/smtpd_scripted.py /e2e/script.json /e2e/ledger.jsonl
[Install]
WantedBy=multi-user.target
"""

INJECT = r"""
import json, subprocess, sys
for mail in json.load(sys.stdin):
    subprocess.run(["/usr/sbin/sendmail", *mail["options"], "-f", mail["sender"], "--",
                    *mail["recipients"]], input=mail["text"].encode(), check=True)
"""


class World:
    """Listeners, names and transport entries for a list of client scenarios."""

    def __init__(self, scenarios):
        self.listeners = [dict(listener) for listener in LISTENERS]
        self.names, self.transport = {"sink.example.net": "192.0.2.30"}, {
            "example.com": "smtp:[sink.example.net]"}
        self.plans = {}
        self._next = 100
        for scenario in scenarios:
            self.add(scenario)

    def own_listener(self, name, session, capabilities):
        """An address of its own for a scenario; returns it."""
        address = f"192.0.2.{self._next}"
        self._next += 1
        self.listeners.append({"name": name, "host": address, "port": 25,
                               "capabilities": capabilities, "session": session})
        return address

    def add(self, scenario):
        """Everything that one scenario needs."""
        name = scenario.name
        host, capabilities = f"{name}.example.net", list(ESMTP)
        if scenario.service in ("smtp-tls", "smtp-may"):
            capabilities.append("STARTTLS")
        if scenario.service in ("smtp-auth", "smtp-memory"):
            capabilities.append("AUTH PLAIN")
        if scenario.service == "smtp-xforward":
            capabilities.append("XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT")
        self.plans[name] = scenario.plan
        route = f"{scenario.service}:[{host}]"
        if scenario.at == "own-plain":
            self.names[host] = self.own_listener(name, scenario.session, PLAIN)
        elif scenario.at == "own":
            self.names[host] = self.own_listener(name, scenario.session, capabilities)
        elif scenario.at in ("two", "two-refused"):
            second = {"greeting": "450 not now"} if scenario.at == "two-refused" else {}
            self.names[host] = self.own_listener(name, scenario.session, PLAIN)
            self.names["second." + host] = self.own_listener(name + "-second", second, PLAIN)
            route = f"smtp:[{host}], [second.{host}]"
        elif scenario.at in ("filter", "filter-v6"):
            self.names[host] = PLACES[scenario.at]
            route = f"smtp:[{host}]:10025"
        elif scenario.at == "lmtp-unix":
            route = "lmtp:unix:private/scripted-lmtp"
        elif scenario.at == "lmtp-inet":
            self.names[host] = PLACES["lmtp-inet"]
            route = f"lmtp:inet:[{host}]:24"
        elif scenario.at == "closed":
            self.names[host] = CLOSED
        elif scenario.at == "unreachable":
            self.names[host] = UNREACHABLE
        elif scenario.at != "nowhere":
            self.names[host] = PLACES[scenario.at]
        self.transport[host] = route

    def hosts_file(self):
        """Text of /etc/hosts."""
        lines = ["127.0.0.1 localhost", "::1 localhost", f"192.0.2.10 {HOSTNAME} mail"]
        lines += [f"{address} {name}" for name, address in self.names.items()]
        return "\n".join(lines) + "\n"

    def transport_file(self):
        """Text of the transport map."""
        return "".join(f"{domain} {route}\n" for domain, route in self.transport.items())

    def script(self):
        """The script of the scripted server."""
        return json.dumps({"listeners": self.listeners, "plans": self.plans}, indent=1)


def mails(scenarios):
    """What sendmail must be told for these scenarios."""
    result = []
    for scenario in scenarios:
        recipients = [
            f"{part}@{scenario.name}.example.net" if part.startswith('"')
            else f"{scenario.name}.{part}@{scenario.name}.example.net" for part in scenario.rcpts]
        for number in range(scenario.messages):
            result.append({
                "sender": f"{scenario.name}@example.com", "recipients": recipients,
                "options": ["-bv"] if scenario.probe else ["-i"],
                "text": f"Subject: {scenario.name} {number}\n\n{scenario.why}\n"})
    return result


class PostfixHost(Host):
    """Host with Postfix and the scripted server."""

    def __init__(self, cache_dir, world, main_cf="", master_cf="", extra=()):
        super().__init__(make_root(cache_dir, PACKAGES), HOSTNAME, ADDRESSES)
        with open(os.path.join(self.root, "etc/postfix/master.cf"), encoding="utf-8") as file:
            master = file.read()
        self.write("/etc/postfix/main.cf", MAIN_CF + main_cf)
        self.write("/etc/postfix/master.cf", master + CLIENT_SERVICES + master_cf)
        self.write("/etc/postfix/transport", world.transport_file())
        self.write("/etc/hosts", world.hosts_file())
        self.write("/etc/mailname", "example.com\n")
        unit = "scripted-smtpd.service"
        self.write("/etc/systemd/system/" + unit, SERVER_UNIT)
        self.link("/etc/systemd/system/multi-user.target.wants/" + unit, "../" + unit)
        self.put("script.json", world.script())
        for name in ("smtpd_scripted.py", *extra):
            with open(os.path.join(HERE, name), encoding="utf-8") as file:
                self.put(name, file.read())
        self.put("ledger.jsonl", "")

    def put(self, name, text):
        """Write a file that both sides see, /e2e in the host."""
        with open(os.path.join(self.share, name), "w", encoding="utf-8") as file:
            file.write(text)

    def ledger(self, name="ledger.jsonl"):
        """Entries of a ledger."""
        with open(os.path.join(self.share, name), encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def inject(self, messages):
        """Submit messages with sendmail(1)."""
        self.run(["python3", "-I", "-c", INJECT], stdin=json.dumps(messages), timeout=120)

    def queue(self):
        """Entries of the queue."""
        text = self.run(["postqueue", "-j"]).stdout
        return [json.loads(line) for line in text.splitlines()]

    def settle(self, quiet=1.5, timeout=90):
        """Wait until Postfix has nothing in hand and both ledger and journal rest."""
        def resting():
            before = self.state()
            if before[0]:
                return False
            time.sleep(quiet)
            return self.state() == before
        poll(resting, timeout, "Postfix does not come to rest", pause=0.3)

    def state(self):
        """(messages in hand, ledger entries, journal entries)."""
        in_hand = ("active", "incoming", "maildrop")
        busy = sum(1 for item in self.queue() if item["queue_name"] in in_hand)
        return busy, len(self.ledger()), len(self.entries("--output-fields=MESSAGE"))

    def entries(self, *options):
        """The journal as a list of dictionaries."""
        text = self.journal(*options, output="json")
        return [json.loads(line) for line in text.splitlines()]

    def flush(self):
        """Try everything deferred once more."""
        self.run(["postqueue", "-f"])
        time.sleep(0.5)


def message_text(entry):
    """MESSAGE of a journal entry; journalctl prints unprintable ones as a list of bytes."""
    value = entry.get("MESSAGE") or ""
    if isinstance(value, list):
        return bytes(value).decode("utf-8", "replace")
    return value
