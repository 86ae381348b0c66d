"""The last minute of a stream, to look back at."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from ivrtest.call.call import SAMPLE_RATE, Mask, Samples

_KEPT: Final = 60 * SAMPLE_RATE
"""Samples that are kept."""


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

    def masked(self) -> Sequence[tuple[float, float]]:
        """Return what counts as lost by `mask`, such as keys."""
        return tuple(self._masks)

    def _place(self, at_s: float) -> int:
        return max(0, round((at_s - self.start_s) * SAMPLE_RATE))
