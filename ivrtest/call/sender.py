"""What leaves from the port of one session's sound, each packet at its time. Lives in the media thread."""

from __future__ import annotations

import socket
import time
from typing import Final

from ivrtest.call import datagrams
from ivrtest.call.call import SAMPLE_RATE
from ivrtest.call.capture import Capture
from ivrtest.call.datagrams import SocketAddress, socket_name
from ivrtest.call.impairment import BadNetwork, Impairment
from ivrtest.call.outgoing import Outgoing
from ivrtest.call.pacing import Pacing
from ivrtest.rtp.srtp import SrtpSender

SAMPLE_S: Final = 1 / SAMPLE_RATE


class Sender:
    """Sends what `Outgoing` makes."""

    def __init__(self, connection: socket.socket, *, zero: float, outgoing: Outgoing, capture: Capture | None) -> None:
        """`zero` is the time of position 0, by `time.monotonic()`."""
        self.position = 0
        """Of the next packet, in samples."""
        self.due = zero
        """When the next packet is to leave, by `time.monotonic()`."""
        self.pacing = Pacing()
        self.unsent = 0
        """Packets that the system refused to send."""
        self._connection = connection
        self._descriptor = connection.fileno()
        name = connection.getsockname()
        self._local_address = (name[0], name[1])
        self._zero = zero
        self._outgoing = outgoing
        self._run: list[bytes] = []
        """Packets that are ready, the last first ..."""
        self._run_length = 0
        """... and how many they were at first."""
        self._tick = outgoing.tick
        self._capture = capture
        self._cipher: SrtpSender | None = None
        self._network: BadNetwork | None = None
        self._destination: SocketAddress | None = None
        self._name: bytes | None = None
        """The destination, as the system names it."""
        self._plain = capture is None
        """Whether packets just leave as they are."""

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

    def impair(self, impairment: Impairment | None) -> None:
        """From now on, treat what leaves as a bad network would; None: as usual. What has not arrived by then is lost."""
        self._network = BadNetwork(impairment) if impairment is not None else None
        self._look_again()

    def _look_again(self) -> None:
        self._plain = self._capture is None and self._cipher is None and self._network is None

    def catch_up(self) -> None:
        """Let `outgoing` know what was sent, before anything is asked of it, or done to it. Nothing is ready then."""
        if self._run_length:
            self._outgoing.passed(self._run_length - len(self._run))
            self._run, self._run_length = [], 0

    def send(self, now: float, wall: float) -> bool:
        """Send all packets that are due at `now`, by `time.monotonic()`. `wall` is the same moment in seconds since 1970. Returns whether
        any was not just like the one before it."""
        unlike = False
        while self.due <= now:
            deadline = self.due
            if not self._run:
                self._make_ready()
            if self._run:
                # Nearly always this is all there is to do.
                datagram, secret = self._run.pop(), False
                self._advance()
            else:
                unlike = True
                packet = self._outgoing.packet(self.position)
                self._advance()
                if packet is None:
                    continue
                datagram, secret = packet
            if not self._plain:
                self._dispatch(datagram, secret, deadline, wall)
            elif self._name is not None and datagrams.send(self._descriptor, datagram, self._name):
                self.pacing.note(deadline, time.monotonic())
            else:
                # The call goes on: a route may come back, and the far side counts what it misses.
                self.unsent += 1
        if self._network is not None and self._name is not None:
            for arrived in self._network.due(now):
                datagrams.send(self._descriptor, arrived, self._name)
        return unlike

    def _make_ready(self) -> None:
        self.catch_up()
        self._run = self._outgoing.run(self.position)
        self._run.reverse()
        self._run_length = len(self._run)
        self._tick = self._outgoing.tick

    def _advance(self) -> None:
        self.position += self._tick
        self.due = self._zero + self.position * SAMPLE_S

    def _dispatch(self, datagram: bytes, secret: bool, deadline: float, wall: float) -> None:
        if self._cipher is not None:
            datagram = self._cipher.protect(datagram)
        if self._network is not None:
            self._network.send(datagram, deadline)
        elif self._name is None or not datagrams.send(self._descriptor, datagram, self._name):
            self.unsent += 1
            return
        self.pacing.note(deadline, time.monotonic())
        if self._capture is not None and self._destination is not None:
            self._capture.add(datagram, source=self._local_address, destination=self._destination[:2], at=wall, secret_key=secret)
