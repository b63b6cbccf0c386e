# SPDX-License-Identifier: Apache-2.0
"""What bad clients do to Postfix' own server, and which of its replies it logs.

Why replies are logged or not; the sources are Postfix 3.7's smtpd.c, smtpd_check.c, cleanup and
their behaviour:

- 220, 250, 354, 221, 334, 235: never logged.
- refusals by access rules, size, limits and milters: `reject:` or `milter-reject:` with the code.
- syntax and order errors (500, 501, 502, 503): not logged, with few exceptions; they show in the
  totals of the `disconnect from` line only.
- a refused password: `SASL ... authentication failed`; 535 or 454, so the class is unknown and
  no reply is counted (`!`), only the event.
- timeouts, too many errors, rate limits: an event without code: implied (`?`).
- header and body checks, milters at the end of data: a line by cleanup without code: implied.
"""

import base64
from typing import NamedTuple

import wire

HI = "EHLO client.example"
FROM = "MAIL FROM:<a@example.org>"
TO = "RCPT TO:<ok@mail.example.com>"
MAIN, ERRORS, QUICK, MILTER, SASL, WARN, RATE, HEADERS, EARLY = range(2600, 2609)
PROXY, VERIFY, STRICT, SCREEN, SUBMISSION = range(2609, 2614)
OPEN = "connect 220, helo 250, "
OK = "mail 250, rcpt 250, data 354, data_end 250, quit 221"
ACCESS = {  # recipient's local part: what the access map answers
    "r421": "421 4.3.2 maintenance", "r450": "450 4.2.0 Greylisted", "r451": "451 4.3.0 later",
    "r452": "452 4.2.2 full", "r454": "454 4.7.0 later", "r500": "500 5.5.2 no", "r501":
    "501 5.1.3 no", "r521": "521 5.2.1 closed", "r550": "550 5.1.1 gone", "r551": "551 5.1.6 moved",
    "r552": "552 5.2.2 full", "r553": "553 5.1.3 odd", "r554": "554 5.7.1 no", "r555":
    "555 5.5.4 no", "r556": "556 5.1.10 null MX", "r571": "571 5.7.1 no", "r599": "599 5.7.1 odd",
    "r550n": "550 no enhanced code", "r550p": "550 5.7.515 no", "r550m": "550 5.9.9 no",
    "rej": "REJECT", "defer": "DEFER", "dunno": "DUNNO", "warn": "WARN 550 5.5.5 careful",
    "info": "INFO 550 5.5.5 note", "hold": "HOLD 550 5.5.5 held", "discard": "DISCARD 550 5.5.5",
    "redirect": "REDIRECT ok@mail.example.com",
}


class Server(NamedTuple):
    """One bad client, at an address of its own."""

    name: str
    why: str
    wire: str
    talk: tuple  # steps of one session, or a tuple of such tuples
    port: int = MAIN
    source: str = ""  # "" = the next of 198.51.100.0/24
    address: str = "192.0.2.10"  # of our server

    def sessions(self):
        """Steps of all sessions."""
        return [self.talk] if isinstance(self.talk[0], str) else list(self.talk)

    def items(self):
        """Wire items."""
        text = self.wire
        return wire.parse(text if text.startswith("connect") else OPEN + text)


def access(name, code, enhanced, label=""):
    """A recipient that the access map refuses."""
    last = "" if code in ("421", "521") else ", quit 221"
    return Server("access-" + name, "an access map's answer", f"mail 250, rcpt *{code}"
                  f"{'=' + label if label else ''} {enhanced}{last}",
                  (HI, FROM, f"RCPT TO:<{name}@mail.example.com>", "QUIT"))


def passwd(user):
    """AUTH PLAIN response."""
    return base64.b64encode(f"\0{user}\0secret".encode()).decode()


def letter(recipient, subject="hello", body="text", sender="a@example.org"):
    """Steps of a whole message."""
    return (HI, f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}@mail.example.com>", "DATA",
            f"|From: <{sender}>\nSubject: {subject}\n\n{body}", "QUIT")


