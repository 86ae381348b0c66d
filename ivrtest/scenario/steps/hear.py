"""`hear: main_menu`: these recordings, and nothing else, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.flow.model import DigitsRef, NumberRef, PromptRef, Spoken, SpokenPart
from ivrtest.scenario.steps.fields import PAUSE_S, WITHIN_S, StepFields, listed
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
    pause_s: float = PAUSE_S
    """The longest silence between one recording and the next, in seconds."""
    may_be_missing: bool = False
    """The recording need not be there, as where a scenario shows that it is missing. What nobody can recognise is then left open."""
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
            pause_s=fields.pause_s(),
            may_be_missing=fields.data.get("may_be_missing", False),
            whole=fields.data.get("whole", True),
        )

    def prompts(self, language: str) -> Iterator[str]:
        """Yield the names of the recordings for who hears `language`, spoken digits as `digits/7`.

        Raises NumberError for a number in a language whose numbers nobody knows.
        """
        for sound in self.sounds:
            match sound:
                case PromptRef(prompt=prompt):
                    yield prompt
                case DigitsRef(variable=digits):
                    yield from (f"digits/{digit}" for digit in digits)
                case NumberRef(value=value):
                    yield from sound.recordings(value, language)

    def describe(self) -> str:
        sounds = listed(_described(sound) for sound in self.sounds)
        language = f" in {self.language}" if self.language else ""
        return f"hear {sounds}{language}" if self.whole else f"hear the beginning of {sounds}{language}"


def _described(sound: SpokenPart) -> str:
    match sound:
        case PromptRef(prompt=prompt):
            return f'"{prompt}"'
        case DigitsRef(variable=digits):
            return f'digits "{digits}"'
        case NumberRef(value=value, currency=currency):
            return f'amount "{value} {currency}"' if currency else f'number "{value}"'
