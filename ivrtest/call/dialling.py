"""How to place a call, whatever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivrtest.call.keys import KeyMode
from ivrtest.call.network import Network
from ivrtest.call.permission import Permission
from ivrtest.call.resolver import ResolveError, Resolver, source_address
from ivrtest.call.sound import SoundOptions
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
    failover: tuple[str, ...] = ()
    """Targets to call where the target itself cannot be reached, says nothing, or is out of service; one after another."""
    network: Network = field(default_factory=Network)
    """What lies between us and the far side."""
    sound: SoundOptions = field(default_factory=SoundOptions)
    """Codecs, encryption and the like."""
    ping: bool = False
    """Whether to ask the target whether it is there before it is called for the first time (OPTIONS)."""
    session_expires: int | None = None
    """Seconds after which a call is over that nobody refreshes (RFC 4028). None: as the target wants."""
    capture: bool = False
    """Whether to keep the call's datagrams."""


async def own_host(target: str, resolver: Resolver) -> str:
    """Return the IP address of ours from which packets to `target` leave. Where that cannot be said, that of the loopback interface:
    whoever calls from there is told what is wrong with the target."""
    try:
        uri = parse_uri(target)
        return source_address((await resolver.targets(uri))[0]) if isinstance(uri, SipUri) else LOOPBACK
    except (SipSyntaxError, ResolveError, OSError):
        return LOOPBACK


async def host_of(target: str, options: DialOptions) -> str:
    """Return the IP address of ours to call `target` from."""
    return options.host or await own_host(options.proxy or target, options.network.resolver())
