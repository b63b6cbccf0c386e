# SPDX-License-Identifier: Apache-2.0
"""What the scripted server says to Postfix, and what of it Postfix logs: fixed beforehand.

Why replies of the table are logged or not; the sources are Postfix 3.7's smtp_proto.c,
smtp_trouble.c, smtp_rcpt.c and their behaviour:

- greeting 220, EHLO 250, MAIL 2xx, RCPT 2xx, DATA 354: never logged; only refusals are.
- the reply to the end of data: always logged, 2xx as `status=sent (REPLY)`, once per recipient
  of the message; over SMTP it is one reply, over LMTP one per recipient.
- RCPT 4xx, 5xx, 3xx: logged once, on the line of its recipient.
- MAIL, DATA and end-of-data refusals: on the line of every recipient; one reply.
- greeting, EHLO 421, HELO refusals: `refused to talk to me`, stage connect, on every
  recipient's line; one reply. An EHLO refusal other than 421 is mended by HELO: not logged.
- replies to pipelined commands behind a refused MAIL or behind refused RCPTs: read, not logged.
- RSET and QUIT: never logged.
- address probes (`sendmail -bv`): the reply to RCPT is logged, 2xx too.
- a host that is not the last one to try: a line of its own without recipient.
"""

from typing import NamedTuple

import wire

OPEN = "connect 220, helo 250, "  # what precedes every wire text that does not say `connect`
SENT = "mail 250, rcpt 250, data 354, data_end *250 2.0.0, quit 221"
SAME = {"raw": "550 5.1.1 the same words for everybody\r\n"}
LATER = {"raw": "451 4.3.0 come back later\r\n"}
EVIL_ADDRESS = ('"x>, relay=evil.example.net[203.0.113.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0,'
                ' status=sent (250 2.0.0 ok"')
LONG = "no " + "long-winded " * 300


class Client(NamedTuple):
    """One message to the scripted server."""

    name: str  # also the sender's local part, the plan's name and the destination's host name
    why: str
    wire: str
    plan: dict = {}
    rcpts: tuple = ("a",)
    at: str = "mx"  # a place of PLACES, or "own" for a listener with this session
    session: dict = {}
    service: str = "smtp"
    status: dict = {"bounced": 1}  # recipient lines by status, per attempt
    messages: int = 1
    probe: bool = False
    bounces: int = -1  # non-delivery messages to the sender; -1: one if anything bounced
    second: str = ""  # wire text of the attempt after a flush, if it differs
    second_status: dict = {}
    hop: str = "remote"
    by_ledger: bool = False  # each logged reply is one recipient's; overrides status

    def items(self, attempts):
        """Wire items of all attempts: the first, and each retry after it."""
        text = expand(self.wire)
        if attempts > 1:
            text += ", " + ", ".join([expand(self.second or self.wire)] * (attempts - 1))
        return wire.parse(text)


def expand(text):
    """Add what every conversation begins with."""
    if text.startswith(("connect", "-")):
        return text.lstrip("-")
    return OPEN + text


def simple(stage, reply, enhanced, label="", why="a spread of codes and enhanced codes"):
    """A refusal of a message with one recipient by a server without PIPELINING.

    reply: what the server says, a mark and a text are added; enhanced and label: what the
    metrics must show.
    """
    code = reply.split(" ", 1)[0]
    words = {
        "mail": "mail {}, rset 250, quit 221",
        "rcpt": "mail 250, rcpt {}, rset 250, quit 221",
        "data": "mail 250, rcpt 250, data {}, rset 250, quit 221",
        "data_end": "mail 250, rcpt 250, data 354, data_end {}, quit 221",
    }[stage]
    name = "-".join([stage.replace("_", "-"), *reply.replace(".", "-").split()])
    text = words.format(f"*{code}{'=' + label if label else ''} {enhanced}")
    if code == "421":  # the server hangs up
        text = text.replace(", rset 250", "").replace(", quit 221", "")
    return Client(name, why, text,
                  plan={stage: f"{reply} no"}, at="plain",
                  status={"deferred" if code[0] == "4" else "bounced": 1})


