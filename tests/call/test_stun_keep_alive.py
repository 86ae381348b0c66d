"""Ways through NATs kept open by STUN: asked, answered, and noticed when they change."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ivrtest.call import stun_keep_alive
from ivrtest.call.line import Line
from ivrtest.call.network import Network
from ivrtest.call.stun_keep_alive import SENT_AT_MOST, StunKeepAlive
from ivrtest.call.udp import UdpPort
from ivrtest.sip.message import Request, create_response, parse_message
from ivrtest.sip.stun import answer_to, binding_request, is_stun, mapped_address, transaction_of
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri

PATIENCE_S = 60.0
FAR: Address = ("192.0.2.9", 5060)


@pytest.mark.calls
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_line_answers_where_it_is_called(host: str) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        async with asyncio.timeout(PATIENCE_S), Line(host=host) as line:
            with socket.socket(family, socket.SOCK_DGRAM) as asker:
                asker.setblocking(False)
                asker.bind((host, 0))
                await loop.sock_sendto(asker, binding_request(b"0123456789ab"), (host, SipUri.parse(line.uri).port))
                answer = await loop.sock_recv(asker, 2048)
                assert (transaction_of(answer), mapped_address(answer)) == (b"0123456789ab", asker.getsockname()[:2])
            assert line.unreadable == ()

    asyncio.run(run())


class Registrar:
    """Takes every binding, and sees us at ports that its `sees` gives, one for each question."""

    def __init__(self, *sees: int) -> None:
        self.registers: asyncio.Queue[None] = asyncio.Queue()
        self._sees = list(sees)
        self._port = UdpPort("127.0.0.1", 0, receive=self._receive, unreachable=lambda destination, problem: None)
        # Its own answers would tell the truth.
        self._port._stun.take = self._asked  # type: ignore[method-assign]
        self.uri = str(SipUri.of(*self._port.local_address, user="1001"))

    def _asked(self, data: bytes, source: Address) -> bool:
        if not is_stun(data):
            return False
        port = self._sees.pop(0) if len(self._sees) > 1 else self._sees[0]
        answer = answer_to(data, ("203.0.113.7", port))
        assert answer is not None
        self._port.send(answer, source)
        return True

    def _receive(self, data: bytes, source: Address) -> None:
        request = parse_message(data)
        assert isinstance(request, Request)
        self.registers.put_nowait(None)
        contact = f"{request.text('Contact')};expires=600"
        self._port.send(bytes(create_response(request, 200, to_tag="r").with_added(("Contact", contact))), source)

    def close(self) -> None:
        self._port.close()


@pytest.mark.calls
def test_a_binding_is_made_anew_when_the_nat_has_changed() -> None:
    async def run() -> None:
        registrar = Registrar(1000, 1000, 2000)
        network = Network(keep_alive_s=0.02, keep_alive_by="stun")
        async with asyncio.timeout(PATIENCE_S), Line(network=network) as line:
            binding = await line.register(registrar.uri)
            await registrar.registers.get()
            await registrar.registers.get()
            assert binding.renewed == ["it saw us at 203.0.113.7:1000, and sees us at 203.0.113.7:2000 now"]
            assert binding.problem == ""
        registrar.close()

    asyncio.run(run())


class Way:
    """A keep-alive, and what it sends and tells."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.told: asyncio.Queue[tuple[Address, str]] = asyncio.Queue()
        self.keep_alive = StunKeepAlive(
            lambda data, destination: self.sent.append(data), lambda destination, how: self.told.put_nowait((destination, how))
        )

    def answer(self, seen: Address = ("203.0.113.7", 1000), source: Address = FAR) -> bool:
        answer = answer_to(self.sent[-1], seen)
        assert answer is not None
        return self.keep_alive.take(answer, source)


def test_one_that_stops_answering_is_told_and_one_that_never_did_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun_keep_alive, "FIRST_WAIT_S", 0.0005)

    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S):
            way = Way()
            way.keep_alive.ask(FAR)
            assert way.answer()
            way.keep_alive.ask(FAR)
            assert await way.told.get() == (FAR, "it does not answer keep-alives any more")
            # The first question, and the other one each time that it was asked; all are the same.
            assert (len(way.sent), len(set(way.sent))) == (1 + SENT_AT_MOST, 2)
            # From now on it is one of which nobody knows whether it ever answered.
            way.keep_alive.ask(FAR)
            way.keep_alive._given_up(FAR, way.keep_alive._ways[FAR])
            assert way.told.empty()
            way.keep_alive.close()

    asyncio.run(run())


def test_answers_of_strangers_and_to_other_questions_count_for_nothing() -> None:
    async def run() -> None:
        way = Way()
        way.keep_alive.ask(FAR)
        assert way.answer(("203.0.113.7", 1000), source=("192.0.2.66", 5060))
        assert way.keep_alive._ways[FAR].mapped is None
        way.keep_alive.ask(FAR)  # one is under way
        assert len(way.sent) == 1
        assert way.answer()
        assert not way.keep_alive.take(b"\r\n\r\n", FAR)
        way.keep_alive.ask(FAR)
        stale = answer_to(way.sent[0], ("203.0.113.7", 9))
        assert stale is not None
        way.keep_alive.take(stale, FAR)
        assert way.told.empty()
        way.keep_alive.close()

    asyncio.run(run())
