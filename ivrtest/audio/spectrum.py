"""Sound as levels over time and frequency: log-mel frames of the telephone band.

A frame is 32 ms of samples under a Hann window, a row is 24 bands from 200 to 3500 Hz, a value is a power in dB relative to a
full-scale sine. Frame `f` of a stream begins at sample `80 * f`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Mask = NDArray[np.bool_]
Levels = NDArray[np.float32]
"""dB. Shape (frames, BANDS), or (frames,) for the whole band."""

SAMPLE_RATE: Final = 8000
WINDOW: Final = 256
HOP: Final = 80
"""Samples from one frame of a stream to the next: 10 ms."""
FINE_HOP: Final = 20
"""Samples from one frame of a recording to the next where a stream is aligned with it: 2.5 ms."""
BANDS: Final = 24
FLOOR_DB: Final = -90.0
"""The level of digital silence."""
_Sample = TypeVar("_Sample", bound=np.generic)
Power = NDArray[np.float32]
"""Squares of samples under a window's spectrum. Shape (frames, WINDOW // 2 + 1)."""
_AT_ONCE: Final = 64
"""Frames whose spectra are computed together."""


def scalar(value: float) -> NDArray[np.float32]:
    """Return a constant in the form in which it costs least beside small arrays: half of what a `np.float32` does. Shape ()."""
    return np.array(value, np.float32)


_LEAST: Final = scalar(10 ** (FLOOR_DB / 10))
_TEN: Final = scalar(10)


@lru_cache(maxsize=1)
def _filters() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the window, the mel filters of shape (bins, BANDS), and the window's share of power per sample."""
    window = np.hanning(WINDOW + 1)[:-1]
    edges_mel = np.linspace(2595 * np.log10(1 + 200 / 700), 2595 * np.log10(1 + 3500 / 700), BANDS + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling))
    scale = (2 / (32768 * window.sum())) ** 2
    return window.astype(np.float32), (triangles * scale).astype(np.float32), (window**2 / np.sum(window**2)).astype(np.float32)


@lru_cache(maxsize=1)
def white() -> Levels:
    """Return the levels of white noise per band, dB below its level over all bands. Shape (BANDS,)."""
    width = _filters()[1].sum(axis=0)
    shape: Levels = (10 * np.log10(width / width.sum())).astype(np.float32)
    return shape


def log_mel(samples: Samples, hop: int = HOP) -> Levels:
    """Return the frames that lie whole within `samples`, one every `hop` samples."""
    count = max(0, (len(samples) - WINDOW) // hop + 1)
    power = np.empty((count, BANDS), np.float32)
    # In pieces so small that the memory for them is at hand: larger ones are asked of the system each time, which takes as long again.
    for first in range(0, count, _AT_ONCE):
        piece = samples[first * hop : (min(first + _AT_ONCE, count) - 1) * hop + WINDOW]
        power[first : first + _AT_ONCE] = product(spectra(piece, hop), _filters()[1])
    return to_db(power)


def spectra(samples: Samples, hop: int = HOP) -> Power:
    """Return the spectra of the frames that lie whole within `samples`, one every `hop` samples."""
    if len(samples) < WINDOW:
        return np.zeros((0, WINDOW // 2 + 1), np.float32)
    spectrum = np.fft.rfft(windows(samples, WINDOW, hop) * _filters()[0]).astype(np.complex64, copy=False)
    # Real and imaginary parts by turns.
    squares = spectrum.view(np.float32)
    squares *= squares
    return squares[:, ::2] + squares[:, 1::2]


def windows(samples: NDArray[_Sample], length: int, hop: int) -> NDArray[_Sample]:
    """Return the stretches of `length` samples, one every `hop`, that lie whole within at least that many: a view, not to be changed.

    As `sliding_window_view` makes it, which takes longer than what is done with it here.
    """
    samples = np.ascontiguousarray(samples)
    step = samples.itemsize
    return np.ndarray(((len(samples) - length) // hop + 1, length), samples.dtype, samples, 0, (hop * step, step))


def levels(of: Power) -> tuple[Levels, Levels]:
    """Return each frame's levels per band, and its level over all bands: as `log_mel` and `total_level` would, in one go."""
    of_all = to_db_over(product(of, _bands_and_all()), _floors())
    return of_all[:, :BANDS], of_all[:, BANDS]


@lru_cache(maxsize=1)
def _bands_and_all() -> NDArray[np.float32]:
    triangles = _filters()[1]
    return np.concatenate([triangles, triangles.sum(axis=1, keepdims=True)], axis=1)


@lru_cache(maxsize=1)
def _floors() -> NDArray[np.float32]:
    return np.array([*[_LEAST] * BANDS, (BANDS + 1) * _LEAST], np.float32)


def product(rows: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the matrix product, computed in pieces too small for the linear algebra library to start threads for: those would fight
    over the processor with the other processes and with the thread that carries the calls."""
    step = max(1, 200_000 // max(1, matrix.size))
    if len(rows) <= step:
        whole: NDArray[np.float32] = rows @ matrix
        return whole
    result = np.empty((len(rows), matrix.shape[1]), np.float32)
    for first in range(0, len(rows), step):
        np.matmul(rows[first : first + step], matrix, out=result[first : first + step])
    return result


def to_db(power: NDArray[np.float32]) -> Levels:
    """Return levels in dB, never below FLOOR_DB."""
    return to_db_over(power, _LEAST)


def to_db_over(power: NDArray[np.float32], least: NDArray[np.float32]) -> Levels:
    """Return levels in dB, never below that of `least`."""
    levels: Levels = power + least
    np.log10(levels, out=levels)
    levels *= _TEN
    return levels


def total_level(frames: Levels) -> Levels:
    """Return the level of each frame over all bands: shape (frames,)."""
    return to_db(np.power(_TEN, frames / _TEN).sum(axis=1))


def greatest(values: NDArray[np.float32]) -> float:
    """Return the greatest of some values, at least one. As `values.max()`, in a quarter of its time where they are few."""
    most: float = values.item(values.argmax())
    return most


def percentile(values: Levels, share: int) -> float:
    """Return what `share` percent of some values stay under, at least one value. As `np.percentile`, in a fifth of its time."""
    place = (len(values) - 1) * (share / 100)
    below, above = int(place), min(int(place) + 1, len(values) - 1)
    ordered = values.copy()
    ordered.partition((below, above))
    first, second, part = ordered[below], ordered[above], np.float32(place - below)
    return float(first + (second - first) * part if part < 0.5 else second - (second - first) * (1 - part))


def frames_lost(lost: Mask, hop: int = HOP) -> Mask:
    """Return for each frame whether lost samples spoil it: more than 0.1 % of its power under the window."""
    if len(lost) < WINDOW:
        return np.zeros(0, np.bool_)
    if not np.count_nonzero(lost):
        return np.zeros((len(lost) - WINDOW) // hop + 1, np.bool_)
    share = _filters()[2]
    spoiled: Mask = (windows(lost, WINDOW, hop) @ share) > 0.001
    return spoiled
