"""The words of a stretch of speech as a recogniser made them out, beside those that were expected: the evidence of a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from ivrtest.audio.word_errors import ErrorRate

HIDDEN = "•"
"""Stands for a word that must not be shown: it may be a secret key that is spoken back."""


@dataclass(frozen=True, slots=True)
class WordDifference:
    """Where the words are not those that were expected."""

    expected: str
    """Empty: nothing was expected here."""
    heard: str
    """Empty: nothing was heard here."""
    at_s: float

    def __str__(self) -> str:
        if not self.heard:
            return f'"{self.expected}" missing at {self.at_s:.1f} s'
        if not self.expected:
            return f'"{self.heard}" added at {self.at_s:.1f} s'
        return f'"{self.heard}" instead of "{self.expected}" at {self.at_s:.1f} s'


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """What was made out."""

    text: str
    """The transcript."""
    expected: str
    engine: str
    """The recogniser's name."""
    rate: ErrorRate
    """How often it errs."""
    errors: int = 0
    """How many words are another one, missing or extra."""
    of: int = 0
    """How many words were expected."""
    differences: tuple[WordDifference, ...] = ()
