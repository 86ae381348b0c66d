"""The far side's clock against ours: whether its packets come ever earlier or ever later, so that the next ones have to make up for it."""

from __future__ import annotations

import math
from typing import Final

STEER_EVERY: Final = 50
"""Packets between two looks at the far side's clock."""
EARLIEST: Final = 320
LATEST: Final = -80
"""Between these two, how early the quickest packet of such a stretch is needs no correction. Samples."""
SLIP: Final = 2
"""Samples left out or repeated per packet: with 20 ms packets, enough for clocks 1.2 % apart."""


class Steering:
    """Told how early packets come, it says how many samples of the next ones to repeat, or, negative, to leave out."""

    def __init__(self) -> None:
        self.slip = 0
        self._earliest = -math.inf
        self._looked = 0

    def restart(self) -> None:
        """Forget what came: the next packet is of another stream, or lies elsewhere."""
        self.slip = 0
        self._earliest, self._looked = -math.inf, 0

    def note(self, early: float, packets: int = 1) -> None:
        """Take note of packets, the quickest of which came `early` samples before its time."""
        self._earliest = max(self._earliest, early)
        self._looked += packets
        if self._looked >= STEER_EVERY:
            self.slip = -SLIP if self._earliest > EARLIEST else SLIP if self._earliest < LATEST else 0
            self._earliest, self._looked = -math.inf, 0
