"""Whole calls over TCP and TLS, between two lines of this machine and with a far side that fails."""

from __future__ import annotations

import asyncio
import itertools
import socket
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ivrtest.call.call import Answered, Block, CallEvent, Ended, KeyHeard
from ivrtest.call.line import Line, LineError
from ivrtest.call.negotiation import Negotiation
from ivrtest.call.permission import Permission
from ivrtest.call.sip_call import SipCall
from ivrtest.call.stream import StreamPort
from ivrtest.call.tls import Tls
from ivrtest.sip import events as sip
from ivrtest.sip.agent import Agent
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri
from tests.call.authority import Authority, fingerprint
from tests.call.conftest import ClosedPort

PATIENCE_S = 60.0
E = TypeVar("E", bound=sip.Event)
ANYBODY = Permission(("sip:*@*",))


async def listen(call: SipCall, *, press: str = "", hang_up_after: type | None = None) -> list[CallEvent]:
    """Return a call's events. Press keys when it is answered; hang up after the first event of a kind."""
    events: list[CallEvent] = []
    async for item in call.stream():
        if isinstance(item, Block):
            continue
        events.append(item)
        if isinstance(item, Answered) and press:
            await call.press(press)
        if hang_up_after is not None and isinstance(item, hang_up_after):
            await call.hang_up()
    return events


async def converse(near: Line, far: Line, target: str, *, far_hangs_up: bool) -> tuple[list[CallEvent], list[CallEvent]]:
    """Hold a call in which the caller presses 5, and one side hangs up."""
    calls = far.incoming()
    placed = await near.place(target)
    came = await anext(calls)
    await came.answer()
    async with asyncio.TaskGroup() as group:
        here = group.create_task(listen(placed, press="5", hang_up_after=None if far_hangs_up else Answered))
        there = group.create_task(listen(came, hang_up_after=KeyHeard if far_hangs_up else None))
    return here.result(), there.result()


def ended(events: list[CallEvent]) -> Ended:
    last = events[-1]
    assert isinstance(last, Ended)
    return last


@pytest.mark.parametrize("far_hangs_up", [True, False])
def test_a_call_over_tcp(far_hangs_up: bool) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line(transport="tcp", user="far") as far, Line() as near:
            assert far.uri.endswith(";transport=tcp")
            here, there = await converse(near, far, far.uri, far_hangs_up=far_hangs_up)
            assert [event.key for event in there if isinstance(event, KeyHeard)] == (["5"] if far_hangs_up else [])
            assert (ended(here).by, ended(there).by) == (("them", "us") if far_hangs_up else ("us", "them"))

    asyncio.run(run())


@pytest.mark.parametrize("far_hangs_up", [True, False])
@pytest.mark.parametrize("scheme", ["sip", "sips"])
def test_a_call_over_tls(tmp_path: Path, scheme: str, far_hangs_up: bool) -> None:
    """The caller has no certificate: nobody can open a connection to it, so all goes over its own."""
    authority = Authority(tmp_path)
    far_tls = Tls(certificate=authority.certificate("localhost"))

    async def run() -> None:
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(transport="tls", tls=far_tls, user="far") as far,
            Line(tls=Tls(ca=authority.file), permission=ANYBODY) as near,
        ):
            port = SipUri.parse(far.uri).port
            target = f"sip:far@localhost:{port};transport=tls" if scheme == "sip" else f"sips:far@localhost:{port}"
            here, there = await converse(near, far, target, far_hangs_up=far_hangs_up)
            assert [event.key for event in there if isinstance(event, KeyHeard)] == (["5"] if far_hangs_up else [])
            assert (ended(here).by, ended(there).by) == (("them", "us") if far_hangs_up else ("us", "them"))

    asyncio.run(run())


async def fate_of(line: Line, target: str) -> Ended:
    return ended(await listen(await line.place(target)))


def test_nobody_listens_on_tcp(closed_port: ClosedPort) -> None:
    target = f"sip:ivr@127.0.0.1:{closed_port(socket.SOCK_STREAM)};transport=tcp"

    async def run() -> Ended:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            return await fate_of(line, target)

    end = asyncio.run(run())
    assert (end.by, end.status, end.reason) == ("lost", None, f'cannot reach "{target}": nobody listens there: the port is closed')


