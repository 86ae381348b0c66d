"""The UDP port for signalling, on real sockets of this machine."""

from __future__ import annotations

import asyncio

from ivrtest.call.udp import UdpPort
from ivrtest.call.unreachable import CLOSED_PORT, NO_ROUTE
from ivrtest.sip.transport import Address
from tests.call.conftest import ClosedPort

PATIENCE_S = 60.0


def ignore(destination: Address, problem: str) -> None:
    """Nobody is unreachable in this test."""


def test_what_is_sent_is_received_with_its_source() -> None:
    async def run() -> tuple[bytes, Address, Address]:
        got: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        near = UdpPort("127.0.0.1", 0, receive=lambda data, source: None, unreachable=ignore)
        far = UdpPort("127.0.0.1", 0, receive=lambda data, source: got.put_nowait((data, source)), unreachable=ignore)
        near.send(b"OPTIONS", far.local_address)
        async with asyncio.timeout(PATIENCE_S):
            data, source = await got.get()
        near.close()
        far.close()
        near.send(b"too late", far.local_address)
        return data, source, near.local_address

    data, source, address = asyncio.run(run())
    assert (data, source) == (b"OPTIONS", address)


def test_it_is_told_which_destination_nobody_listens_at(closed_port: ClosedPort) -> None:
    async def run() -> tuple[list[tuple[Address, str]], list[Address], int]:
        told: asyncio.Queue[tuple[Address, str]] = asyncio.Queue()
        closed = [("127.0.0.1", closed_port()) for _ in range(3)]
        port = UdpPort("127.0.0.1", 0, receive=lambda data, source: None, unreachable=lambda *problem: told.put_nowait(problem))
        for destination in closed:
            port.send(b"INVITE", destination)
        async with asyncio.timeout(PATIENCE_S):
            heard = [await told.get() for _ in closed]
        port.send(b"INVITE", closed[0])
        async with asyncio.timeout(PATIENCE_S):
            heard.append(await told.get())
        port.close()
        return heard, [*closed, closed[0]], told.qsize()

    heard, expected, left = asyncio.run(run())
    assert (heard, left) == ([(destination, CLOSED_PORT) for destination in expected], 0)


def test_it_is_told_where_no_way_leads() -> None:
    """From 127.0.0.1 nothing leaves this machine: the kernel refuses."""

    async def run() -> tuple[Address, str]:
        told: asyncio.Queue[tuple[Address, str]] = asyncio.Queue()
        port = UdpPort("127.0.0.1", 0, receive=lambda data, source: None, unreachable=lambda *problem: told.put_nowait(problem))
        port.send(b"INVITE", ("192.0.2.1", 5060))
        async with asyncio.timeout(PATIENCE_S):
            heard = await told.get()
        port.close()
        return heard

    assert asyncio.run(run()) == (("192.0.2.1", 5060), NO_ROUTE)
