"""`press: 2`: the caller presses keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from ivrtest.scenario.steps.fields import StepFields
from ivrtest.source.text import Span

MASK: Final = "••••"
"""Stands for keys that must not be shown, however many there are."""


@dataclass(frozen=True, slots=True)
class Press:
    """The caller presses keys."""

    word: ClassVar[str] = "press"

    span: Span
    keys: str = field(repr=False)
    """One or more of `0123456789*#ABCD`."""
    secret: bool = False
    """The keys must appear in no log and no report."""

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        value = fields.value
        keys = value["keys"] if isinstance(value, dict) else value
        secret, _ = fields.option("secret")
        return cls(fields.span, str(keys), bool(secret))

    def describe(self) -> str:
        return f"press {MASK if self.secret else self.keys}"
