"""Work of a library that may block, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

T = TypeVar("T")


def in_own_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Return what will come of `work`, with warnings off. It may never end, so nothing waits for its thread when all is over."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("T", result))

    def run() -> None:
        result: T | None = None
        problem: Exception | None = None
        with warnings.catch_warnings():
            # pyVoIP warns where others raise, and its states say the same.
            warnings.simplefilter("ignore")
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 (pyVoIP raises anything, and whoever waits is told)
                problem = error
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, result, problem)

    threading.Thread(target=run, name="ivrtest-pyvoip", daemon=True).start()
    return done
