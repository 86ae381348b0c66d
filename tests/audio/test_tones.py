"""Tones have the frequencies they should, and no others."""

from collections.abc import Callable

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples, level_db
from ivrtest.audio.tones import DTMF_FREQUENCIES, beep, busy, dtmf, reorder, ringback, tone


def strongest(samples: Samples, count: int) -> list[int]:
    """The strongest frequencies, in Hz, to the nearest 5."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1600))
    peaks = [k for k in range(1, len(spectrum) - 1) if spectrum[k - 1] < spectrum[k] >= spectrum[k + 1]]
    return sorted(5 * k for k in sorted(peaks, key=lambda k: -spectrum[k])[:count])


@pytest.mark.parametrize("key", DTMF_FREQUENCIES)
def test_every_key_is_its_pair(key: str) -> None:
    assert strongest(dtmf(key)[:800], 2) == pytest.approx(DTMF_FREQUENCIES[key], abs=5)


def test_keys_follow_each_other() -> None:
    keys = dtmf("1d", key_s=0.05, gap_s=0.07)
    assert len(keys) == 2 * (400 + 560)
    assert not keys[400:960].any()
    assert keys[1000:1300].any()


def test_what_is_no_key() -> None:
    with pytest.raises(ValueError, match="no key") as caught:
        dtmf("1x")
    assert str(caught.value) == 'key "x" at place 2 of 2 is no key. keys are 0 to 9, *, # and A to D'


def test_beep() -> None:
    assert len(beep()) == 3200
    assert strongest(beep(), 1) == [1000]


@pytest.mark.parametrize(
    ("cycle", "pair", "on", "length"), [(ringback, [440, 480], 2, 6), (busy, [480, 620], 0.5, 1), (reorder, [480, 620], 0.25, 0.5)]
)
def test_call_progress(cycle: Callable[[], Samples], pair: list[int], on: float, length: float) -> None:
    samples = cycle()
    assert len(samples) == length * 8000
    assert strongest(samples[: int(on * 8000)], 2) == pytest.approx(pair, abs=5)
    assert not samples[int(on * 8000) :].any()


def test_level_and_soft_ends() -> None:
    samples = tone((1000,), 0.5, level_db=-6.0)
    assert level_db(samples[400:3600]) == pytest.approx(-9.01, abs=0.01)
    assert abs(int(samples[0])) < 10
    assert np.abs(samples[-4:]).max() < 400