SPREAD = [
    simple("rcpt", "400", "none"),
    simple("rcpt", "420 4.2.0", "4.2.0"),
    simple("rcpt", "450 4.2.0", "4.2.0"),
    simple("rcpt", "451 4.7.1", "4.7.1"),
    simple("rcpt", "451 4.7.650", "4.7.650", why="three digits in the enhanced code"),
    simple("rcpt", "452 4.2.2", "4.2.2"),
    simple("rcpt", "454 4.7.0", "4.7.0"),
    simple("rcpt", "455 4.5.4", "4.5.4"),
    simple("rcpt", "471 4.7.1", "4.7.1"),
    simple("rcpt", "499", "none"),
    simple("rcpt", "477 4.1.8", "4.1.8", label="other", why="a code without a row"),
    simple("rcpt", "500 5.5.2", "5.5.2"),
    simple("rcpt", "501 5.1.3", "5.1.3"),
    simple("rcpt", "503 5.5.1", "5.5.1"),
    simple("rcpt", "504 5.5.4", "5.5.4"),
    simple("rcpt", "510 5.1.1", "5.1.1"),
    simple("rcpt", "511 5.1.1", "5.1.1"),
    simple("rcpt", "521 5.2.1", "5.2.1"),
    simple("rcpt", "523 5.7.10", "5.7.10"),
    simple("rcpt", "530 5.7.0", "5.7.0"),
    simple("rcpt", "535 5.7.8", "5.7.8"),
    simple("rcpt", "541 5.7.1", "5.7.1"),
    simple("rcpt", "550 5.1.1", "5.1.1"),
    simple("rcpt", "550 5.4.1", "5.4.1"),
    simple("rcpt", "550 5.7.26", "5.7.26", why="two digits in the enhanced code"),
    simple("rcpt", "550 5.7.515", "5.7.515", why="three digits in the enhanced code"),
    simple("rcpt", "550", "none"),
    simple("rcpt", "551 5.1.6", "5.1.6"),
    simple("rcpt", "552 5.2.2", "5.2.2"),
    simple("rcpt", "553 5.1.3", "5.1.3"),
    simple("rcpt", "554 5.7.1", "5.7.1"),
    simple("rcpt", "555 5.5.4", "5.5.4"),
    simple("rcpt", "556 5.1.10", "5.1.10"),
    simple("rcpt", "571 5.7.1", "5.7.1"),
    simple("rcpt", "599", "none", label="other", why="a code without a row"),
    simple("rcpt", "550 4.2.2", "other", why="the enhanced code's class differs"),
    simple("rcpt", "451 5.1.1", "other", why="the enhanced code's class differs"),
    simple("rcpt", "550 5.9.9", "other", why="no such enhanced code is registered"),
    simple("rcpt", "550 5.7.999", "other", why="no such enhanced code is registered"),
    simple("mail", "421 4.3.2", "4.3.2"),
    simple("mail", "450 4.1.8", "4.1.8"),
    simple("mail", "451 4.3.0", "4.3.0"),
    simple("mail", "452 4.3.1", "4.3.1"),
    simple("mail", "501 5.1.7", "5.1.7"),
    simple("mail", "530 5.7.0", "5.7.0"),
    simple("mail", "550 5.7.1", "5.7.1"),
    simple("mail", "552 5.3.4", "5.3.4"),
    simple("mail", "553 5.1.8", "5.1.8"),
    simple("mail", "554 5.7.1", "5.7.1"),
    simple("mail", "556 5.1.10", "5.1.10"),
    simple("data", "421 4.3.2", "4.3.2"),
    simple("data", "451 4.3.5", "4.3.5"),
    simple("data", "503 5.5.1", "5.5.1"),
    simple("data", "550 5.7.1", "5.7.1"),
    simple("data", "554 5.6.0", "5.6.0"),
    simple("data_end", "421 4.3.0", "4.3.0"),
    simple("data_end", "450 4.7.1", "4.7.1"),
    simple("data_end", "451 4.7.1", "4.7.1"),
    simple("data_end", "452 4.3.1", "4.3.1"),
    simple("data_end", "550 5.7.1", "5.7.1"),
    simple("data_end", "552 5.3.4", "5.3.4"),
    simple("data_end", "554 5.7.1", "5.7.1"),
    simple("data_end", "554", "none"),
]

