"""`hear: main_menu`: these recordings, and nothing else, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Self

from ivrtest.flow.model import DigitsRef, NumberRef, PromptRef, SpokenPart
from ivrtest.scenario.steps.fields import PAUSE_S, RULE, WITHIN_S, StepFields, Words, listed
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span

SPEECH_PAUSE_S: Final = 1.2
"""The longest pause within what is heard by its words, where the scenario does not say."""


class HeardBy(StrEnum):
    """What it is to be known by."""

    sound = "sound"
    words = "words"
    """Its words, as a speech recogniser makes them out, as far as it errs no more than it does."""
    every_word = "every_word"
    """The same, and each word must come out."""


@dataclass(frozen=True, slots=True)
class Hear:
    """The caller hears something."""

    word: ClassVar[str] = "hear"

    span: Span
    sounds: tuple[SpokenPart | Words, ...]
    """Never empty."""
    language: str | None = None
    """What the caller expects from here on, following steps included. None: as before."""
    language_span: Span | None = None
    within_s: float = WITHIN_S
    """Seconds after the last event until the first recording must have begun."""
    pause_s: float = PAUSE_S
    """The longest silence between one recording and the next, in seconds. By words: a longer one ends what is heard."""
    may_be_missing: bool = False
    """The recording need not be there, as where a scenario shows that it is missing. What nobody can recognise is then left open."""
    whole: bool = True
    """The last recording must be heard to its end. Otherwise it is enough that it is recognised, and the next step follows."""
    known_by: HeardBy = HeardBy.sound

    @classmethod
    def read(cls, fields: StepFields) -> Self:
        sounds = fields.sounds()
        spoken = any(isinstance(sound, Words) for sound in sounds)
        by = HeardBy(fields.data.get("known_by", HeardBy.words if spoken else HeardBy.sound))
        if spoken and by is HeardBy.sound:
            message = 'nobody recorded these words, so "known_by" cannot be "sound". leave it out'
            fields.findings.append(Finding(RULE, Severity.ERROR, message, fields.place("known_by")))
        if by is not HeardBy.sound and not fields.data.get("whole", True):
            message = 'what is known by its words must be heard to its end. leave out "whole: false"'
            fields.findings.append(Finding(RULE, Severity.ERROR, message, fields.place("whole")))
        return cls(
            fields.span,
            sounds,
            language=fields.data.get("in"),
            language_span=fields.place("in") if "in" in fields.data else None,
            within_s=fields.within_s(),
            pause_s=fields.pause_s() if by is HeardBy.sound or "pause" in fields.data else SPEECH_PAUSE_S,
            may_be_missing=fields.data.get("may_be_missing", False),
            whole=fields.data.get("whole", True),
            known_by=by,
        )

    def prompts(self, language: str) -> Iterator[str]:
        """Yield the names of the recordings for who hears `language`, spoken digits as `digits/7`. Words have none.

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
        by = {HeardBy.sound: "", HeardBy.words: ", by the words", HeardBy.every_word: ", by every word"}[self.known_by]
        if self.known_by is HeardBy.words and all(isinstance(sound, Words) for sound in self.sounds):
            by = ""
        return f"hear {sounds}{language}{by}" if self.whole else f"hear the beginning of {sounds}{language}"


def _described(sound: SpokenPart | Words) -> str:
    match sound:
        case Words(text=text):
            return f'the words "{text}"'
        case PromptRef(prompt=prompt):
            return f'"{prompt}"'
        case DigitsRef(variable=digits):
            return f'digits "{digits}"'
        case NumberRef(value=value, currency=currency):
            return f'amount "{value} {currency}"' if currency else f'number "{value}"'
