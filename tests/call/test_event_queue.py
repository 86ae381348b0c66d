"""Events that wait for their place between the blocks."""

from __future__ import annotations

from ivrtest.call.call import Answered, EarlyMedia, Ended, KeyHeard, Ringing
from ivrtest.call.event_queue import EventQueue


def test_events_pass_in_the_order_of_the_clock_and_the_end_last() -> None:
    queue = EventQueue()
    assert (queue.next_at, queue.passed(1000), queue.all()) == (None, [], [])
    end, ringing, early, answered, key = Ended("us", 0.1), Ringing(0.5, 180), EarlyMedia(0.5), Answered(1.0), KeyHeard("5", 0.25, 0.1)
    queue.add([end, answered, ringing])
    queue.add([early, key])
    assert queue.next_at == 2000
    assert queue.passed(1999) == []
    assert queue.passed(4000) == [key, ringing, early]
    assert queue.next_at == 8000
    assert queue.all() == [answered, end]
    assert queue.passed(80_000) == [answered]
    assert queue.passed(80_000) == []
    assert queue.all() == [end]


def test_nothing_waits_for_its_place_but_the_end() -> None:
    queue = EventQueue()
    queue.add([Ended("us", 0.1)])
    assert queue.next_at is None
