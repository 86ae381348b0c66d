"""Session descriptions: bytes to values and back (RFC 8866). What an offer and its answer come to is said in `sdp`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from ivrtest.sip.grammar import SipSyntaxError, number, shown

MAX_SIZE: Final = 65536
"""The most bytes of one description."""
MAX_LINES: Final = 2000
MAX_MEDIA: Final = 64
"""The most media sections. An answer has one for each, so this bounds what a stranger can make one write."""

Line = tuple[str, str]
"""A type letter and its value."""


class SdpSyntaxError(SipSyntaxError):
    """Bytes that are not a session description. The text says what was wrong and what would be right."""


class Direction(StrEnum):
    """Who sends, from the side that says it (RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the side that says it sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the side that says it wants to receive."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> Direction:
        """Return the direction with these two properties."""
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made the description, and which version of it this is (RFC 8866 section 5.2)."""

    username: str
    session_id: str
    version: str
    """A number that grows with each change."""
    address: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an `o=` value. Raises SdpSyntaxError."""
        words = text.split(" ")
        if len(words) != 6:
            raise SdpSyntaxError(f'SDP line "o=" {shown(text)} must have six words, such as "- 1 1 IN IP4 192.0.2.1"')
        return cls(words[0], words[1], words[2], words[5])

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} {written_address(self.address)}"


@dataclass(frozen=True, slots=True)
class RtpFormat:
    """One payload type of an RTP stream and what it means (RFC 8866 sections 6.6 and 6.15)."""

    payload_type: int
    """0 to 127."""
    encoding: str
    """`PCMU`, `telephone-event` ..., as written."""
    clock_rate: int
    """Hz."""
    channels: int = 1
    parameters: str | None = None
    """The `fmtp` text; None when there is none."""

    def same_encoding(self, encoding: str, clock_rate: int, channels: int = 1) -> bool:
        """Whether this payload type carries that encoding. Letter case makes no difference (RFC 4855 section 3)."""
        return self.encoding.lower() == encoding.lower() and self.clock_rate == clock_rate and self.channels == channels


STATIC_FORMATS: Final[dict[int, RtpFormat]] = {
    payload_type: RtpFormat(payload_type, encoding, clock_rate, channels)
    for payload_type, encoding, clock_rate, channels in (
        (0, "PCMU", 8000, 1),
        (3, "GSM", 8000, 1),
        (4, "G723", 8000, 1),
        (5, "DVI4", 8000, 1),
        (6, "DVI4", 16000, 1),
        (7, "LPC", 8000, 1),
        (8, "PCMA", 8000, 1),
        (9, "G722", 8000, 1),
        (10, "L16", 44100, 2),
        (11, "L16", 44100, 1),
        (12, "QCELP", 8000, 1),
        (13, "CN", 8000, 1),
        (15, "G728", 8000, 1),
        (16, "DVI4", 11025, 1),
        (17, "DVI4", 22050, 1),
        (18, "G729", 8000, 1),
    )
}
"""What payload types mean that have no `rtpmap` (RFC 3551 section 6, telephone audio only)."""


class _Section:
    """What the session and each media section have in common: lines in order."""

    __slots__ = ()
    lines: tuple[Line, ...]

    def value(self, letter: str) -> str | None:
        """Return the value of the first line with this letter."""
        return next((value for own, value in self.lines if own == letter), None)

    def attributes(self, name: str) -> tuple[str, ...]:
        """Return the values of all `a=name:value` lines; that of `a=name` is empty."""
        found = (value.partition(":") for letter, value in self.lines if letter == "a")
        return tuple(value for own, _, value in found if own == name)

    def attribute(self, name: str) -> str | None:
        """Return the value of the first `a=name:value` line; None when there is none."""
        return next(iter(self.attributes(name)), None)

    @property
    def address(self) -> str | None:
        """The `c=` address without the TTL of multicast; None when there is no such line. Raises SdpSyntaxError."""
        text = self.value("c")
        if text is None:
            return None
        words = text.split(" ")
        if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6") or not words[2]:
            raise SdpSyntaxError(f'SDP line "c=" {shown(text)} must be "IN IP4" or "IN IP6" and an address')
        return words[2].partition("/")[0]

    @property
    def own_direction(self) -> Direction | None:
        """The direction this section says; None when it says none."""
        said = [value for letter, value in self.lines if letter == "a" and value in tuple(Direction)]
        return Direction(said[0]) if said else None

    def _lines_with_direction(self, direction: Direction) -> tuple[Line, ...]:
        kept = tuple(line for line in self.lines if line[0] != "a" or line[1] not in tuple(Direction))
        return (*kept, ("a", direction.value))


