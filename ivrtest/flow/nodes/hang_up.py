"""End the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Ending, Exit, Node, Script, Spoken, Written
from ivrtest.flow.speaking import say
from ivrtest.flow.writing import given, written_spoken
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class HangUpNode(Node):
    """Says goodbye and hangs up. It has no exits, and that is what it is for."""

    kind: ClassVar[str] = "hang_up"
    ends_call: ClassVar[bool] = True

    prompt: Spoken = ()

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> HangUpNode:  # noqa: A002
        return cls(id, span, prompt=fields.spoken("prompt"))

    def written(self) -> Written:
        return given(prompt=written_spoken(self.prompt) if self.prompt else None)

    def exits(self) -> Iterator[Exit]:
        return iter(())

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt

    def visit(self, memory: Memory) -> Script:
        yield from say(memory, self.prompt)
        return Ending("hang up")