def milter(stage, answer, text):
    """A message whose addresses ask the milter for an answer at a stage."""
    sender = f"milter-{stage}-{answer}@example.org" if stage == "mail" else "a@example.org"
    recipient = "ok" if stage == "mail" else f"milter-{stage}-{answer}"
    steps = {
        "mail": (HI, f"MAIL FROM:<{sender}>", "QUIT"),
        "rcpt": (HI, FROM, f"RCPT TO:<{recipient}@mail.example.com>", "QUIT"),
        "data": (HI, FROM, f"RCPT TO:<{recipient}@mail.example.com>", "DATA", "QUIT"),
        "end": letter(recipient),
    }[stage]
    return Server(f"milter-{stage}-{answer}", "a milter's answer", text, steps, MILTER)


RULES = [
    Server("relay", "relaying is refused", "mail 250, rcpt *554 5.7.1, quit 221",
           (HI, FROM, "RCPT TO:<x@example.net>", "QUIT")),
    Server("unknown-user", "no such mailbox, three recipients, three replies",
           "mail 250, rcpt *550 5.1.1 x3, quit 221",
           (HI, FROM, *(f"RCPT TO:<nobody{n}@mail.example.com>" for n in range(3)), "QUIT")),
    Server("sender-fqdn", "reject_non_fqdn_sender, said to RCPT (smtpd_delay_reject)",
           "mail 250, rcpt *504 5.5.2, quit 221", (HI, "MAIL FROM:<a>", TO, "QUIT")),
    Server("sender-access", "a sender's domain is refused",
           "mail 250, rcpt *550 5.7.1, quit 221", (HI, "MAIL FROM:<a@bad.example>", TO, "QUIT")),
    Server("helo-rule", "reject_invalid_helo_hostname, said to RCPT",
           "mail 250, rcpt *501 5.5.2, quit 221", ("EHLO bad_name!", FROM, TO, "QUIT")),
    Server("evil-helo", "a HELO name that looks like a reply; blanks become question marks",
           "mail 250, rcpt *501 5.5.2, quit 221",
           ("EHLO x>: 250 2.0.0 ok; from=<", FROM, TO, "QUIT")),
    Server("evil-address", "an address that looks like a line", "mail 250, rcpt *554 5.7.1, "
           "quit 221", (HI, FROM, 'RCPT TO:<"x]: 250 2.0.0 ok; y"@example.net>', "QUIT")),
    access("r421", "421", "4.3.2"), access("r450", "450", "4.2.0"),
    access("r451", "451", "4.3.0"), access("r452", "452", "4.2.2"),
    access("r454", "454", "4.7.0"), access("r500", "500", "5.5.2"),
    access("r501", "501", "5.1.3"), access("r521", "521", "5.2.1"),
    access("r550", "550", "5.1.1"), access("r551", "551", "5.1.6"),
    access("r552", "552", "5.2.2"), access("r553", "553", "5.1.3"),
    access("r554", "554", "5.7.1"), access("r555", "555", "5.5.4"),
    # Postfix turns a detail that is not about recipients into 5.1.0.
    access("r556", "556", "5.1.0"), access("r571", "571", "5.7.1"),
    access("r599", "599", "5.7.1", label="other"), access("r550n", "550", "5.7.1"),
    access("r550p", "550", "5.7.515"), access("r550m", "550", "other"),
    access("rej", "554", "5.7.1"), access("defer", "450", "4.7.1"),
]

