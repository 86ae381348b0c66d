"""Which words of a recording callers did not hear as recorded."""

from __future__ import annotations

from typing import Final

from ivrtest.audio.hearing import Match, Verdict
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.spoken_words import words_between

_MOST: Final = 8
"""Words that are quoted in a message."""


def lost_words(library: PromptLibrary, match: Match) -> str:
    """Return the words of a prompt that were not heard as recorded, as far as proportion tells; empty where none are known."""
    recording = library.get(match.prompt, match.language)
    if recording is None or match.verdict not in (Verdict.diverged, Verdict.truncated):
        return ""
    since_s = (match.end_s if match.diverged_at_s is None else match.diverged_at_s) - match.start_s
    if match.resumed is not None and (words := words_between(recording.words, recording.samples, since_s, match.resumed.from_s)):
        return words
    places = match.differences if match.verdict is Verdict.diverged and match.differences else ((since_s, recording.seconds),)
    return words_between(recording.words, recording.samples, places[0][0], places[-1][1])


def quoted(words: str) -> str:
    """Return words in double quotes, the first few of many."""
    several = words.split()
    return f'"{words}"' if len(several) <= _MOST else f'"{" ".join(several[:_MOST])} ..."'
