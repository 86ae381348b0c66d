"""Packets in, samples out: every payload at its place on the call's clock.

The first packet ties the far side's timestamps to our clock at the moment it arrives; from then on a payload lies where its
timestamp says. What never came leaves a gap of its own length. Where nothing was sent there is silence; where sequence numbers
are missing the gap is marked as lost.

Another SSRC, a restart of the sequence numbers, a jump of the timestamps and a delay that stays tie anew, at the arrival of the
packet that showed it. A far clock that runs fast or slow is followed softly: two samples of a packet are left out or repeated.
Both are counted.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ivrtest.rtp.losses import Losses, Mask
from ivrtest.rtp.packet import RtpPacket
from ivrtest.rtp.payload import SAMPLE_RATE, PayloadFormat, Samples
from ivrtest.rtp.pieces import Piece, Pieces
from ivrtest.rtp.sequence import Arrival, Jitter, Sequence

COMFORT_NOISE = 13
"""RFC 3389: the far side says that it is silent, and how loud the noise is that it leaves out."""
JUMP = 8000
"""A packet this many samples before its time shows a jump of the timestamps."""
PACED = 80
"""Two late packets this many samples apart were sent one after another; closer, they are the end of a stall."""
STEER_EVERY = 50
"""Packets between two looks at the far side's clock."""
EARLIEST, LATEST = 320, -80
"""Between these two, how early the quickest packet of such a stretch is needs no correction."""
SLIP = 2
"""Samples left out or repeated per packet: with 20 ms packets, enough for clocks 1.2 % apart."""
_HEAD = struct.Struct("!HHII")


@dataclass(frozen=True, slots=True)
class TimelineStats:
    received: int
    lost: int
    late: int
    """Packets that came after their time had been taken."""
    duplicated: int
    reordered: int
    jitter: float
    """Samples (RFC 3550 A.8)."""
    malformed: int
    """Payloads that could not be decoded."""
    reanchored: int
    slipped: int
    """Samples repeated (positive) or left out (negative)."""


