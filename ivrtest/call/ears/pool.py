"""Processes that listen to many calls: one for so many, on as many cores as there are."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Self

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.ears.process import HearingProcess, RemoteEar
from ivrtest.call.ears.work import MakeEar

CALLS_EACH: Final = 25
"""With more calls than that, another process is begun, if there is a core for it. Where any of 3,000 prompts may come, they take half a
core; where each step names its prompt, a sixteenth."""


class HearingPool:
    """Ears for the calls of one run.

    async with HearingPool([library], ear_for) as pool, pool.ear(library) as ear:
        await converse(call, conversation, ear, ...)
    """

    def __init__(self, libraries: Iterable[PromptLibrary], make: MakeEar, *, calls_each: int = CALLS_EACH, most: int | None = None) -> None:
        """`libraries`: all that calls may be listened to with. `make`: gives each call its ear; a function that can be pickled. `most`:
        how many processes there may be; by default as many as cores."""
        self._libraries = tuple(dict.fromkeys(libraries))
        self._make = make
        self._calls_each = calls_each
        self._most = most or len(os.sched_getaffinity(0))
        self._processes: list[HearingProcess] = []
        """Also those that are over, until all are."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that listen, and those that have crashed."""
        return tuple(process.pid for process in self._processes if process.pid is not None)

    @asynccontextmanager
    async def ear(self, library: PromptLibrary) -> AsyncIterator[RemoteEar]:
        """Yield a fresh ear for one call. Raises HearingError, here or from the ear, where its process ends before the call."""
        process = self._least_busy()
        process.calls += 1
        try:
            ear = await process.open(self._libraries.index(library))
            try:
                yield ear
            finally:
                ear.close()
        finally:
            process.calls -= 1

    def _least_busy(self) -> HearingProcess:
        able = [process for process in self._processes if not process.over]
        process = min(able, key=lambda each: each.calls, default=None)
        if process is None or (process.calls >= self._calls_each and len(able) < self._most):
            process = HearingProcess(self._libraries, self._make)
            self._processes.append(process)
        return process

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """End all processes. Whoever still waits to hear something is told."""
        await asyncio.gather(*(process.close() for process in self._processes))
        self._processes.clear()
