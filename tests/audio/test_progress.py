"""Tones of the network, by country, on good lines and bad, and what is none."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import ProgressTone as Tone
from ivrtest.audio.hearing import ProgressToneHeard
from ivrtest.audio.pcm import Samples
from ivrtest.audio.progress import CADENCES, Cadence, ProgressDetector
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tones import dtmf, silence, tone

STEP = 800


def listened(samples: Samples, noise: float = 0.0) -> list[ProgressToneHeard]:
    """Return what is found in a call of which these are all samples. `noise`: the standard deviation of the line's."""
    padded = np.concatenate([silence(0.3), samples, silence(2.0)])
    padded = (padded + np.random.default_rng(5).normal(0, noise, len(padded))).astype(np.int16)
    padded = padded[: len(padded) // STEP * STEP]
    padded = ulaw_decode(ulaw_encode(padded))
    detector = ProgressDetector()
    heard: list[ProgressToneHeard] = []
    for first in range(0, len(padded) // STEP * STEP, STEP):
        heard += detector.listen(padded[first : first + STEP], (first + STEP) / 8000)
    return heard


def played(cadence: Cadence, cycles: int, *, level_db: float = -20.0, slower: float = 1.0) -> Samples:
    if len(cadence.seconds) == 1:
        return tone(cadence.hz, 5.0, level_db=level_db)
    parts = []
    for _ in range(cycles):
        for place, seconds in enumerate(cadence.seconds):
            parts.append(silence(seconds * slower) if place % 2 else tone(cadence.hz, seconds * slower, level_db=level_db))
    return np.concatenate(parts)


@pytest.mark.parametrize("cadence", CADENCES, ids=lambda cadence: f"{cadence.countries[0]}-{cadence.tone}")
@pytest.mark.parametrize(("level_db", "slower", "noise_db"), [(-20.0, 1.0, None), (-36.0, 1.05, None), (-20.0, 0.95, 20.0)])
def test_every_tone_of_every_country(cadence: Cadence, level_db: float, slower: float, noise_db: float | None) -> None:
    samples = played(cadence, 3, level_db=level_db, slower=slower)
    loudness = np.sqrt(np.mean(np.square(samples[samples != 0].astype(float))))
    heard = listened(samples, 0.0 if noise_db is None else loudness / 10 ** (noise_db / 20))
    assert heard, "nothing was heard"
    assert any(cadence.tone in one.tones and set(cadence.countries) <= set(one.countries) for one in heard)
    kinds = {tone for one in heard for tone in one.tones}
    assert kinds <= {cadence.tone, Tone.busy, Tone.congestion}
    if noise_db is None:
        assert heard[0].start_s == pytest.approx(0.3, abs=0.05)


def test_a_tone_is_told_once_as_soon_as_it_is_certain() -> None:
    (heard,) = listened(played(CADENCES[1], 20))
    assert (heard.tones, heard.countries) == ((Tone.busy,), ("US", "CA"))
    assert heard.at_s == pytest.approx(0.3 + 1.5 + 0.15, abs=0.11)


def test_two_tones_one_after_the_other() -> None:
    heard = listened(np.concatenate([played(CADENCES[0], 2), silence(0.5), played(CADENCES[1], 4)]))
    assert [one.tones for one in heard] == [(Tone.ringback,), (Tone.busy,)]


def test_the_special_information_tone() -> None:
    parts = [tone((hz,), 0.33, level_db=-18.0) for hz in (985.2, 1428.5, 1776.7)]
    (heard,) = listened(np.concatenate([*parts, silence(0.5), synthesise("The number you have dialled is not in service.", "en")]))
    assert (heard.tones, heard.countries) == ((Tone.special_information,), ())


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_speech_keys_and_beeps_are_none(language: str) -> None:
    words = synthesise("For English press one. Please hold the line while we connect you. One moment. Beep.", language)
    beep = tone((1000,), 0.4)
    beeps = np.concatenate([part for _ in range(6) for part in (beep, silence(0.5))])
    keys = dtmf("0123456789*#" * 2)
    assert listened(np.concatenate([words, silence(0.4), beeps, silence(1.0), keys])) == []


def test_the_right_cadence_with_the_wrong_frequency_is_none() -> None:
    assert listened(played(Cadence(Tone.busy, ("US",), (500, 700), (0.5, 0.5)), 5)) == []


def test_the_right_frequency_with_the_wrong_cadence_is_none() -> None:
    assert listened(played(Cadence(Tone.busy, ("US",), (480, 620), (0.9, 0.1)), 5)) == []
