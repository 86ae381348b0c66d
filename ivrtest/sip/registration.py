"""A binding with a registrar, so that calls to an address of ours find us (RFC 3261 section 10.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ivrtest.sip.digest import Secret
from ivrtest.sip.endpoint import Endpoint
from ivrtest.sip.events import Registered, Unregistered
from ivrtest.sip.exchange import Exchange
from ivrtest.sip.extracts import retry_after
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import CallId, Contact, CSeq, Expires, From, MaxForwards, MinExpires, To
from ivrtest.sip.message import Request, Response
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri

EXPIRES: Final = 3600
"""Seconds that a binding is asked to last."""
LONGEST: Final = 7 * 24 * 3600
"""A registrar that wants fewer than one refresh a week (423) is refused."""
_TOO_BRIEF = 423
_PASSING: Final = frozenset({408, 480, 500, 502, 503, 504})
"""Whoever answers so may be content later."""
RETRY_S: Final = 5.0
"""So long after a refresh that failed for a reason that may pass it is tried anew; each time after twice as long as the time before."""


class Registration:
    """Makes a binding, makes it anew before it ends, and removes it.

    `Registered` follows each time that the registrar has agreed, `Unregistered` when there is no binding any more, for whatever reason. A
    refresh that fails for a reason that may pass is tried anew for as long as the binding lasts.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        handle: str,
        address: SipUri,
        registrar: SipUri,
        destination: Address | None,
        *,
        secret: Secret | None,
        expires: int = EXPIRES,
    ) -> None:
        """`address` is what others call (the address of record), `handle` the Call-ID of all requests."""
        self.handle = handle
        self.destination = destination
        self._endpoint = endpoint
        self._address = address
        self._registrar = _domain(registrar)
        self._contact = endpoint.contact_for(registrar)
        self._tag = endpoint.token()
        self._secret = secret
        self._expires = expires
        self._number = 0
        self._exchange: Exchange | None = None
        self._is_bound = False
        self._bound_until = 0.0
        self._retry_s = RETRY_S
        self._leaves = False
        self._over = False

    def begin(self, now: float) -> None:
        """Ask for the binding, or for its prolongation."""
        if not self._leaves and not self._over and self._exchange is None:
            self._ask(self._expires, now)

    def remove(self, now: float) -> None:
        """Ask for the end of the binding (section 10.2.2). Where none was made, it is over at once."""
        if self._leaves or self._over:
            return
        self._leaves = True
        self._endpoint.alarms.clear((self, "refresh"))
        if not self._is_bound and self._exchange is None:
            self._end(200, "", now, local=True)
        elif self._exchange is None:
            self._ask(0, now)

    def wake(self, why: str, now: float) -> None:
        """The binding is about to end."""
        self.begin(now)

    def _ask(self, expires: int, now: float) -> None:
        request = Request(
            "REGISTER",
            self._registrar,
            Headers.of(
                MaxForwards(70),
                From(self._address).with_tag(self._tag),
                To(self._address),
                CallId(self.handle),
                CSeq(self._next_number(), "REGISTER"),
                self._contact,
                Expires(expires),
            ),
        )
        self._exchange = Exchange(
            self._endpoint, request, self.destination, self._answered, secret=self._secret, renumber=self._next_number
        )
        self._exchange.begin(now)

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _answered(self, response: Response, now: float, *, local: bool) -> None:
        if response.is_provisional or self._over:
            return
        sent = self._exchange.request.headers if self._exchange is not None else Headers()
        self._exchange = None
        if self._leaves:
            if response.is_success and self._is_bound is False and not local:
                self._is_bound = True  # the binding came about while we were leaving: it has to be removed too
                self._ask(0, now)
            else:
                self._end(response.status, response.reason, now, local=local)
        elif response.is_success:
            self._bound(response, now)
        elif (least := self._least(response)) is not None:
            self._expires = least
            self._ask(least, now)
        elif (again_at := self._again_at(response, now, local=local)) is not None:
            self._retry_s *= 2
            self._endpoint.alarms.set((self, "refresh"), again_at)
        else:
            self._end(response.status, response.reason, now, local=local, refusal=response, sent=sent)

    def _bound(self, response: Response, now: float) -> None:
        granted = self._granted(response)
        if granted == 0:
            self._end(response.status, "the registrar did not keep the binding", now, local=True)
            return
        self._is_bound = True
        self._bound_until, self._retry_s = now + granted, RETRY_S
        # Three times as early as its answer may be late, so that it can be tried anew before the binding ends; at half of a short one.
        early = min(3 * self._endpoint.times.patience, granted / 2)
        self._endpoint.alarms.set((self, "refresh"), now + granted - early)
        self._endpoint.emit(Registered(self.handle, granted))

    def _again_at(self, response: Response, now: float, *, local: bool) -> float | None:
        """Return when to try a refresh anew that was refused or not answered; None where that is of no use, or the binding ends before."""
        if not self._is_bound or not (local or response.status in _PASSING):
            return None
        at = now + max(self._retry_s, retry_after(response) or 0)
        return at if at < self._bound_until else None

    def _granted(self, response: Response) -> int:
        """Return the seconds until our binding ends (section 10.2.1): the response lists all bindings of the address."""
        try:
            ours = [contact for contact in response.all(Contact) if contact.uri.matches(self._contact.uri)]
            said = next((contact.expires for contact in ours if contact.expires is not None), None)
            everybody = response.get(Expires)
        except SipSyntaxError:
            return self._expires
        if said is not None:
            return said
        return self._expires if everybody is None else everybody.value

    def _least(self, response: Response) -> int | None:
        """Return what a registrar wants that finds our time too brief (section 10.3, step 7); None if that is not the trouble."""
        if response.status != _TOO_BRIEF:
            return None
        try:
            least = response.get(MinExpires)
        except SipSyntaxError:
            return None
        return least.value if least is not None and self._expires < least.value <= LONGEST else None

    def _end(
        self, status: int, reason: str, now: float, *, local: bool, refusal: Response | None = None, sent: Headers | None = None
    ) -> None:
        self._over = True
        self._is_bound = False
        self._endpoint.alarms.clear((self, "refresh"))
        self._endpoint.emit(
            Unregistered(
                self.handle,
                status,
                reason,
                local,
                asked=self._leaves,
                retry_after=retry_after(refusal) if refusal is not None else None,
                headers=refusal.headers if refusal is not None else Headers(),
                sent=sent or Headers(),
            )
        )


def _domain(registrar: SipUri) -> SipUri:
    """Return the registrar as a Request-URI: it has no user (section 10.2)."""
    return replace(registrar.as_request_uri(), user=None, password=None)