@dataclass(frozen=True, slots=True)
class Media(_Section):
    """One media section: the `m=` line and the lines behind it (RFC 8866 section 5.14)."""

    kind: str
    """`audio`, `video` ..."""
    port: int
    """0: the stream is not used (RFC 3264 section 6)."""
    protocol: str
    """`RTP/AVP` ..."""
    formats: tuple[str, ...]
    """Payload types, best first, as written."""
    lines: tuple[Line, ...] = ()
    port_count: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an `m=` value. Raises SdpSyntaxError."""
        words = text.split(" ")
        if len(words) < 4 or not all(words[:4]):
            raise SdpSyntaxError(f'SDP line "m=" {shown(text)} must be kind, port, protocol and formats, such as "audio 4000 RTP/AVP 0"')
        port, slash, count = words[1].partition("/")
        return cls(
            kind=words[0],
            port=_number(port, "SDP media port", 65535),
            protocol=words[2],
            formats=tuple(word for word in words[3:] if word),
            port_count=_number(count, "SDP media port count", 65535) if slash else 1,
        )

    @property
    def start_line(self) -> str:
        """The value of the `m=` line."""
        count = "" if self.port_count == 1 else f"/{self.port_count}"
        return f"{self.kind} {self.port}{count} {self.protocol} {' '.join(self.formats)}"

    def rtp_formats(self) -> tuple[RtpFormat, ...]:
        """Return what the payload types of the `m=` line mean, best first.

        A static payload type needs no `rtpmap`. Formats that are no payload type, or say nothing of their meaning, are left out.
        """
        maps = {key: text for key, _, text in (value.partition(" ") for value in self.attributes("rtpmap"))}
        parameters = {key: text.strip(" ") for key, _, text in (value.partition(" ") for value in self.attributes("fmtp"))}
        found: list[RtpFormat] = []
        for name in dict.fromkeys(self.formats):
            if not (name.isascii() and name.isdigit() and len(name) <= 3 and int(name) <= 127):
                continue
            static = STATIC_FORMATS.get(int(name))
            if name in maps:
                found.append(_rtp_map(int(name), maps[name].strip(" "), parameters.get(name)))
            elif static is not None:
                found.append(replace(static, parameters=parameters.get(name)))
        return tuple(found)

    @property
    def ptime(self) -> int | None:
        """Milliseconds of sound per packet that this side would like to receive (RFC 8866 section 6.4); None when not said."""
        return _milliseconds(self.attribute("ptime"))

    @property
    def max_ptime(self) -> int | None:
        """The most milliseconds of sound per packet that this side takes (RFC 8866 section 6.5); None when not said."""
        return _milliseconds(self.attribute("maxptime"))

    def with_direction(self, direction: Direction) -> Self:
        """Return a copy with this direction."""
        return replace(self, lines=self._lines_with_direction(direction))

    def refused(self) -> Self:
        """Return the section that answers this one with "no" (RFC 3264 section 6): the same line with port 0."""
        return replace(self, port=0, port_count=1, lines=())


@dataclass(frozen=True, slots=True)
class SessionDescription(_Section):
    """A session description, its lines in order, those of unknown meaning too."""

    lines: tuple[Line, ...]
    """The lines before the first media section, `v=` included."""
    media: tuple[Media, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a description. Line ends may be CRLF or LF. Raises SdpSyntaxError."""
        if len(data) > MAX_SIZE:
            raise SdpSyntaxError(f"session description has {len(data)} bytes. it can have {MAX_SIZE} at most")
        texts = [line.removesuffix("\r") for line in data.decode("utf-8", "surrogateescape").split("\n")]
        if len(texts) > MAX_LINES:
            raise SdpSyntaxError(f"session description has {len(texts)} lines. it can have {MAX_LINES} at most")
        session: list[Line] = []
        media: list[tuple[Media, list[Line]]] = []
        for text in texts:
            if not text.strip(" \t"):
                continue
            letter, equals, value = text.partition("=")
            if not equals or len(letter) != 1 or not letter.isalpha():
                raise SdpSyntaxError(f'SDP line {shown(text)} must be a letter, "=" and a value')
            if not session and (letter, value.strip(" ")) != ("v", "0"):
                raise SdpSyntaxError(f'session description starts with {shown(text)}. it must start with "v=0"')
            if letter == "m":
                media.append((Media.parse(value), []))
            elif media:
                media[-1][1].append((letter, value))
            else:
                session.append((letter, value))
        if not session:
            raise SdpSyntaxError('session description is empty. it must start with "v=0"')
        if len(media) > MAX_MEDIA:
            raise SdpSyntaxError(f"session description has {len(media)} media sections. it can have {MAX_MEDIA} at most")
        return cls(tuple(session), tuple(replace(section, lines=tuple(lines)) for section, lines in media))

    def __str__(self) -> str:
        lines = list(self.lines)
        for section in self.media:
            lines += [("m", section.start_line), *section.lines]
        return "".join(f"{letter}={value}\r\n" for letter, value in lines)

    def __bytes__(self) -> bytes:
        return str(self).encode("utf-8", "surrogateescape")

    @property
    def origin(self) -> Origin:
        """The `o=` line. Raises SdpSyntaxError."""
        text = self.value("o")
        if text is None:
            raise SdpSyntaxError('session description has no "o=" line')
        return Origin.parse(text)

    def direction(self, media: Media) -> Direction:
        """Return the direction of a section: its own, else the session's, else `sendrecv` (RFC 8866 section 6.7)."""
        return media.own_direction or self.own_direction or Direction.SENDRECV

    def media_address(self, media: Media) -> str:
        """Return where a section's packets go: its own `c=` address, else the session's. Raises SdpSyntaxError."""
        address = media.address or self.address
        if address is None:
            raise SdpSyntaxError(f'session description has no "c=" line for its {shown(media.kind)} section')
        return address