SUCCESS = [
    Client("sent", "the plain case", SENT, status={"sent": 1}),
    Client("sent-three", "three recipients, one reply to the end of data, three lines",
           "mail 250, rcpt 250 x3, data 354, data_end *250 2.0.0, quit 221",
           rcpts=("a", "b", "c"), status={"sent": 3}),
    Client("sent-bare", "a reply of three digits",
           "mail 250, rcpt 250, data 354, data_end *250 none, quit 221",
           plan={"data_end": {"raw": "250\r\n"}}, status={"sent": 1}),
    Client("sent-no-enhanced", "a reply without enhanced code",
           "mail 250, rcpt 250, data 354, data_end *250 none, quit 221",
           plan={"data_end": "250 queued"}, status={"sent": 1}),
    Client("sent-251", "251 to RCPT is not logged, to the end of data it is",
           "mail 250, rcpt 251, data 354, data_end *251 2.1.5, quit 221",
           plan={"rcpt": "251 2.1.5 forwarded", "data_end": "251 2.1.5 forwarded"},
           status={"sent": 1}),
    Client("sent-252", "252 to RCPT is as good as 250",
           "mail 250, rcpt 252, data 354, data_end *250 2.6.0, quit 221",
           plan={"rcpt": "252 2.5.2 perhaps", "data_end": "250 2.6.0 <a@example.net> queued"},
           status={"sent": 1}),
    Client("sent-299", "a code without a row, positive",
           "mail 250, rcpt 250, data 354, data_end *299=other none, quit 221",
           plan={"data_end": "299 fine"}, status={"sent": 1}),
    Client("sent-220", "an odd positive code",
           "mail 250, rcpt 250, data 354, data_end *220 none, quit 221",
           plan={"data_end": "220 fine"}, status={"sent": 1}),
    Client("sent-multi", "a multi-line positive reply, joined by a blank",
           "mail 250, rcpt 250, data 354, data_end *250 2.0.0, quit 221",
           plan={"data_end": "250 2.0.0 first\n2.0.0 second\n2.0.0 third"}, status={"sent": 1}),
    Client("sent-mismatch", "250 with an enhanced code of class 5",
           "mail 250, rcpt 250, data 354, data_end *250 other, quit 221",
           plan={"data_end": "250 5.0.0 odd"}, status={"sent": 1}),
    Client("sent-v6", "an IPv6 address", SENT, at="v6", status={"sent": 1}),
    Client("sent-helo", "EHLO refused with 502 and mended by HELO: not logged",
           "connect 220, helo 502, helo 250, " + SENT, at="own",
           session={"ehlo": "502 5.5.1 EHLO not implemented"}, status={"sent": 1}),
    Client("sent-close", "the server closes behind its reply: sent all the same",
           "mail 250, rcpt 250, data 354, data_end *250 2.0.0",
           plan={"data_end": "250 2.0.0 Ok @close"}, status={"sent": 1}),
]

