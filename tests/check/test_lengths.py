"""How long things take to say, and which recordings sound alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ivrtest.audio.glance import Glance
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.check.lengths import Length, prompt_length, spoken_length, words_length
from ivrtest.check.selection import select
from ivrtest.flow.model import Flow

NODES = 'main: {announce: {prompt: [ask, choose, {digits: "123"}], goto: bye}}'


def test_a_recording_tells_better_than_words(flow: Callable[..., Flow]) -> None:
    some = flow(NODES)
    ask = some.prompts["ask"]
    assert prompt_length(ask, "en", CheckContext()) == Length(6 / 14, known=False)
    context = CheckContext(sounds={("ask", "en"): Glance(1.25, b"a")})
    assert prompt_length(ask, "en", context) == Length(1.25, known=True)
    assert prompt_length(ask, "fr", context) is None


def test_what_is_said_in_one_go_adds_up(flow: Callable[..., Flow]) -> None:
    some = flow(NODES)
    [spoken] = some.nodes["main"].spoken()
    sounds = {("ask", "en"): Glance(1.0, b"a"), ("choose", "mul"): Glance(2.0, b"b")}
    assert spoken_length(spoken, some, "en", CheckContext(sounds=sounds)) == Length(4.5, known=True)
    length = spoken_length(spoken, some, "es", CheckContext(sounds=sounds))
    assert length is not None
    assert not length.known


@pytest.mark.parametrize(
    ("words", "language", "seconds"),
    [("Fourteen signs", "en", 1.0), ("12 45 78", "en-US", 26 / 14), ("Hola.", "mul", 5 / 14), ("再见。", "zh", None)],
)
def test_words_tell_about_how_long_they_take(words: str, language: str, seconds: float | None) -> None:
    assert words_length(words, language) == seconds


def test_an_estimate_is_given_some_margin() -> None:
    assert (Length(8.5, known=True).exceeds(8.0), Length(9.5, known=False).exceeds(8.0), Length(10.5, known=False).exceeds(8.0)) == (
        True,
        False,
        True,
    )


def test_recordings_that_sound_alike_are_found_where_they_were_loaded(flow: Callable[..., Flow]) -> None:
    some = flow(NODES)
    time = np.arange(12000) / 8000
    voice = (6000 * np.sin(2 * np.pi * (300 + 200 * np.sin(3 * time)) * time) * (1 + np.sin(17 * time))).astype(np.int16)
    other = (6000 * np.sin(2 * np.pi * (900 - 250 * np.sin(5 * time)) * time) * (1 + np.sin(29 * time))).astype(np.int16)
    library = PromptLibrary(
        [Recording("ask", "en", voice), Recording("ask", "es", (voice * 0.9).astype(np.int16)), Recording("choose", "mul", other)]
    )
    [finding] = check(some, CheckContext(library=library), select(only=["indistinguishable-prompts"]).rules)
    assert finding.message == 'recording "es/ask" sounds the same as "en/ask", although the words differ. record one of them again'
