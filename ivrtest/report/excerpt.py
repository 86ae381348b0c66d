"""The one text for something wrong at a place: console, JUnit and every other report show these lines.

flows/bank.yaml:14:19: error: unknown key "promt" in menu "main". did you mean "prompt"? [unknown-key]
   14 |     menu: {promt: main_menu}
      |            ^~~~~
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

from ivrtest.source.finding import Finding
from ivrtest.source.text import Span
from ivrtest.source.words import printable as printable

LONGEST_LINE = 160
"""Characters of a source line that are shown; longer lines are cut around the place."""
LEAST_LINE = 20
"""Characters that are shown in the narrowest terminal."""
GUTTER = 8
"""Columns before a source line: its number."""


def excerpt(finding: Finding) -> str:
    """Return the lines that tell a person what is wrong and where."""
    return "\n".join(excerpt_lines(finding))


def excerpt_lines(finding: Finding, longest: int = LONGEST_LINE) -> Iterator[str]:
    """Yield the same line by line. `longest`: characters of a source line that are shown."""
    yield headline(finding)
    yield from pointed(finding.span, longest)
    for related in finding.related:
        yield f"{related.span}: note: {related.message}"
        yield from pointed(related.span, longest)
    if finding.witness:
        yield f"  how a caller gets there: {', '.join(map(str, finding.witness))}"


def headline(finding: Finding) -> str:
    """Return the first line, which stands alone where there is room for one."""
    return f"{finding.span}: {finding.severity}: {finding.message} [{finding.rule}]"


def pointed(span: Span, longest: int = LONGEST_LINE) -> Iterator[str]:
    """Yield the source line and, under it, `^~~~` at the place; nothing where the text has no such line."""
    line = span.source.line(span.line)
    if not line.strip():
        return
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line.rstrip())
    cut = max(0, min(start - longest // 2, len(line) - longest)) if len(line) > longest else 0
    shown = line[cut : cut + longest]
    gutter = f"{span.line:>5} | "
    yield gutter + printable(shown)
    width = max(1, columns(line[start : min(end, cut + longest)]))
    yield " " * (len(gutter) - 2) + "| " + " " * columns(line[cut:start]) + "^" + "~" * (width - 1)


def columns(text: str) -> int:
    """Return how many terminal columns a text takes: wide letters take two, combining marks none."""
    return sum(0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1 for character in text)
