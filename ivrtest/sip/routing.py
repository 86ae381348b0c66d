"""Via and Max-Forwards: the way a message takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self

from ivrtest.sip.grammar import NO_PARAMETERS, WHITE, Parameters, SipSyntaxError, host_and_port, number, shown, written_host
from ivrtest.sip.header import ListHeader, NumberHeader, before_parameters

BRANCH_COOKIE = "z9hG4bK"
"""How the branch of an RFC 3261 element starts (section 8.1.1.7)."""

_PROTOCOL = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*+/[ \t]*+([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*+/[ \t]*+([A-Za-z0-9\-.!%*_+`'~]+)[ \t]++")


@dataclass(frozen=True, slots=True)
class Via(ListHeader):
    """One hop that the message took, newest first (RFC 3261 section 20.42)."""

    NAME = "Via"
    COMPACT = "v"

    transport: str
    """`UDP`, `TCP`, `TLS`, `WS` ..., upper case."""
    host: str
    """Where the hop says it is (sent-by); IPv6 without brackets."""
    port: int | None = None
    parameters: Parameters = NO_PARAMETERS
    version: str = "SIP/2.0"

    @classmethod
    def of(cls, transport: str, host: str, port: int | None = None, *, branch: str, rport: bool = True) -> Self:
        """Build the Via of a request of one's own; `rport` asks for the answer at the port it was sent from (RFC 3581)."""
        parameters = Parameters.of(branch=branch)
        return cls(transport.upper(), host, port, parameters.with_value("rport", None) if rport else parameters)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one hop. Raises SipSyntaxError."""
        stripped = text.strip(WHITE)
        found = _PROTOCOL.match(stripped)
        if not found:
            raise SipSyntaxError(f'Via {shown(stripped)} must start with protocol and transport, such as "SIP/2.0/UDP", and a space')
        sent_by, parameter_text = before_parameters(stripped[found.end() :])
        host, port = host_and_port(sent_by, "Via")
        return cls(found[3].upper(), host, port, Parameters.parse(parameter_text, "Via"), f"{found[1]}/{found[2]}".upper())

    def __str__(self) -> str:
        return f"{self.version}/{self.transport} {written_host(self.host, self.port)}{self.parameters}"

    @property
    def sent_by(self) -> str:
        """Host and port as written, the host in lower case: what a server matches requests by (section 17.2.3)."""
        return written_host(self.host.lower(), self.port)

    @property
    def branch(self) -> str | None:
        """The transaction's mark (section 8.1.1.7)."""
        return self.parameters.get("branch")

    @property
    def has_cookie(self) -> bool:
        """Whether the branch identifies the transaction by itself (section 17.2.3). The bare cookie does not (RFC 4475 section 3.2.1)."""
        branch = (self.branch or "").lower()
        return branch.startswith(BRANCH_COOKIE.lower()) and len(branch) > len(BRANCH_COOKIE)

    @property
    def received(self) -> str | None:
        """The address the request came from, when it is not `host` (section 18.2.1)."""
        value = self.parameters.get("received")
        return None if value is None else value.strip("[]")

    @property
    def wants_rport(self) -> bool:
        """Whether the answer shall go to the port the request came from (RFC 3581 section 3)."""
        return "rport" in self.parameters

    @property
    def rport(self) -> int | None:
        """The port the request came from; None when absent or not filled in. Raises SipSyntaxError."""
        value = self.parameters.get("rport")
        return None if value is None else number(value, "Via rport", limit=65535)

    @property
    def ttl(self) -> int | None:
        """Time to live for multicast, 0 to 255. Raises SipSyntaxError."""
        value = self.parameters.get("ttl")
        return None if value is None else number(value, "Via ttl", limit=255)

    @property
    def maddr(self) -> str | None:
        """The multicast address the answer goes to (section 18.2.2)."""
        return self.parameters.get("maddr")

    def with_source(self, address: str, port: int) -> Self:
        """Return the Via as a server notes it: `received` when the source differs from sent-by or `rport` was asked for, then both.

        RFC 3261 section 18.2.1 and RFC 3581 section 4.
        """
        noted = self.parameters
        if address.lower() != self.host.lower() or self.wants_rport:
            # An IPv6 address in `received` has no brackets (section 25.1, via-received), and ":" is no token character.
            noted = Parameters((*noted.without("received").items, ("received", address)))
        if self.wants_rport:
            noted = noted.with_value("rport", port)
        return replace(self, parameters=noted)

    def response_address(self, default_port: int = 5060) -> tuple[str, int]:
        """Return host and port that an answer over UDP goes to (RFC 3261 section 18.2.2, RFC 3581 section 4)."""
        port = self.rport or self.port or default_port
        return (self.maddr, self.port or default_port) if self.maddr else (self.received or self.host, port)


class MaxForwards(NumberHeader):
    """How many more hops the request may take (RFC 3261 section 20.22)."""

    __slots__ = ()
    NAME = "Max-Forwards"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number from 0 to 255. Raises SipSyntaxError."""
        return cls(number(text, cls.NAME, limit=255))


__all__ = ["BRANCH_COOKIE", "MaxForwards", "Via"]
