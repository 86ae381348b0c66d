"""Transfers: REFER, and the NOTIFYs that tell how the new call went (RFC 3515). One at a time each way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrtest.sip.endpoint import SUPPORTED, Endpoint, WrongState
from ivrtest.sip.events import ReferProgress, ReferReceived
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.headers import AllowEvents, CSeq, Event, ReferredBy, ReferTo, SubscriptionState
from ivrtest.sip.layer import ServerTransaction
from ivrtest.sip.message import Message, Request, Response
from ivrtest.sip.peer import Peer
from ivrtest.sip.status import reason_phrase
from ivrtest.sip.uri import SipUri, Uri

if TYPE_CHECKING:
    from ivrtest.sip.leg import Leg

SIPFRAG = "message/sipfrag;version=2.0"

NO_SUBSCRIPTION = ("Refer-Sub", "false")
"""Asks for no NOTIFYs, or agrees to send none (RFC 4488)."""

LIFETIME = 180
"""Seconds that a transfer may take to tell how it went, if nobody said otherwise."""

_STATUS_LINE = re.compile(rb"SIP/2\.0[ \t]+([1-6][0-9][0-9])[ \t]*([^\r\n]*)")


@dataclass(slots=True)
class _Sent:
    """A transfer that we asked for."""

    subscribe: bool = True
    """Whether we want to be told how it goes."""
    number: int | None = None
    """CSeq number of the REFER, known when it is answered: the subscription's id (RFC 3515 section 2.4.6)."""
    status: int = 0
    """The latest that we heard; 0 before anything came."""
    reason: str = ""


@dataclass(slots=True)
class _Received:
    """A transfer that they asked for."""

    transaction: ServerTransaction
    event: Event
    subscribes: bool
    """Whether they want to be told how it goes."""
    peer: Peer | None = None
    """Whom to tell how it goes. None before we accepted."""
    expires: float = 0.0
    """When the subscription ends."""
    status: int = 100
    """The latest that we told."""


