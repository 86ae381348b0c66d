"""How evenly a session sends. Lives in the media thread."""

from __future__ import annotations

from typing import Final

LATE_S: Final = 0.005
"""A packet sent later than this after its time counts as late."""
PAUSE_S: Final = 0.1
"""Packets further apart than this have a pause between them, not a spacing."""
_LATENESS: Final = 64
"""How many milliseconds of lateness are told apart."""


class Pacing:
    """Told of every packet that leaves. All times are seconds of one clock."""

    def __init__(self) -> None:
        self.sent = 0
        self.late = 0
        """Packets that left more than `LATE_S` after their time."""
        self.worst_late_s = 0.0
        self.shortest_s: float | None = None
        self.longest_s: float | None = None
        """Between two packets; None before the second."""
        self._last = 0.0
        self._lateness = [0] * _LATENESS

    def note(self, deadline: float, sent: float) -> None:
        """Note that a packet left that was to leave at `deadline`."""
        self.sent += 1
        late = sent - deadline
        if late > LATE_S:
            self.late += 1
        if late > self.worst_late_s:
            self.worst_late_s = late
        self._lateness[int(late * 1000) if late < _LATENESS / 1000 else -1] += 1
        spacing = sent - self._last
        self._last = sent
        if spacing < PAUSE_S:
            if self.shortest_s is None or spacing < self.shortest_s:
                self.shortest_s = spacing
            if self.longest_s is None or spacing > self.longest_s:
                self.longest_s = spacing

    @property
    def p99_late_ms(self) -> float:
        """The whole number of milliseconds below which 99 of 100 packets were late; 0 if there were none."""
        wanted, seen = 0.99 * self.sent, 0
        for below, count in enumerate(self._lateness, 1):
            seen += count
            if seen and seen >= wanted:
                return float(below)
        return 0.0