def test_a_certificate_that_is_not_good_enough_ends_the_call_before_anything_is_said(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.certificate("ivr.example.com")

    async def run() -> None:
        far_tls = Tls(certificate=certificate)
        async with asyncio.timeout(PATIENCE_S), Line(transport="tls", tls=far_tls) as far:
            async with Line(tls=Tls(ca=authority.file)) as near:
                end = await fate_of(near, far.uri)
                assert end.by == "lost"
                assert end.reason == (
                    f'cannot reach "{far.uri}": the certificate of "127.0.0.1" is for "ivr.example.com". '
                    'call it by such a name, or give its "fingerprint"'
                )
            async with Line(tls=Tls(fingerprint=fingerprint(certificate))) as near:
                assert (await fate_of(near, far.uri)).status == 480

    asyncio.run(run())


def test_one_address_has_one_name_on_a_line(tmp_path: Path) -> None:
    """A connection was verified for one name. It must not carry calls to another."""
    authority = Authority(tmp_path)
    far_tls = Tls(certificate=authority.certificate("localhost"))

    async def run() -> None:
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(transport="tls", tls=far_tls) as far,
            Line(tls=Tls(ca=authority.file), permission=ANYBODY) as near,
        ):
            port = SipUri.parse(far.uri).port
            assert (await fate_of(near, f"sips:far@localhost:{port}")).status == 480
            with pytest.raises(LineError) as refused:
                await near.place(f"sips:far@127.0.0.1:{port}")
            assert str(refused.value) == (
                f'cannot call "sips:far@127.0.0.1:{port}": "127.0.0.1:{port}" is known as "localhost" on this line. '
                'call "127.0.0.1" on another'
            )

    asyncio.run(run())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transport": "tls"}, 'a line cannot take calls over TLS without a certificate. give one as "certificate"'),
        (
            {"transport": "tls", "tls": Tls(certificate=Path("gone.pem"))},
            'certificate "gone.pem" cannot be read: it is not there',
        ),
    ],
)
def test_a_line_that_cannot_be_opened(options: dict[str, Any], message: str) -> None:
    async def run() -> None:
        async with Line(**options):
            pass

    with pytest.raises(LineError) as refused:
        asyncio.run(run())
    assert str(refused.value) == message


def test_sips_does_not_go_through_a_proxy_without_tls() -> None:
    async def run() -> None:
        async with Line() as line:
            await line.place("sips:ivr@127.0.0.1", proxy="sip:127.0.0.1:5070;transport=tcp")

    with pytest.raises(LineError) as refused:
        asyncio.run(run())
    assert str(refused.value) == (
        'cannot call "sips:ivr@127.0.0.1" through "sip:127.0.0.1:5070;transport=tcp": '
        '"sips" asks for TLS on the whole way. write the proxy with "sips" too'
    )


class Peer:
    """A SIP agent on TCP that answers calls, and whose port a test may close."""

    def __init__(self) -> None:
        tokens = itertools.count()
        self.events: asyncio.Queue[sip.Event] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.answers = True
        self.port = StreamPort(
            "127.0.0.1",
            0,
            receive=self._receive,
            unreachable=lambda destination, problem: None,
            closed=lambda peer, problem: self.closed.set(),
            unreadable=lambda source, problem: None,
        )
        self._agent = Agent(self.port.local_address, token=lambda: f"peer{next(tokens)}", transport="TCP", user="peer")
        self.uri = str(SipUri.of(*self.port.local_address, user="peer", transport="tcp"))

    def _receive(self, data: bytes, source: Address) -> None:
        now = asyncio.get_running_loop().time()
        self._agent.receive(data, source, now)
        while (event := self._agent.next_event()) is not None:
            if isinstance(event, sip.IncomingCall) and self.answers:
                assert event.offer is not None
                self._agent.answer(event.handle, Negotiation(("127.0.0.1", 9), session_id=1).answer(event.offer)[0], now)
            self.events.put_nowait(event)
        self._flush()

    def call(self, uri: str) -> None:
        offer = Negotiation(("127.0.0.1", 9), session_id=1).offer()
        self._agent.invite(SipUri.parse(uri), offer=offer, now=asyncio.get_running_loop().time())
        self._flush()

    async def next(self, kind: type[E]) -> E:
        """Return the next event of a kind."""
        while True:
            event = await self.events.get()
            if isinstance(event, kind):
                return event

    def _flush(self) -> None:
        for data, destination in self._agent.datagrams():
            self.port.send(data, destination)


def test_a_far_side_that_goes_while_it_rings() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            peer = Peer()
            peer.answers = False
            await peer.port.listen()
            call = await line.place(peer.uri)
            await peer.next(sip.IncomingCall)
            await peer.port.close()
            end = ended(await listen(call))
            assert (end.by, end.reason) == ("lost", f'cannot reach "{peer.uri}": it closed the connection')

    asyncio.run(run())


def test_a_far_side_that_goes_during_the_call() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            peer = Peer()
            await peer.port.listen()
            call = await line.place(peer.uri)
            async for item in call.stream():
                if isinstance(item, Answered):
                    await peer.port.close()
                if isinstance(item, Ended):
                    # It was tried whether a new connection can be had.
                    assert (item.by, item.reason) == ("lost", "nobody listens there: the port is closed")

    asyncio.run(run())


def test_a_call_outlives_its_connection() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            peer = Peer()
            await peer.port.listen()
            call = await line.place(peer.uri)
            async for item in call.stream():
                if isinstance(item, Answered):
                    came = await peer.next(sip.IncomingCall)
                    await peer.next(sip.Confirmed)
                    # What is no SIP: our line closes this connection, and opens another.
                    peer.port.send(b"\0", came.source)
                    await peer.closed.wait()
                    await call.hang_up()
            assert (await peer.next(sip.Ended)).by is sip.Side.THEM
            assert [event.problem for event in line.unreadable] == ['octet "0x00" stands where a message must begin. a 0x16 would be TLS']
            await peer.port.close()

    asyncio.run(run())


def test_a_caller_that_goes_before_we_answer() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line(transport="tcp") as line:
            calls = line.incoming()
            peer = Peer()
            await peer.port.listen()
            peer.call(line.uri)
            came = await anext(calls)
            await peer.port.close()
            end = ended(await listen(came))
            assert (end.by, end.reason) == ("them", "cancelled")

    asyncio.run(run())
