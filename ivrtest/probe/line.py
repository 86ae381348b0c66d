"""How a line changes recordings: gain per band, where it falls off, how fast it plays them. Measured where the recording is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.spectrum import BANDS, FINE_HOP, SAMPLE_RATE, Samples, frames_lost, log_mel
from ivrtest.probe.others import BEFORE, Other, Stretch, laid_along
from ivrtest.run.route import BandGain

DEEP_DB: Final = 12.0
"""Cells of a recording that lie no deeper below the loudest one of their band are compared: noise changes softer ones ..."""
DEEPEST_DB: Final = 35.0
"""... nor deeper below the loudest one of all."""
FEW: Final = 10
"""With fewer cells a band says nothing."""
MIDDLE_HZ: Final = (500.0, 2500.0)
DOWN_DB: Final = -10.0
"""Where a band is further down, the line has ended."""
PIECE: Final = 2 * SAMPLE_RATE // 5
"""Samples by which the speed is measured, at either end of a recording: 400 ms."""
REACH: Final = 80
"""Samples by which such a piece may lie elsewhere than expected."""
LEAST_S: Final = 1.5
"""Shorter recordings say little of the speed."""
ALIKE: Final = 0.5
"""What is less like the recording (a correlation) says nothing of the speed."""


def band_centres_hz() -> NDArray[np.float64]:
    """Return the middles of the bands of `audio.spectrum`."""
    mel = np.linspace(2595 * np.log10(1 + 200 / 700), 2595 * np.log10(1 + 3500 / 700), BANDS + 2)[1:-1]
    centres: NDArray[np.float64] = 700 * (10 ** (mel / 2595) - 1)
    return centres


def line_gain_db(stretches: Sequence[Stretch]) -> tuple[float, tuple[BandGain, ...]]:
    """Return the gain of the middle of the telephone band, and what each band has beyond it. Raises ValueError where nothing tells it."""
    found = np.full((len(stretches), BANDS), np.nan)
    for row, stretch in zip(found, stretches, strict=True):
        row[:] = _gains(stretch)
    known = ~np.isnan(found).all(axis=0)
    if not known.any():
        raise ValueError("no stretch is long enough")
    centres = band_centres_hz()[known]
    gains = np.nanmedian(found[:, known], axis=0)
    inside = (centres > MIDDLE_HZ[0]) & (centres < MIDDLE_HZ[1])
    middle = float(np.median(gains[inside] if inside.any() else gains))
    return middle, tuple(BandGain(float(hz), float(gain) - middle) for hz, gain in zip(centres, gains, strict=True))


def edges_hz(bands: Sequence[BandGain]) -> tuple[float | None, float | None]:
    """Return below and above which frequency the line is down; None where it is not."""
    carried = [band.gain_db > DOWN_DB for band in bands]
    if all(carried) or not any(carried):
        return None, None
    first, last = carried.index(True), len(carried) - 1 - carried[::-1].index(True)
    return (bands[first].hz if first else None), (bands[last].hz if last < len(bands) - 1 else None)


def _gains(stretch: Stretch) -> NDArray[np.float64]:
    """Return the gain of each band, NaN where too little of it was heard."""
    (track,) = laid_along(stretch, [Other(stretch.reference, 0)])
    first, end = track.first, track.first + track.judged
    lags = np.linspace(track.start // FINE_HOP, track.lag, max(1, end - first)).round().astype(np.int_)
    # What is past the end of the sound was silence, and was judged as such.
    heard = log_mel(stretch.sound.samples)[first:end]
    recording = stretch.reference.rows(first, first + len(heard), lags[: len(heard)])
    arrived = ~frames_lost(stretch.sound.lost)[first : first + len(heard)]
    least = np.maximum(recording.max(axis=0, initial=-90.0) - DEEP_DB, recording.max(initial=-90.0) - DEEPEST_DB)
    cells = (recording > least) & arrived[:, None]
    gains = [np.median((heard - recording)[cells[:, band], band]) if cells[:, band].sum() >= FEW else np.nan for band in range(BANDS)]
    return np.array(gains)


def speed_ppm(stretches: Sequence[Stretch]) -> float | None:
    """Return how much faster recordings play than in their files, in parts of a million; None where nothing tells it."""
    speeds = [speed for stretch in stretches for speed in _speeds(stretch)]
    return float(np.median(speeds)) if speeds else None


def _speeds(stretch: Stretch) -> Iterator[float]:
    reference = stretch.reference
    if reference.end - reference.start < LEAST_S * SAMPLE_RATE:
        return
    places = reference.start, reference.end - PIECE
    delays = [_delay(stretch, place) for place in places]
    if delays[0] is not None and delays[1] is not None:
        yield (delays[0] - delays[1]) / (places[1] - places[0]) * 1e6


def _delay(stretch: Stretch, place: int) -> float | None:
    """Return how many samples later than expected a piece of the recording was heard; None where it was not, or some of it was lost."""
    sound = stretch.sound.part(BEFORE + place - REACH, BEFORE + place + PIECE + REACH)
    if sound.lost.any():
        return None
    piece, heard = (_without_mean(one) for one in (stretch.reference.samples[place : place + PIECE], sound.samples))
    windows = np.lib.stride_tricks.sliding_window_view(heard, PIECE)
    likeness = windows @ piece / np.maximum(np.sqrt(np.sum(np.square(windows), axis=1) * float(piece @ piece)), 1e-9)
    best = int(np.argmax(likeness))
    if likeness[best] < ALIKE or not 0 < best < len(likeness) - 1:
        return None
    before, peak, after = (float(value) for value in likeness[best - 1 : best + 2])
    # The top of the parabola through the best place and its neighbours.
    return best - REACH + 0.5 * (before - after) / min(before - 2 * peak + after, -1e-9)


def _without_mean(samples: Samples) -> NDArray[np.float64]:
    values = samples.astype(np.float64)
    values -= values.mean()
    return values
