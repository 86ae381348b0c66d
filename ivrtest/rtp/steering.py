"""The far side's clock against ours: whether its packets come ever earlier or ever later, so that the next ones have to make up for it."""

from __future__ import annotations

import math
from typing import Final

STEER_EVERY: Final = 50
"""Packets between two looks at the far side's clock."""
EARLIEST: Final = 320
LATEST: Final = -80
"""Between these two, how early the quickest packet of such a stretch is needs no correction. Samples."""
SPARE: Final = 80
"""So early must the slowest packet be, too, before samples are left out: on a line with much jitter the quickest ones are early for no
other reason than that the others must not be late."""
SLIP: Final = 2
"""Samples left out or repeated per packet: with 20 ms packets, enough for clocks 1.2 % apart."""


class Steering:
    """Told how early packets come, it says how many samples of the next ones to repeat, or, negative, to leave out."""

    def __init__(self) -> None:
        self.slip = 0
        self._earliest, self._slowest = -math.inf, math.inf
        self._looked = 0

    def restart(self) -> None:
        """Forget what came: the next packet is of another stream, or lies elsewhere."""
        self.slip = 0
        self._look_anew()

    def note(self, earliest: float, slowest: float, packets: int = 1) -> None:
        """Take note of packets, the quickest of which came `earliest` samples before its time, and the slowest so many."""
        self._earliest, self._slowest = max(self._earliest, earliest), min(self._slowest, slowest)
        self._looked += packets
        if self._looked >= STEER_EVERY:
            too_early = self._earliest > EARLIEST and self._slowest > SPARE
            self.slip = -SLIP if too_early else SLIP if self._earliest < LATEST else 0
            self._look_anew()

    def _look_anew(self) -> None:
        self._earliest, self._slowest, self._looked = -math.inf, math.inf, 0
