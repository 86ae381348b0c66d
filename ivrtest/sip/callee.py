"""A call that comes in, until it is answered (RFC 3261 sections 8.2, 9.2 and 13.3)."""

from __future__ import annotations

from ivrtest.sip.dialog import Dialog
from ivrtest.sip.endpoint import Endpoint, WrongState
from ivrtest.sip.events import Cancelled, Ended, IncomingCall, Side
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import CallId, From, To
from ivrtest.sip.invite import IncomingInvite
from ivrtest.sip.layer import ServerTransaction
from ivrtest.sip.leg import Leg, Phase, Registry, cause_of
from ivrtest.sip.message import Request
from ivrtest.sip.peer import Peer
from ivrtest.sip.transport import Address


class CalledLeg(Leg):
    """A call that comes in."""

    def __init__(self, endpoint: Endpoint, registry: Registry, handle: str, transaction: ServerTransaction) -> None:
        """Raises SipSyntaxError when the INVITE lacks what makes a dialog."""
        dialog = Dialog.from_request(transaction.request, transaction.tag)
        super().__init__(endpoint, registry, handle)
        self.peer = Peer(endpoint, dialog, origin=transaction.destination, secret=None)
        self._join(self.peer)
        self._call = IncomingInvite(endpoint, self, transaction)
        self._offered = self._call

    def begin(self, source: Address, now: float) -> None:
        """Say that we are trying, and report the call."""
        request = self._call.transaction.request
        self._call.respond(self.endpoint.response(self._call.transaction, 100), now)
        self.endpoint.emit(
            IncomingCall(
                self.handle,
                request.need(CallId).value,
                request.need(From),
                request.need(To),
                request.uri,
                request.headers,
                request.body or None,
                source,
            )
        )

    def _early(self, what: str) -> None:
        if self.phase is not Phase.EARLY:
            raise WrongState(f'call "{self.handle}" cannot {what}: it is {self.phase.value}. it must be {Phase.EARLY.value}')

    def ring(self, now: float, status: int, sdp: bytes | None, *headers: Header | tuple[str, str]) -> None:
        """Send a provisional response."""
        self._early("ring")
        self._call.respond(self.endpoint.response(self._call.transaction, status, *headers, sdp=sdp), now)

    def answer(self, sdp: bytes | None, now: float, *headers: Header | tuple[str, str]) -> None:
        """Answer the call, or accept a change of its session."""
        if self.phase is not Phase.EARLY:
            super().answer(sdp, now, *headers)
            return
        self.phase = Phase.ANSWERED
        self._accept(sdp, now, *headers)

    def reject(self, status: int, now: float, *headers: Header | tuple[str, str], reason: str | None = None) -> None:
        """Reject the call, or refuse a change of its session."""
        if self.phase is not Phase.EARLY:
            super().reject(status, now, *headers, reason=reason)
            return
        self._refuse(status, now, *headers, reason=reason)
        self.finish(Ended(self.handle, Side.US, status, None, Headers()), now)

    def invite_cancelled(self, invite: IncomingInvite, cancel: Request, now: float) -> None:
        """The caller hung up before we answered."""
        if invite is not self._call:
            super().invite_cancelled(invite, cancel, now)
        elif self.phase is Phase.EARLY:
            self._given_up(cancel, now)

    def bye_before_answer(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        """The caller hung up on an early dialog (section 15): as good as CANCEL."""
        self.endpoint.respond(transaction, 200, now)
        self._given_up(request, now)

    def disconnected(self, peer: Address, problem: str, now: float) -> None:
        """The caller's connection is over, and our answer would find nobody."""
        if self.phase is Phase.EARLY and self._call.transaction.destination == peer:
            self._refuse(487, now)
            self.finish(Cancelled(self.handle, Side.THEM, crossed=False, cause=problem), now)

    def _given_up(self, request: Request, now: float) -> None:
        self._refuse(487, now)
        self.finish(Cancelled(self.handle, Side.THEM, crossed=False, cause=cause_of(request)), now)
