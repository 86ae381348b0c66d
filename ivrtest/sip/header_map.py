"""The header fields of a message: ordered, several of one name, names without regard to letter case or compact form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from ivrtest.sip.grammar import SipSyntaxError, is_token, shown
from ivrtest.sip.header import Header
from ivrtest.sip.headers import HEADERS

H = TypeVar("H", bound=Header)

_LONG_NAMES = {
    "a": "accept-contact",
    "d": "request-disposition",
    "e": "content-encoding",
    "j": "reject-contact",
    "n": "identity-info",
    "y": "identity",
}
"""Compact names (iana.org, SIP header fields) of headers that have no type here; the others come from the types."""
_LONG_NAMES |= {kind.COMPACT: kind.NAME.lower() for kind in HEADERS if kind.COMPACT is not None}


_CANONICAL = {written: kind.NAME.lower() for kind in HEADERS for written in (kind.NAME, kind.NAME.lower())}
"""The names of typed headers as almost everybody writes them. It does not grow: other names are a stranger's choice and are not kept."""


def canonical(name: str) -> str:
    """Return the name that compares: lower case, compact forms in full."""
    known = _CANONICAL.get(name)
    if known is not None:
        return known
    lower = name.lower()
    return _LONG_NAMES.get(lower, lower)


class Headers:
    """Header fields in the order of the message, with names and values as written. Immutable: changes return a copy."""

    __slots__ = ("_fields", "_names", "_parsed")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple(fields)
        self._names = tuple(canonical(name) for name, _ in self._fields)
        self._parsed: dict[type[Header], tuple[Header, ...]] = {}
        for name, value in self._fields:
            if name not in _CANONICAL and not is_token(name):
                raise SipSyntaxError(f"header name {shown(name)} must be a token: letters, digits and -.!%*_+`'~")
            if "\r" in value or "\n" in value:
                raise SipSyntaxError(f'header "{name}" has a line end in its value {shown(value)}')

    @classmethod
    def of(cls, *entries: Header | tuple[str, str]) -> Headers:
        """Build it from typed headers and from name-value pairs."""
        return cls(_pair(entry) for entry in entries)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)!r})"

    def __contains__(self, name: str | type[Header]) -> bool:
        return _wanted(name) in self._names

    def get(self, kind: type[H]) -> H | None:
        """Return the first value of this type; None when there is none. Raises SipSyntaxError when the fields cannot be read."""
        values = self.all(kind)
        return values[0] if values else None

    def need(self, kind: type[H]) -> H:
        """Return the first value of this type. Raises SipSyntaxError when there is none or it cannot be read."""
        value = self.get(kind)
        if value is None:
            raise SipSyntaxError(f'message has no "{kind.NAME}" header')
        return value

    def all(self, kind: type[H]) -> tuple[H, ...]:
        """Return all values of this type, in order, those of comma lists too. Raises SipSyntaxError when one cannot be read."""
        if kind not in self._parsed:
            self._parsed[kind] = kind.parse_all(self.texts(kind))
        return self._parsed[kind]  # type: ignore[return-value]  # filled above with values of `kind` only

    def text(self, name: str | type[Header]) -> str | None:
        """Return the first field's text as written; None when there is none."""
        return next(iter(self.texts(name)), None)

    def texts(self, name: str | type[Header]) -> tuple[str, ...]:
        """Return the text of every field of this name, in order, as written."""
        wanted = _wanted(name)
        return tuple(field[1] for field, own in zip(self._fields, self._names, strict=True) if own == wanted)

    def fields(self, name: str | type[Header]) -> tuple[tuple[str, str], ...]:
        """Return every field of this name, with the name as written."""
        wanted = _wanted(name)
        return tuple(field for field, own in zip(self._fields, self._names, strict=True) if own == wanted)

    def with_set(self, *entries: Header | tuple[str, str]) -> Headers:
        """Return a copy where these stand in place of all fields of their names: where the first one was, or at the end."""
        pairs = [_pair(entry) for entry in entries]
        wanted = {canonical(name) for name, _ in pairs}
        kept: list[tuple[str, str]] = []
        place: int | None = None
        for field, own in zip(self._fields, self._names, strict=True):
            if own not in wanted:
                kept.append(field)
            elif place is None:
                place = len(kept)
        place = len(kept) if place is None else place
        return Headers((*kept[:place], *pairs, *kept[place:]))

    def with_added(self, *entries: Header | tuple[str, str]) -> Headers:
        """Return a copy with these at the end."""
        return Headers((*self._fields, *(_pair(entry) for entry in entries)))

    def with_first(self, *entries: Header | tuple[str, str]) -> Headers:
        """Return a copy with these at the beginning, as a Via is added."""
        return Headers((*(_pair(entry) for entry in entries), *self._fields))

    def without(self, *names: str | type[Header]) -> Headers:
        """Return a copy without the fields of these names."""
        unwanted = {_wanted(name) for name in names}
        return Headers(field for field, own in zip(self._fields, self._names, strict=True) if own not in unwanted)

    def with_first_value(self, value: Header) -> Headers:
        """Return a copy where `value` stands in place of the first value of its type, as a server completes the topmost Via.

        The other values of the same field stay. Raises SipSyntaxError when the fields cannot be read.
        """
        kind = type(value)
        rest = self.all(kind)[1:]
        return self.with_set(value, *rest)


NO_HEADERS = Headers()


def _wanted(name: str | type[Header]) -> str:
    return canonical(name if isinstance(name, str) else name.NAME)


def _pair(entry: Header | tuple[str, str]) -> tuple[str, str]:
    return (entry.NAME, str(entry)) if isinstance(entry, Header) else entry
