"""Keeps ways through NATs open by STUN (RFC 5626 section 4.4.2), and notices when one has changed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ivrtest.sip.stun import answer_to, binding_request, is_stun, mapped_address, transaction_of
from ivrtest.sip.transport import Address, written_address

FIRST_WAIT_S: Final = 0.5
SENT_AT_MOST: Final = 7
LAST_WAIT: Final = 16
"""A request is sent again after 0.5 s, 1 s more, 2 s more ..., 7 times in all, and given up 16 times the first wait after the last
(RFC 8489 section 6.2.1)."""


@dataclass(slots=True)
class _Way:
    """What is known of the way to one far side."""

    mapped: Address | None = None
    """Where it sees us."""
    transaction: bytes = b""
    """Of the request that is not answered yet; empty where all are."""
    timer: asyncio.TimerHandle | None = None


class StunKeepAlive:
    """Belongs to the asyncio loop that made it. Answers the requests of others, too."""

    def __init__(self, send: Callable[[bytes, Address], None], changed: Callable[[Address, str], None]) -> None:
        """`changed` is told of each far side to which the way has changed, and how: it does not answer any more, or sees us elsewhere.
        One that never answered does not know STUN, and may be well."""
        self._send = send
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._ways: dict[Address, _Way] = {}

    def ask(self, destination: Address) -> None:
        """Send a request, unless one is under way."""
        way = self._ways.setdefault(destination, _Way())
        if not way.transaction:
            way.transaction = secrets.token_bytes(12)
            self._ask(destination, way, 1)

    def take(self, data: bytes, source: Address) -> bool:
        """Take in a datagram that came. Returns whether it was STUN."""
        if not is_stun(data):
            return False
        if (answer := answer_to(data, source)) is not None:
            self._send(answer, source)
        way = self._ways.get(source)
        if way is not None and way.transaction == transaction_of(data) and (mapped := mapped_address(data)) is not None:
            self._settle(way)
            before, way.mapped = way.mapped, mapped
            if before is not None and before != mapped:
                self._changed(source, f"it saw us at {written_address(before)}, and sees us at {written_address(mapped)} now")
        return True

    def close(self) -> None:
        """Send nothing more."""
        for way in self._ways.values():
            self._settle(way)

    def _settle(self, way: _Way) -> None:
        way.transaction = b""
        if way.timer is not None:
            way.timer.cancel()

    def _ask(self, destination: Address, way: _Way, number: int) -> None:
        self._send(binding_request(way.transaction), destination)
        if number < SENT_AT_MOST:
            way.timer = self._loop.call_later(FIRST_WAIT_S * 2 ** (number - 1), self._ask, destination, way, number + 1)
        else:
            way.timer = self._loop.call_later(FIRST_WAIT_S * LAST_WAIT, self._given_up, destination, way)

    def _given_up(self, destination: Address, way: _Way) -> None:
        way.transaction = b""
        before, way.mapped = way.mapped, None
        if before is not None:
            self._changed(destination, "it does not answer keep-alives any more")
