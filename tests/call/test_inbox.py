"""Datagrams that are received several at a time: over real sockets, compared with what was sent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.datagrams import send, socket_address, socket_name
from ivrtest.call.inbox import ROWS, Inbox, dropped, prepare
from tests.call.bound import BOTH, PATIENCE_S, Family, bound, come

pytestmark = pytest.mark.parametrize("family", BOTH)
Letter = tuple[bytes, bytes, float]


@pytest.fixture
def pair(family: Family) -> Iterator[tuple[socket.socket, socket.socket]]:
    with bound(family) as left, bound(family) as right:
        yield left, right


def received(inbox: Inbox, receiver: socket.socket, count: int, wall_zero: float = 0.0) -> list[Letter]:
    """Return so many datagrams. The system may bring them one after another."""
    letters: list[Letter] = []
    while len(letters) < count:
        come(receiver)
        some = inbox.receive(receiver.fileno(), wall_zero)
        assert 1 <= len(some) <= ROWS
        letters += some
    assert inbox.receive(receiver.fileno(), wall_zero) == []
    return letters


def test_what_is_sent_is_received_with_its_sender(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    name = socket_name(right.getsockname(), family)
    assert name is not None
    inbox = Inbox(family, 2000)
    for sent in (b"", b"\0\0\0", bytes(range(256)) * 6):
        assert send(left.fileno(), sent, name)
        [(data, source, _)] = received(inbox, right, 1)
        assert (data, socket_address(source)) == (sent, left.getsockname())


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300)), max_size=3 * ROWS))
def test_several_come_in_their_order_each_with_its_own_sender(family: Family, letters: list[tuple[bool, bytes]]) -> None:
    with bound(family) as one, bound(family) as other, bound(family) as right:
        prepare(right)
        for from_one, data in letters:
            (one if from_one else other).sendto(data, right.getsockname())
        came = received(Inbox(family, 200), right, len(letters))
        expected = [((one if from_one else other).getsockname(), data[:200]) for from_one, data in letters]
        assert [(socket_address(name), data) for data, name, _ in came] == expected


@pytest.mark.parametrize("noted", [False, True])
def test_when_a_datagram_came(family: Family, pair: tuple[socket.socket, socket.socket], noted: bool) -> None:
    left, right = pair
    if noted:
        prepare(right)
    inbox = Inbox(family, 2000)

    def came(wall_zero: float) -> float:
        left.sendto(b"?", right.getsockname())
        [(_, _, at)] = received(inbox, right, 1, wall_zero)
        return at

    before, wall_before = time.monotonic(), time.time()
    at = came(wall_before - 1000)
    if noted:
        assert 1000 - 1e-3 <= at <= 1000 + 1e-3 + time.time() - wall_before
    else:
        assert before <= at <= time.monotonic()
    # By a wall clock that was set back meanwhile, it comes only later.
    before = time.monotonic()
    assert before <= came(time.time() - before - 1_000_000) <= time.monotonic()


def test_what_is_too_long_is_cut(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    for size in (1000, 100, 101, 99):
        left.sendto(bytes([size & 0xFF]) * size, right.getsockname())
    assert [data for data, _, _ in received(Inbox(family, 100), right, 4)] == [b"\xe8" * 100, b"d" * 100, b"e" * 100, b"c" * 99]


def test_there_is_room_for_half_a_second_of_a_thousand_packets_a_second(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    prepare(right)
    for _ in range(500):
        left.sendto(bytes(172), right.getsockname())
    assert len(received(Inbox(family, 2000), right, 500)) == 500


def test_what_there_is_no_room_for_is_counted(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    inbox = Inbox(family, 2000)
    assert dropped(right) == 0
    for _ in range(2000):
        left.sendto(bytes(172), right.getsockname())
    came, give_up_at = 0, time.monotonic() + PATIENCE_S
    while came + dropped(right) < 2000:
        came += len(inbox.receive(right.fileno(), 0.0))
        assert time.monotonic() < give_up_at
    assert came + dropped(right) == 2000
    assert dropped(right) > 0
