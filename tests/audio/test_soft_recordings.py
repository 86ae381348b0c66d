"""Recordings of which most is soft, as people's are: a word that begins in a long "s", and tails of breath."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import Heard, Recognised, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary, Recording

RATE = 8000
SOFT = ("sip", "en")


def _noise(seconds: float, level: float, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE))


def _word(seconds: float, pitch: float, seed: int, soft: float = 120) -> NDArray[np.int16]:
    """A word of which all but a vowel of so many seconds is some 30 dB softer: "sip" as it is spoken."""
    t = np.arange(int(seconds * RATE)) / RATE
    voice = np.zeros(len(t))
    for harmonic in range(1, int(3300 / pitch)):
        voice += np.sin(2 * np.pi * harmonic * pitch * (1 + 0.3 * t) * t + harmonic**2) / (1 + (harmonic * pitch / 900 - 1) ** 2)
    voice = voice * np.hanning(len(t)) / np.abs(voice).max() * 9000
    word: NDArray[np.int16] = np.rint(np.concatenate([_noise(0.4, soft, seed), voice, _noise(0.2, soft / 2, seed + 1)])).astype(np.int16)
    return word


def _library(vowel_s: float, soft: float = 120) -> PromptLibrary:
    return PromptLibrary([Recording(SOFT[0], SOFT[1], _word(vowel_s, 190, 1, soft)), Recording("zap", "en", _word(0.4, 120, 3))])


def _heard(library: PromptLibrary, sound: NDArray[np.float64], *, expected: bool) -> list[Heard | Recognised]:
    samples = ulaw_decode(ulaw_encode(np.rint(sound).astype(np.int16)))
    matcher = Matcher(library)
    matcher.expect([SOFT] if expected else None)
    hearings = matcher.feed(samples, np.zeros(len(samples), np.bool_)) + matcher.finish()
    return [hearing for hearing in hearings if isinstance(hearing, Heard | Recognised)]


@pytest.mark.parametrize("expected", [True, False], ids=["expected", "any"])
@pytest.mark.parametrize("level", [100, 200, 600])
def test_a_soft_recording_is_not_heard_in_the_noise_of_the_line(level: float, expected: bool) -> None:
    for vowel_s in (0.06, 0.09, 0.12):
        library = _library(vowel_s)
        zap = library.recordings()[1].samples
        for seed in range(500, 508):
            line = _noise(3.2, level, seed)
            line[3000 : 3000 + len(zap)] += zap
            assert [hearing.match.key for hearing in _heard(library, line, expected=expected) if hearing.match.key == SOFT] == []


@pytest.mark.parametrize("vowel_s", [0.12, 0.16])
@pytest.mark.parametrize("expected", [True, False], ids=["expected", "any"])
def test_a_word_that_is_mostly_soft_is_known(expected: bool, vowel_s: float) -> None:
    library = _library(vowel_s, soft=30)
    sound = np.concatenate([np.zeros(RATE), library.recordings()[0].samples, np.zeros(2 * RATE)])
    heard = _heard(library, sound, expected=expected)
    assert [(type(hearing), hearing.match.key, hearing.match.verdict) for hearing in heard] == [
        (Recognised, SOFT, Verdict.match),
        (Heard, SOFT, Verdict.match),
    ]