class Refers:
    """The transfers of one call."""

    def __init__(self, leg: Leg, endpoint: Endpoint) -> None:
        self._leg = leg
        self._endpoint = endpoint
        self._sent: _Sent | None = None
        self._received: _Received | None = None
        self._count = 0
        self._is_silent = False
        """Whether the latest transfer they asked for was accepted without a subscription."""

    @property
    def alive(self) -> bool:
        """Whether a transfer is still to report."""
        return self._sent is not None or self.reports

    @property
    def reports(self) -> bool:
        """Whether we are to tell how a transfer goes."""
        return self._received is not None and self._received.peer is not None

    @property
    def is_told(self) -> bool:
        """Whether the transfer they asked for last may be reported on. Without a subscription all reports go nowhere."""
        return self.reports or self._is_silent

    # Those that we ask for

    def send(self, peer: Peer, to: Uri | str, now: float, *headers: Header | tuple[str, str], subscribe: bool = True) -> None:
        """Ask `peer` to call `to`. Raises WrongState while another transfer of ours is under way.

        Without `subscribe` we ask not to be told how it goes (RFC 4488); the other side may tell us all the same.
        """
        if self._sent is not None:
            raise WrongState(f'call "{self._leg.handle}" cannot be transferred: another transfer is under way. wait until it has reported')
        self._sent = _Sent(subscribe)
        silence = () if subscribe else (NO_SUBSCRIPTION, SUPPORTED)
        about = (ReferTo.of(to), ReferredBy(peer.dialog.local.uri), self._endpoint.contact, *silence)
        peer.ask("REFER", self._answered, now, *about, *headers)

    def _answered(self, response: Response, now: float, *, local: bool) -> None:
        if self._sent is None:
            return  # the last NOTIFY overtook this response
        if response.is_success and not self._sent.subscribe and _is_silent(response):
            self._end(response.status, response.reason)
            return
        if response.is_success:
            self._sent.number = response.need(CSeq).number
            if not self._sent.status:
                # RFC 6665 section 4.1.2.4, Timer N: the first NOTIFY must come within 64*T1.
                self._progress(response.status, response.reason, self._endpoint.times.patience, now)
            return
        self._end(response.status, response.reason)
        self._leg.lose_if_unknown(response, now)

    def notified(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        """Take a NOTIFY. Raises SipSyntaxError."""
        event, state = request.get(Event), request.get(SubscriptionState)
        if event is None or event.package.lower() != "refer":
            self._endpoint.respond(transaction, 489, now, AllowEvents.of("refer"))
            return
        if self._sent is None or (event.id is not None and self._sent.number is not None and event.id != str(self._sent.number)):
            self._endpoint.respond(transaction, 481, now)
            return
        self._endpoint.respond(transaction, 200, now)
        found = _STATUS_LINE.match(request.body)
        status, reason = (int(found[1]), found[2].decode("utf-8", "replace")) if found else (self._sent.status, self._sent.reason)
        if status >= 200 or (state is not None and state.state == "terminated"):
            self._end(status, reason)
        else:
            lifetime = LIFETIME if state is None or state.expires is None else state.expires
            self._progress(status, reason, lifetime, now)

    def _progress(self, status: int, reason: str, lifetime: float, now: float) -> None:
        if self._sent is not None:
            self._sent.status, self._sent.reason = status, reason
            self._endpoint.alarms.set((self, "no news"), now + lifetime)
            self._endpoint.emit(ReferProgress(self._leg.handle, status, reason, final=False))

    def _end(self, status: int, reason: str) -> None:
        self._sent = None
        self._endpoint.alarms.clear((self, "no news"))
        self._endpoint.emit(ReferProgress(self._leg.handle, status, reason, final=True))
        self._leg.leave()

    # Those that they ask for

    def received(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        """Take a REFER. Raises SipSyntaxError."""
        if self._received is not None:
            self._endpoint.respond(transaction, 491, now)
            return
        wanted = request.all(ReferTo)
        if len(wanted) != 1:
            raise SipSyntaxError(f'REFER has {len(wanted) or "no"} "Refer-To" header{"s" if wanted else ""}. it must have one')
        to = wanted[0].uri
        if isinstance(to, SipUri) and to.parameters.get("method") not in {None, "INVITE"}:
            # Another request than INVITE is no transfer (RFC 3515 section 2.1): BYE asks to throw somebody out of a conference.
            self._endpoint.respond(transaction, 603, now, reason="Only Calls Can Be Asked For")
            return
        by = request.get(ReferredBy)
        self._count += 1
        # RFC 3515 section 2.4.6: all but the first REFER of a dialog are told apart by their CSeq number.
        event = Event.of("refer") if self._count == 1 else Event.of("refer", id=request.need(CSeq).number)
        self._received = _Received(transaction, event, subscribes=not _is_silent(request))
        self._endpoint.emit(ReferReceived(self._leg.handle, to, None if by is None else str(by.uri), request.headers))

    def accept(self, peer: Peer, now: float) -> None:
        """Say that we will try (202, and NOTIFY 100 Trying)."""
        refer = self._need("accept")
        if refer.peer is not None:
            raise WrongState(f'call "{self._leg.handle}" cannot accept the transfer: it has accepted it already')
        if not refer.subscribes:
            self._received = None
            self._is_silent = True
            self._endpoint.respond(refer.transaction, 202, now, self._endpoint.contact, NO_SUBSCRIPTION)
            return
        self._is_silent = False
        refer.peer = peer
        refer.expires = now + LIFETIME
        self._endpoint.alarms.set((self, "too long"), refer.expires)
        self._endpoint.respond(refer.transaction, 202, now, self._endpoint.contact)
        self.notify(100, now)

    def reject(self, status: int, now: float) -> None:
        """Say that we will not."""
        refer = self._need("reject")
        if refer.peer is not None:
            raise WrongState(f'call "{self._leg.handle}" cannot reject the transfer: it has accepted it already. report a failure instead')
        self._received = None
        self._endpoint.respond(refer.transaction, status, now)

    def notify(self, status: int, now: float, reason: str | None = None) -> None:
        """Report how the new call stands; a status of 200 or more is the last report."""
        if self._is_silent and self._received is None:
            return
        refer = self._need("report on")
        if refer.peer is None:
            raise WrongState(f'call "{self._leg.handle}" cannot report on the transfer: it must accept it first')
        refer.status = status
        if status < 200:
            state = SubscriptionState.of("active", expires=max(0, int(refer.expires - now)))
            self._tell(refer, refer.peer, state, now, reason)
        else:
            self._tell_last(refer, refer.peer, "noresource", now, reason)

    def _tell_last(self, refer: _Received, peer: Peer, why: str, now: float, reason: str | None = None) -> None:
        self._endpoint.alarms.clear((self, "too long"))
        self._received = None
        self._tell(refer, peer, SubscriptionState.of("terminated", reason=why), now, reason)
        self._leg.leave()

    def _tell(self, refer: _Received, peer: Peer, state: SubscriptionState, now: float, reason: str | None) -> None:
        fragment = f"SIP/2.0 {refer.status} {reason_phrase(refer.status) if reason is None else reason}\r\n".encode()
        about = (refer.event, state, self._endpoint.contact)
        peer.ask("NOTIFY", self._told, now, *about, body=fragment, content_type=SIPFRAG)

    def _told(self, response: Response, now: float, *, local: bool) -> None:
        if not response.is_success and self._received is not None and self._received.peer is not None:
            # RFC 6665 section 4.2.2: who refuses a NOTIFY wants no more of them.
            self._received = None
            self._endpoint.alarms.clear((self, "too long"))
            self._leg.leave()

    def _need(self, what: str) -> _Received:
        if self._received is None:
            raise WrongState(f'call "{self._leg.handle}" cannot {what} a transfer: the other side asked for none')
        return self._received

    def close(self, now: float) -> None:
        """The call is over: answer a transfer that nobody has answered."""
        if self._received is not None and self._received.peer is None:
            self.reject(481, now)

    def wake(self, why: str, now: float) -> None:
        """Stop waiting for their reports, or tell them that no more of ours will come."""
        if why == "no news" and self._sent is not None:
            self._end(self._sent.status, self._sent.reason)
        if why == "too long" and self._received is not None and self._received.peer is not None:
            self._tell_last(self._received, self._received.peer, "timeout", now)


def _is_silent(message: Message) -> bool:
    """Say whether a REFER asks for no subscription, or its answer makes none (RFC 4488 section 4)."""
    return (message.text(NO_SUBSCRIPTION[0]) or "").partition(";")[0].strip().lower() == NO_SUBSCRIPTION[1]
