"""Which packets came: sequence numbers, loss, duplicates, jitter (RFC 3550 appendix A)."""

from __future__ import annotations

from enum import Enum, auto

MAX_DROPOUT = 3000
"""A greater step forward is no loss but another stream (RFC 3550 A.1)."""
MAX_MISORDER = 128
"""A greater step back is no reordering but another stream. RFC 3550 A.1 has 100; this is the width of the memory for duplicates."""
_MEMORY = (1 << MAX_MISORDER) - 1


class Arrival(Enum):
    """What a sequence number tells about its packet."""

    NEXT = auto()
    """Newer than all before; `Sequence.missing` says how many are missing in between."""
    REORDERED = auto()
    """Older than the newest, and not seen before."""
    DUPLICATE = auto()
    STRAY = auto()
    """Far off. The stream begins anew if the packet after it follows it."""
    RESTART = auto()
    """The second of two that are far off and follow each other: another stream under the same SSRC."""


class Sequence:
    """The sequence numbers of one SSRC; counts what it sees over restarts."""

    def __init__(self) -> None:
        self.next = -1
        """The number expected next, 16 bits; -1 before the first packet."""
        self.highest = 0
        """The highest number received, extended by the cycles before, as a receiver report has it (32 bits)."""
        self.missing = 0
        """Packets missing just before the latest that was `NEXT`."""
        self.received = 0
        self.lost = 0
        """Never negative: a packet counts as lost from when a newer one comes until it comes itself."""
        self.duplicated = 0
        self.reordered = 0
        self._seen = 0
        self._stray: int | None = None

    def restart(self, sequence: int) -> None:
        """Begin a stream with this packet."""
        self.next = (sequence + 1) & 0xFFFF
        self.highest = sequence
        self.missing = 0
        self.received += 1
        self._seen = 1
        self._stray = None

    def follow(self, count: int = 1) -> None:
        """Take the very packets that were expected, from `next` on. The fast way to say `arrive(next)` so many times."""
        self.received += count
        self.missing = 0
        self._seen = (self._seen << count | (1 << count) - 1) & _MEMORY if count < MAX_MISORDER else _MEMORY
        self.highest = self.highest + count & 0xFFFFFFFF
        self.next = self.next + count & 0xFFFF
        self._stray = None

    def arrive(self, sequence: int) -> Arrival:
        ahead = ((sequence - self.next + 0x8000) & 0xFFFF) - 0x8000
        back = -ahead - 1
        if ahead >= MAX_DROPOUT or back >= MAX_MISORDER:
            if sequence == self._stray:
                self.restart(sequence)
                return Arrival.RESTART
            self._stray = (sequence + 1) & 0xFFFF
            return Arrival.STRAY
        self._stray = None
        if ahead >= 0:
            self.received += 1
            self.missing = ahead
            self.lost += ahead
            self._seen = (self._seen << (ahead + 1) | 1) & _MEMORY
            self.highest = self.highest + ahead + 1 & 0xFFFFFFFF
            self.next = sequence + 1 & 0xFFFF
            return Arrival.NEXT
        if self._seen >> back & 1:
            self.duplicated += 1
            return Arrival.DUPLICATE
        self.received += 1
        self._seen |= 1 << back
        self.reordered += 1
        self.lost = max(0, self.lost - 1)
        return Arrival.REORDERED


class Jitter:
    """Interarrival jitter (RFC 3550 A.8)."""

    def __init__(self, ticks_per_sample: float = 1.0) -> None:
        """`ticks_per_sample`: how many units of the timestamp one sample of our clock lasts."""
        self.ticks = 0.0
        """In units of the timestamp."""
        self.scale = ticks_per_sample
        self.transit: float | None = None
        """When the latest packet arrived, less its timestamp; None before one did. Whoever takes packets in himself keeps it."""

    def restart(self) -> None:
        """Forget the last packet: the next is of another stream."""
        self.transit = None

    def arrive(self, timestamp: int, arrival: float) -> None:
        """`arrival` is in samples on our clock."""
        transit = arrival * self.scale - timestamp
        if self.transit is not None:
            difference = abs(transit - self.transit)
            if difference > 0x80000000:
                # The timestamp wrapped around.
                difference = abs(0x100000000 - difference)
            self.ticks += (difference - self.ticks) / 16
        self.transit = transit
