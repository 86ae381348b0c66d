"""The datagrams of a call as a pcap file, for Wireshark."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError

Address = tuple[str, int]

_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)
"""Classic pcap with nanoseconds; link type 101 (LINKTYPE_RAW): a packet begins with its IP header."""
_RECORD = struct.Struct("<IIII")
_UDP = struct.Struct("!HHHH")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_PROTOCOL_UDP = 17
UNKNOWN_EVENT = 255
"""The event code that stands for a secret key. It is assigned to nothing."""


@dataclass(frozen=True, slots=True)
class Capturing:
    """What may stand in captures."""

    keep_secrets: bool = False
    """Keep keys that are secret as they were."""
    keep_srtp_keys: bool = False
    """Keep the keys of encryption that stand in session descriptions (RFC 4568), so that Wireshark can read SRTP."""

    def of_a_call(self) -> Capture:
        """Return an empty capture."""
        return Capture(keep_secrets=self.keep_secrets, keep_srtp_keys=self.keep_srtp_keys)


class Capture:
    """Keeps datagrams in memory until they are written; a call that went well need not be.

    Several threads may add. Secret keys are masked: their packets stay, so that the sequence is whole, but say event 255, and tones
    are silence.
    """

    def __init__(self, *, keep_secrets: bool = False, keep_srtp_keys: bool = False, limit: int = 64_000_000) -> None:
        """`keep_secrets`, `keep_srtp_keys`: see `Capturing`. `limit`: octets after which nothing more is kept; about 45 minutes."""
        self.keep_secrets = keep_secrets
        self.keep_srtp_keys = keep_srtp_keys
        self._limit = limit
        self._size = 0
        self._packets: list[tuple[float, Address, Address, bytes]] = []
        self.cut = False
        """Whether the limit was reached, so that the end is missing."""

    def add(self, datagram: bytes, *, source: Address, destination: Address, at: float, secret_key: bool = False) -> None:
        """Keep a UDP datagram. `at` is in seconds since 1970. `secret_key`: it is an RTP packet that carries a secret key."""
        if self._size + len(datagram) > self._limit:
            self.cut = True
            return
        self._size += len(datagram)
        if secret_key and not self.keep_secrets:
            datagram = _without_key(datagram)
        self._packets.append((at, source, destination, datagram))

    def write(self, path: Path | str) -> None:
        """Write what was added, in the order of time, as a pcap file. Raises OSError."""
        records = [_FILE_HEADER]
        for at, source, destination, datagram in sorted(self._packets, key=lambda packet: packet[0]):
            packet = _ip_packet(datagram, source, destination)
            seconds, nanoseconds = divmod(round(at * 1e9), 1_000_000_000)
            records += [_RECORD.pack(seconds, nanoseconds, len(packet), len(packet)), packet]
        Path(path).write_bytes(b"".join(records))


def _without_key(datagram: bytes) -> bytes:
    try:
        packet = RtpPacket.parse(datagram)
    except RtpSyntaxError:
        # Said to hold a secret and not understood: nothing of it may stay.
        return bytes(len(datagram))
    if len(packet.payload) == 4:
        return bytes(replace(packet, payload=bytes([UNKNOWN_EVENT]) + packet.payload[1:]))
    return bytes(replace(packet, payload=b"\xff" * len(packet.payload)))


def _ip_packet(datagram: bytes, source: Address, destination: Address) -> bytes:
    """Put a UDP and an IP header before a datagram, with right checksums."""
    from_ip, to_ip = ipaddress.ip_address(source[0]), ipaddress.ip_address(destination[0])
    length = _UDP.size + len(datagram)
    addresses = from_ip.packed + to_ip.packed
    pseudo = addresses + (
        struct.pack("!BBH", 0, _PROTOCOL_UDP, length) if from_ip.version == 4 else struct.pack("!II", length, _PROTOCOL_UDP)
    )
    udp = _UDP.pack(source[1], destination[1], length, 0) + datagram
    # A checksum of zero would say that there is none (RFC 768).
    udp = udp[:6] + struct.pack("!H", _checksum(pseudo + udp) or 0xFFFF) + datagram
    if from_ip.version == 6:
        return _IPV6.pack(6 << 28, length, _PROTOCOL_UDP, 64, from_ip.packed, to_ip.packed) + udp
    header = _IPV4.pack(0x45, 0, 20 + length, 0, 0x4000, 64, _PROTOCOL_UDP, 0, from_ip.packed, to_ip.packed)
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + udp


def _checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
