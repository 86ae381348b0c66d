"""What the media thread found in one session and its reader has not read yet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from ivrtest.call.call import Block, CallEvent
from ivrtest.call.remote_media import MediaError

Item = Block | CallEvent | MediaError | None
"""What is handed from the media thread to the reader; None is the end."""


class Handover:
    """Keeps items until somebody reads them. Of the reader's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.read_until = 0
        """How far the reader has read, in samples. Other threads may look at it."""
        self._loop = loop
        self._ready: deque[Item] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._finished = False

    def put(self, items: Sequence[Item]) -> None:
        self._ready.extend(items)
        if self._waiter is not None:
            if not self._waiter.done():
                self._waiter.set_result(None)
            self._waiter = None

    async def next(self) -> Block | CallEvent:
        """Return what comes next. Raises StopAsyncIteration after the end, MediaError if that is what comes."""
        while not self._ready:
            if self._finished:
                raise StopAsyncIteration
            self._waiter = self._loop.create_future()
            await self._waiter
        match self._ready.popleft():
            case None:
                self._finished = True
                raise StopAsyncIteration
            case MediaError() as error:
                self._finished = True
                raise error
            case Block() as block:
                self.read_until = block.start + len(block.samples)
                return block
            case event:
                return event
