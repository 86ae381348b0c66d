"""The RTP streams of a capture: found in a first pass over the file, heard in a second one, so that memory stays bounded.

What is heard is put on each stream's own clock exactly as on a call: placed by timestamp, losses known from the sequence numbers.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ivrtest.call.call import SAMPLE_RATE, Block
from ivrtest.call.captured_offers import CapturedOffers
from ivrtest.call.codecs import CODECS
from ivrtest.rtp.dtmf import KeyReceiver, ReceivedKey
from ivrtest.rtp.ip import LINK_TYPES, Address, Datagram, Segment, Unwrapper
from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError
from ivrtest.rtp.pcap import CaptureError, CaptureFile
from ivrtest.rtp.timeline import Decoder, Timeline
from ivrtest.sip.sdp import TELEPHONE_EVENT
from ivrtest.sip.session_description import STATIC_FORMATS

_HEAD: Final = struct.Struct("!BBHII")
_RTCP: Final = range(192, 224)
"""Second octets of RTCP (RFC 5761 section 4)."""
_FIRST_DYNAMIC: Final = 96
_EVENT_SIZE: Final = 4
_LEAST_PACKETS: Final = 5
"""Fewer are no stream, unless a session description names its address."""
_IN_ORDER: Final = 0.5
"""The share of packets that follow the one before them; datagrams that look like RTP by chance do not."""
_STEP: Final = 50
_PAUSE_S: Final = 600.0
"""After a longer pause a stream begins anew: clocks of captures jump, and hours of silence need no listening."""
_MOST_CANDIDATES: Final = 20_000
_DELAY: Final = SAMPLE_RATE // 2
"""Nobody waits for the sound, so packets that come late still find their place."""
_TAKE: Final = SAMPLE_RATE
"""Samples that are passed on at once."""


@dataclass(frozen=True, slots=True, eq=False)
class CapturedStream:
    """What one source sent to one address under one SSRC."""

    source: Address
    destination: Address
    ssrc: int
    begins: int
    """The number of its first frame in the capture, by which it is told from another of the same name."""
    first_s: float
    """When its first packet came, in seconds since the capture's first frame. The stream's own clock begins there."""
    last_s: float
    packets: int
    decoders: Mapping[int, Decoder] = field(repr=False)
    key_payload_types: frozenset[int]
    codecs: tuple[str, ...]
    """What its packets hold, the most frequent first; `telephone-event` is left out."""
    unreadable: str
    """Why all or some of it cannot be heard; empty where everything can."""

    @property
    def sender(self) -> str:
        """`192.0.2.1:4000`."""
        return _written(self.source)

    @property
    def name(self) -> str:
        """`192.0.2.1:4000 > 192.0.2.2:5000, SSRC 0x1234abcd`."""
        return f"{self.sender} > {_written(self.destination)}, SSRC 0x{self.ssrc:08x}"


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture, looked through once."""

    path: Path
    streams: tuple[CapturedStream, ...]
    """In the order in which they begin."""
    notes: tuple[str, ...]
    """What a person should know of it: that its end is missing, or that packets were kept in part."""


@dataclass(slots=True)
class _Candidate:
    begins: int
    first_at: float
    last_at: float
    last_sequence: int
    packets: int = 0
    in_order: int = 0
    kinds: Counter[int] = field(default_factory=Counter)
    longest: dict[int, int] = field(default_factory=dict)
    """Octets of payload, by payload type."""

    def take(self, at: float, head: tuple[int, int, int, int, int], size: int) -> None:
        payload_type, sequence = head[1] & 0x7F, head[2]
        self.in_order += (sequence - self.last_sequence) & 0xFFFF <= _STEP
        self.last_sequence = sequence
        self.last_at = max(self.last_at, at)
        self.packets += 1
        self.kinds[payload_type] += 1
        self.longest[payload_type] = max(self.longest.get(payload_type, 0), size)


_Name = tuple[Address, Address, int]


