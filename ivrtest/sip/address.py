"""Headers that name somebody: an optional display name, a URI, and parameters (RFC 3261 section 20.10)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ivrtest.sip.grammar import NO_PARAMETERS, QUOTED, TOKEN, WHITE, Parameters, SipSyntaxError, number, quote, shown, unquote
from ivrtest.sip.header import Header, ListHeader, before_parameters
from ivrtest.sip.uri import OtherUri, SipUri, Uri, parse_uri

_PREFERENCE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class NameAddress(Header):
    """`"Name" <uri>;parameter=value` or `uri;parameter=value` (RFC 3261 section 25.1, name-addr and addr-spec)."""

    uri: Uri
    display_name: str | None = None
    """Without quotes and escapes; None when there is none."""
    parameters: Parameters = NO_PARAMETERS
    """The header's own parameters; those of the URI are in `uri.parameters`."""

    @classmethod
    def of(cls, uri: Uri | str, display_name: str | None = None, **parameters: str | int | None) -> Self:
        """Build it from plain values; a URI given as text is read."""
        return cls(parse_uri(uri) if isinstance(uri, str) else uri, display_name, Parameters.of(**parameters))

    @classmethod
    def like(cls, other: NameAddress) -> Self:
        """Return the same value under this header's name, as a Route from a Record-Route."""
        return cls(other.uri, other.display_name, other.parameters)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one address. Raises SipSyntaxError."""
        text = text.strip(WHITE)
        if not text:
            raise SipSyntaxError(f"{cls.NAME} is empty. it must be an address, such as <sip:alice@example.com>")
        display_name: str | None = None
        rest = text
        if found := QUOTED.match(text):
            display_name = unquote(found[0])
            rest = text[found.end() :].lstrip(WHITE)
            if not rest.startswith("<"):
                raise SipSyntaxError(f'{cls.NAME} {shown(text)} must have "<", a URI and ">" behind its display name')
        elif text.startswith('"'):
            raise SipSyntaxError(f"{cls.NAME} {shown(text)} has no closing double quote")
        elif "<" in text.partition('"')[0]:
            name, _, rest = text.partition("<")
            words = [word for word in name.replace("\t", " ").split(" ") if word]
            display_name, rest = " ".join(words) or None, "<" + rest
        if not rest.startswith("<"):
            # Without angle brackets every parameter is the header's, none the URI's (RFC 3261 section 20).
            address, parameter_text = before_parameters(rest)
            return cls(_uri(address, cls.NAME), None, Parameters.parse(parameter_text, cls.NAME))
        address, closing, behind = rest[1:].partition(">")
        if not closing:
            raise SipSyntaxError(f'{cls.NAME} {shown(text)} has no closing ">" behind its URI')
        behind = behind.strip(WHITE)
        if behind and not behind.startswith(";"):
            raise SipSyntaxError(f'{cls.NAME} {shown(text)} goes on with {shown(behind)} behind its ">". only parameters can follow')
        return cls(_uri(address.strip(WHITE), cls.NAME), display_name, Parameters.parse(behind[1:], cls.NAME))

    def __str__(self) -> str:
        return f"{self._written_name}<{self.uri}>{self.parameters}"

    @property
    def _written_name(self) -> str:
        if self.display_name is None:
            return ""
        words = self.display_name.split(" ")
        plain = bool(self.display_name) and all(TOKEN.fullmatch(word) for word in words)
        return f"{self.display_name if plain else quote(self.display_name)} "

    @property
    def tag(self) -> str | None:
        """The `tag` parameter (RFC 3261 section 19.3)."""
        return self.parameters.get("tag")

    @property
    def sip_uri(self) -> SipUri:
        """The URI, which must be `sip:` or `sips:`. Raises SipSyntaxError."""
        if isinstance(self.uri, SipUri):
            return self.uri
        raise SipSyntaxError(f'{self.NAME} {shown(str(self.uri))} must be a "sip:" or "sips:" URI here')

    def with_tag(self, tag: str) -> Self:
        """Return a copy with this tag."""
        return self.with_parameter("tag", tag)

    def with_parameter(self, name: str, value: str | int | None = None) -> Self:
        """Return a copy with the header parameter `name` set, quoted where it needs it."""
        return replace(self, parameters=self.parameters.with_value(name, value))


def _uri(text: str, what: str) -> Uri:
    try:
        return parse_uri(text)
    except SipSyntaxError as problem:
        raise SipSyntaxError(f"{what}: {problem}") from None


class _AddressList(NameAddress, ListHeader):
    """Addresses with commas between them."""

    __slots__ = ()


class From(NameAddress):
    """Who sends the request (RFC 3261 section 20.20)."""

    __slots__ = ()
    NAME = "From"
    COMPACT = "f"


class To(NameAddress):
    """Whom the request is for (RFC 3261 section 20.39)."""

    __slots__ = ()
    NAME = "To"
    COMPACT = "t"


class ReplyTo(NameAddress):
    """Where to call back (RFC 3261 section 20.31)."""

    __slots__ = ()
    NAME = "Reply-To"


class ReferTo(NameAddress):
    """Whom to call instead (RFC 3515 section 2.1). A `Replaces` header in the URI makes it an attended transfer (RFC 3891)."""

    __slots__ = ()
    NAME = "Refer-To"
    COMPACT = "r"


class ReferredBy(NameAddress):
    """Who asked for the transfer (RFC 3892 section 3)."""

    __slots__ = ()
    NAME = "Referred-By"
    COMPACT = "b"


class Route(_AddressList):
    """The hops a request must take (RFC 3261 section 20.34)."""

    __slots__ = ()
    NAME = "Route"


class RecordRoute(_AddressList):
    """The hops that want to stay in the dialog (RFC 3261 section 20.30)."""

    __slots__ = ()
    NAME = "Record-Route"


class Path(_AddressList):
    """The hops between a registrar and a phone (RFC 3327)."""

    __slots__ = ()
    NAME = "Path"


class ServiceRoute(_AddressList):
    """The hops a registered phone sends its requests through (RFC 3608)."""

    __slots__ = ()
    NAME = "Service-Route"


class PAssertedIdentity(_AddressList):
    """Who calls, as a trusted network says (RFC 3325 section 9.1)."""

    __slots__ = ()
    NAME = "P-Asserted-Identity"


class PPreferredIdentity(_AddressList):
    """Who the caller wants to be shown as (RFC 3325 section 9.2)."""

    __slots__ = ()
    NAME = "P-Preferred-Identity"


class RemotePartyId(_AddressList):
    """Who calls, in the form that came before P-Asserted-Identity (draft-ietf-sip-privacy-04)."""

    __slots__ = ()
    NAME = "Remote-Party-ID"


class Diversion(_AddressList):
    """Who diverted the call, latest first (RFC 5806)."""

    __slots__ = ()
    NAME = "Diversion"


class HistoryInfo(_AddressList):
    """Where the request has been before, first to last (RFC 7044)."""

    __slots__ = ()
    NAME = "History-Info"


class Contact(_AddressList):
    """Where to reach somebody directly (RFC 3261 section 20.10), or `*` for all registrations."""

    __slots__ = ()
    NAME = "Contact"
    COMPACT = "m"

    @classmethod
    def everything(cls) -> Self:
        """Return `*`, which with `Expires: 0` removes all registrations (RFC 3261 section 10.2.2)."""
        return cls(OtherUri("*"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one contact or `*`. Raises SipSyntaxError."""
        return cls.everything() if text.strip(WHITE) == "*" else super().parse(text)

    @classmethod
    def parse_all(cls, fields: Sequence[str]) -> tuple[Self, ...]:
        """Read all contacts. `*` must be the only one (RFC 3261 section 25.1, Contact)."""
        contacts = super().parse_all(fields)
        if len(contacts) > 1 and any(contact.is_everything for contact in contacts):
            raise SipSyntaxError(f'Contact "*" must be the only contact, but there are {len(contacts)}')
        return contacts

    def __str__(self) -> str:
        return "*" if self.is_everything else super().__str__()

    @property
    def is_everything(self) -> bool:
        """Whether this is `*`."""
        return self.uri == OtherUri("*")

    @property
    def expires(self) -> int | None:
        """Seconds until the registration ends (`expires` parameter); None when not given."""
        value = self.parameters.get("expires")
        return None if value is None else number(value, "Contact expires")

    @property
    def q(self) -> float | None:
        """The preference, 0 to 1; None when not given."""
        value = self.parameters.get("q")
        if value is None:
            return None
        if not _PREFERENCE.fullmatch(value):
            raise SipSyntaxError(f"Contact q {shown(value)} must be a number from 0 to 1 with at most three decimals")
        return float(value)
