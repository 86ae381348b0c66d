"""`hold: 5s`: the caller puts the IVR on hold, as telephones do when another call comes in, and takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.scenario.steps.fields import StepFields, told_seconds
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing is heard meanwhile."""

    word: ClassVar[str] = "hold"

    span: Span
    seconds: float

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        return cls(fields.span, fields.seconds())

    def describe(self) -> str:
        return f"put the IVR on hold for {told_seconds(self.seconds)}"