NOTHING = [
    Server("accepted", "an accepted message: nothing but 2xx, never logged", OK, letter("ok")),
    Server("accepted-two", "two messages in one session",
           "mail 250 x2, rcpt 250 x2, data 354 x2, data_end 250 x2, quit 221",
           (*letter("ok")[:-1], *letter("ok")[1:])),
    Server("rule-warn", "WARN with a code in its text: no reply", OK, letter("warn")),
    Server("rule-info", "INFO with a code in its text: no reply", OK, letter("info")),
    Server("rule-hold", "HOLD with a code in its text: no reply", OK, letter("hold")),
    Server("rule-discard", "DISCARD: answered 250", OK, letter("discard")),
    Server("rule-redirect", "REDIRECT", OK, letter("redirect")),
    Server("warn-if-reject", "reject_warning: the recipient was accepted", OK, letter("ok"), WARN),
    Server("syntax", "syntax and order errors have no line of their own",
           "mail 501, rcpt 503, data 503, unknown 500, vrfy 502, helo 501, rset 250, noop 250, "
           "quit 221",
           (HI, "MAIL FROM", TO, "DATA", "FOO bar", "VRFY root", "HELO", "RSET", "NOOP", "QUIT")),
    Server("no-helo", "MAIL without EHLO where it is required", "connect 220, mail 503, quit 221",
           (FROM, "QUIT"), STRICT),
    Server("order", "DATA without a valid recipient: the refusal is logged, DATA's answer is not",
           "mail 250, rcpt *550 5.1.1, data 554, quit 221",
           (HI, FROM, "RCPT TO:<nobody@mail.example.com>", "DATA", "QUIT")),
    Server("drop-connect", "the client leaves after the greeting", "connect 220", ("#drop",)),
    Server("drop-rcpt", "the client leaves after RCPT", "mail 250, rcpt 250",
           (HI, FROM, TO, "#drop")),
    Server("drop-data", "the client leaves in the middle of a message",
           "mail 250, rcpt 250, data 354", (HI, FROM, TO, "DATA", "=half a line", "#drop")),
]

EVENTS = [
    Server("illegal-address", "an address that cannot be parsed: a warning, 501 is implied",
           "mail 250, rcpt ?501 5.1.3, quit 221", (HI, FROM, "RCPT TO:<a b c@@>", "QUIT")),
    Server("illegal-sender", "the same for MAIL", "mail ?501 5.1.7, quit 221",
           (HI, "MAIL FROM:<a b c@@>", "QUIT")),
    Server("http", "a web browser: 221 is implied", "connect 220, unknown ?221 2.7.0",
           ("GET / HTTP/1.0",)),
    Server("errors", "too many errors: the last 500 is followed by a 421 that is implied",
           "unknown 500 x3, unknown ?421 4.7.0",
           (HI, "FOO 1", "FOO 2", "FOO 3", "<unknown", "<unknown"), ERRORS),
    Server("timeout-helo", "a silent client: 421 is implied", "helo ?421 4.4.2",
           (HI, "<helo"), QUICK),
    Server("timeout-data", "silence in the middle of a message: 421 is implied",
           "mail 250, rcpt 250, data 354, data_end ?421 4.4.2",
           (HI, FROM, TO, "DATA", "=half", "<data_end"), QUICK),
    Server("size-mail", "SIZE= too large", "mail *552 5.3.4, quit 221",
           (HI, "MAIL FROM:<a@example.org> SIZE=99999999", "QUIT"), STRICT),
    Server("size-data", "too much data: a warning, 552 is implied",
           "mail 250, rcpt 250, data 354, data_end ?552 5.3.4, quit 221",
           letter("ok", body="x" * 70 + ("\n" + "x" * 70) * 500), STRICT),
    Server("many-rcpts", "too many recipients: a refusal of smtpd.c itself, without a line",
           "mail 250, rcpt 250 x2, rcpt 452, quit 221",
           (HI, FROM, TO, TO, TO, "QUIT"), STRICT),
    Server("etrn", "ETRN refused: a warning, 459 is implied", "etrn ?459 none, quit 221",
           (HI, "ETRN example.org", "QUIT")),
    Server("rate", "the third connection is one too many: 421 is implied",
           "connect 220 x2, connect ?421 4.7.0, helo 250 x2, quit 221 x2",
           ((HI, "QUIT"), (HI, "QUIT"), ("<connect",)), RATE),
    Server("rate-mail", "the second message is one too many: 450 is implied",
           "mail 250, mail ?450 4.7.1, rset 250, quit 221", (HI, FROM, "RSET", FROM, "QUIT"),
           RATE),
    Server("rate-rcpt", "the third recipient is one too many: 450 is implied",
           "mail 250, rcpt 250 x2, rcpt ?450 4.7.1, quit 221", (HI, FROM, TO, TO, TO, "QUIT"),
           RATE),
    Server("bdat", "a message by BDAT: not logged either",
           "mail 250, rcpt 250, bdat 250 x2, quit 221",
           (HI, FROM, TO, "BDAT 3\r\na\r\n", "BDAT 3 LAST\r\nb\r\n", "QUIT")),
    Server("bdat-bad", "malformed BDAT: a line without code, 521 is implied",
           "mail 250, rcpt 250, bdat ?521 5.5.4",
           (HI, FROM, TO, "BDAT x", "QUIT")),
    Server("bare-lf", "a bare line feed in the message: `reject:` without a code",
           "mail 250, rcpt 250, data 354, data_end ?550 5.5.2, quit 221",
           (HI, FROM, TO, "DATA", "=one\ntwo\r\n.\r\n", "<data_end", "QUIT"), STRICT),
    Server("pipelining", "commands without waiting where that is forbidden: the line is the same"
           " where it is allowed and nobody is refused, so no reply is counted",
           "connect 220, helo !554",
           ("=EHLO client.example\r\nMAIL FROM:<a@example.org>\r\n", "<helo", "<helo"), STRICT),
]

