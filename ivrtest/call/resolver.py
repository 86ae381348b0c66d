"""Where to send a request for a SIP URI: transport, address and port, best first (RFC 3263)."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, get_args

from ivrtest.call.name_service import LookupProblem, NameService
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.transport import Address, Transport, asked_transport, default_port, literal_address, written_address
from ivrtest.sip.uri import SipUri

_SERVICES: Final[Mapping[str, Transport]] = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
"""The services of NAPTR records that we speak (section 4.1, table 1)."""
_SERVICE_NAMES: Final[Mapping[Transport, str]] = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
_NOT_THERE: Final = "."
"""As the target of an SRV record: this service is decidedly not there (RFC 2782)."""


class ResolveError(Exception):
    """There is nowhere to send a request to. The message says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place that a request can be sent to."""

    transport: Transport
    address: Address
    name: str
    """The host in the URI: whom a certificate there must be for, whatever DNS says on the way (RFC 5922 section 4)."""

    def __str__(self) -> str:
        return f"{self.transport} {written_address(self.address)}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A place that a call was tried at."""

    target: str
    """`udp 192.0.2.1:5060`."""
    problem: str = ""
    """Why the next one was tried; empty for the last."""


class Resolver:
    """Finds targets. What the name system said is kept as long as it allows."""

    def __init__(self, names: NameService | None = None, *, chance: random.Random | None = None) -> None:
        """`chance` decides between SRV records of the same priority, by their weights (RFC 2782)."""
        self._names = names or NameService()
        self._chance = chance or random.Random()

    async def targets(self, uri: SipUri) -> tuple[Target, ...]:
        """Return where to send a request for `uri`, best first; at least one place. Raises ResolveError."""
        try:
            transport = asked_transport(uri)
        except SipSyntaxError as error:
            raise ResolveError(str(error)) from error
        host = uri.maddr or uri.host
        if (literal := literal_address(uri)) is not None:
            return (Target(transport or "udp", literal, uri.host),)
        try:
            if here := self._names.known_here(host):
                found = self._at(here, uri.port, transport or "udp", host)
            elif uri.port is not None:
                found = self._at(await self._addresses(host), uri.port, transport or "udp", host)
            else:
                found = await self._by_service(host, transport, asks=uri.transport is None)
        except LookupProblem as error:
            raise ResolveError(str(error)) from error
        if not found:
            raise ResolveError(f'the host "{host}" is not known: nobody gives an address for it. check its name')
        return tuple(found)

    async def _by_service(self, host: str, transport: Transport | None, *, asks: bool) -> list[Target]:
        """Ask for the services of a domain: NAPTR leads to SRV, which leads to hosts (sections 4.1 and 4.2). `asks`: no transport is
        named in the URI, and so NAPTR may name one."""
        speaks = (transport,) if transport else get_args(Transport)
        services = (await self._announced(host, speaks) if asks else []) or [(way, f"{_SERVICE_NAMES[way]}.{host}") for way in speaks]
        answers = await asyncio.gather(*(self._names.ask(name, "SRV") for _, name in services))
        found: list[Target] = []
        absent: list[str] = []
        for (way, name), answer in zip(services, answers, strict=True):
            records = [record for record in answer if str(record.target) != _NOT_THERE]
            if answer and not records:
                absent.append(name)
            for record in self._in_order(records):
                addresses = await self._addresses(str(record.target).rstrip("."))
                found += self._at(addresses, record.port, way, host)
            if records and not found:
                hosts = " and ".join(f'"{str(record.target).rstrip(".")}"' for record in records)
                raise ResolveError(f'the SRV record "{name}" names {hosts}, which has no address. check the zone of "{host}"')
        if absent and not found:
            names = " and ".join(f'"{name}"' for name in absent)
            raise ResolveError(f'"{host}" takes no calls, as it says itself in DNS ({names} is "."). call another host')
        # No service is announced: the domain is a host (section 4.2).
        return found or self._at(await self._addresses(host), None, transport or "udp", host)

    async def _announced(self, host: str, speaks: Sequence[Transport]) -> list[tuple[Transport, str]]:
        """Return transports and the names of their SRV records, as the domain would have them (NAPTR); none where it says nothing."""
        pointers = [
            (record.order, record.preference, way, str(record.replacement).rstrip("."))
            for record in await self._names.ask(host, "NAPTR")
            if record.flags.lower() == b"s" and not record.regexp
            if (way := _SERVICES.get(record.service.decode("ascii", "replace").upper())) is not None and way in speaks
        ]
        return [(way, name) for _, _, way, name in sorted(pointers, key=lambda pointer: pointer[:2])]

    def _in_order(self, records: Sequence[Any]) -> list[Any]:
        """Return SRV records as they are to be tried: by priority, and within one by chance, weighted (RFC 2782)."""
        ordered: list[Any] = []
        for priority in sorted({record.priority for record in records}):
            left = sorted((record for record in records if record.priority == priority), key=lambda record: (record.weight, record.target))
            while left:
                place = self._chance.randint(0, sum(record.weight for record in left))
                for record in left:
                    place -= record.weight
                    if place <= 0:
                        break
                ordered.append(record)
                left.remove(record)
        return ordered

    async def _addresses(self, host: str) -> tuple[str, ...]:
        """Return the IP addresses of a host, those of IPv4 first: who listens mostly does so there. Raises LookupProblem."""
        if here := self._names.known_here(host):
            return here
        answers = await asyncio.gather(self._names.ask(host, "A"), self._names.ask(host, "AAAA"))
        found = tuple(str(record.address) for answer in answers for record in answer)
        return found or await self._names.otherwise(host)

    def _at(self, hosts: Sequence[str], port: int | None, transport: Transport, name: str) -> list[Target]:
        return [Target(transport, (str(ip_address(host)), port or default_port(transport.upper())), name) for host in hosts]


def reachable_from(targets: Sequence[Target], host: str) -> tuple[Target, ...]:
    """Return the targets that packets from `host`, an IP address of ours, can be sent to. Raises ResolveError when there is none."""
    version = ip_address(host).version
    fitting = tuple(target for target in targets if ip_address(target.address[0]).version == version)
    if not fitting:
        other = 10 - version
        there = "::1" if other == 6 else "127.0.0.1"
        raise ResolveError(
            f'"{targets[0].address[0]}" is an IPv{other} address, and our own, "{host}", is an IPv{version} one. '
            f'call from an IPv{other} address, such as "{there}" on this machine'
        )
    return fitting


def source_address(target: Target) -> str:
    """Return the IP address of ours from which packets to a target leave. Raises OSError where there is no way to it."""
    family = socket.AF_INET6 if ":" in target.address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: the system only looks up its routes.
        probe.connect(target.address)
        return str(probe.getsockname()[0])
