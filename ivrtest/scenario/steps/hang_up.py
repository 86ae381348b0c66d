"""`hang_up`: the caller hangs up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.scenario.steps.fields import StepFields
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class HangUp:
    """The caller hangs up."""

    word: ClassVar[str] = "hang_up"

    span: Span

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        return cls(fields.span)

    def describe(self) -> str:
        return "hang up"
