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
from functools import lru_cache
from typing import Final

from ivrtest.source.finding import Finding
from ivrtest.source.text import Source, Span

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
    outline = _outline(span.source)
    if not 1 <= span.line <= len(outline):
        return ""
    number, edge, item, openers = outline[span.line - 1]
    keys = [name for _, name in openers]
    while number:
        within, _, _, openers = outline[number - 1]
        around = [(column, name) for column, name in openers if column < edge or (column == edge and item == _ITEM != name)]
        keys = [name for _, name in around] + keys
        number, (edge, item) = within, around[0]
    return "/".join(keys)


@lru_cache(maxsize=4)
def _outline(source: Source) -> tuple[tuple[int, int, str, tuple[tuple[int, str], ...]], ...]:
    """Return for every line: the number of the line that it lies within, or 0; where it begins, from 0; what it opens first; all of it.

    Whoever asks for many places of one text gets them all in time linear in it.
    """
    outline = []
    still_open: list[tuple[int, str, int]] = []
    """Column, name and number of lines within which the next one may lie, outermost first."""
    for number, line in enumerate(source.lines, 1):
        openers = tuple(_openers(line))
        edge, item = openers[0] if openers else (len(line) - len(line.lstrip(" ")), "")
        depth = len(still_open)
        while depth and not _holds(still_open[depth - 1], edge, item):
            depth -= 1
        outline.append((still_open[depth - 1][2] if depth else 0, edge, item, openers))
        if openers:
            still_open[depth:] = [(edge, item, number)]
    return tuple(outline)


def _holds(line: tuple[int, str, int], edge: int, item: str) -> bool:
    """Tell whether a line holds one that begins at `edge`. The items of a list may stand as far left as the key that holds the list."""
    column, name, _ = line
    return column < edge or (column == edge and item == _ITEM != name)


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
