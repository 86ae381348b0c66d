"""How evenly a session sends. The media thread notes two numbers for each packet; what they come to is worked out now and then."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LATE_S: Final = 0.005
"""A packet sent later than this after its time counts as late."""
PAUSE_S: Final = 0.1
"""Packets further apart than this have a pause between them, not a spacing."""
TOLD_APART: Final = 128
"""How many milliseconds are told apart; the last stands for all above."""
_KEPT: Final = 512
"""Packets that are kept before they are worked out."""

Counts = tuple[int, ...]
"""How many packets there were of each whole number of milliseconds, rounded down."""
NONE: Final[Counts] = (0,) * TOLD_APART


@dataclass(frozen=True, slots=True)
class Paces:
    """What is known of all packets of a session so far."""

    sent: int = 0
    late: int = 0
    """Packets that left more than `LATE_S` after their time."""
    worst_late_s: float = 0.0
    shortest_s: float | None = None
    longest_s: float | None = None
    """Between two packets; None before the second."""
    lateness: Counts = NONE
    """How late they left."""
    unevenness: Counts = NONE
    """How much longer or shorter it was from one packet to the next than it should have been."""

    def and_then(self, deadlines: NDArray[np.float64], times: NDArray[np.float64], known: int) -> Paces:
        """Return what is known with more packets. The first `known` of them are in this already."""
        behind = times - deadlines
        late = behind[known:]
        spacing = np.diff(times)
        spacing = spacing[spacing < PAUSE_S]
        shortest, longest = (float(spacing.min()), float(spacing.max())) if len(spacing) else (None, None)
        return Paces(
            self.sent + len(late),
            self.late + int(np.count_nonzero(late > LATE_S)),
            max(self.worst_late_s, float(late.max(initial=0.0))),
            shortest if self.shortest_s is None else min(self.shortest_s, shortest or self.shortest_s),
            longest if self.longest_s is None else max(self.longest_s, longest or self.longest_s),
            _added(self.lateness, late),
            _added(self.unevenness, np.abs(np.diff(behind))),
        )

    @property
    def p99_late_ms(self) -> float:
        """The whole number of milliseconds below which 99 of 100 packets were late; 0 if there were none."""
        return percentile_ms(self.lateness, 99)


class Pacing:
    """Told of every packet that leaves. All times are seconds of one clock."""

    def __init__(self) -> None:
        # Deadlines and times of the packets that are not worked out yet, and before them the last one that is. Together in one value, so
        # that other threads find what belongs together.
        self._state = (Paces(), array("d"), array("d"), 0)

    def columns(self) -> tuple[array[float], array[float]]:
        """Return where to note packets that leave: when each did, first, and then when it was to. Ask again before each few of them, for
        what is noted is worked out when it becomes much."""
        _, deadlines, times, _ = self._state
        if len(times) > _KEPT:
            deadlines, times = deadlines[-1:], times[-1:]
            self._state = (self.paces, deadlines, times, 1)
        return times, deadlines

    @property
    def paces(self) -> Paces:
        """What is known now. Any thread may ask."""
        paces, deadlines, times, known = self._state
        count = len(deadlines)
        if count <= known:
            return paces
        return paces.and_then(np.array(deadlines[:count]), np.array(times[:count]), known)


def percentile_ms(counts: Sequence[int], percent: float) -> float:
    """Return the whole number of milliseconds below which so many of 100 were; 0 if there were none."""
    wanted, seen = percent / 100 * sum(counts), 0
    for below, count in enumerate(counts, 1):
        seen += count
        if seen and seen >= wanted:
            return float(below)
    return 0.0


def _added(counts: Counts, seconds: NDArray[np.float64]) -> Counts:
    """Return the counts with those of more times. What is below zero counts as zero."""
    milliseconds = np.clip(seconds * 1000, 0, TOLD_APART - 1).astype(np.int64)
    return tuple((np.bincount(milliseconds, minlength=TOLD_APART) + counts).tolist())
