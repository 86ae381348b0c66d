"""A far side that does as a test says: proper SIP from an agent of ours, and RTP as bad as the test likes."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
from types import TracebackType
from typing import Self, TypeVar

from ivrtest.audio.g711 import ulaw_encode
from ivrtest.call.call import Samples
from ivrtest.call.udp import UdpPort
from ivrtest.rtp.dtmf import KEYS, TelephoneEvent
from ivrtest.rtp.packet import RtpPacket
from ivrtest.sip import events as sip
from ivrtest.sip.agent import Agent
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri

FRAME = 160
E = TypeVar("E", bound=sip.Event)
CODECS = "m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"


class FarSide:
    """One end of calls: SIP at a port of this machine, sound from as many ports as wanted."""

    def __init__(self, *, answers: bool = True, media: str = CODECS) -> None:
        """`answers`: it takes calls at once, and every change of the session. `media`: what its session descriptions say of the sound."""
        self.events: asyncio.Queue[sip.Event] = asyncio.Queue()
        self.offers: list[bytes] = []
        self._answers = answers
        self.media = media
        """What session descriptions say from now on."""
        self._port = UdpPort("127.0.0.1", 0, receive=self._receive, unreachable=lambda destination, problem: None)
        token = random.Random().randbytes(4).hex()
        numbers = itertools.count()
        self.agent = Agent(self._port.local_address, token=lambda: f"{token}{next(numbers)}", user="far")
        self.uri = str(SipUri.of(*self._port.local_address, user="far"))
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._versions = itertools.count(1)
        self.sound = Sound()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._port.close()
        self.sound.close()

    def description(self, sound: Sound | None = None) -> bytes:
        """Return a session description that says where `sound` receives."""
        port = (sound or self.sound).address[1]
        version = next(self._versions)
        lines = f"v=0\r\no=far 7 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{self.media.format(port=port)}"
        return lines.encode()

    async def next(self, kind: type[E]) -> E:
        """Return the next event of a kind."""
        while True:
            event = await self.events.get()
            if isinstance(event, kind):
                return event

    def reinvite(self, handle: str, sound: Sound) -> None:
        """Ask for the sound to go to and come from elsewhere."""
        self.agent.reinvite(handle, self.description(sound), self._loop.time())
        self.flush()

    def bye(self, handle: str) -> None:
        self.agent.bye(handle, self._loop.time())
        self.flush()

    def their_address(self) -> Address:
        """Return where the other side receives sound, as its latest offer says."""
        lines = dict(line.split("=", 1) for line in self.offers[-1].decode().split("\r\n") if "=" in line and line[0] in "cm")
        return lines["c"].split()[-1], int(lines["m"].split()[1])

    def _receive(self, data: bytes, source: Address) -> None:
        self.agent.receive(data, source, self._loop.time())
        self.flush()

    def flush(self) -> None:
        while (event := self.agent.next_event()) is not None:
            if isinstance(event, sip.IncomingCall | sip.SessionOffered) and event.offer:
                self.offers.append(event.offer)
                if self._answers:
                    self.agent.answer(event.handle, self.description(), self._loop.time())
            self.events.put_nowait(event)
        for data, destination in self.agent.datagrams():
            self._port.send(data, destination)
        if self._timer is not None:
            self._timer.cancel()
        due = self.agent.timer()
        self._timer = None if due is None else self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self.agent.handle_timer(self._loop.time())
        self.flush()


class Sound:
    """One RTP stream from a port of this machine, and what comes there."""

    def __init__(self, ssrc: int = 1) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address: Address = self._socket.getsockname()
        self.ssrc = ssrc
        self.sequence = 100
        self.timestamp = 1000

    def close(self) -> None:
        self._socket.close()

    def send(self, to: Address, samples: Samples, *, payload_type: int = 0) -> None:
        """Send one packet."""
        self.raw(to, bytes(RtpPacket(payload_type, self.sequence, self.timestamp, self.ssrc, ulaw_encode(samples).tobytes())))
        self.timestamp += len(samples)

    def key(self, to: Address, key: str, duration: int, *, end: bool = False) -> None:
        """Send one packet of a key, which began at the stream's present timestamp."""
        event = TelephoneEvent(KEYS.index(key), end, duration, 10)
        self.raw(to, bytes(RtpPacket(101, self.sequence, self.timestamp, self.ssrc, bytes(event))))

    def raw(self, to: Address, data: bytes) -> None:
        self.sequence = (self.sequence + 1) & 0xFFFF
        self._socket.sendto(data, to)

    async def received(self) -> tuple[bytes, Address]:
        """Return the next datagram that comes, and where from."""
        return await asyncio.get_running_loop().sock_recvfrom(self._socket, 2048)

    def drain(self) -> int:
        """Take all that has come; return how much."""
        count = 0
        while True:
            try:
                self._socket.recv(2048)
            except BlockingIOError:
                return count
            count += 1
