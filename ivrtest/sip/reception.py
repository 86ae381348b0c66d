"""Requests that come in: which call they belong to, and what is said to those that belong to none (RFC 3261 section 8.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ivrtest.sip.callee import CalledLeg
from ivrtest.sip.endpoint import ABILITIES, Endpoint
from ivrtest.sip.events import Unreadable
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.guard import Guard
from ivrtest.sip.headers import CallId, RetryAfter, To, Via
from ivrtest.sip.layer import ServerTransaction, server_key, with_source
from ivrtest.sip.message import Message, Request, create_response
from ivrtest.sip.registry import Registry
from ivrtest.sip.screening import Refusal, screen
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.sip.takeover import takeover
from ivrtest.sip.transport import Address, response_address

BUSY_FOR = 10
"""Seconds that a caller is asked to wait when all lines are taken."""


class Reception:
    """Takes the requests of one agent."""

    def __init__(
        self, endpoint: Endpoint, registry: Registry, *, guard: Guard | None, times: SessionTimes, is_full: Callable[[], bool]
    ) -> None:
        """`is_full` says whether no further call can be taken."""
        self._endpoint = endpoint
        self._registry = registry
        self._guard = guard
        self._times = times
        self._is_full = is_full

    def receive(self, request: Request, source: Address, now: float) -> None:
        """Take a request. Raises SipSyntaxError where it cannot be told whom to answer."""
        layer = self._endpoint.layer
        if layer.absorb(request, now):
            return
        if request.method == "ACK":
            found = self._registry.find(request)
            if found is not None:
                found[0].changes.acknowledged(request, now)
            return  # an ACK is never answered
        if self._has_no_room(request):
            self._turn_away(request, source, now)
            return
        if request.method == "CANCEL":
            self._receive_cancel(request, source, now)
            return
        merged = layer.is_merged(request)
        transaction = layer.open(request, source, self._endpoint.token())
        try:
            self._take(transaction.request, transaction, source, now, merged=merged)
        except SipSyntaxError as problem:
            if not transaction.is_answered:
                self._endpoint.respond(transaction, 400, now, reason=str(problem))
            self._report(request, source, problem)

    def receive_unreadable(self, message: Message | None, problem: SipSyntaxError, source: Address, now: float) -> None:
        """Report what cannot be read, and answer it where that is possible."""
        self._report(message, source, problem)
        if not isinstance(message, Request) or message.method == "ACK":
            return
        try:
            via = message.need(Via)
        except SipSyntaxError:
            return  # nobody to answer
        response = create_response(with_source(message, via, source), 400, str(problem), to_tag=self._endpoint.token())
        self._endpoint.send(bytes(response), response_address(via, source), now)

    def _has_no_room(self, request: Request) -> bool:
        """Say whether a request comes from a stranger at a time when no more can be taken. Calls that are up go on, unless they flood us
        themselves."""
        if request.method == "INVITE" and self._is_full():
            return request.need(To).tag is None
        layer = self._endpoint.layer
        if not layer.is_crowded or layer.invite_of(request) is not None:
            return False
        return self._registry.find(request) is None or (layer.is_full and request.method != "BYE")

    def _turn_away(self, request: Request, source: Address, now: float) -> None:
        """Answer a request and forget it (section 8.2.7), so that whoever sends too many does not fill our memory."""
        via = request.need(Via)
        # Copies of the request must get the same tag (section 8.2.7), and nobody remembers it.
        tag = hashlib.sha256("\n".join(server_key(request)).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        response = create_response(with_source(request, via, source), 503, to_tag=tag).with_added(RetryAfter(BUSY_FOR))
        self._endpoint.send(bytes(response), response_address(via, source), now)

    def _receive_cancel(self, cancel: Request, source: Address, now: float) -> None:
        invite = self._endpoint.layer.invite_of(cancel)
        tag = self._endpoint.token() if invite is None else invite.tag
        transaction = self._endpoint.layer.open(cancel, source, tag)
        self._endpoint.respond(transaction, 481 if invite is None else 200, now)
        if invite is not None and invite.cancelled is not None and not invite.is_answered:
            invite.cancelled(cancel, now)

    def _take(self, request: Request, transaction: ServerTransaction, source: Address, now: float, *, merged: bool) -> None:
        respond = self._endpoint.respond
        if (refusal := screen(request, self._times)) is not None:
            respond(transaction, refusal.status, now, *refusal.headers, reason=refusal.reason)
        elif request.need(To).tag is not None:
            found = self._registry.find(request)
            if found is None:
                respond(transaction, 481, now)
            else:
                found[0].receive(request, transaction, found[1], now)
        elif merged:
            respond(transaction, 482, now, reason="Request Merged")
        elif request.method == "REFER":
            # Nobody is called for a stranger: transfers are taken from whom we talk to (RFC 3515 section 5.1 leaves that to us).
            respond(transaction, 603, now, reason="Transfers Only Within Calls")
        elif request.method not in ("INVITE", "OPTIONS"):
            respond(transaction, 481, now)
        elif self._is_full():
            respond(transaction, 503, now, RetryAfter(BUSY_FOR))
        elif request.method == "OPTIONS":
            respond(transaction, 200, now, *ABILITIES, self._endpoint.contact)
        elif self._guard is not None and (challenge := self._guard.challenge(request)) is not None:
            respond(transaction, 401, now, challenge)
        else:
            self._take_call(request, transaction, source, now)

    def _take_call(self, request: Request, transaction: ServerTransaction, source: Address, now: float) -> None:
        replaced = takeover(request, self._registry)
        if isinstance(replaced, Refusal):
            self._endpoint.respond(transaction, replaced.status, now)
            return
        handle = self._free_handle(request)
        CalledLeg(self._endpoint, self._registry, handle, transaction, self._times, replaced).begin(source, now)

    def _free_handle(self, request: Request) -> str:
        # Two calls can share a Call-ID: when we call ourselves, or when a proxy's forks both end here.
        call_id = request.need(CallId).value
        return call_id if call_id not in self._registry.legs else f"{call_id};{self._endpoint.token()}"

    def _report(self, message: Message | None, source: Address, problem: SipSyntaxError) -> None:
        call_id = None if message is None else message.text(CallId)
        self._endpoint.emit(Unreadable(call_id or "", source, str(problem)))
