"""SIP messages: bytes to values and back (RFC 3261 section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, Self, TypeVar

from ivrtest.sip.address import To
from ivrtest.sip.fields import CallId, ContentLength, ContentType, CSeq
from ivrtest.sip.grammar import TOKEN, WHITE, SipSyntaxError, shown
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import NO_HEADERS, Headers
from ivrtest.sip.headers import From, RecordRoute, Via
from ivrtest.sip.status import reason_phrase
from ivrtest.sip.uri import OtherUri, Uri, parse_uri

MAX_HEAD: Final = 65536
"""The most bytes that start line and headers may take. More than a datagram can hold."""
MAX_FIELDS: Final = 500
"""The most header lines of one message."""

H = TypeVar("H", bound=Header)

_LINE_END = re.compile(rb"\r\n|\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_STATUS = re.compile(r"[1-6][0-9][0-9]")


class _Message:
    """What requests and responses have in common."""

    __slots__ = ()
    headers: Headers
    body: bytes
    version: str

    def _with(self, headers: Headers, body: bytes) -> Self:
        raise NotImplementedError

    def get(self, kind: type[H]) -> H | None:
        """Return the first header of this type; None when there is none. Raises SipSyntaxError when it cannot be read."""
        return self.headers.get(kind)

    def need(self, kind: type[H]) -> H:
        """Return the first header of this type. Raises SipSyntaxError when there is none or it cannot be read."""
        return self.headers.need(kind)

    def all(self, kind: type[H]) -> tuple[H, ...]:
        """Return all headers of this type, in order. Raises SipSyntaxError when one cannot be read."""
        return self.headers.all(kind)

    def text(self, name: str | type[Header]) -> str | None:
        """Return the first field of this name as written; None when there is none."""
        return self.headers.text(name)

    def with_header(self, *entries: Header | tuple[str, str]) -> Self:
        """Return a copy where these stand in place of all fields of their names."""
        return self._with(self.headers.with_set(*entries), self.body)

    def with_added(self, *entries: Header | tuple[str, str]) -> Self:
        """Return a copy with these headers at the end."""
        return self._with(self.headers.with_added(*entries), self.body)

    def with_first(self, *entries: Header | tuple[str, str]) -> Self:
        """Return a copy with these headers at the beginning."""
        return self._with(self.headers.with_first(*entries), self.body)

    def without(self, *names: str | type[Header]) -> Self:
        """Return a copy without the headers of these names."""
        return self._with(self.headers.without(*names), self.body)

    def with_body(self, body: bytes, content_type: str | None = None) -> Self:
        """Return a copy with another body and its Content-Type; an empty body has none."""
        headers = self.headers.without(ContentType)
        if content_type is not None:
            headers = headers.with_added(ContentType.parse(content_type))
        return self._with(headers, body)

    @property
    def start_line(self) -> str:
        """The first line, without its end."""
        raise NotImplementedError

    def __bytes__(self) -> bytes:
        """Write the message. Content-Length always stands, once, and is right. Raises SipSyntaxError for a start line of several lines."""
        if "\r" in self.start_line or "\n" in self.start_line:
            raise SipSyntaxError(f"start line {shown(self.start_line)} has a line end in it")
        headers = self.headers.with_set(ContentLength(len(self.body)))
        lines = [self.start_line, *(f"{name}: {value}" if value else f"{name}:" for name, value in headers)]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """A request (RFC 3261 section 7.1)."""

    method: str
    """As written; letter case matters."""
    uri: Uri
    headers: Headers = NO_HEADERS
    body: bytes = b""
    version: str = field(default="SIP/2.0", kw_only=True)

    def _with(self, headers: Headers, body: bytes) -> Self:
        return replace(self, headers=headers, body=body)

    @property
    def start_line(self) -> str:
        """`INVITE sip:alice@example.com SIP/2.0`."""
        return f"{self.method} {self.uri} {self.version}"


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """A response (RFC 3261 section 7.2)."""

    status: int
    """100 to 699."""
    reason: str
    """The words behind the status; may be empty."""
    headers: Headers = NO_HEADERS
    body: bytes = b""
    version: str = field(default="SIP/2.0", kw_only=True)

    def _with(self, headers: Headers, body: bytes) -> Self:
        return replace(self, headers=headers, body=body)

    @property
    def start_line(self) -> str:
        """`SIP/2.0 200 OK`."""
        return f"{self.version} {self.status} {self.reason}"

    @property
    def is_provisional(self) -> bool:
        """Whether a final response is still to come."""
        return self.status < 200

    @property
    def is_success(self) -> bool:
        """Whether the request was accepted (2xx)."""
        return 200 <= self.status < 300


Message = Request | Response


def parse_message(data: bytes) -> Message:
    """Read one message from one datagram.

    Bytes behind Content-Length are dropped; a body shorter than it is an error (RFC 3261 section 18.3). Empty lines before the
    message are skipped (section 7.5). Header values are not looked into: `get` and `all` do that, so one bad header spoils only itself.
    Raises SipSyntaxError; when start line and headers could be read, the message so far is its `partial`.
    """
    message, body = parse_head(data)
    length = content_length(message)
    if length is None:
        return replace(message, body=body)
    if length > len(body):
        text = f'Content-Length "{length}" is more than the {len(body)} bytes that came behind the headers'
        raise SipSyntaxError(text, partial=message)
    return replace(message, body=body[:length])


def parse_head(data: bytes) -> tuple[Message, bytes]:
    """Read start line and headers; return the message without body, and the bytes behind the empty line. Raises SipSyntaxError."""
    data = data.lstrip(b"\r\n")
    if not data:
        raise SipSyntaxError("message is empty. it must start with a request line or a status line")
    end = _HEAD_END.search(data)
    head, body = (data[: end.start()], data[end.end() :]) if end else (data.rstrip(b"\r\n"), b"")
    if len(head) > MAX_HEAD:
        raise SipSyntaxError(f"start line and headers have {len(head)} bytes. they can have {MAX_HEAD} at most")
    lines = [line.decode("utf-8", "surrogateescape") for line in _LINE_END.split(head)]
    message = _with_start_line(lines[0], Headers(_fields(lines[1:])))
    if end is None:
        raise SipSyntaxError("message has no empty line behind its headers", partial=message)
    return message, body


def content_length(message: Message) -> int | None:
    """Return what Content-Length says; None when it is missing. Raises SipSyntaxError when it is no number or given twice differently."""
    try:
        lengths = {header.value for header in message.all(ContentLength)}
    except SipSyntaxError as problem:
        raise SipSyntaxError(str(problem), partial=message) from None
    if len(lengths) > 1:
        given = " and ".join(f'"{length}"' for length in sorted(lengths))
        raise SipSyntaxError(f"Content-Length is given as {given}. it can be given once only", partial=message)
    return next(iter(lengths), None)


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    values: list[tuple[str, list[str]]] = []
    for line in lines:
        if line[:1] in (" ", "\t"):
            if not values:
                raise SipSyntaxError(f"line {shown(line)} continues a header, but there is none before it")
            values[-1][1].append(line.strip(WHITE))
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise SipSyntaxError(f'header line {shown(line)} must be a name, ":" and a value')
        values.append((name.rstrip(WHITE), [value.strip(WHITE)]))
        if len(values) > MAX_FIELDS:
            raise SipSyntaxError(f"message has more than {MAX_FIELDS} header lines")
    # A line end with white space behind it is one space (section 7.3.1).
    return [(name, " ".join(part for part in parts if part)) for name, parts in values]


def _with_start_line(line: str, headers: Headers) -> Message:
    version, _, rest = line.partition(" ")
    if _VERSION.fullmatch(version):
        code, _, reason = rest.partition(" ")
        if not _STATUS.fullmatch(code):
            raise SipSyntaxError(f"status {shown(code)} in status line {shown(line)} must be a number from 100 to 699")
        return Response(int(code), reason, headers, version=version.upper())
    return _request(line, headers)


def _request(line: str, headers: Headers) -> Request:
    # White space at the end harms nobody (RFC 4475 section 3.1.2.9 leaves it open).
    words = line.rstrip(WHITE).split(" ")
    method, uri, version = words[0], " ".join(words[1:-1]), words[-1]
    if len(words) < 3 or not _VERSION.fullmatch(version):
        raise SipSyntaxError(f'first line {shown(line)} must be "METHOD URI SIP/2.0" or "SIP/2.0 STATUS REASON"')
    if not TOKEN.fullmatch(method):
        raise SipSyntaxError(f"method {shown(method)} must be a token: letters, digits and -.!%*_+`'~")
    try:
        if " " in uri:
            raise SipSyntaxError(f'first line {shown(line)} has too many spaces. it must be "METHOD URI SIP/2.0" with single spaces')
        return Request(method, parse_uri(uri), headers, version=version.upper())
    except SipSyntaxError as problem:
        partial = Request(method, OtherUri(uri), headers, version=version.upper())
        raise SipSyntaxError(str(problem), partial=partial) from None


def check_message(message: Message) -> None:
    """Check what every message must have (RFC 3261 section 8.1.1): Via, From, To, Call-ID and CSeq, readable, and the last four once.

    A request's CSeq must name its method (section 8.1.1.5). Raises SipSyntaxError, with the message as its `partial`.
    """
    try:
        message.need(Via)
        for kind in (From, To, CallId, CSeq):
            values = message.all(kind)
            if len(values) != 1:
                count = f"{len(values)} {shown(kind.NAME)} headers" if values else f"no {shown(kind.NAME)} header"
                raise SipSyntaxError(f"message has {count}. it must have one")
        cseq = message.need(CSeq)
        if isinstance(message, Request) and cseq.method != message.method:
            raise SipSyntaxError(f"CSeq method {shown(cseq.method)} must be the request's method {shown(message.method)}")
    except SipSyntaxError as problem:
        raise SipSyntaxError(str(problem), partial=message) from None


def create_response(
    request: Request, status: int, reason: str | None = None, *, to_tag: str | None = None, record_route: bool = False
) -> Response:
    """Start a response as RFC 3261 section 8.2.6.2 says: Via, From, To, Call-ID and CSeq as they came.

    `to_tag` goes into To when it has no tag yet. `record_route` copies Record-Route too, for responses that make a dialog (12.1.1).
    A 100 takes Timestamp along (8.2.6.1).
    A To that cannot be read is copied as it came, so that a bad request can still be refused.
    """
    names: list[type[Header]] = [Via, RecordRoute, From, To, CallId, CSeq] if record_route else [Via, From, To, CallId, CSeq]
    fields = [pair for name in names for pair in request.headers.fields(name)]
    if status == 100:
        fields.extend(request.headers.fields("Timestamp"))
    headers = Headers(fields)
    if to_tag is not None:
        try:
            to = headers.get(To)
        except SipSyntaxError:
            to = None
        if to is not None and to.tag is None:
            headers = headers.with_set(to.with_tag(to_tag))
    return Response(status, reason_phrase(status) if reason is None else reason, headers)
