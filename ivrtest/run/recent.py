"""The last minute of a stream, to look back at."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.call.call import SAMPLE_RATE, Mask, Samples

_KEPT: Final = 60 * SAMPLE_RATE
"""Samples that are kept."""
FRAME: Final = SAMPLE_RATE // 100
_PAUSE: Final = 10
"""Frames in which the line's noise is measured: a pause between two words."""


def power_of(samples: Samples) -> NDArray[np.float32]:
    """Return the mean power of each frame."""
    count = len(samples) // FRAME
    power: NDArray[np.float32] = np.mean(np.square(samples[: count * FRAME].reshape(count, FRAME).astype(np.float32)), axis=1)
    return power


def noise_like(samples: Samples, count: int) -> Samples:
    """Return so many samples of noise as loud, and with the same spectrum, as these are. It is always the same."""
    if not samples.any():
        return np.zeros(count, np.int16)
    window = samples * np.hanning(len(samples)) * np.sqrt(8 / 3)
    white = np.random.default_rng(1).standard_normal(count + len(samples) - 1) / np.sqrt(len(samples))
    return np.rint(np.convolve(white, window, "valid")).astype(np.int16)


class Recent:
    """The last minute of a stream."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[Samples, Mask]] = deque()
        self._masks: deque[tuple[float, float]] = deque(maxlen=256)
        self._kept = 0
        self._end = 0

    @property
    def start_s(self) -> float:
        return (self._end - self._kept) / SAMPLE_RATE

    @property
    def end_s(self) -> float:
        """How much has been added."""
        return self._end / SAMPLE_RATE

    def add(self, samples: Samples, lost: Mask) -> None:
        self._pieces.append((samples, lost))
        self._end += len(samples)
        self._kept += len(samples)
        while self._kept - len(self._pieces[0][0]) > _KEPT:
            self._kept -= len(self._pieces.popleft()[0])

    def mask(self, start_s: float, end_s: float) -> None:
        """Count what is between two times as lost."""
        self._masks.append((start_s, end_s))

    def samples(self) -> Samples:
        """Return all that is kept."""
        return np.concatenate([samples for samples, _ in self._pieces])

    def between(self, start_s: float, end_s: float) -> tuple[Samples, Mask]:
        """Return the samples between two times and whether each was lost."""
        samples, lost = self.samples(), np.concatenate([lost for _, lost in self._pieces])
        for begin_s, stop_s in self._masks:
            lost[self._place(begin_s) : self._place(stop_s)] = True
        part = slice(self._place(start_s), self._place(end_s))
        return samples[part], lost[part]

    def quietest(self) -> Samples:
        """Return the quietest tenth of a second that arrived: the line while nobody speaks. None but zeros if nothing is kept."""
        samples, lost = self.samples(), np.concatenate([lost for _, lost in self._pieces])
        power = power_of(samples)
        power[lost[: len(power) * FRAME].reshape(-1, FRAME).any(axis=1)] = np.inf
        if len(power) < _PAUSE:
            return np.zeros(FRAME * _PAUSE, np.int16)
        means = np.convolve(power, np.ones(_PAUSE), "valid")
        first = int(np.argmin(means)) * FRAME
        return samples[first : first + FRAME * _PAUSE] if np.isfinite(means.min()) else np.zeros(FRAME * _PAUSE, np.int16)

    def masked(self) -> Sequence[tuple[float, float]]:
        """Return what counts as lost by `mask`, such as keys."""
        return tuple(self._masks)

    def _place(self, at_s: float) -> int:
        return max(0, round((at_s - self.start_s) * SAMPLE_RATE))
