#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nobody's data: only the names and addresses that are set aside for documentation occur."""

import ipaddress
import re
import unittest

import tree

# RFC 2606 and RFC 6761, and what a host calls itself.
DOMAIN = re.compile(r"(^|\.)(example\.(com|org|net)|example|invalid|test|localhost)$", re.I)
# Top-level domains that a real name in test data is most likely to have.
REAL_TLDS = ("com net org edu gov mil int info biz io co eu us uk de at ch fr nl be it es pt pl cz "
             "se no dk fi ru ua cn jp kr in br mx au nz za cloud online shop email").split()
# RFC 5737, RFC 3849, and loopback.
NETWORKS = [ipaddress.ip_network(n) for n in (
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "127.0.0.0/8", "0.0.0.0/32",
    "2001:db8::/32", "::1/128", "::/128")]
# Numbers with dots that are no addresses but try to be taken for one, or for codes; an address
# written backwards, as in DNS blocklists.
NO_ADDRESSES = {"5.1.1.7", "5.1.1.9", "550.5.1.1", "1.2.0.192"}
# Addresses that a listener has to refuse, in tests of that.
NO_ADDRESSES |= {"1.2.3.4", "::1:80"}
# Names of files and units that end like a domain.
NO_DOMAINS = re.compile(r"\.(service|socket|timer|target|scope|slice|conf|md|py|tsv|build|cases)$"
                        r"|\.pc$|^org\.freedesktop\.|^(shop|news)\.[a-z]+$|^[0-9.]+\.in$")

# Block lists and filters: their names are the words by which the classifier knows their replies.
KNOWN_BY_NAME = re.compile(r"(^|\.)(barracudanetworks\.com|cloudmark\.com|mimecast\.(com|org)"
                           r"|proofpoint\.com|sorbs\.net|spamhaus\.org|t-online\.de|uribl\.com)$")

NAME = re.compile(r"(?<![\w.-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+([A-Za-z]{2,})"
                  r"(?![\w-])")
MAILBOX = re.compile(r"<[^<>\s@\"]+@([A-Za-z0-9.-]+)>")
IPV4 = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.-])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?"
                  r"(?![\w:]|\.\w|\.\"\))")
MACHINE_PATH = re.compile(r"(?<![\w$}%./-])/(?:work|home|Users)/[\w.-]+")


def data_files():
    return ([p for p in tree.files() if "data" in p.parts or p.suffix == ".export"]
            + [p for p in tree.files(".md") if p.parent == tree.ROOT])


def is_address(text):
    """The address, an IPv4 one where IPv6 only wraps it; None if it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def strangers(text):
    """Domains and addresses in TEXT that may belong to somebody."""
    for match in NAME.finditer(text):
        if match.group(1).lower() in REAL_TLDS and not DOMAIN.search(match.group()) \
                and not NO_DOMAINS.search(match.group()):
            yield match.start(), match.group()
    for match in MAILBOX.finditer(text):
        if "." in match.group(1) and not DOMAIN.search(match.group(1)):
            yield match.start(), match.group()
    for match in list(IPV4.finditer(text)) + list(IPV6.finditer(text)):
        address = is_address(match.group())
        if address and match.group() not in NO_ADDRESSES \
                and not any(address in network for network in NETWORKS):
            yield match.start(), match.group()


# In Python: every so many of a sequence.
SLICE = re.compile(r"::\d{1,3}")


class Data(unittest.TestCase):
    def test_only_documentation_domains_and_addresses_occur(self):
        for path in data_files():
            if path.is_relative_to(tree.ROOT / "src"):
                continue  # the catalogue names its sources
            found = [f"{tree.name(path)}:{tree.line_of(tree.text(path), at)} {what}"
                     for at, what in strangers(tree.text(path))
                     if path.name != "classify.tsv" or not KNOWN_BY_NAME.search(what)]
            with self.subTest(path=tree.name(path)):
                self.assertEqual(found, [])

    def test_the_code_has_no_stranger_either(self):
        for path in tree.files(".c", ".h", ".py"):
            if path.name == "test_data.py":
                continue
            found = [f"{tree.name(path)}:{tree.line_of(tree.text(path), at)} {what}"
                     for at, what in strangers(tree.text(path))
                     if (is_address(what) or "@" in what) and not SLICE.fullmatch(what)]
            with self.subTest(path=tree.name(path)):
                self.assertEqual(found, [])

    def test_no_path_of_somebodys_machine_occurs(self):
        for path in tree.files():
            if path.name == "test_data.py":
                continue
            found = [f"{tree.name(path)}:{tree.line_of(tree.text(path), m.start())} {m.group()}"
                     for m in MACHINE_PATH.finditer(tree.text(path))]
            with self.subTest(path=tree.name(path)):
                self.assertEqual(found, [])


class Scanner(unittest.TestCase):
    """The scanner itself: what it finds and what it lets pass."""

    def found(self, text):
        return [what for _, what in strangers(text)]

    def test_strangers_are_found(self):
        for text in ("relay=mx.somewhere.com[192.0.2.1]:25", "to=<a@mail.somewhere.museum>",
                     "from [8.8.8.8]", "from x[2a00:1450::1]:25", "https://somewhere.org/x"):
            with self.subTest(text=text):
                self.assertEqual(len(self.found(text)), 1, self.found(text))

    def test_documentation_passes(self):
        text = ("mx.example.com[192.0.2.1]:25 <a@sub.example.org> 198.51.100.7 203.0.113.1 ::1 "
                "x[2001:db8::1] a.b.example 127.0.0.1 5.1.1 version 1.2.3 12:00:00 "
                "postfix@-.service mail.test smtp.invalid 250 2.0.0 to=<a@localhost>")
        self.assertEqual(self.found(text), [])


if __name__ == "__main__":
    tree.main()
