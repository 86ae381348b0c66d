"""Which stretches of a call's clock were lost on the way."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Losses:
    """Stretches of samples, from their first to the one after their last, in order."""

    def __init__(self) -> None:
        self.missed: list[tuple[int, int]] = []
        """Stretches that were taken for silence before a later packet's number showed that they were lost. The reader empties it."""
        self._stretches: list[tuple[int, int]] = []

    def mark(self, *stretches: tuple[int, int]) -> None:
        """Note what is missing."""
        self._stretches += stretches

    def mark_gap(self, begin: int, end: int, length: int) -> None:
        """Note that so much is missing somewhere between. Where there was room for more than twice that, the far side also paused, and it
        lay at one end or the other."""
        if not length or begin >= end:
            return
        if end - begin <= 2 * length:
            self.mark((begin, end))
        else:
            self.mark((begin, begin + length), (end - length, end))

    def fill(self, begin: int, end: int) -> None:
        """Note that something came after all."""
        if self._stretches:
            self._stretches = [
                (since, until)
                for lost_begin, lost_end in self._stretches
                for since, until in ((lost_begin, min(lost_end, begin)), (max(lost_begin, end), lost_end))
                if since < until
            ]

    def cut(self, end: int) -> None:
        """Let nothing be missing at or after `end`."""
        self._stretches = [(begin, min(stop, end)) for begin, stop in self._stretches if begin < end]

    def take(self, start: int, until: int) -> Mask:
        """Return whether each sample from `start` to `until` is missing, and forget it. What is missing before `start` goes to `missed`."""
        if not self._stretches:
            return _nothing(until - start)
        lost = np.zeros(until - start, np.bool_)
        for begin, end in self._stretches:
            if begin < until:
                lost[max(begin, start) - start : max(end, start) - start] = True
            if begin < start:
                self.missed.append((begin, min(end, start)))
        self._stretches = [(max(begin, until), end) for begin, end in self._stretches if end > until]
        return lost


@lru_cache(maxsize=16)
def _nothing(length: int) -> Mask:
    """Return a mask that all may share, as nobody may write to it: that of nearly every block."""
    mask = np.zeros(length, np.bool_)
    mask.flags.writeable = False
    return mask
