"""A SIP user agent without sockets (RFC 3261): datagrams and times go in, datagrams and events come out.

Whoever drives it calls `receive` for each datagram and `handle_timer` when `timer` says so; after every call it sends what `datagrams`
returns and takes events with `next_event` until there are none. Times are seconds on any clock that only goes forward.

A call is known by its handle. When it is over, what is asked of its handle does nothing: the event that says so is in the queue, or was
taken from it. What a living call cannot do as it stands raises `WrongState`.

`maddr` is not followed in responses; the multicast and the TCP fallback for large requests (section 18.1.1) are not there.
"""

from __future__ import annotations

from collections.abc import Sequence

from ivrtest.sip.callee import CalledLeg
from ivrtest.sip.caller import RELIABLE_PROVISIONAL, CallingLeg
from ivrtest.sip.digest import Secret
from ivrtest.sip.endpoint import ALLOW, SDP, SUPPORTED, Endpoint, Token, Trace, WrongState
from ivrtest.sip.events import Event, Unreadable
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.guard import Guard
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import CallId, CSeq, From, MaxForwards, RetryAfter, Route, Supported, To, Via
from ivrtest.sip.layer import ServerTransaction, with_source
from ivrtest.sip.leg import Leg, Phase, Registry
from ivrtest.sip.message import Message, Request, check_message, create_response, parse_message
from ivrtest.sip.registration import Registration
from ivrtest.sip.screening import check_dialog_headers, screen
from ivrtest.sip.timers import Timers
from ivrtest.sip.transaction import Input
from ivrtest.sip.transport import Address, Resolver, response_address
from ivrtest.sip.uri import SipUri, Uri

BUSY_FOR = 10
"""Seconds that a caller is asked to wait when all lines are taken."""

Extra = Header | tuple[str, str]
"""A header to add: typed, or name and value."""


