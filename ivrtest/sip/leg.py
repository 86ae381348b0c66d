"""One call: what both directions have in common once there is a dialog (RFC 3261 sections 12 and 15)."""

from __future__ import annotations

from ivrtest.sip.changes import Changes
from ivrtest.sip.endpoint import ABILITIES, Endpoint, WrongState
from ivrtest.sip.events import Ended, Event, InfoAnswered, InfoReceived, Side
from ivrtest.sip.extracts import cause_of, content_type
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import Allow
from ivrtest.sip.layer import ServerTransaction
from ivrtest.sip.message import Message, Request, Response
from ivrtest.sip.peer import Peer, ignore
from ivrtest.sip.phase import Phase
from ivrtest.sip.refer import Refers
from ivrtest.sip.registry import Registry
from ivrtest.sip.session_timer import SessionTimer, SessionTimes
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import Uri

LOST = frozenset({408, 481})
"""Responses to a request within a dialog that show that the other side does not know it any more (section 12.2.1.2)."""
EXPIRED = 'SIP;cause=408;text="Session Expired"'


class Leg:
    """One call, seen from our end."""

    def __init__(self, endpoint: Endpoint, registry: Registry, handle: str, times: SessionTimes) -> None:
        self.handle = handle
        self.phase = Phase.EARLY
        self.peer: Peer | None = None
        """The other side. None while we call and nobody has answered."""
        self.endpoint = endpoint
        self.refers = Refers(self, endpoint)
        self.changes = Changes(self, endpoint)
        self.timer = SessionTimer(self, endpoint, times)
        self.understood: frozenset[str] = frozenset()
        """The methods that the other side said last it understands."""
        self._registry = registry
        self._peers: list[Peer] = []
        self._bye_cause: str | None = None
        self._bye_sent = False
        registry.add(self)

    def join(self, peer: Peer) -> None:
        """Be known by one more dialog."""
        self._peers.append(peer)
        self._registry.join(self, peer)

    def answered(self, what: str) -> Peer:
        """Return the other side of an answered call. Raises WrongState: only such a call can do `what`."""
        if self.phase is not Phase.ANSWERED or self.peer is None:
            raise WrongState(f'call "{self.handle}" cannot {what}: it is {self.phase.value}. it must be answered')
        return self.peer

    def early_peer(self) -> Peer:
        """Return the other side of a call that is not answered yet, but whose first offer is. Raises WrongState."""
        raise WrongState(f'call "{self.handle}" cannot change its session: its first offer is not answered yet')

    def still_negotiates(self, peer: Peer, method: str) -> int | None:
        """Return the status with which to refuse a further offer of `peer`, as the call's first one is still open; None if it is not."""
        return None

    def understand(self, message: Message) -> None:
        """Note what the other side says it understands."""
        try:
            allowed = message.get(Allow)
        except SipSyntaxError:
            return
        if allowed is not None:
            self.understood = frozenset(allowed.tokens)

    # What we do

    def bye(self, now: float, cause: str | None = None) -> None:
        """End an answered call. BYE leaves at once, or when the ACK for our answer has come (section 15)."""
        if self.phase in (Phase.LEAVING, Phase.OVER):
            return
        self.answered("be ended with BYE")
        self.phase = Phase.LEAVING
        self._bye_cause = cause
        self.timer.stop()
        self.changes.drop(now)
        self.leave_when_confirmed(now)

    def answer(self, sdp: bytes | None, now: float, *headers: Header | tuple[str, str]) -> None:
        """Accept what was offered: a change of the session."""
        if self.changes.is_gone():
            return
        if not (self.phase is Phase.EARLY and self.changes.is_offered):
            self.answered("answer a change of its session")
        self.changes.accept(sdp, now, *headers)

    def reject(self, status: int, now: float, *headers: Header | tuple[str, str], reason: str | None = None) -> None:
        """Refuse what was offered: the session goes on as it was."""
        if self.changes.is_gone():
            return
        if not (self.phase is Phase.EARLY and self.changes.is_offered):
            self.answered("reject a change of its session")
        self.changes.refuse(status, now, *headers, reason=reason)

    def acknowledge(self, sdp: bytes | None, now: float, branch: str = "") -> None:
        """Answer an offer that came in a response."""
        self.changes.acknowledge(sdp, now)

    def info(self, content_type: str, body: bytes, now: float) -> None:
        """Send INFO."""
        self.answered("send INFO").ask("INFO", self._info_answered, now, body=body, content_type=content_type)

    def refer(self, to: Uri | str, now: float, *headers: Header | tuple[str, str], subscribe: bool = True) -> None:
        """Ask the other side to call somebody else."""
        self.refers.send(self.answered("be transferred"), to, now, *headers, subscribe=subscribe)

    def accept_refer(self, now: float) -> None:
        """Say that we will call whom we are asked to call."""
        self.refers.accept(self.answered("accept a transfer"), now)

    def give_way(self, now: float) -> None:
        """Another call has taken this one's place (RFC 3891 section 3)."""
        self.bye(now)

    def leave_when_confirmed(self, now: float) -> None:
        """Send the BYE that was asked for, unless an ACK is still to come."""
        if self.phase is Phase.LEAVING and not self.changes.is_unconfirmed and self.peer is not None and not self._bye_sent:
            self._bye_sent = True
            self.peer.bye(self._bye_answered, now, self._bye_cause)

    def never_confirmed(self, now: float) -> None:
        """No ACK came for a 2xx of ours."""
        if self.phase is Phase.LEAVING:
            self.leave_when_confirmed(now)
        else:
            self._lose(now, None, Headers())

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

    def expire(self, problem: str, now: float) -> None:
        """End a call that nobody refreshed. `problem` says for people how that came."""
        if self.phase is Phase.ANSWERED:
            self._lose(now, None, Headers(), problem=problem, cause=EXPIRED)

    def _lose(self, now: float, status: int | None, headers: Headers, *, problem: str | None = None, cause: str | None = None) -> None:
        if self.peer is not None:
            # They should know, if they are there at all (sections 12.2.1.2 and 13.3.1.4). The call is over whatever they say.
            self.peer.bye(ignore, now, cause)
        self.finish(Ended(self.handle, None, status, problem, headers), now)

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
        self.timer.stop()
        self.changes.forget()
        self.changes.drop(now)
        self.refers.close(now)
        if self.peer is not None:
            self.peer.drop("INFO", "UPDATE")
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
                self.changes.invited(request, transaction, peer, now)
            case "UPDATE":
                self.changes.updated(request, transaction, peer, now)
            case "PRACK":
                self.on_prack(request, transaction, peer, now)
            case "INFO" if request.text("Info-Package") is not None:
                # We have never said that we take any (RFC 6086 section 4.2.2).
                respond(transaction, 469, now, ("Recv-Info", ""))
            case "INFO":
                respond(transaction, 200, now)
                self.endpoint.emit(InfoReceived(self.handle, content_type(request), request.body, request.headers))
            case "REFER":
                self.refers.received(request, transaction, now)
            case _:
                respond(transaction, 200, now, *ABILITIES)

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

    def on_prack(self, request: Request, transaction: ServerTransaction, peer: Peer, now: float) -> None:
        """Take a PRACK. Only who is called has sent what it could acknowledge (RFC 3262 section 3)."""
        self.endpoint.respond(transaction, 481, now)