def look_through(path: Path) -> Capture:
    """Find the streams of a capture. Raises CaptureError, for a capture without RTP, too."""
    found: dict[_Name, list[_Candidate]] = {}
    offers = CapturedOffers()
    unwrapper = Unwrapper()
    frames = datagrams = messages = kept_in_part = 0
    first_at: float | None = None
    with _open(path) as opened:
        for frame in opened:
            first_at = frame.at if first_at is None else first_at
            frames += 1
            carried = unwrapper.unwrap(frame)
            if isinstance(carried, Segment):
                offers.segment(carried)
            if not isinstance(carried, Datagram):
                continue
            datagrams += 1
            if offers.datagram(carried.payload):
                messages += 1
            elif (head := _rtp_head(carried.payload)) is not None:
                kept_in_part += not carried.whole
                _note(found, carried, head, frames)
        cut = opened.cut
    streams = [
        _stream(name, candidate, offers, first_at or 0.0)
        for name, candidates in found.items()
        for candidate in candidates
        if _is_stream(candidate, offers.announced(name[0], name[1]))
    ]
    if not streams:
        raise CaptureError(_why_nothing(path, frames, datagrams, messages, unwrapper.unknown_links - LINK_TYPES))
    notes = [cut] if cut else []
    if kept_in_part:
        notes.append(
            f'capture "{path}" holds {kept_in_part} packets of which only the beginning was kept: their sound counts as lost. '
            "capture whole packets (tcpdump -s 0)"
        )
    return Capture(path, tuple(sorted(streams, key=lambda stream: stream.begins)), tuple(notes))


def play(capture: Capture, wanted: Collection[CapturedStream]) -> Iterator[tuple[CapturedStream, Block | ReceivedKey | None]]:
    """Yield what the wanted streams hold: blocks of sound, keys, and None when a stream is over. Times are on each stream's own clock.

    Raises CaptureError.
    """
    waiting: dict[_Name, list[CapturedStream]] = {}
    for stream in wanted:
        waiting.setdefault((stream.source, stream.destination, stream.ssrc), []).append(stream)
    playing: dict[_Name, _Player] = {}
    unwrapper = Unwrapper()
    with _open(capture.path) as opened:
        for number, frame in enumerate(opened, 1):
            carried = unwrapper.unwrap(frame)
            if not isinstance(carried, Datagram) or (head := _rtp_head(carried.payload)) is None:
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
                for item in player.finish():
                    yield player.stream, item
                yield player.stream, None
    for player in playing.values():
        # The file became shorter since it was looked through.
        for item in player.finish():
            yield player.stream, item
        yield player.stream, None


class _Player:
    """One stream, put on its own clock packet by packet."""

    def __init__(self, stream: CapturedStream, first_at: float) -> None:
        self.stream = stream
        self._first_at = first_at
        self._timeline = Timeline(stream.decoders, delay=_DELAY)
        self._keys = KeyReceiver()
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
        timeline = self._timeline
        if datagram.whole and not timeline.insert_next(datagram.payload, self._now):
            try:
                packet = RtpPacket.parse(datagram.payload)
                position = timeline.insert(packet, self._now)
                if packet.payload_type in self.stream.key_payload_types:
                    yield from self._keys.receive(packet, position, int(self._now))
            except RtpSyntaxError:
                # It counts as one that did not arrive.
                pass
        if self._keys.down:
            yield from self._keys.expire(int(self._now))
        settled = timeline.settled(self._now)
        while settled - self._taken >= _TAKE:
            yield self._block(self._taken + _TAKE)

    def finish(self) -> Iterator[Block | ReceivedKey]:
        """Return the rest."""
        far = int(self._now) + 10 * SAMPLE_RATE
        yield from self._keys.expire(far)
        # A stream ends with its last packet, whose end the timeline knows: silence behind it is none of its own.
        until = max(self._taken, self._timeline.end, int(self._now))
        while self._taken < until:
            yield self._block(min(until, self._taken + _TAKE))

    def _block(self, until: int) -> Block:
        samples, lost = self._timeline.take(until)
        block = Block(self._taken, samples, lost, tuple(self._timeline.missed))
        self._timeline.missed.clear()
        self._taken = until
        return block


