"""Samples as numpy arrays: rates, channels, levels. Everywhere else in the project sound is mono int16 at 8000 a second."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8000
"""Samples per second."""
FULL_SCALE = 32768.0

Samples = NDArray[np.int16]
Floats = NDArray[np.float64]

LOBES = 24
"""Zero crossings of the filter on each side."""
_KAISER_BETA = 8.6
"""Shape of the window. With so many lobes it leaves less than -80 dB above the Nyquist frequency, and -0.1 dB at 85 % of it."""
_PASS = 0.93
"""The middle of the filter's edge, as a part of the lower Nyquist frequency."""
_CHUNK = 1 << 16
"""Output samples computed at once, which bounds memory."""


def to_float(samples: Samples) -> Floats:
    """Return the samples as -1.0 to just under 1.0."""
    return samples.astype(np.float64) / FULL_SCALE


def from_float(values: NDArray[np.floating]) -> Samples:
    """Return -1.0 to 1.0 as int16, rounded to the nearest; what lies outside is clipped."""
    return _rounded(values * FULL_SCALE)


def _rounded(values: NDArray[np.floating]) -> Samples:
    samples: Samples = np.clip(np.rint(values), -32768, 32767).astype(np.int16)
    return samples


def to_mono(samples: Samples) -> Samples:
    """Mix shape (n, channels) down to (n,) by the mean; shape (n,) is returned as it is. Raises ValueError for other shapes."""
    match samples.ndim:
        case 1:
            return samples
        case 2 if samples.shape[1] > 0:
            return _rounded(samples.mean(axis=1))
        case _:
            raise ValueError(f"samples have shape (n,) or (n, channels), not {samples.shape}")


def level_db(samples: Samples) -> float:
    """Return the level in dB below full scale (dBFS; a full-scale sine is -3.01), -inf for silence or nothing."""
    if not len(samples):
        return -np.inf
    power = float(np.mean(np.square(to_float(samples))))
    return 10 * np.log10(power) if power else -np.inf


def gain(samples: Samples, decibels: float) -> Samples:
    """Return the samples louder by so many dB (quieter if negative), clipped."""
    return from_float(to_float(samples) * 10 ** (decibels / 20))


def resample(samples: Samples, rate: int, to_rate: int = SAMPLE_RATE) -> Samples:
    """Return mono samples of `rate` a second at `to_rate`, by a windowed sinc (Kaiser) below the lower Nyquist frequency.

    The first sample stays at time zero; the result has `ceil(n * to_rate / rate)` samples. Raises ValueError for a rate below 1.
    """
    if rate < 1 or to_rate < 1:
        raise ValueError(f'a sample rate is at least 1, not "{min(rate, to_rate)}"')
    if rate == to_rate or not len(samples):
        return samples.astype(np.int16, copy=False)
    up, down = to_rate // gcd(rate, to_rate), rate // gcd(rate, to_rate)
    count = -(-len(samples) * up // down)
    scale = min(1.0, up / down)
    half = int(np.ceil(LOBES / scale))
    padded = np.concatenate([np.zeros(half), samples.astype(np.float64), np.zeros(half + 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    result = np.empty(count)
    # Output k lies at input k * down / up: a whole number of samples, and one of `up` fractions, each with a filter of its own.
    for phase in range(min(up, count)):
        outputs = np.arange(phase, count, up)
        fraction = phase * down % up
        taps = filter_taps(fraction, up, half, scale)
        whole = outputs * down // up
        for chunk in range(0, len(outputs), _CHUNK // (2 * half + 1) + 1):
            part = slice(chunk, chunk + _CHUNK // (2 * half + 1) + 1)
            result[outputs[part]] = windows[whole[part]] @ taps
    return _rounded(result)


@lru_cache(maxsize=2048)
def filter_taps(fraction: int, up: int, half: int, scale: float) -> Floats:
    """The filter for an output `fraction / up` of a sample after an input, over the inputs from `half` before it to `half` after."""
    distance = np.arange(-half, half + 1) - fraction / up
    inside = np.clip(1 - np.square(distance / (half + 1)), 0, None)
    taps = np.sinc(distance * scale * _PASS) * np.i0(_KAISER_BETA * np.sqrt(inside))
    # A constant stays what it is, whatever the fraction.
    normal: Floats = taps / taps.sum()
    return normal