ODD = [
    Client("rcpt-354", "3xx where it has no place: `Protocol error`",
           "mail 250, rcpt *354 none, rset 250, quit 221", plan={"rcpt": "354 what"}, at="plain"),
    Client("mail-354", "3xx to MAIL", "mail *354 none, rset 250, quit 221",
           plan={"mail": "354 what"}, at="plain"),
    Client("data-250", "2xx to DATA: `Protocol error`; what follows is not sent",
           "mail 250, rcpt 250, data *250 2.0.0, rset 250, quit 221",
           plan={"data": "250 2.0.0 what"}, at="plain"),
    Client("dataend-354", "3xx to the end of data",
           "mail 250, rcpt 250, data 354, data_end *354 none, quit 221",
           plan={"data_end": "354 what"}, at="plain"),
    Client("rcpt-123", "a first digit outside 2 to 5 is no SMTP reply: logged, not counted",
           "mail 250, rcpt !123, rset 250, quit 221", plan={"rcpt": "123 odd"}, at="plain"),
    Client("rcpt-600", "a first digit outside 2 to 5 is no SMTP reply: logged, not counted",
           "mail 250, rcpt !600, rset 250, quit 221", plan={"rcpt": "600 odd"}, at="plain"),
    Client("rcpt-bare", "code only", "mail 250, rcpt *550 none, rset 250, quit 221",
           plan={"rcpt": {"raw": "550\r\n"}}, at="plain"),
    Client("rcpt-blank", "code and a blank", "mail 250, rcpt *451 none, rset 250, quit 221",
           plan={"rcpt": {"raw": "451 \r\n"}}, at="plain", status={"deferred": 1}),
    Client("rcpt-only-enhanced", "code and enhanced code, no text",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221",
           plan={"rcpt": {"raw": "550 5.1.1\r\n"}}, at="plain"),
    Client("rcpt-four-digits", "a part of four digits: that is not an enhanced code",
           "mail 250, rcpt *550 none, rset 250, quit 221",
           plan={"rcpt": "550 5.1.1234 no"}, at="plain"),
    Client("rcpt-address", "an address is not an enhanced code",
           "mail 250, rcpt *550 none, rset 250, quit 221",
           plan={"rcpt": "550 5.1.1.9 is listed"}, at="plain"),
    Client("rcpt-multi", "a multi-line refusal: one reply",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221",
           plan={"rcpt": "550 5.1.1 first\n5.1.1 second\n5.1.1 third"}, at="plain"),
    Client("rcpt-multi-disagree", "lines of one reply disagree: the first counts",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221",
           plan={"rcpt": {"raw": "550-5.1.1 first\r\n550 5.7.1 second\r\n"}}, at="plain"),
    Client("rcpt-long", "the log line is cut at 2000 bytes: the stage is lost",
           "mail 250, rcpt *550/unknown 5.1.1, rset 250, quit 221",
           plan={"rcpt": "550 5.1.1 " + LONG}, at="plain"),
    Client("rcpt-latin1", "bytes that are no UTF-8 become question marks",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221",
           plan={"rcpt": {"raw": "550 5.1.1 bo\udceete inconnue\r\n"}}, at="plain"),
    Client("rcpt-utf8", "valid UTF-8 is kept",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221",
           plan={"rcpt": "550 5.1.1 bo\u00eete inconnue"}, at="plain"),
]

HOSTILE = [
    Client("evil-said", "a refusal whose text holds another reply",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221", at="plain",
           plan={"rcpt": "550 5.1.1 no) said: 250 2.0.0 ok (in reply to DATA command)"}),
    Client("evil-stage", "a refusal whose text ends like Postfix's own suffix",
           "mail 250, rcpt *554 5.7.1, rset 250, quit 221", at="plain",
           plan={"rcpt": "554 5.7.1 no (in reply to end of DATA command))"}),
    Client("evil-status", "a refusal whose text holds a status",
           "mail 250, rcpt *451 4.7.1, rset 250, quit 221", at="plain",
           plan={"rcpt": "451 4.7.1 later, dsn=2.0.0, status=sent (250 2.0.0 ok)"},
           status={"deferred": 1}),
    Client("evil-sent", "a success whose text holds a refusal",
           "mail 250, rcpt 250, data 354, data_end *250 2.0.0, quit 221",
           plan={"data_end": "250 2.0.0 ok) said: 550 5.1.1 no (in reply to RCPT TO command))"},
           status={"sent": 1}),
    Client("evil-relay", "a success whose text holds a relay and a status",
           "mail 250, rcpt 250, data 354, data_end *250 2.0.0, quit 221",
           plan={"data_end": "250 2.0.0 ok, relay=x[127.0.0.1]:25, dsn=5.0.0, "
                             "status=bounced (host x[127.0.0.1] said: 550 5.1.1 no"},
           status={"sent": 1}),
    Client("evil-address", "a quoted local part that looks like the rest of a line",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221", at="plain",
           rcpts=(EVIL_ADDRESS,), plan={"rcpt": "550 5.1.1 no"}),
    Client("evil-greeting", "a greeting that quotes a success",
           "connect *554 5.7.1, quit 221 ~", at="own",
           session={"greeting": "554 5.7.1 go away, status=sent (250 2.0.0 ok) said: 250 ok"},
           status={"deferred": 1}),
    Client("evil-numbers", "numbers in the text",
           "mail 250, rcpt *452 4.2.2, rset 250, quit 221", at="plain",
           plan={"rcpt": "452 4.2.2 quota 550 of 554 used, see 421-5.7.1 and 250"},
           status={"deferred": 1}),
]

