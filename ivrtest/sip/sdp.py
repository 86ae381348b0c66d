"""Offer and answer for one audio stream (RFC 3264), and what the two come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ivrtest.sip.grammar import shown
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

PROTOCOLS: Final = ("RTP/AVP", "RTP/AVPF")
"""What is understood in an `m=` line. Feedback messages (AVPF, RFC 4585) may be left out by either side."""
TELEPHONE_EVENT: Final = "telephone-event"
KEYS: Final = "0-15"
"""The events of RFC 4733 that are keys: digits, `*`, `#` and A to D."""
DEFAULT_PTIME_MS: Final = 20
"""RFC 3551 section 4.2."""


class NegotiationError(ValueError):
    """Two descriptions that come to no audio stream. The text says why."""


class NoAudio(NegotiationError):  # noqa: N818  # named after what happened
    """No audio stream is offered, or it was refused."""


class NoCommonCodec(NegotiationError):  # noqa: N818  # named after what happened
    """The two sides know no common codec."""


@dataclass(frozen=True, slots=True)
class Codec:
    """A way to write sound into packets."""

    name: str
    clock_rate: int
    """Hz of the RTP timestamp."""
    payload_type: int
    """The static payload type, or the dynamic one to offer (96 to 127)."""
    channels: int = 1
    parameters: str | None = None
    """The `fmtp` text to offer."""

    def __str__(self) -> str:
        channels = "" if self.channels == 1 else f"/{self.channels}"
        return f"{self.name}/{self.clock_rate}{channels}"

    def carried_by(self, rtp_format: RtpFormat) -> bool:
        """Whether a payload type carries this codec."""
        return rtp_format.same_encoding(self.name, self.clock_rate, self.channels)


PCMU: Final = Codec("PCMU", 8000, 0)
PCMA: Final = Codec("PCMA", 8000, 8)
CODECS: Final = (PCMU, PCMA)
"""What is offered, best first. A codec is one line here and its coder in `audio`."""


@dataclass(frozen=True, slots=True)
class AudioStream:
    """What was agreed, seen from this side."""

    address: str
    """Where to send packets: an IP address or a host name."""
    port: int
    rtcp_port: int
    """`a=rtcp` (RFC 3605), else the next port."""
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
    *,
    session_id: int,
    session_version: int | None = None,
    codecs: Sequence[Codec] = CODECS,
    ptime_ms: int = DEFAULT_PTIME_MS,
    dtmf_payload_type: int | None = 101,
    direction: Direction = Direction.SENDRECV,
) -> SessionDescription:
    """Write an offer of one audio stream that is received at `address` and `port` (RFC 3264 section 5).

    `session_version` is the session id at first and must grow with each change. Without `dtmf_payload_type` no keys are offered.
    """
    formats = [RtpFormat(codec.payload_type, codec.name, codec.clock_rate, codec.channels, codec.parameters) for codec in codecs]
    if dtmf_payload_type is not None:
        formats.append(RtpFormat(dtmf_payload_type, TELEPHONE_EVENT, codecs[0].clock_rate, parameters=KEYS))
    media = _audio(port, "RTP/AVP", formats, ptime_ms, direction)
    return _session(address, session_id, session_version, ("t", "0 0"), (media,))


def answer(
    remote: SessionDescription,
    address: str,
    port: int,
    *,
    session_id: int,
    session_version: int | None = None,
    codecs: Sequence[Codec] = CODECS,
    ptime_ms: int = DEFAULT_PTIME_MS,
    dtmf: bool = True,
    direction: Direction = Direction.SENDRECV,
) -> SessionDescription:
    """Write the answer to the offer `remote`: the first audio section that fits, with one codec, under the offer's payload types.

    It is the first codec of the offer that is among `codecs` (RFC 3264 section 6.1); with one codec in the answer none can change
    in mid-call. All other sections are refused, in place. `direction` is what this side would like; it gets no more than is offered.
    Raises NoAudio, NoCommonCodec, SdpSyntaxError.
    """
    chosen, codec, carrier = _choose_audio(remote, codecs)
    formats = [replace(carrier, parameters=codec.parameters)]
    events = _telephone_event(chosen, codec.clock_rate)
    if dtmf and events is not None:
        formats.append(replace(events, parameters=KEYS))
    theirs = _direction(remote, chosen)
    agreed = Direction.of(sends=direction.sends and theirs.receives, receives=direction.receives and theirs.sends)
    ours = _audio(port, chosen.protocol, formats, ptime_ms, agreed)
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
        if received is not None and received.encoding.lower() != TELEPHONE_EVENT:
            break
    else:
        raise NoCommonCodec(f"no common codec: {_listed(their_formats)} on the other side, {_listed(our_formats)} on this side")
    codec = Codec(received.encoding, received.clock_rate, received.payload_type, received.channels, received.parameters)
    events_sent, events_received = _telephone_event(theirs, codec.clock_rate), _telephone_event(ours, codec.clock_rate)
    our_direction, their_direction = _direction(local, ours), _direction(remote, theirs)
    ptime_ms = theirs.ptime or ours.ptime or DEFAULT_PTIME_MS
    agreed = events_sent is not None and events_received is not None
    return AudioStream(
        address=remote.media_address(theirs),
        port=theirs.port,
        rtcp_port=_rtcp_port(theirs),
        codec=codec,
        send_payload_type=sent.payload_type,
        receive_payload_type=received.payload_type,
        dtmf_send_payload_type=events_sent.payload_type if agreed and events_sent is not None else None,
        dtmf_receive_payload_type=events_received.payload_type if agreed and events_received is not None else None,
        dtmf_events=read_events(events_sent.parameters) if agreed and events_sent is not None else frozenset(),
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


def _audio(port: int, protocol: str, formats: Sequence[RtpFormat], ptime_ms: int, direction: Direction) -> Media:
    lines: list[Line] = []
    for own in formats:
        channels = "" if own.channels == 1 else f"/{own.channels}"
        lines.append(("a", f"rtpmap:{own.payload_type} {own.encoding}/{own.clock_rate}{channels}"))
        if own.parameters is not None:
            lines.append(("a", f"fmtp:{own.payload_type} {own.parameters}"))
    lines += [("a", f"ptime:{ptime_ms}"), ("a", direction.value)]
    return Media("audio", port, protocol, tuple(str(own.payload_type) for own in formats), tuple(lines))


def _choose_audio(remote: SessionDescription, codecs: Sequence[Codec]) -> tuple[Media, Codec, RtpFormat]:
    sections = [section for section in remote.media if section.kind == "audio" and section.port]
    if not sections:
        raise NoAudio("offer has no audio section that is in use")
    usable = [section for section in sections if section.protocol in PROTOCOLS]
    if not usable:
        known = " or ".join(f'"{protocol}"' for protocol in PROTOCOLS)
        raise NoAudio(f"audio is offered over {shown(sections[0].protocol)} only. it must be {known}")
    for section in usable:
        for rtp_format in section.rtp_formats():
            for codec in codecs:
                if codec.carried_by(rtp_format):
                    return section, codec, rtp_format
    offered = [rtp_format for section in usable for rtp_format in section.rtp_formats()]
    wanted = ", ".join(str(codec) for codec in codecs)
    raise NoCommonCodec(f"no common codec: {_listed(offered)} offered, {wanted} known")


def _common_section(local: SessionDescription, remote: SessionDescription) -> tuple[Media, Media]:
    # The n-th section of an answer belongs to the n-th of its offer (RFC 3264 section 6).
    for ours, theirs in zip(local.media, remote.media, strict=False):
        if ours.kind == theirs.kind == "audio" and ours.port and theirs.port:
            return ours, theirs
    refused = any(section.kind == "audio" and not section.port for section in remote.media)
    raise NoAudio('the other side refused the audio section (port "0")' if refused else "the descriptions have no audio section in common")


def _telephone_event(media: Media, clock_rate: int) -> RtpFormat | None:
    return next((own for own in media.rtp_formats() if own.same_encoding(TELEPHONE_EVENT, clock_rate)), None)


def _direction(description: SessionDescription, media: Media) -> Direction:
    said = description.direction(media)
    # The old way to hold a call: an address where nothing arrives (RFC 3264 section 8.4).
    return Direction.of(sends=said.sends, receives=said.receives and not is_nowhere(description.media_address(media)))


def _rtcp_port(media: Media) -> int:
    first = (media.attribute("rtcp") or "").split(" ")[0]
    return int(first) if first.isascii() and first.isdigit() and 0 < int(first[:6]) < 65536 else media.port + 1


def _listed(formats: Sequence[RtpFormat]) -> str:
    names = dict.fromkeys(f"{own.encoding}/{own.clock_rate}" for own in formats if own.encoding.lower() != TELEPHONE_EVENT)
    return ", ".join(names) or "nothing"


__all__ = [
    "CODECS",
    "DEFAULT_PTIME_MS",
    "PCMA",
    "PCMU",
    "AudioStream",
    "Codec",
    "Direction",
    "Media",
    "NegotiationError",
    "NoAudio",
    "NoCommonCodec",
    "SdpSyntaxError",
    "SessionDescription",
    "answer",
    "changed_direction",
    "negotiated",
    "offer",
    "read_events",
]