PASSWORDS = [
    Server("auth-plain", "a wrong password: 535 or 454, the line does not say which",
           "auth !535, quit 221", (HI, "AUTH PLAIN " + passwd("bad"), "QUIT"), SASL),
    Server("auth-broken", "the password checker fails: the same line",
           "auth !535, quit 221", (HI, "AUTH PLAIN " + passwd("broken"), "QUIT"), SASL),
    Server("auth-login", "AUTH LOGIN", "auth 334 x2, auth !535, quit 221",
           (HI, "AUTH LOGIN", "=YmFk\r\n", "<auth", "=c2VjcmV0\r\n", "<auth", "QUIT"), SASL),
    Server("auth-cancel", "the client cancels: 501 is implied",
           "auth 334, auth ?501 5.7.0, quit 221",
           (HI, "AUTH LOGIN", "=*\r\n", "<auth", "QUIT"), SASL),
    Server("auth-good", "a right password: 235 is not logged; then an accepted message",
           "auth 235, " + OK, (HI, "AUTH PLAIN " + passwd("good"), *letter("ok")[1:]), SASL),
    Server("auth-none", "AUTH where it is not offered", "auth 503, quit 221",
           (HI, "AUTH PLAIN " + passwd("bad"), "QUIT")),
    Server("submission", "another service name: postfix/submission/smtpd",
           "mail 250, rcpt *554 5.7.1, quit 221", (HI, FROM, TO, "QUIT"), SUBMISSION),
]

CONTENT = [
    Server("header-reject", "a header rule: 550 is implied",
           "mail 250, rcpt 250, data 354, data_end ?550 5.7.1, quit 221",
           letter("ok", "reject-me"), HEADERS),
    Server("header-451", "a header rule with a code of its own: 451 is implied",
           "mail 250, rcpt 250, data 354, data_end ?451 4.7.1, quit 221",
           letter("ok", "defer-me"), HEADERS),
    Server("header-warn", "a header rule that warns: no reply", OK,
           letter("ok", "warn-me 550 5.7.1"), HEADERS),
    Server("body-reject", "a body rule: 550 is implied",
           "mail 250, rcpt 250, data 354, data_end ?550 5.7.1, quit 221",
           letter("ok", body="reject-body"), HEADERS),
]

MILTERS = [
    milter("mail", "550-5-7-1", "mail *550 5.7.1, quit 221"),
    milter("mail", "reject", "mail *550 5.7.1, quit 221"),
    milter("rcpt", "451-4-7-1", "mail 250, rcpt *451 4.7.1, quit 221"),
    milter("rcpt", "plain452", "mail 250, rcpt *452 none, quit 221"),
    milter("rcpt", "tempfail", "mail 250, rcpt *451 4.7.1, quit 221"),
    milter("data", "554-5-7-1", "mail 250, rcpt 250, data *554 5.7.1, quit 221"),
    milter("end", "550-5-7-1", "mail 250, rcpt 250, data 354, data_end ?550=5xx 5.7.1, quit 221"),
    milter("end", "452-4-2-2", "mail 250, rcpt 250, data 354, data_end ?452=4xx 4.2.2, quit 221"),
    Server("milter-helo", "a milter at EHLO: EHLO is answered 250, MAIL is refused; one reply",
           "mail *550 5.7.1, quit 221",
           ("EHLO milter-helo-550-5-7-1.example", FROM, "QUIT"), MILTER),
]

