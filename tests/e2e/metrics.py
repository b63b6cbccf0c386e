# SPDX-License-Identifier: Apache-2.0
"""Prometheus text format: just enough to compare counters."""

import re

SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def parse(text):
    """{family: {labels as a sorted tuple of pairs: value}} of an exposition; see duplicates()."""
    families = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        found = SAMPLE.fullmatch(line)
        if not found:
            raise ValueError(f"not a sample: {line!r}")
        labels = tuple(sorted(
            (name, re.sub(r'\\[\\"n]', lambda m: ESCAPES[m[0]], value))
            for name, value in LABEL.findall(found[2] or "")))
        series = families.setdefault(found[1], {})
        series[labels] = series.get(labels, 0) + float(found[3])
    return families


def duplicates(text):
    """Series that an exposition has more than once: Prometheus refuses all of it then."""
    seen, twice = set(), []
    for line in text.splitlines():
        series = line.rpartition(" ")[0]
        if line and not line.startswith("#"):
            if series in seen:
                twice.append(series)
            seen.add(series)
    return twice


def table(families, name, *labels):
    """{tuple of the values of some labels: sum} of one family; zeroes are left out."""
    result = {}
    for pairs, value in families.get(name, {}).items():
        if value:
            known = dict(pairs)
            key = tuple(known.get(label, "") for label in labels)
            result[key] = result.get(key, 0) + int(value)
    return result


def differences(expected, actual, title):
    """Lines of text about what is not equal in two tables."""
    lines = []
    for key in sorted(set(expected) | set(actual)):
        want, have = expected.get(key, 0), actual.get(key, 0)
        if want != have:
            lines.append(f"{title}{{{', '.join(key)}}}: expected {want}, metrics say {have}")
    return lines
