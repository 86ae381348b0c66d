"""What the RTP streams of a capture hold, put on each stream's own clock exactly as on a call: placed by timestamp, losses known."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from ivrtest.call.call import SAMPLE_RATE, Block
from ivrtest.call.captured_streams import Capture, CapturedStream, Name, open_capture, rtp_head
from ivrtest.rtp.ip import Datagram, Unwrapper
from ivrtest.rtp.key_receiver import HIDES_A_KEY, KeyReceiver, ReceivedKey
from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError
from ivrtest.rtp.srtp import SrtpError, SrtpReceiver
from ivrtest.rtp.timeline import Timeline

_DELAY: Final = SAMPLE_RATE // 2
"""Nobody waits for the sound, so packets that come late still find their place."""
_TAKE: Final = SAMPLE_RATE
"""Samples that are passed on at once."""


def play(capture: Capture, wanted: Collection[CapturedStream]) -> Iterator[tuple[CapturedStream, Block | ReceivedKey | None]]:
    """Yield what the wanted streams hold: blocks of sound, keys, and None when a stream is over. Times are on each stream's own clock.

    Raises CaptureError.
    """
    waiting: dict[Name, list[CapturedStream]] = {}
    for stream in wanted:
        waiting.setdefault((stream.source, stream.destination, stream.ssrc), []).append(stream)
    playing: dict[Name, _Player] = {}
    unwrapper = Unwrapper()
    with open_capture(capture.path) as opened:
        for number, frame in enumerate(opened, 1):
            carried = unwrapper.unwrap(frame)
            if not isinstance(carried, Datagram) or (head := rtp_head(carried.payload)) is None:
                continue
            name = (carried.source, carried.destination, head[4])
            player = playing.get(name)
            if player is None:
                next_up = waiting.get(name)
                if not next_up or next_up[0].begins > number:
                    continue
                player = playing[name] = _Player(next_up.pop(0), carried.at)
            for item in player.take(carried):
                yield player.stream, item
            if player.over:
                del playing[name]
                yield from player.finish()
    for player in playing.values():
        # The file became shorter since it was looked through.
        yield from player.finish()


class _Player:
    """One stream, put on its own clock packet by packet."""

    def __init__(self, stream: CapturedStream, first_at: float) -> None:
        self.stream = stream
        self._first_at = first_at
        self._timeline = Timeline(stream.formats, delay=_DELAY)
        self._keys = KeyReceiver()
        self._receiver = SrtpReceiver(stream.crypto.suite, stream.crypto.key) if stream.crypto is not None else None
        self._now = 0.0
        self._taken = 0
        self._packets = 0

    @property
    def over(self) -> bool:
        return self._packets >= self.stream.packets

    def take(self, datagram: Datagram) -> Iterator[Block | ReceivedKey]:
        self._packets += 1
        # Captures of several interfaces are not always in the order of time.
        self._now = max(self._now, (datagram.at - self._first_at) * SAMPLE_RATE)
        data = self._opened(datagram) if datagram.whole else None
        # A packet that is not there whole, or cannot be understood, counts as one that did not arrive.
        if data is not None and not self._timeline.insert_next(data, self._now):
            yield from self._insert(data)
        if self._keys.waits:
            yield from self._keys.expire(int(self._now))
        settled = self._timeline.settled(self._now)
        while settled - self._taken >= _TAKE:
            yield self._block(self._taken + _TAKE)

    def finish(self) -> Iterator[tuple[CapturedStream, Block | ReceivedKey | None]]:
        """Yield the rest, up to where the last packet ends."""
        for key in self._keys.finish():
            yield self.stream, key
        until = max(self._taken, self._timeline.end, int(self._now))
        while self._taken < until:
            yield self.stream, self._block(min(until, self._taken + _TAKE))
        yield self.stream, None

    def _opened(self, datagram: Datagram) -> bytes | None:
        if self._receiver is None:
            return datagram.payload
        try:
            return self._receiver.unprotect(datagram.payload)
        except SrtpError:
            return None

    def _insert(self, data: bytes) -> Iterator[ReceivedKey]:
        try:
            packet = RtpPacket.parse(data)
            begins = packet.ssrc != self._timeline.ssrc
            position = self._timeline.insert(packet, self._now)
            self._keys.missed(HIDES_A_KEY if begins else self._timeline.sequence.missing, int(self._now))
            clock_rate = self.stream.key_clocks.get(packet.payload_type)
            if clock_rate is not None:
                yield from self._keys.receive(packet, position, int(self._now), clock_rate=clock_rate)
        except RtpSyntaxError:
            return

    def _block(self, until: int) -> Block:
        samples, lost = self._timeline.take(until)
        block = Block(self._taken, samples, lost, tuple(self._timeline.missed))
        self._timeline.missed.clear()
        self._taken = until
        return block
