"""How to place a call, whatever carries it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from ivrtest.call.keys import KeyMode
from ivrtest.call.permission import Permission
from ivrtest.call.tls import Tls
from ivrtest.sip.digest import Secret
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.uri import SipUri, parse_uri

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DialOptions:
    """What a driver may need to know besides the target."""

    host: str = ""
    """The IP address of ours to call from. Empty: the one from which the target is reached, see `own_host`."""
    permission: Permission = field(default_factory=Permission)
    caller: str = ""
    """The number or SIP URI to show as ours. Empty: the driver's own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """SIP headers to add to the INVITE."""
    secret: Secret | None = None
    """The name and password for whoever asks for them."""
    register: str = ""
    """The SIP address to register before calling, and to call from where `caller` says nothing else. Empty: none."""
    proxy: str = ""
    """The SIP URI of a proxy to call through."""
    keys: KeyMode = "rfc4733"
    """How to send keys."""
    tls: Tls = field(default_factory=Tls)
    """Whom to trust over TLS, and our own certificate."""
    capture: bool = False
    """Whether to keep the call's datagrams."""


async def own_host(target: str) -> str:
    """Return the IP address of ours from which packets to `target` leave. Where that cannot be said, that of the loopback interface:
    whoever calls from there is told what is wrong with the target."""
    try:
        uri = parse_uri(target)
    except SipSyntaxError:
        return LOOPBACK
    if not isinstance(uri, SipUri):
        return LOOPBACK
    try:
        found = await asyncio.get_running_loop().getaddrinfo(uri.maddr or uri.host, uri.port or 5060, type=socket.SOCK_DGRAM)
        # Of a name with addresses of both kinds, IPv4 first: who listens on this machine mostly does so there.
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Nothing is sent: the system only looks up its routes.
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError:
        return LOOPBACK
