"""The sockets of many sessions, read by one thread."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final

ROUNDS: Final = 4
"""How often a socket is asked for more at one time, so that a flood does not keep calls from sending."""

Reader = Callable[[float], bool]
"""Takes some datagrams from a socket, and returns whether more may wait there. It is told when `time.monotonic()` was 0, in seconds since
1970."""


class Sockets:
    """Knows by its descriptor who reads from each socket.

    Among few, whatever comes is read as soon as somebody looks. In a crowd, to be told of every packet takes as long as to read it. So
    there the sockets that are read `in_turn` are read when their turn has come, and the system tells of all others only.
    """

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._readers: dict[int, Reader] = {}
        self._in_turn: set[int] = set()
        self._busy: frozenset[int] = frozenset()
        """Where more came than is read at once, so that it may be too much by the next turn."""
        self._crowded = False

    @property
    def crowded(self) -> bool:
        """Whether sockets that are read in turn wait for their turn."""
        return self._crowded

    @crowded.setter
    def crowded(self, crowded: bool) -> None:
        if crowded == self._crowded:
            return
        self._crowded = crowded
        for descriptor in self._in_turn:
            if crowded:
                self._poll.unregister(descriptor)
            else:
                self._poll.register(descriptor, select.EPOLLIN)

    def add(self, descriptor: int, read: Reader, *, in_turn: bool = False) -> None:
        """From now on, let `read` take datagrams from a socket."""
        self._readers[descriptor] = read
        if in_turn:
            self._in_turn.add(descriptor)
        if not (in_turn and self._crowded):
            self._poll.register(descriptor, select.EPOLLIN)

    def remove(self, descriptor: int) -> None:
        """Read no more from a socket."""
        del self._readers[descriptor]
        self._busy -= {descriptor}
        if not (descriptor in self._in_turn and self._crowded):
            self._poll.unregister(descriptor)
        self._in_turn.discard(descriptor)

    def close(self) -> None:
        """Read no more at all. The sockets themselves stay open."""
        self._poll.close()

    def read(self, wall_zero: float, turns: Iterable[int] = ()) -> tuple[float, Collection[int]]:
        """Let all be read that came to sockets that are not read in turn, or whose turn has come. Returns a time, by `time.monotonic()`,
        until when all that came to them is read, and the descriptors of those of which that is not true: more waits there than is read at
        one time."""
        readers = self._readers
        asked = time.monotonic()
        unread: Collection[int] = [descriptor for descriptor, _ in self._poll.poll(0, len(readers) or 1)]
        if self._crowded:
            unread = {*self._busy, *unread, *turns}
        self._busy = frozenset()
        for _ in range(ROUNDS):
            unread = frozenset(descriptor for descriptor in unread if readers[descriptor](wall_zero))
            self._busy |= unread
            if not unread:
                break
        return asked, unread
