"""The sound of words, whoever's manner they are spoken in: how far a stretch of speech is from recordings of the same words.

For prompts that are spoken anew at each call, by the same voice and never twice alike. Mel cepstra without their mean (Davis and
Mermelstein, 1980) are laid upon each other by dynamic time warping (Sakoe and Chiba, 1978), at half to twice the speed. Pauses are left
out: where a voice breathes is its own affair. One changed word in a sentence is too little for this to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.spectrum import BANDS, SAMPLE_RATE, Levels, Samples, log_mel

Cepstra = NDArray[np.float32]
"""Shape (frames, COEFFICIENTS)."""

HOP: Final = 80
"""Samples from one frame of a recording to the next: 10 ms. Of speech that is compared with it, every other frame is taken, so that it
does not matter where in a frame a sound begins."""
_FINE: Final = 40
_SMOOTHED: Final = 4
"""A frame is the mean of so many, 5 ms apart: one alone depends on where it falls in the voice's own vibration."""
COEFFICIENTS: Final = 12
SOUNDING_DB: Final = 25.0
"""Frames that are softer than the loudest ones by more are pauses ..."""
DEPTH_DB: Final = 30.0
"""... and bands that are softer by more are noise."""
_LOUD_SHARE: Final = 98
"""The percentile of the frames' levels that stands for the loudest: a click is louder than speech."""
_UNEVEN: Final = 0.2
"""What it costs to speak at half or at twice the speed of the recording."""
_STEPS: Final = 4
"""So many frames of the recording may pass by in one of the speech."""
_NEVER: Final = np.float32(1e9)
_COSINES: Final = np.cos(np.pi / BANDS * (np.arange(BANDS) + 0.5)[:, None] * np.arange(1, COEFFICIENTS + 1)[None, :]).astype(np.float32)


class Words:
    """The words of a recording, or of several one after another, as they sound."""

    def __init__(self, samples: Samples) -> None:
        """`samples`: 8 kHz, shape (n,)."""
        self.seconds = len(samples) / SAMPLE_RATE
        self._samples = samples

    @cached_property
    def cepstra(self) -> Cepstra:
        levels = _levels(self._samples)
        kept, loudest = _sounding(levels)
        if not kept.any():
            return np.zeros((0, COEFFICIENTS), np.float32)
        cepstra = np.maximum(levels[kept], loudest - DEPTH_DB) @ _COSINES
        cepstra -= cepstra.mean(axis=0)
        scaled: Cepstra = (cepstra / (cepstra.std() + 1e-3)).astype(np.float32)
        return scaled


@dataclass(frozen=True, slots=True)
class Distance:
    """How far speech is from some words. 0: the same sound; over 0.3: other words, or not all of them."""

    whole: float
    """From all of them."""
    beginning: float
    """From as many of the first of them as fit best."""
    share: float
    """How many those are, as a share of all."""


def distances(speech: Words, others: Sequence[Words]) -> list[Distance]:
    """Return how far speech is from each of the others. Takes 10 ms for 30 others and three seconds of speech."""
    heard = speech.cepstra[::2]
    lengths = np.array([len(other.cepstra) for other in others])
    if not len(heard) or not len(lengths) or not lengths.all():
        return [Distance(float(_NEVER), float(_NEVER), 0.0) for _ in others]
    padded = np.zeros((len(others), lengths.max(), COEFFICIENTS), np.float32)
    for row, other in zip(padded, others, strict=True):
        row[: len(other.cepstra)] = other.cepstra
    paths = _paths(heard, padded) / len(heard)
    places = np.arange(padded.shape[1])[None, :]
    paths[places >= lengths[:, None]] = _NEVER
    best = paths.argmin(axis=1)
    whole = np.where(places > lengths[:, None] - _STEPS, paths, _NEVER).min(axis=1)
    return [Distance(*map(float, found)) for found in zip(whole, paths.min(axis=1), (best + 1) / lengths, strict=True)]


def _paths(heard: Cepstra, others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cost of the cheapest path from the beginning of both to the end of `heard` and each frame of each other.

    Shape (others, frames). One frame of `heard` goes with one of the other, and the next with one of the four after that.
    """
    energy = np.square(others).sum(axis=2)
    row = np.full((len(others), others.shape[1] + _STEPS), _NEVER, np.float32)
    row[:, _STEPS - 1] = 0
    for frame in heard:
        apart = np.sqrt(np.maximum(0, energy + frame @ frame - 2 * (others @ frame)) / COEFFICIENTS)
        even = np.minimum(row[:, 2:-2], row[:, 1:-3] + _UNEVEN / 2)
        uneven = np.minimum(row[:, 3:-1], row[:, :-4]) + _UNEVEN
        row = np.concatenate([np.full((len(others), _STEPS), _NEVER, np.float32), apart + np.minimum(even, uneven)], axis=1)
    return row[:, _STEPS:]


def pauses(samples: Samples) -> list[tuple[float, float]]:
    """Return the pauses of at least 60 ms between sounds: when each begins and ends, in seconds."""
    kept, _ = _sounding(_levels(samples))
    places = np.flatnonzero(kept)
    return [
        ((int(before) + 1) * HOP / SAMPLE_RATE, int(after) * HOP / SAMPLE_RATE) for before, after in pairwise(places) if after - before > 6
    ]


def _levels(samples: Samples) -> Levels:
    levels = log_mel(samples, _FINE)
    if len(levels) < _SMOOTHED:
        return levels[:0]
    smooth: Levels = np.lib.stride_tricks.sliding_window_view(levels, _SMOOTHED, axis=0)[:: HOP // _FINE].mean(axis=2, dtype=np.float32)
    return smooth


def _sounding(levels: Levels) -> tuple[NDArray[np.bool_], float]:
    """Return which frames are no pauses, and the level of the loudest ones."""
    if not len(levels):
        return np.zeros(0, np.bool_), 0.0
    tops = levels.max(axis=1)
    loudest = float(np.percentile(tops, _LOUD_SHARE))
    return tops > loudest - SOUNDING_DB, loudest
