"""Which recordings of a library begin alike, and from when on they can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.judge import BLOCK, GOOD_DB, NEPERS, RANGE_DB, audible, deviate, line_gains, predict, weigh
from ivrtest.audio.reference import FINE_PER_FRAME, PAD, Reference
from ivrtest.audio.spectrum import BANDS, FINE_HOP, HOP, SAMPLE_RATE, Levels

_OPENING: Final = 40
"""Frames of the opening by which pairs worth comparing are picked."""
_SOON: Final = (_OPENING + 3, 90)
"""Frames in which most pairs part, or most of the rest: so many are looked at first."""
_ALIKE: Final = 0.6
_LEAST_ALIKE_S: Final = 0.2
"""Those that part earlier are never taken for each other."""
_NOTHING_ALIKE_DB: Final = 5.0
"""Openings that differ by more on average part at once: of 14,395 pairs that part later none differed by more than 4.2."""
_SAME_END: Final = SAMPLE_RATE // 20
_REACH: Final = 2 * FINE_PER_FRAME
"""How far from where their sounds begin two recordings are shifted against each other, in fine hops."""
_STEP: Final = FINE_PER_FRAME // 2
"""Each second shift is tried: so many of them are a frame."""
_AT_ONCE: Final = 32
"""Pairs that are compared together: much quicker than one by one."""


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
    openings = np.stack([_opening(reference) for reference in references]) if references else np.zeros((0, 1), np.float32)
    alike = zip(*(numbers.tolist() for numbers in np.nonzero(np.triu(openings @ openings.T > _ALIKE, 1))), strict=True)
    found: dict[tuple[str, str], list[Sibling]] = {}
    for first, pairs in groupby(alike, lambda pair: pair[0]):
        one, others = references[first], [references[second] for _, second in pairs]
        for other, parting in zip(others, _Laid(one).partings(others), strict=True):
            if parting.apart_s is not None and parting.apart_s < _LEAST_ALIKE_S:
                continue
            end = min(one.end - one.start, other.end - other.start) / SAMPLE_RATE
            after = None if parting.same else end if parting.apart_s is None else min(parting.apart_s, end)
            for of, to, sign in ((one, other, 1), (other, one, -1)):
                apart_s = None if after is None else after + of.start / SAMPLE_RATE
                found.setdefault(of.key, []).append(Sibling(to.key, apart_s, sign * parting.shift))
    return {key: tuple(some) for key, some in found.items()}


def _opening(reference: Reference) -> NDArray[np.float32]:
    first = reference.start // HOP
    rows = reference.rows(first, first + _OPENING, 0)
    shape = np.maximum(rows, rows.max() - 25)
    shape = (shape - shape.mean(axis=0)).ravel()
    opening: NDArray[np.float32] = (shape / max(float(np.sqrt(shape @ shape)), 1e-6)).astype(np.float32)
    return opening


@dataclass(frozen=True, slots=True)
class _Parting:
    """How two recordings lie together."""

    shift: int
    """How much later the other begins, in fine hops."""
    apart_s: float | None
    """After how many seconds of sound they differ; None: not while both sound."""
    same: bool = False
    """They are the same to the end."""


class _Laid:
    """A recording as what others are held against from its beginning on, as if it were a call."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._first = max(0, (reference.start - BLOCK * HOP // 4) // HOP)
        """The frame from which on they are compared."""
        self._levels = reference.rows(self._first, max(self._first + 1, (reference.end - 192) // HOP), 0)
        self._loudest = np.maximum.accumulate(self._levels.max(axis=1))

    def partings(self, others: Sequence[Reference]) -> list[_Parting]:
        """Return how each of the others lies beside this one."""
        one = self._reference
        counts = [max(1, (min(one.end, one.start + other.end - other.start) - 192) // HOP - self._first) for other in others]
        found: dict[int, _Parting] = {}
        for opening in {min(count, _SOON[0]) for count in counts}:
            places = [place for place, count in enumerate(counts) if min(count, _SOON[0]) == opening]
            for some in (places[first : first + _AT_ONCE] for first in range(0, len(places), _AT_ONCE)):
                partings = self._of_some([others[place] for place in some], [counts[place] for place in some], opening)
                found |= zip(some, partings, strict=True)
        return [found[place] for place in range(len(others))]

    def _of_some(self, others: Sequence[Reference], counts: Sequence[int], opening: int) -> list[_Parting]:
        """Return how others lie that have `counts` frames in common with this one, `opening` of which are looked at first."""
        one = self._reference
        bases = [round((one.start - other.start) / FINE_HOP) for other in others]
        # From the latest shift's first fine frame to the earliest shift's last one: each second one is of some shift and frame.
        first, fine = FINE_PER_FRAME * self._first + PAD - _REACH, 2 * (_REACH + _STEP * (opening - 1)) + 1
        levels = np.stack([other.between(first - base, first - base + fine, 2) for other, base in zip(others, bases, strict=True)])
        frames = min(opening, _OPENING)
        costs = self._costs(levels, frames)
        alike: list[tuple[int, int]] = []
        """Places in `others`, and by how many shifts the best is from the latest one."""
        partings: list[_Parting] = []
        for place, (best, cost) in enumerate(zip(costs.argmin(axis=1).tolist(), costs.min(axis=1).tolist(), strict=True)):
            partings.append(_Parting(bases[place] - _REACH + 2 * best, 0.0))
            if cost <= _NOTHING_ALIKE_DB:
                alike.append((place, _REACH - best))
        if not alike:
            return partings
        rows = np.stack([levels[place, later : later + _STEP * (opening - 1) + 1 : _STEP] for place, later in alike])
        noise = np.array([self._noise(counts[place]) for place, _ in alike], np.float32)[:, None, None].repeat(BANDS, axis=2)
        # The gain as it would be known when the words part: from what both have in common.
        gains = line_gains(self._levels[:frames], rows[:, :frames], noise)
        weighed = weigh(self._levels[:opening], rows, np.ones(opening, np.bool_), gains[:, None], noise)
        for (place, _), bad, gain in zip(alike, _first_bad(weighed), gains, strict=True):
            if bad is None and counts[place] > opening:
                bad = self._first_bad_later(others[place], partings[place].shift, counts[place], gain)
            partings[place] = self._parting(others[place], partings[place].shift, counts[place], bad)
        return partings

    def _costs(self, levels: Levels, frames: int) -> NDArray[np.float32]:
        """Return the openings' differences at each shift, dB. `levels`: each second fine frame of the others, shape (others, n, BANDS)."""
        call, noise = self._levels[:frames], np.full(BANDS, self._noise(frames), np.float32)
        begin, end = _REACH // 2, _STEP * (frames - 1) + 1
        gains = line_gains(call, levels[:, begin : begin + end : _STEP], noise)
        due = levels + (gains - noise)[:, None]
        counts = np.empty_like(due)
        predict(due, counts)
        heard, extra = audible(call, noise)
        cost = np.empty((len(levels), frames, BANDS), np.float32)
        weight = np.empty_like(cost)
        costs = np.empty((len(levels), _REACH + 1), np.float32)
        for place in range(_REACH + 1):
            # The latest shift has the first of them.
            rows = slice(_REACH - place, _REACH - place + end, _STEP)
            deviate(heard, extra, due[:, rows], counts[:, rows], cost, weight)
            np.abs(cost, out=cost)
            costs[:, place] = cost.sum(axis=(1, 2)) / NEPERS / (weight.sum(axis=(1, 2)) + np.float32(0.3 * BANDS))
        return costs

    def _first_bad_later(self, other: Reference, shift: int, count: int, gain: Levels) -> int | None:
        """Return the same within `count` frames, as `_first_bad` does, where the first few are as they should be."""
        noise = np.full(BANDS, self._noise(count), np.float32)
        for end in (min(count, _SOON[1]), count):
            rows = other.rows(self._first, self._first + end, shift)
            (bad,) = _first_bad(weigh(self._levels[:end], rows, np.ones(end, np.bool_), gain, noise)[:, None])
            if bad is not None:
                return bad
            if end == count:
                break
        return None

    def _parting(self, other: Reference, shift: int, count: int, bad: int | None) -> _Parting:
        one = self._reference
        if bad is None:
            return _Parting(shift, None, abs((one.end - one.start) - (other.end - other.start)) < _SAME_END)
        middle = self._first + bad + min(BLOCK, count) // 2
        return _Parting(shift, (middle * HOP - one.start) / SAMPLE_RATE)

    def _noise(self, count: int) -> float:
        """Return below which level nothing is compared in `count` frames, dB."""
        return float(self._loudest[count - 1]) - RANGE_DB


def _first_bad(weighed: NDArray[np.float32]) -> list[int | None]:
    """Return the first block in which each recording deviates from another; None if there is none. Shape (4, recordings, frames)."""
    totals = np.zeros((2, weighed.shape[1], weighed.shape[2] + 1))
    np.cumsum(weighed[::2], axis=2, out=totals[:, :, 1:])
    block = min(BLOCK, weighed.shape[2])
    deviation, weight = totals[:, :, block:] - totals[:, :, :-block]
    bad = deviation > GOOD_DB * (weight + 0.3)
    return [first if some else None for first, some in zip(bad.argmax(axis=1).tolist(), bad.any(axis=1).tolist(), strict=True)]
