"""A text that somebody wrote, and places in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

_BREAKS = ("\n", "\r", "\x85", "\u2028", "\u2029")


@dataclass(frozen=True, eq=False)
class Source:
    """One text, usually a file. Two sources are the same only if they are the same object."""

    name: str
    """How people call it: the path as it was given on the command line."""
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text's lines without their ends. Line 1 is `lines[0]`."""
        return tuple(self.text.splitlines())

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """Where each line begins, and where one after the last would."""
        return tuple(accumulate((len(line) for line in self.text.splitlines(keepends=True)), initial=0))

    def offset(self, line: int, column: int) -> int:
        """Return how many characters of the text come before a place, which may lie just behind the last line."""
        start = self._starts[min(line, len(self._starts)) - 1]
        return min(start + column - 1, len(self.text))

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of the character at `offset`, or just behind the last one."""
        line = bisect_right(self._starts, offset)
        if line > len(self.lines) > 0 and not self.text.endswith(_BREAKS):
            line -= 1  # The last line has no end, and nothing begins behind it.
        return line, offset - self._starts[line - 1] + 1

    def stretch(self, span: Span) -> tuple[int, int]:
        """Return the offsets at which a span begins and ends."""
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def span(self, start: int, end: int) -> Span:
        """Return the stretch from one offset to another, exclusive."""
        return Span(self, *self.place(start), *self.place(end))

    def line(self, number: int) -> str:
        """Return line `number` (1-based), or an empty string past the end."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""

    def whole(self) -> Span:
        """Return the place to blame when no smaller one is known: the start of the text."""
        return Span(self, 1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text. Lines and columns are 1-based; the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    @property
    def sort_key(self) -> tuple[str, int, int, int, int]:
        return (self.source.name, self.line, self.column, self.end_line, self.end_column)
