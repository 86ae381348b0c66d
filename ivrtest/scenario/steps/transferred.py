"""`transferred: "+12025550111"`: the IVR must hand the caller over, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.scenario.steps.fields import WITHIN_S, StepFields
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Transferred:
    """The caller is handed over."""

    word: ClassVar[str] = "transferred"

    span: Span
    to: str
    """A SIP URI or a phone number."""
    within_s: float = WITHIN_S
    """Seconds after the last event."""

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        to = fields.value["to"] if isinstance(fields.value, dict) else fields.value
        return cls(fields.span, str(to), fields.within_s())

    def describe(self) -> str:
        return f'be transferred to "{self.to}"'
