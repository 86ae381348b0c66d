"""What a line does about the network between it and the far side: its address there, and a way back that stays open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from ivrtest.call import stream
from ivrtest.call.call import Answered, Ended
from ivrtest.call.line import Line
from ivrtest.call.network import Network
from ivrtest.call.stream import NO_PONG, StreamPort
from ivrtest.call.trunk import KEEP_ALIVE_S
from ivrtest.call.udp import UdpPort
from ivrtest.sip.framer import KEEP_ALIVE
from ivrtest.sip.headers import Contact, Via
from ivrtest.sip.message import Request, create_response, parse_message
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri
from tests.call.test_failover import end_of

PATIENCE_S = 60.0
OUTSIDE = "203.0.113.7"


class Listener(asyncio.DatagramProtocol):
    """Keeps what comes; rings at every INVITE."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.uri = f"sip:far@127.0.0.1:{transport.get_extra_info('sockname')[1]}"

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.came.put_nowait(data)
        if data.startswith(b"INVITE"):
            self._invite = self._answer(data, 180, addr)
        elif data.startswith(b"CANCEL"):
            self._answer(data, 200, addr)
            self._answer(bytes(self._invite), 487, addr)

    def _answer(self, data: bytes, status: int, addr: Address) -> Request:
        message = parse_message(data)
        assert isinstance(message, Request)
        self._transport.sendto(bytes(create_response(message, status, to_tag="r")), addr)
        return message


@asynccontextmanager
async def listener() -> AsyncIterator[Listener]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Listener, local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()


def test_an_advertised_address_stands_wherever_others_look_for_us() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), listener() as far, Line(network=Network(advertise=OUTSIDE)) as line:
            call = await line.place(far.uri)
            invite = parse_message(await far.came.get())
            assert line.uri.startswith(f"sip:ivrtest@{OUTSIDE}:")
            port = int(line.uri.rpartition(":")[2])
            via = invite.need(Via)
            # Answers come to where the request came from (RFC 3581), whatever the Via says.
            assert (via.host, via.port, via.wants_rport) == (OUTSIDE, port, True)
            assert str(invite.need(Contact).uri) == line.uri
            assert invite.body.count(b"IN IP4 203.0.113.7\r\n") == 2  # in o= and c=
            assert b"127.0.0.1" not in invite.body
            async for item in call.stream():
                if not isinstance(item, Ended):
                    await call.hang_up()

    asyncio.run(run())


def test_a_call_between_lines_that_advertise_what_leads_nowhere() -> None:
    """Symmetric signalling: responses come back all the same. Nobody can be reached at the Contact, so the ACK does not arrive."""

    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line(network=Network(advertise=OUTSIDE)) as near, Line(user="far") as far:
            ended = await end_of(await near.place(far.uri))
            assert (ended.by, ended.status) == ("refused", 480)

    asyncio.run(run())


def test_a_keep_alive_goes_where_a_call_goes_and_nowhere_after_it() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), listener() as far, Line(network=Network(keep_alive_s=0.05)) as line:
            call = await line.place(far.uri)
            while await far.came.get() != KEEP_ALIVE:
                pass
            assert await far.came.get() == KEEP_ALIVE
            await call.hang_up()

    asyncio.run(run())


class Nat:
    """A far side that registers everybody, and sees them come from another address where it is `behind` a NAT."""

    def __init__(self, *, behind: bool) -> None:
        self.pings = 0
        self.pinged = asyncio.Event()
        self.registered = asyncio.Event()
        self._behind = behind
        self._port = UdpPort("127.0.0.1", 0, receive=self._receive, unreachable=lambda destination, problem: None)
        self.uri = str(SipUri.of(*self._port.local_address, user="1001"))

    def _receive(self, data: bytes, source: Address) -> None:
        if data == KEEP_ALIVE:
            self.pings += 1
            self.pinged.set()
            return
        request = parse_message(data)
        via = request.need(Via).with_source(*((OUTSIDE, 4711) if self._behind else source))
        self.registered.set()
        heads = [("Via", str(via)), *((name, request.text(name) or "") for name in ("From", "To", "Call-ID", "CSeq", "Contact"))]
        lines = "".join(f"{name}: {value}\r\n" for name, value in heads)
        self._port.send(f"SIP/2.0 200 OK\r\n{lines}Expires: 60\r\nContent-Length: 0\r\n\r\n".encode(), source)

    def close(self) -> None:
        self._port.close()


