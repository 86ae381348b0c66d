"""Which recordings could this be? Short patches of the log-mel spectrum, compressed, compared with every place of every recording.

A patch is 0.3 s. Its loudest 25 dB count, each band's mean is removed (so a line's frequency response does not matter), and it is
scaled to unit length: the product of two patches is their likeness, 1 at most. Likeness that lasts along one lag names a candidate.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.reference import FINE_PER_FRAME, PAD, Reference, fine_levels
from ivrtest.audio.search import PATCH_STEP, PLACE_STEP, Listening, Query, rounded
from ivrtest.audio.spectrum import BANDS, FINE_HOP, FLOOR_DB, HOP, WINDOW, Levels, Mask, greatest, product, scalar
from ivrtest.audio.standing import Call

PATCH: Final = 30
"""Frames in a patch."""
QUERY_HOP: Final = 10
"""Frames from one query to the next."""
PLACE_HOP: Final = 160
"""Samples from one place in a recording to the next."""
_SLOWEST: Final = 8
DIMENSIONS: Final = _SLOWEST * (_SLOWEST + 1) // 2
"""Numbers that stand for a patch: how strong its slow changes over time and bands are."""
_RANGE_DB: Final = scalar(25)
_PER_PATCH: Final = scalar(1 / PATCH)
_AT_ONCE: Final = 32
"""Patches of a recording that are made together: few enough that the memory for them is at hand."""
_LEAD: Final = PATCH * HOP
"""Samples of silence before a recording, so that its first sounds have places too."""
_PLACES_PER_QUERY: Final = QUERY_HOP * HOP // PLACE_HOP
_FINE_PER_PLACE: Final = PLACE_HOP // FINE_HOP
_LEAST_WORTH: Final = scalar(1.5)
_KEPT: Final = np.float32(0.88)
"""What likeness is still worth one query later: about 0.8 s of memory."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording that may have begun `lag` fine hops into the stream."""

    number: int
    lag: int
    likeness: float


