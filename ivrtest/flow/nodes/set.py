"""Remember something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Script, Target, Written
from ivrtest.flow.writing import given, written_target
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Set(Node):
    """Sets variables, in the order of the file, and goes on."""

    kind: ClassVar[str] = "set"

    values: Mapping[str, str | int] = field(default_factory=dict)
    """A text that begins with `=` is an expression."""
    goto: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Set:  # noqa: A002
        return cls(id, span, values=fields.sets("values"), goto=fields.target("goto"))

    def written(self) -> Written:
        return given(values=dict(self.values), goto=written_target(self.goto))

    def exits(self) -> Iterator[Exit]:
        yield Exit.to(self.goto, "then", self.span)

    def visit(self, memory: Memory) -> Script:
        memory.set_all(self.values)
        yield from ()
        return next(self.exits())
