"""The RTP streams of a capture: which there are, and what is needed to hear them. They are found in a first pass over the file and heard
in a second one (`captured_sound`), so that memory stays bounded.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ivrtest.call.captured_offers import CapturedOffers
from ivrtest.call.codecs import CODECS, SoundError, chosen_codecs
from ivrtest.rtp.ip import LINK_TYPES, Address, Datagram, Segment, Unwrapper
from ivrtest.rtp.payload import PayloadFormat
from ivrtest.rtp.pcap import CaptureError, CaptureFile
from ivrtest.rtp.srtp import SrtpError, SrtpReceiver, check_library
from ivrtest.sip.sdes import Crypto
from ivrtest.sip.session_description import STATIC_FORMATS, RtpFormat
from ivrtest.sip.terms import TELEPHONE_EVENT
from ivrtest.sip.transport import written_address
from ivrtest.source.system import unread

_HEAD: Final = struct.Struct("!BBHII")
_RTCP: Final = range(192, 224)
"""Second octets of RTCP (RFC 5761 section 4)."""
_FIRST_DYNAMIC: Final = 96
_EVENT_SIZE: Final = 4
_G711: Final = (0, 8)
"""Its static payload types (RFC 3551 section 6)."""
_TAGS: Final = (4, 10)
"""Octets that SRTP adds to a packet (RFC 4568 section 6.2)."""
_USUAL_CLOCK: Final = 8000
_LEAST_PACKETS: Final = 5
"""Fewer are no stream, unless a session description names its address."""
_IN_ORDER: Final = 0.5
"""The share of packets that follow the one before them; datagrams that look like RTP by chance do not."""
_STEP: Final = 50
_COPIES: Final = 4
"""So many copies of a stream may be in one capture, each a little later than the one before: one for every interface it passed."""
_PAUSE_S: Final = 600.0
"""After a longer pause a stream begins anew: clocks of captures jump, and hours of silence need no listening."""
_BACK_S: Final = 2.0
"""Captures of several interfaces are not always in the order of time, but by less than this."""
_MOST_CANDIDATES: Final = 20_000
_HANDSHAKE: Final = 22
"""The first octet of a DTLS record with which keys are agreed on (RFC 6347 section 4.1); its second is 254. No RTP packet begins so."""
_OVER_DTLS: Final = (
    "keys that both sides agreed on over DTLS and that stand nowhere in it (DTLS-SRTP). "
    "capture where it is not encrypted, or hear the recording of the call"
)

Name = tuple[Address, Address, int]
"""Source, destination and SSRC of a stream."""
Head = tuple[int, int, int, int, int]
"""What an RTP packet begins with: two octets, sequence number, timestamp, SSRC."""


@dataclass(frozen=True, slots=True, eq=False)
class CapturedStream:
    """What one source sent to one address under one SSRC."""

    source: Address
    destination: Address
    ssrc: int
    begins: int
    """The number of its first frame in the capture, by which it is told from another of the same name."""
    calls: bool | None
    """Whether it is sent by who called; None where no SIP tells."""
    first_s: float
    """When its first packet came, in seconds since the capture's first frame. The stream's own clock begins there."""
    last_s: float
    packets: int
    formats: Mapping[int, PayloadFormat] = field(repr=False)
    """Its payload types that hold sound which can be decoded."""
    key_clocks: Mapping[int, int]
    """Its payload types of telephone-event, and Hz of their timestamps."""
    crypto: Crypto | None
    """What it is encrypted with."""
    codecs: tuple[str, ...]
    """What its packets hold, the most frequent first; `telephone-event` is left out."""
    unreadable: str
    """Why all or some of it cannot be heard; empty where everything can."""

    @property
    def sender(self) -> str:
        """`192.0.2.1:4000`."""
        return written_address(self.source)

    @property
    def name(self) -> str:
        """`192.0.2.1:4000 > 192.0.2.2:5000, SSRC 0x1234abcd`."""
        return f"{self.sender} > {written_address(self.destination)}, SSRC 0x{self.ssrc:08x}"


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
    sample: bytes
    """Its first packet."""
    packets: int = 0
    step: int = 0
    """By how much the timestamp of the packet after its first follows that; 0 where that is not known."""
    in_order: int = 0
    trails: list[int] = field(default_factory=list)
    """The last sequence numbers of copies of it that are interleaved, the latest last."""
    kinds: Counter[int] = field(default_factory=Counter)
    longest: dict[int, int] = field(default_factory=dict)
    """Octets of payload, by payload type."""

    def goes_on(self, datagram: Datagram, head: Head) -> bool:
        """Return whether a packet is one of this stream. None is after a long pause, nor where both time and numbers go back: captures were
        appended to each other, later ones first, or one to itself."""
        back_s = self.last_at - datagram.at
        if head[2] - self.last_sequence & 0xFFFF <= _STEP:
            return back_s >= -_PAUSE_S
        over_again = datagram.at == self.first_at < self.last_at and datagram.payload == self.sample
        return -_PAUSE_S <= back_s <= _BACK_S and not over_again

    def same(self, other: _Candidate) -> bool:
        """Return whether the packets are those of another one, as far as anybody can tell who has not kept them."""
        return (self.first_at, self.last_at, self.sample, self.packets) == (
            other.first_at,
            other.last_at,
            other.sample,
            other.packets,
        ) and (self.last_sequence, self.kinds, self.longest) == (other.last_sequence, other.kinds, other.longest)

    def take(self, at: float, head: Head, size: int) -> None:
        payload_type, sequence = head[1] & 0x7F, head[2]
        if not self.step and sequence - int.from_bytes(self.sample[2:4]) & 0xFFFF == 1:
            self.step = head[3] - int.from_bytes(self.sample[4:8]) & 0xFFFFFFFF
        ahead, follows = min((((sequence - trail) & 0xFFFF, trail) for trail in self.trails), default=(0, sequence))
        self.in_order += ahead <= _STEP
        others = [trail for trail in self.trails if ahead > _STEP or trail != follows]
        self.trails = [*others[1 - _COPIES :], sequence]
        self.last_sequence = sequence
        self.last_at = max(self.last_at, at)
        self.packets += 1
        self.kinds[payload_type] += 1
        self.longest[payload_type] = max(self.longest.get(payload_type, 0), size)


def look_through(path: Path) -> Capture:
    """Find the streams of a capture. Raises CaptureError, for a capture without RTP, too."""
    found: dict[Name, list[_Candidate]] = {}
    offers = CapturedOffers()
    unwrapper = Unwrapper()
    handshakes: set[frozenset[Address]] = set()
    frames = datagrams = messages = kept_in_part = 0
    first_at: float | None = None
    with open_capture(path) as opened:
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
            elif (head := rtp_head(carried.payload)) is not None:
                kept_in_part += not carried.whole
                _note(found, carried, head, frames)
            elif is_handshake(carried.payload) and len(handshakes) < _MOST_CANDIDATES:
                handshakes.add(frozenset((carried.source, carried.destination)))
        cut = opened.cut
    heard = [
        (name, candidate)
        for name, candidates in found.items()
        for candidate in candidates
        if _is_stream(candidate, offers.announced(name[0], name[1]))
    ]
    once = [(name, each) for name, each in heard if each is next(one for one in found[name] if one.same(each))]
    # Where captures were appended to each other, the first frame need not be the earliest.
    zero = min([first_at or 0.0, *(each.first_at for _, each in once)])
    streams = [_stream(name, each, offers, zero, over_dtls=frozenset(name[:2]) in handshakes) for name, each in once]
    if not streams:
        why = _why_nothing(path, frames, datagrams, messages, unwrapper.unknown_links - LINK_TYPES, over_dtls=bool(handshakes))
        raise CaptureError(". ".join([why, cut] if cut and frames else [cut, "copy it again"] if cut else [why]))
    notes = [cut] if cut else []
    if kept_in_part:
        notes.append(
            f'capture "{path}" holds {kept_in_part} packets of which only the beginning was kept: their sound counts as lost. '
            "capture whole packets (tcpdump -s 0)"
        )
    if len(heard) > len(once):
        streams_told = "a stream" if len(heard) == len(once) + 1 else f"{len(heard) - len(once)} streams"
        notes.append(f'capture "{path}" holds {streams_told} over again, packet for packet. what is the same is listened to once')
    return Capture(path, tuple(sorted(streams, key=lambda stream: stream.begins)), tuple(notes))


def is_handshake(payload: bytes) -> bool:
    """Return whether a datagram is part of an agreement on keys (DTLS-SRTP, RFC 5764 section 5.1.2)."""
    return len(payload) > 13 and payload[0] == _HANDSHAKE and payload[1] == 254


@contextmanager
def open_capture(path: Path) -> Iterator[CaptureFile]:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            # Opening a pipe that nobody writes to would wait for ever, and a capture is read twice.
            raise CaptureError(f'"{path}" is not a regular file. save the capture in one')
        file = path.open("rb")
    except OSError as error:
        raise CaptureError(f'cannot read capture "{path}": {unread(error)}') from error
    with file:
        yield CaptureFile(file, str(path))


def rtp_head(payload: bytes) -> Head | None:
    """Return the fixed part of a header that may be one of RTP: first octets, sequence, timestamp, SSRC."""
    if len(payload) < _HEAD.size or payload[0] >> 6 != 2 or payload[1] in _RTCP:
        return None
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(payload)
    return first, second, sequence, timestamp, ssrc


def _note(found: dict[Name, list[_Candidate]], datagram: Datagram, head: Head, number: int) -> None:
    name = (datagram.source, datagram.destination, head[4])
    parts = found.get(name)
    if parts is None:
        if len(found) >= _MOST_CANDIDATES:
            return
        parts = found[name] = []
    if not parts or not parts[-1].goes_on(datagram, head):
        parts.append(_Candidate(number, datagram.at, datagram.at, head[2] - 1, datagram.payload))
    parts[-1].take(datagram.at, head, len(datagram.payload) - _HEAD.size)


def _is_stream(candidate: _Candidate, announced: bool) -> bool:
    enough = candidate.packets >= (2 if announced else _LEAST_PACKETS)
    return enough and candidate.in_order >= _IN_ORDER * candidate.packets


def _stream(name: Name, candidate: _Candidate, offers: CapturedOffers, zero: float, *, over_dtls: bool) -> CapturedStream:
    source, destination, ssrc = name
    meanings = STATIC_FORMATS | offers.formats(source, destination)
    formats: dict[int, PayloadFormat] = {}
    keys: dict[int, int] = {}
    named: list[str] = []
    unheard: dict[str, int] = {}
    why = ""
    for payload_type, packets in candidate.kinds.most_common():
        meaning = meanings.get(payload_type)
        if _is_keys(payload_type, meaning, candidate.longest[payload_type]):
            keys[payload_type] = meaning.clock_rate if meaning is not None else _USUAL_CLOCK
            continue
        encoding = f'"{meaning.encoding}"' if meaning is not None else f"payload type {payload_type}"
        named.append(encoding.strip('"'))
        try:
            formats[payload_type] = _format_of(meaning)
        except SoundError as error:
            if encoding != '"CN"':
                unheard[encoding] = packets
                why = str(error)
    over_dtls = over_dtls or offers.over_dtls(source, destination)
    crypto, closed = (
        (None, f"it is encrypted with {_OVER_DTLS}")
        if over_dtls
        else _crypto(candidate.sample, offers, source, encrypted=offers.encrypted(source, destination) or _has_tags(candidate))
    )
    return CapturedStream(
        source,
        destination,
        ssrc,
        candidate.begins,
        offers.calls(source, destination),
        candidate.first_at - zero,
        candidate.last_at - zero,
        candidate.packets,
        {} if closed else formats,
        {} if closed else keys,
        crypto,
        tuple(named),
        closed or _unheard(unheard, candidate.packets, why),
    )


def _is_keys(payload_type: int, meaning: RtpFormat | None, longest: int) -> bool:
    if meaning is not None:
        return meaning.encoding.lower() == TELEPHONE_EVENT
    return payload_type >= _FIRST_DYNAMIC and longest == _EVENT_SIZE


def _has_tags(candidate: _Candidate) -> bool:
    """Return whether G.711, of which each octet is a sample, is longer than it lasts by the tag of SRTP: nothing announces what it is."""
    return any(candidate.longest.get(kind, 0) - candidate.step in _TAGS for kind in _G711) and candidate.step > 0


def _format_of(meaning: RtpFormat | None) -> PayloadFormat:
    """Return how a payload type is decoded. Raises SoundError."""
    if meaning is not None:
        for name, codec in CODECS.items():
            if codec.wire.carried_by(meaning):
                chosen_codecs([name])
                return codec.format
    raise SoundError(f"{', '.join(CODECS)} can be decoded")


def _unheard(packets: Mapping[str, int], of: int, why: str) -> str:
    if not packets:
        return ""
    amount = "all" if sum(packets.values()) == of else f"{sum(packets.values())} of {of}"
    return f"{amount} of its packets are {' and '.join(packets)}. {why}"


def _crypto(sample: bytes, offers: CapturedOffers, source: Address, *, encrypted: bool) -> tuple[Crypto | None, str]:
    """Return the key that opens a stream's first packet, or None; and why the stream cannot be opened, if it is encrypted."""
    keys = offers.keys(source)
    try:
        if keys:
            check_library()
        for key in keys:
            try:
                SrtpReceiver(key.suite, key.key).unprotect(sample)
            except SrtpError:
                continue
            return key, ""
    except SrtpError as error:
        return None, f"it may be encrypted. {error}"
    if not encrypted:
        return None, ""
    return None, "it is encrypted (SRTP), and no key in the capture opens it. capture it with its session descriptions, or where it is not"


def _why_nothing(path: Path, frames: int, datagrams: int, messages: int, unknown_links: set[int], *, over_dtls: bool) -> str:
    if not frames:
        return f'capture "{path}" holds no packets. capture while the call is made'
    if unknown_links and not datagrams:
        links = ", ".join(str(link) for link in sorted(unknown_links))
        return (
            f'capture "{path}" has the link type "{links}", which cannot be looked into. '
            "Ethernet, Linux cooked, raw IP and loopback can: capture there"
        )
    if over_dtls:
        return f'capture "{path}" holds no RTP stream, only how two sides begin to agree on {_OVER_DTLS}'
    heard = f"{messages} of them SIP" if messages else "none of them SIP"
    return f'capture "{path}" holds no RTP stream: of {frames} packets {datagrams} are UDP, {heard}. capture where the sound passes'