MANY = [
    Client("mail-three", "MAIL refused: three lines, one reply",
           "mail *451 4.3.0, rset 250, quit 221", plan={"mail": "451 4.3.0 later"}, at="plain",
           rcpts=("a", "b", "c"), status={"deferred": 3}),
    Client("data-three", "DATA refused: three lines, one reply",
           "mail 250, rcpt 250 x3, data *554 5.7.1, rset 250, quit 221",
           plan={"data": "554 5.7.1 no"}, at="plain", rcpts=("a", "b", "c"),
           status={"bounced": 3}),
    Client("end-three", "the end of data refused: three lines, one reply",
           "mail 250, rcpt 250 x3, data 354, data_end *550 5.7.1, quit 221",
           plan={"data_end": "550 5.7.1 spam"}, at="plain", rcpts=("a", "b", "c"),
           status={"bounced": 3}),
    Client("greeting-three", "refused at the greeting: three lines, one reply",
           "connect *421 4.7.0, quit 221 ~", at="own", rcpts=("a", "b", "c"),
           session={"greeting": "421 4.7.0 busy"}, status={"deferred": 3}),
    Client("mixed", "each recipient its own answer",
           "mail 250, rcpt 250, rcpt *550 5.1.1, rcpt *450 4.2.1, data 354, "
           "data_end *250 2.0.0, quit 221",
           plan={"rcpt": {"a": "250 2.1.5 Ok", "b": "550 5.1.1 no", "c": "450 4.2.1 later"}},
           rcpts=("a", "b", "c"), status={"sent": 1, "bounced": 1, "deferred": 1},
           second="mail 250, rcpt *450 4.2.1, data 554, rset 250, quit 221",
           second_status={"deferred": 1}),
    Client("same-words", "three recipients refused in the same words: three replies",
           "mail 250, rcpt *550 5.1.1 x3, rset 250, quit 221", at="plain",
           plan={"rcpt": SAME}, rcpts=("a", "b", "c"), status={"bounced": 3}),
    Client("pipelined-mail", "MAIL refused; the replies to pipelined commands are not logged",
           "mail *550 5.7.1, rcpt 503, data 554, rset 250, quit 221",
           plan={"mail": "550 5.7.1 no"}),
    Client("pipelined-rcpt", "RCPT refused; the reply to the pipelined DATA is not logged",
           "mail 250, rcpt *550 5.1.1, data 554, rset 250, quit 221",
           plan={"rcpt": "550 5.1.1 no"}),
    Client("pipelined-lenient", "DATA is answered by 354 although no recipient is left",
           "mail 250, rcpt *550 5.1.1, data 354, data_end 250, quit 221",
           plan={"rcpt": "550 5.1.1 no", "lenient": True}),
]

CROWD = tuple(f"r{number}" for number in range(120))  # three transactions of at most 50
MANY += [
    Client("crowd-sent", "120 recipients, 120 lines: three transactions, three replies",
           "connect 220 x3, helo 250 x3, mail 250 x3, rcpt 250 x120, data 354 x3, "
           "data_end *250 2.0.0 x3, quit 221 x3", rcpts=CROWD, status={"sent": 120},
           plan={"data_end": "@after 0.2 250 2.0.0 Ok"}),
    Client("crowd-mail", "120 recipients, MAIL refused in the same words: three replies",
           "connect 220 x3, helo 250 x3, mail *450 4.7.1 x3, rset 250 x3, quit 221 x3",
           rcpts=CROWD, status={"deferred": 120}, at="plain",
           plan={"mail": {"raw": "450 4.7.1 you again\r\n", "after": 0.2}}),
]

