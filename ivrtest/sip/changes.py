"""Changes of a session: the offers of a call after its first, both ways (RFC 3261 section 14, RFC 3311, RFC 3262 section 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ivrtest.sip.endpoint import ALLOW, SDP, SUPPORTED, SUPPORTED_WITHIN, Endpoint, WrongState
from ivrtest.sip.events import Confirmed, OfferWithdrawn, SessionChanged, SessionOffered, SessionUnchanged
from ivrtest.sip.extracts import retry_after
from ivrtest.sip.header import Header
from ivrtest.sip.headers import CSeq, RetryAfter
from ivrtest.sip.invite import Acceptance, IncomingInvite, OutgoingInvite
from ivrtest.sip.layer import ServerTransaction
from ivrtest.sip.message import Request, Response
from ivrtest.sip.multipart import session_description
from ivrtest.sip.peer import Peer
from ivrtest.sip.phase import Phase

if TYPE_CHECKING:
    from ivrtest.sip.leg import Leg

REQUEST_PENDING: Final = 491
_NOT_UNDERSTOOD: Final = frozenset({405, 501})


class Changes:
    """The offers of one call. One at a time (RFC 3264 section 4)."""

    def __init__(self, leg: Leg, endpoint: Endpoint) -> None:
        self.local: bytes | None = None
        """The session description that we sent last, and that holds: not that of a change that they refused."""
        self.placed = False
        """Whether we placed the call: its caller waits longer after a glare (section 14.1)."""
        self._leg = leg
        self._endpoint = endpoint
        self._before: bytes | None = None
        """What `local` was before the change that we ask for."""
        self._theirs: IncomingInvite | ServerTransaction | None = None
        self._withdrawn = False
        self._unconfirmed: dict[int, IncomingInvite] = {}
        self._invite: OutgoingInvite | None = None
        self._updates = False
        """Whether the answer to an UPDATE of ours with an offer is still to come."""

    @property
    def is_offered(self) -> bool:
        """Whether they wait for our answer to an offer."""
        return self._theirs is not None

    @property
    def is_unconfirmed(self) -> bool:
        """Whether an ACK for a 2xx of ours is still to come."""
        return bool(self._unconfirmed)

    @property
    def _asks_in_2xx(self) -> bool:
        """Whether an ACK is still to come that answers an offer of ours."""
        return any(invite.asks for invite in self._unconfirmed.values())

    @property
    def is_busy(self) -> bool:
        """Whether a change is under way, theirs or ours."""
        return self._invite is not None or self._updates or self._theirs is not None or self.is_unconfirmed

    # Ours

    def reinvite(self, offer: bytes | None, now: float) -> None:
        """Ask for a change of the session by INVITE; without an offer, for theirs."""
        peer = self._free_to_change()
        request = peer.dialog.request("INVITE")
        request = request.with_added(self._endpoint.contact_for(request.uri), ALLOW, SUPPORTED_WITHIN, *self._leg.timer.wanted())
        if offer is not None:
            request = request.with_body(offer, SDP)
        self._before, self.local = self.local, offer or self.local
        self._invite = OutgoingInvite(self._endpoint, self, partial(peer.exchange, request))
        self._invite.begin(now)

    def update(self, offer: bytes | None, now: float) -> None:
        """Ask for a change of the session by UPDATE, also before the call is answered; without an offer, for a refresh of the dialog."""
        peer = self._free_to_change(early=True)
        self._send_update(peer, offer, now)

    def refresh(self, now: float) -> None:
        """Refresh the call (RFC 4028 section 10): by UPDATE where they understand it, else by an INVITE that changes nothing."""
        leg = self._leg
        if leg.phase is not Phase.ANSWERED or leg.peer is None:
            return
        if self.is_busy:
            leg.timer.put_off(self._pause(), now)
        elif "UPDATE" in leg.understood:
            self._send_update(leg.peer, None, now)
        else:
            self.reinvite(self.local, now)

    def _send_update(self, peer: Peer, offer: bytes | None, now: float) -> None:
        self._updates = offer is not None
        self._before, self.local = self.local, offer or self.local
        about = (self._endpoint.contact_for(peer.dialog.target), ALLOW, SUPPORTED, *self._leg.timer.wanted())
        user = partial(self._update_answered, peer=peer, offered=offer is not None)
        peer.ask("UPDATE", user, now, *about, body=offer or b"", content_type=SDP if offer else None)

    def _free_to_change(self, *, early: bool = False) -> Peer:
        leg = self._leg
        peer = leg.early_peer() if early and leg.phase is Phase.EARLY else leg.answered("change its session")
        if self.is_busy:
            raise WrongState(f'call "{leg.handle}" cannot change its session: another change is under way. wait until it is answered')
        return peer

    def acknowledge(self, sdp: bytes | None, now: float) -> None:
        """Answer the offer that came in the 2xx to our INVITE."""
        if self._invite is not None and self._invite.waits:
            invite, self._invite = self._invite, None
            self.local = sdp or self.local
            invite.acknowledge_all(sdp, now)

    def invite_progress(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """Nothing rings in a call that is answered."""

    def invite_accepted(self, invite: OutgoingInvite, response: Response, now: float) -> Acceptance:
        """The session is changed, or, where we asked for it, their offer is here."""
        leg = self._leg
        peer = leg.peer
        if peer is None:
            raise WrongState(f'call "{leg.handle}" cannot change its session: it has no dialog')
        peer.dialog.refresh(response)
        sdp = session_description(response)
        asks = not invite.request.body and sdp is not None and leg.phase is Phase.ANSWERED
        if not asks:
            self._invite = None
        if leg.phase is Phase.ANSWERED:
            leg.understand(response)
            leg.timer.granted(response, now, invite.request)
            self._endpoint.emit(SessionChanged(leg.handle, sdp, is_offer=asks))
        return Acceptance(peer, asks)

    def invite_acknowledged(self, invite: OutgoingInvite, peer: Peer, now: float) -> None:
        """Nothing is left to do."""

    def invite_failed(self, invite: OutgoingInvite, response: Response, now: float, *, local: bool) -> None:
        """The session stays as it was, unless the call is lost (section 14.1)."""
        self._invite = None
        self._refused(response, now)

    def _update_answered(self, response: Response, now: float, *, local: bool, peer: Peer, offered: bool) -> None:
        leg = self._leg
        if offered:
            self._updates = False
        if leg.phase not in (Phase.EARLY, Phase.ANSWERED):
            return
        if response.is_success:
            peer.dialog.refresh(response)
            if leg.phase is Phase.ANSWERED:
                leg.timer.granted(response, now)
            if offered:
                self._endpoint.emit(SessionChanged(leg.handle, session_description(response)))
        elif offered:
            self._refused(response, now)
        elif response.status in _NOT_UNDERSTOOD and leg.phase is Phase.ANSWERED:
            leg.understood -= {"UPDATE"}
            self.refresh(now)
        else:
            self._not_refreshed(response, now)

    def _refused(self, response: Response, now: float) -> None:
        leg = self._leg
        if leg.phase not in (Phase.EARLY, Phase.ANSWERED):
            return
        self.local = self._before
        after = retry_after(response)
        pause = self._pause() if response.status == REQUEST_PENDING else after
        self._endpoint.emit(SessionUnchanged(leg.handle, response.status, response.reason, after, pause))
        self._not_refreshed(response, now)

    def _not_refreshed(self, response: Response, now: float) -> None:
        after = retry_after(response)
        pause = self._pause() if response.status == REQUEST_PENDING or after is None else after
        self._leg.timer.put_off(pause, now, f"{response.status} {response.reason}")
        self._leg.lose_if_unknown(response, now)

    def _pause(self) -> float:
        """Return for how long to wait after a glare: 2.1 to 4 s for who placed the call, 0 to 2 s for the other side (section 14.1)."""
        chance = int.from_bytes(self._endpoint.token().encode())
        return 2.1 + chance % 191 / 100 if self.placed else chance % 201 / 100

    # Theirs

    def invited(self, request: Request, transaction: ServerTransaction, peer: Peer, now: float) -> None:
        """Take a re-INVITE."""
        if self.refuses(transaction, peer, now):
            return
        peer.dialog.refresh(request)
        self._leg.understand(request)
        invite = IncomingInvite(self._endpoint, self, transaction)
        self._theirs = invite
        invite.respond(self._endpoint.response(transaction, 100), now)
        self._endpoint.emit(SessionOffered(self._leg.handle, "INVITE", session_description(request)))

    def updated(self, request: Request, transaction: ServerTransaction, peer: Peer, now: float) -> None:
        """Take an UPDATE."""
        offers = session_description(request) is not None
        if offers and self.refuses(transaction, peer, now):
            return
        peer.dialog.refresh(request)
        if not offers:
            transaction.respond(self._endpoint.response(transaction, 200, *self._agreed(request, now)), now)
            return
        self.offered(transaction, now)

    def offered(self, transaction: ServerTransaction, now: float) -> None:
        """Take an offer that came in UPDATE or PRACK."""
        request = transaction.request
        self._theirs = transaction
        self._endpoint.emit(SessionOffered(self._leg.handle, request.method, session_description(request)))

    def refuses(self, transaction: ServerTransaction, peer: Peer, now: float) -> bool:
        """Refuse a new offer while another is open (section 14.2, RFC 3311 section 5.2). Say whether it did."""
        refusal = self._leg.still_negotiates(peer, transaction.request.method)
        if self._leg.phase is Phase.LEAVING:
            self._endpoint.respond(transaction, 481, now)
        elif self._theirs is not None or refusal == 500:
            chance = int.from_bytes(self._endpoint.token().encode()) % 11
            self._endpoint.respond(transaction, 500, now, RetryAfter(chance), reason="Earlier Offer Not Answered")
        elif self._invite is not None or self._updates or self._asks_in_2xx or refusal is not None:
            self._endpoint.respond(transaction, REQUEST_PENDING, now)
        else:
            return False
        return True

    def accept(self, sdp: bytes | None, now: float, *headers: Header | tuple[str, str]) -> None:
        """Accept what they offer."""
        offered, self._theirs = self._theirs, None
        self.local = sdp or self.local
        match offered:
            case IncomingInvite() as invite:
                self.answer(invite, sdp, now, *headers)
            case ServerTransaction() as request:
                agreed = self._agreed(request.request, now) if request.request.method == "UPDATE" else ()
                request.respond(self._endpoint.response(request, 200, *agreed, *headers, sdp=sdp), now)
            case None:
                raise WrongState(f'call "{self._leg.handle}" cannot answer: nothing is offered')

    def answer(self, invite: IncomingInvite, sdp: bytes | None, now: float, *headers: Header | tuple[str, str]) -> None:
        """Send a 2xx to an INVITE, the call's first one too, until its ACK comes."""
        self._unconfirmed[invite.number] = invite
        invite.asks = sdp is not None and session_description(invite.transaction.request) is None
        self.local = sdp or self.local
        agreed = self._leg.timer.answering(invite.transaction.request, now)
        invite.respond(self._endpoint.response(invite.transaction, 200, *agreed, *headers, sdp=sdp), now)

    def _agreed(self, update: Request, now: float) -> tuple[Header, ...]:
        # Before the call is answered there is nothing to refresh: the 2xx to INVITE will agree on it.
        return self._leg.timer.answering(update, now) if self._leg.phase is Phase.ANSWERED else ()

    def refuse(self, status: int, now: float, *headers: Header | tuple[str, str], reason: str | None = None) -> None:
        """Refuse what they offer: the session stays as it was."""
        offered, self._theirs = self._theirs, None
        match offered:
            case IncomingInvite() as invite:
                invite.respond(self._endpoint.response(invite.transaction, status, *headers, reason=reason), now)
            case ServerTransaction() as request:
                self._endpoint.respond(request, status, now, *headers, reason=reason)
            case None:
                raise WrongState(f'call "{self._leg.handle}" cannot reject: nothing is offered')

    def is_gone(self) -> bool:
        """Say whether an offer was taken back, by CANCEL or by our own BYE, before its report was acted upon. That is nobody's mistake."""
        gone, self._withdrawn = self._withdrawn, False
        return self._theirs is None and (gone or self._leg.phase is Phase.LEAVING)

    def drop(self, now: float) -> None:
        """The call ends: refuse what they offer, and acknowledge what they accepted."""
        if self._theirs is not None:
            self.refuse(487, now)
        self.acknowledge(None, now)

    def forget(self) -> None:
        """The call is over: wait for no ACK any more."""
        for invite in self._unconfirmed.values():
            invite.acknowledged()
        self._unconfirmed.clear()

    def acknowledged(self, ack: Request, now: float) -> None:
        """Take an ACK for a 2xx of ours; copies are ignored."""
        invite = self._unconfirmed.pop(ack.need(CSeq).number, None)
        if invite is None:
            return
        invite.acknowledged()
        # Some repeat there what their INVITE has offered.
        self._endpoint.emit(Confirmed(self._leg.handle, session_description(ack) if invite.asks else None))
        self._leg.leave_when_confirmed(now)

    def invite_unacknowledged(self, invite: IncomingInvite, now: float) -> None:
        """End the call: our answer was not acknowledged (section 13.3.1.4)."""
        self._unconfirmed.pop(invite.number, None)
        self._leg.never_confirmed(now)

    def invite_cancelled(self, invite: IncomingInvite, cancel: Request, now: float) -> None:
        """Take back an offered change."""
        if self._theirs is invite:
            self.refuse(487, now)
            self._withdrawn = True
            self._endpoint.emit(OfferWithdrawn(self._leg.handle))
