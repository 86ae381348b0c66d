"""The reports of one session, RTCP on the wire (RFC 3550): when they are sent, where to, and who may send us some.

Lives in the media thread.
"""

from __future__ import annotations

import math
import socket
from typing import Any

from ivrtest.call.capture import Capture
from ivrtest.call.datagrams import socket_address
from ivrtest.call.inbox import ROWS, Inbox, prepare
from ivrtest.call.incoming import Incoming
from ivrtest.call.outgoing import Outgoing
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.packet import RtpSyntaxError
from ivrtest.rtp.reports import Reports
from ivrtest.rtp.srtp import SrtpSender


class Reporting:
    """Sends from the port of the sound where both sides agreed to (RFC 5761), else from the port after it."""

    def __init__(
        self,
        connection: socket.socket,
        control: socket.socket,
        inbox: Inbox,
        reports: Reports,
        outgoing: Outgoing,
        incoming: Incoming,
        capture: Capture | None,
    ) -> None:
        """`control` receives at the port after that of `connection`."""
        prepare(control)
        self.control = control
        self.reports = reports
        self.next_at = math.inf
        """When a report is due, by `time.monotonic()`."""
        self.malformed = 0
        self.strangers = 0
        self._connection = connection
        self._inbox = inbox
        self._outgoing = outgoing
        self._incoming = incoming
        self._capture = capture
        self._muxed = False
        self._destination: Any = None
        self._signalled: Any = None

    def agree(self, remote: RemoteMedia, now: float) -> None:
        """Report as agreed."""
        self._muxed = remote.rtcp_mux
        self._destination = self._signalled = remote.rtcp_address
        if self._destination is None:
            self.next_at = math.inf
            return
        self.reports.start(now)
        self.next_at = self.reports.next_at or math.inf

    def send(self, now: float, wall: float, *, position: int, cipher: SrtpSender | None, last: bool = False) -> None:
        """Send the report that is due, or the last one. `now` is by `time.monotonic()`, `wall` the same moment in seconds since 1970, and
        `position` in samples on the session's clock."""
        if self._destination is None:
            return
        outgoing = self._outgoing
        write = self.reports.farewell if last else self.reports.compound
        datagram = write(
            now,
            wall,
            timestamp=outgoing.timestamp_at(position),
            packets=outgoing.packets,
            octets=outgoing.octets,
            received=self._incoming.received(),
        )
        self.next_at = self.reports.next_at or math.inf
        if cipher is not None:
            datagram = cipher.protect_rtcp(datagram)
        destination = self._incoming.source if self._muxed and self._incoming.source is not None else self._destination
        connection = self._connection if self._muxed else self.control
        try:
            connection.sendto(datagram, destination)
        except OSError:
            # It is of use to the far side only, and the next one says it all again.
            return
        if self._capture is not None:
            self._capture.add(datagram, source=connection.getsockname()[:2], destination=destination[:2], at=wall)

    def receive(self, wall_zero: float) -> bool:
        """Take in datagrams that came to the port of reports. Returns whether more may wait. `wall_zero` is when `time.monotonic()` was
        0, in seconds since 1970."""
        datagrams = self._inbox.receive(self.control.fileno(), wall_zero)
        for datagram, name, arrived in datagrams:
            self.take(datagram, socket_address(name), arrived, wall_zero, muxed=False)
        return len(datagrams) == ROWS

    def take(self, datagram: bytes, address: Any, now: float, wall_zero: float, *, muxed: bool) -> None:
        """Take in a datagram that came to the port of reports, or, `muxed`, to that of the sound."""
        wall = now + wall_zero
        if self._capture is not None:
            here = (self._connection if muxed else self.control).getsockname()[:2]
            self._capture.add(datagram, source=address[:2], destination=here, at=wall)
        source = self._incoming.source
        known = source[0] if source is not None else self._signalled[0] if self._signalled is not None else None
        if address[0] != known and (self._signalled is None or address[0] != self._signalled[0]):
            self.strangers += 1
            return
        decryption = self._incoming.decryption
        if decryption.active:
            opened = decryption.rtcp(datagram)
            if opened is None:
                self.malformed += 1
                return
            datagram = opened
        try:
            self.reports.receive(datagram, now, wall)
        except RtpSyntaxError:
            self.malformed += 1
            return
        if not muxed and self._destination is not None:
            # Behind a NAT, reports come from where ours have to go.
            self._destination = address
