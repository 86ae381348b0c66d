"""Prompts spoken anew in a stream of sound: what is said of them, and when."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard, Hearing, Means, Recognised, SoundEnded
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.spectrum import Samples
from ivrtest.audio.synthesis import AS_USUAL, Manner, synthesise
from ivrtest.audio.word_sounds import Words, distances

TEXTS = {
    "greeting": "Welcome to the town library. We are glad that you called us today.",
    "hours": "We are open from Monday to Friday between nine and five.",
    "menu": "For opening hours, press 1. To hear what you have borrowed, press 2.",
}
CALM = Manner(158, 57, 40)


@cache
def spoken(name: str, manner: Manner = AS_USUAL) -> Samples:
    return synthesise(TEXTS[name], "en", manner)


@cache
def library(*anew: str) -> PromptLibrary:
    return PromptLibrary(Recording(name, "en", spoken(name), text, anew=name in anew) for name, text in TEXTS.items())


def hear(*sounds: Samples, known: PromptLibrary, block: int = 160) -> list[Hearing]:
    ear = ear_for(known)
    sound = np.concatenate(sounds)
    hearings: list[Hearing] = []
    for start in range(0, len(sound), block):
        part = sound[start : start + block]
        hearings += ear.feed(part, np.zeros(len(part), np.bool_))
    return hearings + ear.finish()


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), np.int16)


@pytest.mark.parametrize("pause_s", [0.4, 0.9, 1.5])
@pytest.mark.parametrize("block", [160, 800_000])
def test_it_is_told_where_they_begin_and_end(pause_s: float, block: int) -> None:
    sounds = [quiet(0.5), spoken("greeting", CALM), quiet(pause_s), spoken("menu"), quiet(pause_s), spoken("hours", CALM), quiet(2)]
    matches = [one.match for one in hear(*sounds, known=library("greeting", "hours"), block=block) if isinstance(one, Heard)]
    assert [(match.prompt, match.by) for match in matches] == [
        ("greeting", Means.sound),
        ("menu", Means.recording),
        ("hours", Means.sound),
    ]
    ends = np.cumsum([len(sound) for sound in sounds]) / 8000
    assert [match.start_s for match in matches] == pytest.approx([ends[0], ends[2], ends[4]], abs=0.15)
    assert [match.end_s for match in matches] == pytest.approx([ends[1], ends[3], ends[5]], abs=0.15)


def test_sound_has_not_ended_before_it_is_said_what_it_was() -> None:
    hearings = hear(quiet(0.5), spoken("greeting", CALM), quiet(3), known=library("greeting"))
    kinds = [type(one) for one in hearings]
    # A pause within it is the end of no sound that nothing follows.
    assert kinds[-3:] == [Recognised, Heard, SoundEnded]


def test_a_library_in_which_all_is_spoken_anew_is_heard_too() -> None:
    hearings = hear(quiet(0.5), spoken("hours", CALM), quiet(2), known=library(*TEXTS))
    assert [one.match.prompt for one in hearings if isinstance(one, Heard)] == ["hours"]


def test_where_a_frame_falls_makes_little_difference() -> None:
    recording = Words(spoken("hours"))
    shifted = [Words(spoken("hours")[samples:]) for samples in (20, 40, 80, 120, 160)]
    other = Words(spoken("greeting"))
    assert max(distances(one, [recording])[0].whole for one in shifted) < 0.2
    assert distances(other, [recording])[0].whole > 0.7


def test_silence_is_far_from_all_words() -> None:
    [distance] = distances(Words(quiet(0.01)), [Words(spoken("hours"))])
    assert (distance.whole > 1000, distance.share) == (True, 0.0)
