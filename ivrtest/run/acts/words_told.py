"""What the words were, for people: the verdict on a transcript, and how sure it is."""

from __future__ import annotations

from typing import Final

from ivrtest.audio.hearing import Match, Means, Verdict
from ivrtest.audio.word_errors import ErrorRate
from ivrtest.audio.word_evidence import Weighed
from ivrtest.audio.words_heard import WordsHeard
from ivrtest.run.result import Status

MOST_SHOWN: Final = 4
"""Differences that a message names."""


def match_of(weighed: Weighed, words: WordsHeard, language: str, start_s: float, end_s: float, now_s: float) -> Match:
    """Return the evidence. Its score is the share of the words that did not come out as expected."""
    first = words.differences[0].at_s if words.differences and weighed.verdict is not Verdict.match else None
    return Match(
        prompt="",
        language=language,
        verdict=weighed.verdict,
        score=round(words.errors / max(1, words.of), 3),
        start_s=start_s,
        end_s=end_s,
        decided_at_s=now_s,
        diverged_at_s=first if weighed.verdict in (Verdict.diverged, Verdict.truncated) else None,
        runner_up=(weighed.rival, language) if weighed.rival else None,
        by=Means.words,
        words=words,
    )


def verdict_told(weighed: Weighed, words: WordsHeard) -> tuple[Status, str]:
    """Return what a transcript means for its step, and the message if it did not pass."""
    heard = f'{transcribed(words)} where "{words.expected}" was expected'
    match weighed.verdict:
        case Verdict.match:
            return Status.PASSED, ""
        case Verdict.diverged if weighed.rival:
            return Status.FAILED, f'the words are those of "{weighed.rival}": {heard}'
        case Verdict.diverged:
            return Status.FAILED, f"the words are others: {heard}: {differences_told(words)}"
        case Verdict.truncated:
            return Status.FAILED, f"the words stop short: {heard}: {differences_told(words)}"
        case Verdict.ambiguous:
            return Status.ERROR, f'could not tell the words from those of "{weighed.rival}": {heard}'
        case _:
            differences = f": {differences_told(words)}" if words.differences else ", and such a recogniser could hear that in anything"
            return Status.ERROR, f"could not tell whether the words are right: {heard}{differences}"


def errs_told(rate: ErrorRate) -> str:
    """Say how often a recogniser errs, also where nobody knows."""
    return str(rate) if rate.rate < 1 else "nobody measured how often it errs"


def transcribed(words: WordsHeard) -> str:
    """Tell a transcript, whose it is, and how often that errs."""
    heard = f'"{words.text}"' if words.text else "no words"
    return f"{words.engine} ({words.rate}) made out {heard}"


def differences_told(words: WordsHeard) -> str:
    """Name the first differences."""
    shown = ", ".join(map(str, words.differences[:MOST_SHOWN]))
    more = len(words.differences) - MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def evidence(words: WordsHeard) -> str:
    """Say what was heard, that it is known by speech recognition and how often that errs, and what differs from what was expected."""
    text = f'"{words.text}"' if words.text else "no words"
    differences = f": {differences_told(words)}" if words.differences else ""
    return f"{text} by speech recognition ({words.engine}, {words.rate}){differences}"
