"""The events of one session that wait for their place between the blocks."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

from ivrtest.call.call import SAMPLE_RATE, CallEvent, Ended


class EventQueue:
    """In the order of the clock, and those of one moment in the order they came. `Ended` is the last of all."""

    def __init__(self) -> None:
        self._events: list[tuple[bool, float, int, CallEvent]] = []
        self._count = 0

    def add(self, events: Iterable[CallEvent]) -> None:
        for event in events:
            self._count += 1
            insort(self._events, (isinstance(event, Ended), event.at, self._count, event))

    @property
    def next_at(self) -> int | None:
        """The sample of the first event; None if none waits but the end."""
        if not self._events or self._events[0][0]:
            return None
        return round(self._events[0][1] * SAMPLE_RATE)

    def passed(self, until: int) -> list[CallEvent]:
        """Take out what happened up to the sample `until`. The end does not pass, it only comes after the last block."""
        events = []
        while (at := self.next_at) is not None and at <= until:
            events.append(self._events.pop(0)[3])
        return events

    def all(self) -> list[CallEvent]:
        """Return what is left."""
        return [event for _, _, _, event in self._events]
