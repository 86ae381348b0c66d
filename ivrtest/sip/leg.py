"""One call: what both directions have in common once there is a dialog (RFC 3261 sections 12, 14 and 15)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import partial

from ivrtest.sip.dialog import DialogId, dialog_id
from ivrtest.sip.endpoint import ALLOW, SDP, SUPPORTED, Endpoint, WrongState
from ivrtest.sip.events import (
    Confirmed,
    Ended,
    Event,
    InfoAnswered,
    InfoReceived,
    OfferWithdrawn,
    SessionChanged,
    SessionOffered,
    SessionUnchanged,
    Side,
)
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import ContentType, CSeq, Reason, RetryAfter
from ivrtest.sip.invite import IncomingInvite, OutgoingInvite
from ivrtest.sip.layer import ServerTransaction
from ivrtest.sip.message import Message, Request, Response
from ivrtest.sip.peer import Peer, ignore
from ivrtest.sip.refer import Refers
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import Uri

LOST = frozenset({408, 481})
"""Responses to a request within a dialog that show that the other side does not know it any more (section 12.2.1.2)."""


class Phase(Enum):
    """How far a call has come."""

    EARLY = "not answered yet"
    ANSWERED = "answered"
    LEAVING = "being ended"
    OVER = "over"


class Registry:
    """All calls of an agent, by handle and by dialog."""

    def __init__(self) -> None:
        self.legs: dict[str, Leg] = {}
        self._peers: dict[DialogId, tuple[Leg, Peer]] = {}

    def add(self, leg: Leg) -> None:
        """Know a call by its handle."""
        self.legs[leg.handle] = leg

    def join(self, leg: Leg, peer: Peer) -> None:
        """Know a call by one more dialog."""
        self._peers[peer.dialog.id] = (leg, peer)

    def find(self, request: Request) -> tuple[Leg, Peer] | None:
        """Return the call and the other end that a request comes from. Raises SipSyntaxError."""
        return self._peers.get(dialog_id(request))

    def remove(self, leg: Leg, peers: Iterable[Peer]) -> None:
        """Forget a call and its dialogs."""
        self.legs.pop(leg.handle, None)
        for peer in peers:
            self._peers.pop(peer.dialog.id, None)


class Leg:
    """One call, seen from our end."""

    def __init__(self, endpoint: Endpoint, registry: Registry, handle: str) -> None:
        self.handle = handle
        self.phase = Phase.EARLY
        self.peer: Peer | None = None
        """The other side. None while we call and nobody has answered."""
        self.endpoint = endpoint
        self.refers = Refers(self, endpoint)
        self._registry = registry
        self._peers: list[Peer] = []
        self._offered: IncomingInvite | ServerTransaction | None = None
        self._unconfirmed: dict[int, IncomingInvite] = {}
        self._outgoing: OutgoingInvite | None = None
        self._withdrawn = False
        self._bye_cause: str | None = None
        self._bye_sent = False
        registry.add(self)

    def _join(self, peer: Peer) -> None:
        self._peers.append(peer)
        self._registry.join(self, peer)

    def _answered(self, what: str) -> Peer:
        if self.phase is not Phase.ANSWERED or self.peer is None:
            raise WrongState(f'call "{self.handle}" cannot {what}: it is {self.phase.value}. it must be answered')
        return self.peer

    # What we do

    def bye(self, now: float, cause: str | None = None) -> None:
        """End an answered call. BYE leaves at once, or when the ACK for our answer has come (section 15)."""
        if self.phase in (Phase.LEAVING, Phase.OVER):
            return
        self._answered("be ended with BYE")
        self.phase = Phase.LEAVING
        self._bye_cause = cause
        self._drop_offer(now)
        if not self._unconfirmed:
            self._send_bye(now)

    def answer(self, sdp: bytes | None, now: float, *headers: Header | tuple[str, str]) -> None:
        """Accept what was offered: a change of the session."""
        if self._offer_is_gone():
            return
        self._answered("answer a change of its session")
        self._accept(sdp, now, *headers)

    def reject(self, status: int, now: float, *headers: Header | tuple[str, str], reason: str | None = None) -> None:
        """Refuse what was offered: the session goes on as it was."""
        if self._offer_is_gone():
            return
        self._answered("reject a change of its session")
        self._refuse(status, now, *headers, reason=reason)

    def _offer_is_gone(self) -> bool:
        """Say whether an offer was taken back, by CANCEL or by our own BYE, before its report was acted upon. That is nobody's mistake."""
        gone, self._withdrawn = self._withdrawn, False
        return self._offered is None and (gone or self.phase is Phase.LEAVING)

    def reinvite(self, offer: bytes | None, now: float) -> None:
        """Ask for a change of the session."""
        peer = self._answered("change its session")
        if self._outgoing is not None or self._offered is not None or self._unconfirmed:
            raise WrongState(f'call "{self.handle}" cannot change its session: another change is under way. wait until it is answered')
        request = peer.dialog.request("INVITE")
        request = request.with_added(self.endpoint.contact_for(request.uri), ALLOW, SUPPORTED)
        if offer is not None:
            request = request.with_body(offer, SDP)
        self._outgoing = OutgoingInvite(self.endpoint, self, partial(peer.exchange, request))
        self._outgoing.begin(now)

    def info(self, content_type: str, body: bytes, now: float) -> None:
        """Send INFO."""
        self._answered("send INFO").ask("INFO", self._info_answered, now, body=body, content_type=content_type)

    def refer(self, to: Uri | str, now: float, *headers: Header | tuple[str, str]) -> None:
        """Ask the other side to call somebody else."""
        self.refers.send(self._answered("be transferred"), to, now, *headers)

    def accept_refer(self, now: float) -> None:
        """Say that we will call whom we are asked to call."""
        self.refers.accept(self._answered("accept a transfer"), now)

    def _accept(self, sdp: bytes | None, now: float, *headers: Header | tuple[str, str]) -> None:
        match self._offered:
            case IncomingInvite() as invite:
                self._unconfirmed[invite.number] = invite
                invite.respond(self.endpoint.response(invite.transaction, 200, *headers, sdp=sdp), now)
            case ServerTransaction() as update:
                update.respond(self.endpoint.response(update, 200, *headers, sdp=sdp), now)
            case None:
                raise WrongState(f'call "{self.handle}" cannot answer: nothing is offered')
        self._offered = None

    def _refuse(self, status: int, now: float, *headers: Header | tuple[str, str], reason: str | None = None) -> None:
        match self._offered:
            case IncomingInvite() as invite:
                invite.respond(self.endpoint.response(invite.transaction, status, *headers, reason=reason), now)
            case ServerTransaction() as update:
                self.endpoint.respond(update, status, now, *headers, reason=reason)
            case None:
                raise WrongState(f'call "{self.handle}" cannot reject: nothing is offered')
        self._offered = None

    def _drop_offer(self, now: float) -> None:
        if self._offered is not None:
            self._refuse(487, now)

    def _send_bye(self, now: float) -> None:
        if self.peer is not None and not self._bye_sent:
            self._bye_sent = True
            self.peer.bye(self._bye_answered, now, self._bye_cause)

    def _bye_answered(self, response: Response, now: float, *, local: bool) -> None:
        # Whatever the answer: the session ended with the BYE (section 15.1.1).
        if not response.is_provisional:
            self.finish(Ended(self.handle, Side.US, response.status, None, response.headers), now)

    def _info_answered(self, response: Response, now: float, *, local: bool) -> None:
        if self.phase is not Phase.OVER:
            self.endpoint.emit(InfoAnswered(self.handle, response.status))
        self.lose_if_unknown(response, now)

    def lose_if_unknown(self, response: Response, now: float) -> None:
        """End the call when a response shows that the other side has lost it."""
        if response.status in LOST and self.phase is Phase.ANSWERED:
            self._lose(now, response.status, response.headers)

    def _lose(self, now: float, status: int | None, headers: Headers) -> None:
        if self.peer is not None:
            # They should know, if they are there at all (sections 12.2.1.2 and 13.3.1.4). The call is over whatever they say.
            self.peer.bye(ignore, now)
        self.finish(Ended(self.handle, None, status, None, headers), now)

    def goes_to(self, address: Address) -> bool:
        """Say whether an answered call's requests go there."""
        return self.phase is Phase.ANSWERED and self.peer is not None and self.peer.address == address

    def cut_off(self, problem: str, now: float) -> None:
        """The other side can be reached no more."""
        self.finish(Ended(self.handle, None, None, problem, Headers()), now)

    def finish(self, event: Event, now: float) -> None:
        """The call is over. It stays known only as long as a transfer reports through its dialog (RFC 5057)."""
        if self.phase is Phase.OVER:
            return
        self.phase = Phase.OVER
        for invite in self._unconfirmed.values():
            invite.acknowledged()
        self._unconfirmed.clear()
        self._drop_offer(now)
        self.refers.close(now)
        if self.peer is not None:
            self.peer.drop("INFO")
        self.endpoint.emit(event)
        self.leave()

    def leave(self) -> None:
        """Be forgotten, if nothing is left to do."""
        if self.phase is Phase.OVER and not self.refers.alive:
            self._registry.remove(self, self._peers)

    # What they do

    def receive(self, request: Request, transaction: ServerTransaction, peer: Peer, now: float) -> None:
        """Take a request within the dialog. Raises SipSyntaxError."""
        respond = self.endpoint.respond
        if self.peer is not None and peer is not self.peer:
            respond(transaction, 481, now)  # another device that was called too, and did not get the call
            return
        if not peer.dialog.takes(request):
            respond(transaction, 500, now, reason="CSeq Out Of Order")
            return
        match request.method:
            case "NOTIFY":
                self.refers.notified(request, transaction, now)
            case _ if self.phase is Phase.OVER:
                respond(transaction, 481, now)
            case "BYE":
                self._on_bye(request, transaction, now)
            case "INVITE":
                self._on_reinvite(request, transaction, peer, now)
            case "UPDATE":
                self._on_update(request, transaction, peer, now)
            case "INFO":
                respond(transaction, 200, now)
                self.endpoint.emit(InfoReceived(self.handle, content_type(request), request.body, request.headers))
            case "REFER":
                self.refers.received(request, transaction, now)
            case _:
                respond(transaction, 200, now, ALLOW, SUPPORTED)

    def _on_bye(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        if self.phase is Phase.EARLY:
            self.bye_before_answer(request, transaction, now)
            return
        self.endpoint.respond(transaction, 200, now)
        if not self._bye_sent:  # else both hung up at once, and the answer to our own BYE ends the call
            self.finish(Ended(self.handle, Side.THEM, None, cause_of(request), request.headers), now)

    def bye_before_answer(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        """Take a BYE in an early dialog: the caller may send it, the callee may not (section 15)."""
        self.endpoint.respond(transaction, 481, now)

    def _on_reinvite(self, request: Request, transaction: ServerTransaction, peer: Peer, now: float) -> None:
        if self._refuses_offer(transaction, now):
            return
        peer.dialog.refresh(request)
        invite = IncomingInvite(self.endpoint, self, transaction)
        self._offered = invite
        invite.respond(self.endpoint.response(transaction, 100), now)
        self.endpoint.emit(SessionOffered(self.handle, "INVITE", request.body or None))

    def _on_update(self, request: Request, transaction: ServerTransaction, peer: Peer, now: float) -> None:
        if request.body and self._refuses_offer(transaction, now):
            return
        peer.dialog.refresh(request)
        if not request.body:
            transaction.respond(self.endpoint.response(transaction, 200), now)
            return
        self._offered = transaction
        self.endpoint.emit(SessionOffered(self.handle, "UPDATE", request.body))

    def _refuses_offer(self, transaction: ServerTransaction, now: float) -> bool:
        """Refuse a new offer while another is open (section 14.2, RFC 3311 section 5.2)."""
        if self.phase is Phase.LEAVING:
            self.endpoint.respond(transaction, 481, now)
        elif self._offered is not None:
            chance = int.from_bytes(self.endpoint.token().encode()) % 11
            self.endpoint.respond(transaction, 500, now, RetryAfter(chance), reason="Earlier Offer Not Answered")
        elif self._outgoing is not None or self.phase is Phase.EARLY:
            self.endpoint.respond(transaction, 491, now)
        else:
            return False
        return True

    def acknowledge(self, ack: Request, now: float) -> None:
        """Take an ACK for a 2xx of ours; copies are ignored."""
        invite = self._unconfirmed.pop(ack.need(CSeq).number, None)
        if invite is None:
            return
        invite.acknowledged()
        self.endpoint.emit(Confirmed(self.handle, session_description(ack)))
        if self.phase is Phase.LEAVING and not self._unconfirmed:
            self._send_bye(now)

    def invite_unacknowledged(self, invite: IncomingInvite, now: float) -> None:
        """End the call: our answer was not acknowledged (section 13.3.1.4)."""
        self._unconfirmed.pop(invite.number, None)
        if self.phase is Phase.LEAVING:
            self._send_bye(now)
        else:
            self._lose(now, None, Headers())

    def invite_cancelled(self, invite: IncomingInvite, cancel: Request, now: float) -> None:
        """Take back an offered change."""
        if self._offered is invite:
            self._refuse(487, now)
            self._withdrawn = True
            self.endpoint.emit(OfferWithdrawn(self.handle))

    # What they answer to our re-INVITE

    def invite_progress(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """Nothing rings in a call that is answered."""

    def invite_accepted(self, invite: OutgoingInvite, response: Response, now: float) -> Peer:
        """The session is changed."""
        self._outgoing = None
        peer = self.peer
        if peer is None:
            raise WrongState(f'call "{self.handle}" cannot change its session: it has no dialog')
        peer.dialog.refresh(response)
        if self.phase is Phase.ANSWERED:
            self.endpoint.emit(SessionChanged(self.handle, session_description(response)))
        return peer

    def invite_acknowledged(self, invite: OutgoingInvite, peer: Peer, now: float) -> None:
        """Nothing is left to do."""

    def invite_failed(self, invite: OutgoingInvite, response: Response, now: float, *, local: bool) -> None:
        """The session stays as it was, unless the call is lost (section 14.1)."""
        self._outgoing = None
        if self.phase is Phase.ANSWERED:
            self.endpoint.emit(SessionUnchanged(self.handle, response.status, response.reason, retry_after(response)))
            self.lose_if_unknown(response, now)


def cause_of(message: Message) -> str | None:
    """Return the Reason header as written (RFC 3326)."""
    return message.text(Reason)


def retry_after(response: Response) -> int | None:
    """Return the seconds of Retry-After; None when there is none that can be read."""
    try:
        header = response.get(RetryAfter)
    except SipSyntaxError:
        return None
    return None if header is None else header.seconds


def content_type(message: Message) -> str:
    """Return the body's media type; empty when there is none that can be read."""
    try:
        header = message.get(ContentType)
    except SipSyntaxError:
        return ""
    return "" if header is None else header.media_type


def session_description(message: Message) -> bytes | None:
    """Return the body if it is a session description. Some leave its type out."""
    return message.body if message.body and content_type(message) in (SDP, "") else None