SESSIONS = [
    Client("greeting-421", "refused to talk to me", "connect *421 4.3.2, quit 221 ~",
           at="own", session={"greeting": "421 4.3.2 not now"}, status={"deferred": 1}),
    Client("greeting-450", "refused to talk to me", "connect *450 none, quit 221 ~",
           at="own", session={"greeting": "450 not now"}, status={"deferred": 1}),
    Client("greeting-521", "a 5xx greeting is deferred by default: smtp_skip_5xx_greeting",
           "connect *521 5.3.2, quit 221 ~", at="own",
           session={"greeting": "521 5.3.2 no mail here"}, status={"deferred": 1}),
    Client("greeting-554", "a multi-line 5xx greeting", "connect *554 5.7.1, quit 221 ~",
           at="own", session={"greeting": "554 5.7.1 no\n5.7.1 really"},
           status={"deferred": 1}),
    Client("greeting-bare", "a greeting of three digits", "connect *421 none, quit 221 ~",
           at="own", session={"greeting": {"raw": "421\r\n"}}, status={"deferred": 1}),
    Client("ehlo-421", "EHLO 421 reads like a refused greeting",
           "connect 220, helo *421/connect 4.3.2", at="own",
           session={"ehlo": "421 4.3.2 busy"}, status={"deferred": 1}),
    Client("helo-550", "EHLO refused, HELO refused: only HELO's reply is logged, as connect",
           "connect 220, helo 502, helo *550/connect 5.7.1, quit 221", at="own",
           session={"ehlo": "502 5.5.1 no EHLO", "helo": "550 5.7.1 bad name"}),
    Client("tls-454", "TLS is required and refused", "connect 220, helo 250, "
           "starttls *454 4.7.0, quit 221", at="own", service="smtp-tls",
           session={"starttls": "454 4.7.0 TLS not available"}, status={"deferred": 1}),
    Client("tls-may", "opportunistic TLS is refused: Postfix goes on, nothing is logged",
           "connect 220, helo 250, starttls 454, " + SENT, at="own", service="smtp-may",
           session={"starttls": "454 4.7.0 TLS not available"}, status={"sent": 1}),
    Client("auth-535", "the server refuses the password", "connect 220, helo 250, "
           "auth *535 5.7.8, quit 221", at="own", service="smtp-auth",
           session={"auth": "535 5.7.8 wrong"}, status={"deferred": 1}),
    Client("auth-454", "the server cannot check the password", "connect 220, helo 250, "
           "auth *454 4.7.0, quit 221", at="own", service="smtp-auth",
           session={"auth": "454 4.7.0 later"}, status={"deferred": 1}),
    Client("auth-multi", "a multi-line refusal; its lines are joined by a question mark",
           "connect 220, helo 250, auth *535 5.7.8, quit 221", at="own", service="smtp-auth",
           session={"auth": "535 5.7.8 wrong\n5.7.8 really"}, status={"deferred": 1}),
    Client("auth-cached", "Postfix remembers the refusal and repeats it without asking",
           "connect 220, helo 250, auth *535 5.7.8, quit 221", at="own", service="smtp-memory",
           session={"auth": "535 5.7.8 wrong"}, status={"deferred": 1},
           second="connect 220, helo 250, quit 221", second_status={"deferred": 1}),
    Client("auth-235", "235 is not logged", "connect 220, helo 250, auth 235, " + SENT,
           at="own", service="smtp-auth", status={"sent": 1}),
    Client("xforward", "XFORWARD refused: a warning, then the delivery goes on",
           "connect 220, helo 250, xforward *501 5.5.4, " + SENT, at="own",
           service="smtp-xforward", session={"xforward": "501 5.5.4 no such attribute"},
           status={"sent": 1}),
]

