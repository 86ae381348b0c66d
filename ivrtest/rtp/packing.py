"""IP packets around what is to stand in a capture: UDP datagrams, and TCP segments of streams whose handshake nobody saw."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from typing import Final

from ivrtest.rtp.ip import Address

_UDP: Final = struct.Struct("!HHHH")
_TCP: Final = struct.Struct("!HHIIBBHHH")
_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")
_IPV6: Final = struct.Struct("!IHBB16s16s")
_PROTOCOL_TCP: Final = 6
_PROTOCOL_UDP: Final = 17
_PUSH_ACK: Final = 0x18
_WINDOW: Final = 65535
LONGEST_SEGMENT: Final = 1400
"""Octets of a stream in one packet, so that it looks like one from a network."""


def udp_packet(datagram: bytes, source: Address, destination: Address) -> bytes:
    """Put a UDP and an IP header before a datagram, with right checksums."""
    length = _UDP.size + len(datagram)
    header = _UDP.pack(source[1], destination[1], length, 0)
    # A checksum of zero would say that there is none (RFC 768).
    checksum = _transport_checksum(_PROTOCOL_UDP, header + datagram, source, destination) or 0xFFFF
    return _ip_packet(_PROTOCOL_UDP, header[:6] + struct.pack("!H", checksum) + datagram, source, destination)


class TcpStreams:
    """Writes what went over connections as TCP segments. Each direction counts its octets from 1 on, as after a handshake."""

    def __init__(self) -> None:
        self._sent: dict[tuple[Address, Address], int] = {}

    def packets(self, data: bytes, source: Address, destination: Address) -> Iterator[bytes]:
        """Return the packets for what came next from `source`, with right checksums."""
        for start in range(0, len(data), LONGEST_SEGMENT):
            piece = data[start : start + LONGEST_SEGMENT]
            sent, received = (self._sent.get(way, 0) for way in ((source, destination), (destination, source)))
            self._sent[source, destination] = sent + len(piece)
            yield _tcp_packet(piece, source, destination, sent + 1 & 0xFFFFFFFF, received + 1 & 0xFFFFFFFF)


def _tcp_packet(piece: bytes, source: Address, destination: Address, sequence: int, acknowledged: int) -> bytes:
    header = _TCP.pack(source[1], destination[1], sequence, acknowledged, 5 << 4, _PUSH_ACK, _WINDOW, 0, 0)
    checksum = _transport_checksum(_PROTOCOL_TCP, header + piece, source, destination)
    return _ip_packet(_PROTOCOL_TCP, header[:16] + struct.pack("!H", checksum) + header[18:] + piece, source, destination)


def _transport_checksum(protocol: int, segment: bytes, source: Address, destination: Address) -> int:
    """The checksum over a segment, whose own checksum is 0, and its pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
    from_ip, to_ip = ipaddress.ip_address(source[0]), ipaddress.ip_address(destination[0])
    length = len(segment)
    rest = struct.pack("!BBH", 0, protocol, length) if from_ip.version == 4 else struct.pack("!II", length, protocol)
    return _checksum(from_ip.packed + to_ip.packed + rest + segment)


def _ip_packet(protocol: int, segment: bytes, source: Address, destination: Address) -> bytes:
    from_ip, to_ip = ipaddress.ip_address(source[0]), ipaddress.ip_address(destination[0])
    if from_ip.version == 6:
        return _IPV6.pack(6 << 28, len(segment), protocol, 64, from_ip.packed, to_ip.packed) + segment
    header = _IPV4.pack(0x45, 0, _IPV4.size + len(segment), 0, 0x4000, 64, protocol, 0, from_ip.packed, to_ip.packed)
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + segment


def _checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
