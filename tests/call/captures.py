"""Captures made by hand: RTP of a sound, SIP that announces it, and the frames around both."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import SupportsBytes

from ivrtest.audio.g711 import alaw_encode, ulaw_encode
from ivrtest.audio.pcm import Samples
from ivrtest.call.capture import Capture
from ivrtest.rtp.dtmf import KeySender
from ivrtest.rtp.packet import RtpPacket

Address = tuple[str, int]

IVR: Address = ("192.0.2.10", 40000)
CALLER: Address = ("192.0.2.20", 30000)
START = 1_700_000_000.0
"""When captures begin, in seconds since 1970."""


def speak(
    samples: Samples,
    *,
    payload_type: int = 0,
    at: float = 0.0,
    ssrc: int = 0x1111,
    encode: Callable[[Samples], SupportsBytes] | None = None,
) -> Iterator[tuple[float, bytes]]:
    """Yield the packets of a sound, 20 ms each, and when they are sent."""
    coder = encode or (alaw_encode if payload_type == 8 else ulaw_encode)
    for number in range(len(samples) // 160):
        octets = bytes(coder(samples[160 * number : 160 * number + 160]))
        packet = RtpPacket(payload_type, (65500 + number) & 0xFFFF, 4_294_960_000 + 160 * number & 0xFFFFFFFF, ssrc, octets, number == 0)
        yield at + 0.02 * number, bytes(packet)


def press(keys: str, *, payload_type: int = 101, at: float = 0.0, ssrc: int = 0x2222) -> Iterator[tuple[float, bytes]]:
    """Yield the packets of keys, from a caller who sends nothing else."""
    sender = KeySender()
    sender.press(keys)
    sequence = timestamp = 0
    while sender.busy:
        key = sender.tick(timestamp)
        timestamp += 160
        if key is not None:
            yield at, bytes(RtpPacket(payload_type, sequence, key.timestamp, ssrc, key.payload, key.marker))
            sequence += 1
        at += 0.02


def invite(port: int, formats: str, *, address: str = IVR[0], protocol: str = "RTP/AVP", content: str = "application/sdp") -> bytes:
    """A SIP message with a session description; `formats` are `m=` formats and attribute lines, separated by line ends."""
    types, _, attributes = formats.partition("\n")
    lines = ["v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0", f"m=audio {port} {protocol} {types}"]
    body = "\r\n".join([*lines, *attributes.splitlines(), ""]).encode()
    head = (
        f"INVITE sip:ivr@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
        f"From: <sip:a@192.0.2.20>;tag=1\r\nTo: <sip:ivr@192.0.2.10>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
        f"Contact: <sip:a@192.0.2.20>\r\nContent-Type: {content}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def write(path: Path, *flows: tuple[Address, Address, Iterator[tuple[float, bytes]] | list[tuple[float, bytes]]]) -> Path:
    """Write datagrams as our own capture does: pcap, raw IP."""
    capture = Capture()
    for source, destination, datagrams in flows:
        for at, datagram in datagrams:
            capture.add(datagram, source=source, destination=destination, at=START + at)
    capture.write(path)
    return path


def packets_of(path: Path) -> list[tuple[int, int, bytes]]:
    """Return seconds, nanoseconds and IP packets of a capture that `write` wrote."""
    data = path.read_bytes()
    found = []
    position = 24
    while position < len(data):
        seconds, nanoseconds, kept, _ = struct.unpack_from("<IIII", data, position)
        found.append((seconds, nanoseconds, data[position + 16 : position + 16 + kept]))
        position += 16 + kept
    return found


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """One block of pcapng."""
    body += b"\0" * (-len(body) % 4)
    size = 12 + len(body)
    return struct.pack(f"{order}II", kind, size) + body + struct.pack(f"{order}I", size)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link_type: int, options: bytes = b"", *, order: str = "<", snap_length: int = 0) -> bytes:
    return block(1, struct.pack(f"{order}HHI", link_type, 0, snap_length) + options, order)


def packet(number: int, ticks: int, octets: bytes, *, order: str = "<", length: int | None = None) -> bytes:
    head = struct.pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), len(octets) if length is None else length)
    return block(6, head + octets, order)


def pcap(link_type: int, frames: list[tuple[int, int, bytes]], *, order: str = "<", mark: int = 0xA1B23C4D) -> bytes:
    """A classic capture of frames with seconds and fractions."""
    head = struct.pack(f"{order}IHHiIII", mark, 2, 4, 0, 0, 65535, link_type)
    extra = 8 if mark == 0xA1B2CD34 else 0
    return head + b"".join(
        struct.pack(f"{order}IIII", seconds, fraction, len(octets), len(octets)) + bytes(extra) + octets
        for seconds, fraction, octets in frames
    )
