"""The packets of a call as a pcap file, for Wireshark.

SIP over TCP is written as segments of the connection, without its handshake; SIP over TLS likewise, as it is before it is encrypted:
Wireshark knows both as SIP, whatever the ports (but for 8080, which it takes for HTTP).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ivrtest.call.keys import without_key
from ivrtest.rtp.ip import Address
from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError
from ivrtest.rtp.packing import TcpStreams, udp_packet
from ivrtest.sip.credentials import without_credentials
from ivrtest.sip.sdes import without_keys

_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)
"""Classic pcap with nanoseconds; link type 101 (LINKTYPE_RAW): a packet begins with its IP header."""
_RECORD = struct.Struct("<IIII")
UNKNOWN_EVENT = 255
"""The event code that stands for a secret key. It is assigned to nothing."""


@dataclass(frozen=True, slots=True)
class Capturing:
    """What may stand in captures."""

    keep_secrets: bool = False
    """Keep what is secret as it was: keys, headers, and answers to who asked for a password."""
    keep_srtp_keys: bool = False
    """Keep the keys of encryption that stand in session descriptions (RFC 4568), so that whoever has the capture can decrypt its SRTP.

    Wireshark does not, `ivrtest identify` does."""

    def of_a_call(self) -> Capture:
        """Return an empty capture."""
        return Capture(keep_secrets=self.keep_secrets, keep_srtp_keys=self.keep_srtp_keys)


class Capture:
    """Keeps datagrams in memory until they are written; a call that went well need not be.

    Several threads may add. Secret keys are masked: their packets stay, so that the sequence is whole, but say event 255, and tones
    are silence. SIP messages are to be added as `shown` returns them.
    """

    def __init__(self, *, keep_secrets: bool = False, keep_srtp_keys: bool = False, limit: int = 64_000_000) -> None:
        """`keep_secrets`, `keep_srtp_keys`: see `Capturing`. `limit`: octets after which nothing more is kept; about 45 minutes."""
        self.keep_secrets = keep_secrets
        self.keep_srtp_keys = keep_srtp_keys
        self._limit = limit
        self._size = 0
        self._packets: list[tuple[float, Address, Address, bytes, bool]] = []
        self.cut = False
        """Whether the limit was reached, so that the end is missing."""

    def add(
        self, data: bytes, *, source: Address, destination: Address, at: float, secret_key: bool = False, connected: bool = False
    ) -> None:
        """Keep a UDP datagram, or what went over a connection where it is `connected`. `at` is in seconds since 1970. `secret_key`: it is
        an RTP packet that carries a secret key."""
        if self._size + len(data) > self._limit:
            self.cut = True
            return
        self._size += len(data)
        if secret_key and not self.keep_secrets:
            data = _without_key(data)
        self._packets.append((at, source, destination, data, connected))

    def shown(self, message: bytes, *, hides_keys: bool, secrets: Sequence[str]) -> bytes:
        """Return a SIP message as it may stand here. `hides_keys`: a key in it is secret. `secrets`: texts that must not be shown."""
        if not self.keep_srtp_keys:
            message = without_keys(message)
        if self.keep_secrets:
            return message
        message = without_credentials(without_key(message) if hides_keys else message)
        for secret in secrets:
            message = message.replace(secret.encode(), b"*" * len(secret.encode()))
        return message

    def write(self, path: Path | str) -> None:
        """Write what was added, in the order of time, as a pcap file. Raises OSError."""
        records = [_FILE_HEADER]
        streams = TcpStreams()
        for at, source, destination, data, connected in sorted(self._packets, key=lambda packet: packet[0]):
            seconds, nanoseconds = divmod(round(at * 1e9), 1_000_000_000)
            packets = streams.packets(data, source, destination) if connected else (udp_packet(data, source, destination),)
            for packet in packets:
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
