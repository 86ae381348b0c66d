"""What of one session's sound is settled: blocks without a gap, and between them its events, each in its place on the clock."""

from __future__ import annotations

from collections.abc import Iterable

from ivrtest.call.call import CallEvent
from ivrtest.call.event_queue import EventQueue
from ivrtest.call.handover import Item
from ivrtest.call.incoming import Incoming
from ivrtest.call.outgoing import Outgoing


class Delivery:
    """Of the media thread."""

    def __init__(self, incoming: Incoming, outgoing: Outgoing) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._events = EventQueue()

    def add(self, events: Iterable[CallEvent]) -> None:
        """Take in events that neither direction of the sound knows of. What has passed already comes next."""
        self._events.add(events)

    def settled(self, position: float, batch: int, longest: int) -> list[Item]:
        """Return the blocks and events that are settled when all is read that came until `position`, in samples. A block is `longest`
        samples, or as many times `batch` as lets an event pass that waits for it."""
        incoming = self._incoming
        settled = incoming.settle(position)
        items = self._passed()
        while (until := self.next_end(batch, longest)) <= settled:
            items.append(incoming.take(until))
            # Keys may have been found in the sound.
            items += self._passed()
        return items

    def next_end(self, batch: int, longest: int) -> int:
        """The sample at which the next block ends; whatever happened before it has passed."""
        taken, event = self._incoming.taken, self._events.next_at
        return taken + (longest if event is None else min(longest, -(-(event - taken) // batch) * batch))

    def rest(self, position: int, *, left_alone: bool) -> list[Item]:
        """Return all that is left when the call ends at `position`, in samples; `left_alone`: the far side ended it."""
        incoming = self._incoming
        self._outgoing.finish()
        incoming.finish(position)
        items = self._passed()
        if left_alone:
            # What came before the far side left was said before, even if it lies ahead: of a line that was slow at first, or a sender
            # that was late, the last sound comes in good time.
            position = max(position, incoming.timeline.end)
        if position > incoming.taken:
            items.append(incoming.take(position))
        return [*items, *self._events.all()]

    def _passed(self) -> list[Item]:
        """Return what happened up to where blocks were taken."""
        for made in (self._outgoing.events, self._incoming.events):
            if made:
                self._events.add(made)
                made.clear()
        return [*self._events.passed(self._incoming.taken)]
