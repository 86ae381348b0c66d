"""The RTP packet on the wire (RFC 3550 section 5.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_FIXED = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")


class RtpSyntaxError(ValueError):
    """A datagram is not what it should be: RTP, RTCP or an RFC 4733 event. The message holds the numbers."""


@dataclass(frozen=True, slots=True)
class HeaderExtension:
    """RFC 3550 section 5.3.1."""

    profile: int
    """16 bits, defined by the profile (0xBEDE for RFC 8285 one-byte extensions)."""
    data: bytes
    """A whole number of 32-bit words."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet, version 2. Holds exactly the fields of RFC 3550."""

    payload_type: int
    """0 to 127."""
    sequence: int
    """16 bits."""
    timestamp: int
    """32 bits, in samples for audio."""
    ssrc: int
    """32 bits."""
    payload: bytes
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    """At most 15."""
    extension: HeaderExtension | None = None
    padding: int = 0
    """Octets of padding after the payload, their count included; 0 for none."""

    @classmethod
    def parse(cls, data: bytes) -> RtpPacket:
        """Read a datagram. Raises RtpSyntaxError.

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |V=2|P|X|  CC   |M|     PT      |       sequence number         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           timestamp                           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |           synchronization source (SSRC) identifier            |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
        |            contributing source (CSRC) identifiers             |
        |                             ....                              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        """
        if len(data) < _FIXED.size:
            raise RtpSyntaxError(f"an RTP header has 12 octets, the datagram {len(data)}")
        first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
        if first >> 6 != 2:
            raise RtpSyntaxError(f"RTP version {first >> 6}, not 2")
        start = _FIXED.size + 4 * (first & 0x0F)
        if len(data) < start:
            raise RtpSyntaxError(f"{first & 0x0F} CSRCs end at octet {start}, the datagram has {len(data)}")
        csrcs = struct.unpack_from(f"!{first & 0x0F}I", data, _FIXED.size)
        extension = None
        if first & 0x10:
            if len(data) < start + 4:
                raise RtpSyntaxError(f"an extension header ends at octet {start + 4}, the datagram has {len(data)}")
            profile, words = _EXTENSION.unpack_from(data, start)
            end = start + 4 + 4 * words
            if len(data) < end:
                raise RtpSyntaxError(f"an extension of {words} words ends at octet {end}, the datagram has {len(data)}")
            extension = HeaderExtension(profile, data[start + 4 : end])
            start = end
        padding = 0
        if first & 0x20:
            padding = data[-1]
            if not 1 <= padding <= len(data) - start:
                raise RtpSyntaxError(f"{padding} octets of padding, but {len(data) - start} after the header")
        return cls(
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            payload=data[start : len(data) - padding],
            marker=second >= 0x80,
            csrcs=csrcs,
            extension=extension,
            padding=padding,
        )

    def __bytes__(self) -> bytes:
        first = 0x80 | (0x20 if self.padding else 0) | (0x10 if self.extension else 0) | len(self.csrcs)
        second = (0x80 if self.marker else 0) | self.payload_type
        parts = [_FIXED.pack(first, second, self.sequence, self.timestamp, self.ssrc), struct.pack(f"!{len(self.csrcs)}I", *self.csrcs)]
        if self.extension:
            parts += [_EXTENSION.pack(self.extension.profile, len(self.extension.data) // 4), self.extension.data]
        parts.append(self.payload)
        if self.padding:
            parts.append(bytes(self.padding - 1) + bytes([self.padding]))
        return b"".join(parts)
