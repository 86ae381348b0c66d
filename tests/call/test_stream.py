"""Signalling over connections, on real sockets of this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ivrtest.call.stream import CLOSED, StreamPort
from ivrtest.call.tls import Tls
from ivrtest.call.unreachable import CLOSED_PORT
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.transport import Address
from tests.call.authority import Authority, expiry, fingerprint
from tests.call.conftest import ClosedPort

PATIENCE_S = 60.0
REQUEST = b"OPTIONS sip:far SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
RESPONSE = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"

Happening = tuple[str, Address, bytes | str]


class Station:
    """A port, and what it was told."""

    def __init__(self, tls: Tls | None = None) -> None:
        self._told: asyncio.Queue[Happening] = asyncio.Queue()
        self.port = StreamPort(
            "127.0.0.1",
            0,
            receive=lambda data, source: self._told.put_nowait(("received", source, data)),
            unreachable=lambda destination, problem: self._told.put_nowait(("unreachable", destination, problem)),
            closed=lambda peer, problem: self._told.put_nowait(("closed", peer, problem)),
            unreadable=self._unreadable,
            tls=tls,
        )
        self.address = self.port.local_address

    def _unreadable(self, source: Address, problem: SipSyntaxError) -> None:
        self._told.put_nowait(("unreadable", source, str(problem)))

    async def next(self) -> Happening:
        return await self._told.get()

    async def __aenter__(self) -> Station:
        await self.port.listen()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.port.close()


def run(act: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await act()

    asyncio.run(within())


def test_answers_come_back_over_the_connection_that_was_opened() -> None:
    async def act() -> None:
        async with Station() as near, Station() as far:
            near.port.send(REQUEST, far.address)
            near.port.send(REQUEST, far.address)
            # From the port where it listens, so that its address is the same in both directions.
            assert await far.next() == ("received", near.address, REQUEST)
            assert await far.next() == ("received", near.address, REQUEST)
            far.port.send(RESPONSE, near.address)
            assert await near.next() == ("received", far.address, RESPONSE)

    run(act)


def test_a_stranger_is_answered_where_its_connection_comes_from() -> None:
    async def act() -> None:
        async with Station() as far:
            reader, writer = await asyncio.open_connection(*far.address)
            writer.write(REQUEST[:20])
            await writer.drain()
            writer.write(REQUEST[20:])
            kind, source, data = await far.next()
            assert (kind, source, data) == ("received", writer.get_extra_info("sockname"), REQUEST)
            far.port.send(RESPONSE, source)
            assert await reader.readexactly(len(RESPONSE)) == RESPONSE
            writer.close()
            assert await far.next() == ("closed", source, CLOSED)

    run(act)


def test_a_keep_alive_is_answered() -> None:
    async def act() -> None:
        async with Station() as far:
            reader, writer = await asyncio.open_connection(*far.address)
            writer.write(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\r\n"
            writer.close()

    run(act)


def test_half_a_connection_is_none() -> None:
    async def act() -> None:
        async with Station() as far:
            reader, writer = await asyncio.open_connection(*far.address)
            writer.write(REQUEST)
            writer.write_eof()
            source = writer.get_extra_info("sockname")
            assert await far.next() == ("received", source, REQUEST)
            assert await far.next() == ("closed", source, CLOSED)
            assert await reader.read() == b""
            writer.close()

    run(act)


def test_what_cannot_be_cut_into_messages_ends_the_connection() -> None:
    async def act() -> None:
        async with Station() as far:
            reader, writer = await asyncio.open_connection(*far.address)
            writer.write(b"OPTIONS sip:far SIP/2.0\r\n\r\n")
            kind, _, problem = await far.next()
            assert kind == "unreadable"
            assert problem == 'message on a stream has no "Content-Length" header. without it its end cannot be known'
            assert await reader.read() == b""
            writer.close()

    run(act)


def test_a_port_where_nobody_listens_is_known_at_once(closed_port: ClosedPort) -> None:
    nowhere = ("127.0.0.1", closed_port(socket.SOCK_STREAM))

    async def act() -> None:
        async with Station() as near:
            near.port.send(REQUEST, nowhere)
            assert await near.next() == ("unreachable", nowhere, CLOSED_PORT)

    run(act)


def test_after_a_connection_has_ended_the_next_message_opens_another() -> None:
    async def act() -> None:
        async with Station() as near:
            async with Station() as far:
                port = far.address[1]
                near.port.send(REQUEST, far.address)
                await far.next()
            assert await near.next() == ("closed", far.address, f"{CLOSED} before it said anything. perhaps it speaks TLS there")
            server = await asyncio.start_server(echo, "127.0.0.1", port, reuse_address=True)
            near.port.send(REQUEST, far.address)
            assert await near.next() == ("received", far.address, REQUEST)
            server.close()

    run(act)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readexactly(len(REQUEST)))
    await reader.read()
    writer.close()


def test_a_port_that_somebody_has_cannot_be_had() -> None:
    async def act() -> None:
        async with Station() as far:
            with pytest.raises(OSError, match="Address already in use"):
                StreamPort(
                    *far.address,
                    receive=lambda data, source: None,
                    unreachable=lambda destination, problem: None,
                    closed=lambda peer, problem: None,
                    unreadable=lambda source, problem: None,
                )

    run(act)


async def problem_of(near_tls: Tls | None, far_tls: Tls | None, name: str = "127.0.0.1") -> str:
    """Send a message over TLS, without `near_tls` over TCP, and return what keeps it from arriving; an empty text when it arrives."""
    async with Station(near_tls) as near, Station(far_tls) as far:
        near.port.expect(far.address, name)
        near.port.send(REQUEST, far.address)
        told: asyncio.Queue[Happening] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(pass_on(near, told, "received")), group.create_task(pass_on(far, told, "unreachable", "closed"))]
            kind, address, problem = await told.get()
            for task in tasks:
                task.cancel()
        if kind == "received":
            return ""
        assert address == far.address
        assert isinstance(problem, str)
        return problem


async def pass_on(station: Station, into: asyncio.Queue[Happening], *but: str) -> None:
    while True:
        happening = await station.next()
        if happening[0] not in (*but, "unreadable"):
            into.put_nowait(happening)


def test_a_certificate_for_the_right_name_from_an_authority_we_trust(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    far = Tls(certificate=authority.certificate("127.0.0.1", "ivr.example.com"))
    near = Tls(ca=authority.file)
    for name in ("127.0.0.1", "ivr.example.com"):
        assert asyncio.run(problem_of(near, far, name)) == ""


@pytest.mark.parametrize(
    ("names", "days", "problem"),
    [
        (("127.0.0.1",), -1.0, 'the certificate of "127.0.0.1" expired on {expiry}. it needs a new one'),
        (
            ("ivr.example.com",),
            1.0,
            'the certificate of "127.0.0.1" is for "ivr.example.com". call it by such a name, or give its "fingerprint"',
        ),
    ],
)
def test_a_certificate_that_has_expired_or_is_for_another(tmp_path: Path, names: tuple[str, ...], days: float, problem: str) -> None:
    authority = Authority(tmp_path)
    certificate = authority.certificate(*names, days=days)
    assert asyncio.run(problem_of(Tls(ca=authority.file), Tls(certificate=certificate))) == problem.format(expiry=expiry(certificate))
    # Pinned, neither matters.
    assert asyncio.run(problem_of(Tls(fingerprint=fingerprint(certificate)), Tls(certificate=certificate))) == ""


def test_a_certificate_from_nobody_we_trust(tmp_path: Path) -> None:
    far = Tls(certificate=Authority(tmp_path).certificate("127.0.0.1"))
    assert asyncio.run(problem_of(Tls(), far)) == (
        'the certificate of "127.0.0.1" is signed by nobody we trust. '
        'give the certificate of who signed it as "ca", or its own "fingerprint"'
    )


def test_a_certificate_that_is_not_the_pinned_one(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, other = authority.certificate("127.0.0.1"), authority.certificate("other")
    assert asyncio.run(problem_of(Tls(ca=authority.file, fingerprint=fingerprint(other)), Tls(certificate=certificate))) == (
        f'its certificate has the fingerprint "{fingerprint(certificate)}", and "{fingerprint(other)}" is pinned'
    )


def test_a_server_that_asks_its_callers_for_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    far = Tls(ca=authority.file, certificate=authority.certificate("127.0.0.1"))
    assert asyncio.run(problem_of(Tls(ca=authority.file, certificate=authority.certificate("caller")), far)) == ""
    assert asyncio.run(problem_of(Tls(ca=authority.file), far)) == (
        "it closed the connection before it said anything. perhaps it wants a certificate of ours"
    )


def test_a_server_that_speaks_tls_where_we_do_not(tmp_path: Path) -> None:
    far = Tls(certificate=Authority(tmp_path).certificate("127.0.0.1"))
    assert asyncio.run(problem_of(None, far)) == "it closed the connection before it said anything. perhaps it speaks TLS there"


def test_a_server_that_does_not_speak_tls() -> None:
    assert asyncio.run(problem_of(Tls(), None)) == "it closed the connection as TLS began. perhaps it does not speak TLS there"
