"""The UDP port for signalling, on real sockets of this machine."""

from __future__ import annotations

import asyncio
import socket

from ivrtest.call.udp import UdpPort
from ivrtest.sip.transport import Address


def test_what_is_sent_is_received_with_its_source() -> None:
    async def run() -> tuple[bytes, Address, Address]:
        got: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        near = UdpPort("127.0.0.1", 0, receive=lambda data, source: None, unreachable=lambda destination: None)
        far = UdpPort("127.0.0.1", 0, receive=lambda data, source: got.put_nowait((data, source)), unreachable=lambda destination: None)
        near.send(b"OPTIONS", far.local_address)
        async with asyncio.timeout(5):
            data, source = await got.get()
        near.close()
        far.close()
        near.send(b"too late", far.local_address)
        return data, source, near.local_address

    data, source, address = asyncio.run(run())
    assert (data, source) == (b"OPTIONS", address)


def test_it_is_told_which_destination_nobody_listens_at() -> None:
    async def run() -> tuple[list[Address], list[Address], int]:
        told: asyncio.Queue[Address] = asyncio.Queue()
        closed = [closed_port() for _ in range(3)]
        port = UdpPort("127.0.0.1", 0, receive=lambda data, source: None, unreachable=told.put_nowait)
        for destination in closed:
            port.send(b"INVITE", destination)
        async with asyncio.timeout(5):
            heard = [await told.get() for _ in closed]
        port.send(b"INVITE", closed[0])
        async with asyncio.timeout(5):
            heard.append(await told.get())
        port.close()
        return heard, [*closed, closed[0]], told.qsize()

    heard, expected, left = asyncio.run(run())
    assert (heard, left) == (expected, 0)


def closed_port() -> Address:
    """Return an address of this machine where nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
        return host, port
