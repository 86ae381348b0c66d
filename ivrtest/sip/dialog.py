"""A dialog: what two ends of a call remember to find each other again (RFC 3261 section 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import (
    Authorization,
    CallId,
    Contact,
    CSeq,
    From,
    MaxForwards,
    ProxyAuthorization,
    RecordRoute,
    Route,
    To,
)
from ivrtest.sip.message import Message, Request, Response
from ivrtest.sip.uri import SipUri

DialogId = tuple[str, str, str]
"""Call-ID, our tag, their tag (empty from an element that follows RFC 2543)."""


@dataclass(slots=True)
class Dialog:
    """One dialog, seen from our end."""

    call_id: str
    local: From
    """We, with our tag: the From of our requests."""
    remote: To
    """They, with their tag: the To of our requests."""
    target: SipUri
    """Where they want requests to go (their Contact)."""
    routes: tuple[Route, ...]
    """The proxies that want to stay on the way, in the order in which our requests take them."""
    local_number: int
    """CSeq number of our latest request."""
    remote_number: int | None
    """CSeq number of their latest request; None before the first."""

    @classmethod
    def from_response(cls, request: Request, response: Response) -> Dialog:
        """Return the dialog that a response to our INVITE makes (section 12.1.2). Raises SipSyntaxError."""
        fallback = request.uri
        if not isinstance(fallback, SipUri):
            raise SipSyntaxError(f'request URI "{fallback}" must be a "sip:" or "sips:" URI')
        return cls(
            call_id=request.need(CallId).value,
            local=request.need(From),
            remote=response.need(To),
            target=_contact(response) or fallback,
            routes=_routes(reversed(response.all(RecordRoute))),
            local_number=request.need(CSeq).number,
            remote_number=None,
        )

    @classmethod
    def from_request(cls, request: Request, tag: str) -> Dialog:
        """Return the dialog that our answer to an INVITE makes (section 12.1.1); `tag` is ours. Raises SipSyntaxError."""
        target = _contact(request)
        if target is None:
            raise SipSyntaxError('INVITE has no "Contact" header with a "sip:" or "sips:" URI. it must have one')
        return cls(
            call_id=request.need(CallId).value,
            local=From.like(request.need(To).with_tag(tag)),
            remote=To.like(request.need(From)),
            target=target,
            routes=_routes(request.all(RecordRoute)),
            local_number=0,
            remote_number=request.need(CSeq).number,
        )

    @property
    def id(self) -> DialogId:
        return self.call_id, self.local.tag or "", self.remote.tag or ""

    @property
    def next_hop(self) -> SipUri:
        """Whose address our requests are sent to (section 12.2.1.1, 8.1.2)."""
        return self.routes[0].sip_uri if self.routes else self.target

    def next_number(self) -> int:
        """Count up and return the CSeq number for a new request of ours."""
        self.local_number += 1
        return self.local_number

    def request(self, method: str) -> Request:
        """Return a new request within the dialog, still without Via (section 12.2.1.1)."""
        return self._build(method, self.next_number())

    def acknowledge(self, invite: Request) -> Request:
        """Return the ACK for a 2xx (section 13.2.2.4): the INVITE's number, and its credentials."""
        ack = self._build("ACK", invite.need(CSeq).number)
        return ack.with_added(*invite.headers.fields(Authorization), *invite.headers.fields(ProxyAuthorization))

    def _build(self, method: str, number: int) -> Request:
        uri, routes = self._way()
        common = (MaxForwards(70), self.local, self.remote, CallId(self.call_id), CSeq(number, method))
        return Request(method, uri, Headers.of(*routes, *common))

    def _way(self) -> tuple[SipUri, tuple[Route, ...]]:
        if not self.routes or self.routes[0].sip_uri.loose_router:
            return self.target.as_request_uri(), self.routes
        # A strict router wants to find itself in the Request-URI and the target at the end of the route (sections 12.2.1.1, 16.12.1.2).
        return self.routes[0].sip_uri.as_request_uri(), (*self.routes[1:], Route(self.target))

    def takes(self, request: Request) -> bool:
        """Say whether the request's CSeq is in order, and remember it (section 12.2.2). ACK and CANCEL have the INVITE's."""
        number = request.need(CSeq).number
        if self.remote_number is not None and number <= self.remote_number:
            return False
        self.remote_number = number
        return True

    def confirm(self, response: Response) -> None:
        """Take over from the 2xx what the provisional response may have told otherwise (section 13.2.2.4). Raises SipSyntaxError."""
        self.routes = _routes(reversed(response.all(RecordRoute)))
        self.refresh(response)

    def refresh(self, message: Message) -> None:
        """Move the remote target to the message's Contact, if it has one (INVITE and UPDATE do: sections 12.2.1.2, 12.2.2, RFC 3311)."""
        self.target = _contact(message) or self.target


def _routes(hops: Iterable[RecordRoute]) -> tuple[Route, ...]:
    routes = tuple(Route.like(hop) for hop in hops)
    for route in routes:
        _ = route.sip_uri  # raises now, and not when the first request of ours must go out
    return routes


def _contact(message: Message) -> SipUri | None:
    contact = message.get(Contact)
    return contact.uri if contact is not None and isinstance(contact.uri, SipUri) else None


def dialog_id(request: Request) -> DialogId:
    """Return the dialog that a request from the other side belongs to (section 12.2.2). Raises SipSyntaxError."""
    return request.need(CallId).value, request.need(To).tag or "", request.need(From).tag or ""
