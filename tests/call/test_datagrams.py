"""Datagrams that go past the socket's own methods: over real sockets, compared with what those methods say."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.datagrams import send, socket_address, socket_name
from tests.call.bound import BOTH, Family, bound


@pytest.mark.parametrize("family", BOTH)
def test_what_the_system_refuses_to_send(family: Family) -> None:
    with bound(family) as left, bound(family) as right:
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
