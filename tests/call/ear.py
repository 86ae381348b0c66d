"""Somebody who listens to a call, and knows what was heard so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from ivrtest.call.call import Block, CallEvent
from ivrtest.call.sip_call import SipCall

E = TypeVar("E")


class Ear:
    """What a call tells, in order."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.blocks: list[Block] = []
        self._news = asyncio.Condition()

    async def listen(self, call: SipCall) -> None:
        async for item in call.stream():
            async with self._news:
                if isinstance(item, Block):
                    self.blocks.append(item)
                else:
                    self.events.append(item)
                self._news.notify_all()

    async def when(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds of what was heard."""
        async with self._news:
            await self._news.wait_for(condition)

    async def until(self, kind: type[E], times: int = 1) -> E:
        """Wait until there was such an event, so many times, and return the last of those."""
        await self.when(lambda: len(self.those(kind)) >= times)
        return self.those(kind)[times - 1]

    def those(self, kind: type[E]) -> list[E]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]
