"""Offer and answer for one audio stream (RFC 3264), and what the two come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ivrtest.sip.choice import choose_codec, choose_section, common_keys, listed
from ivrtest.sip.codec import CODECS, G722, L16_8000, L16_16000, L16_44100, OPUS, PCMA, PCMU, Codec
from ivrtest.sip.grammar import shown
from ivrtest.sip.payload_types import PayloadTypes
from ivrtest.sip.sdes import Crypto, Srtp
from ivrtest.sip.session_description import (
    Direction,
    Line,
    Media,
    Origin,
    RtpFormat,
    SdpSyntaxError,
    SessionDescription,
    is_nowhere,
    written_address,
)
from ivrtest.sip.terms import (
    COMFORT_NOISE,
    DEFAULT_PTIME_MS,
    KEYS,
    TELEPHONE_EVENT,
    NegotiationError,
    NoAudio,
    NoCommonCodec,
    NoEncryption,
    Terms,
)

_USUAL_EVENT_CLOCK: Final = 8000


@dataclass(frozen=True, slots=True)
class AudioStream:
    """What was agreed, seen from this side."""

    address: str
    """Where to send packets: an IP address or a host name."""
    port: int
    rtcp_port: int
    """`a=rtcp` (RFC 3605), else the next port."""
    rtcp_address: str
    """Where to send reports: an IP address or a host name. That of the sound, unless `a=rtcp` names another."""
    codec: Codec
    send_payload_type: int
    receive_payload_type: int
    dtmf_send_payload_type: int | None
    """For telephone-event packets; None when the other side takes none, then keys go as sound."""
    dtmf_receive_payload_type: int | None
    dtmf_events: frozenset[int]
    """The events that the other side takes (RFC 4733 section 2.4.1)."""
    ptime_ms: int
    """Milliseconds of sound to put in each packet."""
    direction: Direction
    dtmf_clock_rate: int = 8000
    """Hz of the durations of the keys that we send."""
    dtmf_receive: Mapping[int, int] = field(default_factory=dict)
    """All payload types that keys may come with, and the Hz of their timestamps."""
    noise_payload_type: int | None = None
    """For comfort noise, if both sides take it."""
    rtcp_mux: bool = False
    """Whether reports go to the port of the sound."""
    send_crypto: Crypto | None = None
    """What we encrypt with; None: not at all."""
    receive_crypto: Crypto | None = None

    @property
    def sends(self) -> bool:
        """Whether this side sends sound."""
        return self.direction.sends

    @property
    def receives(self) -> bool:
        """Whether the other side sends sound."""
        return self.direction.receives

    @property
    def held(self) -> bool:
        """Whether the other side, or both, do not listen now."""
        return not self.direction.sends


def offer(
    address: str,
    port: int,
    terms: Terms | None = None,
    *,
    session_id: int,
    session_version: int | None = None,
    direction: Direction = Direction.SENDRECV,
    payload_types: PayloadTypes | None = None,
    before: SessionDescription | None = None,
) -> SessionDescription:
    """Write an offer of one audio stream that is received at `address` and `port` (RFC 3264 section 5).

    `session_version` is the session id at first and must grow with each change. `payload_types` are those that the session has used.
    `before` is our side of what was agreed last, if anything was: its sections stay where they are, and those that are not used refused
    (section 8).
    """
    terms = terms or Terms()
    formats = [RtpFormat(codec.payload_type, codec.name, codec.clock_rate, codec.channels, codec.parameters) for codec in terms.codecs]
    if terms.comfort_noise and any(codec.clock_rate == COMFORT_NOISE.clock_rate for codec in terms.codecs):
        formats.append(COMFORT_NOISE)
    if (first := terms.dtmf_payload_type) is not None:
        formats += [
            RtpFormat(first + number, TELEPHONE_EVENT, clock, parameters=KEYS) for number, clock in enumerate(event_clocks(terms.codecs))
        ]
    if payload_types is not None:
        formats = payload_types.numbered(formats)
    crypto = () if terms.srtp is Srtp.OFF else terms.crypto
    protocol = "RTP/SAVP" if terms.srtp is Srtp.MANDATORY else "RTP/AVP"
    media = _audio(port, protocol, formats, terms, direction, crypto=crypto, rtcp_mux=terms.rtcp_mux)
    sections = () if before is None else tuple(media if section.port else section.refused() for section in before.media)
    return _session(address, session_id, session_version, ("t", "0 0"), sections or (media,))


def answer(
    remote: SessionDescription,
    address: str,
    port: int,
    terms: Terms | None = None,
    *,
    session_id: int,
    session_version: int | None = None,
    direction: Direction = Direction.SENDRECV,
) -> SessionDescription:
    """Write the answer to the offer `remote`: the first audio section that fits, with one codec, under the offer's payload types.

    With one codec in the answer none can change in mid-call. All other sections are refused, in place. `direction` is what this side
    would like; it gets no more than is offered. Raises NoAudio, NoCommonCodec, NoEncryption, SdpSyntaxError.
    """
    terms = terms or Terms()
    chosen, crypto = choose_section(remote, terms)
    codec, carrier = choose_codec(chosen, terms)
    formats = [replace(carrier, parameters=codec.parameters)]
    formats += [own for own in chosen.rtp_formats() if own.same_encoding(COMFORT_NOISE.encoding, codec.clock_rate)]
    if terms.dtmf_payload_type is not None:
        formats += [replace(events, parameters=KEYS) for events in _telephone_events(chosen, codec.clock_rate)]
    theirs = _direction(remote, chosen)
    agreed = Direction.of(sends=direction.sends and theirs.receives, receives=direction.receives and theirs.sends)
    mux = terms.rtcp_mux and chosen.attribute("rtcp-mux") is not None
    ours = _audio(port, chosen.protocol, formats, terms, agreed, crypto=() if crypto is None else (crypto,), rtcp_mux=mux)
    media = tuple(ours if section is chosen else section.refused() for section in remote.media)
    # The answer's time must be the offer's (RFC 3264 section 6).
    time = ("t", remote.value("t") or "0 0")
    return _session(address, session_id, session_version, time, media)


def negotiated(local: SessionDescription, remote: SessionDescription) -> AudioStream:
    """Return the audio stream that offer and answer come to; it makes no difference which of them is the local one.

    Packets are sent with the payload types of `remote` and come with those of `local` (RFC 3264 section 5.1). The codec is the first
    of `remote` that `local` has too. Raises NoAudio, NoCommonCodec, SdpSyntaxError.
    """
    ours, theirs = _common_section(local, remote)
    our_formats, their_formats = ours.rtp_formats(), theirs.rtp_formats()
    for sent in their_formats:
        received = next((own for own in our_formats if own.same_encoding(sent.encoding, sent.clock_rate, sent.channels)), None)
        if received is not None and received.encoding.lower() not in (TELEPHONE_EVENT, "cn"):
            break
    else:
        raise NoCommonCodec(f"no common codec: {listed(their_formats)} on the other side, {listed(our_formats)} on this side")
    codec = Codec(received.encoding, received.clock_rate, received.payload_type, received.channels, received.parameters)
    events_sent, events_received = _common_events(theirs, ours, codec.clock_rate)
    send_crypto, receive_crypto = common_keys(ours, theirs)
    our_direction, their_direction = _direction(local, ours), _direction(remote, theirs)
    ptime_ms = theirs.ptime or ours.ptime or DEFAULT_PTIME_MS
    agreed = bool(events_sent and events_received)
    # Payload types that one side takes for keys of the other's choice of clock stay understood: what was offered may come.
    all_received = {own.payload_type: own.clock_rate for own in our_formats if own.encoding.lower() == TELEPHONE_EVENT} if agreed else {}
    rtcp_port, rtcp_address = _rtcp(theirs)
    noise = [
        [own.payload_type for own in side if own.same_encoding(COMFORT_NOISE.encoding, codec.clock_rate)]
        for side in (their_formats, our_formats)
    ]
    return AudioStream(
        address=remote.media_address(theirs),
        port=theirs.port,
        rtcp_port=rtcp_port,
        rtcp_address=rtcp_address or remote.media_address(theirs),
        codec=codec,
        send_payload_type=sent.payload_type,
        receive_payload_type=received.payload_type,
        dtmf_send_payload_type=events_sent[0].payload_type if agreed else None,
        dtmf_clock_rate=events_sent[0].clock_rate if agreed else codec.clock_rate,
        dtmf_receive_payload_type=events_received[0].payload_type if agreed else None,
        dtmf_receive=all_received,
        dtmf_events=read_events(events_sent[0].parameters) if agreed else frozenset(),
        noise_payload_type=noise[0][0] if all(noise) else None,
        rtcp_mux=all(side.attribute("rtcp-mux") is not None for side in (ours, theirs)),
        send_crypto=send_crypto,
        receive_crypto=receive_crypto,
        ptime_ms=min(ptime_ms, theirs.max_ptime or ptime_ms),
        direction=Direction.of(
            sends=our_direction.sends and their_direction.receives, receives=our_direction.receives and their_direction.sends
        ),
    )


def changed_direction(local: SessionDescription, direction: Direction, session_version: int) -> SessionDescription:
    """Return the offer that changes the direction of the local description, as a hold does (RFC 3264 section 8.4)."""
    origin = replace(local.origin, version=str(session_version))
    lines = tuple(("o", str(origin)) if letter == "o" else (letter, value) for letter, value in local.lines)
    media = tuple(section.with_direction(direction) if section.port else section for section in local.media)
    return replace(local, lines=lines, media=media)


def read_events(parameters: str | None) -> frozenset[int]:
    """Return the events of a telephone-event `fmtp` text, such as `0-15,66`. None means 0 to 15 (RFC 4733 section 2.4.1).

    Raises SdpSyntaxError.
    """
    text = KEYS if parameters is None else parameters
    # RFC 4733's own examples name the list "events=" in media types only; some phones write it here too.
    events: set[int] = set()
    for part in text.removeprefix("events=").split(","):
        first, dash, last = part.strip(" ").partition("-")
        bounds = (first, last if dash else first)
        if not all(bound.isascii() and bound.isdigit() and len(bound) <= 3 and int(bound) <= 255 for bound in bounds):
            raise SdpSyntaxError(f'telephone-event parameters {shown(text)} must be numbers and ranges from 0 to 255, such as "0-15"')
        events.update(range(int(bounds[0]), int(bounds[1]) + 1))
    return frozenset(events)


def _session(address: str, session_id: int, version: int | None, time: Line, media: tuple[Media, ...]) -> SessionDescription:
    origin = Origin("-", str(session_id), str(session_id if version is None else version), address)
    return SessionDescription((("v", "0"), ("o", str(origin)), ("s", "-"), ("c", written_address(address)), time), media)


def _audio(
    port: int,
    protocol: str,
    formats: Sequence[RtpFormat],
    terms: Terms,
    direction: Direction,
    *,
    crypto: Sequence[Crypto],
    rtcp_mux: bool,
) -> Media:
    lines: list[Line] = []
    for own in formats:
        channels = "" if own.channels == 1 else f"/{own.channels}"
        lines.append(("a", f"rtpmap:{own.payload_type} {own.encoding}/{own.clock_rate}{channels}"))
        if own.parameters is not None:
            lines.append(("a", f"fmtp:{own.payload_type} {own.parameters}"))
    lines += [("a", f"crypto:{each.written()}") for each in crypto]
    if rtcp_mux:
        lines.append(("a", "rtcp-mux"))
    lines += [("a", f"ptime:{terms.ptime_ms}"), ("a", direction.value)]
    return Media("audio", port, protocol, tuple(str(own.payload_type) for own in formats), tuple(lines))


def _common_section(local: SessionDescription, remote: SessionDescription) -> tuple[Media, Media]:
    # The n-th section of an answer belongs to the n-th of its offer (RFC 3264 section 6).
    for ours, theirs in zip(local.media, remote.media, strict=False):
        if ours.kind == theirs.kind == "audio" and ours.port and theirs.port:
            return ours, theirs
    refused = any(section.kind == "audio" and not section.port for section in remote.media)
    raise NoAudio('the other side refused the audio section (port "0")' if refused else "the descriptions have no audio section in common")


def event_clocks(codecs: Iterable[Codec]) -> tuple[int, ...]:
    """Return the clocks to offer telephone-events with.

    An event's clock is that of the sound around it (RFC 4733 section 2.1), so each needs a payload type of its own. Many know only 8000,
    whatever they speak, so that is offered last where no codec has it.
    """
    return tuple(dict.fromkeys((*(codec.clock_rate for codec in codecs), _USUAL_EVENT_CLOCK)))


def _telephone_events(media: Media, clock_rate: int) -> tuple[RtpFormat, ...]:
    """Return the payload types of telephone-events with this clock, or else with the usual one."""
    for clock in (clock_rate, _USUAL_EVENT_CLOCK):
        if found := tuple(own for own in media.rtp_formats() if own.same_encoding(TELEPHONE_EVENT, clock)):
            return found
    return ()


def _common_events(one: Media, other: Media, clock_rate: int) -> tuple[tuple[RtpFormat, ...], tuple[RtpFormat, ...]]:
    """Return the payload types of telephone-events on both sides, all with one clock; nothing where there is no such clock."""
    for clock in (clock_rate, _USUAL_EVENT_CLOCK):
        found = [tuple(own for own in side.rtp_formats() if own.same_encoding(TELEPHONE_EVENT, clock)) for side in (one, other)]
        if all(found):
            return found[0], found[1]
    return (), ()


def _direction(description: SessionDescription, media: Media) -> Direction:
    said = description.direction(media)
    # The old way to hold a call: an address where nothing arrives (RFC 3264 section 8.4).
    return Direction.of(sends=said.sends, receives=said.receives and not is_nowhere(description.media_address(media)))


def _rtcp(media: Media) -> tuple[int, str]:
    """Return where reports go: the port, and the address where another is named than that of the sound."""
    first, *there = (media.attribute("rtcp") or "").split()[:4] or [""]
    if not (first.isascii() and first.isdigit() and 0 < int(first[:6]) < 65536):
        return media.port + 1, ""
    return int(first), there[2] if len(there) == 3 and there[0].upper() == "IN" else ""


__all__ = [
    "CODECS",
    "DEFAULT_PTIME_MS",
    "G722",
    "L16_8000",
    "L16_16000",
    "L16_44100",
    "OPUS",
    "PCMA",
    "PCMU",
    "AudioStream",
    "Codec",
    "Crypto",
    "Direction",
    "Media",
    "NegotiationError",
    "NoAudio",
    "NoCommonCodec",
    "NoEncryption",
    "PayloadTypes",
    "SdpSyntaxError",
    "SessionDescription",
    "Srtp",
    "Terms",
    "answer",
    "changed_direction",
    "negotiated",
    "offer",
    "read_events",
]
