"""The characters SIP is made of (RFC 3261 section 25), and the error for what does not fit them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from ivrtest.sip.message import Request, Response

SHOWN_LIMIT = 60
"""How many characters of an offending value a message shows."""

WHITE = " \t"
"""LWS inside an unfolded header value. Python's own idea of white space is wider than SIP's."""

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]++")
HOST = re.compile(r"\[[0-9A-Fa-f:.]++(?:%[A-Za-z0-9_.~-]++)?\]|[A-Za-z0-9_.-]++")
"""A host name, an IPv4 address or a bracketed IPv6 address. Underscores are not in the grammar, but in many networks."""
QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_PLAIN_VALUE = re.compile(r"(?:[A-Za-z0-9\-.!%*_+`'~]++|\[[0-9A-Fa-f:.]++\])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_STOPS = re.compile(r'["<,]')
_PARAMETER_STOPS = re.compile(r'[";]')


class SipSyntaxError(ValueError):
    """Bytes or text that are not SIP. The text says what was wrong and what would be right."""

    def __init__(self, text: str, partial: Request | Response | None = None) -> None:
        super().__init__(text)
        self.partial = partial
        """The message as far as it could be read (start line and headers), enough to refuse it with 400. Else None."""


def shown(text: str) -> str:
    """Return `text` in double quotes for a message: shortened, and without characters that would break a line."""
    short = text if len(text) <= SHOWN_LIMIT else text[: SHOWN_LIMIT - 3] + "..."
    return '"' + "".join(char if char.isprintable() else _escaped(char) for char in short) + '"'


def _escaped(char: str) -> str:
    code = ord(char)
    # A byte that was not UTF-8 arrives as a surrogate, U+DC80 to U+DCFF.
    return f"\\x{code & 0xFF:02x}" if code < 0x100 or 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def is_token(text: str) -> bool:
    """Say whether `text` is a token (RFC 3261 section 25.1)."""
    return TOKEN.fullmatch(text) is not None


def token(text: str, what: str) -> str:
    """Return `text` without surrounding white space; it must be a token."""
    stripped = text.strip(WHITE)
    if not is_token(stripped):
        raise SipSyntaxError(f"{what} {shown(stripped)} must be a token: letters, digits and -.!%*_+`'~")
    return stripped


def number(text: str, what: str, *, limit: int = 2**32 - 1) -> int:
    """Return the whole number `text`, which is at most `limit`."""
    stripped = text.strip(WHITE)
    if not (stripped.isascii() and stripped.isdigit()):
        raise SipSyntaxError(f"{what} {shown(stripped)} must be a whole number from 0 to {limit}")
    digits = stripped.lstrip("0")
    if len(digits) > len(str(limit)) or int(digits or "0") > limit:
        raise SipSyntaxError(f"{what} {shown(stripped)} is too great. it can be {limit} at most")
    return int(digits or "0")


def quote(text: str) -> str:
    """Return `text` as a quoted string (RFC 3261 section 25.1, quoted-string)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """Return the content of a quoted string; text that is not quoted comes back as it is."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text


def split_list(text: str, what: str) -> list[str]:
    """Split a header value at its commas, but not at those inside quoted strings or angle brackets.

    Empty elements are left out, as in `a, , b`. Raises SipSyntaxError when a quote or a bracket is not closed.
    """
    parts: list[str] = []
    start = position = 0
    while stop := _STOPS.search(text, position):
        if stop[0] == ",":
            parts.append(text[start : stop.start()])
            start = position = stop.end()
        elif stop[0] == '"':
            position = _after_quoted(text, stop.start(), what)
        else:
            position = text.find(">", stop.end()) + 1
            if not position:
                raise SipSyntaxError(f'{what} {shown(text[stop.start() :])} has no closing ">"')
    parts.append(text[start:])
    return [stripped for part in parts if (stripped := part.strip(WHITE))]


def _after_quoted(text: str, start: int, what: str) -> int:
    found = QUOTED.match(text, start)
    if not found:
        raise SipSyntaxError(f"{what} {shown(text[start:])} has no closing double quote")
    return found.end()


def split_parameters(text: str, what: str) -> list[str]:
    """Split `a;b=c;d="e;f"` at the semicolons outside quoted strings. The parts come back without white space around them."""
    parts: list[str] = []
    start = position = 0
    while stop := _PARAMETER_STOPS.search(text, position):
        if stop[0] == ";":
            parts.append(text[start : stop.start()].strip(WHITE))
            start = position = stop.end()
        else:
            position = _after_quoted(text, stop.start(), what)
    parts.append(text[start:].strip(WHITE))
    return parts


@dataclass(frozen=True, slots=True)
class Parameters:
    """The `;name=value` list behind a header value (RFC 3261 section 25.1, generic-param). Names are case-insensitive, order is kept."""

    items: tuple[tuple[str, str | None], ...] = ()
    """Name and value as written, a quoted string with its quotes. A parameter without `=` has the value None."""

    @classmethod
    def parse(cls, text: str, what: str) -> Self:
        """Read `a=b;c` (no leading semicolon). Empty parameters, as in `a;;b`, are left out."""
        items: list[tuple[str, str | None]] = []
        for part in split_parameters(text, what):
            if not part:
                continue
            name, equals, value = part.partition("=")
            name, value = token(name, f"{what} parameter"), value.strip(WHITE)
            if value.startswith('"') and not QUOTED.fullmatch(value):
                raise SipSyntaxError(f"{what} parameter {shown(part)} has text behind its closing double quote")
            if equals and not value:
                raise SipSyntaxError(f'{what} parameter "{name}" has no value behind its "="')
            items.append((name, value if equals else None))
        return cls(tuple(items))

    @classmethod
    def of(cls, **values: str | int | None) -> Self:
        """Build parameters from Python names; `_` becomes `-`. Values are quoted where they need it."""
        parameters = cls()
        for name, value in values.items():
            parameters = parameters.with_value(name.replace("_", "-"), value)
        return parameters

    def __str__(self) -> str:
        return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.items)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(own.lower() == name.lower() for own, _ in self.items)

    def raw(self, name: str) -> str | None:
        """Return the first value of `name` as written; None when it is absent or has none."""
        wanted = name.lower()
        return next((value for own, value in self.items if own.lower() == wanted), None)

    def get(self, name: str) -> str | None:
        """Return the first value of `name`, without quotes; None when it is absent or has none (see `in`)."""
        value = self.raw(name)
        return None if value is None else unquote(value)

    def with_value(self, name: str, value: str | int | None) -> Self:
        """Return a copy where `name` has `value` (None: a parameter without value), in its old place or at the end."""
        written = None if value is None else str(value)
        if written is not None and not _PLAIN_VALUE.fullmatch(written):
            written = quote(written)
        return self._with_raw(name, written)

    def _with_raw(self, name: str, written: str | None) -> Self:
        wanted = name.lower()
        place = next((index for index, (own, _) in enumerate(self.items) if own.lower() == wanted), len(self.items))
        rest = [item for item in self.items if item[0].lower() != wanted]
        rest.insert(place, (name, written))
        return type(self)(tuple(rest))

    def without(self, name: str) -> Self:
        """Return a copy without `name`."""
        return type(self)(tuple(item for item in self.items if item[0].lower() != name.lower()))


NO_PARAMETERS = Parameters()


def host_and_port(text: str, what: str) -> tuple[str, int | None]:
    """Read `host[:port]`. An IPv6 address comes back without its brackets. White space around the colon is allowed (Via does it)."""
    stripped = text.strip(WHITE)
    found = HOST.match(stripped)
    if not found:
        raise SipSyntaxError(f"{what} {shown(stripped)} has no host. it must start with a host name, an IPv4 address or an [IPv6 address]")
    rest = stripped[found.end() :].strip(WHITE)
    port = None
    if rest:
        if not rest.startswith(":"):
            raise SipSyntaxError(f"{what} {shown(stripped)} goes on with {shown(rest)} behind its host. only a colon and a port can follow")
        port = number(rest[1:], f"{what} port", limit=65535)
    return found[0].strip("[]"), port


def written_host(host: str, port: int | None = None) -> str:
    """Write `host[:port]`, an IPv6 address in brackets."""
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"
