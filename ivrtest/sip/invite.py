"""INVITE, the one request whose success is acknowledged by the user and not by the transaction (RFC 3261 sections 13 and 14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ivrtest.sip.endpoint import SDP, Endpoint
from ivrtest.sip.exchange import Exchange
from ivrtest.sip.headers import CSeq, To
from ivrtest.sip.layer import ResponseUser, ServerTransaction, cancellation
from ivrtest.sip.message import Request, Response
from ivrtest.sip.peer import Peer, ignore
from ivrtest.sip.transaction import Input
from ivrtest.sip.transport import Address

KEEP_RINGING = 60.0
"""Seconds between copies of a provisional response, so that no proxy on the way gives the call up (section 13.3.1.1)."""


MOST_DEVICES = 50
"""How many devices may ring for one call, or answer it. Whoever invents more of them is not listened to: each costs memory."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the sender of an INVITE makes of a 2xx."""

    peer: Peer
    """Whom to acknowledge it to."""
    asks: bool = False
    """Whether it brought an offer, so that the ACK waits for our answer (section 13.2.2.4)."""


class InviteUser(Protocol):
    """Whoever sent an INVITE."""

    def invite_progress(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """Take a provisional response."""

    def invite_accepted(self, invite: OutgoingInvite, response: Response, now: float) -> Acceptance:
        """Take the first 2xx of a device."""

    def invite_acknowledged(self, invite: OutgoingInvite, peer: Peer, now: float) -> None:
        """Learn that the ACK has left: now BYE is possible."""

    def invite_failed(self, invite: OutgoingInvite, response: Response, now: float, *, local: bool) -> None:
        """Take the final response, if it is a failure."""


class OutgoingInvite:
    """An INVITE of ours, from the request to the last ACK: a new call, or a change of the session."""

    def __init__(self, endpoint: Endpoint, user: InviteUser, exchange: Callable[[ResponseUser], Exchange]) -> None:
        """`exchange` prepares the request, its responses to go to its argument."""
        self.is_cancelled = False
        """Whether we have given it up, whether or not CANCEL has left yet."""
        self._endpoint = endpoint
        self._user = user
        self._cause: tuple[str, str] | None = None
        self._cancel_sent = False
        self._acks: dict[str, tuple[Request, Address | None]] = {}
        self._waiting: dict[str, Peer] = {}
        """By To tag, those whose 2xx is not acknowledged yet."""
        self._exchange = exchange(self._on_response)

    @property
    def request(self) -> Request:
        """The INVITE as it was sent last."""
        return self._exchange.request

    @property
    def waits(self) -> bool:
        """Whether a 2xx waits for our answer to its offer."""
        return bool(self._waiting)

    def begin(self, now: float) -> None:
        """Send it."""
        self._exchange.begin(now)

    def cancel(self, now: float, cause: str | None = None) -> None:
        """Give it up: CANCEL, at once or when a provisional response has shown that somebody can understand it (section 9.1)."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self._cause = None if cause is None else ("Reason", cause)
            self._exchange.give_up_credentials()
            self._send_cancel(now)

    def _send_cancel(self, now: float) -> None:
        transaction = self._exchange.transaction
        if self._cancel_sent or transaction is None or not transaction.is_proceeding:
            return
        self._cancel_sent = True
        cancel = cancellation(transaction.request)
        if self._cause is not None:
            cancel = cancel.with_added(self._cause)
        # What is said to a CANCEL does not matter: the response to the INVITE decides (section 9.1).
        self._endpoint.layer.request(cancel, transaction.destination, ignore, now)
        self._endpoint.alarms.set((self, "give up"), now + self._endpoint.times.patience)

    def wake(self, why: str, now: float) -> None:
        """No final response came after our CANCEL."""
        if self._exchange.transaction is not None:
            self._exchange.transaction.feed(Input.GIVE_UP, now)

    def _on_response(self, response: Response, now: float, *, local: bool) -> None:
        if response.is_provisional:
            self._user.invite_progress(self, response, now)
            if self.is_cancelled:
                self._send_cancel(now)
            return
        self._endpoint.alarms.clear((self, "give up"))
        if not response.is_success:
            self._user.invite_failed(self, response, now, local=local)
            return
        tag = response.need(To).tag or ""
        if tag in self._acks:
            self._send_ack(tag, now)  # a copy of the 2xx: our ACK was lost (section 13.2.2.4)
        elif tag not in self._waiting and len(self._acks) + len(self._waiting) < MOST_DEVICES:
            accepted = self._user.invite_accepted(self, response, now)
            self._waiting[tag] = accepted.peer
            if not accepted.asks:
                self._acknowledge(tag, None, now)

    def acknowledge_all(self, sdp: bytes | None, now: float) -> None:
        """Send the ACK for each 2xx that waits for it, with our answer to its offer. Copies of that ACK are the same."""
        for tag in tuple(self._waiting):
            self._acknowledge(tag, sdp, now)

    def _acknowledge(self, tag: str, sdp: bytes | None, now: float) -> None:
        peer = self._waiting.pop(tag)
        ack = peer.dialog.acknowledge(self.request)
        if sdp is not None:
            ack = ack.with_body(sdp, SDP)
        self._acks[tag] = (self._endpoint.with_via(ack), peer.address_now())
        self._send_ack(tag, now)
        self._user.invite_acknowledged(self, peer, now)

    def _send_ack(self, tag: str, now: float) -> None:
        ack, destination = self._acks[tag]
        if destination is not None:
            self._endpoint.send(bytes(ack), destination, now)


class IncomingInviteUser(Protocol):
    """Whoever answers an INVITE."""

    def invite_cancelled(self, invite: IncomingInvite, cancel: Request, now: float) -> None:
        """Learn that the other side takes it back before we answered (section 9.2)."""

    def invite_unacknowledged(self, invite: IncomingInvite, now: float) -> None:
        """Learn that no ACK came for our 2xx within 64*T1 (section 13.3.1.4)."""


class IncomingInvite:
    """An INVITE from the other side, from the request to the ACK for our 2xx."""

    def __init__(self, endpoint: Endpoint, user: IncomingInviteUser, transaction: ServerTransaction) -> None:
        self.transaction = transaction
        self.number = transaction.request.need(CSeq).number
        """Its CSeq number, which the ACK repeats."""
        self.asks = False
        """Whether our 2xx has an offer, which the ACK answers."""
        self._endpoint = endpoint
        self._user = user
        self._response: Response | None = None
        self._interval = 0.0
        transaction.cancelled = self._on_cancel

    def _on_cancel(self, cancel: Request, now: float) -> None:
        self._user.invite_cancelled(self, cancel, now)

    def respond(self, response: Response, now: float) -> None:
        """Send a response. A provisional one is repeated every minute; a 2xx at growing intervals until `acknowledged`."""
        alarms, times = self._endpoint.alarms, self._endpoint.times
        self._response = response
        self.transaction.respond(response, now)
        alarms.clear((self, "repeat"))
        if response.is_provisional and response.status > 100:
            self._interval = KEEP_RINGING
            alarms.set((self, "repeat"), now + KEEP_RINGING)
        elif response.is_success:
            self._interval = times.t1
            alarms.set((self, "repeat"), now + times.t1)
            alarms.set((self, "give up"), now + times.patience)

    def acknowledged(self) -> None:
        """Stop repeating what was sent last."""
        self._endpoint.alarms.clear((self, "repeat"))
        self._endpoint.alarms.clear((self, "give up"))

    def wake(self, why: str, now: float) -> None:
        """Repeat the latest response, or stop waiting for the ACK."""
        if why == "give up" or self._response is None:
            self.acknowledged()
            self._user.invite_unacknowledged(self, now)
            return
        self.transaction.respond(self._response, now)
        if self._response.is_success:
            self._interval = min(self._interval * 2, self._endpoint.times.t2)
        self._endpoint.alarms.set((self, "repeat"), now + self._interval)
