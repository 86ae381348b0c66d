"""Where a message goes (RFC 3261 section 18, RFC 3581), without a socket."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Literal

from ivrtest.sip.grammar import SipSyntaxError, shown
from ivrtest.sip.routing import Via
from ivrtest.sip.uri import SipUri

Transport = Literal["udp", "tcp", "tls"]
"""What can be spoken here."""

Address = tuple[str, int]
"""IP address and port."""

Resolver = Callable[[SipUri], Address | None]
"""Finds the address for a URI whose host is a name. None: it has none. Called while a message is handled, so it must not wait."""

_THREE_COLONS = re.compile(r":::(?=[0-9]+\.)")

RELIABLE = frozenset({"TCP", "TLS", "WS", "WSS"})
"""Transports that deliver everything once and in order."""


def default_port(transport: str) -> int:
    """Return the port that holds when none is written (section 19.1.2)."""
    return 5061 if transport == "TLS" else 5060


def written_host(host: str) -> str:
    """Return a host as it stands in a URI: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def written_address(address: Address) -> str:
    """Return an address as people write it: `192.0.2.1:5060`, `[2001:db8::1]:5060`."""
    return f"{written_host(address[0])}:{address[1]}"


def literal_address(uri: SipUri) -> Address | None:
    """Return the address of a URI whose host is an IP address; None when the host is a name."""
    # Three colons before an IPv4 part are what the RFC's own grammar writes, wrongly (RFC 5118 section 4.10).
    host = _THREE_COLONS.sub("::", uri.maddr or uri.host)
    try:
        literal = ip_address(host)
    except ValueError:
        return None
    return str(literal), uri.port or default_port("TLS" if uri.secure or uri.transport == "tls" else "UDP")


def asked_transport(uri: SipUri) -> Transport | None:
    """Return the transport that a URI asks for (RFC 3261 section 26.2.2 for `sips`); None if it leaves that open. Raises SipSyntaxError
    for one that cannot be spoken."""
    match uri.secure, uri.transport:
        case (True, None | "tcp" | "tls") | (False, "tls"):
            return "tls"
        case False, None:
            return None
        case False, "udp":
            return "udp"
        case False, "tcp":
            return "tcp"
        case True, "udp":
            raise SipSyntaxError('the transport "udp" does not go with "sips", which asks for TLS. leave it out, or write "sip"')
        case _:
            raise SipSyntaxError(f'the transport {shown(uri.transport or "")} is not known. known are "udp", "tcp", "tls"')


def may_use_tls(uri: SipUri) -> bool:
    """Return whether requests for a URI may go over TLS: it asks for that, or its domain may (RFC 3263 section 4.1). Raises
    SipSyntaxError."""
    transport = asked_transport(uri)
    return transport == "tls" or (transport is None and uri.port is None and literal_address(uri) is None)


def response_address(via: Via, source: Address) -> Address:
    """Return where to answer a request with this top Via that came from `source`.

    Over a connection: there. Else always to the source's IP address, and to its port if the Via has `rport`, else to the port in the Via
    (section 18.2.2, RFC 3581 section 4). `maddr` is not followed: it would let anybody aim our responses at a third party.
    """
    return source[0], source[1] if via.wants_rport or via.transport in RELIABLE else via.port or default_port(via.transport)


def is_from_elsewhere(via: Via) -> bool:
    """Say whether a request of ours came from another address than it says, through a NAT, as the Via of a response tells (`received` and
    `rport`). What cannot be read tells nothing."""
    port = via.parameters.get("rport") or ""
    moved = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) != (via.port or default_port(via.transport))
    return moved or (via.received or via.host).lower() != via.host.lower()
