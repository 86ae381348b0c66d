"""`wait: 1s`: time passes, whatever is heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.scenario.steps.fields import StepFields, told_seconds
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Wait:
    """The caller waits. Anything may be heard."""

    word: ClassVar[str] = "wait"

    span: Span
    seconds: float

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        return cls(fields.span, fields.seconds())

    def describe(self) -> str:
        return f"wait {told_seconds(self.seconds)}"
