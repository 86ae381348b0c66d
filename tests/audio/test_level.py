"""Levels of signals whose level is known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from ivrtest.audio.level import active_level, clipped_share, find_echo, loudness, noise_level
from ivrtest.audio.murmur import murmur
from ivrtest.audio.pcm import Samples, from_float, gain
from ivrtest.audio.synthesis import synthesise

SECOND = 8000
SILENCE = np.zeros(SECOND, np.int16)


def sine(seconds: float, amplitude: float) -> Samples:
    return from_float(amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * SECOND)) / SECOND))


def noise(seconds: float, rms: float, seed: int = 1) -> Samples:
    return from_float(rms * np.random.default_rng(seed).standard_normal(round(seconds * SECOND)))


def test_a_full_sine_is_three_decibels_below_the_loudest_signal() -> None:
    found = loudness(sine(10, 0.999))
    assert found.level_dbov == pytest.approx(-3.02, abs=0.01)
    assert found.active_dbov == pytest.approx(-3.02, abs=0.1)
    assert found.activity == pytest.approx(1, abs=0.01)


def test_pauses_do_not_count_for_the_active_level() -> None:
    # P.56 is there for this: speech for a third of the time is 4.77 dB louder while it lasts than over the whole.
    tone = sine(2, 0.1)
    found = loudness(np.concatenate([np.zeros(2 * SECOND, np.int16), tone, np.zeros(2 * SECOND, np.int16)]))
    assert found.level_dbov == pytest.approx(-23.01 - 4.77, abs=0.05)
    # The hangover of 0.2 s counts as active, and what the envelope takes to fall.
    assert found.active_dbov == pytest.approx(-23.01 - 10 * math.log10(2.2 / 2), abs=0.2)
    assert found.activity == pytest.approx(2.2 / 6, abs=0.015)


def test_silence() -> None:
    assert active_level(SILENCE) == (-math.inf, 0.0)
    assert active_level(SILENCE[:0]) == (-math.inf, 0.0)
    assert loudness(SILENCE).level_dbov == -math.inf


@given(st.floats(-40, 0))
def test_a_louder_voice_has_a_level_as_much_higher(decibels: float) -> None:
    voice = gain(murmur(2), -3)
    loud, activity = active_level(voice)
    quiet, other_activity = active_level(gain(voice, decibels))
    assert quiet - loud == pytest.approx(decibels, abs=0.25)
    assert other_activity == pytest.approx(activity, abs=0.05)


@pytest.mark.parametrize(
    "through",
    [lambda samples: ulaw_decode(ulaw_encode(samples)), lambda samples: alaw_decode(alaw_encode(samples))],
    ids=["mu-law", "A-law"],
)
def test_clipping_is_seen_through_the_codecs(through: Callable[[Samples], Samples]) -> None:
    # Of a sine 6 dB over the scale, two thirds are cut: where its size exceeds a half.
    assert clipped_share(through(sine(1, 2))) == pytest.approx(2 / 3, abs=0.01)
    assert clipped_share(through(sine(1, 0.9))) == 0.0


def test_a_peak_that_touches_the_end_of_the_scale_is_not_clipped() -> None:
    peaks = SILENCE.copy()
    peaks[100:102] = 32767
    assert clipped_share(peaks) == 0.0
    peaks[200:203] = -32768
    assert clipped_share(peaks) == 3 / SECOND
    assert clipped_share(SILENCE[:0]) == 0.0


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.24, 0.9])
@pytest.mark.parametrize("loss", [6.0, 20.0, 35.0])
def test_echo_of_a_voice_under_another_voice(delay: float, loss: float) -> None:
    said = np.concatenate([SILENCE, murmur(3), SILENCE, SILENCE])
    late = np.concatenate([np.zeros(round(delay * SECOND), np.int16), said])[: len(said)]
    heard = (gain(late, -loss).astype(np.int32) + noise(len(said) / SECOND, 0.001)).astype(np.int16)
    echo = find_echo(said, heard)
    assert echo is not None
    assert echo.delay_s == pytest.approx(delay, abs=0.0002)
    assert echo.loss_db == pytest.approx(loss, abs=1)


@pytest.mark.parametrize("seed", range(5))
def test_no_echo_where_there_is_none(seed: int) -> None:
    said = np.concatenate([SILENCE, murmur(3), SILENCE, SILENCE])
    assert find_echo(said, noise(len(said) / SECOND, 0.1, seed)) is None
    assert find_echo(said, np.zeros_like(said)) is None


def test_a_prompt_that_answers_the_caller_twice_in_the_same_time_is_no_echo() -> None:
    # By chance the prompt is as like the voice as 8 deviations of their likeness, at some delay.
    prompt = synthesise("To keep your message, press 1. To record it again, press 2.", "en")[:8400]
    turn = np.concatenate([murmur(1), np.zeros(20000, np.int16)])
    said = np.concatenate([SILENCE, turn, turn])
    heard = np.zeros_like(said)
    for begin in (SECOND, SECOND + len(turn)):
        heard[begin + 11_000 :][: len(prompt)] = prompt[: len(said) - begin - 11_000]
    assert find_echo(said, heard) is None


def test_who_says_nothing_hears_no_echo() -> None:
    assert find_echo(np.zeros(4 * SECOND, np.int16), noise(4, 0.1)) is None


def test_noise_is_what_the_pauses_hold() -> None:
    speech = np.tile(np.repeat([0.1, 0.0], SECOND), 3) * np.sin(np.arange(6 * SECOND) / 3)
    hiss = np.random.default_rng(1).normal(0, 1e-3, len(speech))
    noisy = from_float(speech + hiss)
    assert noise_level(noisy) == pytest.approx(-60, abs=1)
    assert noise_level(from_float(speech)) == -np.inf
    assert noise_level(np.zeros(SECOND, np.int16)) == -np.inf
    # What did not arrive is no quiet line.
    noisy[SECOND // 2 : 3 * SECOND // 2] = 0
    assert noise_level(noisy) == -np.inf
    assert noise_level(noisy, lost=1 / 6) == pytest.approx(-60, abs=1)
