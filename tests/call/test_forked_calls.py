"""A call that a proxy hands to two devices at once: early media of both, both answer, and one is kept (RFC 3261 section 13.2.2.4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from ivrtest.call.call import Answered, EarlyMedia, Ended
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.call.udp import UdpPort
from ivrtest.sip import events as sip
from ivrtest.sip.headers import Via
from ivrtest.sip.message import Request, parse_message
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri
from tests.call.ear import Ear
from tests.call.far_side import FarSide

PATIENCE_S = 60.0
LOUD, SOFT = 8031, 2015
"""Samples that mu-law leaves as they are, nearly."""


class Fork:
    """A proxy that sends an INVITE to everybody, their responses back, and stays out of the way then."""

    def __init__(self, devices: list[FarSide]) -> None:
        self._port = UdpPort("127.0.0.1", 0, receive=self._receive, unreachable=lambda destination, problem: None)
        self._devices = [SipUri.parse(device.uri) for device in devices]
        self._caller: Address | None = None
        self.uri = str(SipUri.of(*self._port.local_address, user="far"))

    def _receive(self, data: bytes, source: Address) -> None:
        message = parse_message(data)
        if isinstance(message, Request):
            self._caller = source
            for number, device in enumerate(self._devices):
                assert device.port is not None
                via = Via.of("UDP", *self._port.local_address, branch=f"z9hG4bKfork{number}{message.need(Via).branch}")
                head, end, rest = bytes(message).partition(b"\r\n")
                self._port.send(head + end + f"Via: {via}\r\n".encode() + rest, ("127.0.0.1", device.port))
        elif self._caller is not None:
            lines = data.split(b"\r\n")
            own = next(index for index, line in enumerate(lines) if line.startswith(b"Via:"))
            self._port.send(b"\r\n".join(lines[:own] + lines[own + 1 :]), self._caller)

    def close(self) -> None:
        self._port.close()


class SampleEar(Ear):
    """Hears one sample, over and over."""

    async def hears(self, sample: int) -> None:
        """Wait until this is heard, from now on, and nothing else for a tenth of a second."""
        after = len(self.blocks)

        def only() -> bool:
            heard = np.concatenate([np.zeros(0, np.int16), *(block.samples for block in self.blocks[after:])])[-800:]
            return len(heard) == 800 and bool((abs(heard - sample) < 200).all())

        await self.when(only)


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def speaking(device: FarSide, sample: int) -> AsyncIterator[None]:
    """Let a device send one sample over and over."""

    async def speak() -> None:
        due = now()
        while True:
            device.sound.send(device.their_address(), np.full(160, sample, np.int16))
            due += 0.02
            await asyncio.sleep(max(0.0, due - now()))

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()


async def is_spoken_to(device: FarSide) -> None:
    """Wait for sound to come to a device."""
    device.sound.drain()
    await device.sound.received()


Script = Callable[[FarSide, FarSide, str, SipCall, SampleEar], Awaitable[None]]


def forked(script: Script) -> SampleEar:
    async def run() -> SampleEar:
        ear = SampleEar()
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(answers=False) as first, FarSide(answers=False) as second:
            fork = Fork([first, second])
            second.sound.ssrc = 2
            try:
                call = await line.place(fork.uri)
                async with asyncio.TaskGroup() as group:
                    group.create_task(ear.listen(call))
                    handle = (await first.next(sip.IncomingCall)).handle
                    assert (await second.next(sip.IncomingCall)).handle == handle
                    await script(first, second, handle, call, ear)
            finally:
                fork.close()
        return ear

    return asyncio.run(run())


async def ring(device: FarSide, handle: str) -> None:
    """Let a device send early media, reliably, and wait for the PRACK of its own dialog."""
    device.agent.ring(handle, now(), sdp=device.description())
    device.flush()
    await device.next(sip.ProgressAcknowledged)


async def answer(device: FarSide, handle: str, *, described: bool) -> None:
    device.agent.answer(handle, device.description() if described else None, now())
    device.flush()


@pytest.mark.parametrize("described", [True, False], ids=["with a description", "without one"])
@pytest.mark.parametrize("winner", [0, 1])
def test_who_speaks_early_last_is_heard_and_then_who_answers_first(winner: int, described: bool) -> None:
    async def script(first: FarSide, second: FarSide, handle: str, call: SipCall, ear: SampleEar) -> None:
        devices = (first, second)
        async with speaking(first, LOUD), speaking(second, SOFT):
            await ring(first, handle)
            await ear.hears(LOUD)
            await is_spoken_to(first)
            await ring(second, handle)
            await ear.hears(SOFT)
            await is_spoken_to(second)
            await answer(devices[winner], handle, described=described)
            await devices[winner].next(sip.Confirmed)
            await ear.until(Answered)
            await ear.hears((LOUD, SOFT)[winner])
            await is_spoken_to(devices[winner])
            # The other one answers, too: it is acknowledged, and told goodbye at once.
            loser = devices[1 - winner]
            await answer(loser, handle, described=described)
            await loser.next(sip.Confirmed)
            assert (await loser.next(sip.Ended)).by is sip.Side.THEM
            await ear.hears((LOUD, SOFT)[winner])
            await call.hang_up()
            assert (await devices[winner].next(sip.Ended)).by is sip.Side.THEM

    ear = forked(script)
    assert [type(event) for event in ear.events] == [EarlyMedia, Answered, Ended]


def test_both_answer_at_the_same_moment() -> None:
    async def script(first: FarSide, second: FarSide, handle: str, call: SipCall, ear: SampleEar) -> None:
        await answer(first, handle, described=True)
        await answer(second, handle, described=True)
        await first.next(sip.Confirmed)
        await second.next(sip.Confirmed)
        assert (await second.next(sip.Ended)).by is sip.Side.THEM
        await is_spoken_to(first)
        await call.hang_up()
        await first.next(sip.Ended)

    ear = forked(script)
    assert [type(event) for event in ear.events] == [Answered, Ended]


def test_one_answers_after_the_call_is_over() -> None:
    async def script(first: FarSide, second: FarSide, handle: str, call: SipCall, ear: SampleEar) -> None:
        await answer(first, handle, described=True)
        await ear.until(Answered)
        await call.hang_up()
        await first.next(sip.Ended)
        await answer(second, handle, described=True)
        await second.next(sip.Confirmed)
        assert (await second.next(sip.Ended)).by is sip.Side.THEM

    ear = forked(script)
    assert [type(event) for event in ear.events] == [Answered, Ended]
