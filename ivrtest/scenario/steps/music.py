"""`music: 8s`, `music: {until: comfort}`: what callers hear while they wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from ivrtest.flow.model import PromptRef
from ivrtest.scenario.steps.fields import PAUSE_S, RULE, WITHIN_S, StepFields, read_seconds, told_seconds
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span

AT_MOST_S: Final = 60.0
"""How long music is listened to for a prompt or for loops, where the scenario does not say."""


@dataclass(frozen=True, slots=True)
class MusicStep:
    """Music plays, and nothing else."""

    word: ClassVar[str] = "music"

    span: Span
    seconds: float = 0.0
    """For how long at least. 0: it is enough that it is heard."""
    until: PromptRef | None = None
    """It plays until this is heard, which the next step may judge."""
    recording: PromptRef | None = None
    """Which music it must be. None: any."""
    loops: int = 0
    """How often it must come back to its start."""
    at_most_s: float = AT_MOST_S
    """How long it may take until the prompt is heard or the loops are complete."""
    within_s: float = WITHIN_S
    """Seconds after the last event until it must have begun."""
    pause_s: float = PAUSE_S
    """The longest silence in it, and between it and the prompt."""

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        value = fields.value
        if not isinstance(value, dict):
            return cls(fields.span, fields.seconds(), within_s=fields.within_s(), pause_s=fields.pause_s())
        inside = (*fields.path, fields.word)
        if "at_most" in value and "until" not in value and "loops" not in value:
            message = '"at_most" says how long a prompt ("until") or loops may take, and there is none of them. leave it out'
            fields.findings.append(Finding(RULE, Severity.ERROR, message, fields.document.key_span((*inside, "at_most"))))
        return cls(
            fields.span,
            read_seconds(fields.document, (*inside, "for"), value.get("for"), 0.0, fields.findings),
            PromptRef(value["until"], fields.place(fields.word, "until")) if "until" in value else None,
            PromptRef(value["is"], fields.place(fields.word, "is")) if "is" in value else None,
            int(value.get("loops", 0)),
            read_seconds(fields.document, (*inside, "at_most"), value.get("at_most"), AT_MOST_S, fields.findings),
            fields.within_s(),
            fields.pause_s(),
        )

    def describe(self) -> str:
        said = f'hear music "{self.recording.prompt}"' if self.recording is not None else "hear music"
        if self.seconds:
            said += f" for {told_seconds(self.seconds)}"
        if self.loops:
            said += f", looped {times(self.loops)}"
        return f'{said}, until "{self.until.prompt}"' if self.until is not None else said


def times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"
