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
from ivrtest.sip.caller import CallingLeg
from ivrtest.sip.digest import Secret
from ivrtest.sip.endpoint import ALLOW, SDP, SUPPORTED, Endpoint, Leash, Token, Trace, WrongState
from ivrtest.sip.events import Event, OptionsAnswered, Rejected
from ivrtest.sip.exchange import Exchange
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.guard import Guard
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import CallId, CSeq, From, MaxForwards, Route, To
from ivrtest.sip.leg import Leg
from ivrtest.sip.message import Request, Response, check_message, parse_message
from ivrtest.sip.phase import Phase
from ivrtest.sip.reception import Reception
from ivrtest.sip.registration import Registration
from ivrtest.sip.registry import Registry
from ivrtest.sip.screening import check_dialog_headers
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.sip.timers import Timers
from ivrtest.sip.transaction import Input
from ivrtest.sip.transport import Address, Resolver
from ivrtest.sip.uri import SipUri, Uri

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
        session_times: SessionTimes | None = None,
        trace: Trace | None = None,
        leash: Leash | None = None,
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
            session_times: How long a call may go on without a refresh (RFC 4028). None: as the other side wants.
            trace: Sees every datagram.
            leash: Which hosts a call may be led to. None: any.
        """
        times = times or Timers()
        self._endpoint = Endpoint(
            local, token=token, transport=transport, user=user, product=product, times=times, resolve=resolve, trace=trace, leash=leash
        )
        self._registry = Registry()
        self._registrations: dict[str, Registration] = {}
        self._session_times = session_times or SessionTimes()
        self._reception = Reception(
            self._endpoint,
            self._registry,
            guard=None if require_digest is None else Guard(require_digest, token=token),
            times=self._session_times,
            is_full=lambda: max_calls is not None and self.calls >= max_calls,
        )

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
                self._reception.receive(message, source, now)
            else:
                check_dialog_headers(message)
                self._endpoint.layer.receive_response(message, now)
        except SipSyntaxError as problem:
            self._reception.receive_unreadable(message or problem.partial, problem, source, now)

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
        # Many registrars forget a binding with the connection that it came over (RFC 5626 section 4.2).
        self.renew(peer, now)
        addresses = {leg.peer.address for leg in orphans if leg.peer is not None and leg.phase is Phase.ANSWERED}
        return frozenset(address for address in addresses if address is not None)

    def renew(self, destination: Address, now: float) -> tuple[str, ...]:
        """Make our bindings at `destination` anew: the way back that they name may be gone. Returns their handles."""
        renewed = {handle: known for handle, known in self._registrations.items() if known.destination == destination}
        for registration in renewed.values():
            registration.begin(now)
        return tuple(renewed)

    def is_behind_nat(self, destination: Address) -> bool:
        """Say whether `destination` sees our requests come from another address than we have, as far as its responses tell."""
        return destination in self._endpoint.layer.seen_elsewhere

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
        instead_of: Rejected | None = None,
    ) -> str:
        """Call `target` and return the call's handle, which is its Call-ID.

        `destination` is where the INVITE goes (an outbound proxy); by default the address of the first `Route` in `headers`, else of
        `target`. `offer` is our session description; None asks for theirs. `caller` is who we say we are; its tag is replaced.
        `secret` answers challenges for as long as the call lasts. `instead_of` is a call that was redirected to `target`: this one is the
        same call, with the same From, To and Call-ID (section 8.1.3.4). `Progress` and `Answered` follow, or `Rejected` or `Cancelled`.
        """
        endpoint = self._endpoint
        if instead_of is None:
            name = caller or From(SipUri.of(endpoint.local[0], user=endpoint.contact.sip_uri.user_text))
            call_id, number = endpoint.token(), 1
            who: list[Extra] = [name.with_tag(endpoint.token()), To(target.as_request_uri())]
        else:
            before = instead_of.request
            call_id, number = before.need(CallId).value, before.need(CSeq).number + 1
            who = [before.need(From), before.need(To)]
        about = [MaxForwards(70), *who, CallId(call_id), CSeq(number, "INVITE"), endpoint.contact_for(target), ALLOW, SUPPORTED]
        # An attended transfer names in the URI the call that the new one shall take the place of (RFC 3891 section 4).
        if (replaces := target.header("Replaces")) is not None:
            about.append(("Replaces", replaces))
        request = Request("INVITE", target.as_request_uri(), Headers.of(*about, *headers))
        if offer is not None:
            request = request.with_body(offer, SDP)
        route = request.get(Route)
        hop = target if route is None else route.sip_uri
        way = destination or endpoint.address_of(hop)
        leg = CallingLeg(endpoint, self._registry, call_id, request, way, secret=secret, times=self._session_times)
        leg.begin(now)
        return call_id

    def options(
        self,
        target: SipUri,
        destination: Address | None = None,
        *,
        now: float,
        headers: Sequence[Extra] = (),
        secret: Secret | None = None,
    ) -> str:
        """Ask `target` what it can (section 11), to see whether it is there; return the handle. `OptionsAnswered` follows."""
        endpoint = self._endpoint
        handle = endpoint.token()
        name = From(SipUri.of(endpoint.local[0], user=endpoint.contact.sip_uri.user_text)).with_tag(endpoint.token())
        uri = target.as_request_uri()
        who = (name, To(uri), CallId(handle), CSeq(1, "OPTIONS"))
        request = Request("OPTIONS", uri, Headers.of(MaxForwards(70), *who, endpoint.contact_for(target), ("Accept", SDP), *headers))

        def answered(response: Response, now: float, *, local: bool) -> None:
            if not response.is_provisional:
                endpoint.emit(OptionsAnswered(handle, response.status, response.reason, local, response.headers))

        route = request.get(Route)
        way = destination or endpoint.address_of(target if route is None else route.sip_uri)
        Exchange(endpoint, request, way, answered, secret=secret).begin(now)
        return handle

    def cancel(self, handle: str, now: float, *, cause: str | None = None) -> None:
        """Give up a call of ours: CANCEL once somebody has said that it is being tried, BYE if it is answered already.

        `cause` is a Reason header (RFC 3326). `Cancelled` or `Ended` follows, or `Rejected` if that was quicker.
        """
        leg = self._leg(handle)
        if isinstance(leg, CalledLeg):
            raise WrongState(f'call "{handle}" cannot be cancelled: it came in. reject it, or end it with BYE')
        if isinstance(leg, CallingLeg):
            leg.cancel(now, cause)

    def ring(
        self,
        handle: str,
        now: float,
        *,
        status: int | None = None,
        sdp: bytes | None = None,
        headers: Sequence[Extra] = (),
        reliable: bool | None = None,
    ) -> None:
        """Tell the caller that it rings: 180, or 183 with a session description for early media, unless `status` says otherwise.

        `reliable`: until the caller acknowledges it (RFC 3262), if she can; by default where there is a description, and where she insists.
        `ProgressAcknowledged` follows then.
        """
        leg = self._leg(handle)
        if isinstance(leg, CallingLeg):
            raise WrongState(f'call "{handle}" cannot ring: we placed it. the other side rings')
        if isinstance(leg, CalledLeg):
            leg.ring(now, status or (180 if sdp is None else 183), sdp, *headers, reliable=reliable)

    def answer(self, handle: str, sdp: bytes | None, now: float, *, headers: Sequence[Extra] = ()) -> None:
        """Answer a call, or accept a change of its session. `sdp` is our answer, or our offer if they made none. `Confirmed` follows.

        (Not after UPDATE and PRACK, which have no ACK.) A change that is offered before the call is answered is accepted first.
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

    def acknowledge(self, handle: str, sdp: bytes | None, now: float, *, branch: str = "") -> None:
        """Answer an offer that came in a response to our INVITE, as `Progress`, `Answered` or `SessionChanged` said.

        None is no answer: then end the call. `branch` is that of `Progress`.
        """
        if (leg := self._leg(handle)) is not None:
            leg.acknowledge(sdp, now, branch)

    def can_change(self, handle: str) -> bool:
        """Say whether the session of a call may be changed now: the call is answered, and no other change is under way."""
        leg = self._leg(handle)
        return leg is not None and leg.phase is Phase.ANSWERED and not leg.changes.is_busy

    def reinvite(self, handle: str, offer: bytes | None, now: float) -> None:
        """Ask for a change of the session by INVITE; None asks for their offer. `SessionChanged` or `SessionUnchanged` follows."""
        if (leg := self._leg(handle)) is not None:
            leg.changes.reinvite(offer, now)

    def update(self, handle: str, offer: bytes, now: float) -> None:
        """Ask for a change of the session by UPDATE (RFC 3311), also before the call is answered if its first offer is, reliably.

        `SessionChanged` or `SessionUnchanged` follows.
        """
        if (leg := self._leg(handle)) is not None:
            leg.changes.update(offer, now)

    def info(self, handle: str, content_type: str, body: bytes, now: float) -> None:
        """Send INFO (RFC 6086). `InfoAnswered` follows."""
        if (leg := self._leg(handle)) is not None:
            leg.info(content_type, body, now)

    def refer(self, handle: str, to: Uri | str, now: float, *, headers: Sequence[Extra] = (), subscribe: bool = True) -> None:
        """Ask the other side to call `to` instead (RFC 3515). `ReferProgress` follows, perhaps also after the call has ended.

        Without `subscribe` we ask not to be told how it goes (RFC 4488).
        """
        if (leg := self._leg(handle)) is not None:
            leg.refer(to, now, *headers, subscribe=subscribe)

    def replaces(self, handle: str) -> str | None:
        """Return the Replaces header with which somebody else can take our place in an answered call (RFC 3891 section 6.1)."""
        leg = self._leg(handle)
        if leg is None or leg.peer is None or leg.phase is not Phase.ANSWERED:
            return None
        dialog = leg.peer.dialog
        return f"{dialog.call_id};to-tag={dialog.remote.tag or '0'};from-tag={dialog.local.tag or '0'}"

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
        if (leg := self._registry.legs.get(handle)) is not None and (leg.phase is not Phase.OVER or leg.refers.is_told):
            leg.refers.notify(status, now, reason)

    def _leg(self, handle: str) -> Leg | None:
        leg = self._registry.legs.get(handle)
        return None if leg is None or leg.phase is Phase.OVER else leg
