"""Which frequencies one recording has more or less of than another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import Samples, to_float
from ivrtest.audio.spectrum import SAMPLE_RATE, WINDOW

_BAND_HZ: Final = 250
_BAND_DB: Final = 10.0
"""A band whose level lies so far off the others' is told."""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of frequencies that the second recording has louder or softer than the rest."""

    low_hz: int
    high_hz: int
    gain_db: float


def bands_between(first: Samples, second: Samples) -> tuple[Band, ...]:
    """Return what the second of two recordings has clearly more or less of than the first, beyond how loud it is."""
    one, other = _long_term(first), _long_term(second)
    both = np.maximum(one - one.max(), other - other.max()) > -50
    difference = other - one
    middle = difference[2 : 2500 // _BAND_HZ]
    difference = difference - np.median(middle)
    found: list[Band] = []
    for number, (gain, counts) in enumerate(zip(difference.tolist(), both.tolist(), strict=True)):
        if not counts or abs(gain) < _BAND_DB:
            continue
        low = number * _BAND_HZ
        if found and found[-1].high_hz == low and (found[-1].gain_db > 0) == (gain > 0):
            found[-1] = Band(found[-1].low_hz, low + _BAND_HZ, max(found[-1].gain_db, gain, key=abs))
        else:
            found.append(Band(low, low + _BAND_HZ, gain))
    return tuple(Band(band.low_hz, band.high_hz, round(band.gain_db, 1)) for band in found)


def _long_term(samples: Samples) -> NDArray[np.float64]:
    """Return the level of each band of `_BAND_HZ` over the whole recording, dB."""
    padded = np.concatenate([to_float(samples), np.zeros(WINDOW)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: WINDOW // 2] * np.hanning(WINDOW)
    power = np.mean(np.abs(np.fft.rfft(frames, axis=1)) ** 2, axis=0)[: WINDOW // 2]
    per_band = WINDOW // (SAMPLE_RATE // _BAND_HZ)
    level: NDArray[np.float64] = 10 * np.log10(power.reshape(-1, per_band).mean(axis=1) + 1e-9)
    return level