NO_REPLY = [
    Client("drop-greeting", "closed without a word", "-", at="own",
           session={"greeting": "@drop"}, status={"deferred": 1}),
    Client("drop-ehlo", "closed after EHLO", "connect 220", at="own",
           session={"ehlo": "@drop"}, status={"deferred": 1}),
    Client("drop-mail", "closed after MAIL", "", plan={"mail": "@drop"}, at="own",
           status={"deferred": 1}),
    Client("drop-rcpt", "closed after RCPT", "mail 250", plan={"rcpt": "@drop"}, at="plain",
           status={"deferred": 1}),
    Client("drop-data", "closed after DATA", "mail 250, rcpt 250", plan={"data": "@drop"},
           at="plain", status={"deferred": 1}),
    Client("drop-end", "closed after the end of data", "mail 250, rcpt 250, data 354",
           plan={"data_end": "@drop"}, at="plain", status={"deferred": 1}),
    Client("hang-rcpt", "no answer to RCPT", "mail 250", plan={"rcpt": "@hang 11"}, at="plain",
           status={"deferred": 1}),
    Client("hang-end", "no answer to the end of data", "mail 250, rcpt 250, data 354",
           plan={"data_end": "@hang 11"}, at="plain", status={"deferred": 1}),
    Client("refused", "nobody listens", "-", at="closed", status={"deferred": 1}),
    Client("unreachable", "no route", "-", at="unreachable", status={"deferred": 1}),
    Client("no-name", "the name does not exist", "-", at="nowhere", status={"deferred": 1}),
    Client("tls-missing", "TLS is required and not offered: a local decision",
           "quit 221", at="own-plain", service="smtp-tls", status={"deferred": 1}),
]

SEVERAL_HOSTS = [
    Client("two-greeting", "first host refuses the session: a line without recipient; second takes",
           "connect *421 4.7.0, connect 220, helo 250, " + SENT + ", quit 221 ~", at="two",
           session={"greeting": "421 4.7.0 busy"}, status={"sent": 1}),
    Client("two-mail", "first host refuses MAIL for now; second takes the message",
           "connect 220 x2, helo 250 x2, mail *451 4.3.0, mail 250, rcpt 250, data 354, "
           "data_end *250 2.0.0, rset 250, quit 221 x2", at="two",
           plan={"mail": ["451 4.3.0 later", "250 2.1.0 Ok"]}, status={"sent": 1}),
    Client("two-rcpt", "first host refuses the recipient for now; second takes it",
           "connect 220 x2, helo 250 x2, mail 250 x2, rcpt *450 4.2.1, rcpt 250, data 354, "
           "data_end *250 2.0.0, rset 250, quit 221 x2", at="two",
           plan={"rcpt": ["450 4.2.1 later", "250 2.1.5 Ok"]}, status={"sent": 1}),
    Client("two-both", "both hosts refuse the session: two replies",
           "connect *421 4.7.0, connect *450 none, quit 221 ~", at="two-refused",
           session={"greeting": "421 4.7.0 busy"}, status={"deferred": 1}),
]

RETRY = [
    Client("retry", "the second attempt is a new reply",
           "mail 250, rcpt *451 4.7.1, rset 250, quit 221", at="plain",
           plan={"rcpt": ["451 4.7.1 greylisted", "250 2.1.5 Ok"]}, status={"deferred": 1},
           second=SENT, second_status={"sent": 1}),
    Client("retry-same", "the second attempt is refused in the same words: a new reply",
           "mail *451 4.3.0, rset 250, quit 221", at="plain", plan={"mail": LATER},
           service="smtp-one", rcpts=("a", "b"), status={"deferred": 2}),  # by the same process
    Client("cached", "several messages on one connection (conn_use=N)",
           "connect 220 ~, helo 250 ~, mail 250 x4, rcpt 250 x4, data 354 x4, "
           "data_end *250 2.0.0 x4, rset 250 ~, quit 221 ~", at="mx", service="smtp-cache",
           plan={"data_end": {"raw": "250 2.0.0 Ok\r\n"}}, messages=4, status={"sent": 4}),
    Client("probe-ok", "an address probe: the 250 to RCPT is logged",
           "mail 250, rcpt *250 2.1.5, rset 250, quit 221", probe=True, at="plain",
           status={"deliverable": 1}, bounces=1),
    Client("probe-no", "an address probe that fails",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221", probe=True, at="plain",
           plan={"rcpt": "550 5.1.1 no"}, status={"undeliverable": 1}, bounces=1),
]

