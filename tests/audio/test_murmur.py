from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.murmur import PEAK, murmur


@pytest.mark.parametrize("seconds", [0.1, 1.0, 3.0])
def test_it_lasts_as_long_as_asked_and_is_never_quiet_for_long(seconds: float) -> None:
    samples = murmur(seconds)
    assert len(samples) == round(seconds * 8000)
    assert int(np.max(np.abs(samples.astype(np.int32)))) == PEAK
    for start in range(0, len(samples) - 2400, 2400):
        assert np.sqrt(np.mean(samples[start : start + 2400].astype(np.float64) ** 2)) > 300


def test_no_time_is_no_sound() -> None:
    assert len(murmur(0.0)) == 0


def test_it_is_always_the_same() -> None:
    assert np.array_equal(murmur(0.5), murmur(0.5))
