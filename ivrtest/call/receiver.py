"""What comes to the port of one session's sound. Lives in the media thread."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final

from ivrtest.call.call import SAMPLE_RATE
from ivrtest.call.capture import Capture
from ivrtest.call.datagrams import Inbox, SocketAddress, note_arrivals, socket_address, socket_name
from ivrtest.call.incoming import RTCP_TYPES, Incoming
from ivrtest.call.remote_media import Address
from ivrtest.call.reporting import Reporting

_HEADER_SIZE: Final = 12


class Receiver:
    """Reads one datagram at a time. The packets that are just what was expected wait until somebody wants to know what was heard; all
    others are taken in at once, and what they mean may be wanted at once, too."""

    def __init__(
        self,
        connection: socket.socket,
        inbox: Inbox,
        *,
        zero: float,
        incoming: Incoming,
        reporting: Reporting,
        capture: Capture | None,
        heard_from: Callable[[SocketAddress], None],
        obey: Callable[[], None],
    ) -> None:
        """`zero` is the time of position 0, by `time.monotonic()`. `heard_from` is told whom we hear, whenever that may have changed.
        `obey` does what was asked for meanwhile: the far side may know already that it is agreed on."""
        note_arrivals(connection)
        name = connection.getsockname()
        self.local_address: Final[Address] = (name[0], name[1])
        self.latest = zero
        """When the latest datagram came that was read."""
        self.stirred = False
        """Whether something came that was not just expected, since somebody last said that it was not."""
        self.after_goodbye = 0
        """Packets that came after the far side had said that it leaves."""
        self._family = connection.family
        self._descriptor = connection.fileno()
        self._receive = inbox.receive
        self._zero = zero
        self._incoming = incoming
        self._reporting = reporting
        self._capture = capture
        self._heard_from = heard_from
        self._obey = obey
        self._waiting: list[tuple[bytes, float]] = []
        self._expected = -1
        """See `Incoming.expected`."""
        self._source: bytes | None = None
        """The source, as the system names it."""

    def receive(self, wall_zero: float) -> bool:
        """Take in one datagram. Returns False if there is none. `wall_zero` is when `time.monotonic()` was 0, in seconds since 1970."""
        received = self._receive(self._descriptor)
        if received is None:
            return False
        data, name, stamp = received
        now = time.monotonic()
        # The wall clock may be set while we are at it.
        arrived = now if stamp is None else min(now, stamp - wall_zero)
        self.latest = arrived
        if len(data) >= _HEADER_SIZE and data[1] == self._expected and name == self._source:
            self._waiting.append((data, (arrived - self._zero) * SAMPLE_RATE))
            return True
        self._obey()
        self.catch_up()
        self._take(data, socket_address(name), arrived, wall_zero)
        self.stirred = True
        self.look_again()
        return True

    def catch_up(self) -> None:
        """Take in what waits."""
        waiting = self._waiting
        if waiting:
            self._waiting = []
            self._incoming.run(waiting)
            self.after_goodbye += self._reporting.reports.goodbye * len(waiting)

    def look_again(self) -> None:
        """Find out whom and what to expect: that may have changed."""
        incoming = self._incoming
        self._source = socket_name(incoming.source, self._family) if incoming.source is not None else None
        # A capture is in the order of time, so each datagram goes there at once.
        self._expected = incoming.expected if self._capture is None else -1

    def _take(self, data: bytes, address: SocketAddress, arrived: float, wall_zero: float) -> None:
        if len(data) > 1 and data[1] in RTCP_TYPES:
            self._reporting.take(data, address, arrived, wall_zero, muxed=True)
            return
        incoming = self._incoming
        secret = incoming.datagram(data, address, (arrived - self._zero) * SAMPLE_RATE)
        if incoming.source == address:
            self._heard_from(address)
            self.after_goodbye += self._reporting.reports.goodbye
        if self._capture is not None:
            self._capture.add(data, source=address[:2], destination=self.local_address, at=arrived + wall_zero, secret_key=secret)
