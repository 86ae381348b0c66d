"""What is still to happen to a caller."""

from __future__ import annotations

import pytest

from ivrtest.flow.action import Dequeue, Enqueue, Lookup, LookupEnded, Piece, PlayMusic, QueueEnded, QueueMoved, SendEnded
from ivrtest.server.agenda import Agenda


def test_happenings_are_taken_in_the_order_of_time_then_of_arrival() -> None:
    agenda = Agenda()
    moved = QueueMoved(1, 30.0, at=2.0)
    agenda.expect(Enqueue("sales"), [QueueEnded("answered", at=9.0), moved])
    agenda.add(SendEnded(True, at=2.0))
    assert agenda.next_due == 2.0
    assert [agenda.take() for _ in range(3)] == [moved, SendEnded(True, at=2.0), QueueEnded("answered", at=9.0)]
    assert agenda.next_due is None


def test_a_late_answer_does_not_answer_the_next_question() -> None:
    agenda = Agenda()
    agenda.expect(Lookup("balance"), [LookupEnded("found", at=8.0)])
    agenda.expect(Lookup("card"), [LookupEnded("lost", at=9.0)])
    assert agenda.take() == LookupEnded("lost", at=9.0)
    assert agenda.next_due is None


def test_who_leaves_the_queue_hears_no_more_of_it() -> None:
    agenda = Agenda()
    agenda.add(SendEnded(True, at=1.0))
    agenda.expect(Enqueue("sales"), [QueueMoved(2, 60.0, at=1.0), QueueEnded("answered", at=5.0)])
    agenda.expect(PlayMusic(Piece("music", "mul")), [])
    agenda.expect(Dequeue("sales"), [])
    assert agenda.take() == SendEnded(True, at=1.0)
    assert agenda.next_due is None


def test_nothing_is_taken_from_an_empty_agenda() -> None:
    agenda = Agenda()
    agenda.add(SendEnded(True, at=1.0))
    agenda.clear()
    with pytest.raises(IndexError):
        agenda.take()
