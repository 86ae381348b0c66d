"""What a captured frame carries: UDP datagrams, put together where they were sent in fragments, and pieces of TCP streams.

Ethernet with VLAN tags, Linux cooked captures (both versions), raw IP, the loopback of BSD and macOS; IPv4 and IPv6.
"""

from __future__ import annotations

import ipaddress
import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from ivrtest.rtp.pcap import Frame

Address = tuple[str, int]
"""IP address and port."""

_NULL, _ETHERNET, _LOOP, _SLL, _SLL2 = 0, 1, 108, 113, 276
_RAW: Final = {12, 14, 101, 228, 229}
"""Frames that begin with the IP header, as different systems number them."""
LINK_TYPES: Final = {_NULL, _ETHERNET, _LOOP, _SLL, _SLL2, *_RAW}
"""What can be looked into."""
_IPV4, _IPV6, _PPPOE = 0x0800, 0x86DD, 0x8864
_VLAN: Final = {0x8100, 0x88A8, 0x9100}
_TCP, _UDP, _FRAGMENT, _AUTHENTICATION = 6, 17, 44, 51
_EXTENSIONS: Final = {0, 43, 60, 135}
"""IPv6 headers that stand before what is carried and say their length in units of eight octets (RFC 8200 section 4)."""
_MOST_FRAGMENTED: Final = 256
"""Datagrams that are put together at one time; the oldest is given up for another."""
_MOST_PIECES: Final = 64
"""Fragments of one datagram. The largest has 45 on Ethernet."""
_LARGEST: Final = 65535


class Datagram(NamedTuple):
    """One UDP datagram."""

    at: float
    """Seconds since 1970."""
    source: Address
    destination: Address
    payload: bytes
    whole: bool
    """False where the capture kept only its beginning."""


class Segment(NamedTuple):
    """One piece of a TCP stream."""

    at: float
    source: Address
    destination: Address
    sequence: int
    starts: bool
    """It opens the connection: the stream's octets begin one number later."""
    payload: bytes


@dataclass(slots=True)
class _Fragments:
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int | None = None
    """Known from the last fragment."""

    def add(self, offset: int, data: bytes, more: bool) -> bytes | None:
        """Take a fragment; return the whole when nothing is missing any more."""
        if offset + len(data) > _LARGEST or len(self.pieces) >= _MOST_PIECES:
            return None
        self.pieces.setdefault(offset, data)
        if not more:
            self.size = offset + len(data)
        whole = bytearray()
        for place in sorted(self.pieces):
            if place > len(whole):
                return None
            whole[place:] = self.pieces[place]
        return bytes(whole) if self.size == len(whole) else None


class Unwrapper:
    """Takes frames, gives what they carry."""

    def __init__(self) -> None:
        self.unknown_links: set[int] = set()
        """Link types that were met and cannot be looked into."""
        self._waiting: OrderedDict[tuple[bytes, bytes, int, int], _Fragments] = OrderedDict()

    def unwrap(self, frame: Frame) -> Datagram | Segment | None:
        """Return what a frame carries; None for what is neither UDP nor TCP, or broken, or waits for more fragments."""
        try:
            packet = self._packet(frame)
            if packet is None:
                return None
            version = packet[0] >> 4
            if version == 4:
                return self._ipv4(frame, packet)
            return self._ipv6(frame, packet) if version == 6 else None
        except (struct.error, IndexError):
            # Shorter than its headers: nothing of it can be told.
            return None

    def _packet(self, frame: Frame) -> bytes | None:
        """Return what follows the link's own header, if it is IP."""
        octets = frame.octets
        match frame.link_type:
            case 1:
                return _tagged(octets, 12)
            case 113:
                return _tagged(octets, 14)
            case 276:
                return octets[20:] if octets[:2] in (b"\x08\x00", b"\x86\xdd") else _tagged_after(octets, 0, 20)
            case 0 | 108:
                # Four octets of an address family, whose numbers and byte order differ by system: what follows says it better.
                return octets[4:]
            case link_type if link_type in _RAW:
                return octets
            case link_type:
                self.unknown_links.add(link_type)
                return None

    def _ipv4(self, frame: Frame, packet: bytes) -> Datagram | Segment | None:
        length, number, flags, protocol = struct.unpack_from("!2xHHHxB", packet)
        header = 4 * (packet[0] & 0x0F)
        if header < 20:
            return None
        # A length of zero is that of a packet that the interface would still have cut into many.
        data = packet[header : length or None]
        source, destination = packet[12:16], packet[16:20]
        offset, more = 8 * (flags & 0x1FFF), bool(flags & 0x2000)
        if offset or more:
            whole = self._put_together((source, destination, protocol, number), offset, data, more)
            if whole is None:
                return None
            data = whole
        return _carried(frame.at, source, destination, protocol, data)

    def _ipv6(self, frame: Frame, packet: bytes) -> Datagram | Segment | None:
        length, protocol = struct.unpack_from("!4xHB", packet)
        source, destination = packet[8:24], packet[24:40]
        data = packet[40 : 40 + length if length else None]
        while True:
            if protocol in _EXTENSIONS:
                protocol, data = data[0], data[8 + 8 * data[1] :]
            elif protocol == _AUTHENTICATION:
                protocol, data = data[0], data[8 + 4 * data[1] :]
            elif protocol == _FRAGMENT:
                following, place, number = struct.unpack_from("!BxHI", data)
                whole = self._put_together((source, destination, following, number), place & 0xFFF8, data[8:], bool(place & 1))
                if whole is None:
                    return None
                protocol, data = following, whole
            else:
                return _carried(frame.at, source, destination, protocol, data)

    def _put_together(self, name: tuple[bytes, bytes, int, int], offset: int, data: bytes, more: bool) -> bytes | None:
        fragments = self._waiting.setdefault(name, _Fragments())
        whole = fragments.add(offset, data, more)
        if whole is not None:
            del self._waiting[name]
        elif len(self._waiting) > _MOST_FRAGMENTED:
            self._waiting.popitem(last=False)
        return whole


def _tagged(octets: bytes, place: int) -> bytes | None:
    """Return what follows the protocol number at `place` and the tags behind it."""
    return _tagged_after(octets, place, place + 2)


def _tagged_after(octets: bytes, place: int, rest: int) -> bytes | None:
    (protocol,) = struct.unpack_from("!H", octets, place)
    while protocol in _VLAN:
        (protocol,) = struct.unpack_from("!H", octets, rest + 2)
        rest += 4
    if protocol == _PPPOE:
        # Six octets of the session and two of PPP's own protocol number: 0x0021 is IPv4, 0x0057 IPv6.
        return octets[rest + 8 :] if octets[rest + 6 : rest + 8] in (b"\x00\x21", b"\x00\x57") else None
    return octets[rest:] if protocol in (_IPV4, _IPV6) else None


def _carried(at: float, source: bytes, destination: bytes, protocol: int, data: bytes) -> Datagram | Segment | None:
    if protocol == _UDP:
        from_port, to_port, length = struct.unpack_from("!HHH", data)
        payload = data[8:length] if length >= 8 else data[8:]
        whole = len(payload) >= length - 8
        return Datagram(at, (_written(source), from_port), (_written(destination), to_port), payload, whole)
    if protocol == _TCP:
        from_port, to_port, sequence, head, flags = struct.unpack_from("!HHI4xBB", data)
        payload = data[4 * (head >> 4) :]
        return Segment(at, (_written(source), from_port), (_written(destination), to_port), sequence, bool(flags & 2), payload)
    return None


@lru_cache(maxsize=4096)
def _written(packed: bytes) -> str:
    return str(ipaddress.ip_address(packed))
