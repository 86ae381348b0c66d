"""The headers that are a number, a token or a short list: what the message belongs to, what is understood, how long it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from ivrtest.sip.grammar import NO_PARAMETERS, WHITE, Parameters, SipSyntaxError, number, shown, token
from ivrtest.sip.header import Header, ListHeader, NumberHeader, TokenSet, TokenWithParameters, before_parameters

_CALL_ID = re.compile(r"[^\x00-\x20,;\x7f]+")
_MEDIA_TYPE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*+/[ \t]*+([A-Za-z0-9\-.!%*_+`'~]+)")


def _words(text: str) -> list[str]:
    # Not str.split(): that would also split at white space which SIP does not know.
    return [word for word in text.replace("\t", " ").split(" ") if word]


@dataclass(frozen=True, slots=True)
class CallId(Header):
    """Which call a message belongs to (RFC 3261 section 20.8). Letter case matters."""

    NAME = "Call-ID"
    COMPACT = "i"

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it. Raises SipSyntaxError."""
        stripped = text.strip(WHITE)
        if not _CALL_ID.fullmatch(stripped):
            raise SipSyntaxError(f"Call-ID {shown(stripped)} must be one word")
        return cls(stripped)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class CSeq(Header):
    """The number and method of a request within its call (RFC 3261 section 20.16)."""

    NAME = "CSeq"

    number: int
    """0 to 2**31 - 1 (section 8.1.1.5)."""
    method: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `number method`. Raises SipSyntaxError."""
        words = _words(text)
        if len(words) != 2:
            raise SipSyntaxError(f'CSeq {shown(text.strip(WHITE))} must be a number and a method, such as "1 INVITE"')
        return cls(number(words[0], "CSeq number", limit=2**31 - 1), token(words[1], "CSeq method"))

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class RAck(Header):
    """Which reliable provisional response a PRACK acknowledges (RFC 3262 section 7.2)."""

    NAME = "RAck"

    response_number: int
    """The response's RSeq."""
    number: int
    """The request's CSeq number."""
    method: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `rseq cseq method`. Raises SipSyntaxError."""
        words = _words(text)
        if len(words) != 3:
            raise SipSyntaxError(f'RAck {shown(text.strip(WHITE))} must be two numbers and a method, such as "1 1 INVITE"')
        return cls(number(words[0], "RAck response number"), number(words[1], "RAck CSeq number"), token(words[2], "RAck method"))

    def __str__(self) -> str:
        return f"{self.response_number} {self.number} {self.method}"


class RSeq(NumberHeader):
    """The number of a reliable provisional response (RFC 3262 section 7.1)."""

    __slots__ = ()
    NAME = "RSeq"


class ContentLength(NumberHeader):
    """The body's size in bytes (RFC 3261 section 20.14)."""

    __slots__ = ()
    NAME = "Content-Length"
    COMPACT = "l"


class Expires(NumberHeader):
    """Seconds that the message or its content holds (RFC 3261 section 20.19)."""

    __slots__ = ()
    NAME = "Expires"


class MinExpires(NumberHeader):
    """The shortest refresh interval a server takes, in seconds (RFC 3261 section 20.23)."""

    __slots__ = ()
    NAME = "Min-Expires"


@dataclass(frozen=True, slots=True)
class _Seconds(Header):
    """A number of seconds with parameters."""

    seconds: int
    parameters: Parameters = NO_PARAMETERS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `seconds;name=value`. Raises SipSyntaxError."""
        first, rest = before_parameters(text)
        return cls(number(first, cls.NAME), Parameters.parse(rest, cls.NAME))

    def __str__(self) -> str:
        return f"{self.seconds}{self.parameters}"


class SessionExpires(_Seconds):
    """How long a call lives without a refresh (RFC 4028 section 4)."""

    __slots__ = ()
    NAME = "Session-Expires"
    COMPACT = "x"

    @classmethod
    def of(cls, seconds: int, refresher: str | None = None) -> Self:
        """Build it; `refresher` is `uac`, `uas`, or None to leave it to the other side."""
        return cls(seconds) if refresher is None else cls(seconds, Parameters.of(refresher=refresher))

    @property
    def refresher(self) -> str | None:
        """Who refreshes: `uac` or `uas`; None when it is left to the other side."""
        value = self.parameters.get("refresher")
        return None if value is None else value.lower()


class MinSE(_Seconds):
    """The shortest session interval a hop takes, in seconds (RFC 4028 section 5)."""

    __slots__ = ()
    NAME = "Min-SE"


@dataclass(frozen=True, slots=True)
class RetryAfter(Header):
    """Seconds after which a retry makes sense (RFC 3261 section 20.33)."""

    NAME = "Retry-After"

    seconds: int
    comment: str | None = None
    """Without its parentheses."""
    parameters: Parameters = NO_PARAMETERS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `seconds (comment);duration=seconds`. Raises SipSyntaxError."""
        comment: str | None = None
        start, opening, rest = text.partition("(")
        if opening:
            comment, closing, rest = rest.rpartition(")")
            if not closing:
                raise SipSyntaxError(f'Retry-After {shown(text)} has no closing ")" behind its comment')
            text = start + rest
        first, parameter_text = before_parameters(text)
        return cls(number(first, cls.NAME), comment, Parameters.parse(parameter_text, cls.NAME))

    def __str__(self) -> str:
        comment = "" if self.comment is None else f" ({self.comment})"
        return f"{self.seconds}{comment}{self.parameters}"