LOCAL = [
    Client("lmtp-mixed", "LMTP over a unix socket: one reply per recipient",
           "mail 250, rcpt 250 x2, data 354, data_end *250 2.0.0, data_end *552 5.2.2, quit 221",
           at="lmtp-unix", rcpts=("a", "b"), hop="local",
           plan={"data_end": {"a": "250 2.0.0 stored", "b": "552 5.2.2 full"}},
           status={"sent": 1, "bounced": 1}),
    Client("lmtp-rcpt", "LMTP over loopback: RCPT refused",
           "mail 250, rcpt *550 5.1.1, data 554, rset 250, quit 221", at="lmtp-inet",
           plan={"rcpt": "550 5.1.1 no such mailbox"}, hop="local"),
    Client("filter-sent", "a content filter on loopback", SENT, at="filter", hop="local",
           status={"sent": 1}),
    Client("filter-550", "a content filter on loopback refuses",
           "mail 250, rcpt 250, data 354, data_end *554 5.7.0, quit 221", at="filter",
           plan={"data_end": "554 5.7.0 Reject, id=00001-01 - SPAM"}, hop="local"),
]

LOCAL += [
    Client("filter-v6", "a content filter on IPv6 loopback", SENT, at="filter-v6", hop="local",
           status={"sent": 1}),
]

GARBAGE = [
    Client("soft-bounce", "soft_bounce: status=SOFTBOUNCE, the reply is a 550 all the same",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221", at="plain", service="smtp-soft",
           plan={"rcpt": "550 5.1.1 no"}, status={"deferred": 1}),
    Client("suspended", "a dead destination: qmgr repeats the old reply for mail it never tried",
           "connect *421 4.7.0 ~, quit 221 ~", at="own", messages=6, service="smtp-one",
           session={"greeting": "421 4.7.0 closed for today"}, status={"deferred": 1},
           by_ledger=True),
    Client("too-long", "a reply over Postfix's limit: a warning besides the delivery line",
           "mail 250, rcpt *550/unknown 5.1.1, rset 250, quit 221", at="plain",
           plan={"rcpt": "550 5.1.1 " + "\n5.1.1 ".join(["line " * 20] * 40)}),
]

# What the scripted server hears because of the bad clients of scenarios_server.py.
INBOUND = [
    Client("verify", "smtpd asks about a recipient: the probe's 550 is logged",
           "mail 250, rcpt *550 5.1.1, rset 250, quit 221", at="plain",
           plan={"rcpt": {"no": "550 5.1.1 no"}}, messages=0, status={"undeliverable": 1},
           bounces=0),
    Client("proxy-sent", "before-queue filter: its 250 is logged as ours, not as received",
           "mail 250, rcpt 250, data 354, data_end 250, quit 221", at="filter", messages=0,
           status={}, hop="local"),
    Client("proxy-end", "before-queue filter: its refusal is logged as ours, not as received",
           "mail 250, rcpt 250, data 354, data_end 554, quit 221", at="filter", messages=0,
           plan={"data_end": "554 5.7.1 spam"}, status={}, hop="local"),
    Client("proxy-rcpt", "before-queue filter: `warning: proxy ... rejected` is a received reply",
           "mail 250, rcpt *550 5.7.1, quit 221", at="filter", messages=0,
           plan={"rcpt": "550 5.7.1 no"}, status={}, hop="local"),
]

ALL = [*SPREAD, *SUCCESS, *ODD, *HOSTILE, *MANY, *SESSIONS, *NO_REPLY, *SEVERAL_HOSTS, *RETRY,
       *LOCAL, *GARBAGE, *INBOUND]
