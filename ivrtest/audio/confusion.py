"""Which recordings of a library begin alike, and from when on they can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.judge import BLOCK, GOOD_DB, RANGE_DB, compare, line_gain
from ivrtest.audio.reference import FINE_PER_FRAME, Reference
from ivrtest.audio.spectrum import BANDS, FINE_HOP, HOP, SAMPLE_RATE

_OPENING: Final = 40
"""Frames of the opening by which pairs worth comparing are picked."""
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
    for first, second in zip(*np.nonzero(np.triu(alike > _ALIKE, 1)), strict=True):
        one, other = references[first], references[second]
        shift, apart, same = _apart(one, other)
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


def _apart(one: Reference, other: Reference) -> tuple[int, float | None, bool]:
    """Return how the other is shifted (fine hops), after how many seconds of sound they differ (None: not while both sound), and whether
    they are the same to the end."""
    base = round((one.start - other.start) / FINE_HOP)
    first = max(0, (one.start - BLOCK * HOP // 4) // HOP)
    end = max(first + 1, (min(one.end, one.start + other.end - other.start) - 192) // HOP)
    shifts = range(base - 2 * FINE_PER_FRAME, base + 2 * FINE_PER_FRAME + 1, 2)
    opening = min(end, first + _OPENING)
    shift, cost = _best_shift(one, other, shifts, first, opening)
    if cost > _NOTHING_ALIKE_DB:
        return shift, 0.0, False
    scores = _blocks(one, other, shift, first, end)
    bad = np.flatnonzero(scores > GOOD_DB)
    if len(bad):
        middle = first + int(bad[0]) + min(BLOCK, end - first) // 2
        return shift, (middle * HOP - one.start) / SAMPLE_RATE, False
    return shift, None, abs((one.end - one.start) - (other.end - other.start)) < _SAME_END


def _best_shift(one: Reference, other: Reference, shifts: Sequence[int], first: int, end: int) -> tuple[int, float]:
    """Return the shift at which their openings are most alike, and by how much they differ there, dB."""
    call = one.rows(first, end, 0)
    noise = np.full(BANDS, call.max() - RANGE_DB, np.float32)
    valid = np.ones(len(call), np.bool_)
    rows = np.stack([other.rows(first, end, shift) for shift in shifts])
    gain = line_gain(call, rows[len(shifts) // 2], valid, noise)
    evidence = compare(call, rows, valid, gain, noise)
    costs = evidence.deviation.sum(axis=1) / (evidence.weight.sum(axis=1) + 0.3)
    best = int(np.argmin(costs))
    return shifts[best], float(costs[best])


def _blocks(one: Reference, other: Reference, shift: int, first: int, end: int) -> NDArray[np.float32]:
    """Return how far each block of one recording deviates from the other, over frames `first` to `end`."""
    call, recording = one.rows(first, end, 0), other.rows(first, end, shift)
    valid = np.ones(len(call), np.bool_)
    noise = np.full(BANDS, call.max() - RANGE_DB, np.float32)
    # The gain as it would be known when the words part: from what both have in common.
    gain = line_gain(call[:_OPENING], recording[:_OPENING], valid[:_OPENING], noise)
    evidence = compare(call, recording, valid, gain, noise)
    ones = np.ones(min(BLOCK, len(call)), np.float32)
    scores: NDArray[np.float32] = np.convolve(evidence.deviation, ones, "valid") / (np.convolve(evidence.weight, ones, "valid") + 0.3)
    return scores
