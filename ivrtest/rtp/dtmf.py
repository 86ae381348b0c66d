"""Keys as RTP telephone events (RFC 4733): the wire value, and how they are sent. `key_receiver` hears them."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ivrtest.rtp.packet import RtpSyntaxError

KEYS = "0123456789*#ABCD"
"""Every key, at the index of its event code (RFC 4733 table 3)."""
TICK_MS = 20
"""Milliseconds between two packets of an event, unless sound is sent at another pace."""
END_PACKETS = 3
"""The last packet of an event is sent three times in all (RFC 4733 section 2.5.1.4)."""
LONGEST_SEGMENT = 0xFFFF
"""Longer events are cut into segments (RFC 4733 section 2.5.1.3)."""
_WIRE = struct.Struct("!BBH")


def checked_keys(keys: str, *, secret: bool = False) -> str:
    """Return the keys in upper case. Raises ValueError for what is no key; the message does not repeat it if it is `secret`."""
    for place, key in enumerate(keys, 1):
        if key.upper() not in KEYS:
            shown = "" if secret else f' "{key}"'
            raise ValueError(f"key{shown} at place {place} of {len(keys)} is no key. keys are 0 to 9, *, # and A to D")
    return keys.upper()


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """The payload of one event packet (RFC 4733 section 2.3)."""

    event: int
    """0 to 9 for digits, 10 for *, 11 for #, 12 to 15 for A to D; others are no keys."""
    end: bool
    duration: int
    """Since the packet's timestamp, in units of it."""
    volume: int = 10
    """0 to 63: dBm0 below zero."""

    @classmethod
    def parse(cls, payload: bytes) -> TelephoneEvent:
        """Read the first event of a payload. Raises RtpSyntaxError.

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     event     |E|R| volume    |          duration             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        """
        if len(payload) < _WIRE.size:
            raise RtpSyntaxError(f"a telephone event has 4 octets, the payload {len(payload)}")
        event, flags, duration = _WIRE.unpack_from(payload)
        return cls(event, bool(flags & 0x80), duration, flags & 0x3F)

    def __bytes__(self) -> bytes:
        return _WIRE.pack(self.event, (0x80 if self.end else 0) | self.volume, self.duration)


@dataclass(frozen=True, slots=True)
class KeyForm:
    """How a key is pressed. Raises ValueError for a key under 40 ms or over 60 s, which ITU-T Q.24 receivers need not recognise, a gap
    under 60 ms, which the end packets need, or a volume that RFC 4733 section 2.3.4 has no number for."""

    ms: int = 100
    """How long it is down; rounded up to the pace at which packets are sent."""
    gap_ms: int = 100
    """How long nothing follows it; rounded up, too."""
    volume: int = 10
    """dBm0 below zero, of each of the two tones: 0 to 63."""

    def __post_init__(self) -> None:
        if not 40 <= self.ms <= 60_000:
            raise ValueError(f'a key lasts 40 to 60000 ms, not "{self.ms}"')
        if not 60 <= self.gap_ms <= 60_000:
            raise ValueError(f'the gap after a key lasts 60 to 60000 ms, not "{self.gap_ms}"')
        if not 0 <= self.volume <= 63:
            raise ValueError(f'the volume of a key is 0 to 63 dBm0 below zero, not "{self.volume}"')


USUAL_KEY = KeyForm()


@dataclass(frozen=True, slots=True)
class KeyPacket:
    """What one tick of a key sends."""

    payload: bytes
    marker: bool
    timestamp: int
    key: str
    secret: bool
    form: KeyForm
    seconds: float
    """How long the whole key lasts, as it is sent."""
    last: bool
    """Whether the key has left, whole, with this packet."""


@dataclass(frozen=True, slots=True)
class _Press:
    key: str
    secret: bool
    form: KeyForm


class KeySender:
    """Sends keys, one packet per tick: the marker on the first, the timestamp fixed, the duration growing, the end sent three times.

    The second and third end packet fall into the gap after the key.
    """

    def __init__(self, form: KeyForm = USUAL_KEY) -> None:
        """`form` is that of keys for which nothing else is said."""
        self._form = form
        self.tick_ms = TICK_MS
        self.clock_rate = 8000
        """Hz of the durations of the events. Like the pace, it may be changed; a key under way is sent as it was begun."""
        self._waiting: deque[_Press] = deque()
        self._running: Iterator[KeyPacket | None] | None = None
        self._now = 0

    @property
    def busy(self) -> bool:
        """Whether a tick has something to do: a key or a gap is under way, or keys wait."""
        return self._running is not None or bool(self._waiting)

    def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        """Queue keys. Raises ValueError as `checked_keys` does, and then queues none of them."""
        wanted = checked_keys(keys, secret=secret)
        self._waiting.extend(_Press(key, secret, form or self._form) for key in wanted)

    def tick(self, timestamp: int, *, may_begin: bool = True) -> KeyPacket | None:
        """Return what to send in place of the audio at `timestamp`, or None: send audio. Without `may_begin` no new key is begun."""
        self._now = timestamp
        while self._running is not None or (self._waiting and may_begin):
            if self._running is None:
                self._running = self._one(self._waiting.popleft())
            try:
                return next(self._running)
            except StopIteration:
                self._running = None
        return None

    def _one(self, press: _Press) -> Iterator[KeyPacket | None]:
        form, tick_ms = press.form, self.tick_ms
        ticks = -(-form.ms // tick_ms)
        step = tick_ms * self.clock_rate // 1000
        start = self._now
        before = 0
        first = True
        for tick in range(1, ticks + 1):
            last = tick == ticks
            duration = tick * step - before
            if duration > LONGEST_SEGMENT and last:
                before, duration = before + LONGEST_SEGMENT, duration - LONGEST_SEGMENT
            timestamp = (start + before) & 0xFFFFFFFF
            if duration > LONGEST_SEGMENT:
                # This segment is full: report it whole. The next one begins where it ends.
                before, duration = before + LONGEST_SEGMENT, LONGEST_SEGMENT
            event = TelephoneEvent(KEYS.index(press.key), last, duration, form.volume)
            packet = KeyPacket(bytes(event), first, timestamp, press.key, press.secret, form, ticks * tick_ms / 1000, last=False)
            first = False
            yield packet
        yield packet
        yield replace(packet, last=True)
        for _ in range(-(-form.gap_ms // tick_ms) - (END_PACKETS - 1)):
            yield None