class Timeline:
    """Places the packets of one far side. All positions, arrivals and lengths are samples on the call's clock."""

    def __init__(self, formats: Mapping[int, PayloadFormat], *, delay: int = 320, patience: int = 1600) -> None:
        """`formats` says what each audio payload type is; packets of any other have a place in the sequence but no samples.

        `delay`: how long after its time a sample is settled, so that packets out of order find their place (40 ms). `patience`: how
        long that may become when the far side suddenly falls silent, so that a stall is not taken for silence (200 ms).
        """
        self.noise_types = frozenset({COMFORT_NOISE})
        """The payload types of comfort noise."""
        self.noise_dbov: int | None = None
        """How loud the far side says its silence is (0 down to -127 dBov); None as long as it has not said."""
        self._pieces = Pieces(formats)
        self._delay = delay
        self._patience = patience
        self._sequence = Sequence()
        self._followed = 0
        """Packets that were just what was expected, and that `_sequence` is not told of yet."""
        self._next_sequence = -1
        self._jitter = Jitter()
        self._ssrc: int | None = None
        self._head = -1
        """The first two octets that `insert_next` takes: version 2, nothing optional, no marker, the payload type of the packet before."""
        self._rate = SAMPLE_RATE
        """Hz of the far side's timestamps."""
        self._timestamp = 0
        self._position = 0
        """Where `_timestamp` lies on our clock."""
        self._end = 0
        """Where the newest packet ends."""
        self._frame = 160
        """How long the newest packet is, in samples ..."""
        self._size = 0
        """... and in octets, its header included."""
        self._next_timestamp = -1
        """What a packet has that begins where the newest one ends. -1: none does."""
        self._arrival = 0.0
        self._active = False
        """Whether the far side is sending: it came up, and announced no silence."""
        self._losses = Losses()
        self._taken = 0
        self._held: tuple[RtpPacket, float] | None = None
        """A packet after its time, until the next one tells whether the far side paused or the line stalled; and when it arrived."""
        self._earliest = -math.inf
        self._looked = 0
        self._slip = 0
        self._late = 0
        self._reanchored = 0
        self._slipped = 0

    @property
    def stats(self) -> TimelineStats:
        seen = self._sequence
        return TimelineStats(
            received=seen.received + self._followed,
            lost=seen.lost,
            late=self._late,
            duplicated=seen.duplicated,
            reordered=seen.reordered,
            jitter=self._jitter.ticks * SAMPLE_RATE / self._rate,
            malformed=self._pieces.malformed,
            reanchored=self._reanchored,
            slipped=self._slipped,
        )

    @property
    def formats(self) -> Mapping[int, PayloadFormat]:
        """What each audio payload type is."""
        return self._pieces.formats

    @formats.setter
    def formats(self, formats: Mapping[int, PayloadFormat]) -> None:
        self._pieces.formats = formats

    @property
    def missed(self) -> list[tuple[int, int]]:
        """Stretches that were taken for silence before a later packet's number showed that they were lost. The reader empties it."""
        return self._losses.missed

    @property
    def sequence(self) -> Sequence:
        """Which packets came."""
        self._catch_up()
        return self._sequence

    @property
    def jitter_ticks(self) -> int:
        """Interarrival jitter in units of the far side's timestamps, as a receiver report has it."""
        return int(self._jitter.ticks)

    @property
    def highest_sequence(self) -> int:
        """Extended, as a receiver report has it (RFC 3550 section 6.4.1)."""
        return self.sequence.highest

    @property
    def end(self) -> int:
        """Where the newest packet ends, in samples on our clock."""
        return self._end

    @property
    def clock_rate(self) -> int:
        """Hz of the far side's timestamps."""
        return self._rate

    @property
    def ssrc(self) -> int | None:
        return self._ssrc

    def insert_next(self, datagram: bytes, arrival: float) -> bool:
        """Take a datagram of at least 12 octets if it is just the packet that was expected. Otherwise return False: it wants `insert`.

        This is the path of nearly every packet, so it does no more than it must.
        """
        head, sequence, timestamp, ssrc = _HEAD.unpack_from(datagram)
        end = self._end
        if (
            sequence != self._next_sequence
            or timestamp != self._next_timestamp
            or head != self._head
            or ssrc != self._ssrc
            or len(datagram) != self._size
            or end < self._taken
            or self._slip
            or self._held is not None
        ):
            return False
        early = end - arrival
        if early > JUMP:
            return False
        self._followed += 1
        self._next_sequence = sequence + 1 & 0xFFFF
        self._jitter.arrive(timestamp, arrival)
        frame = self._frame
        self._pieces.append(Piece(end, end + frame, self._pieces.stream + (head & 0x7F), datagram[12:]))
        self._next_timestamp = 2 * timestamp - self._timestamp & 0xFFFFFFFF
        self._timestamp = timestamp
        self._position = end
        self._end = end + frame
        self._arrival = arrival
        if early > self._earliest:
            self._earliest = early
        self._looked += 1
        if self._looked >= STEER_EVERY:
            self._steer()
        return True

    def insert(self, packet: RtpPacket, arrival: float) -> int:
        """Take any packet in. Returns where its timestamp lies on our clock."""
        self._catch_up()
        position = self._insert(packet, arrival)
        self._next_sequence = self._sequence.next
        return position

    def _catch_up(self) -> None:
        """Let the sequence know of the packets that were just what was expected."""
        followed, self._followed = self._followed, 0
        if followed:
            self._sequence.follow(followed)

    def _insert(self, packet: RtpPacket, arrival: float) -> int:
        audio = packet.payload_type in self._pieces.formats
        if packet.ssrc != self._ssrc:
            self._reanchored += self._ssrc is not None
            self._ssrc = packet.ssrc
            self._sequence.restart(packet.sequence)
            self._pieces.forget()
            return self._restart(packet, arrival)
        match self._sequence.arrive(packet.sequence):
            case Arrival.RESTART:
                self._reanchored += 1
                return self._restart(packet, arrival)
            case Arrival.DUPLICATE | Arrival.STRAY:
                return self._place_of(packet.timestamp)
            case Arrival.REORDERED:
                position = self._place_of(packet.timestamp)
                # An older packet with a newer timestamp is nonsense, and could lie anywhere.
                if audio and position < self._end:
                    self._late += position < self._taken
                    self._put(position, packet)
                return position
            case Arrival.NEXT if audio and self._pieces.formats[packet.payload_type].clock_rate != self._rate:
                # Its timestamps count in another unit from now on, so they say nothing of where it lies (RFC 7160).
                self._reanchored += 1
                self._mark_gap(int(arrival))
                return self._restart(packet, arrival)
            case Arrival.NEXT:
                return self._insert_newest(packet, arrival) if audio else self._note(packet, arrival)

    def settled(self, now: float) -> int:
        """Return how far the samples may be taken: nothing that could still find its place is missing before."""
        until = max(self._taken, int(now) - self._delay)
        if self._held is not None:
            arrival = self._held[1]
            if now - arrival < self._patience:
                return min(until, max(self._taken, int(arrival)))
            self._drop_held()
        if self._active and self._end < until and now - self._arrival < self._patience:
            return max(self._taken, self._end)
        return until

    def take(self, until: int) -> tuple[Samples, Mask]:
        """Return the samples up to `until` and whether each was lost, from where the take before ended."""
        start, self._taken = self._taken, until
        return self._pieces.take(start, until), self._losses.take(start, until)

    def _place_of(self, timestamp: int) -> int:
        ticks = ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return self._position + (ticks if self._rate == SAMPLE_RATE else ticks * SAMPLE_RATE // self._rate)

    def _insert_newest(self, packet: RtpPacket, arrival: float) -> int:
        self._jitter.arrive(packet.timestamp, arrival)
        position = self._place_of(packet.timestamp)
        if position - arrival > JUMP or (packet.marker and position < self._taken):
            self._drop_held()
            self._reanchored += 1
            self._mark_gap(int(arrival))
            return self._tie(packet, arrival)
        if position < self._taken:
            held = self._held
            if held is not None and arrival - held[1] >= PACED:
                # Two late ones, a frame apart: the far side paused without counting on, or the line is slower from now on.
                self._held = None
                self._reanchored += 1
                self._tie(*held)
                return self._insert_newest_in_time(packet, arrival, self._place_of(packet.timestamp))
            self._drop_held()
            self._held = (packet, arrival)
            self._arrival = arrival
            return position
        self._drop_held()
        return self._insert_newest_in_time(packet, arrival, position)

    def _insert_newest_in_time(self, packet: RtpPacket, arrival: float, position: int) -> int:
        self._mark_gap(position)
        slip = self._slip
        # Of short packets every other one, so that the pitch changes no more than with longer ones.
        if slip and position == self._end and (length := self._length(packet)) >= (80 if packet.sequence % 2 else 160):
            self._slipped += slip
            self._advance(packet, arrival, position + slip)
            self._pieces.put(position, position + length + slip, packet.payload_type, packet.payload, -slip)
        else:
            self._advance(packet, arrival, position)
            self._put(position, packet)
        self._earliest = max(self._earliest, position - arrival)
        self._looked += 1
        if self._looked >= STEER_EVERY:
            self._steer()
        return position

    def _note(self, packet: RtpPacket, arrival: float) -> int:
        """Take a packet without audio: it has a number in the sequence, and while such packets come the far side is no more than silent."""
        here = max(self._end, int(arrival))
        self._mark_gap(here)
        self._end = here
        self._next_timestamp = -1
        self._arrival = arrival
        self._active = packet.payload_type not in self.noise_types
        if not self._active and packet.payload:
            self.noise_dbov = -(packet.payload[0] & 0x7F)
        position = self._place_of(packet.timestamp)
        # An event's timestamp is that of its start, so it may lie back; timestamps that fit nothing are those of a broken sender.
        return position if arrival - 60 * 8000 < position <= arrival + JUMP else int(arrival)

    def _restart(self, packet: RtpPacket, arrival: float) -> int:
        self._held = None
        self._jitter.restart()
        if (payload_format := self._pieces.formats.get(packet.payload_type)) is not None:
            if payload_format.clock_rate != self._rate:
                self._rate = payload_format.clock_rate
                self._jitter = Jitter(self._rate / SAMPLE_RATE)
            self._jitter.arrive(packet.timestamp, arrival)
        return self._tie(packet, arrival)

    def _tie(self, packet: RtpPacket, arrival: float) -> int:
        """Let the packet's timestamp be the moment it arrived, or the first sample that is not taken yet."""
        position = max(self._taken, int(arrival))
        self._pieces.cut(position)
        self._losses.cut(position)
        self._end = min(self._end, position)
        self._earliest, self._looked, self._slip = -math.inf, 0, 0
        self._advance(packet, arrival, position)
        if packet.payload_type in self._pieces.formats:
            self._put(position, packet)
        return position

    def _advance(self, packet: RtpPacket, arrival: float, position: int) -> None:
        """Note the newest packet: what follows it is expected there."""
        self._timestamp = packet.timestamp
        self._position = position
        self._arrival = arrival
        self._active = packet.payload_type not in self.noise_types
        self._next_timestamp = -1
        if packet.payload_type in self._pieces.formats:
            self._frame = self._length(packet)
            self._end = position + self._frame
            self._head = 0x8000 | packet.payload_type
            steady = self._pieces.formats[packet.payload_type].steady
            self._size = _HEAD.size + len(packet.payload) if steady else -1
            self._next_timestamp = packet.timestamp + self._frame * self._rate // SAMPLE_RATE & 0xFFFFFFFF

    def _length(self, packet: RtpPacket) -> int:
        """Return how long a packet of sound is, in samples."""
        return self._pieces.formats[packet.payload_type].length(packet.payload)

    def _put(self, position: int, packet: RtpPacket) -> None:
        """Lay a payload down, but for what is taken already."""
        end = position + self._length(packet)
        if end <= self._taken:
            return
        cut = max(0, self._taken - position)
        self._pieces.put(position + cut, end, packet.payload_type, packet.payload, cut)
        self._losses.fill(position, end)

    def _drop_held(self) -> None:
        """Decide that the held packet was just late."""
        if self._held is not None:
            packet, _ = self._held
            self._held = None
            self._late += 1
            position = self._place_of(packet.timestamp)
            self._put(position, packet)
            self._end = max(self._end, position + self._length(packet))

    def _mark_gap(self, position: int) -> None:
        """Mark what is missing before the newest packet as lost.

        Where the gap is longer than the missing packets could be, the far side also paused, and they lay at one end or the other.
        """
        begin, end = self._end, position
        missing = self._sequence.missing * self._frame
        if not missing or begin >= end:
            return
        if end - begin <= 2 * missing:
            self._losses.mark((begin, end))
        else:
            self._losses.mark((begin, begin + missing), (end - missing, end))

    def _steer(self) -> None:
        """Look how early the quickest packets were; let the next ones slip where the far side's clock runs away."""
        self._slip = -SLIP if self._earliest > EARLIEST else SLIP if self._earliest < LATEST else 0
        self._earliest, self._looked = -math.inf, 0
