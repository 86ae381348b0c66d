"""What comes to the port of one session's sound. Lives in the media thread."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ivrtest.call.call import SAMPLE_RATE
from ivrtest.call.capture import Capture
from ivrtest.call.datagrams import SocketAddress, socket_address, socket_name
from ivrtest.call.inbox import ROWS, Inbox, dropped, prepare
from ivrtest.call.incoming import RTCP_TYPES, Incoming
from ivrtest.call.remote_media import Address
from ivrtest.call.reporting import Reporting
from ivrtest.call.sockets import ROUNDS

_HEADER_SIZE: Final = 12


class Receiver:
    """Reads some datagrams at a time. The packets that are just what was expected wait until somebody wants to know what was heard; all
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
        stir: Callable[[], None],
    ) -> None:
        """`zero` is the time of position 0, by `time.monotonic()`. `heard_from` is told whom we hear, whenever that may have changed.
        `stir` is called before anything is taken in that is not just what was expected."""
        prepare(connection)
        name = connection.getsockname()
        self.local_address: Final[Address] = (name[0], name[1])
        self.latest = zero
        """When the latest datagram came that was read."""
        self.after_goodbye = 0
        """Packets that came after the far side had said that it leaves."""
        self._connection = connection
        self._overrun = 0
        self._family = connection.family
        self._descriptor = connection.fileno()
        self._receive = inbox.receive
        self._zero = zero
        self._incoming = incoming
        self._reporting = reporting
        self._capture = capture
        self._heard_from = heard_from
        self._stir = stir
        self._waiting: list[tuple[bytes, float]] = []
        self._expected = -1
        """See `Incoming.expected`."""
        self._source: bytes | None = None
        """The source, as the system names it."""

    def count_overrun(self) -> int:
        """Return how many datagrams the system dropped because there was no more room for them: we did not read in time. When the
        connection is closed, it is what it was when somebody last asked. Any thread may."""
        with suppress(OSError):
            self._overrun = dropped(self._connection)
        return self._overrun

    def tell_nobody(self) -> None:
        """From now on, nobody wants to know what comes, though it is counted still."""
        self._heard_from = self._stir = _nothing

    def receive(self, wall_zero: float) -> bool:
        """Take in datagrams, if there are any. Returns whether more may wait. `wall_zero` is when `time.monotonic()` was 0, in seconds
        since 1970."""
        datagrams = self._receive(self._descriptor, wall_zero)
        zero, waiting = self._zero, self._waiting
        for data, name, arrived in datagrams:
            if name == self._source and len(data) >= _HEADER_SIZE and data[1] == self._expected:
                waiting.append((data, (arrived - zero) * SAMPLE_RATE))
                continue
            self._stir()
            self.catch_up()
            self._take(data, socket_address(name), arrived, wall_zero)
            self.look_again()
            waiting = self._waiting
        if datagrams:
            self.latest = datagrams[-1][2]
        return len(datagrams) == ROWS

    def receive_all(self, wall_zero: float) -> None:
        """Take in all that came; of a flood, no more than is taken in at one time."""
        for _ in range(ROUNDS):
            if not self.receive(wall_zero):
                break

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
        position = (arrived - self._zero) * SAMPLE_RATE
        secret = incoming.datagram(data, address, position) or incoming.echoes(position, sound=True)
        if incoming.source == address:
            self._heard_from(address)
            self.after_goodbye += self._reporting.reports.goodbye
        if self._capture is not None:
            self._capture.add(data, source=address[:2], destination=self.local_address, at=arrived + wall_zero, secret_key=secret)


def _nothing(*_: object) -> None:
    """What is done for nobody."""
