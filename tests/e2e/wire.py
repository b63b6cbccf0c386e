# SPDX-License-Identifier: Apache-2.0
"""The notation in which scenarios say what goes over the wire and what of it is logged.

A conversation is a comma-separated list of items, each

    STAGE [MARK]CODE[=LABEL][/STAGE_LABEL] [ENHANCED] [xCOUNT|~]

    mail 250                    a 250 to MAIL that the log does not mention
    rcpt *550 5.1.1 x2          two 550 5.1.1 to RCPT, logged with their code
    connect ?421 4.7.0          a 421 that is logged as an event without its code: implied
    auth !535                   logged, but by the contract no reply is counted for it
    helo *421/connect 4.3.2     said to EHLO, but the log cannot tell: counted as connect
    rcpt *599=other none        the metrics have another code label
    quit 221 ~                  any number of these, also none

ENHANCED is the label that the metrics must show: the code, `none` or `other`.
"""

import re
from typing import NamedTuple

ITEM = re.compile(r"(?P<stage>\w+) (?P<mark>[*?!]?)(?P<code>[^ =/]+)(?:=(?P<label>\w+))?"
                  r"(?:/(?P<stage_label>\w+))?(?: (?P<enhanced>none|other|\d\.\d+\.\d+))?"
                  r"(?: (?:x(?P<count>\d+)|(?P<any>~)))?")
HOW = {"": "unlogged", "*": "logged", "?": "implied", "!": "uncounted"}


class Item(NamedTuple):
    """One kind of reply in a scenario."""

    stage: str
    code: str
    how: str  # unlogged, logged, implied, uncounted
    label: str  # code label of the metrics
    stage_label: str
    enhanced: str
    count: int  # -1: any number


def parse(text):
    """List of Items of a conversation."""
    items = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = ITEM.fullmatch(part)
        if not found:
            raise ValueError(f"not a wire item: {part!r}")
        how = HOW[found["mark"]]
        if how in ("logged", "implied") and not found["enhanced"]:
            raise ValueError(f"a counted reply needs an enhanced label: {part!r}")
        items.append(Item(
            found["stage"], found["code"], how, found["label"] or found["code"],
            found["stage_label"] or found["stage"], found["enhanced"] or "",
            -1 if found["any"] else int(found["count"] or 1)))
    return items


def mismatch(items, entries, times=1):
    """Differences between a conversation (repeated) and ledger entries, as lines of text."""
    expected, free = {}, set()
    for item in items:
        key = (item.stage, item.code)
        if item.count < 0:
            free.add(key)
        else:
            expected[key] = expected.get(key, 0) + item.count * times
    seen = {}
    for entry in entries:
        key = (entry["stage"], entry["code"])
        seen[key] = seen.get(key, 0) + 1
    lines = [f"{entry['stage']} {entry['code']} {entry['enhanced'] or 'none'}: "
             f"the table has {item.enhanced}" for entry in entries
             for item in [classify(items, entry)] if item and item.enhanced not in (
                 "", "other", entry["enhanced"] or "none")]
    for key in sorted(set(expected) | set(seen)):
        if key not in free and expected.get(key, 0) != seen.get(key, 0):
            lines.append(f"{key[0]} {key[1]}: expected {expected.get(key, 0)} on the wire, "
                         f"ledger has {seen.get(key, 0)}")
    return lines


def classify(items, entry):
    """The Item that a ledger entry belongs to; None if the table forgot it."""
    fitting = [item for item in items
               if (item.stage, item.code) == (entry["stage"], entry["code"])]
    if len(fitting) > 1:  # told apart by the enhanced code only
        exact = [item for item in fitting if item.enhanced == (entry["enhanced"] or "none")]
        other = [item for item in fitting if item.enhanced == "other"]
        silent = [item for item in fitting if not item.enhanced]
        fitting = exact or other or silent
    return fitting[0] if fitting else None
