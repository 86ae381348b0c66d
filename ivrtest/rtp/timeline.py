"""Packets in, samples out: every payload at its place on the call's clock.

The first packet ties the far side's timestamps to our clock at the moment it arrives; from then on a payload lies where its
timestamp says. What never came leaves a gap of its own length. Where nothing was sent there is silence; where sequence numbers
are missing the gap is marked as lost.

Another SSRC, a restart of the sequence numbers, a jump of the timestamps and a delay that stays tie anew, at the arrival of the
packet that showed it. A far clock that runs fast or slow is followed softly: two samples of a packet are left out or repeated.
Both are counted.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivrtest.rtp.late import Late, LatePackets
from ivrtest.rtp.losses import Losses, Mask
from ivrtest.rtp.packet import RtpPacket
from ivrtest.rtp.payload import SAMPLE_RATE, PayloadFormat, Samples
from ivrtest.rtp.pieces import Pieces
from ivrtest.rtp.sequence import Arrival, Jitter
from ivrtest.rtp.sequence import Sequence as Numbers
from ivrtest.rtp.steering import Steering

COMFORT_NOISE = 13
"""RFC 3389: the far side says that it is silent, and how loud the noise is that it leaves out."""
JUMP = 8000
"""A packet this many samples before its time shows a jump of the timestamps."""
STALL = 4000
"""Where packets are late for good and the far side counted no pause, so many samples without a packet are no silence that can be relied
on: a stall of the line looks the same (500 ms)."""
_HEAD = struct.Struct("!QI")
_HEADER_SIZE = _HEAD.size
_NO_LEAD = -1


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
        self._sequence = Numbers()
        self._jitter = Jitter()
        self._ssrc: int | None = None
        self._lead = _NO_LEAD
        """The first eight octets of the packet that `insert_run` takes next: version 2, nothing optional, no marker, the payload type of
        the one before, the number after its, and the timestamp at which it ends."""
        self._rate = SAMPLE_RATE
        """Hz of the far side's timestamps."""
        self._timestamp = 0
        self._position = 0
        """Where `_timestamp` lies on our clock."""
        self._end = 0
        """Where the newest packet ends."""
        self._frame = 160
        """How long the newest packet is, in samples, ..."""
        self._size = 0
        """... in octets, its header included ..."""
        self._ticks = 0
        """... and in units of the timestamp."""
        self._arrival = 0.0
        self._active = False
        """Whether the far side is sending: it came up, and announced no silence."""
        self._losses = Losses()
        self._taken = 0
        self._held = LatePackets()
        self._steering = Steering()
        self._late = 0
        self._reanchored = 0
        self._slipped = 0

    @property
    def stats(self) -> TimelineStats:
        seen = self._sequence
        return TimelineStats(
            received=seen.received,
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
        if formats != self._pieces.formats:
            # The packet that is expected may mean something else now.
            self._lead = _NO_LEAD
            self._pieces.understand(formats)

    @property
    def missed(self) -> list[tuple[int, int]]:
        """Stretches that were taken for silence before a later packet's number showed that they were lost. The reader empties it."""
        return self._losses.missed

    @property
    def sequence(self) -> Numbers:
        """Which packets came."""
        return self._sequence

    @property
    def jitter_ticks(self) -> int:
        """Interarrival jitter in units of the far side's timestamps, as a receiver report has it."""
        return int(self._jitter.ticks)

    @property
    def end(self) -> int:
        """Where the newest packet ends, in samples on our clock."""
        return self._end

    @property
    def clock_rate(self) -> int:
        """Hz of the far side's timestamps."""
        return self._rate

    @property
    def delay(self) -> int:
        """How long after its time a sample is settled."""
        return self._delay

    @property
    def expected(self) -> int:
        """The payload type of packets that `insert_run` may take. -1: none."""
        return self._lead >> 48 & 0x7F if self._lead != _NO_LEAD else -1

    @property
    def ssrc(self) -> int | None:
        return self._ssrc

    def insert_next(self, datagram: bytes, arrival: float) -> bool:
        """Take a datagram of at least 12 octets if it is just the packet that was expected. Otherwise return False: it wants `insert`."""
        return self.insert_run([(datagram, arrival)]) == 1

    def insert_run(self, run: Sequence[tuple[bytes, float]]) -> int:
        """Take datagrams of at least 12 octets, and when they arrived, as long as each is just the packet that was expected. Returns how
        many were taken; the next one, if any, wants `insert`.

        This is the path of nearly every packet, so it does no more than it must, and that for several at a time.
        """
        begin = end = self._end
        lead, jitter = self._lead, self._jitter
        if lead == _NO_LEAD or end < self._taken or self._steering.slip or self._held or jitter.transit is None:
            return 0
        payload_type = lead >> 48 & 0x7F
        ssrc, size, frame = self._ssrc, self._size, self._frame
        # A number or a timestamp that begins again from zero carries into what is before it, so that the next packet is not taken here.
        step = (1 << 32) + self._ticks
        jitter_ticks, transit, scale = jitter.ticks, jitter.transit, jitter.scale
        early = slow = latest = end - run[0][1]
        payloads: list[bytes] = []
        for datagram, arrival in run:
            found, source = _HEAD.unpack_from(datagram)
            latest = end - arrival
            if found != lead or source != ssrc or len(datagram) != size or latest > JUMP:
                break
            payloads.append(datagram[_HEADER_SIZE:])
            moved = arrival * scale - (found & 0xFFFFFFFF)
            jitter_ticks += (abs(moved - transit) - jitter_ticks) / 16
            transit = moved
            if latest > early:
                early = latest
            elif latest < slow:
                slow = latest
            lead += step
            end += frame
        count = len(payloads)
        if count:
            self._sequence.follow(count)
            jitter.ticks, jitter.transit = jitter_ticks, transit
            self._pieces.append(begin, frame, payload_type, payloads)
            self._lead = lead
            self._timestamp = (lead - self._ticks) & 0xFFFFFFFF
            self._position = end - frame
            self._end = end
            self._arrival = run[count - 1][1]
            self._steering.note(early, slow, count)
        return count

    def insert(self, packet: RtpPacket, arrival: float) -> int:
        """Take any packet in. Returns where its timestamp lies on our clock."""
        audio = packet.payload_type in self._pieces.formats
        if packet.ssrc != self._ssrc:
            self._drop_held()
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
                self._mark_gap(int(arrival), self._sequence.missing)
                return self._restart(packet, arrival)
            case Arrival.NEXT:
                return self._insert_newest(packet, arrival) if audio else self._note(packet, arrival)

    def miss(self, position: int) -> None:
        """Note that a packet lies there that nobody can understand, and that lasts as long as others probably."""
        self._losses.mark((position, position + self._frame))

    def settled(self, now: float) -> int:
        """Return how far the samples may be taken: nothing that could still find its place is missing before."""
        until = max(self._taken, int(now) - self._delay)
        if self._held:
            if now - self._held.last_arrival < self._patience:
                return min(until, max(self._taken, int(self._held.first_arrival)))
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
        position, missing = self._place_of(packet.timestamp), self._sequence.missing
        if position - arrival > JUMP or (packet.marker and position < self._taken):
            self._drop_held()
            self._reanchored += 1
            self._mark_gap(int(arrival), missing)
            return self._tie(packet, arrival)
        if position < self._taken:
            self._arrival = arrival
            dropped = self._held.hold(Late(packet, arrival, position, missing))
            if dropped is not None:
                self._drop(dropped)
            return self._follow_late() if self._held.paced else position
        self._drop_held()
        return self._insert_newest_in_time(packet, arrival, position, missing)

    def _insert_newest_in_time(self, packet: RtpPacket, arrival: float, position: int, missing: int) -> int:
        self._mark_gap(position, missing)
        slip = self._steering.slip
        # Of short packets every other one, so that the pitch changes no more than with longer ones.
        if slip and position == self._end and (length := self._length(packet)) >= (80 if packet.sequence % 2 else 160):
            self._slipped += slip
            self._advance(packet, arrival, position + slip)
            self._pieces.put(position, position + length + slip, packet.payload_type, packet.payload, -slip)
        else:
            self._advance(packet, arrival, position)
            self._put(position, packet)
        self._steering.note(position - arrival, position - arrival)
        return position

    def _follow_late(self) -> int:
        """Let the late packets lie where they arrived, for those to come will be as late. Returns where the newest of them lies."""
        first, *others = self._held.release()
        self._reanchored += 1
        self._mark_gap(first.position, first.missing)
        begin, goes_on = self._end, first.position == self._end
        position = self._tie(first.packet, first.arrival)
        if goes_on and position - begin <= STALL:
            self._losses.mark((begin, position))
        for late in others:
            position = self._insert_newest_in_time(late.packet, late.arrival, self._place_of(late.packet.timestamp), late.missing)
        return position

    def _note(self, packet: RtpPacket, arrival: float) -> int:
        """Take a packet without audio: it has a number in the sequence, and while such packets come the far side is no more than silent."""
        here = max(self._end, int(arrival))
        self._mark_gap(here, self._sequence.missing)
        self._end = here
        self._lead = _NO_LEAD
        self._arrival = arrival
        self._active = packet.payload_type not in self.noise_types
        if not self._active and packet.payload:
            self.noise_dbov = -(packet.payload[0] & 0x7F)
        position = self._place_of(packet.timestamp)
        # An event's timestamp is that of its start, so it may lie back; timestamps that fit nothing are those of a broken sender.
        return position if arrival - 60 * 8000 < position <= arrival + JUMP else int(arrival)

    def _restart(self, packet: RtpPacket, arrival: float) -> int:
        self._drop_held()
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
        self._steering.restart()
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
        self._lead = _NO_LEAD
        if packet.payload_type in self._pieces.formats:
            self._frame = self._length(packet)
            self._end = position + self._frame
            self._size = _HEADER_SIZE + len(packet.payload)
            self._ticks = self._frame * self._rate // SAMPLE_RATE
            timestamp = packet.timestamp + self._ticks
            if self._pieces.formats[packet.payload_type].steady and timestamp <= 0xFFFFFFFF:
                self._lead = (0x8000 | packet.payload_type) << 48 | (packet.sequence + 1 & 0xFFFF) << 32 | timestamp

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
        # What lies before was given as silence.
        self._losses.fill(position + cut, end)

    def _drop_held(self) -> None:
        """Decide that the late packets were just late."""
        if self._held:
            for late in self._held.release():
                self._drop(late)

    def _drop(self, late: Late) -> None:
        """Keep what is left of a late packet. What was given as silence in its place was missed."""
        packet, _, position, missing = late
        self._late += 1
        self._mark_gap(position, missing)
        end = position + self._length(packet)
        self._losses.mark((position, min(end, self._taken)))
        self._put(position, packet)
        self._end = max(self._end, end)

    def _mark_gap(self, position: int, missing: int) -> None:
        """Mark so many packets as lost that are missing between the newest one and what comes at `position`."""
        self._losses.mark_gap(self._end, position, missing * self._frame)
