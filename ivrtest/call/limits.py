"""How hard a target may be called: calls at once, and calls a second. Whoever wants more waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one target bears."""

    at_once: int | None = None
    """Calls that are up, ringing or being ended. None: any number."""
    per_second: float | None = None
    """New calls a second, evenly spaced: 0.5 is one every two seconds. None: any number."""


class Gate:
    """Lets calls through as `CallLimits` allows, in the order they came. Its clock is that of the asyncio loop."""

    def __init__(self, limits: CallLimits) -> None:
        self._interval_s = 0.0 if limits.per_second is None else 1 / limits.per_second
        self._places = None if limits.at_once is None else asyncio.Semaphore(limits.at_once)
        self._next_at = 0.0
        """When the bucket, which holds one token, is full again."""

    async def enter(self) -> None:
        """Wait until one more call may be placed. `leave` must follow when it is over."""
        if self._places is not None:
            await self._places.acquire()
        if not self._interval_s:
            return
        loop = asyncio.get_running_loop()
        at = max(loop.time(), self._next_at)
        self._next_at = at + self._interval_s
        try:
            await asyncio.sleep(at - loop.time())
        except asyncio.CancelledError:
            self.leave()
            raise

    def leave(self) -> None:
        """Note that a call is over, or was not placed after all."""
        if self._places is not None:
            self._places.release()
