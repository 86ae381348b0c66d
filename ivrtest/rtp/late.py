"""Packets that come after their time was taken, until the next ones tell what that means.

The end of a stall: they come faster than they were sent, and soon one is in time again. A far side that paused without counting on, or
a line that is slower from now on: they go on coming at the pace at which they were sent, and always as late.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ivrtest.rtp.packet import RtpPacket

EVIDENCE: Final = 480
"""Samples of the far side's clock that late packets must span before they are judged (60 ms). A stall may end in fits and starts."""
PACED: Final = 0.75
"""Late packets that took at least this share of that time to arrive were sent one after another."""


class Late(NamedTuple):
    """A late packet. Positions and arrivals are samples on the call's clock."""

    packet: RtpPacket
    arrival: float
    position: int
    """Where its timestamp lies."""
    missing: int
    """Packets missing just before it."""


class LatePackets:
    """Late packets of one stream in the order of their numbers, the oldest first."""

    def __init__(self) -> None:
        self._held: list[Late] = []

    def __bool__(self) -> bool:
        return bool(self._held)

    @property
    def first_arrival(self) -> float:
        return self._held[0].arrival

    @property
    def last_arrival(self) -> float:
        return self._held[-1].arrival

    def hold(self, late: Late) -> Late | None:
        """Keep the newest; return the oldest, no longer kept, where it was the end of a stall."""
        self._held.append(late)
        first = self._held[0]
        return self._held.pop(0) if late.position - first.position >= EVIDENCE and not self.paced else None

    @property
    def paced(self) -> bool:
        """Whether they came at the pace at which they were sent."""
        first, last = self._held[0], self._held[-1]
        span = last.position - first.position
        return span >= EVIDENCE and last.arrival - first.arrival >= PACED * span

    def release(self) -> list[Late]:
        """Return all that are kept, and keep none."""
        held, self._held = self._held, []
        return held
