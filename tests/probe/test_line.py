"""Lines whose gain, band and speed are known, measured on what they carry."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ivrtest.audio.pcm import from_float, gain, resample, to_float
from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.probe.line import edges_hz, line_gain_db, speed_ppm
from ivrtest.probe.others import AFTER, BEFORE, Others, Sound, Stretch
from tests.run.shop import library

MENU = ("main_menu", "en")


def carried(line: Callable[[Samples], Samples], key: tuple[str, str] = MENU) -> Stretch:
    """A recording as it comes out of a line."""
    reference = Others(library()).reference(key)
    heard = line(np.pad(reference.samples, (BEFORE, AFTER)))
    return Stretch(reference, Sound(heard, np.zeros(len(heard), np.bool_)))


def low_pass(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(to_float(samples))
    spectrum[np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE) > 2000] *= 0.01
    return from_float(np.fft.irfft(spectrum, len(samples)))


def test_gain_without_tilt() -> None:
    found, bands = line_gain_db([carried(lambda samples: gain(samples, -12))])
    assert found == pytest.approx(-12, abs=0.3)
    assert max(abs(band.gain_db) for band in bands) < 0.7
    assert edges_hz(bands) == (None, None)


def test_noise_changes_the_gain_little() -> None:
    def noisy(samples: Samples) -> Samples:
        return from_float(to_float(gain(samples, -12)) + np.random.default_rng(1).normal(0, 10 ** (-42 / 20), len(samples)))

    found, bands = line_gain_db([carried(noisy)])
    assert found == pytest.approx(-12, abs=0.4)
    assert max(abs(band.gain_db) for band in bands if band.hz < 2500) < 1.5


def test_a_line_that_ends_at_2_khz() -> None:
    _, bands = line_gain_db([carried(low_pass)])
    low, high = edges_hz(bands)
    assert low is None
    assert high == pytest.approx(2000, abs=250)


@pytest.mark.parametrize("ppm", [0, 500, -300])
def test_speed(ppm: int) -> None:
    found = speed_ppm([carried(lambda samples: resample(samples, 1_000_000 + ppm, 1_000_000))])
    assert found == pytest.approx(ppm, abs=15)


def test_speed_is_not_told_of_short_recordings_or_of_another() -> None:
    assert speed_ppm([carried(np.zeros_like)]) is None
    assert speed_ppm([carried(lambda samples: samples, ("digits/7", "en"))]) is None


def test_other_recordings_are_refuted_on_a_quiet_line_and_their_twins_are_left_out() -> None:
    others = Others(library())
    trials = others.trials(carried(lambda samples: gain(samples, -20)))
    assert len(trials) >= 6
    assert not [trial for trial in trials if trial.accepted or trial.deviation_db <= 3.2]


def test_what_was_lost_accepts_nothing() -> None:
    stretch = carried(lambda samples: samples)
    lost = Stretch(stretch.reference, Sound(np.zeros_like(stretch.sound.samples), np.ones_like(stretch.sound.lost)))
    assert not any(trial.accepted for trial in Others(library()).trials(lost))