def written_address(address: str) -> str:
    """Write an address the way `c=` and `o=` do: `IN IP4 192.0.2.1`."""
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


def is_nowhere(address: str) -> bool:
    """Say whether nothing can be sent to `address`: `0.0.0.0`, `::`, or a name in `.invalid` (RFC 3264 section 8.4, RFC 6157 section 4)."""
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return address.lower().rstrip(".").endswith(".invalid")


def _rtp_map(payload_type: int, text: str, parameters: str | None) -> RtpFormat:
    encoding, slash, rest = text.partition("/")
    rate, _, channels = rest.partition("/")
    if not encoding or not slash:
        raise SdpSyntaxError(f'SDP attribute "rtpmap" {shown(text)} must be an encoding and a clock rate, such as "PCMU/8000"')
    clock_rate = _number(rate, "SDP clock rate", 10_000_000)
    return RtpFormat(payload_type, encoding, clock_rate, _number(channels, "SDP channel count", 255) if channels else 1, parameters)


def _milliseconds(text: str | None) -> int | None:
    # Some phones write "20.0"; anything else that is no number is as good as not said.
    whole = (text or "").strip(" ").partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) <= 4 and int(whole) > 0 else None


def _number(text: str, what: str, limit: int) -> int:
    try:
        return number(text, what, limit=limit)
    except SipSyntaxError as problem:
        raise SdpSyntaxError(str(problem)) from None
