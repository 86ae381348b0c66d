"""What is set apart from Python's search for garbage while many calls are up, and that it is found all the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from ivrtest.call.garbage import MANY, STEP, THRESHOLDS, Garbage


class Ring:
    """Garbage as soon as nobody else knows it: it knows itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def garbage() -> Iterator[Garbage]:
    usual, callbacks = gc.get_threshold(), list(gc.callbacks)
    made = Garbage()
    yield made
    made.restore()
    assert (gc.get_freeze_count(), gc.get_threshold(), gc.callbacks) == (0, usual, callbacks)


def open_calls(garbage: Garbage, numbers: range) -> None:
    for number in numbers:
        garbage.opened(number)


def test_python_searches_as_always_while_there_are_few_calls(garbage: Garbage) -> None:
    usual = gc.get_threshold()
    open_calls(garbage, range(1, MANY + 1))
    for up in range(MANY - 1, -1, -1):
        garbage.ended(up)
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, usual)


def test_what_there_is_is_set_apart_once_there_are_many_and_again_after_some_more(garbage: Garbage) -> None:
    open_calls(garbage, range(1, MANY + 2))
    first = gc.get_freeze_count()
    assert first > 0
    assert gc.get_threshold() == THRESHOLDS
    more = [[number] for number in range(1000)]
    open_calls(garbage, range(MANY + 2, MANY + 1 + STEP))
    assert gc.get_freeze_count() == first
    garbage.opened(MANY + 1 + STEP)
    assert gc.get_freeze_count() >= first + len(more)


def test_what_a_search_through_all_has_left_is_not_looked_through_again(garbage: Garbage) -> None:
    open_calls(garbage, range(1, MANY + 2))
    ring, kept = Ring(), [[number] for number in range(1000)]
    gone = weakref.ref(ring)
    del ring
    first = gc.get_freeze_count()
    gc.collect(1)
    assert gc.get_freeze_count() == first
    assert gone() is None
    gc.collect()
    assert gc.get_freeze_count() >= first + len(kept)


def test_garbage_among_what_was_set_apart_is_found_when_as_many_calls_have_ended_as_are_up(garbage: Garbage) -> None:
    ring = Ring()
    kept = weakref.ref(ring)
    open_calls(garbage, range(1, 2 * MANY + 1))
    del ring
    gc.collect()
    assert kept() is not None
    up = 2 * MANY
    for _ in range(up - 1):
        garbage.ended(up)
    assert kept() is not None
    garbage.ended(up)
    assert kept() is None
    assert gc.get_freeze_count() > 0


def test_python_searches_as_always_when_few_calls_are_left(garbage: Garbage) -> None:
    usual = gc.get_threshold()
    open_calls(garbage, range(1, MANY + 2))
    for up in range(MANY, MANY // 2, -1):
        garbage.ended(up)
    assert gc.get_freeze_count() > 0
    garbage.ended(MANY // 2)
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, usual)
    open_calls(garbage, range(MANY // 2 + 1, MANY + 1))
    assert gc.get_freeze_count() == 0