@contextmanager
def _open(path: Path) -> Iterator[CaptureFile]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise CaptureError(f'cannot read capture "{path}": {(error.strerror or str(error)).lower()}') from error
    with file:
        yield CaptureFile(file, str(path))


def _rtp_head(payload: bytes) -> tuple[int, int, int, int, int] | None:
    """Return the fixed part of a header that may be one of RTP: first octets, sequence, timestamp, SSRC."""
    if len(payload) < _HEAD.size or payload[0] >> 6 != 2 or payload[1] in _RTCP:
        return None
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(payload)
    return first, second, sequence, timestamp, ssrc


def _note(found: dict[_Name, list[_Candidate]], datagram: Datagram, head: tuple[int, int, int, int, int], number: int) -> None:
    name = (datagram.source, datagram.destination, head[4])
    parts = found.get(name)
    if parts is None:
        if len(found) >= _MOST_CANDIDATES:
            return
        parts = found[name] = []
    if not parts or datagram.at - parts[-1].last_at > _PAUSE_S:
        parts.append(_Candidate(number, datagram.at, datagram.at, head[2] - 1))
    parts[-1].take(datagram.at, head, len(datagram.payload) - _HEAD.size)


def _is_stream(candidate: _Candidate, announced: bool) -> bool:
    enough = candidate.packets >= (2 if announced else _LEAST_PACKETS)
    return enough and candidate.in_order >= _IN_ORDER * candidate.packets


def _stream(name: _Name, candidate: _Candidate, offers: CapturedOffers, zero: float) -> CapturedStream:
    source, destination, ssrc = name
    formats = STATIC_FORMATS | offers.formats(source, destination)
    decoders: dict[int, Decoder] = {}
    keys: set[int] = set()
    named: list[str] = []
    unknown: dict[str, int] = {}
    for payload_type, packets in candidate.kinds.most_common():
        known = formats.get(payload_type)
        if known is not None and known.same_encoding(TELEPHONE_EVENT, known.clock_rate):
            keys.add(payload_type)
            continue
        if known is None and payload_type >= _FIRST_DYNAMIC and candidate.longest[payload_type] == _EVENT_SIZE:
            keys.add(payload_type)
            continue
        encoding = known.encoding if known is not None else f"payload type {payload_type}"
        named.append(encoding)
        codec = CODECS.get(encoding.upper()) if known is not None and known.clock_rate == SAMPLE_RATE else None
        if codec is not None:
            decoders[payload_type] = codec.decode
        elif encoding.upper() != "CN":
            unknown[encoding] = packets
    return CapturedStream(
        source,
        destination,
        ssrc,
        candidate.begins,
        candidate.first_at - zero,
        candidate.last_at - zero,
        candidate.packets,
        decoders,
        frozenset(keys),
        tuple(named),
        _unreadable(unknown, sum(candidate.kinds.values()), encrypted=offers.encrypted(source, destination)),
    )


def _unreadable(unknown: Mapping[str, int], packets: int, *, encrypted: bool) -> str:
    if encrypted:
        return "it is encrypted (SRTP). capture it where it is not, or let the IVR take calls without encryption"
    if not unknown:
        return ""
    what = " and ".join(f'"{encoding}"' if encoding.upper() == encoding or encoding[0] != "p" else encoding for encoding in unknown)
    amount = "all" if sum(unknown.values()) == packets else f"{sum(unknown.values())} of {packets}"
    return f"{amount} of its packets are {what}, which cannot be decoded. {', '.join(CODECS)} can"


def _why_nothing(path: Path, frames: int, datagrams: int, messages: int, unknown_links: set[int]) -> str:
    if not frames:
        return f'capture "{path}" holds no packets. capture while the call is made'
    if unknown_links and not datagrams:
        links = ", ".join(str(link) for link in sorted(unknown_links))
        return (
            f'capture "{path}" has the link type "{links}", which cannot be looked into. '
            "Ethernet, Linux cooked, raw IP and loopback can: capture there"
        )
    heard = f"{messages} of them SIP" if messages else "none of them SIP"
    return f'capture "{path}" holds no RTP stream: of {frames} packets {datagrams} are UDP, {heard}. capture where the sound passes'


def _written(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
