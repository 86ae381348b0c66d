"""A request of ours until its final response: asked again with credentials when it is challenged (RFC 3261 section 22), and for a longer
session when what it asked for was too brief (RFC 4028 section 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ivrtest.sip.digest import DigestError, DigestUse, Secret, answer_challenge, choose_challenge
from ivrtest.sip.endpoint import Endpoint
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import (
    Authorization,
    Challenge,
    CSeq,
    MinSE,
    ProxyAuthenticate,
    ProxyAuthorization,
    SessionExpires,
    WwwAuthenticate,
)
from ivrtest.sip.layer import ClientTransaction, ResponseUser
from ivrtest.sip.message import Request, Response, create_response
from ivrtest.sip.transport import Address

C = TypeVar("C", WwwAuthenticate, ProxyAuthenticate)

_TOO_BRIEF = 422
MAX_TRIES = 8
"""How often one request is sent anew at most, with new credentials or for a longer session: there may be a chain of proxies, or a server
whose nonces are always stale."""


class Exchange:
    """One request of ours, perhaps in several transactions."""

    def __init__(
        self,
        endpoint: Endpoint,
        request: Request,
        destination: Address | None,
        user: ResponseUser,
        *,
        secret: Secret | None,
        renumber: Callable[[], int] | None = None,
    ) -> None:
        """`request` has no Via yet. `renumber` gives the CSeq number of the next try; by default the number grows by one."""
        self.request = request
        """As it was sent last."""
        self.transaction: ClientTransaction | None = None
        """That of the last try; None before the first, and when there was no address to send it to."""
        self._endpoint = endpoint
        self._bare = request
        self._destination = destination
        self._user = user
        self._secret = secret
        self._renumber = renumber or self._one_more
        self._challenges: dict[tuple[str, str], Challenge] = {}
        self._uses: dict[str, int] = {}
        self._tries = 0

    def begin(self, now: float) -> None:
        """Send it. Without an address it fails at once, as if it could not be sent."""
        self.request = self._endpoint.with_via(self.request)
        if self._destination is None:
            self._user(create_response(self.request, 503), now, local=True)
            return
        self.transaction = self._endpoint.layer.request(self.request, self._destination, self._on_response, now)

    def give_up_credentials(self) -> None:
        """Answer no more challenges: a challenge now ends the exchange."""
        self._secret = None

    def _on_response(self, response: Response, now: float, *, local: bool) -> None:
        if not local and (again := self._corrected(response)) is not None:
            self.request = again
            self.begin(now)
            return
        self._user(response, now, local=local)

    def _corrected(self, response: Response) -> Request | None:
        """Return what to send in place of a request that was refused; None when that is hopeless."""
        if response.status not in (401, 407, _TOO_BRIEF) or self._tries == MAX_TRIES:
            return None
        self._tries += 1
        try:
            if response.status == _TOO_BRIEF:
                return self._prolonged(response)
            return self._authorised(response)
        except (DigestError, SipSyntaxError):
            return None

    def _prolonged(self, response: Response) -> Request | None:
        """Return the request with the session interval that a 422 wants at least. Raises SipSyntaxError."""
        asked, least = self._bare.get(SessionExpires), response.get(MinSE)
        if asked is None or least is None or least.seconds <= asked.seconds:
            return None
        self._bare = self._bare.with_header(replace(asked, seconds=least.seconds), MinSE(least.seconds))
        return self._with_answers()

    def _authorised(self, response: Response) -> Request | None:
        """Return the request with an answer to every challenge so far. Raises DigestError or SipSyntaxError."""
        if self._secret is None:
            return None
        asked: list[Challenge] = [*_one_per_realm(response.all(WwwAuthenticate)), *_one_per_realm(response.all(ProxyAuthenticate))]
        # A realm that asks again, and does not say that only the nonce was too old, does not like our password (section 22.2).
        fresh = [challenge for challenge in asked if challenge.stale or _key(challenge) not in self._challenges]
        if not fresh:
            return None
        self._challenges |= {_key(challenge): challenge for challenge in fresh}
        return self._with_answers()

    def _with_answers(self) -> Request:
        secret = self._secret
        answers = [] if secret is None else [self._answer(known, secret) for known in self._challenges.values()]
        number = CSeq(self._renumber(), self._bare.method)
        return self._bare.without(Authorization, ProxyAuthorization).with_header(number).with_added(*answers)

    def _answer(self, challenge: Challenge, secret: Secret) -> Authorization | ProxyAuthorization:
        nonce = challenge.get("nonce") or ""
        self._uses[nonce] = self._uses.get(nonce, 0) + 1
        use = DigestUse(self._bare.method, str(self._bare.uri), self._endpoint.token(), self._uses[nonce], self._bare.body)
        return answer_challenge(challenge, secret, use)

    def _one_more(self) -> int:
        return self.request.need(CSeq).number + 1


def _key(challenge: Challenge) -> tuple[str, str]:
    return challenge.NAME, challenge.realm


def _one_per_realm(challenges: Sequence[C]) -> list[C]:
    """Return the challenge to answer for each realm. Raises DigestError when a realm has none that can be answered."""
    realms = dict.fromkeys(challenge.realm for challenge in challenges)
    return [choose_challenge([challenge for challenge in challenges if challenge.realm == realm]) for realm in realms]
