"""One side's RTCP of a call between two: when a report is due, what it says, and what the other side's reports come to (RFC 3550)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ivrtest.rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReceptionBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)

LEAST_S: Final = 5.0
"""Seconds between two reports, before they are spread (section 6.2). Half of that before the first."""
_COMPENSATION: Final = 1.21828
"""e - 3/2: makes up for reports that are put off (section 6.3.1)."""
NTP_EPOCH_S: Final = 2_208_988_800
"""From 1900 to 1970."""


@dataclass(frozen=True, slots=True)
class Received:
    """What has come from the other side's source so far."""

    ssrc: int
    packets: int
    lost: int
    highest_sequence: int
    """Extended, 32 bits."""
    jitter: int
    """In units of its timestamps."""


@dataclass(frozen=True, slots=True)
class RemoteView:
    """What the other side says of our packets."""

    lost: int | None = None
    """So many it misses; None as long as it said nothing."""
    fraction_lost: float = 0.0
    """Of those since its report before."""
    jitter: int | None = None
    """In units of our timestamps."""
    round_trip_s: float | None = None
    reports: int = 0
    """Datagrams of reports that came."""
    sent: int = 0
    """So many packets it sent, by its latest sender report. Who sent none writes receiver reports (section 6.4)."""


class Reports:
    """Times are seconds of any one clock; `wall` is the same moment in seconds since 1970."""

    def __init__(self, *, ssrc: int, cname: str, draw: Callable[[], float]) -> None:
        """`ssrc` is our source, `cname` its name (section 6.5.1). `draw` returns a random number from 0 up to 1."""
        self._ssrc = ssrc
        self._cname = cname
        self._draw = draw
        self.next_at: float | None = None
        """When a report is due; None before `start`."""
        self.remote = RemoteView()
        self.goodbye = False
        """Whether the other side said that it leaves."""
        self._began = False
        self._packets = 0
        """What we had sent at our last report."""
        self._before: tuple[int, int, int] | None = None
        """The source that we reported on last, how many of its packets were to come, and how many of them were lost."""
        self._last_report = 0
        """The middle of the NTP time of the other side's last sender report ..."""
        self._last_report_at = 0.0
        """... and when it came."""

    def start(self, now: float) -> None:
        """Begin to report. Does nothing the second time."""
        if self.next_at is None:
            self._plan(now)

    def compound(self, now: float, wall: float, *, timestamp: int, packets: int, octets: int, received: Received | None) -> bytes:
        """Return the report that is due, and plan the next. `timestamp` is our RTP timestamp of this moment; `packets` and `octets` are
        what we have sent so far; `received` is what came, None for nothing."""
        self._plan(now)
        return build_compound(self._report(now, wall, timestamp, packets, octets, received), SourceDescription(self._ssrc, self._cname))

    def farewell(self, now: float, wall: float, *, timestamp: int, packets: int, octets: int, received: Received | None) -> bytes:
        """Return the last report, which says that we leave (section 6.6). No more are due."""
        self.next_at = None
        report = self._report(now, wall, timestamp, packets, octets, received)
        return build_compound(report, SourceDescription(self._ssrc, self._cname), Goodbye((self._ssrc,)))

    def receive(self, datagram: bytes, now: float, wall: float) -> tuple[RtcpPacket, ...]:
        """Take a datagram in. Returns what was in it. Raises RtpSyntaxError."""
        packets = parse_compound(datagram)
        self.remote = replace(self.remote, reports=self.remote.reports + 1)
        for packet in packets:
            match packet:
                case SenderReport(ntp_time=ntp_time, packets=sent, blocks=blocks):
                    self.remote = replace(self.remote, sent=sent)
                    self._last_report, self._last_report_at = ntp_time >> 16 & 0xFFFFFFFF, now
                    self._read(blocks, wall)
                case ReceiverReport(blocks=blocks):
                    self._read(blocks, wall)
                case Goodbye():
                    self.goodbye = True
                case SourceDescription():
                    pass
        return packets

    def _plan(self, now: float) -> None:
        # Two sides need far less than the share of the band that reports may take, so the least interval holds. It is spread, for
        # otherwise many calls that begin at once would report at once.
        interval = LEAST_S if self._began else LEAST_S / 2
        self._began = True
        self.next_at = now + interval * (0.5 + self._draw()) / _COMPENSATION

    def _report(
        self, now: float, wall: float, timestamp: int, packets: int, octets: int, received: Received | None
    ) -> SenderReport | ReceiverReport:
        blocks = () if received is None else (self._block(now, received),)
        sends = packets > self._packets
        self._packets = packets
        if not sends:
            return ReceiverReport(self._ssrc, blocks)
        return SenderReport(self._ssrc, ntp_time(wall), timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF, blocks)

    def _block(self, now: float, received: Received) -> ReceptionBlock:
        expected = received.packets + received.lost
        before = self._before
        _, expected_before, lost_before = before if before is not None and before[0] == received.ssrc else (0, 0, 0)
        new = expected - expected_before
        fraction = min(255, max(0, received.lost - lost_before) * 256 // new) if new > 0 else 0
        self._before = (received.ssrc, expected, received.lost)
        delay = round((now - self._last_report_at) * 65536) if self._last_report else 0
        return ReceptionBlock(
            ssrc=received.ssrc,
            fraction_lost=fraction,
            lost=received.lost,
            highest_sequence=received.highest_sequence,
            jitter=received.jitter & 0xFFFFFFFF,
            last_report=self._last_report,
            delay=min(delay, 0xFFFFFFFF),
        )

    def _read(self, blocks: tuple[ReceptionBlock, ...], wall: float) -> None:
        for block in blocks:
            if block.ssrc != self._ssrc:
                continue
            round_trip = self.remote.round_trip_s
            if block.last_report:
                # Section 6.4.1: when this came, less when our report left and how long it was kept there.
                ticks = ((ntp_time(wall) >> 16) - block.last_report - block.delay) & 0xFFFFFFFF
                # Two clocks that run apart by a hair may show less than nothing.
                round_trip = ticks / 65536 if ticks < 1 << 31 else 0.0
            self.remote = replace(
                self.remote, lost=block.lost, fraction_lost=block.fraction_lost / 256, jitter=block.jitter, round_trip_s=round_trip
            )


def ntp_time(wall: float) -> int:
    """Return a moment as 64 bits: seconds since 1900, in 1/2**32 s (section 4)."""
    return round((wall + NTP_EPOCH_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