@dataclass(frozen=True, slots=True)
class ContentType(Header):
    """What the body is (RFC 3261 section 20.15)."""

    NAME = "Content-Type"
    COMPACT = "c"

    kind: str
    """`application`, lower case."""
    subtype: str
    """`sdp`, lower case."""
    parameters: Parameters = NO_PARAMETERS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `type/subtype;name=value`. Raises SipSyntaxError."""
        first, rest = before_parameters(text)
        found = _MEDIA_TYPE.fullmatch(first)
        if not found:
            raise SipSyntaxError(f'Content-Type {shown(first)} must be a type and a subtype, such as "application/sdp"')
        return cls(found[1].lower(), found[2].lower(), Parameters.parse(rest, cls.NAME))

    def __str__(self) -> str:
        return f"{self.media_type}{self.parameters}"

    @property
    def media_type(self) -> str:
        """Type and subtype: `application/sdp`."""
        return f"{self.kind}/{self.subtype}"


class Allow(TokenSet):
    """The methods that are understood (RFC 3261 section 20.5)."""

    __slots__ = ()
    NAME = "Allow"


class Supported(TokenSet):
    """The extensions that are supported (RFC 3261 section 20.37)."""

    __slots__ = ()
    NAME = "Supported"
    COMPACT = "k"


class Require(TokenSet):
    """The extensions that the other side must support (RFC 3261 section 20.32)."""

    __slots__ = ()
    NAME = "Require"


class ProxyRequire(TokenSet):
    """The extensions that proxies must support (RFC 3261 section 20.29)."""

    __slots__ = ()
    NAME = "Proxy-Require"


class Unsupported(TokenSet):
    """The required extensions that are not supported (RFC 3261 section 20.40)."""

    __slots__ = ()
    NAME = "Unsupported"


class AllowEvents(TokenSet):
    """The event packages that are understood (RFC 6665 section 8.2.2)."""

    __slots__ = ()
    NAME = "Allow-Events"
    COMPACT = "u"


class Event(TokenWithParameters):
    """The event package of a subscription: `refer`, `message-summary` ... (RFC 6665 section 8.2.1)."""

    __slots__ = ()
    NAME = "Event"
    COMPACT = "o"

    @property
    def package(self) -> str:
        """The package's name."""
        return self.token

    @property
    def id(self) -> str | None:
        """Which of several subscriptions of one dialog is meant."""
        return self.parameters.get("id")


class SubscriptionState(TokenWithParameters):
    """How a subscription stands: `active`, `pending` or `terminated` (RFC 6665 section 8.2.3)."""

    __slots__ = ()
    NAME = "Subscription-State"

    @property
    def state(self) -> str:
        """The state, lower case."""
        return self.token.lower()

    @property
    def expires(self) -> int | None:
        """Seconds left. Raises SipSyntaxError."""
        value = self.parameters.get("expires")
        return None if value is None else number(value, "Subscription-State expires")

    @property
    def reason(self) -> str | None:
        """Why it ended: `noresource`, `timeout` ..."""
        return self.parameters.get("reason")


class Reason(TokenWithParameters, ListHeader):
    """Why a request was sent, such as `Q.850;cause=16` or `SIP;cause=200` (RFC 3326)."""

    __slots__ = ()
    NAME = "Reason"

    @property
    def cause(self) -> int | None:
        """The protocol's code. Raises SipSyntaxError."""
        value = self.parameters.get("cause")
        return None if value is None else number(value, "Reason cause")

    @property
    def text(self) -> str | None:
        """The code in words."""
        return self.parameters.get("text")


class ContentDisposition(TokenWithParameters):
    """What the body is for: `session`, `render` ... (RFC 3261 section 20.11)."""

    __slots__ = ()
    NAME = "Content-Disposition"


@dataclass(frozen=True, slots=True)
class Replaces(Header):
    """The dialog that a new call takes over (RFC 3891 section 3)."""

    NAME = "Replaces"

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `call-id;to-tag=..;from-tag=..`. Raises SipSyntaxError."""
        first, rest = before_parameters(text)
        parameters = Parameters.parse(rest, cls.NAME)
        to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
        if to_tag is None or from_tag is None:
            raise SipSyntaxError(f"Replaces {shown(text.strip(WHITE))} must have a to-tag and a from-tag")
        return cls(CallId.parse(first).value, to_tag, from_tag, "early-only" in parameters)

    def __str__(self) -> str:
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{';early-only' if self.early_only else ''}"


@dataclass(frozen=True, slots=True)
class _Text(Header):
    """A header that is free text."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take the text as it is."""
        return cls(text.strip(WHITE))

    def __str__(self) -> str:
        return self.text


class Subject(_Text):
    """What the call is about (RFC 3261 section 20.36)."""

    __slots__ = ()
    NAME = "Subject"
    COMPACT = "s"


class UserAgent(_Text):
    """The program that sent the request (RFC 3261 section 20.41)."""

    __slots__ = ()
    NAME = "User-Agent"


class Server(_Text):
    """The program that answered (RFC 3261 section 20.35)."""

    __slots__ = ()
    NAME = "Server"
