"""A call that comes in, until it is answered (RFC 3261 sections 8.2, 9.2 and 13.3; RFC 3262; RFC 3891)."""

from __future__ import annotations

from ivrtest.sip.dialog import Dialog
from ivrtest.sip.endpoint import ALLOW, SUPPORTED, Endpoint, WrongState
from ivrtest.sip.events import Cancelled, Ended, IncomingCall, ProgressAcknowledged, Side
from ivrtest.sip.extracts import cause_of
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import CallId, Expires, From, To
from ivrtest.sip.invite import IncomingInvite
from ivrtest.sip.layer import ServerTransaction
from ivrtest.sip.leg import Leg
from ivrtest.sip.message import Request
from ivrtest.sip.multipart import session_description
from ivrtest.sip.peer import Peer
from ivrtest.sip.phase import Phase
from ivrtest.sip.registry import Registry
from ivrtest.sip.reliable import ReliableResponses, wants_reliability
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.sip.transport import Address

UNACKNOWLEDGED = 504
"""What a caller is told who never acknowledges a reliable provisional response (RFC 3262 section 3 wants a 5xx)."""

Extra = Header | tuple[str, str]


class CalledLeg(Leg):
    """A call that comes in."""

    def __init__(
        self,
        endpoint: Endpoint,
        registry: Registry,
        handle: str,
        transaction: ServerTransaction,
        times: SessionTimes,
        replaces: Leg | None = None,
    ) -> None:
        """`replaces` is the call whose place this one takes when it is answered. Raises SipSyntaxError when the INVITE lacks what makes
        a dialog."""
        dialog = Dialog.from_request(transaction.request, transaction.tag)
        super().__init__(endpoint, registry, handle, times)
        peer = Peer(endpoint, dialog, handle=handle, origin=transaction.destination, secret=None)
        self.peer = peer
        self.join(peer)
        self.understand(transaction.request)
        self._call = IncomingInvite(endpoint, self, transaction)
        self._reliable = ReliableResponses(endpoint, self, transaction)
        self._is_settled = False
        self._postponed: tuple[bytes | None, tuple[Extra, ...]] | None = None
        """Our answer, as long as it waits for a PRACK."""
        self._replaces = replaces

    @property
    def _invite(self) -> Request:
        return self._call.transaction.request

    def begin(self, source: Address, now: float) -> None:
        """Say that we are trying, and report the call."""
        request = self._invite
        if (lasts := _lifetime(request)) is not None:
            self.endpoint.alarms.set((self, "expired"), now + lasts)
        self._call.respond(self.endpoint.response(self._call.transaction, 100), now)
        self.endpoint.emit(
            IncomingCall(
                self.handle,
                request.need(CallId).value,
                request.need(From),
                request.need(To),
                request.uri,
                request.headers,
                session_description(request),
                source,
                None if self._replaces is None else self._replaces.handle,
            )
        )

    def ring(self, now: float, status: int, sdp: bytes | None, *headers: Extra, reliable: bool | None = None) -> None:
        """Send a provisional response, reliably where that is called for."""
        if self.phase is not Phase.EARLY or self._postponed is not None:
            state = Phase.ANSWERED if self._postponed is not None else self.phase
            raise WrongState(f'call "{self.handle}" cannot ring: it is {state.value}. it must be {Phase.EARLY.value}')
        if self._is_settled:
            sdp = None  # the session is agreed on: another description would be another offer
        if wants_reliability(self._invite, described=sdp is not None, wish=reliable):
            self._call.acknowledged()
            self.changes.local = sdp or self.changes.local
            # PRACK and UPDATE come only where they are allowed (RFC 3311 section 5.1).
            self._reliable.send(self.endpoint.response(self._call.transaction, status, ALLOW, SUPPORTED, *headers, sdp=sdp), now)
        else:
            self._call.respond(self.endpoint.response(self._call.transaction, status, *headers, sdp=sdp), now)

    def answer(self, sdp: bytes | None, now: float, *headers: Extra) -> None:
        """Answer the call, or accept a change of its session."""
        if self.phase is not Phase.EARLY or self.changes.is_offered or self._postponed is not None:
            super().answer(sdp, now, *headers)
        elif self._reliable.has_open_description:
            self._postponed = (sdp, headers)
        else:
            self._accept(sdp, now, *headers)

    def _accept(self, sdp: bytes | None, now: float, *headers: Extra) -> None:
        self._reliable.stop()
        self.endpoint.alarms.clear((self, "expired"))
        self.phase = Phase.ANSWERED
        # What a reliable provisional response has told is not told again (RFC 3262 section 5).
        self.changes.answer(self._call, None if self._is_settled else sdp, now, *headers)
        if self._replaces is not None:
            self._replaces.give_way(now)

    def reject(self, status: int, now: float, *headers: Extra, reason: str | None = None) -> None:
        """Reject the call, or refuse a change of its session."""
        if self.phase is not Phase.EARLY or self.changes.is_offered:
            super().reject(status, now, *headers, reason=reason)
            return
        self.refuse_call(status, now, *headers, reason=reason)
        self.finish(Ended(self.handle, Side.US, status, None, Headers()), now)

    def refuse_call(self, status: int, now: float, *headers: Extra, reason: str | None = None) -> None:
        """Send the final response of a call that is not answered."""
        self._reliable.stop()
        self.endpoint.alarms.clear((self, "expired"))
        self._postponed = None
        self._call.respond(self.endpoint.response(self._call.transaction, status, *headers, reason=reason), now)

    def early_peer(self) -> Peer:
        """Return the caller, if she has our answer to her offer, reliably."""
        return self.peer if self._is_settled and self.peer is not None else super().early_peer()

    def still_negotiates(self, peer: Peer, method: str) -> int | None:
        """Another INVITE has to wait for our final response (section 14.2); another offer only until the first is answered."""
        return 500 if self.phase is Phase.EARLY and (method == "INVITE" or not self._is_settled) else None

    def on_prack(self, request: Request, transaction: ServerTransaction, peer: Peer, now: float) -> None:
        """Take a PRACK, with an answer or a further offer where it has one (RFC 3262 section 5)."""
        response = self._reliable.acknowledge(request, now)
        if response is None:
            self.endpoint.respond(transaction, 481, now)
            return
        sdp = session_description(request)
        # An INVITE without a description asked for our offer: then the first description from there is its answer.
        is_answer = session_description(self._invite) is None and bool(response.body) and not self._is_settled
        self._is_settled = self._is_settled or bool(response.body)
        self.endpoint.emit(ProgressAcknowledged(self.handle, response.status, sdp if is_answer else None))
        if sdp is None or is_answer:
            self.endpoint.respond(transaction, 200, now)
        elif not self.changes.refuses(transaction, peer, now):
            self.changes.offered(transaction, now)
        self._catch_up(now)

    def _catch_up(self, now: float) -> None:
        if self._postponed is not None and not self._reliable.has_open_description and self.phase is Phase.EARLY:
            sdp, headers = self._postponed
            self._postponed = None
            self._accept(sdp, now, *headers)

    def wake(self, why: str, now: float) -> None:
        """The time is over that the caller has given us to answer (section 13.3.1)."""
        if self.phase is Phase.EARLY and self._postponed is None:
            self.refuse_call(487, now)
            cause = f'SIP;cause=487;text="The invitation expired after {_lifetime(self._invite)} s (Expires)"'
            self.finish(Cancelled(self.handle, Side.THEM, crossed=False, cause=cause), now)

    def never_acknowledged(self, now: float) -> None:
        """Refuse the call: its caller does not hear our provisional responses."""
        if self.phase is Phase.EARLY:
            self.reject(UNACKNOWLEDGED, now, reason="Provisional Response Not Acknowledged")

    def invite_cancelled(self, invite: IncomingInvite, cancel: Request, now: float) -> None:
        """The caller hung up before we answered."""
        if self.phase is Phase.EARLY:
            self._given_up(cancel, now)

    def invite_unacknowledged(self, invite: IncomingInvite, now: float) -> None:
        """Our answer never arrived, as far as we know."""
        self.changes.invite_unacknowledged(invite, now)

    def bye_before_answer(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        """The caller hung up on an early dialog (section 15): as good as CANCEL."""
        self.endpoint.respond(transaction, 200, now)
        self._given_up(request, now)

    def disconnected(self, peer: Address, problem: str, now: float) -> None:
        """The caller's connection is over, and our answer would find nobody."""
        if self.phase is Phase.EARLY and self._call.transaction.destination == peer:
            self.refuse_call(487, now)
            self.finish(Cancelled(self.handle, Side.THEM, crossed=False, cause=problem), now)

    def _given_up(self, request: Request, now: float) -> None:
        self.refuse_call(487, now)
        self.finish(Cancelled(self.handle, Side.THEM, crossed=False, cause=cause_of(request)), now)


def _lifetime(invite: Request) -> int | None:
    """Return after how many seconds an invitation is over; None where nothing sensible is said."""
    try:
        said = invite.get(Expires)
    except SipSyntaxError:
        return None
    return said.value or None if said is not None else None
