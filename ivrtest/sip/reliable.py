"""Provisional responses that arrive: sent again until PRACK comes (RFC 3262), as the one who is called."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from ivrtest.sip.endpoint import Endpoint
from ivrtest.sip.extracts import supports
from ivrtest.sip.headers import CSeq, RAck, Require, RSeq
from ivrtest.sip.layer import ServerTransaction
from ivrtest.sip.message import Request, Response

RELIABLE_PROVISIONAL: Final = "100rel"
"""The extension's option tag."""
KEEP_RINGING: Final = 150.0
"""Seconds after which a new one says that nothing has changed, so that no proxy gives the call up (section 3)."""
_FIRST_NUMBERS: Final = 2**31 - 1


class ReliableUser(Protocol):
    """Whoever answers the INVITE."""

    def never_acknowledged(self, now: float) -> None:
        """Learn that no PRACK came within 64*T1: the INVITE is to be refused (section 3)."""


class ReliableResponses:
    """The reliable provisional responses to one INVITE. One is under way at a time; further ones wait."""

    def __init__(self, endpoint: Endpoint, user: ReliableUser, transaction: ServerTransaction) -> None:
        self._endpoint = endpoint
        self._user = user
        self._transaction = transaction
        self._number = 0
        self._under_way: Response | None = None
        self._waiting: deque[Response] = deque()
        self._last: Response | None = None
        self._interval = 0.0

    @property
    def has_open_description(self) -> bool:
        """Whether one with a session description is not acknowledged yet: a 2xx has to wait for it (section 3)."""
        return any(response.body for response in (self._under_way, *self._waiting) if response is not None)

    def send(self, response: Response, now: float) -> None:
        """Send a provisional response until it is acknowledged."""
        self._endpoint.alarms.clear((self, "keep"))
        self._waiting.append(response)
        if self._under_way is None:
            self._next(now)

    def acknowledge(self, prack: Request, now: float) -> Response | None:
        """Take a PRACK, and return the response that it acknowledges; None if it is none that we wait for. Raises SipSyntaxError."""
        said, response = prack.need(RAck), self._under_way
        invite = self._transaction.request.need(CSeq)
        if response is None or (said.response_number, said.number, said.method) != (self._number, invite.number, invite.method):
            return None
        self._quiet()
        self._last, self._under_way = response, None
        if self._waiting:
            self._next(now)
        else:
            self._endpoint.alarms.set((self, "keep"), now + KEEP_RINGING)
        return response

    def stop(self) -> None:
        """A final response is sent: repeat nothing. A PRACK for what is under way may still come."""
        self._quiet()
        self._waiting.clear()
        self._endpoint.alarms.clear((self, "keep"))

    def wake(self, why: str, now: float) -> None:
        """Send the one under way again, give it up, or say that nothing has changed."""
        match why, self._under_way, self._last:
            case "repeat", Response() as response, _:
                self._transaction.respond(response, now)
                self._interval *= 2
                self._endpoint.alarms.set((self, "repeat"), now + self._interval)
            case "give up", _, _:
                self.stop()
                self._user.never_acknowledged(now)
            case "keep", None, Response() as response:
                self.send(response.without("RSeq", "Require").with_body(b""), now)

    def _next(self, now: float) -> None:
        response = self._waiting.popleft()
        # Section 3: the first number is one by chance from 1 to 2**31 - 1.
        first = int.from_bytes(self._endpoint.token().encode()) % _FIRST_NUMBERS + 1
        self._number = self._number % _FIRST_NUMBERS + 1 if self._number else first
        self._under_way = response.with_added(Require.of(RELIABLE_PROVISIONAL), RSeq(self._number))
        self._interval = self._endpoint.times.t1
        self._transaction.respond(self._under_way, now)
        self._endpoint.alarms.set((self, "repeat"), now + self._interval)
        self._endpoint.alarms.set((self, "give up"), now + self._endpoint.times.patience)

    def _quiet(self) -> None:
        self._endpoint.alarms.clear((self, "repeat"))
        self._endpoint.alarms.clear((self, "give up"))


def wants_reliability(invite: Request, *, described: bool, wish: bool | None) -> bool:
    """Say whether a provisional response is to be sent reliably: always where the caller requires it, never where it cannot.

    Else as wished; without a wish, where it has a session description.
    """
    required = invite.get(Require)
    if required is not None and RELIABLE_PROVISIONAL in required:
        return True
    if not supports(invite, RELIABLE_PROVISIONAL):
        return False
    return described if wish is None else wish
