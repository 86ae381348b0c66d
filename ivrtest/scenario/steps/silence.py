"""`silence: 2s`: nothing may be heard for so long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.scenario.steps.fields import StepFields, told_seconds
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is heard."""

    word: ClassVar[str] = "silence"

    span: Span
    seconds: float

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        return cls(fields.span, fields.seconds())

    def describe(self) -> str:
        return f"hear nothing for {told_seconds(self.seconds)}"
