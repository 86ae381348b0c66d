"""Other sample rates for sound that comes in pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.audio.pcm import Samples
from ivrtest.audio.resampler import Resampler


def sine(frequency: float, rate: int, seconds: float) -> Samples:
    wave: Samples = np.rint(10_000 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)).astype(np.int16)
    return wave


def snr_db(heard: Samples, frequency: float, rate: int) -> float:
    """Return how far what is not the sine lies below it."""
    time = np.arange(len(heard)) / rate
    basis = np.stack([np.sin(2 * np.pi * frequency * time), np.cos(2 * np.pi * frequency * time)], axis=1)
    rest = heard - basis @ np.linalg.lstsq(basis, heard.astype(float), rcond=None)[0]
    return float(10 * np.log10(np.sum(heard.astype(float) ** 2) / np.sum(rest**2)))


@pytest.mark.parametrize(("rate", "to_rate"), [(8000, 16000), (16000, 8000), (8000, 44100), (44100, 8000), (8000, 48000), (48000, 8000)])
@pytest.mark.parametrize("frequency", [300.0, 1004.0, 3200.0])
def test_a_sine_in_packets_of_20_ms_stays_a_sine(rate: int, to_rate: int, frequency: float) -> None:
    resampler = Resampler(rate, to_rate)
    packet = rate // 50
    wave = sine(frequency, rate, 1)
    pieces = [resampler.feed(wave[start : start + packet]) for start in range(0, len(wave), packet)]
    assert {len(piece) for piece in pieces} == {to_rate // 50}
    # A click at each of the fifty seams would show.
    assert snr_db(np.concatenate(pieces)[to_rate // 20 :], frequency, to_rate) > 70


@settings(deadline=None)
@given(
    rates=st.sampled_from([(8000, 16000), (16000, 8000), (44100, 8000), (8000, 44100)]),
    cuts=st.lists(st.integers(0, 400), min_size=1, max_size=12),
)
def test_however_it_is_cut_the_sound_is_the_same(rates: tuple[int, int], cuts: list[int]) -> None:
    wave = np.random.default_rng(1).integers(-20_000, 20_000, sum(cuts)).astype(np.int16)
    in_one, in_pieces = Resampler(*rates), Resampler(*rates)
    ends = np.cumsum(cuts)
    pieces = [in_pieces.feed(wave[end - length : end]) for end, length in zip(ends, cuts, strict=True)]
    assert np.abs(np.concatenate(pieces).astype(int) - in_one.feed(wave)).max(initial=0) <= 1


def test_what_lies_above_the_lower_nyquist_frequency_does_not_come_back_below_it() -> None:
    heard = Resampler(16000).feed(sine(5000, 16000, 1))[800:]
    assert np.abs(heard).max() < 10


def test_the_delay_is_three_milliseconds() -> None:
    click = np.zeros(320, np.int16)
    click[100] = 20_000
    assert int(np.argmax(Resampler(16000).feed(click))) == 50 + round(Resampler(16000).delay_s * 8000)
    assert [Resampler(rate, to).delay_s for rate, to in ((16000, 8000), (8000, 16000), (8000, 44100))] == [0.003] * 3


def test_a_rate_below_1() -> None:
    with pytest.raises(ValueError, match="sample rate") as caught:
        Resampler(8000, 0)
    assert str(caught.value) == 'a sample rate is at least 1, not "0"'
