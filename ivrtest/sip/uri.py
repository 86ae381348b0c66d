"""SIP, SIPS and telephone URIs (RFC 3261 section 19.1, RFC 3966)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self

from ivrtest.sip.grammar import Parameters, SipSyntaxError, host_and_port, shown, written_host

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*+):")
_FORBIDDEN = re.compile(r'[\x00-\x20<>"\x7f]')
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")
_USER = _UNRESERVED | frozenset("&=+$,;?/")
_PASSWORD = _UNRESERVED | frozenset("&=+$,")
_PARAMETER = _UNRESERVED | frozenset("[]/:&+$")
_HEADER = _UNRESERVED | frozenset("[]/?:+$")
_NEVER_DEFAULTED = ("user", "ttl", "method", "maddr", "transport")
_TEL_NUMBER = re.compile(r"\+[0-9().-]++|[0-9A-Fa-f*#().-]++")


def escape(text: str, allowed: frozenset[str]) -> str:
    """Return `text` with each character outside `allowed` as `%HH` of its UTF-8 bytes."""
    return "".join(
        char if char in allowed else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape")) for char in text
    )


def unescape(text: str) -> str:
    """Return `text` with its `%HH` decoded as UTF-8. Bytes that are not UTF-8 stay as surrogates, so nothing is lost."""
    if "%" not in text:
        return text
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _normal(text: str) -> str:
    """Return `text` with only those escapes decoded that make no difference (RFC 3261 section 19.1.4)."""

    def decoded(found: re.Match[str]) -> str:
        char = chr(int(found[1], 16))
        return char if char in _UNRESERVED else found[0].upper()

    return _ESCAPE.sub(decoded, text)


class UriParameters(Parameters):
    """The `;name=value` list of a URI: values are escaped with `%HH`, never quoted."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str, what: str) -> Self:
        """Read `a=b;c` (no leading semicolon). Empty parameters, as in `a;;b`, are left out."""
        items: list[tuple[str, str | None]] = []
        for part in text.split(";"):
            name, equals, value = part.partition("=")
            if part and not name:
                raise SipSyntaxError(f"{what} parameter {shown(part)} has no name")
            if part:
                items.append((name, value if equals else None))
        return cls(tuple(items))

    def get(self, name: str) -> str | None:
        """Return the first value of `name`, unescaped; None when it is absent or has none (see `in`)."""
        value = self.raw(name)
        return None if value is None else unescape(value)

    def with_value(self, name: str, value: str | int | None) -> Self:
        """Return a copy where `name` has `value`, escaped where it needs it (None: a parameter without value)."""
        return self._with_raw(name, None if value is None else escape(str(value), _PARAMETER))


NO_URI_PARAMETERS = UriParameters()