class Fingerprints:
    """The patches of a library."""

    def __init__(self, references: Sequence[Reference], places: NDArray[np.float32] | None = None) -> None:
        """`places`: the recordings' `patches_of` side by side, where they are known. Raises ValueError if they are of others."""
        if places is None:
            patches = [patches_of(fine_levels(reference.samples), len(reference.samples)) for reference in references]
            places = np.concatenate([np.zeros((DIMENSIONS, 0), np.float32), *patches], axis=1)
        counts = [places_in(len(reference.samples)) for reference in references]
        if places.shape != (DIMENSIONS, sum(counts)) or places.dtype != np.float32:
            raise ValueError("patches of other recordings")
        self._lay_out(np.arange(len(references)), places, counts, [reference.start // FINE_HOP for reference in references])

    def _lay_out(self, numbers: NDArray[np.int_], places: NDArray[np.float32], counts: Sequence[int], sounding: Sequence[int]) -> None:
        self._single: dict[int, Fingerprints] = {}
        self.numbers = numbers
        """The recordings in the order of their places."""
        self.offsets = np.cumsum(counts, dtype=np.int64) - np.asarray(counts, np.int64)
        self.places = places
        self._counts, self._sounding = counts, sounding
        longest = max(counts, default=0)
        self.local = np.arange(places.shape[1], dtype=np.int32) - np.repeat(self.offsets.astype(np.int32), counts)
        self.begins = np.repeat(np.asarray(sounding, np.int32), counts) - _FINE_PER_PLACE * self.local
        """Per place: how much after the stream's present place its recording begins to sound if this is what plays, in fine hops."""
        self.carries = np.where(self.local >= _PLACES_PER_QUERY, _KEPT, np.float32(0))
        queries = np.arange(longest) // _PLACES_PER_QUERY + 1
        self.worth = ((1 - _KEPT**queries) / (1 - _KEPT)).astype(np.float32)[self.local]
        """Per place: the most likeness that the queries since the recording's start can have left."""

    def only(self, numbers: Sequence[int]) -> Fingerprints:
        """Return the patches of a few recordings."""
        if len(numbers) != 1:
            return self._picked(tuple(numbers))
        # Many calls expect the same one. All of these together take no more memory than the whole does.
        [number] = numbers
        if number not in self._single:
            self._single[number] = self._picked((number,))
        return self._single[number]

    def _picked(self, numbers: tuple[int, ...]) -> Fingerprints:
        some = Fingerprints.__new__(Fingerprints)
        parts = [self.places[:, self.slice(number)] for number in numbers]
        counts, sounding = [self._counts[number] for number in numbers], [self._sounding[number] for number in numbers]
        some._lay_out(np.asarray(numbers), np.concatenate(parts, axis=1), counts, sounding)
        return some

    @property
    def octets(self) -> int:
        """How much memory it takes."""
        return sum(array.nbytes for array in (self.places, self.local, self.begins, self.carries, self.worth))

    def slice(self, row: int) -> slice:
        """Return the places of the `row`th recording."""
        end = self.offsets[row + 1] if row + 1 < len(self.offsets) else len(self.worth)
        return slice(int(self.offsets[row]), int(end))


class Finder:
    """Follows likeness along a call."""

    def __init__(self, fingerprints: Fingerprints) -> None:
        self._prints = fingerprints
        self._likeness = np.zeros(len(fingerprints.worth), np.float32)
        self._worth = np.float32(0)
        self._from = 0
        self._next = PATCH

    def restart(self, frame: int) -> None:
        """Forget what was alike; what sounded before `frame` is explained and counts as silence."""
        self._likeness[:] = 0
        self._worth = np.float32(0)
        self._from = frame
        self._next = (frame // QUERY_HOP + 1) * QUERY_HOP

    def ends(self, to: int) -> range:
        """Return where the queries end that are due up to frame `to`."""
        return range(self._next, to + 1, QUERY_HOP)

    @property
    def needs(self) -> int:
        """The first frame that the next query reaches back to."""
        return max(0, self._next - PATCH)

    def listen(self, call: Call, to: int, audible_db: float) -> Listening[bool]:
        """Compare all frames up to `to`. The value: whether there was anything new to hear."""
        new = False
        while self._next <= to:
            self._carry()
            begin = self._next - PATCH
            levels = call.levels(max(0, begin), self._next)
            valid = call.valid(max(0, begin), self._next)
            patch = _query_patch(levels, valid, self._from - max(0, begin), audible_db)
            if patch is not None:
                self._likeness += yield Query(self._prints.places, rounded(_shortened(patch), PATCH_STEP))
                self._worth = self._worth + 1
                new = True
            self._next += QUERY_HOP
        return new

    def candidates(
        self, not_before: int, best: int, always: Collection[int], least: float, known: Collection[tuple[int, int]]
    ) -> list[Candidate]:
        """Return the likeliest recordings that begin to sound at fine hop `not_before` or later: the `best` ones and those of `always`.

        `known`: (number, lag) already followed or refuted. `least`: the mean likeness below which nothing is a candidate.
        """
        if self._worth < 0.5 or not len(self._likeness):
            return []
        shift = FINE_PER_FRAME * (self._next - QUERY_HOP - PATCH) + _LEAD // FINE_HOP
        prints = self._prints
        least_worth = np.minimum(prints.worth, self._worth)
        np.maximum(least_worth, _LEAST_WORTH, out=least_worth)
        likeness = self._likeness / least_worth
        likeness *= prints.begins >= not_before - shift
        tops = np.maximum.reduceat(likeness, prints.offsets)
        rows = set((tops >= least).nonzero()[0].tolist())
        if len(rows) > best:
            rows = set(np.argpartition(tops, -best)[-best:].tolist())
        for number in always:
            row = int(prints.numbers.searchsorted(number))
            if row < len(tops) and prints.numbers[row] == number and tops[row] >= 0.7 * least:
                rows.add(row)
        found = []
        for row in sorted(rows):
            number = int(prints.numbers[row])
            part = likeness[prints.slice(row)]
            for other, lag in known:
                if other == number:
                    place = round((shift - lag) / _FINE_PER_PLACE)
                    part[max(0, place - 1) : max(0, place + 2)] = 0
            place = int(np.argmax(part))
            if part[place] >= (0.7 * least if number in always else least):
                found.append(Candidate(number, shift - _FINE_PER_PLACE * place, float(part[place])))
        return sorted(found, key=lambda candidate: -candidate.likeness)

    def _carry(self) -> None:
        """Move likeness along its lag to where the next query expects it."""
        if self._worth == 0:
            return
        step = _PLACES_PER_QUERY
        np.multiply(self._likeness[:-step], self._prints.carries[step:], out=self._likeness[step:])
        self._likeness[:step] = 0
        self._worth = self._worth * _KEPT


def refine(reference: Reference, lag: int, call: Call, first: int, to: int, reach: int = 10) -> int:
    """Return the lag near `lag` (within `reach` fine hops) at which frames `first` to `to` look most like the recording."""
    valid, heard = call.valid(first, to), call.levels(first, to)
    heard = np.maximum(heard, heard.max() - _RANGE_DB)
    whole = np.count_nonzero(valid) == len(valid)
    if not whole:
        heard = heard[valid]
    count = len(heard)
    if count < 3:
        return lag
    heard -= heard.sum(axis=0) * np.float32(1 / count)
    # Fine frames from the latest lag's first one to the earliest lag's last one. Each lag takes every fourth of them.
    begin = FINE_PER_FRAME * first - lag - reach + PAD
    fine = reference.between(begin, begin + FINE_PER_FRAME * (to - first - 1) + 2 * reach + 1, 1)
    fine -= fine.max() - _RANGE_DB
    np.maximum(fine, 0, out=fine)
    row = fine.itemsize * BANDS
    rows = np.ndarray((2 * reach + 1, to - first, BANDS), fine.dtype, fine, 0, (row, FINE_PER_FRAME * row, fine.itemsize))
    if not whole:
        rows = rows[:, valid]
    means = np.einsum("ltb->lb", rows) * np.float32(1 / count)
    power = np.einsum("ltb,ltb->l", rows, rows) - count * np.einsum("lb,lb->l", means, means)
    likeness = np.einsum("tb,ltb->l", heard, rows) / (np.sqrt(np.maximum(power, 0)) + 1e-6)
    return lag + reach - int(np.argmax(likeness))


@lru_cache(maxsize=1)
def _cosines() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the slow cosines over time, shape (_SLOWEST, PATCH), and over bands, shape (BANDS, _SLOWEST), each of length one."""
    slow, smooth = np.arange(1, _SLOWEST + 1)[:, None], np.arange(_SLOWEST)
    times = np.cos(np.pi * slow * (np.arange(PATCH) + 0.5) / PATCH)
    bands = np.cos(np.pi * smooth * (np.arange(BANDS)[:, None] + 0.5) / BANDS)
    times /= np.sqrt(np.square(times).sum(axis=1, keepdims=True))
    bands /= np.sqrt(np.square(bands).sum(axis=0))
    return times.astype(np.float32), bands.astype(np.float32)


_SLOW_ENOUGH: Final = np.array([slow * _SLOWEST + smooth for slow in range(_SLOWEST) for smooth in range(_SLOWEST - slow)])
"""Which products of a cosine over time and one over bands stand for a patch, in order. They keep 77 % of a speech patch's energy; the
best 32 directions learned from a library keep 81 %, at the price of learning them."""


def _shortened(patch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what stands for a patch of shape (PATCH, BANDS)."""
    times, bands = _cosines()
    both = (times @ patch @ bands).astype(np.float32, copy=False)
    return both.take(_SLOW_ENOUGH)


def _all_shortened(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what stands for several patches, shape (DIMENSIONS, n)."""
    times, bands = _cosines()
    smooth = product(patches.reshape(-1, BANDS), bands).reshape(-1, PATCH, _SLOWEST).swapaxes(0, 1)
    slow = product(times, smooth.reshape(PATCH, -1)).reshape(_SLOWEST, -1, _SLOWEST)
    short: NDArray[np.float32] = slow.swapaxes(1, 2).reshape(_SLOWEST * _SLOWEST, -1)[_SLOW_ENOUGH]
    return short


def places_in(samples: int) -> int:
    """Return how many places a recording of so many samples has."""
    frames = (samples + 2 * _LEAD - WINDOW) // HOP + 1
    return -(-(frames - PATCH + 1) // (PLACE_HOP // HOP))


def patches_of(levels: Levels, samples: int) -> NDArray[np.float32]:
    """Return what stands for the patches of a recording with these `fine_levels` and so many samples, shape (DIMENSIONS, places).

    A silent patch is zero.
    """
    # Its levels begin before the recording does, its places earlier still: silence goes on at either end.
    fine = FINE_PER_FRAME * np.arange((samples + 2 * _LEAD - WINDOW) // HOP + 1) + PAD - _LEAD // FINE_HOP
    frames = levels[np.minimum(np.maximum(fine, 0), len(levels) - 1)]
    windows = np.lib.stride_tricks.sliding_window_view(frames, PATCH, axis=0)[:: PLACE_HOP // HOP].transpose(0, 2, 1)
    audible_db = frames.max(initial=FLOOR_DB) - 35
    parts = [windows[at : at + _AT_ONCE] for at in range(0, len(windows), _AT_ONCE)]
    return rounded(np.concatenate([_all_shortened(_normalised(part, audible_db)) for part in parts], axis=1), PLACE_STEP)


def _normalised(windows: NDArray[np.float32], audible_db: float) -> NDArray[np.float32]:
    """Return patches, shape (n, PATCH, BANDS), of unit length, and silent ones as zeros."""
    peak = windows.max(axis=(1, 2), keepdims=True)
    shape: NDArray[np.float32] = np.maximum(windows, peak - _RANGE_DB)
    shape -= shape.mean(axis=1, keepdims=True)
    flat = shape.reshape(len(windows), -1)
    length = np.sqrt(np.einsum("ij,ij->i", flat, flat))
    keep = (peak[:, 0, 0] > audible_db) & (length > 1)
    shape *= np.where(keep, 1 / np.maximum(length, 1), 0).astype(np.float32)[:, None, None]
    return shape


def _query_patch(levels: Levels, valid: Mask, blank: int, audible_db: float) -> NDArray[np.float32] | None:
    """Return the patch of a call, shape (PATCH, BANDS), or None if there is nothing to hear. The first `blank` frames count as silence."""
    if (loudest := greatest(levels) if len(levels) else FLOOR_DB) < audible_db:
        return None
    if blank <= 0 and len(levels) == np.count_nonzero(valid) == PATCH:
        shape = np.maximum(levels, np.float32(loudest) - _RANGE_DB)
        shape -= shape.sum(axis=0) * _PER_PATCH
        length = np.sqrt(np.vdot(shape, shape))
        return shape / length if length > 1 else None
    levels = levels.copy()
    if blank > 0:
        levels[:blank] = FLOOR_DB
        valid = valid.copy()
        valid[:blank] = True
    if len(levels) < PATCH:
        levels = np.concatenate([np.full((PATCH - len(levels), BANDS), FLOOR_DB, np.float32), levels])
        valid = np.concatenate([np.ones(PATCH - len(valid), np.bool_), valid])
    usable = np.count_nonzero(valid)
    if usable < PATCH // 3:
        return None
    peak = (levels if usable == PATCH else levels[valid]).max()
    if peak < audible_db:
        return None
    shape = np.maximum(levels, peak - _RANGE_DB)
    shape = shape - shape.mean(axis=0) if usable == PATCH else np.where(valid[:, None], shape - shape[valid].mean(axis=0), 0)
    length = np.sqrt(np.sum(shape * shape))
    return shape / length if length > 1 else None
