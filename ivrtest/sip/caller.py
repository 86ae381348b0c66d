"""A call that we place, until it is answered (RFC 3261 sections 8.1, 9.1 and 13.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ivrtest.sip.dialog import Dialog
from ivrtest.sip.digest import Secret
from ivrtest.sip.endpoint import Endpoint
from ivrtest.sip.events import Answered, Cancelled, Progress, Rejected, Side
from ivrtest.sip.exchange import Exchange
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import Contact, CSeq, RAck, Require, RSeq, To
from ivrtest.sip.invite import OutgoingInvite
from ivrtest.sip.layer import ResponseUser
from ivrtest.sip.leg import Leg, Phase, Registry, cause_of, retry_after, session_description
from ivrtest.sip.message import Request, Response
from ivrtest.sip.peer import Peer, ignore
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import Uri

RELIABLE_PROVISIONAL = "100rel"
"""The extension by which provisional responses are acknowledged (RFC 3262)."""


@dataclass(slots=True)
class _Early:
    """What is known of one device that rings."""

    peer: Peer
    number: int | None = None
    """RSeq of the latest reliable provisional response."""
    sdp: bytes | None = None
    """The latest session description that came in a provisional response."""


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
    ) -> None:
        super().__init__(endpoint, registry, handle)
        self._destination = destination
        self._secret = secret
        self._early: dict[str, _Early] = {}

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

    def invite_progress(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """Report a provisional response."""
        if invite is not self._call or self.phase is not Phase.EARLY:
            return
        tag = response.need(To).tag or ""
        if response.status > 100 and tag:
            early = self._early.get(tag)
            if early is None:
                early = self._early[tag] = _Early(self._peer_of(response))
            if not self._acknowledge_early(early, response, now):
                return
            early.sdp = session_description(response) or early.sdp
        sdp = session_description(response)
        self.endpoint.emit(Progress(self.handle, response.status, response.reason, sdp, response.headers, tag))

    def _acknowledge_early(self, early: _Early, response: Response, now: float) -> bool:
        """Send PRACK for a provisional response that asks for it; say whether it is new and in order (RFC 3262 section 4)."""
        required, number = response.get(Require), response.get(RSeq)
        if required is None or RELIABLE_PROVISIONAL not in required or number is None:
            return True
        if early.number is not None and number.value != early.number + 1:
            return False  # a copy, which the PRACK on its way will stop, or one whose predecessor is still to come
        early.number = number.value
        early.peer.ask("PRACK", ignore, now, RAck(number.value, response.need(CSeq).number, "INVITE"))
        return True

    def _peer_of(self, response: Response) -> Peer:
        dialog = Dialog.from_response(self._call.request, response)
        peer = Peer(self.endpoint, dialog, origin=self._destination, secret=self._secret)
        self._join(peer)
        return peer

    def invite_accepted(self, invite: OutgoingInvite, response: Response, now: float) -> Peer:
        """The call is answered, by the first device or by a further one (section 13.2.2.4)."""
        if invite is not self._call:
            return super().invite_accepted(invite, response, now)
        early = self._early.get(response.need(To).tag or "")
        if early is None:
            early = _Early(self._peer_of(response))
        else:
            early.peer.dialog.confirm(response)
        if self.phase is Phase.EARLY and not invite.is_cancelled:
            self.phase = Phase.ANSWERED
            self.peer = early.peer
            # A 2xx may leave out what a provisional response has told (RFC 3262 section 5).
            early.sdp = session_description(response) or early.sdp
            self.endpoint.emit(Answered(self.handle, response.status, early.sdp, response.headers))
        return early.peer

    def invite_acknowledged(self, invite: OutgoingInvite, peer: Peer, now: float) -> None:
        """Hang up on a device that answered when we no longer wanted it."""
        if invite is self._call and peer is not self.peer:
            peer.bye(ignore, now)
            if self.phase is Phase.EARLY:
                self.finish(Cancelled(self.handle, Side.US, crossed=True, cause=None), now)

    def invite_failed(self, invite: OutgoingInvite, response: Response, now: float, *, local: bool) -> None:
        """The call was refused, given up or never heard."""
        if invite is not self._call:
            super().invite_failed(invite, response, now, local=local)
        elif invite.is_cancelled and (local or response.status in (401, 407, 487)):
            self.finish(Cancelled(self.handle, Side.US, crossed=False, cause=None), now)
        else:
            self.finish(
                Rejected(
                    self.handle,
                    response.status,
                    response.reason,
                    local,
                    _contacts(response),
                    retry_after(response),
                    cause_of(response),
                    response.headers,
                ),
                now,
            )


def _contacts(response: Response) -> tuple[Uri, ...]:
    """Return where to try instead, what the callee likes best first (section 8.1.3.4)."""
    if response.status >= 400:
        return ()
    try:
        contacts = sorted(response.all(Contact), key=lambda contact: -(1.0 if contact.q is None else contact.q))
    except SipSyntaxError:
        return ()
    return tuple(contact.uri for contact in contacts)
