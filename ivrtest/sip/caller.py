"""A call that we place, until it is answered (RFC 3261 sections 8.1, 9.1 and 13.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ivrtest.sip.dialog import Dialog
from ivrtest.sip.digest import Secret
from ivrtest.sip.endpoint import SDP, Endpoint, WrongState
from ivrtest.sip.events import Answered, Cancelled, Progress, Rejected, Side
from ivrtest.sip.exchange import Exchange
from ivrtest.sip.extracts import cause_of, retry_after
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.headers import Contact, CSeq, RAck, Require, RSeq, To
from ivrtest.sip.invite import MOST_DEVICES, Acceptance, OutgoingInvite
from ivrtest.sip.layer import ResponseUser
from ivrtest.sip.leg import Leg
from ivrtest.sip.message import Request, Response
from ivrtest.sip.multipart import session_description
from ivrtest.sip.peer import Peer, ignore
from ivrtest.sip.phase import Phase
from ivrtest.sip.registry import Registry
from ivrtest.sip.reliable import RELIABLE_PROVISIONAL
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import Uri


@dataclass(slots=True)
class _Early:
    """What is known of one device that rings."""

    peer: Peer
    number: int | None = None
    """RSeq of the latest reliable provisional response."""
    sdp: bytes | None = None
    """The latest session description that came in a provisional response."""
    asks: RAck | None = None
    """The reliable provisional response that brought an offer, as long as we have not answered it."""
    is_settled: bool = False
    """Whether offer and answer are complete, so that there may be another offer before the call is answered (RFC 3311 section 5.1)."""


class CallingLeg(Leg):
    """A call that we place."""

    def __init__(
        self,
        endpoint: Endpoint,
        registry: Registry,
        handle: str,
        request: Request,
        destination: Address | None,
        *,
        secret: Secret | None,
        times: SessionTimes,
    ) -> None:
        super().__init__(endpoint, registry, handle, times)
        self.changes.placed = True
        self.changes.local = request.body or None
        self._destination = destination
        self._secret = secret
        self._early: dict[str, _Early] = {}
        request = request.with_added(*self.timer.wanted())

        def exchange(user: ResponseUser) -> Exchange:
            return Exchange(endpoint, request, destination, user, secret=secret)

        self._call = OutgoingInvite(endpoint, self, exchange)

    def begin(self, now: float) -> None:
        """Send the INVITE."""
        self._call.begin(now)

    def cancel(self, now: float, cause: str | None = None) -> None:
        """Give the call up; if it is answered already, end it."""
        if self.phase is Phase.EARLY:
            self._call.cancel(now, cause)
        else:
            self.bye(now, cause)

    def bye(self, now: float, cause: str | None = None) -> None:
        """End an answered call. An offer in its 2xx that we have not answered is acknowledged first, without an answer."""
        if self.phase is Phase.ANSWERED:
            self._call.acknowledge_all(None, now)
        super().bye(now, cause)

    def give_way(self, now: float) -> None:
        """Another call has taken this one's place, perhaps before it was answered (RFC 3891 section 3)."""
        self.cancel(now)

    def acknowledge(self, sdp: bytes | None, now: float, branch: str = "") -> None:
        """Answer an offer that came in a response: with PRACK for a provisional one, with ACK for a 2xx."""
        self.changes.local = sdp or self.changes.local
        early = self._early.get(branch)
        if early is not None and early.asks is not None:
            rack, early.asks, early.is_settled = early.asks, None, True
            early.peer.ask("PRACK", ignore, now, rack, body=sdp or b"", content_type=SDP if sdp else None)
        elif self._call.waits:
            self._call.acknowledge_all(sdp, now)
        else:
            super().acknowledge(sdp, now, branch)

    def early_peer(self) -> Peer:
        """Return the one device that rings and has settled the first offer with us."""
        settled = [early.peer for early in self._early.values() if early.is_settled]
        if len(settled) != 1:
            raise WrongState(f'call "{self.handle}" cannot change its session: its first offer is not answered yet')
        return settled[0]

    def still_negotiates(self, peer: Peer, method: str) -> int | None:
        """Our INVITE is open until its final response; its offer only until it is answered."""
        settled = any(early.is_settled for early in self._early.values() if early.peer is peer)
        return 491 if self.phase is Phase.EARLY and (method == "INVITE" or not settled) else None

    def answer(self, sdp: bytes | None, now: float, *headers: Header | tuple[str, str]) -> None:
        """Accept a change of the session. Before the call is answered, what was agreed on first holds no more."""
        super().answer(sdp, now, *headers)
        for early in self._early.values():
            early.sdp = None

    def invite_progress(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """Report a provisional response."""
        if self.phase is not Phase.EARLY:
            return
        tag = response.need(To).tag or ""
        sdp = session_description(response)
        asks = False
        if response.status > 100 and tag:
            early = self._early.get(tag)
            if early is None and len(self._early) >= MOST_DEVICES:
                return
            if early is None:
                early = self._early[tag] = _Early(self._peer_of(response))
            self.understand(response)
            if not self._take_reliable(early, response, sdp, now):
                return
            asks = early.asks is not None
            if not asks:
                early.sdp = sdp or early.sdp
        self.endpoint.emit(Progress(self.handle, response.status, response.reason, sdp, response.headers, tag, is_offer=asks))

    def _take_reliable(self, early: _Early, response: Response, sdp: bytes | None, now: float) -> bool:
        """Send PRACK for a provisional response that asks for it; say whether it is new and in order (RFC 3262 section 4)."""
        required, number = response.get(Require), response.get(RSeq)
        if required is None or RELIABLE_PROVISIONAL not in required or number is None:
            return True
        if early.number is not None and number.value != early.number + 1:
            return False  # a copy, which the PRACK on its way will stop, or one whose predecessor is still to come
        early.number = number.value
        rack = RAck(number.value, response.need(CSeq).number, "INVITE")
        if sdp is not None and not self._call.request.body and not early.is_settled:
            early.asks = rack  # the PRACK waits for our answer (RFC 3262 section 5)
            return True
        early.is_settled = early.is_settled or sdp is not None
        early.peer.ask("PRACK", ignore, now, rack)
        return True

    def _peer_of(self, response: Response) -> Peer:
        dialog = Dialog.from_response(self._call.request, response)
        peer = Peer(self.endpoint, dialog, handle=self.handle, origin=self._destination, secret=self._secret)
        self.join(peer)
        return peer

    def invite_accepted(self, invite: OutgoingInvite, response: Response, now: float) -> Acceptance:
        """The call is answered, by the first device, which gets it, or by a further one, which is told goodbye (section 13.2.2.4)."""
        early = self._early.get(response.need(To).tag or "")
        if early is None:
            early = _Early(self._peer_of(response))
        else:
            early.peer.dialog.confirm(response)
        if self.phase is not Phase.EARLY or invite.is_cancelled:
            return Acceptance(early.peer)
        self.phase = Phase.ANSWERED
        self.peer = early.peer
        self.understand(response)
        self.timer.granted(response, now, invite.request)
        sdp = session_description(response)
        asks = sdp is not None and not invite.request.body and not early.is_settled
        # A 2xx may leave out what a provisional response has told, and may not tell otherwise (RFC 3262 section 5, RFC 3261 13.2.1).
        if not early.is_settled:
            early.sdp = sdp or early.sdp
        self.endpoint.emit(Answered(self.handle, response.status, early.sdp, response.headers, is_offer=asks))
        return Acceptance(early.peer, asks)

    def invite_acknowledged(self, invite: OutgoingInvite, peer: Peer, now: float) -> None:
        """Hang up on a device that answered when we no longer wanted it."""
        if peer is not self.peer:
            peer.bye(ignore, now)
            if self.phase is Phase.EARLY:
                self.finish(Cancelled(self.handle, Side.US, crossed=True, cause=None), now)
            elif self.phase is Phase.OVER:
                self.leave()  # its dialog joined a call that was forgotten already

    def invite_failed(self, invite: OutgoingInvite, response: Response, now: float, *, local: bool) -> None:
        """The call was refused, given up or never heard."""
        if invite.is_cancelled and (local or response.status in (401, 407, 487)):
            self.finish(Cancelled(self.handle, Side.US, crossed=False, cause=None), now)
            return
        event = Rejected(
            self.handle,
            response.status,
            response.reason,
            local,
            _contacts(response),
            retry_after(response),
            cause_of(response),
            response.headers,
            invite.request,
        )
        self.finish(event, now)


def _contacts(response: Response) -> tuple[Uri, ...]:
    """Return where to try instead, what the callee likes best first (section 8.1.3.4)."""
    if response.status >= 400:
        return ()
    try:
        contacts = sorted(response.all(Contact), key=lambda contact: -(1.0 if contact.q is None else contact.q))
    except SipSyntaxError:
        return ()
    return tuple(contact.uri for contact in contacts)
