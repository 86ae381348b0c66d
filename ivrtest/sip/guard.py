"""Asks callers for a password (RFC 3261 section 22.2, RFC 7616), when a test needs a server that does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ivrtest.sip.digest import DigestError, Secret, nonce_count, verify
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import Authorization, WwwAuthenticate
from ivrtest.sip.message import Request

MAX_NONCES = 1000
"""How many nonces are remembered. An answer to an older one is told that it is stale."""


class Guard:
    """Knows one name and password, and which nonces are out."""

    def __init__(self, secret: Secret, *, token: Callable[[], str], algorithm: str = "MD5") -> None:
        """`secret.realm` is the realm that callers see; without one it is `ivrtest`."""
        self._secret = secret
        self._realm = secret.realm or "ivrtest"
        self._token = token
        self._algorithm = algorithm
        self._uses: OrderedDict[str, int] = OrderedDict()

    def challenge(self, request: Request) -> WwwAuthenticate | None:
        """Return what to ask the sender of `request` for; None when it has proved to know the password."""
        stale = False
        for answer in _answers(request):
            if answer.get("realm") != self._realm or not self._is_right(answer, request):
                continue
            nonce, count = answer.get("nonce") or "", _count(answer)
            if count > self._uses.get(nonce, MAX_COUNT):
                self._uses[nonce] = count
                return None
            stale = True
        nonce = self._token()
        self._uses[nonce] = 0
        if len(self._uses) > MAX_NONCES:
            self._uses.popitem(last=False)
        return WwwAuthenticate.digest(realm=self._realm, nonce=nonce, algorithm=self._algorithm, stale=stale)

    def _is_right(self, answer: Authorization, request: Request) -> bool:
        try:
            # For which URI it was made is no matter: a proxy on the way may have led the request to another one (RFC 3261 section 22.4).
            return verify(answer, self._secret, request.method, request.body)
        except DigestError:
            return False


MAX_COUNT = 2**32
"""More than any nonce count: an unknown nonce is as good as used up."""


def _answers(request: Request) -> tuple[Authorization, ...]:
    try:
        return request.all(Authorization)
    except SipSyntaxError:
        return ()


def _count(answer: Authorization) -> int:
    """Return the nonce count; 0 when it is missing or unreadable, so that such an answer counts as stale."""
    try:
        return nonce_count(answer) or 0
    except SipSyntaxError:
        return 0
