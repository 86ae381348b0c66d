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


def excerpt(finding: Finding) -> str:
    """Return the lines that tell a person what is wrong and where."""
    return "\n".join(excerpt_lines(finding))


def excerpt_lines(finding: Finding) -> Iterator[str]:
    yield headline(finding)
    yield from pointed(finding.span)
    for related in finding.related:
        yield f"{related.span}: note: {related.message}"
        yield from pointed(related.span)
    if finding.witness:
        yield f"  how a caller gets there: {', '.join(map(str, finding.witness))}"


def headline(finding: Finding) -> str:
    """Return the first line, which stands alone where there is room for one."""
    return f"{finding.span}: {finding.severity}: {finding.message} [{finding.rule}]"


def pointed(span: Span) -> Iterator[str]:
    """Yield the source line and, under it, `^~~~` at the place; nothing where the text has no such line."""
    line = span.source.line(span.line)
    if not line.strip():
        return
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line.rstrip())
    cut = max(0, start - LONGEST_LINE // 2) if len(line) > LONGEST_LINE else 0
    shown = line[cut : cut + LONGEST_LINE]
    gutter = f"{span.line:>5} | "
    yield gutter + printable(shown)
    width = max(1, columns(line[start : min(end, cut + LONGEST_LINE)]))
    yield " " * (len(gutter) - 2) + "| " + " " * columns(line[cut:start]) + "^" + "~" * (width - 1)


def columns(text: str) -> int:
    """Return how many terminal columns a text takes: wide letters take two, combining marks none."""
    return sum(0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1 for character in text)
