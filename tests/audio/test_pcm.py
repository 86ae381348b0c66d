"""Rates, channels, levels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.audio.pcm import from_float, gain, level_db, resample, to_float, to_mono


def sine(frequency: float, rate: int, seconds: float = 1.0, amplitude: float = 10000) -> np.ndarray:
    return np.rint(amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("frequency", [100, 1000, 3000])
def test_speech_band_keeps_shape_level_and_place(rate: int, frequency: float) -> None:
    resampled = resample(sine(frequency, rate), rate)
    assert len(resampled) == 8000
    middle = slice(500, 7500)
    # The rounding to whole samples leaves an error of half a step, -86 dB of this wave.
    assert np.abs(resampled[middle].astype(int) - sine(frequency, 8000)[middle]).max() <= 10


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("frequency", [4300, 5000, 7000])
def test_what_8_khz_cannot_hold_is_gone(rate: int, frequency: float) -> None:
    resampled = resample(sine(frequency, rate), rate)
    assert level_db(resampled[500:7500]) < -80


def test_lower_rates_are_raised() -> None:
    resampled = resample(sine(1000, 4000), 4000)
    assert len(resampled) == 8000
    assert np.abs(resampled[500:7500].astype(int) - sine(1000, 8000)[500:7500]).max() <= 10


@settings(deadline=None)
@given(st.integers(4000, 50000), st.integers(0, 400))
def test_length_is_that_of_the_sound(rate: int, count: int) -> None:
    assert len(resample(np.ones(count, np.int16), rate)) == -(-count * 8000 // rate)


def test_a_constant_stays_what_it_is() -> None:
    assert set(resample(np.full(4410, 12345, np.int16), 44100)[100:700].tolist()) == {12345}


def test_same_rate_changes_nothing() -> None:
    samples = sine(500, 8000)
    assert resample(samples, 8000) is samples


def test_no_rate() -> None:
    with pytest.raises(ValueError, match="sample rate") as caught:
        resample(np.zeros(1, np.int16), 0)
    assert str(caught.value) == 'a sample rate is at least 1, not "0"'


def test_mono_is_the_mean() -> None:
    assert to_mono(np.array([[100, 300], [-32768, -32768], [32767, 32767]], np.int16)).tolist() == [200, -32768, 32767]
    assert to_mono(np.array([1, 2], np.int16)).tolist() == [1, 2]
    with pytest.raises(ValueError, match="shape") as caught:
        to_mono(np.zeros((1, 2, 3), np.int16))
    assert str(caught.value) == "samples have shape (n,) or (n, channels), not (1, 2, 3)"


def test_level() -> None:
    assert level_db(sine(1000, 8000, amplitude=32767)) == pytest.approx(-3.01, abs=0.01)
    assert level_db(np.zeros(10, np.int16)) == level_db(np.zeros(0, np.int16)) == -np.inf


def test_gain_clips() -> None:
    assert gain(np.array([1000, -30000, 30000], np.int16), 6.0206).tolist() == [2000, -32768, 32767]


@settings(deadline=None)
@given(st.lists(st.integers(-32768, 32767)))
def test_floats_and_back(values: list[int]) -> None:
    samples = np.array(values, np.int16)
    assert from_float(to_float(samples)).tolist() == values
