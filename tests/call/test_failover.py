"""Several places to call: which one takes the call, and what is known of the others."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import cast

import pytest

from ivrtest.call.call import Answered, Ended
from ivrtest.call.hunt import MOST_IN_A_DATAGRAM, invite_size
from ivrtest.call.line import Line, LineError
from ivrtest.call.network import Network
from ivrtest.call.permission import DialRefused, Permission
from ivrtest.call.resolver import Attempt
from ivrtest.call.sip_call import SipCall
from ivrtest.call.trunk import Dialling
from ivrtest.sip.digest import Secret
from ivrtest.sip.message import Request, create_response, parse_message
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri
from tests.call.conftest import ClosedPort
from tests.call.zone import name_server

PATIENCE_S = 60.0
ANYBODY = Permission(("sip:*@*",))
REFUSED = "nobody listens there: the port is closed"


@contextmanager
def silent_port() -> Iterator[int]:
    """Yield a port where datagrams come and nobody reads them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield int(silent.getsockname()[1])


class Refuser(asyncio.DatagramProtocol):
    """Answers every INVITE with one status."""

    def __init__(self, status: int) -> None:
        self._status = status
        self.asked: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = parse_message(data)
        if isinstance(message, Request) and message.method == "INVITE":
            self.asked.append(data)
            self._transport.sendto(bytes(create_response(message, self._status, to_tag="r")), addr)


@asynccontextmanager
async def refuser(status: int, kind: type[Refuser] = Refuser) -> AsyncIterator[Refuser]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(lambda: kind(status), local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()


async def end_of(call: SipCall) -> Ended:
    """Hang up as soon as it is answered, and return how it ended."""
    async for item in call.stream():
        if isinstance(item, Answered):
            await call.hang_up()
        if isinstance(item, Ended):
            return item
    raise AssertionError("the stream ended without Ended")


async def answer_all(line: Line) -> None:
    async for call in line.incoming():
        await call.answer()


def port_of(line: Line) -> int:
    return SipUri.parse(line.uri).port or 5060


def test_the_next_target_is_called_where_one_cannot_be_reached_is_out_of_service_or_silent(closed_port: ClosedPort) -> None:
    async def run() -> None:
        with silent_port() as silent:
            async with (
                asyncio.timeout(PATIENCE_S),
                refuser(503) as broken,
                Line(user="far") as far,
                Line(network=Network(silent_s=2.0)) as near,
            ):
                answering = asyncio.create_task(answer_all(far))
                closed = closed_port()
                tried = [f"sip:ivr@127.0.0.1:{port}" for port in (closed, broken.port, silent)]
                call = await near.place(tried[0], failover=[*tried[1:], far.uri])
                assert (await end_of(call)).by == "us"
                answering.cancel()
                assert call.attempts == [
                    Attempt(f"udp 127.0.0.1:{closed}", REFUSED),
                    Attempt(f"udp 127.0.0.1:{broken.port}", "503 Service Unavailable"),
                    Attempt(f"udp 127.0.0.1:{silent}", "no SIP response within 2 s"),
                    Attempt(f"udp 127.0.0.1:{port_of(far)}"),
                ]
                # Each was asked for itself.
                assert [parse_message(data).uri for data in broken.asked] == [SipUri.parse(tried[1])]  # type: ignore[union-attr]  # only requests come

    asyncio.run(run())


def test_a_response_about_the_call_is_not_held_against_the_place() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), refuser(486) as busy, Line(user="far") as far, Line() as near:
            call = await near.place(f"sip:ivr@127.0.0.1:{busy.port}", failover=[far.uri])
            ended = await end_of(call)
            assert (ended.by, ended.status, ended.reason) == ("refused", 486, "busy (486 Busy Here)")
            assert call.attempts == [Attempt(f"udp 127.0.0.1:{busy.port}")]

    asyncio.run(run())


def test_the_last_target_has_the_last_word(closed_port: ClosedPort) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), refuser(503) as broken, Line() as near:
            closed = closed_port()
            target = f"sip:ivr@127.0.0.1:{closed}"
            ended = await end_of(await near.place(target, failover=[f"sip:ivr@127.0.0.1:{broken.port}"]))
            assert (ended.by, ended.status, ended.reason) == ("refused", 503, "congestion (503 Service Unavailable)")
            ended = await end_of(await near.place(f"sip:ivr@127.0.0.1:{broken.port}", failover=[target]))
            assert (ended.by, ended.status) == ("lost", None)

    asyncio.run(run())


def test_a_call_that_is_given_up_is_not_placed_anywhere_else() -> None:
    async def run() -> None:
        with silent_port() as silent:
            async with asyncio.timeout(PATIENCE_S), refuser(486) as other, Line(network=Network(silent_s=2.0)) as near:
                call = await near.place(f"sip:ivr@127.0.0.1:{silent}", failover=[f"sip:ivr@127.0.0.1:{other.port}"], ring_s=0.1)
                ended = await end_of(call)
                assert (ended.by, ended.reason) == ("no-answer", "nothing came back within 0.1 s")
                # A second call, with time enough, comes after the moment at which the first would have gone on.
                again = await near.place(f"sip:ivr@127.0.0.1:{silent}", failover=[f"sip:ivr@127.0.0.1:{other.port}"])
                assert (await end_of(again)).status == 486
                assert len(call.attempts) == 1
                assert len(other.asked) == 1

    asyncio.run(run())


