"""RTCP on the wire: sender and receiver reports, source descriptions, goodbyes (RFC 3550 section 6)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ivrtest.rtp.packet import RtpSyntaxError

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203
CNAME = 1
_HEADER = struct.Struct("!BBH")
_SENDER = struct.Struct("!QIII")
_BLOCK = struct.Struct("!IIIIII")
_MOST = 31
"""Blocks, sources or chunks in one packet: their count has five bits."""


@dataclass(frozen=True, slots=True)
class ReceptionBlock:
    """How well one source is received (section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Of 256, since the last report."""
    lost: int
    """Packets since the start; negative with duplicates. 24 bits, signed."""
    highest_sequence: int
    """Extended by the cycles: 32 bits."""
    jitter: int
    """In timestamp units."""
    last_report: int = 0
    """The middle 32 bits of the NTP time of the last sender report; 0 for none."""
    delay: int = 0
    """Since that one came, in 1/65536 s."""

    @classmethod
    def parse(cls, data: bytes, start: int) -> ReceptionBlock:
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(data, start)
        lost = loss & 0xFFFFFF
        return cls(ssrc, loss >> 24, lost - (1 << 24) if lost >= 1 << 23 else lost, highest, jitter, last, delay)

    def __bytes__(self) -> bytes:
        lost = max(-(1 << 23), min(self.lost, (1 << 23) - 1)) & 0xFFFFFF
        return _BLOCK.pack(self.ssrc, self.fraction_lost << 24 | lost, self.highest_sequence, self.jitter, self.last_report, self.delay)


@dataclass(frozen=True, slots=True)
class SenderReport:
    """Section 6.4.1."""

    ssrc: int
    ntp_time: int
    """64 bits: seconds since 1900, in 1/2**32 s."""
    timestamp: int
    """The RTP timestamp of the same moment."""
    packets: int
    octets: int
    """Of payload."""
    blocks: tuple[ReceptionBlock, ...] = ()

    def __bytes__(self) -> bytes:
        body = struct.pack("!I", self.ssrc) + _SENDER.pack(self.ntp_time, self.timestamp, self.packets, self.octets)
        return _packet(SENDER_REPORT, len(self.blocks), body + b"".join(bytes(block) for block in self.blocks))


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """Section 6.4.2."""

    ssrc: int
    blocks: tuple[ReceptionBlock, ...] = ()

    def __bytes__(self) -> bytes:
        body = struct.pack("!I", self.ssrc) + b"".join(bytes(block) for block in self.blocks)
        return _packet(RECEIVER_REPORT, len(self.blocks), body)


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """One chunk of section 6.5, of its items the name that every source has: CNAME."""

    ssrc: int
    cname: str

    def __bytes__(self) -> bytes:
        name = self.cname.encode()
        if len(name) > 255:
            raise ValueError(f'a CNAME has at most 255 octets, "{self.cname}" has {len(name)}')
        chunk = struct.pack("!IBB", self.ssrc, CNAME, len(name)) + name
        # At least one zero ends the items, and as many as fill the word.
        return _packet(SOURCE_DESCRIPTION, 1, chunk + bytes(4 - len(chunk) % 4))


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Section 6.6."""

    ssrcs: tuple[int, ...]
    reason: str = ""

    def __bytes__(self) -> bytes:
        body = struct.pack(f"!{len(self.ssrcs)}I", *self.ssrcs)
        if self.reason:
            reason = self.reason.encode()[:255]
            body += bytes([len(reason)]) + reason
        return _packet(GOODBYE, len(self.ssrcs), body + bytes(-len(body) % 4))


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye


def build_compound(*packets: RtcpPacket) -> bytes:
    """Return one datagram. Raises ValueError unless a report is first (section 6.1)."""
    if not packets or not isinstance(packets[0], SenderReport | ReceiverReport):
        raise ValueError("a compound RTCP packet begins with a sender or receiver report (RFC 3550 section 6.1)")
    return b"".join(bytes(packet) for packet in packets)


def parse_compound(datagram: bytes) -> tuple[RtcpPacket, ...]:
    """Read a datagram; packets and items of other types are left out. Raises RtpSyntaxError."""
    if not datagram:
        raise RtpSyntaxError("an RTCP datagram holds at least one packet, this one no octet")
    found: list[RtcpPacket] = []
    start = 0
    while start < len(datagram):
        if len(datagram) - start < _HEADER.size:
            raise RtpSyntaxError(f"an RTCP header has 4 octets, {len(datagram) - start} are left at octet {start}")
        first, kind, words = _HEADER.unpack_from(datagram, start)
        if first >> 6 != 2:
            raise RtpSyntaxError(f"RTCP version {first >> 6} at octet {start}, not 2")
        end = start + 4 + 4 * words
        if end > len(datagram):
            raise RtpSyntaxError(f"an RTCP packet of {words + 1} words at octet {start} ends at {end}, the datagram has {len(datagram)}")
        body = datagram[start + 4 : end]
        if first & 0x20:
            if not body or not 1 <= body[-1] <= len(body):
                raise RtpSyntaxError(f"{body[-1] if body else 0} octets of padding at octet {end}, but {len(body)} in the packet")
            body = body[: len(body) - body[-1]]
        found += _parse_body(kind, first & 0x1F, body)
        start = end
    return tuple(found)


def _parse_body(kind: int, count: int, body: bytes) -> Iterator[RtcpPacket]:
    match kind:
        case 200:
            _need(body, 24 + 24 * count, f"a sender report with {count} blocks")
            ntp_time, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
            yield SenderReport(_word(body, 0), ntp_time, timestamp, packets, octets, _blocks(body, 24, count))
        case 201:
            _need(body, 4 + 24 * count, f"a receiver report with {count} blocks")
            yield ReceiverReport(_word(body, 0), _blocks(body, 4, count))
        case 202:
            yield from _parse_descriptions(count, body)
        case 203:
            _need(body, 4 * count, f"a goodbye of {count} sources")
            reason = body[4 * count + 1 : 4 * count + 1 + body[4 * count]] if len(body) > 4 * count else b""
            yield Goodbye(struct.unpack_from(f"!{count}I", body), reason.decode(errors="replace"))


def _parse_descriptions(count: int, body: bytes) -> Iterator[SourceDescription]:
    start = 0
    for number in range(1, count + 1):
        _need(body, start + 5, f"a source description of {count} chunks, at chunk {number},")
        ssrc = _word(body, start)
        start += 4
        while start < len(body) and body[start]:
            _need(body, start + 2, f"an item of chunk {number}")
            end = start + 2 + body[start + 1]
            _need(body, end, f"an item of chunk {number}")
            if body[start] == CNAME:
                yield SourceDescription(ssrc, body[start + 2 : end].decode(errors="replace"))
            start = end
        start += 4 - start % 4


def _blocks(body: bytes, start: int, count: int) -> tuple[ReceptionBlock, ...]:
    return tuple(ReceptionBlock.parse(body, start + 24 * number) for number in range(count))


def _word(body: bytes, start: int) -> int:
    word: int = struct.unpack_from("!I", body, start)[0]
    return word


def _need(body: bytes, size: int, what: str) -> None:
    if len(body) < size:
        raise RtpSyntaxError(f"{what} needs {size} octets, the packet has {len(body)}")


def _packet(kind: int, count: int, body: bytes) -> bytes:
    if count > _MOST:
        raise ValueError(f'an RTCP packet holds at most {_MOST} blocks or sources, not "{count}"')
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body
