"""What every typed header is: a value with the name of its field, read from and written to the field's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from ivrtest.sip.grammar import NO_PARAMETERS, WHITE, Parameters, number, split_list, token


class Header:
    """One value of a header field. Subclasses are frozen dataclasses with `parse` and `__str__`."""

    __slots__ = ()
    NAME: ClassVar[str]
    """The field's name as it is written."""
    COMPACT: ClassVar[str | None] = None
    """The one-letter name (RFC 3261 section 7.3.3)."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one value. Raises SipSyntaxError."""
        raise NotImplementedError

    @classmethod
    def parse_all(cls, fields: Sequence[str]) -> tuple[Self, ...]:
        """Read all fields of this name in a message. Here each field is one value; lists and sets do it their way."""
        return tuple(cls.parse(text) for text in fields)


class ListHeader(Header):
    """A header whose field may have several values with commas between them (RFC 3261 section 7.3.1)."""

    __slots__ = ()

    @classmethod
    def parse_all(cls, fields: Sequence[str]) -> tuple[Self, ...]:
        """Read every value of every field, in order."""
        return tuple(cls.parse(part) for text in fields for part in split_list(text, cls.NAME))


@dataclass(frozen=True, slots=True)
class TokenSet(Header):
    """A header that is a list of tokens as a whole: Allow, Supported, Require ... All fields of the name are one value."""

    tokens: tuple[str, ...] = ()
    """In the order and letter case of the message."""

    @classmethod
    def of(cls, *tokens: str) -> Self:
        """Build it from tokens."""
        return cls(tokens)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the tokens between the commas. An empty text is an empty set. Raises SipSyntaxError."""
        return cls(tuple(token(part, cls.NAME) for part in split_list(text, cls.NAME)))

    @classmethod
    def parse_all(cls, fields: Sequence[str]) -> tuple[Self, ...]:
        """Read all fields as one value."""
        return (cls.parse(",".join(fields)),) if fields else ()

    def __str__(self) -> str:
        return ", ".join(self.tokens)

    def __contains__(self, wanted: str) -> bool:
        return any(own.lower() == wanted.lower() for own in self.tokens)


@dataclass(frozen=True, slots=True)
class TokenWithParameters(Header):
    """A header that is one token with parameters: Event, Subscription-State, Reason, Content-Disposition."""

    token: str
    parameters: Parameters = NO_PARAMETERS

    @classmethod
    def of(cls, value: str, **parameters: str | int | None) -> Self:
        """Build it from plain values; they are quoted where they need it."""
        return cls(token(value, cls.NAME), Parameters.of(**parameters))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `token;name=value`. Raises SipSyntaxError."""
        first, rest = before_parameters(text)
        return cls(token(first, cls.NAME), Parameters.parse(rest, cls.NAME))

    def __str__(self) -> str:
        return f"{self.token}{self.parameters}"


@dataclass(frozen=True, slots=True)
class NumberHeader(Header):
    """A header that is one whole number."""

    value: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the number. Raises SipSyntaxError."""
        return cls(number(text, cls.NAME))

    def __str__(self) -> str:
        return str(self.value)


def before_parameters(text: str) -> tuple[str, str]:
    """Split a value at its first semicolon: what stands before it, and the parameters behind it, both without white space around."""
    first, _, rest = text.partition(";")
    return first.strip(WHITE), rest.strip(WHITE)
