"""Finds somebody who takes a call: its targets are tried one after another (RFC 3263 section 4.3)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ivrtest.call.refusal import SILENT_STATUS, UNREACHABLE_STATUS
from ivrtest.call.resolver import Attempt, Resolver, Target, reachable_from
from ivrtest.call.signalling import Carried
from ivrtest.call.trace import hidden
from ivrtest.call.trunk import Dialling, Trunk
from ivrtest.sip import events as sip
from ivrtest.sip.transport import Transport, asked_transport
from ivrtest.sip.uri import SipUri

MOST_IN_A_DATAGRAM: Final = 1300
"""Bytes. A longer request goes over TCP, unless the URI asks for UDP (RFC 3261 section 18.1.1)."""
_ENVELOPE: Final = 700
"""About what the headers of an INVITE take besides those that we are given and the URIs."""
_CREDENTIALS: Final = 400
"""What the answer to a challenge takes, at most."""


@dataclass(frozen=True, slots=True)
class Way:
    """One place to send a call to."""

    uri: SipUri
    """The Request-URI."""
    target: Target
    trunk: Trunk
    is_free: bool
    """Whether the transport is ours to choose: the URI asks for none."""


OpenTrunk = Callable[[Transport], Awaitable[Trunk]]


async def ways(uri: SipUri, hop: SipUri, *, resolver: Resolver, host: str, trunk: OpenTrunk) -> list[Way]:
    """Return the ways to call `uri` through `hop`, which is `uri` itself where no proxy is, from `host`, an IP address of ours.

    Raises ResolveError, and what `trunk` raises.
    """
    targets = reachable_from(await resolver.targets(hop), host)
    is_free = asked_transport(hop) is None
    return [Way(uri, target, await trunk(target.transport), is_free) for target in dict.fromkeys(targets)]


async def tcp_first(choice: Sequence[Way], trunk: OpenTrunk) -> list[Way]:
    """Return the ways for a request that is too long for a datagram: TCP where UDP was meant, and UDP where there is no TCP."""
    found: list[Way] = []
    for way in choice:
        if way.target.transport == "udp" and way.is_free:
            found.append(replace(way, target=replace(way.target, transport="tcp"), trunk=await trunk("tcp")))
        found.append(way)
    return list(dict.fromkeys(found))


def invite_size(uri: SipUri, offer: bytes | None, dialling: Dialling) -> int:
    """Return about how long the INVITE will be, in bytes, rather too many than too few."""
    given = sum(len(name) + len(value) + 4 for name, value in dialling.headers.items())
    return _ENVELOPE + 2 * len(str(uri)) + len(offer or b"") + given + (0 if dialling.secret is None else _CREDENTIALS)


class NotFollowed(Exception):  # noqa: N818 (it says what happened, as one reads it)
    """A redirected call cannot go on anywhere. The message says why; it is empty where there is nothing to say."""


class Redirect(Protocol):
    """What is done about a call that is redirected."""

    def concerns(self, event: sip.Rejected) -> bool:
        """Say whether there are other addresses to try."""

    async def next(self, event: sip.Rejected) -> list[Way]:
        """Return the ways to the next of them, best first. Raises NotFollowed."""


class Hunt:
    """One call's way through its targets.

    The next one is tried when one cannot be reached, says nothing, or is out of service (503). Any other response is the call's.
    """

    def __init__(
        self,
        choice: Sequence[Way],
        *,
        offer: bytes | None,
        dialling: Dialling,
        silent_s: float,
        over: Callable[[], None],
        redirect: Redirect | None = None,
    ) -> None:
        """`choice` has one way at least. `over` is called once, when the call is over and nobody else will be tried. `redirect`: what is
        done about a rejection that names other addresses; without it, it is the call's end.
        """
        self._left = deque(choice)
        self._offer = offer
        self._dialling = dialling
        self._silent_s = silent_s
        self._over = over
        self._redirect = redirect
        self._redirecting: asyncio.Task[None] | None = None
        self._call: Carried | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.attempts: list[Attempt] = []
        """All so far. The last is the one that the call goes to."""
        self._place()

    @property
    def trunk(self) -> Trunk:
        return self._way.trunk

    def carry(self, call: Carried) -> None:
        """Let the first INVITE leave, on behalf of a call that was made for `trunk` and `handle`."""
        self._call = call
        call.attempts = self.attempts
        self._send()

    def _place(self, instead_of: sip.Rejected | None = None) -> None:
        self._way = self._left.popleft()
        self.attempts.append(Attempt(str(self._way.target)))
        self.handle = self._way.trunk.invite(
            self._way.uri, self._way.target.address, offer=self._offer, dialling=self._dialling, instead_of=instead_of
        )

    def _send(self) -> None:
        assert self._call is not None
        if self._left:
            self._timer = asyncio.get_running_loop().call_later(self._silent_s, self._silent)
        self._way.trunk.carry(self._call, self._on)

    def _on(self, event: sip.Event) -> bool:
        """See an event before the call does. Returns whether the call is not to see it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if isinstance(event, sip.Rejected) and self._left and _says_nothing_of_the_call(event) and not self._is_over:
            self._next(event.reason if event.local else f"{event.status} {event.reason}".strip())
            return True
        if isinstance(event, sip.Rejected) and self._redirect is not None and self._redirect.concerns(event) and not self._is_over:
            self._redirecting = asyncio.create_task(self._send_on(event, self._redirect))
            return True
        if isinstance(event, sip.Rejected | sip.Cancelled | sip.Ended):
            self._over()
        return False

    async def _send_on(self, event: sip.Rejected, redirect: Redirect) -> None:
        """Place the call where it is redirected to; where that cannot be, the redirection is its end."""
        assert self._call is not None
        try:
            found = await redirect.next(event)
        except NotFollowed as problem:
            self._over()
            self._call.on(replace(event, cause=f"not followed, as {problem}") if str(problem) else event)
            return
        if self._is_over:
            self._over()
            return
        self._left.extendleft(reversed(found))
        self._next(f"{event.status} {event.reason}".strip(), instead_of=event)

    @property
    def _is_over(self) -> bool:
        return self._call is None or self._call.over

    def _silent(self) -> None:
        self._timer = None
        if not self._is_over:
            self._way.trunk.abandon(self.handle)
            self._next(f"no SIP response within {self._silent_s:g} s")

    def _next(self, problem: str, *, instead_of: sip.Rejected | None = None) -> None:
        assert self._call is not None
        self.attempts[-1] = replace(self.attempts[-1], problem=hidden(problem, self._dialling.secret_headers))
        self._place(instead_of)
        self._call.goes_on_at(self._way.trunk, self.handle)
        self._send()


def _says_nothing_of_the_call(event: sip.Rejected) -> bool:
    """Whether a rejection is about the place, not the call: it could not be reached, was silent, or is out of service."""
    return event.status == UNREACHABLE_STATUS or (event.local and event.status == SILENT_STATUS)
