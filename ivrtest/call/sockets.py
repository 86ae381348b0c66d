"""The sockets of many sessions, read by one thread."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Collection
from typing import Final

ROUNDS: Final = 16
"""How often the sockets are asked for more at one time, so that a flood does not keep calls from sending."""


class Sockets:
    """Knows by its descriptor who reads from each socket."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._readers: dict[int, Callable[[float], object]] = {}

    def add(self, descriptor: int, read: Callable[[float], object]) -> None:
        """From now on, let `read` take datagrams from a socket, one each time. It is told when `time.monotonic()` was 0, in seconds since
        1970."""
        self._readers[descriptor] = read
        self._poll.register(descriptor, select.EPOLLIN)

    def remove(self, descriptor: int) -> None:
        """Read no more from a socket."""
        del self._readers[descriptor]
        self._poll.unregister(descriptor)

    def close(self) -> None:
        """Read no more at all. The sockets themselves stay open."""
        self._poll.close()

    def read(self, wall_zero: float) -> tuple[float, Collection[int]]:
        """Let all be read that came. Returns a time, by `time.monotonic()`, until when all that came is read, and the descriptors of the
        sockets of which that is not true: more waits there than is read at one time."""
        readers = self._readers
        ready: list[tuple[int, int]] = []
        asked = time.monotonic()
        for _ in range(ROUNDS):
            ready = self._poll.poll(0)
            if not ready:
                break
            for descriptor, _ in ready:
                readers[descriptor](wall_zero)
            asked = time.monotonic()
        else:
            ready = self._poll.poll(0)
        return asked, {descriptor for descriptor, _ in ready}