EARLY_RULES = [
    Server("early-helo", "smtpd_delay_reject = no: the refusal is said to EHLO",
           "connect 220, helo *501 5.5.2, quit 221", ("EHLO bad_name!", "QUIT"), EARLY),
    Server("early-sender", "and to MAIL", "mail *504 5.5.2, quit 221",
           (HI, "MAIL FROM:<a>", "QUIT"), EARLY),
    Server("early-client", "and as the greeting", "connect *554 5.7.1, quit 221", ("QUIT",), EARLY,
           "198.51.100.200"),
]

PROXIES = [
    Server("proxy-sent", "a before-queue filter: the only 250 that Postfix logs as sent",
           "mail 250, rcpt 250, data 354, data_end *250 2.0.0, quit 221",
           letter("ok", sender="proxy-sent@example.org"), PROXY),
    Server("proxy-end", "the filter refuses the message",
           "mail 250, rcpt 250, data 354, data_end *554 5.7.1, quit 221",
           letter("ok", sender="proxy-end@example.org"), PROXY),
    Server("proxy-rcpt", "the filter refuses the recipient: what the log has is the filter's reply,"
           " a received one; ours, the same words, has no line",
           "mail 250, rcpt 550, quit 221",
           (HI, "MAIL FROM:<proxy-rcpt@example.org>", TO, "QUIT"), PROXY),
]

OTHERS = [
    Server("verify", "an undeliverable recipient: our 550 quotes the other server's",
           "mail 250, rcpt *550 5.1.1, quit 221",
           (HI, FROM, "RCPT TO:<verify.no@verify.example.net>", "QUIT"), VERIFY),
    Server("ipv6", "a client with an IPv6 address", "mail 250, rcpt *554 5.7.1, quit 221",
           (HI, FROM, "RCPT TO:<x@example.net>", "QUIT"), source="2001:db8::70",
           address="2001:db8::10"),
    Server("screen-pregreet", "postscreen: spoke before the greeting, refused at RCPT",
           "mail 250, rcpt *550 5.5.1, quit 221",
           ("#early " + HI, HI, FROM, TO, "QUIT"), SCREEN),
]

ALL = [*RULES, *NOTHING, *EVENTS, *PASSWORDS, *CONTENT, *MILTERS, *EARLY_RULES, *PROXIES,
       *OTHERS]


def sessions():
    """What smtp_client.py is to do; every scenario has an address of its own."""
    return [{"name": scenario.name, "port": scenario.port, "talk": scenario.sessions(),
             "server": scenario.address,
             "source": scenario.source or f"198.51.100.{10 + index}"}
            for index, scenario in enumerate(ALL)]


def inline(table):
    """An inline: map of main.cf."""
    return "inline:{" + ", ".join(f"{{ {key} = {value} }}" for key, value in table.items()) + "}"