@dataclass(frozen=True, slots=True)
class SipUri:
    """A `sip:` or `sips:` URI, with its parts as written, so that it is sent on as it came (RFC 3261 section 19.1.1)."""

    scheme: str = "sip"
    """`sip` or `sips`, lower case."""
    user: str | None = None
    """As written: reserved characters escaped. See `user_text`."""
    password: str | None = None
    host: str = ""
    """Host name or address; IPv6 without brackets."""
    port: int | None = None
    """None when not given; then the default of the transport holds (5060, TLS 5061)."""
    parameters: UriParameters = NO_URI_PARAMETERS
    headers: tuple[tuple[str, str], ...] = ()
    """What stands behind the `?`: name and value, as written."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a `sip:` or `sips:` URI. Raises SipSyntaxError."""
        what = "SIP URI"
        scheme, colon, rest = text.partition(":")
        if not colon or scheme.lower() not in ("sip", "sips"):
            raise SipSyntaxError(f'{what} {shown(text)} must start with "sip:" or "sips:"')
        _check_characters(text, what)
        userinfo, at, rest = rest.partition("@") if "@" in rest else ("", "", rest)
        if at and not userinfo:
            raise SipSyntaxError(f'{what} {shown(text)} has no user before its "@"')
        user, has_password, password = userinfo.partition(":")
        if has_password and not user:
            raise SipSyntaxError(f'{what} {shown(text)} has no user before its ":" and password')
        rest, question, header_text = rest.partition("?")
        address, _, parameter_text = rest.partition(";")
        host, port = host_and_port(address, what)
        return cls(
            scheme=scheme.lower(),
            user=user if at else None,
            password=password if has_password else None,
            host=host,
            port=port,
            parameters=UriParameters.parse(parameter_text, what),
            headers=_parse_headers(header_text, what) if question else (),
        )

    @classmethod
    def of(
        cls, host: str, port: int | None = None, *, user: str | None = None, scheme: str = "sip", **parameters: str | int | None
    ) -> Self:
        """Build a URI from plain text: `user` and the parameters are escaped where they need it."""
        written_user = None if user is None else escape(user, _USER)
        return cls(scheme=scheme, user=written_user, host=host, port=port, parameters=UriParameters.of(**parameters))

    def __str__(self) -> str:
        password = "" if self.password is None else f":{self.password}"
        userinfo = "" if self.user is None else f"{self.user}{password}@"
        headers = "&".join(f"{name}={value}" for name, value in self.headers)
        return f"{self.scheme}:{userinfo}{written_host(self.host, self.port)}{self.parameters}{'?' if headers else ''}{headers}"

    @property
    def user_text(self) -> str:
        """The user, unescaped; empty when there is none."""
        return unescape(self.user or "")

    @property
    def secure(self) -> bool:
        """Whether every hop must be TLS (RFC 3261 section 26.2.2)."""
        return self.scheme == "sips"

    @property
    def transport(self) -> str | None:
        """The `transport` parameter, lower case: `udp`, `tcp`, `tls`, `ws` ... None when not given."""
        value = self.parameters.get("transport")
        return None if value is None else value.lower()

    @property
    def loose_router(self) -> bool:
        """Whether the element at this URI follows RFC 3261's loose routing (`lr`, section 19.1.1)."""
        return "lr" in self.parameters

    @property
    def maddr(self) -> str | None:
        """The address to send to instead of `host` (section 19.1.1)."""
        return self.parameters.get("maddr")

    @property
    def ttl(self) -> int | None:
        """The time to live for multicast; None when absent or not 0 to 255."""
        value = self.parameters.get("ttl") or ""
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 3 and int(value) <= 255 else None

    @property
    def is_phone(self) -> bool:
        """Whether the user part is a telephone number (`user=phone`)."""
        return (self.parameters.get("user") or "").lower() == "phone"

    def header(self, name: str) -> str | None:
        """Return the unescaped value of the header `name` behind the `?`, such as `Replaces` in a Refer-To."""
        return next((unescape(value) for own, value in self.headers if own.lower() == name.lower()), None)

    def with_user(self, user: str | None) -> Self:
        """Return a copy with another user, escaped where it needs it."""
        return replace(self, user=None if user is None else escape(user, _USER))

    def with_address(self, host: str, port: int | None = None) -> Self:
        """Return a copy with another host and port."""
        return replace(self, host=host, port=port)

    def with_parameter(self, name: str, value: str | int | None = None) -> Self:
        """Return a copy with the parameter `name` set."""
        return replace(self, parameters=self.parameters.with_value(name, value))

    def without_parameter(self, name: str) -> Self:
        """Return a copy without the parameter `name`."""
        return replace(self, parameters=self.parameters.without(name))

    def with_header(self, name: str, value: str) -> Self:
        """Return a copy with one more header behind the `?`, escaped where it needs it."""
        return replace(self, headers=(*self.headers, (escape(name, _HEADER), escape(value, _HEADER))))

    def as_request_uri(self) -> Self:
        """Return a copy without the parts that a Request-URI must not have: headers and `method` (section 19.1.1, table 1)."""
        return replace(self, headers=(), parameters=self.parameters.without("method"))

    def matches(self, other: Uri) -> bool:
        """Compare as RFC 3261 section 19.1.4 says. This is not `==`: it is not transitive."""
        if not isinstance(other, SipUri) or self.scheme != other.scheme or self.port != other.port:
            return False
        if _maybe_normal(self.user) != _maybe_normal(other.user) or _maybe_normal(self.password) != _maybe_normal(other.password):
            return False
        if self.host.lower() != other.host.lower() or _comparable_headers(self) != _comparable_headers(other):
            return False
        for name in {name.lower() for name in (*self.parameters, *other.parameters)}:
            in_both = name in self.parameters and name in other.parameters
            if in_both and _comparable(self.parameters.raw(name)) != _comparable(other.parameters.raw(name)):
                return False
            if not in_both and name in _NEVER_DEFAULTED:
                return False
        return True


