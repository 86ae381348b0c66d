"""What Wireshark's dissectors see in a capture."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.interop.programs import needs

needs_tshark = needs("tshark", "tshark")

_FIELDS = (
    *("frame.time_epoch", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "udp.srcport", "udp.dstport"),
    *("_ws.col.Protocol", "sip.Method", "sip.Status-Code", "sip.CSeq.method", "sip.resend"),
    *("rtp.ssrc", "rtp.seq", "rtp.timestamp", "rtp.p_type", "rtp.marker"),
    *("rtpevent.event_id", "rtpevent.end_of_event", "rtpevent.duration"),
)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; fields that it does not have are empty."""

    at: float
    """Seconds since 1970."""
    source: tuple[str, int]
    destination: tuple[str, int]
    protocol: str
    sip: str
    """`INVITE`, or `200 INVITE`. Empty where it is sent once more, as whoever waits too long for an answer does."""
    ssrc: str
    sequence: int
    timestamp: int
    payload_type: int
    marker: bool
    event: int | None
    """The code of a telephone-event."""
    event_ended: bool
    event_samples: int


_NOTE = 0x400000
"""The severity of what is out of the ordinary. Below it are remarks, such as that a port could be one of traceroute's."""


def complaints(capture: Path, *, sip_port: int) -> list[str]:
    """Return what the experts among the dissectors do not like, malformed packets too: the packet's number and what they say."""
    display_filter = f"_ws.expert.severity >= {_NOTE} || _ws.malformed"
    return _tshark(capture, sip_port, "-Y", display_filter, "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message")


def packets(capture: Path, *, sip_port: int) -> list[Packet]:
    """Return all packets, in the order of the capture."""
    words = [word for field in _FIELDS for word in ("-e", field)]
    return list(_read(_tshark(capture, sip_port, "-T", "fields", "-E", "occurrence=f", *words)))


def _tshark(capture: Path, sip_port: int, *options: str) -> list[str]:
    command = ["tshark", "-r", str(capture), "-d", f"udp.port=={sip_port},sip", *options]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()


def _read(lines: list[str]) -> Iterator[Packet]:
    for line in lines:
        at, source4, source6, destination4, destination6, from_port, to_port, protocol, *rest = line.split("\t")
        method, status, of_method, resent, ssrc, sequence, timestamp, payload_type, marker, event, event_ended, event_samples = rest
        yield Packet(
            at=float(at),
            source=(source4 or source6, int(from_port or 0)),
            destination=(destination4 or destination6, int(to_port or 0)),
            protocol=protocol,
            sip="" if resent in ("1", "True") else method or f"{status} {of_method}".strip(),
            ssrc=ssrc,
            sequence=int(sequence or 0),
            timestamp=int(timestamp or 0),
            payload_type=int(payload_type or 0),
            marker=marker in ("1", "True"),
            event=int(event) if event else None,
            event_ended=event_ended in ("1", "True"),
            event_samples=int(event_samples or 0),
        )
