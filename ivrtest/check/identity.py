"""What stays the same about a finding when lines move: the rule, what is blamed, the keys that lead there, and the names it is about.

Line numbers, columns and the message's own words are no part of it, so that an edit elsewhere, or a better sentence in a later version,
does not make an old finding a new one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivrtest.source.finding import Finding
from ivrtest.source.text import Span

_ITEM: Final = "-"
_COLON: Final = re.compile(r":(?=\s|$)")
_SENTENCE: Final = re.compile(r'(?:"[^"]*"|[^".]|\.(?!\s))*')
_QUOTED: Final = re.compile(r'"([^"]*)"')
_LONGEST: Final = 80
"""Characters of a key that count."""


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """One finding, without its place. Equal ones are told apart by their order in the file."""

    file: str
    at: str
    """The keys around it: `nodes/main/menu`."""
    rule: str
    text: str
    """The words that are blamed, as they stand in the file."""
    about: tuple[str, ...]
    """The values that the message's first sentence quotes: of two findings at one place, one may be about "en" and the other about "es"."""


def identity(finding: Finding, file: str) -> Identity:
    """Return what stays the same about a finding in a file that is called `file`."""
    return Identity(file, keys_around(finding.span), finding.rule, blamed(finding.span), quoted_first(finding.message))


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """Return a fingerprint for each of the findings, which are sorted by place.

    The file's name is left out of it, for whoever compares fingerprints knows the file too: a moved file can keep its findings. The n-th
    of equal findings in a file is the n-th again as long as none before it goes away.
    """
    seen: Counter[Identity] = Counter()
    found = []
    for finding in findings:
        same = identity(finding, finding.span.source.name)
        seen[same] += 1
        text = json.dumps([same.rule, same.at, same.text, same.about, seen[same]])
        found.append(hashlib.sha256(text.encode()).hexdigest()[:32])
    return found


def blamed(span: Span) -> str:
    """Return the words in a span; those on its first line if it has several."""
    line = span.source.line(span.line)
    return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None].strip()


def quoted_first(message: str) -> tuple[str, ...]:
    """Return the quoted values of a message's first sentence. What comes after it is advice, which may change with what stands around."""
    sentence = _SENTENCE.match(message)
    assert sentence is not None
    return tuple(_QUOTED.findall(sentence[0]))


def keys_around(span: Span) -> str:
    """Return the keys that lead to a line, by its indentation: `nodes/main/menu`, with `-` for an item of a list.

    It works on the text alone, so that it also says something of a file that is no YAML.
    """
    line = span.source.line(span.line)
    openers = _openers(line)
    keys = [name for _, name in openers]
    edge, item = openers[0] if openers else (len(line) - len(line.lstrip(" ")), "")
    for number in range(span.line - 1, 0, -1):
        if edge == 0 and item != _ITEM:
            break
        # The items of a list may stand as far left as the key that holds the list.
        around = [
            (column, name)
            for column, name in _openers(span.source.line(number))
            if column < edge or (column == edge and item == _ITEM and name != _ITEM)
        ]
        if around:
            keys = [name for _, name in around] + keys
            edge, item = around[0]
    return "/".join(keys)


def _openers(line: str) -> list[tuple[int, str]]:
    """Return what a line opens, each with its column from 0: `- when: x` opens an item at 0 and the key `when` at 2."""
    rest = line.lstrip(" ")
    found = []
    while rest == _ITEM or rest.startswith(f"{_ITEM} "):
        found.append((len(line) - len(rest), _ITEM))
        rest = rest[1:].lstrip(" ")
    colon = _COLON.search(rest)
    if colon is not None and rest[0] not in "#{[":
        found.append((len(line) - len(rest), rest[: colon.start()].strip(" \"'")[:_LONGEST]))
    return found