class Agent:
    """One SIP user agent at one address, for any number of calls."""

    def __init__(
        self,
        local: Address,
        *,
        token: Token,
        transport: str = "UDP",
        user: str = "ivrtest",
        product: str = "ivrtest",
        times: Timers | None = None,
        resolve: Resolver | None = None,
        max_calls: int | None = None,
        require_digest: Secret | None = None,
        trace: Trace | None = None,
    ) -> None:
        """
        Args:
            local: The address that others reach us at, as it stands in Via and Contact.
            token: Returns a fresh random text for branches, tags, Call-IDs and nonces.
            transport: `UDP`, `TCP` or `TLS`. What is to be sent over a connection comes out of `datagrams` too, a message each.
            user: The user part of our Contact, and of our From where a call gives none.
            product: Our name in User-Agent and Server.
            times: The base timers; the RFC's own by default.
            resolve: Finds addresses for host names. IP addresses need none. A name without address fails a new call as unreachable (503);
                within a call, requests then go where the call came from or went to.
            max_calls: How many calls may be up, both ways; further callers get 503 with Retry-After. None: any number.
            require_digest: The name and password that callers must know. None: anybody may call.
            trace: Sees every datagram.
        """
        self._endpoint = Endpoint(
            local, token=token, transport=transport, user=user, product=product, times=times or Timers(), resolve=resolve, trace=trace
        )
        self._registry = Registry()
        self._registrations: dict[str, Registration] = {}
        self._max_calls = max_calls
        self._guard = None if require_digest is None else Guard(require_digest, token=token)

    # The network

    def receive(self, data: bytes, source: Address, now: float) -> None:
        """Take a datagram. Never raises, whatever is in it: what cannot be read is answered 400 where that is possible, and reported."""
        if self._endpoint.trace is not None:
            self._endpoint.trace(now, "in", data, source)
        if not data.strip(b"\r\n\0"):
            return  # keeps a binding in a NAT open (RFC 5626 section 3.5.1)
        message = None
        try:
            message = parse_message(data)
            check_message(message)
            if isinstance(message, Request):
                if self._endpoint.layer.reliable:
                    self._endpoint.note_connection(message, source)
                self._receive_request(message, source, now)
            else:
                check_dialog_headers(message)
                self._endpoint.layer.receive_response(message, now)
        except SipSyntaxError as problem:
            self._receive_unreadable(message or problem.partial, problem, source, now)

    def datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and whereto. Each is returned once."""
        waiting, self._endpoint.outbox = self._endpoint.outbox, []
        return waiting

    def timer(self) -> float | None:
        """Return when `handle_timer` wants to be called next; None when nothing is due ever."""
        return self._endpoint.alarms.next()

    def handle_timer(self, now: float) -> None:
        """Do all that is due."""
        for sleeper, why in self._endpoint.alarms.due(now):
            sleeper.wake(why, now)

    def next_event(self) -> Event | None:
        """Return the next event; None when there is none."""
        return self._endpoint.events.popleft() if self._endpoint.events else None

    def unreachable(self, destination: Address, now: float, problem: str | None = None) -> None:
        """Learn that nothing can be sent to `destination` (ICMP port unreachable, connection refused): what is on its way there fails.

        Where there are connections, calls that need one to there are over. `problem` says for people what is wrong.
        """
        self._endpoint.layer.unreachable(destination, now, problem)
        if self._endpoint.layer.reliable:
            for leg in [leg for leg in self._registry.legs.values() if leg.goes_to(destination)]:
                leg.cut_off(problem or f"the connection to {destination[0]}:{destination[1]} failed", now)

    def disconnected(self, peer: Address, problem: str, now: float) -> frozenset[Address]:
        """Learn that the connection with `peer` is over: what is on its way over it fails, and who rings over it has gone.

        An answered call outlives its connection. Returns where to connect for such calls; where that cannot be, say `unreachable`.
        """
        legs = tuple(self._registry.legs.values())
        orphans = [leg for leg in legs if leg.goes_to(peer)]
        self._endpoint.forget_connection(peer)
        self._endpoint.layer.unreachable(peer, now, problem, why=Input.DISCONNECTED)
        for leg in legs:
            if isinstance(leg, CalledLeg):
                leg.disconnected(peer, problem, now)
        for registration in self._registrations.values():
            if registration.destination == peer:
                # Many registrars forget a binding with the connection that it came over (RFC 5626 section 4.2).
                registration.begin(now)
        addresses = {leg.peer.address for leg in orphans if leg.peer is not None and leg.phase is Phase.ANSWERED}
        return frozenset(address for address in addresses if address is not None)

    @property
    def calls(self) -> int:
        """How many calls are up, ringing or being ended."""
        return sum(leg.phase is not Phase.OVER for leg in self._registry.legs.values())

    # Registrations

    def register(
        self,
        address: SipUri,
        registrar: SipUri,
        destination: Address | None,
        *,
        now: float,
        secret: Secret | None = None,
        expires: int = 3600,
    ) -> str:
        """Let the registrar at `destination` send us the calls to `address`, until `unregister`; return the handle.

        `expires` is for how many seconds at a time. `Registered` follows, now and then, or `Unregistered`.
        """
        handle = self._endpoint.token()
        registration = Registration(self._endpoint, handle, address, registrar, destination, secret=secret, expires=expires)
        self._registrations[handle] = registration
        registration.begin(now)
        return handle

    def unregister(self, handle: str, now: float) -> None:
        """Remove a binding. `Unregistered` follows, unless there is none any more."""
        if (registration := self._registrations.pop(handle, None)) is not None:
            registration.remove(now)

    # Calls

    def invite(
        self,
        target: SipUri,
        destination: Address | None = None,
        *,
        offer: bytes | None,
        now: float,
        caller: From | None = None,
        headers: Sequence[Extra] = (),
        secret: Secret | None = None,
    ) -> str:
        """Call `target` and return the call's handle, which is its Call-ID.

        `destination` is where the INVITE goes (an outbound proxy); by default the address of the first `Route` in `headers`, else of
        `target`. `offer` is our session description; None asks for theirs. `caller` is who we say we are; its tag is replaced.
        `secret` answers challenges for as long as the call lasts. `Progress` and `Answered` follow, or `Rejected` or `Cancelled`.
        """
        endpoint = self._endpoint
        call_id = endpoint.token()
        name = caller or From(SipUri.of(endpoint.local[0], user=endpoint.contact.sip_uri.user_text))
        replaces = target.header("Replaces")
        about: list[Extra] = [
            MaxForwards(70),
            name.with_tag(endpoint.token()),
            To(target.as_request_uri()),
            CallId(call_id),
            CSeq(1, "INVITE"),
        ]
        # A reliable provisional response without an offer of ours would bring theirs, to be answered in PRACK. So we only ask with one.
        about += [
            endpoint.contact_for(target),
            ALLOW,
            SUPPORTED if offer is None else Supported.of(*SUPPORTED.tokens, RELIABLE_PROVISIONAL),
        ]
        if replaces is not None:
            about.append(("Replaces", replaces))
        request = Request("INVITE", target.as_request_uri(), Headers.of(*about, *headers))
        if offer is not None:
            request = request.with_body(offer, SDP)
        route = request.get(Route)
        hop = target if route is None else route.sip_uri
        leg = CallingLeg(endpoint, self._registry, call_id, request, destination or endpoint.address_of(hop), secret=secret)
        leg.begin(now)
        return call_id

    def cancel(self, handle: str, now: float, *, cause: str | None = None) -> None:
        """Give up a call of ours: CANCEL once somebody has said that it is being tried, BYE if it is answered already.

        `cause` is a Reason header (RFC 3326). `Cancelled` or `Ended` follows, or `Rejected` if that was quicker.
        """
        leg = self._leg(handle)
        if isinstance(leg, CalledLeg):
            raise WrongState(f'call "{handle}" cannot be cancelled: it came in. reject it, or end it with BYE')
        if isinstance(leg, CallingLeg):
            leg.cancel(now, cause)

    def ring(self, handle: str, now: float, *, status: int | None = None, sdp: bytes | None = None, headers: Sequence[Extra] = ()) -> None:
        """Tell the caller that it rings: 180, or 183 with a session description for early media, unless `status` says otherwise."""
        leg = self._leg(handle)
        if isinstance(leg, CallingLeg):
            raise WrongState(f'call "{handle}" cannot ring: we placed it. the other side rings')
        if isinstance(leg, CalledLeg):
            leg.ring(now, status or (180 if sdp is None else 183), sdp, *headers)

    def answer(self, handle: str, sdp: bytes | None, now: float, *, headers: Sequence[Extra] = ()) -> None:
        """Answer a call, or accept a change of its session. `sdp` is our answer, or our offer if they made none. `Confirmed` follows.

        (Not after UPDATE, which has no ACK.)
        """
        if (leg := self._leg(handle)) is not None:
            leg.answer(sdp, now, *headers)

    def reject(self, handle: str, status: int, now: float, *, reason: str | None = None, headers: Sequence[Extra] = ()) -> None:
        """Reject a call (`Ended` follows), or refuse a change of its session. `status` is 300 to 699."""
        if (leg := self._leg(handle)) is not None:
            leg.reject(status, now, *headers, reason=reason)

    def bye(self, handle: str, now: float, *, cause: str | None = None) -> None:
        """End an answered call. `Ended` follows when the other side has confirmed or was silent for 64*T1."""
        if (leg := self._leg(handle)) is not None:
            leg.bye(now, cause)

    def hang_up(self, handle: str, now: float, *, cause: str | None = None) -> None:
        """End a call as it must be ended: CANCEL or BYE if we placed it, 603 Decline or BYE if it came in."""
        match self._leg(handle):
            case CallingLeg() as leg:
                leg.cancel(now, cause)
            case CalledLeg(phase=Phase.EARLY) as leg:
                leg.reject(603, now)
            case Leg() as leg:
                leg.bye(now, cause)

    def reinvite(self, handle: str, offer: bytes | None, now: float) -> None:
        """Ask for a change of the session. `SessionChanged` or `SessionUnchanged` follows."""
        if (leg := self._leg(handle)) is not None:
            leg.reinvite(offer, now)

    def info(self, handle: str, content_type: str, body: bytes, now: float) -> None:
        """Send INFO (RFC 6086). `InfoAnswered` follows."""
        if (leg := self._leg(handle)) is not None:
            leg.info(content_type, body, now)

    def refer(self, handle: str, to: Uri | str, now: float, *, headers: Sequence[Extra] = ()) -> None:
        """Ask the other side to call `to` instead (RFC 3515). `ReferProgress` follows, perhaps also after the call has ended."""
        if (leg := self._leg(handle)) is not None:
            leg.refer(to, now, *headers)

    def accept_refer(self, handle: str, now: float) -> None:
        """Say that we will call whom we are asked to: 202, and NOTIFY with 100 Trying."""
        if (leg := self._leg(handle)) is not None:
            leg.accept_refer(now)

    def reject_refer(self, handle: str, status: int, now: float) -> None:
        """Say that we will not, with a status of 300 to 699."""
        if (leg := self._leg(handle)) is not None:
            leg.refers.reject(status, now)

    def notify_refer(self, handle: str, status: int, now: float, *, reason: str | None = None) -> None:
        """Report how the call that we were asked to make stands. A status of 200 or more is the last report. May follow the call's end."""
        if (leg := self._registry.legs.get(handle)) is not None and (leg.phase is not Phase.OVER or leg.refers.reports):
            leg.refers.notify(status, now, reason)

    def _leg(self, handle: str) -> Leg | None:
        leg = self._registry.legs.get(handle)
        return None if leg is None or leg.phase is Phase.OVER else leg

    # Requests that come in

    def _receive_request(self, request: Request, source: Address, now: float) -> None:
        layer = self._endpoint.layer
        if layer.absorb(request, now):
            return
        if request.method == "ACK":
            found = self._registry.find(request)
            if found is not None:
                found[0].acknowledge(request, now)
            return  # an ACK is never answered
        if request.method == "CANCEL":
            self._receive_cancel(request, source, now)
            return
        merged = layer.is_merged(request)
        transaction = layer.open(request, source, self._endpoint.token())
        try:
            self._take(transaction.request, transaction, source, now, merged=merged)
        except SipSyntaxError as problem:
            if not transaction.is_answered:
                self._endpoint.respond(transaction, 400, now, reason=str(problem))
            self._report(request, source, problem)

    def _receive_cancel(self, cancel: Request, source: Address, now: float) -> None:
        invite = self._endpoint.layer.invite_of(cancel)
        tag = self._endpoint.token() if invite is None else invite.tag
        transaction = self._endpoint.layer.open(cancel, source, tag)
        self._endpoint.respond(transaction, 481 if invite is None else 200, now)
        if invite is not None and invite.cancelled is not None and not invite.is_answered:
            invite.cancelled(cancel, now)

    def _take(self, request: Request, transaction: ServerTransaction, source: Address, now: float, *, merged: bool) -> None:
        respond = self._endpoint.respond
        if (refusal := screen(request)) is not None:
            respond(transaction, refusal.status, now, *refusal.headers, reason=refusal.reason)
        elif request.need(To).tag is not None:
            found = self._registry.find(request)
            if found is None:
                respond(transaction, 481, now)
            else:
                found[0].receive(request, transaction, found[1], now)
        elif merged:
            respond(transaction, 482, now, reason="Request Merged")
        elif request.method not in ("INVITE", "OPTIONS"):
            respond(transaction, 481, now)
        elif self._max_calls is not None and self.calls >= self._max_calls:
            respond(transaction, 503, now, RetryAfter(BUSY_FOR))
        elif request.method == "OPTIONS":
            respond(transaction, 200, now, ALLOW, SUPPORTED, ("Accept", SDP), self._endpoint.contact)
        elif self._guard is not None and (challenge := self._guard.challenge(request)) is not None:
            respond(transaction, 401, now, challenge)
        else:
            CalledLeg(self._endpoint, self._registry, self._free_handle(request), transaction).begin(source, now)

    def _free_handle(self, request: Request) -> str:
        # Two calls can share a Call-ID: when we call ourselves, or when a proxy's forks both end here.
        call_id = request.need(CallId).value
        return call_id if call_id not in self._registry.legs else f"{call_id};{self._endpoint.token()}"

    def _receive_unreadable(self, message: Message | None, problem: SipSyntaxError, source: Address, now: float) -> None:
        self._report(message, source, problem)
        if not isinstance(message, Request) or message.method == "ACK":
            return
        try:
            via = message.need(Via)
        except SipSyntaxError:
            return  # nobody to answer
        response = create_response(with_source(message, via, source), 400, str(problem), to_tag=self._endpoint.token())
        self._endpoint.send(bytes(response), response_address(via, source), now)

    def _report(self, message: Message | None, source: Address, problem: SipSyntaxError) -> None:
        call_id = None if message is None else message.text(CallId)
        self._endpoint.emit(Unreadable(call_id or "", source, str(problem)))