def main_cf():
    """Settings for the services below."""
    users = {
        f"{name}@mail.example.com": "x" for name in
        ["ok", *ACCESS, *(scenario.name for scenario in MILTERS)]}
    lines = [
        "local_transport = discard:local", "local_recipient_maps = texthash:/etc/postfix/users",
        "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination",
        "smtpd_client_restrictions =",
        "smtpd_helo_restrictions = reject_invalid_helo_hostname",
        "smtpd_sender_restrictions = reject_non_fqdn_sender,"
        " check_sender_access texthash:/etc/postfix/senders",
        "smtpd_recipient_restrictions = check_recipient_access texthash:/etc/postfix/recipients",
        "disable_vrfy_command = yes", "smtpd_tls_security_level = none",
        "smtpd_hard_error_limit = 20", "relay_domains = verify.example.net",
        "unverified_recipient_reject_code = 550",
        "postscreen_greet_wait = 1s", "postscreen_greet_action = enforce",
        "postscreen_access_list =", "address_verify_map =", "address_verify_poll_count = 3",
        "address_verify_poll_delay = 1s", "in_flow_delay = 0",
        "header_checks =", "body_checks =",
    ]
    tables = {
        "users": "".join(f"{key} {value}\n" for key, value in users.items()),
        "senders": "bad.example 550 5.7.1 not you\n",
        "recipients": "".join(f"{k}@mail.example.com {v}\n" for k, v in ACCESS.items()),
        "header_checks": "/^Subject: reject-me/ REJECT no such subject\n"
                         "/^Subject: defer-me/ REJECT 4.7.1 later\n"
                         "/^Subject: warn-me/ WARN 550 5.7.1 careful\n",
        "body_checks": "/^reject-body/ REJECT no such body\n",
    }
    return "\n".join(lines) + "\n", tables


def service(port, *options, kind="smtpd", address="192.0.2.10"):
    """A master.cf service."""
    return f"{address}:{port} inet n - y - - {kind}" + "".join(f"\n    -o {o}" for o in options)


def master_cf():
    """The services that the bad clients talk to."""
    return "\n".join([
        service(MAIN),
        service(MAIN, address="[2001:db8::10]"),
        service(ERRORS, "smtpd_soft_error_limit=1", "smtpd_hard_error_limit=3"),
        service(QUICK, "smtpd_timeout=2s"),
        service(MILTER, "smtpd_milters=inet:127.0.0.1:8891"),
        service(SASL, "smtpd_sasl_auth_enable=yes", "smtpd_sasl_type=dovecot",
                "smtpd_sasl_path=private/scripted-auth"),
        service(WARN, "{ smtpd_recipient_restrictions = warn_if_reject, reject }"),
        service(RATE, "smtpd_client_connection_rate_limit=2", "smtpd_client_message_rate_limit=1",
                "smtpd_client_recipient_rate_limit=2"),
        service(HEADERS, "cleanup_service_name=cleanup-checks"),
        service(EARLY, "smtpd_delay_reject=no",
                "{ smtpd_client_restrictions = check_client_access"
                " inline:{{198.51.100.200 = 554 5.7.1 go away}} }"),
        service(VERIFY, "smtpd_recipient_restrictions=reject_unverified_recipient"),
        service(PROXY, "smtpd_proxy_filter=127.0.0.25:10025"),
        service(STRICT, "smtpd_helo_required=yes", "message_size_limit=20480",
                "smtpd_recipient_limit=2", "smtpd_forbid_bare_newline=reject",
                "smtpd_forbid_unauth_pipelining=yes"),
        service(SUBMISSION, "syslog_name=postfix/submission",
                "smtpd_relay_restrictions=permit_sasl_authenticated,reject"),
        f"192.0.2.10:{SCREEN} inet n - y - 1 postscreen",
        "smtpd pass - - y - - smtpd", "dnsblog unix - - y - 0 dnsblog",
        "tlsproxy unix - - y - 0 tlsproxy",
        "cleanup-checks unix n - y - 0 cleanup -o header_checks=regexp:/etc/postfix/header_checks",
        "    -o body_checks=regexp:/etc/postfix/body_checks",
    ]) + "\n"


HELPERS_UNIT = """\
[Unit]
Description=Scripted milter and password checker of the test
[Service]
Type=notify
NotifyAccess=all
ExecStart=/usr/bin/python3 -I /e2e/helpers.py /var/spool/postfix/private/scripted-auth 8891
"""


def prepare(host):
    """Write the tables and the helpers' unit; before boot."""
    for name, text in main_cf()[1].items():
        host.write("/etc/postfix/" + name, text)
    unit = "scripted-helpers.service"
    host.write("/etc/systemd/system/" + unit, HELPERS_UNIT)
    host.link("/etc/systemd/system/multi-user.target.wants/" + unit, "../" + unit)
