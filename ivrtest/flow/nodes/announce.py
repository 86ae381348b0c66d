"""Say something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Script, Spoken, Target, Written
from ivrtest.flow.speaking import EarlyKeys, say
from ivrtest.flow.writing import given, written_spoken, written_target
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Announce(Node):
    """Says something and goes on.

    With barge-in any key ends it, and the key is kept for the next node that asks.
    """

    kind: ClassVar[str] = "announce"

    prompt: Spoken
    goto: Target | None = None
    barge_in: bool = True
    early_keys: EarlyKeys = EarlyKeys.LOST

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Announce:  # noqa: A002
        return cls(
            id,
            span,
            prompt=fields.spoken("prompt"),
            goto=fields.target("goto"),
            barge_in=fields.flag("barge_in", True),
            early_keys=EarlyKeys(fields.text("early_keys", EarlyKeys.LOST)),
        )

    def written(self) -> Written:
        return given(
            prompt=written_spoken(self.prompt),
            barge_in=None if self.barge_in else False,
            early_keys=None if self.early_keys is EarlyKeys.LOST else str(self.early_keys),
            goto=written_target(self.goto),
        )

    def exits(self) -> Iterator[Exit]:
        yield Exit.to(self.goto, "then", self.span)

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt

    def visit(self, memory: Memory) -> Script:
        yield from say(memory, self.prompt, barge_in=self.barge_in, early_keys=self.early_keys)
        return next(self.exits())
