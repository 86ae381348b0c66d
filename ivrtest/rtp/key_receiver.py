"""Keys heard from RTP telephone events (RFC 4733), in the order in which they were pressed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from ivrtest.rtp.dtmf import END_PACKETS, KEYS, LONGEST_SEGMENT, TelephoneEvent
from ivrtest.rtp.packet import RtpPacket

HIDES_A_KEY: Final = END_PACKETS
"""A key that nobody has heard of yet may be in so many missing packets in a row: its end alone has as many (RFC 4733 section 2.5.1.4)."""
_MEMORY: Final = 32
"""So many keys are known as reported, in case packets of them come late."""
_NEVER: Final = -(1 << 62)


@dataclass(frozen=True, slots=True)
class ReceivedKey:
    """A key that the far side pressed, whole."""

    key: str
    start: int
    """The sample of our clock at which it went down."""
    samples: int
    """How long it was down."""
    ended: bool
    """False where the end was never seen and its time ran out."""
    level_dbm0: int = -10
    """How loud it says it is."""


@dataclass(slots=True)
class _Key:
    """A key that is not reported yet. Timestamps are those of its first and of its last segment (RFC 4733 section 2.5.1.3)."""

    ssrc: int
    event: int
    first: int
    last: int
    start: int
    clock_rates: tuple[int, int]
    """One of which counts its duration."""
    volume: int
    doubtful_until: int
    """When packets may still come that are missing before it, and that may be of an earlier key."""
    duration: int = 0
    """Of the last segment that was seen."""
    heard_at: int = 0
    ended: bool = False

    def has(self, packet: RtpPacket) -> bool:
        """Whether a packet belongs to a segment of it."""
        behind = (packet.timestamp - self.first) & 0xFFFFFFFF
        return packet.ssrc == self.ssrc and behind <= self._segments and behind % LONGEST_SEGMENT == 0

    def is_continued_by(self, packet: RtpPacket, event: int) -> bool:
        """Whether a packet belongs to the segment after its last one."""
        return packet.ssrc == self.ssrc and event == self.event and (packet.timestamp - self.last) & 0xFFFFFFFF == LONGEST_SEGMENT

    def continues(self, packet: RtpPacket, event: int) -> bool:
        """Whether a packet belongs to a segment just before its first one."""
        return packet.ssrc == self.ssrc and event == self.event and (self.first - packet.timestamp) & 0xFFFFFFFF == LONGEST_SEGMENT

    def is_older_than(self, ssrc: int, timestamp: int) -> bool:
        return ssrc != self.ssrc or (timestamp - self.first) & 0xFFFFFFFF < 1 << 31

    def take(self, packet: RtpPacket, event: TelephoneEvent, arrival: int) -> None:
        if packet.timestamp == self.last:
            self.duration = max(self.duration, event.duration)
            self.ended |= event.end
        self.heard_at = max(self.heard_at, arrival)

    def whole(self) -> ReceivedKey:
        took = self.heard_at - self.start
        lengths = ((self._segments + self.duration) * 8000 // rate for rate in self.clock_rates)
        samples = min(lengths, key=lambda length: abs(length - took))
        return ReceivedKey(KEYS[self.event], self.start, samples, self.ended, -self.volume)

    @property
    def _segments(self) -> int:
        """How long the segments before the last one are, in units of the timestamp."""
        return (self.last - self.first) & 0xFFFFFFFF


class KeyReceiver:
    """Tells keys from event packets: one key per SSRC and timestamp, however many packets of it come, in whatever order.

    Keys are reported in the order of their timestamps (RFC 4733 section 2.5), for a key that overtakes another on the way makes another
    number of them. So a key waits as long as one before it is not over; and, where packets are missing before it that may be a key, as
    long as these can be expected. What comes later still is reported when it comes.

    The marker is ignored, for it is lost with its packet and some senders set it wrongly.
    """

    def __init__(self, *, patience: int = 1600) -> None:
        """`patience`: samples without a packet after which a key is over though its end was not seen, and how long missing packets may
        still come (200 ms)."""
        self._patience = patience
        self._gap_at = _NEVER
        self._keys: list[_Key] = []
        """Those that are not reported yet, in the order in which they were pressed."""
        self._reported: deque[_Key] = deque(maxlen=_MEMORY)

    @property
    def waits(self) -> bool:
        """Whether a key is known that is not reported, so that `expire` may have something to report."""
        return bool(self._keys)

    def missed(self, count: int, arrival: int) -> None:
        """Take note that so many packets in a row, of any kind, are missing before the one that came at `arrival`, in samples."""
        if count >= HIDES_A_KEY:
            self._gap_at = arrival

    def receive(
        self, packet: RtpPacket, start: int, arrival: int, *, clock_rate: int = 8000, sound_rate: int | None = None
    ) -> list[ReceivedKey]:
        """Take an event packet in. `start` is where its timestamp lies on our clock, `arrival` when it came, both in samples.
        `clock_rate`: Hz of the timestamps of this payload type. `sound_rate`: those of the sound around it, where they differ, as they
        should not (RFC 4733 section 2.1). Then some count durations in the one and some in the other, and the time they took tells which.

        Returns the keys that are known whole by this packet: its own, or one before it whose end was lost. Raises RtpSyntaxError.
        """
        event = TelephoneEvent.parse(packet.payload)
        if event.event >= len(KEYS) or self._was_reported(packet, event):
            return []
        key = self._key_of(packet, event, start)
        if key is None:
            key = _Key(
                packet.ssrc,
                event.event,
                packet.timestamp,
                packet.timestamp,
                start,
                (clock_rate, sound_rate or clock_rate),
                event.volume,
                self._gap_at + self._patience,
            )
            self._keys.insert(sum(known.is_older_than(packet.ssrc, packet.timestamp) for known in self._keys), key)
        key.take(packet, event, arrival)
        return self.expire(arrival)

    def expire(self, now: int) -> list[ReceivedKey]:
        """Return the keys that have waited for long enough, as of `now` in samples: for their own end, or for another before them."""
        sure = [now >= key.doubtful_until for key in self._keys]
        count = 0
        for place, key in enumerate(self._keys):
            # A later key ends one whose end was lost.
            if not (now - key.heard_at >= self._patience or (key.ended and sure[place]) or any(sure[place + 1 :])):
                break
            count += 1
        ready, self._keys = self._keys[:count], self._keys[count:]
        return [self._report(key) for key in ready]

    def finish(self) -> list[ReceivedKey]:
        """Return the keys that wait: nothing comes any more."""
        ready, self._keys = self._keys, []
        return [self._report(key) for key in ready]

    def _report(self, key: _Key) -> ReceivedKey:
        latest = self._reported[-1] if self._reported else None
        if latest is not None and latest.is_older_than(key.ssrc, key.first):
            # The timestamps may have been tied to our clock anew between the two, so that the second seems to begin before the first.
            key.start = max(key.start, latest.start)
        self._reported.append(key)
        return key.whole()

    def _key_of(self, packet: RtpPacket, event: TelephoneEvent, start: int) -> _Key | None:
        for key in self._keys:
            if key.has(packet):
                return key
            if key.is_continued_by(packet, event.event):
                key.last = packet.timestamp
                key.duration = 0
                return key
            if key.continues(packet, event.event):
                key.first = packet.timestamp
                key.start = min(key.start, start)
                return key
        return None

    def _was_reported(self, packet: RtpPacket, event: TelephoneEvent) -> bool:
        for key in self._reported:
            if key.has(packet):
                return True
            if not key.ended and key.is_continued_by(packet, event.event):
                # It was taken for over while the line stood still.
                key.last = packet.timestamp
                return True
        return False