def test_every_target_must_be_allowed_before_any_is_called() -> None:
    async def run() -> None:
        async with Line() as near:
            with pytest.raises(DialRefused, match=r'^calling "sip:ivr@192\.0\.2\.1" is refused'):
                await near.place("sip:ivr@127.0.0.1:9", failover=["sip:ivr@192.0.2.1"])

    asyncio.run(run())


def test_srv_records_are_followed_to_the_one_that_answers(closed_port: ClosedPort) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line(user="far") as far:
            closed = closed_port()
            zone = f"""
a                300 IN A   127.0.0.1
_sip._udp        300 IN SRV 10 0 {closed} a
_sip._udp        300 IN SRV 20 0 {port_of(far)} a
"""
            async with name_server("lab.test", zone) as server, Line(network=Network(server.address), permission=ANYBODY) as near:
                answering = asyncio.create_task(answer_all(far))
                call = await near.place("sip:far@lab.test")
                assert (await end_of(call)).by == "us"
                assert call.attempts == [Attempt(f"udp 127.0.0.1:{closed}", REFUSED), Attempt(f"udp 127.0.0.1:{port_of(far)}")]
                answering.cancel()

    asyncio.run(run())


class Registrar(Refuser):
    """Takes every binding, for a minute."""

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = parse_message(data)
        assert isinstance(message, Request)
        self.asked.append(data)
        response = create_response(message, 200, to_tag="r").with_added(("Contact", f"{message.text('Contact')};expires=60"))
        self._transport.sendto(bytes(response), addr)


def test_a_registrar_is_found_by_srv_too(closed_port: ClosedPort) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), refuser(200, Registrar) as registrar:
            records = "a 300 IN A 127.0.0.1\n_sip._udp 300 IN SRV 10 0 {} a\n_sip._udp 300 IN SRV 20 0 {} a\n"
            async with (
                name_server("lab.test", records.format(closed_port(), registrar.port)) as server,
                Line(network=Network(server.address), permission=ANYBODY) as line,
            ):
                binding = await line.register("sip:1001@lab.test")
                assert (binding.expires, binding.problem) == (60, "")

    asyncio.run(run())


LONG = {"User-to-User": "a" * 700}


def test_what_is_too_long_for_a_datagram_goes_over_tcp() -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
            udp = await stack.enter_async_context(Line(user="far"))
            tcp = await stack.enter_async_context(Line(user="far", port=port_of(udp), transport="tcp"))
            near = await stack.enter_async_context(Line())
            answering = asyncio.create_task(answer_all(tcp))
            call = await near.place(udp.uri, headers=LONG)
            assert (await end_of(call)).by == "us"
            assert call.attempts == [Attempt(f"tcp 127.0.0.1:{port_of(udp)}")]
            answering.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("asked", ["", ";transport=udp"])
def test_what_is_too_long_goes_in_a_datagram_all_the_same_to_who_has_no_tcp_or_is_asked_for_by_udp(asked: str) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line(user="far") as udp, Line() as near:
            answering = asyncio.create_task(answer_all(udp))
            call = await near.place(udp.uri + asked, headers=LONG)
            assert (await end_of(call)).by == "us"
            there = f"127.0.0.1:{port_of(udp)}"
            assert call.attempts == [*([] if asked else [Attempt(f"tcp {there}", REFUSED)]), Attempt(f"udp {there}")]
            answering.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("headers", [{}, {"User-to-User": "a" * 300, "X-Test": "b"}])
def test_the_size_of_an_invite_is_not_underestimated(headers: dict[str, str]) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), refuser(486) as busy, Line() as near:
            target = SipUri.parse(f"sip:{'u' * 40}@127.0.0.1:{busy.port}")
            await end_of(await near.place(target, headers=headers, secret=Secret("user", "password")))
            (sent,) = busy.asked
            body = sent.partition(b"\r\n\r\n")[2]
            known = invite_size(target, body, Dialling(None, "", headers, None))
            assert len(sent) <= known < len(sent) + 500
            assert known < MOST_IN_A_DATAGRAM or headers

    asyncio.run(run())


def test_an_ipv6_target_from_an_ipv4_line() -> None:
    async def run() -> None:
        async with Line() as line:
            with pytest.raises(LineError) as failed:
                await line.place("sip:ivr@[::1]:5060")
            assert str(failed.value) == (
                'cannot call "sip:ivr@[::1]:5060": "::1" is an IPv6 address, and our own, "127.0.0.1", is an IPv4 one. '
                'call from an IPv6 address, such as "::1" on this machine'
            )

    asyncio.run(run())
