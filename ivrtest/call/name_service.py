"""Asks the domain name system: records by name and kind, kept for as long as they may be."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ivrtest.sip.transport import Address, written_address

if TYPE_CHECKING:
    import dns.message

RecordKind = Literal["NAPTR", "SRV", "A", "AAAA"]

PATIENCE_S: Final = 5.0
"""How long one question may take, all name servers and repetitions together."""
DNS_PORT: Final = 53
LONGEST_NO_S: Final = 60.0
"""How long an answer that there is no such thing is believed at most, where it does not say less."""
HOSTS: Final = Path("/etc/hosts")
_SERVER: Final = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<four>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?|(?P<bare>[0-9A-Fa-f:.]+)")
LOCALHOST: Final = "localhost"
LOCAL_ADDRESSES: Final = ("127.0.0.1", "::1")


class LookupProblem(Exception):  # noqa: N818 (it says what happened, as one reads it)
    """A name cannot be looked up. The message says what the name server said, and what would help."""


Records = tuple[Any, ...]
"""What the name system says to one question, as dnspython has it. Empty: there is no such name, or it has no records of this kind."""


class NameService:
    """One name server's word, or that of those which this machine uses. Belongs to one asyncio loop."""

    def __init__(self, server: Address | None = None, *, patience_s: float = PATIENCE_S) -> None:
        """`server`: whom to ask. None: those of this machine (resolv.conf), after its own list of hosts."""
        self._server = server
        self._patience_s = patience_s
        self._kept: dict[tuple[str, RecordKind], tuple[float, Records]] = {}

    def known_here(self, host: str) -> tuple[str, ...]:
        """Return the addresses that this machine knows for a host without asking anybody; none for most names."""
        name = host.lower().rstrip(".")
        if name == LOCALHOST or name.endswith(f".{LOCALHOST}"):
            return LOCAL_ADDRESSES  # RFC 6761 section 6.3
        return () if self._server is not None else listed_hosts().get(name, ())

    async def otherwise(self, host: str) -> tuple[str, ...]:
        """Return the addresses of a host that DNS does not have, by whatever else this machine may ask (nsswitch.conf(5), mDNS)."""
        if self._server is not None:
            return ()
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            return ()
        return tuple(sorted({str(entry[4][0]) for entry in found}, key=lambda address: (":" in address, address)))

    async def ask(self, name: str, kind: RecordKind) -> Records:
        """Return the records of a name. What was asked before is remembered until its time to live is over. Raises LookupProblem."""
        loop = asyncio.get_running_loop()
        kept = self._kept.get((name, kind))
        if kept is None or loop.time() >= kept[0]:
            records, seconds = await self._fetch(name, kind)
            kept = self._kept[name, kind] = loop.time() + seconds, records
        return kept[1]

    async def _fetch(self, name: str, kind: RecordKind) -> tuple[Records, float]:
        # dnspython takes a tenth of a second to import, and most calls are for addresses that are numbers.
        import dns.asyncresolver
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            resolver = dns.asyncresolver.Resolver(configure=self._server is None)
            if self._server is not None:
                resolver.nameservers = [self._server[0]]
                resolver.port = self._server[1]
            found = await resolver.resolve(dns.name.from_text(name), kind, lifetime=self._patience_s, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as error:
            return (), min(_time_to_live(error.kwargs["responses"].values()), LONGEST_NO_S)
        except dns.resolver.NoResolverConfiguration:
            return (), LONGEST_NO_S  # a machine without name servers knows its own list only
        except dns.resolver.LifetimeTimeout as error:
            raise self._problem(name, f"did not answer within {self._patience_s:g} s") from error
        except dns.resolver.NoNameservers as error:
            raise self._problem(name, f"answered {_refusal(error.kwargs.get('errors', ()))}") from error
        except (dns.exception.DNSException, OSError) as error:
            raise LookupProblem(f'"{name}" cannot be looked up: {str(error).rstrip(".")}. check it') from error
        if found.rrset is None:
            return (), min(_time_to_live([found.response]), LONGEST_NO_S)
        return tuple(found.rrset), float(found.chaining_result.minimum_ttl)

    def _problem(self, name: str, what: str) -> LookupProblem:
        if self._server is None:
            return LookupProblem(f'"{name}" cannot be looked up: the name server {what}. check the network, or give another as "resolver"')
        shown = written_address(self._server)
        return LookupProblem(f'"{name}" cannot be looked up: the name server "{shown}" {what}. check it, or give another as "resolver"')


def name_server(text: str) -> Address:
    """Read the address of a name server: `192.0.2.53`, `127.0.0.1:5353`, `[::1]:5353`. Raises ValueError."""
    found = _SERVER.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no IP address')
    port = int(found["port"] or DNS_PORT)
    if not 0 < port < 1 << 16:
        raise ValueError(f'"{port}" is no port')
    return str(ip_address(found["six"] or found["four"] or found["bare"])), port


def listed_hosts(path: Path = HOSTS) -> Mapping[str, tuple[str, ...]]:
    """Return the addresses of the names in a list of hosts (hosts(5)); no names where it cannot be read."""
    names: dict[str, tuple[str, ...]] = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return names
    for line in text.splitlines():
        address, *hosts = line.partition("#")[0].split() or [""]
        for host in hosts:
            names[host.lower()] = (*names.get(host.lower(), ()), address)
    return names


def _time_to_live(responses: Any) -> float:
    """Return for how long a "no" may be believed: what its SOA says (RFC 2308 section 5)."""
    times = [_negative_ttl(response) for response in responses]
    return min((time for time in times if time is not None), default=LONGEST_NO_S)


def _negative_ttl(response: dns.message.Message) -> float | None:
    import dns.rdatatype

    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return float(min(rrset.ttl, rrset[0].minimum))
    return None


def _refusal(errors: Any) -> str:
    """Return how the last name server that was asked refused: `SERVFAIL`."""
    said = [str(error[3]) for error in errors]
    return said[-1] if said else "nothing that can be used"
