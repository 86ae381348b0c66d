"""`codec: PCMA`: the caller's telephone asks for another codec in mid-call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Self

from ivrtest.scenario.steps.fields import WITHIN_S, StepFields
from ivrtest.source.text import Span

CODEC_NAMES: Final = ("PCMU", "PCMA", "G722", "L16/8000", "L16/16000", "L16/44100", "opus")
"""As in `ivrtest.call.codecs`."""
Method = Literal["INVITE", "UPDATE"]


@dataclass(frozen=True, slots=True)
class Codec:
    """The IVR must agree, and the sound goes on."""

    word: ClassVar[str] = "codec"

    span: Span
    name: str
    """As in `CODEC_NAMES`."""
    method: Method = "INVITE"
    within_s: float = WITHIN_S

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        method, _ = fields.option("by")
        return cls(fields.span, str(fields.value), "UPDATE" if method == "update" else "INVITE", fields.within_s())

    def describe(self) -> str:
        return f"change the codec to {self.name}" + (" by UPDATE" if self.method == "UPDATE" else "")
