"""A text that somebody wrote, and places in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property


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
