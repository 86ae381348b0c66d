"""Who we are on the network, and what all parts of an agent share: alarms, transactions, the outbox and the queue of events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from ivrtest.sip.events import Event
from ivrtest.sip.header import Header
from ivrtest.sip.headers import Allow, Contact, Server, Supported, UserAgent, Via
from ivrtest.sip.layer import Clock, ServerTransaction, TransactionLayer, new_via
from ivrtest.sip.message import Request, Response, create_response
from ivrtest.sip.multipart import MIXED
from ivrtest.sip.timers import Alarms, Timers
from ivrtest.sip.transport import RELIABLE, Address, Resolver, default_port, literal_address
from ivrtest.sip.uri import SipUri, Uri

ALLOW = Allow.of("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY")
"""The methods an agent understands."""

SUPPORTED = Supported.of("100rel", "timer", "replaces", "norefersub")
"""The extensions an agent understands."""

SDP = "application/sdp"

SUPPORTED_WITHIN = Supported.of(*(tag for tag in SUPPORTED.tokens if tag != "100rel"))
"""Those that a change of a session may use: nothing rings there, so no PRACK would follow (RFC 3262 section 3)."""

ABILITIES: tuple[Header | tuple[str, str], ...] = (
    ALLOW,
    SUPPORTED,
    ("Accept", f"{SDP}, {MIXED}"),
    ("Accept-Encoding", "identity"),
    ("Accept-Language", "en"),
)
"""What OPTIONS asks for (RFC 3261 section 11.2)."""

Token = Callable[[], str]
"""Returns a fresh random text of at least 32 bits of chance, made of letters and digits (section 19.3)."""

Trace = Callable[[float, Literal["in", "out"], bytes, Address], None]
"""Sees every datagram: when, which way, its bytes, and the far address. It sees keys that travel in INFO too."""


class WrongState(Exception):  # noqa: N818  (it names what is wrong, as the caller reads it)
    """The call cannot do what it was asked to, as it stands. The text says why, and what it would need."""


@dataclass(frozen=True, slots=True)
class Leash:
    """How far away from where it went a call may be led: by a Contact, or by a proxy that wants to stay on the way (Record-Route)."""

    listed: Callable[[SipUri], bool]
    """Says whether requests may go to the host of a URI in any case."""
    strict: bool
    """Whether others are not followed."""


class Endpoint:
    """One SIP address of ours. Nothing here does I/O: what is to be sent waits in `outbox`."""

    def __init__(
        self,
        local: Address,
        *,
        token: Token,
        transport: str,
        user: str,
        product: str,
        times: Timers,
        resolve: Resolver | None,
        trace: Trace | None,
        leash: Leash | None,
    ) -> None:
        self.local = local
        self.token = token
        self.transport = transport.upper()
        self.times = times
        self.trace = trace
        self.alarms: Clock = Alarms()
        self.layer = TransactionLayer(times=times, reliable=self.transport in RELIABLE, alarms=self.alarms, send=self.send)
        self.outbox: list[tuple[bytes, Address]] = []
        self.events: deque[Event] = deque()
        port = None if local[1] == default_port(self.transport) else local[1]
        uri = SipUri.of(local[0], port, user=user)
        self.contact = Contact(uri if self.transport == "UDP" else uri.with_parameter("transport", self.transport.lower()))
        """Where we want requests to go."""
        self.reused: dict[Address, Address] = {}
        """Whoever opened a connection to us: by the address it says it is at, the far end of that connection (RFC 5923)."""
        self._product = product
        self._resolve = resolve
        self.leash = leash

    def emit(self, event: Event) -> None:
        """Queue an event."""
        self.events.append(event)

    def send(self, data: bytes, address: Address, now: float) -> None:
        """Queue a datagram."""
        if self.trace is not None:
            self.trace(now, "out", data, address)
        self.outbox.append((data, address))

    def address_of(self, uri: SipUri) -> Address | None:
        """Return the address to send to for a URI; None when it cannot be found."""
        address = literal_address(uri)
        if address is None and self._resolve is not None:
            address = self._resolve(uri)
        return None if address is None else self.reused.get(address, address)

    def contact_for(self, uri: Uri) -> Contact:
        """Return where we want requests to go, for a request to `uri`: what begins with `sips:` must go on so (section 8.1.1.8)."""
        if not isinstance(uri, SipUri) or not uri.secure:
            return self.contact
        return Contact(replace(self.contact.sip_uri.without_parameter("transport"), scheme="sips"))

    def note_connection(self, request: Request, source: Address) -> None:
        """Remember over which connection its sender can be reached: often the only one, for few callers accept any (RFC 5923 section 5).

        Only where the sender is at the address that it says it is at; else anybody could draw other people's requests to itself.
        """
        via = request.need(Via)
        said = via.host, via.port or default_port(via.transport)
        if said[0] == source[0]:
            self.reused[said] = source

    def forget_connection(self, peer: Address) -> None:
        """Reach nobody over the connection with `peer` any more."""
        self.reused = {said: source for said, source in self.reused.items() if source != peer}

    def with_via(self, request: Request) -> Request:
        """Return a request of ours with a new Via, and with our name."""
        return request.with_first(new_via(self.transport, self.local, self.token())).with_header(UserAgent(self._product))

    def respond(
        self, transaction: ServerTransaction, status: int, now: float, *headers: Header | tuple[str, str], reason: str | None = None
    ) -> None:
        """Answer a request without a body."""
        transaction.respond(self.response(transaction, status, *headers, reason=reason), now)

    def response(
        self,
        transaction: ServerTransaction,
        status: int,
        *headers: Header | tuple[str, str],
        reason: str | None = None,
        sdp: bytes | None = None,
    ) -> Response:
        """Build a response.

        Responses to INVITE and UPDATE that make or move a dialog have our Contact and the request's Record-Route (section 12.1.1).
        """
        request = transaction.request
        joins = request.method in ("INVITE", "UPDATE") and 100 < status < 300
        response = create_response(request, status, reason, to_tag=transaction.tag if status > 100 else None, record_route=joins)
        if joins:
            response = response.with_added(self.contact_for(request.uri))
        if joins and status >= 200:
            response = response.with_added(ALLOW, SUPPORTED)
        response = response.with_added(Server(self._product)).with_header(*headers)
        return response if sdp is None else response.with_body(sdp, SDP)
