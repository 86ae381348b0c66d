"""When which packets came: what the quality of a stream is worked out from, afterwards."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

HEADER: Final = 12
"""Octets of an RTP header without CSRCs (RFC 3550 section 5.1)."""
_RTCP: Final = range(64, 96)
"""Payload types that are RTCP, should it come to the same port (RFC 5761 section 4)."""
_WIRE: Final = np.dtype([("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])


@dataclass(frozen=True, slots=True, eq=False)
class Packets:
    """Packets in the order they came. Every array has one entry per packet."""

    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    ssrc: NDArray[np.int64]
    payload_type: NDArray[np.int64]
    arrival_s: NDArray[np.float64]
    """Seconds on the call's clock."""

    def __len__(self) -> int:
        return len(self.sequence)

    def only(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Packets:
        """Return some of them."""
        return Packets(self.sequence[which], self.timestamp[which], self.ssrc[which], self.payload_type[which], self.arrival_s[which])


class PacketLog:
    """Keeps the header and the arrival of every packet, 20 octets each: 60 kB a minute. Adding costs the media thread next to nothing."""

    def __init__(self, *, limit: int = 180_000) -> None:
        """`limit`: packets after which nothing more is kept; an hour of 50 a second."""
        self._limit = limit
        self._headers = bytearray()
        self._arrivals = array("d")

    def add(self, datagram: bytes, arrival_s: float) -> None:
        """Keep a datagram of at least 12 octets."""
        if len(self._arrivals) < self._limit:
            self._headers += datagram[:HEADER]
            self._arrivals.append(arrival_s)

    def packets(self) -> Packets:
        """Return what came so far and looks like RTP."""
        # The other thread may be between its two steps.
        count = min(len(self._arrivals), len(self._headers) // HEADER)
        wire = np.frombuffer(bytes(self._headers[: count * HEADER]), _WIRE)
        payload_type = wire["second"].astype(np.int64) & 0x7F
        rtp = (wire["first"] >> 6 == 2) & ~np.isin(payload_type, np.array(_RTCP))
        every = Packets(
            wire["sequence"].astype(np.int64),
            wire["timestamp"].astype(np.int64),
            wire["ssrc"].astype(np.int64),
            payload_type,
            np.array(self._arrivals[:count], np.float64),
        )
        return every.only(rtp)
