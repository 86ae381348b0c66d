"""`ended: {by: ivr}`: the call must be over, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from ivrtest.scenario.steps.fields import WITHIN_S, StepFields
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class EndedStep:
    """The call is over."""

    word: ClassVar[str] = "ended"

    span: Span
    by: Literal["ivr", "caller"] = "ivr"
    within_s: float = WITHIN_S
    """Seconds after the last event."""

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        return cls(fields.span, "caller" if fields.value["by"] == "caller" else "ivr", fields.within_s())

    def describe(self) -> str:
        return f"the call ends, by the {'IVR' if self.by == 'ivr' else 'caller'}"
