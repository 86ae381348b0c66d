"""`say: 3s`: the caller speaks, for a voicemail to record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.scenario.steps.fields import StepFields, told_seconds
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Say:
    """The caller speaks: a sound like speech is sent."""

    word: ClassVar[str] = "say"

    span: Span
    seconds: float

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        return cls(fields.span, fields.seconds())

    def describe(self) -> str:
        return f"speak for {told_seconds(self.seconds)}"