@dataclass(frozen=True, slots=True)
class TelUri:
    """A `tel:` URI (RFC 3966)."""

    number: str
    """As written, with visual separators; starts with `+` when it is global."""
    parameters: UriParameters = NO_URI_PARAMETERS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a `tel:` URI. Raises SipSyntaxError."""
        if text[:4].lower() != "tel:":
            raise SipSyntaxError(f'telephone URI {shown(text)} must start with "tel:"')
        _check_characters(text, "telephone URI")
        number, _, parameter_text = text[4:].partition(";")
        if not _TEL_NUMBER.fullmatch(number) or not number.strip("+().-"):
            raise SipSyntaxError(f'telephone URI {shown(text)} must have a number behind "tel:", such as "+18005550100"')
        return cls(number, UriParameters.parse(parameter_text, "telephone URI"))

    def __str__(self) -> str:
        return f"tel:{self.number}{self.parameters}"

    @property
    def digits(self) -> str:
        """The number without visual separators."""
        return re.sub(r"[().-]", "", self.number)

    @property
    def user_text(self) -> str:
        """The number without visual separators: what the user part of a SIP URI for it would be."""
        return self.digits

    def matches(self, other: Uri) -> bool:
        """Compare as RFC 3966 section 4 says: visual separators and letter case make no difference, every parameter must match."""
        if not isinstance(other, TelUri) or self.digits.lower() != other.digits.lower():
            return False
        return _comparable_parameters(self.parameters) == _comparable_parameters(other.parameters)


@dataclass(frozen=True, slots=True)
class OtherUri:
    """A URI of a scheme that SIP gives no meaning, kept as it came: `http:`, `urn:`, `mailto:` ..."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def scheme(self) -> str:
        """What stands before the first colon, lower case."""
        return self.text.partition(":")[0].lower()

    @property
    def user_text(self) -> str:
        """Empty: nothing is known about the parts of this URI."""
        return ""

    def matches(self, other: Uri) -> bool:
        """Compare letter by letter; only the scheme's letter case makes no difference."""
        return isinstance(other, OtherUri) and self.scheme == other.scheme and self.text.partition(":")[2] == other.text.partition(":")[2]


Uri = SipUri | TelUri | OtherUri


def parse_uri(text: str) -> Uri:
    """Read a URI of any scheme. Raises SipSyntaxError."""
    found = _SCHEME.match(text)
    if not found:
        raise SipSyntaxError(f'URI {shown(text)} must start with a scheme and a colon, such as "sip:"')
    match found[1].lower():
        case "sip" | "sips":
            return SipUri.parse(text)
        case "tel":
            return TelUri.parse(text)
        case _:
            _check_characters(text, "URI")
            return OtherUri(text)


def _check_characters(text: str, what: str) -> None:
    if found := _FORBIDDEN.search(text):
        raise SipSyntaxError(f"{what} {shown(text)} must not have the character {shown(found[0])} in it. write it as %{ord(found[0]):02X}")
    if what != "URI" and (found := _BAD_ESCAPE.search(text)):
        raise SipSyntaxError(
            f'{what} {shown(text)} has {shown(text[found.start() : found.start() + 3])} in it. behind "%" must be two hexadecimal digits'
        )


def _parse_headers(text: str, what: str) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if not name:
            raise SipSyntaxError(f'{what} header {shown(part)} must be a name, "=" and a value')
        pairs.append((name, value))
    return tuple(pairs)


def _maybe_normal(text: str | None) -> str | None:
    return None if text is None else _normal(text)


def _comparable(text: str | None) -> str | None:
    return None if text is None else _normal(text).lower()


def _comparable_headers(uri: SipUri) -> list[tuple[str, str]]:
    return sorted((_normal(name).lower(), _normal(value)) for name, value in uri.headers)


def _comparable_parameters(parameters: UriParameters) -> list[tuple[str, str]]:
    return sorted((name.lower(), _comparable(value) or "") for name, value in parameters.items)


__all__ = ["OtherUri", "SipUri", "TelUri", "Uri", "UriParameters", "escape", "parse_uri", "unescape"]
