"""Which recordings of a library begin alike, and from when on they can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.judge import BLOCK, GOOD_DB, RANGE_DB, line_gain, weigh
from ivrtest.audio.reference import FINE_PER_FRAME, Reference
from ivrtest.audio.spectrum import BANDS, FINE_HOP, HOP, SAMPLE_RATE, Levels

_OPENING: Final = 40
"""Frames of the opening by which pairs worth comparing are picked."""
_ALL: Final = np.ones(_OPENING, np.bool_)
_SOON: Final = 90
"""Frames in which most that do not differ in their openings do."""
_ALIKE: Final = 0.6
_LEAST_ALIKE_S: Final = 0.2
"""Those that part earlier are never taken for each other."""
_NOTHING_ALIKE_DB: Final = 6.0
"""Openings that differ by more on average part at once."""
_SAME_END: Final = SAMPLE_RATE // 20


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another recording that begins alike."""

    key: tuple[str, str]
    apart_s: float | None
    """Seconds from the first sample of the recording whose sibling this is, from which on they differ; None if they are the same."""
    shift: int
    """How much later than the recording its sibling begins when their sounds lie together, in fine hops (2.5 ms)."""


def siblings(references: Sequence[Reference]) -> dict[tuple[str, str], tuple[Sibling, ...]]:
    """Return for each recording those that begin alike for at least 0.2 s of sound. Recordings with none are left out."""
    openings = np.stack([_opening(reference) for reference in references]) if references else np.zeros((0, 1))
    alike = openings @ openings.T
    found: dict[tuple[str, str], list[Sibling]] = {}
    laid: _Laid | None = None
    for first, second in zip(*np.nonzero(np.triu(alike > _ALIKE, 1)), strict=True):
        one, other = references[first], references[second]
        if laid is None or laid.reference is not one:
            laid = _Laid(one)
        shift, apart, same = laid.apart(other)
        if apart is not None and apart < _LEAST_ALIKE_S:
            continue
        end = min(one.end - one.start, other.end - other.start) / SAMPLE_RATE
        after = None if same else end if apart is None else min(apart, end)
        for of, to, sign in ((one, other, 1), (other, one, -1)):
            apart_s = None if after is None else after + of.start / SAMPLE_RATE
            found.setdefault(of.key, []).append(Sibling(to.key, apart_s, sign * shift))
    return {key: tuple(some) for key, some in found.items()}


def _opening(reference: Reference) -> NDArray[np.float32]:
    first = reference.start // HOP
    rows = reference.rows(first, first + _OPENING, 0)
    shape = np.maximum(rows, rows.max() - 25)
    shape = (shape - shape.mean(axis=0)).ravel()
    opening: NDArray[np.float32] = (shape / max(float(np.sqrt(shape @ shape)), 1e-6)).astype(np.float32)
    return opening


class _Laid:
    """A recording as what others are held against from its beginning on, as if it were a call."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.first = max(0, (reference.start - BLOCK * HOP // 4) // HOP)
        """The frame from which on they are compared."""
        self._levels = reference.rows(self.first, max(self.first + 1, (reference.end - 192) // HOP), 0)
        self._loudest = np.maximum.accumulate(self._levels.max(axis=1))

    def apart(self, other: Reference) -> tuple[int, float | None, bool]:
        """Return how the other is shifted (fine hops), after how many seconds of sound they differ (None: not while both sound), and
        whether they are the same to the end."""
        one = self.reference
        base = round((one.start - other.start) / FINE_HOP)
        count = max(1, (min(one.end, one.start + other.end - other.start) - 192) // HOP - self.first)
        shift, cost = self._best_shift(other, base - 2 * FINE_PER_FRAME, min(count, _OPENING))
        if cost > _NOTHING_ALIKE_DB:
            return shift, 0.0, False
        bad = self._first_bad(other, shift, count)
        if bad is not None:
            middle = self.first + bad + min(BLOCK, count) // 2
            return shift, (middle * HOP - one.start) / SAMPLE_RATE, False
        return shift, None, abs((one.end - one.start) - (other.end - other.start)) < _SAME_END

    def _best_shift(self, other: Reference, least: int, count: int) -> tuple[int, float]:
        """Return the shift from `least` on at which their openings are most alike, and by how much they differ there, dB."""
        call, noise = self._levels[:count], self._noise(count)
        shifts = range(least, least + 4 * FINE_PER_FRAME + 1, 2)
        rows = other.rows_at(self.first, self.first + count, shifts)
        gain = line_gain(call, rows[len(shifts) // 2], _ALL[:count], noise)
        deviation, _, weight, _ = weigh(call, rows, _ALL[:count], gain, noise)
        costs = deviation.sum(axis=1) / (weight.sum(axis=1) + np.float32(0.3))
        best = int(np.argmin(costs))
        return shifts[best], float(costs[best])

    def _first_bad(self, other: Reference, shift: int, count: int) -> int | None:
        """Return the first block from which on, within `count` frames, one recording deviates from the other; None if none does."""
        # Most part early.
        for end in (min(count, _SOON), count):
            call, recording = self._levels[:end], other.rows(self.first, self.first + end, shift)
            # The gain as it would be known when the words part: from what both have in common.
            opening = min(end, _OPENING)
            noise = self._noise(count)
            gain = line_gain(call[:opening], recording[:opening], _ALL[:opening], noise)
            deviation, _, weight, _ = weigh(call, recording, np.ones(end, np.bool_), gain, noise)
            ones = np.ones(min(BLOCK, end), np.float32)
            scores = np.convolve(deviation, ones, "valid") / (np.convolve(weight, ones, "valid") + 0.3)
            bad = np.flatnonzero(scores > GOOD_DB)
            if len(bad):
                return int(bad[0])
            if end == count:
                break
        return None

    def _noise(self, count: int) -> Levels:
        return np.full(BANDS, self._loudest[count - 1] - RANGE_DB, np.float32)
