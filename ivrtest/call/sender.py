"""What leaves from the port of one session's sound, each packet at its time. Lives in the media thread."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable, Iterable
from typing import Final

from ivrtest.call.call import SAMPLE_RATE
from ivrtest.call.capture import Capture
from ivrtest.call.datagrams import SocketAddress, send, socket_name
from ivrtest.call.impairment import BadNetwork, Impairment
from ivrtest.call.outgoing import Outgoing
from ivrtest.call.pacing import Pacing
from ivrtest.rtp.srtp import SrtpSender

SAMPLE_S: Final = 1 / SAMPLE_RATE


class Sender:
    """Sends what `Outgoing` makes."""

    def __init__(
        self, connection: socket.socket, *, zero: float, outgoing: Outgoing, capture: Capture | None, happened: Callable[[], None]
    ) -> None:
        """`zero` is the time of position 0, by `time.monotonic()`. `happened` is called when `outgoing` has events."""
        self.due = zero
        """When the next packet is to leave, by `time.monotonic()`; never after `stop`."""
        self.ready: list[bytes] = []
        """The next packets, the last one first."""
        self.straight: bytes | None = None
        """Where packets go just as they are, as the system names it; None where there is more to do."""
        self.descriptor = connection.fileno()
        self.pacing = Pacing()
        self.times, self.deadlines = self.pacing.columns()
        self.step = outgoing.tick * SAMPLE_S
        """Seconds from one packet to the next, of those that are ready."""
        self.unsent = 0
        """Packets that the system refused to send."""
        self._begin = 0
        """Where the packets begin that were made together, in samples."""
        self._tick = outgoing.tick
        self._made = 0
        """How many there were of those."""
        self._zero = zero
        self._outgoing = outgoing
        self._happened = happened
        self._connection = connection
        name = connection.getsockname()
        self._local_address = (name[0], name[1])
        self._capture = capture
        self._cipher: SrtpSender | None = None
        self._network: BadNetwork | None = None
        self._destination: SocketAddress | None = None
        self._name: bytes | None = None
        """The destination, as the system names it."""

    @property
    def position(self) -> int:
        """Of the next packet, in samples."""
        return self._begin + (self._made - len(self.ready)) * self._tick

    @property
    def cipher(self) -> SrtpSender | None:
        """What packets are encrypted with; None: they are not."""
        return self._cipher

    @cipher.setter
    def cipher(self, cipher: SrtpSender | None) -> None:
        self._cipher = cipher
        self._look_again()

    @property
    def destination(self) -> SocketAddress | None:
        """Where packets go; None as long as none do."""
        return self._destination

    @destination.setter
    def destination(self, destination: SocketAddress) -> None:
        if destination != self._destination:
            self._destination = destination
            self._name = socket_name(destination, self._connection.family)
            self._look_again()

    def impair(self, impairment: Impairment | None) -> None:
        """From now on, treat what leaves as a bad network would; None: as usual. What has not arrived by then is lost."""
        self._network = BadNetwork(impairment) if impairment is not None else None
        self._look_again()

    def _look_again(self) -> None:
        self.straight = self._name if self._capture is None and self._cipher is None and self._network is None else None

    def stop(self) -> None:
        """Send nothing more. What has not arrived by then is lost."""
        self.catch_up()
        self.due = math.inf
        self._network = None

    def tell_nobody(self) -> None:
        """From now on, nobody wants to know what happens."""
        self._happened = _nothing

    def catch_up(self) -> None:
        """Let `outgoing` know what was sent, before anything is asked of it, or done to it. Nothing is ready then."""
        if self._made:
            self._begin = self.position
            self._outgoing.passed(self._made - len(self.ready))
            self.ready, self._made = [], 0

    def make_ready(self) -> None:
        """Make the packets that come next, where they are like the one before."""
        self.catch_up()
        outgoing = self._outgoing
        self._tick = outgoing.tick
        self.ready = outgoing.run(self._begin)
        self.ready.reverse()
        self._made = len(self.ready)
        self.step = self._tick * SAMPLE_S
        self.times, self.deadlines = self.pacing.columns()

    def send(self, now: float, wall: float) -> None:
        """Send all packets that are due at `now`, by `time.monotonic()`. `wall` is the same moment in seconds since 1970."""
        while self.due <= now:
            deadline = self.due
            if not self.ready:
                self.make_ready()
            packet = (self.ready.pop(), False) if self.ready else self._unlike()
            self.due = self._zero + self.position * SAMPLE_S
            if packet is not None:
                self._dispatch(*packet, deadline, wall)
        if self._network is not None and self._name is not None:
            for arrived in self._network.due(now):
                send(self.descriptor, arrived, self._name)

    def _unlike(self) -> tuple[bytes, bool] | None:
        """Return the next packet where it is not just like the one before, and whether it carries a secret key; None for none."""
        packet = self._outgoing.packet(self._begin)
        self._begin += self._tick
        if self._outgoing.events:
            self._happened()
        return packet

    def _dispatch(self, datagram: bytes, secret: bool, deadline: float, wall: float) -> None:
        if self._cipher is not None:
            datagram = self._cipher.protect(datagram)
        if self._network is not None:
            self._network.send(datagram, deadline)
        elif self._name is None or not send(self.descriptor, datagram, self._name):
            # The call goes on: a route may come back, and the far side counts what it misses.
            self.unsent += 1
            return
        self.times.append(time.monotonic())
        self.deadlines.append(deadline)
        if self._capture is not None and self._destination is not None:
            self._capture.add(datagram, source=self._local_address, destination=self._destination[:2], at=wall, secret_key=secret)


def _nothing() -> None:
    """What is done for nobody."""


def send_due(senders: Iterable[Sender], now: float, wall: float) -> None:
    """Let each send all packets that are due at `now`, as `Sender.send` does.

    What is ready goes first, and what is made ready for next time waits until all have sent: of many, the last is not to be late.
    """
    clock = time.monotonic
    spent: list[Sender] = []
    for sender in senders:
        due, ready, name = sender.due, sender.ready, sender.straight
        if due > now or name is None or not ready:
            sender.send(now, wall)
            continue
        # Nearly always this is all there is to do.
        if send(sender.descriptor, ready.pop(), name):
            sender.times.append(clock())
            sender.deadlines.append(due)
        else:
            sender.unsent += 1
        sender.due = due = due + sender.step
        if due <= now:
            sender.send(now, wall)
        elif not ready:
            spent.append(sender)
    for sender in spent:
        sender.make_ready()
