"""`hear: main_menu`: these recordings, and nothing else, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.flow.model import DigitsRef, PromptRef, Spoken
from ivrtest.scenario.steps.fields import WITHIN_S, StepFields, listed
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Hear:
    """The caller hears something."""

    word: ClassVar[str] = "hear"

    span: Span
    sounds: Spoken
    """Never empty."""
    language: str | None = None
    """What the caller expects from here on, following steps included. None: as before."""
    language_span: Span | None = None
    within_s: float = WITHIN_S
    """Seconds after the last event until the first recording must have begun."""
    whole: bool = True
    """The last recording must be heard to its end. Otherwise it is enough that it is recognised, and the next step follows."""

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        return cls(
            fields.span,
            fields.sounds(),
            language=fields.data.get("in"),
            language_span=fields.place("in") if "in" in fields.data else None,
            within_s=fields.within_s(),
            whole=fields.data.get("whole", True),
        )

    def prompts(self) -> Iterator[str]:
        """Yield the names of the recordings, spoken digits as `digits/7`."""
        for sound in self.sounds:
            if isinstance(sound, DigitsRef):
                yield from (f"digits/{digit}" for digit in sound.variable)
            else:
                yield sound.prompt

    def describe(self) -> str:
        sounds = listed(f'"{sound.prompt}"' if isinstance(sound, PromptRef) else f'digits "{sound.variable}"' for sound in self.sounds)
        language = f" in {self.language}" if self.language else ""
        return f"hear {sounds}{language}" if self.whole else f"hear the beginning of {sounds}{language}"
