"""Many descriptors, read by one thread: what came and what waits, among few and in a crowd."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from ivrtest.call.sockets import ROUNDS, Sockets


class Counter:
    """Something to be read, that is there as soon as it is put there: the system counts it."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_SEMAPHORE)
        self.read = 0
        """How often something was read."""

    def put(self, count: int = 1) -> None:
        os.eventfd_write(self.descriptor, count)

    def take(self, wall_zero: float) -> bool:
        try:
            os.eventfd_read(self.descriptor)
        except BlockingIOError:
            return False
        self.read += 1
        return True


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    with closing(Sockets()) as made:
        yield made


@pytest.fixture
def counter() -> Iterator[Callable[[], Counter]]:
    made: list[Counter] = []

    def make() -> Counter:
        made.append(Counter())
        return made[-1]

    yield make
    for each in made:
        os.close(each.descriptor)


def test_all_that_waits_is_read_and_a_flood_is_left_for_the_next_time(sockets: Sockets, counter: Callable[[], Counter]) -> None:
    usual, flooded = counter(), counter()
    for each in (usual, flooded):
        sockets.add(each.descriptor, each.take)
    usual.put(ROUNDS - 1)
    flooded.put(ROUNDS + 2)
    began = time.monotonic()
    _, unread = sockets.read(0.0)
    assert (usual.read, flooded.read) == (ROUNDS - 1, ROUNDS)
    assert unread == {flooded.descriptor}
    read_at, unread = sockets.read(0.0)
    assert (flooded.read, unread) == (ROUNDS + 2, set())
    assert began < read_at <= time.monotonic()
    flooded.put()
    sockets.remove(flooded.descriptor)
    sockets.read(0.0)
    assert flooded.read == ROUNDS + 2


def test_in_a_crowd_what_is_read_in_turn_waits_for_its_turn(sockets: Sockets, counter: Callable[[], Counter]) -> None:
    in_turn, other = counter(), counter()
    sockets.add(in_turn.descriptor, in_turn.take, in_turn=True)
    sockets.add(other.descriptor, other.take)
    sockets.crowded = True
    for each in (in_turn, other):
        each.put()
    assert sockets.read(0.0)[1] == set()
    assert (in_turn.read, other.read) == (0, 1)
    sockets.read(0.0, [in_turn.descriptor])
    assert (in_turn.read, other.read) == (1, 1)
    for each in (in_turn, other):
        each.put()
    sockets.crowded = False
    sockets.read(0.0)
    assert (in_turn.read, other.read) == (2, 2)


def test_in_a_crowd_a_flood_is_read_on_though_it_is_nobodys_turn(sockets: Sockets, counter: Callable[[], Counter]) -> None:
    flooded = counter()
    sockets.crowded = True
    sockets.add(flooded.descriptor, flooded.take, in_turn=True)
    flooded.put(2 * ROUNDS + 1)
    assert sockets.read(0.0, [flooded.descriptor])[1] == {flooded.descriptor}
    assert flooded.read == ROUNDS
    assert sockets.read(0.0)[1] == {flooded.descriptor}
    assert sockets.read(0.0)[1] == set()
    assert flooded.read == 2 * ROUNDS + 1
    # As long as more comes than is read at once, it is looked at each time.
    flooded.put(2)
    sockets.read(0.0)
    assert flooded.read == 2 * ROUNDS + 3
    flooded.put(0)
    sockets.read(0.0)
    flooded.put(2)
    sockets.read(0.0)
    assert flooded.read == 2 * ROUNDS + 3
    flooded.put(ROUNDS)
    assert sockets.read(0.0, [flooded.descriptor])[1] == {flooded.descriptor}
    sockets.remove(flooded.descriptor)
    assert sockets.read(0.0)[1] == set()


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_of_very_many_none_is_forgotten(many_files: None, sockets: Sockets, counter: Callable[[], Counter]) -> None:
    """The system tells of no more than it is asked for, by default of 1023."""
    many = [counter() for _ in range(1100)]
    for each in many:
        sockets.add(each.descriptor, each.take)
        each.put()
    assert sockets.read(0.0)[1] == set()
    assert sum(each.read for each in many) == len(many)
