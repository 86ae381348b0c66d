"""What a speech recogniser makes of sound: words with their times. And what a recogniser is, so that others can bring their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ivrtest.audio.spectrum import Samples


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word that was made out."""

    text: str
    """As the recogniser writes it: `Hello`, `22`, `$200.00,`."""
    start_s: float
    """Seconds from the first sample."""
    end_s: float
    confidence: float = 1.0
    """How sure the recogniser says it is, 0 to 1. Not used for verdicts: recognisers differ in what they mean by it."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of one stretch of speech, in order. None where nothing was made out."""

    words: tuple[HeardWord, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    def later(self, by_s: float) -> Transcript:
        """Return it on a clock on which its sound began at `by_s`."""
        return Transcript(tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in self.words))


class SpeechToText(Protocol):
    """A recogniser with its models loaded. One call at a time."""

    def transcribe(self, samples: Samples, language: str) -> Transcript:
        """Return the words of one stretch of speech: 8 kHz, int16, shape (n,).

        `language` is one that models were given for. Raises SpeechToTextError where the engine gives up.
        """


class SpeechToTextError(Exception):
    """Why speech cannot be recognised, and what would help. `language` says whose model is at fault; empty: it is not a model."""

    def __init__(self, message: str, language: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.language = language

    def __reduce__(self) -> tuple[type[SpeechToTextError], tuple[str, str]]:
        # So that both parts arrive where another process raises it.
        return SpeechToTextError, (self.message, self.language)
