"""What is still to happen to one caller, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import count

from ivrtest.flow.action import (
    Action,
    Dequeue,
    Enqueue,
    Happening,
    Lookup,
    LookupEnded,
    QueueEnded,
    QueueMoved,
    Send,
    SendEnded,
    Transfer,
    TransferEnded,
)


class Agenda:
    """Happenings that wait for their time.

    A new question makes the late answer to an older one of its kind void: a lookup that timed out must not answer the next.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[float, int, Happening]] = []
        self._order = count()

    @property
    def next_due(self) -> float | None:
        """Seconds on the call's clock, or None when nothing is pending."""
        return self._pending[0][0] if self._pending else None

    def expect(self, action: Action, answers: Iterable[Happening]) -> None:
        """Forget the answers that `action` makes void, and note the new ones."""
        self.forget(*_void_after(action))
        for answer in answers:
            self.add(answer)

    def add(self, happening: Happening) -> None:
        heapq.heappush(self._pending, (happening.at, next(self._order), happening))

    def forget(self, *kinds: type[Happening]) -> None:
        """Remove what is pending of these kinds."""
        self._pending = [entry for entry in self._pending if not isinstance(entry[2], kinds)]
        heapq.heapify(self._pending)

    def take(self) -> Happening:
        """Remove and return the next happening. Raises IndexError when nothing is pending."""
        return heapq.heappop(self._pending)[2]

    def clear(self) -> None:
        """Forget everything: the call is over."""
        self._pending.clear()


def _void_after(action: Action) -> tuple[type[Happening], ...]:
    match action:
        case Lookup():
            return (LookupEnded,)
        case Transfer():
            return (TransferEnded,)
        case Enqueue() | Dequeue():
            return (QueueMoved, QueueEnded)
        case Send():
            return (SendEnded,)
        case _:
            return ()