@pytest.mark.parametrize(
    ("behind", "keep_alive_s", "pings"),
    [(True, None, True), (False, None, False), (True, 0.0, False), (False, 0.05, True)],
    ids=["behind a NAT", "without a NAT", "behind a NAT, never", "without a NAT, always"],
)
def test_a_binding_behind_a_nat_is_kept_alive_by_itself(
    behind: bool, keep_alive_s: float | None, pings: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KEEP_ALIVE_S, "udp", 0.05)

    async def run() -> None:
        nat = Nat(behind=behind)
        async with asyncio.timeout(PATIENCE_S), Line(network=Network(keep_alive_s=keep_alive_s)) as line:
            await line.register(nat.uri)
            if pings:
                await nat.pinged.wait()
            else:
                # Several times as long as until a first one would come.
                await asyncio.sleep(0.3)
                assert nat.pings == 0
        nat.close()

    asyncio.run(run())


def test_a_connection_is_kept_alive_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEEP_ALIVE_S, "tcp", 0.05)

    async def run() -> None:
        pinged = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            while KEEP_ALIVE not in await reader.read(4096):
                pass
            pinged.set()
            writer.close()

        async with asyncio.timeout(PATIENCE_S):
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            async with Line() as line:
                call = await line.place(f"sip:ivr@127.0.0.1:{server.sockets[0].getsockname()[1]};transport=tcp")
                await pinged.wait()
                await call.hang_up()
            server.close()

    asyncio.run(run())


def test_how_often_a_nat_is_reminded_of_us() -> None:
    """RFC 5626 sections 4.4.1 and 4.4.2."""
    assert 24 <= KEEP_ALIVE_S["udp"] <= 29
    assert 95 <= KEEP_ALIVE_S["tcp"] == KEEP_ALIVE_S["tls"] <= 120


class Station:
    """A port for connections, and what it was told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[str, Address, str]] = asyncio.Queue()
        self.port = StreamPort(
            "127.0.0.1",
            0,
            receive=lambda data, source: self.told.put_nowait(("received", source, data.decode())),
            unreachable=lambda destination, problem: self.told.put_nowait(("unreachable", destination, problem)),
            closed=lambda peer, problem: self.told.put_nowait(("closed", peer, problem)),
            unreadable=lambda source, problem: self.told.put_nowait(("unreadable", source, str(problem))),
        )


OPTIONS = b"OPTIONS sip:far SIP/2.0\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(("answers", "pings", "pong_s"), [(0, 5, 0.05), (1, 3, 1.0), (2, 2, 1.0)], ids=["never", "once", "always"])
def test_a_connection_is_given_up_when_keep_alives_are_answered_no_more(
    answers: int, pings: int, pong_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PONG_S", pong_s)

    async def run() -> None:
        pinged, opened = asyncio.Event(), asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(len(OPTIONS))
            opened.set()
            for number in range(pings):
                assert await reader.readexactly(4) == KEEP_ALIVE
                if number < answers:
                    writer.write(b"\r\n")
                pinged.set()
            # A message right after answers to keep-alives is a message.
            writer.write(OPTIONS)
            await reader.read()
            writer.close()

        async with asyncio.timeout(PATIENCE_S):
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            there = server.sockets[0].getsockname()
            station = Station()
            station.port.send(OPTIONS, there)
            task = asyncio.create_task(ping(station.port, there, pinged, opened))
            told = await station.told.get()
            assert told == (("closed", there, NO_PONG) if answers == 1 else ("received", there, OPTIONS.decode()))
            task.cancel()
            await station.port.close()
            server.close()

    async def ping(port: StreamPort, there: Address, pinged: asyncio.Event, opened: asyncio.Event) -> None:
        await opened.wait()
        for _ in range(pings):
            pinged.clear()
            port.keep_alive(there)
            await pinged.wait()
            # Long enough for an answer, and for the lack of one to be noticed.
            await asyncio.sleep(2 * pong_s)

    asyncio.run(run())


def test_a_keep_alive_does_not_open_a_connection() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S):
            near, far = Station(), Station()
            await far.port.listen()
            near.port.keep_alive(far.port.local_address)
            assert near.port._connections == {}
            await near.port.close()
            await far.port.close()

    asyncio.run(run())


def test_a_call_over_tcp_with_keep_alives() -> None:
    async def run() -> None:
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(transport="tcp", user="far") as far,
            Line(network=Network(keep_alive_s=0.02)) as near,
        ):
            calls = far.incoming()
            call = await near.place(far.uri)
            await (await anext(calls)).answer()
            blocks = 0
            async for item in call.stream():
                blocks += 1
                if isinstance(item, Answered):
                    blocks = 0
                if blocks == 20:
                    await call.hang_up()
                if isinstance(item, Ended):
                    assert item.by == "us"
            assert near.unreadable == far.unreadable == ()

    asyncio.run(run())
