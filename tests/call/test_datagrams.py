"""Datagrams that go past the socket's own methods: over real sockets, compared with what those methods say."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.datagrams import Inbox, note_arrivals, send, socket_address, socket_name
from ivrtest.call.sockets import ROUNDS, Sockets
from tests.interop.programs import needs_ipv6

PATIENCE_S = 60.0
HOSTS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
Family = socket.AddressFamily


def bound(family: Family) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind((HOSTS[family], 0))
    return made


@pytest.fixture(params=[socket.AF_INET, pytest.param(socket.AF_INET6, marks=needs_ipv6)])
def family(request: pytest.FixtureRequest) -> Family:
    chosen: Family = request.param
    return chosen


@pytest.fixture
def pair(family: Family) -> Iterator[tuple[socket.socket, socket.socket]]:
    with closing(bound(family)) as left, closing(bound(family)) as right:
        yield left, right


def come(receiver: socket.socket) -> None:
    """Wait until something has come: the system may take a moment to bring it."""
    assert select.select([receiver], (), (), PATIENCE_S)[0]


def test_what_is_sent_is_received_with_its_sender_and_its_time(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    note_arrivals(right)
    name = socket_name(right.getsockname(), family)
    assert name is not None
    inbox = Inbox(family, 2000)
    before = time.time()
    for sent in (b"", b"\0\0\0", bytes(range(256)) * 6):
        assert send(left.fileno(), sent, name)
        come(right)
        received = inbox.receive(right.fileno())
        assert received is not None
        data, source, came = received
        assert (data, socket_address(source)) == (sent, left.getsockname())
        assert came is not None
        assert before <= came <= time.time()
    assert inbox.receive(right.fileno()) is None


def test_no_time_is_made_up_where_the_system_noted_none(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    name = socket_name(right.getsockname(), family)
    assert name is not None
    inbox = Inbox(family, 2000)
    for noted in (False, True, False):
        right.setsockopt(socket.SOL_SOCKET, 35, noted)
        send(left.fileno(), b"?", name)
        come(right)
        received = inbox.receive(right.fileno())
        assert received is not None
        assert (received[2] is not None) == noted


def test_what_is_too_long_is_cut(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    left.sendto(bytes(1000), right.getsockname())
    come(right)
    received = Inbox(family, 100).receive(right.fileno())
    assert received is not None
    assert received[0] == bytes(100)


def test_what_the_system_refuses_to_send(family: Family, pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    name = socket_name(right.getsockname(), family)
    assert name is not None
    assert not send(left.fileno(), bytes(70_000), name)
    right.settimeout(0)
    with pytest.raises(BlockingIOError):
        right.recv(1)


@given(st.integers(0, 2**32 - 1), st.integers(0, 65535))
def test_every_ipv4_address_there_and_back(host: int, port: int) -> None:
    address = (socket.inet_ntop(socket.AF_INET, host.to_bytes(4, "big")), port)
    name = socket_name(address, socket.AF_INET)
    assert name is not None
    assert socket_address(name) == address


@given(st.integers(0, 2**128 - 1), st.integers(0, 65535), st.integers(0, 2**20 - 1), st.integers(0, 2**32 - 1))
def test_every_ipv6_address_there_and_back(host: int, port: int, flow: int, scope: int) -> None:
    address = (socket.inet_ntop(socket.AF_INET6, host.to_bytes(16, "big")), port, flow, scope)
    name = socket_name(address, socket.AF_INET6)
    assert name is not None
    assert socket_address(name) == address


@pytest.mark.parametrize(("host", "family"), [("::1", socket.AF_INET), ("127.0.0.1", socket.AF_INET6), ("ivr.example.com", socket.AF_INET)])
def test_what_is_no_address_of_the_family_has_no_name(host: str, family: Family) -> None:
    assert socket_name((host, 5060), family) is None


def test_all_that_waits_is_read_and_a_flood_is_left_for_the_next_time() -> None:
    sockets = Sockets()
    with closing(bound(socket.AF_INET)) as sender, closing(bound(socket.AF_INET)) as usual, closing(bound(socket.AF_INET)) as flooded:
        read: list[bytes] = []
        sockets.add(usual.fileno(), lambda _: read.append(usual.recv(100)))
        sockets.add(flooded.fileno(), lambda _: read.append(flooded.recv(100)))
        for number in range(3):
            sender.sendto(b"usual %d" % number, usual.getsockname())
        for _ in range(ROUNDS + 2):
            sender.sendto(b"flood", flooded.getsockname())
        began = time.monotonic()
        _, unread = sockets.read(0.0)
        assert [one for one in read if one.startswith(b"usual")] == [b"usual 0", b"usual 1", b"usual 2"]
        assert len(read) == 3 + ROUNDS
        assert unread == {flooded.fileno()}
        read_at, unread = sockets.read(0.0)
        assert (len(read), unread) == (3 + ROUNDS + 2, set())
        assert began < read_at <= time.monotonic()
        sender.sendto(b"flood", flooded.getsockname())
        come(flooded)
        sockets.remove(flooded.fileno())
        sockets.read(0.0)
        assert len(read) == 3 + ROUNDS + 2
    sockets.close()
