"""Redirected calls: where to try instead, within limits (RFC 3261 sections 8.1.3.4 and 21.3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from ivrtest.call.hunt import NotFollowed, Way
from ivrtest.sip import events as sip
from ivrtest.sip.uri import SipUri, Uri

MOST: Final = 5
"""How many addresses one call is sent on to at most."""
_FOLLOWED: Final = frozenset({300, 301, 302})
"""305 would let anybody choose our proxy, and 380 offers something else than a call: people decide on those."""


class Redirections:
    """Where one call was sent on to, and where it goes next."""

    def __init__(self, first: SipUri, find: Callable[[Uri], Awaitable[list[Way]]]) -> None:
        """`find` returns the ways to an address; where it may not or cannot be called, it raises NotFollowed."""
        self._find = find
        self._tried = {_name(first)}
        self._left: deque[Uri] = deque()
        self._count = 0

    def concerns(self, event: sip.Rejected) -> bool:
        """Say whether a rejection is no end yet: it names other addresses, or an earlier one did that are not tried yet.

        Whoever answers 600 to 699 speaks for all of them (section 21.6).
        """
        if event.status in _FOLLOWED and event.contacts:
            return True
        return bool(self._left) and event.status < 600

    async def next(self, event: sip.Rejected) -> list[Way]:
        """Return the ways to the next address, best first. Raises NotFollowed when nobody is left."""
        if event.status in _FOLLOWED:
            self._left.extendleft(reversed(event.contacts))
        problem = ""
        while self._left:
            uri = self._left.popleft()
            if _name(uri) in self._tried:
                problem = problem or f'"{uri}" was tried already'
                continue
            if self._count == MOST:
                raise NotFollowed(f"a call is sent on to {MOST} addresses at most")
            self._tried.add(_name(uri))
            self._count += 1
            try:
                return await self._find(uri)
            except NotFollowed as refusal:
                problem = problem or str(refusal)
        raise NotFollowed(problem)


def _name(uri: Uri) -> str:
    return str(uri.as_request_uri()).lower() if isinstance(uri, SipUri) else str(uri)
