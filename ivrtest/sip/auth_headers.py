"""The headers of digest authentication (RFC 3261 sections 20.7, 20.27, 20.28, 20.44; RFC 7616)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ivrtest.sip.grammar import NO_PARAMETERS, QUOTED, TOKEN, WHITE, Parameters, SipSyntaxError, quote, shown, split_list, token
from ivrtest.sip.header import Header

_SCHEME = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+)(?:[ \t]++(.*))?", re.DOTALL)
_NEVER_QUOTED = frozenset(("algorithm", "nc", "stale"))
"""Parameters that RFC 7616 section 3.5 forbids to quote. `qop` is quoted in a challenge and not in an answer."""


@dataclass(frozen=True, slots=True)
class _Authentication(Header):
    """A scheme and its parameters."""

    scheme: str
    """`Digest`, as written."""
    parameters: Parameters = NO_PARAMETERS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `scheme name=value, name=value`. Raises SipSyntaxError."""
        found = _SCHEME.fullmatch(text.strip(WHITE))
        if not found:
            raise SipSyntaxError(f'{cls.NAME} {shown(text.strip(WHITE))} must start with a scheme, such as "Digest", and a space')
        return cls._of_parts(found[1], split_list(found[2] or "", cls.NAME))

    @classmethod
    def _of_parts(cls, scheme: str, parts: Sequence[str]) -> Self:
        items: list[tuple[str, str | None]] = []
        seen: set[str] = set()
        for part in parts:
            name, equals, value = part.partition("=")
            if not equals:
                raise SipSyntaxError(f'{cls.NAME} parameter {shown(part)} must be a name, "=" and a value')
            name, value = token(name, f"{cls.NAME} parameter"), value.strip(WHITE)
            if name.lower() in seen:
                raise SipSyntaxError(f'{cls.NAME} parameter "{name}" is given twice')
            if value.startswith('"') and not QUOTED.fullmatch(value):
                raise SipSyntaxError(f"{cls.NAME} parameter {shown(part)} has text behind its closing double quote")
            seen.add(name.lower())
            items.append((name, value))
        return cls(scheme, Parameters(tuple(items)))

    def __str__(self) -> str:
        return f"{self.scheme} " + ", ".join(f"{name}={value}" for name, value in self.parameters.items)

    def get(self, name: str) -> str | None:
        """Return the value of the parameter `name` without quotes; None when absent."""
        return self.parameters.get(name)

    @property
    def is_digest(self) -> bool:
        """Whether this is the digest scheme, the only one SIP uses."""
        return self.scheme.lower() == "digest"


class _Challenge(_Authentication):
    """A challenge. One field may hold several (RFC 7235 section 4.1), though RFC 3261 section 20.44 gives each its own."""

    __slots__ = ()

    @classmethod
    def digest(
        cls,
        *,
        realm: str,
        nonce: str,
        algorithm: str = "MD5",
        qop: Sequence[str] = ("auth",),
        opaque: str | None = None,
        stale: bool = False,
    ) -> Self:
        """Build a digest challenge."""
        items: list[tuple[str, str | None]] = [("realm", quote(realm)), ("nonce", quote(nonce))]
        if opaque is not None:
            items.append(("opaque", quote(opaque)))
        if stale:
            items.append(("stale", "true"))
        items.append(("algorithm", algorithm))
        if qop:
            items.append(("qop", quote(",".join(qop))))
        return cls("Digest", Parameters(tuple(items)))

    @classmethod
    def parse_all(cls, fields: Sequence[str]) -> tuple[Self, ...]:
        """Read every challenge of every field, in order."""
        return tuple(challenge for text in fields for challenge in cls._parse_field(text))

    @classmethod
    def _parse_field(cls, text: str) -> list[Self]:
        challenges: list[tuple[str, list[str]]] = []
        for part in split_list(text, cls.NAME):
            # A part such as `Basic realm="a"` or a lone `NTLM` starts the next challenge; `nonce = "x"` does not.
            found = TOKEN.match(part)
            rest = part[found.end() :] if found else ""
            behind = rest.lstrip(WHITE)
            if found and not behind.startswith("=") and (not behind or rest != behind):
                challenges.append((found[0], [behind] if behind else []))
            elif not challenges:
                raise SipSyntaxError(f'{cls.NAME} {shown(part)} must start with a scheme, such as "Digest", and a space')
            else:
                challenges[-1][1].append(part)
        return [cls._of_parts(scheme, parts) for scheme, parts in challenges]

    @property
    def realm(self) -> str:
        """Whose password is asked for."""
        return self.get("realm") or ""

    @property
    def stale(self) -> bool:
        """Whether only the nonce was too old, not the password wrong."""
        return (self.get("stale") or "").lower() == "true"


class WwwAuthenticate(_Challenge):
    """What a server asks for, in a 401 (RFC 3261 section 20.44)."""

    __slots__ = ()
    NAME = "WWW-Authenticate"


class ProxyAuthenticate(_Challenge):
    """What a proxy asks for, in a 407 (RFC 3261 section 20.27)."""

    __slots__ = ()
    NAME = "Proxy-Authenticate"


class _Credentials(_Authentication):
    """The answer to a challenge. Several answers stand in several fields (RFC 3261 section 7.3.1)."""

    __slots__ = ()

    @classmethod
    def digest(cls, **values: str | None) -> Self:
        """Build a digest answer from its parameters; those that are None are left out."""
        bare = _NEVER_QUOTED | {"qop"}
        items = [(name, value if name in bare else quote(value)) for name, value in values.items() if value is not None]
        return cls("Digest", Parameters(tuple(items)))


class Authorization(_Credentials):
    """The answer to a WWW-Authenticate (RFC 3261 section 20.7)."""

    __slots__ = ()
    NAME = "Authorization"


class ProxyAuthorization(_Credentials):
    """The answer to a Proxy-Authenticate (RFC 3261 section 20.28)."""

    __slots__ = ()
    NAME = "Proxy-Authorization"


Challenge = WwwAuthenticate | ProxyAuthenticate
Credentials = Authorization | ProxyAuthorization
