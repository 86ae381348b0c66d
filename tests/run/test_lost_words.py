"""A failure names the words of the prompt that callers did not hear as recorded."""

from __future__ import annotations

import pytest

from ivrtest.audio.hearing import Match, Resumed, Verdict
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.run.acts.naming import broken
from ivrtest.run.lost_words import lost_words, quoted

WORDS = "For your balance, press 1. For a lost card, press 2. For an agent, press 0."
SAMPLES = synthesise(WORDS, "en")
LIBRARY = PromptLibrary([Recording("menu", "en", SAMPLES, WORDS), Recording("beeps", "en", SAMPLES)])


def heard(verdict: Verdict, at_s: float, resumed: Resumed | None = None, prompt: str = "menu") -> Match:
    return Match(prompt, "en", verdict, 9.0, 2.0, 2.0 + at_s, 2.5, diverged_at_s=2.0 + at_s, resumed=resumed)


def test_what_was_cut_off_lacks_the_words_to_the_end() -> None:
    assert lost_words(LIBRARY, heard(Verdict.truncated, 4.5)) == "agent, press 0."
    assert lost_words(LIBRARY, heard(Verdict.truncated, 4.5, prompt="beeps")) == ""
    assert lost_words(LIBRARY, heard(Verdict.match, 4.5)) == ""
    assert lost_words(LIBRARY, heard(Verdict.diverged, 2.1, Resumed(4.5, 2.6, silent=False))) == "For a lost"
    assert lost_words(LIBRARY, heard(Verdict.truncated, 4.5, prompt="others")) == ""


def test_a_few_words_are_quoted() -> None:
    assert quoted("press 0.") == '"press 0."'
    assert quoted(WORDS) == '"For your balance, press 1. For a lost ..."'


@pytest.mark.parametrize(
    ("at_s", "resumed", "words", "told"),
    [
        (2.2, None, "lost", 'it differs from 4.2 s on, at "lost" (2.2 s into the recording)'),
        (2.2, None, "", "it differs from 4.2 s on (2.2 s into the recording)"),
        (2.2, Resumed(4.4, 2.6, silent=False), "lost", 'it differs from 4.2 s to 4.6 s, at "lost", and goes on (2.2 s into the recording)'),
        (
            2.2,
            Resumed(4.6, 2.6, silent=True),
            "lost",
            'it is silent from 4.2 s to 4.6 s, at "lost", and goes on (2.2 s into the recording)',
        ),
        (2.2, Resumed(4.6, 2.6, silent=True), "", "it is silent from 4.2 s to 4.6 s, and goes on (2.2 s into the recording)"),
        (
            2.2,
            Resumed(4.9, 2.2, silent=True),
            "lost",
            'it falls silent at 4.2 s for 0.7 s, at "lost", and goes on (2.2 s into the recording)',
        ),
        (2.2, Resumed(4.2, 2.6, silent=False), "lost", 'it leaves out 0.4 s at 4.2 s, at "lost" (2.2 s into the recording)'),
        (0.0, Resumed(2.0, 0.4, silent=False), "For", 'its first 0.4 s are missing, at "For": it is heard from 2.0 s on'),
    ],
)
def test_each_way_of_going_wrong(at_s: float, resumed: Resumed | None, words: str, told: str) -> None:
    assert broken(heard(Verdict.diverged, at_s, resumed), words) == told
