"""What a bad network does to the packets that one end of a call sends, for tests of whoever receives them."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from typing import Final

BEHIND_S: Final = 0.025
"""How long a packet is held that is to arrive after the next one: longer than a frame, shorter than two."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """A kind of network. All that is random follows from `seed`."""

    loss: float = 0.0
    """Share of packets that get lost, from 0 to 1."""
    burst: float = 1.0
    """How many packets are lost in a row, on average (a two-state model after Gilbert)."""
    jitter_s: float = 0.0
    """Each packet is delayed by up to so many seconds, each by another time. They stay in order."""
    reordering: float = 0.0
    """Share of packets that arrive after the one that follows them."""
    seed: int = 0


class BadNetwork:
    """The packets of one end on their way. Times are seconds of any one clock."""

    def __init__(self, impairment: Impairment) -> None:
        self._impairment = impairment
        # Not for secrets: a pattern of losses that can be had again.
        self._random = random.Random(impairment.seed)
        self._losing = False
        self._under_way: list[tuple[float, int, bytes]] = []
        self._sent = 0
        self._arrives = 0.0
        """When the last packet arrives that stays in order."""

    def loses(self) -> bool:
        """Decide whether the next packet gets lost."""
        loss, burst = self._impairment.loss, self._impairment.burst
        draw = self._random.random()
        if burst == 1 or loss == 1:
            return draw < loss
        self._losing = draw >= 1 / burst if self._losing else draw < loss / (1 - loss) / burst
        return self._losing

    def send(self, datagram: bytes, now: float) -> None:
        """Put a packet on its way."""
        self._sent += 1
        if self.loses():
            return
        arrives = max(self._arrives, now + self._random.uniform(0, self._impairment.jitter_s))
        if self._random.random() < self._impairment.reordering:
            arrives += BEHIND_S
        else:
            self._arrives = arrives
        heapq.heappush(self._under_way, (arrives, self._sent, datagram))

    def due(self, now: float) -> list[bytes]:
        """Remove and return what arrives by now, in order of arrival."""
        due = []
        while self._under_way and self._under_way[0][0] <= now:
            due.append(heapq.heappop(self._under_way)[2])
        return due
