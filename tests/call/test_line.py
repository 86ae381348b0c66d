"""Calls between two lines of this machine, over real sockets."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.call.call import (
    Answered,
    Block,
    CallEvent,
    Ended,
    KeyHeard,
    KeySent,
    PlaybackEnded,
    Samples,
    TransferAsked,
    TransferFinished,
)
from ivrtest.call.line import Line, LineError
from ivrtest.call.network import Network
from ivrtest.call.permission import LOOPBACK, DialRefused, Permission
from ivrtest.call.sip_call import SipCall
from tests.call.conftest import ClosedPort
from tests.call.zone import name_server

PATIENCE_S = 60.0
"""No test waits longer than this for something that has to come."""

Act = Callable[[SipCall, CallEvent], Awaitable[None]]


def noise(length: int) -> Samples:
    return np.random.default_rng(7).integers(-9000, 9000, length, dtype=np.int16)


async def answer(call: SipCall) -> None:
    await call.answer()


async def decline(call: SipCall) -> None:
    await call.hang_up()


async def nothing(call: SipCall, event: CallEvent) -> None:
    """Do nothing."""


class Side:
    """What one end of a call got."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self.events: list[CallEvent] = []
        self.blocks: list[Block] = []

    async def listen(self, call: SipCall) -> None:
        async for item in call.stream():
            if isinstance(item, Block):
                self.blocks.append(item)
            else:
                self.events.append(item)
                await self._act(call, item)

    @property
    def audio(self) -> Samples:
        return np.concatenate([block.samples for block in self.blocks])

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


@asynccontextmanager
async def two_lines() -> AsyncIterator[tuple[Line, Line]]:
    async with Line(user="near") as near, Line(user="far") as far:
        yield near, far


def converse(near_act: Act = nothing, far_act: Act = nothing, begin: Callable[[SipCall], Awaitable[None]] = answer) -> tuple[Side, Side]:
    """Hold a call between two lines; `begin` is what the far one does at first."""

    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), two_lines() as (near_line, far_line), asyncio.TaskGroup() as group:
            calls = far_line.incoming()

            async def serve() -> None:
                call = await anext(calls)
                await begin(call)
                await far.listen(call)

            group.create_task(serve())
            group.create_task(near.listen(await near_line.place(far_line.uri, caller="+15550100")))

    near, far = Side(near_act), Side(far_act)
    asyncio.run(run())
    return near, far


def when(kind: type, act: Callable[[SipCall], Awaitable[None]]) -> Act:
    """Act at each event of a kind."""

    async def react(call: SipCall, event: CallEvent) -> None:
        if isinstance(event, kind):
            await act(call)

    return react


def test_what_is_played_arrives_sample_by_sample() -> None:
    samples = noise(8000)

    async def play(call: SipCall) -> None:
        call.play(samples)

    async def far_act(call: SipCall, event: CallEvent) -> None:
        if isinstance(event, Answered):
            await play(call)
        if isinstance(event, PlaybackEnded):
            await call.hang_up()

    near, far = converse(far_act=far_act)
    expected = ulaw_decode(ulaw_encode(samples))
    first = int(np.flatnonzero(near.audio)[0]) - int(np.flatnonzero(expected)[0])
    assert np.array_equal(near.audio[first : first + len(expected)], expected)
    assert near.kinds() == ["Answered", "Ended"]
    assert far.kinds() == ["Answered", "PlaybackEnded", "Ended"]
    assert isinstance(near.events[-1], Ended)
    assert near.events[-1].by == "them"


def test_keys_arrive_and_either_side_may_hang_up() -> None:
    async def near_act(call: SipCall, event: CallEvent) -> None:
        if isinstance(event, Answered):
            await call.press("2#")
        if isinstance(event, KeySent) and event.key == "#":
            await call.hang_up()

    near, far = converse(near_act)
    assert [event.key for event in near.events if isinstance(event, KeySent)] == ["2", "#"]
    assert [(event.key, event.how) for event in far.events if isinstance(event, KeyHeard)] == [("2", "rfc4733"), ("#", "rfc4733")]
    assert [event.by for event in (*near.events, *far.events) if isinstance(event, Ended)] == ["us", "them"]


def transferring(to: str) -> Act:
    """Ask for a transfer when the call is answered, and hang up when its end is known."""

    async def act(call: SipCall, event: CallEvent) -> None:
        if isinstance(event, Answered):
            await call.transfer(to)
        if isinstance(event, TransferFinished):
            await call.hang_up()

    return act


@pytest.mark.parametrize(
    ("to", "asked"),
    [("+15550111", "tel:+15550111"), ("sip:sales@pbx.example.com;transport=tcp", "sip:sales@pbx.example.com;transport=tcp")],
)
def test_a_transfer_is_accepted_and_not_followed(to: str, asked: str) -> None:
    near, far = converse(far_act=transferring(to))
    assert [event.to for event in near.events if isinstance(event, TransferAsked)] == [asked]
    assert [event.status for event in far.events if isinstance(event, TransferFinished)] == [200]


def test_a_transfer_to_what_is_no_address_fails_at_once() -> None:
    near, far = converse(far_act=transferring("the sales desk"))
    assert near.kinds() == ["Answered", "Ended"]
    assert [event.status for event in far.events if isinstance(event, TransferFinished)] == [400]


@pytest.mark.parametrize("to", ["911", "+19005550100", "sip:112@127.0.0.1", "urn:service:sos.fire"])
def test_nobody_is_asked_to_call_what_is_never_called(to: str) -> None:
    near, far = converse(far_act=transferring(to))
    assert near.kinds() == ["Answered", "Ended"]
    assert [event.status for event in far.events if isinstance(event, TransferFinished)] == [403]


def test_a_call_that_is_declined() -> None:
    near, far = converse(begin=decline)
    assert [(event.by, event.status, event.reason) for event in near.events if isinstance(event, Ended)] == [
        ("refused", 603, "rejected (603 Decline)")
    ]
    assert [(event.by, event.status, event.reason) for event in far.events if isinstance(event, Ended)] == [("us", 603, "declined")]


async def fate_of(line: Line, target: str, act: Callable[[SipCall], Awaitable[None]] | None = None, ring_s: float = 60.0) -> Ended:
    """Place a call and return how it ended."""
    call = await line.place(target, ring_s=ring_s)
    if act is not None:
        await act(call)
    side = Side(nothing)
    await side.listen(call)
    ended = side.events[-1]
    assert isinstance(ended, Ended)
    return ended


def test_a_call_that_nobody_takes() -> None:
    async def run() -> Ended:
        async with asyncio.timeout(PATIENCE_S), two_lines() as (near, far):
            return await fate_of(near, far.uri)

    ended = asyncio.run(run())
    assert (ended.by, ended.status, ended.reason) == ("refused", 480, "temporarily unavailable (480 Temporarily Unavailable)")


def test_a_call_that_is_cancelled() -> None:
    async def run() -> tuple[Ended, Ended]:
        async with asyncio.timeout(PATIENCE_S), two_lines() as (near, far):
            calls = far.incoming()
            placed = await near.place(far.uri)
            came = await anext(calls)
            await placed.hang_up()
            sides = Side(nothing), Side(nothing)
            await sides[0].listen(placed)
            await sides[1].listen(came)
        ends = [side.events[-1] for side in sides]
        assert isinstance(ends[0], Ended)
        assert isinstance(ends[1], Ended)
        return ends[0], ends[1]

    near, far = asyncio.run(run())
    assert (near.by, near.status, near.reason) == ("us", 487, "cancelled")
    assert (far.by, far.status, far.reason) == ("them", 487, "cancelled")


def test_a_call_that_rings_too_long_is_given_up() -> None:
    async def run() -> Ended:
        async with asyncio.timeout(PATIENCE_S), two_lines() as (near, far):
            far.incoming()
            return await fate_of(near, far.uri, ring_s=2.0)

    ended = asyncio.run(run())
    assert (ended.by, ended.status, ended.reason) == ("no-answer", None, "it did not ring within 2 s: only 100 came")


def test_a_port_where_nobody_listens_is_known_at_once(closed_port: ClosedPort) -> None:
    target = f"sip:ivr@127.0.0.1:{closed_port()}"

    async def run() -> Ended:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            return await fate_of(line, target)

    ended = asyncio.run(run())
    assert (ended.by, ended.status) == ("lost", None)
    assert ended.reason == f'cannot reach "{target}": nobody listens there: the port is closed'


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            "sip:ivr@192.0.2.1",
            'calling "sip:ivr@192.0.2.1" is refused: it is not among the allowed targets. allowed: '
            + ", ".join(f'"{pattern}"' for pattern in LOOPBACK),
        ),
        ("sip:911@127.0.0.1", 'calling "sip:911@127.0.0.1" is refused: "911" is an emergency number, which is never called'),
    ],
)
def test_what_may_not_be_called_is_not_called(target: str, message: str) -> None:
    async def run() -> None:
        async with Line(capture=True) as line:
            await line.place(target)

    with pytest.raises(DialRefused) as refused:
        asyncio.run(run())
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            "127.0.0.1:5060",
            'target "127.0.0.1:5060" cannot be used: URI "127.0.0.1:5060" must start with a scheme and a colon, such as "sip:"',
        ),
        (
            "tel:+18005550100",
            'cannot call "tel:+18005550100": only SIP addresses can be called. write it like "sip:+18005550100@pbx.example.com"',
        ),
        (
            "sip:ivr@127.0.0.1;transport=sctp",
            'cannot call "sip:ivr@127.0.0.1;transport=sctp": the transport "sctp" is not known. known are "udp", "tcp", "tls"',
        ),
    ],
)
def test_what_cannot_be_called(target: str, message: str) -> None:
    async def run() -> None:
        async with Line(permission=Permission(("sip:*@*", "sips:*@*", "tel:*"))) as line:
            await line.place(target)

    with pytest.raises(LineError) as failed:
        asyncio.run(run())
    assert str(failed.value) == message


def test_a_host_that_nobody_knows() -> None:
    async def run() -> None:
        async with (
            asyncio.timeout(PATIENCE_S),
            name_server("lab.test", "") as server,
            Line(network=Network(server.address), permission=Permission(("sip:*@*",))) as line,
        ):
            await line.place("sip:ivr@no-such-host.lab.test")

    with pytest.raises(LineError) as failed:
        asyncio.run(run())
    assert str(failed.value) == (
        'cannot call "sip:ivr@no-such-host.lab.test": the host "no-such-host.lab.test" is not known: '
        "nobody gives an address for it. check its name"
    )


def test_an_address_that_is_taken() -> None:
    async def run() -> None:
        async with Line() as line:
            port = int(line.uri.rpartition(":")[2])
            with pytest.raises(LineError) as failed:
                await Line(port=port).__aenter__()
            assert str(failed.value) == f'cannot open a line at "127.0.0.1:{port}": somebody else listens there. give another host or port'

    asyncio.run(run())


def test_leaving_a_line_hangs_up() -> None:
    async def run() -> list[str]:
        async with asyncio.timeout(PATIENCE_S), Line() as far:
            calls = far.incoming()
            async with Line() as near:
                placed = await near.place(far.uri)
                came = await anext(calls)
                await came.answer()
                async for item in placed.stream():
                    if isinstance(item, Answered):
                        break
            side = Side(nothing)
            await side.listen(came)
            return side.kinds()

    assert asyncio.run(run()) == ["Answered", "Ended"]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed: it reads the capture")
def test_the_capture_shows_signalling_sound_and_keys_but_no_secret(tmp_path: Path) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line(capture=True) as near, Line() as far, asyncio.TaskGroup() as group:
            calls = far.incoming()

            async def serve() -> None:
                call = await anext(calls)
                await call.answer()
                await Side(nothing).listen(call)

            async def act(call: SipCall, event: CallEvent) -> None:
                if isinstance(event, Answered):
                    await call.press("5")
                    await call.press("7", secret=True)
                if isinstance(event, KeySent) and event.key == "7":
                    await call.hang_up()

            group.create_task(serve())
            call = await near.place(far.uri)
            await Side(act).listen(call)
            assert call.capture is not None
            captures.append(call)

        captures[0].capture.write(path)  # type: ignore[union-attr]  # checked above

    captures: list[SipCall] = []
    path = tmp_path / "call.pcap"
    asyncio.run(run())
    assert tshark(path, "sip.Method", "sip.Method") == ["INVITE", "ACK", "BYE"]
    assert tshark(path, "sip.Status-Code", "sip.Status-Code") == ["100", "200", "200"]
    assert set(tshark(path, "rtpevent.event_id", "rtpevent.event_id")) == {"5", "255"}
    assert len(tshark(path, "rtp && !rtpevent", "rtp.seq")) > 5


def tshark(path: Path, wanted: str, field: str) -> list[str]:
    """Return a field of all packets that a display filter lets through."""
    command = ["tshark", "-r", str(path), "-o", "rtp.heuristic_rtp:TRUE", "-Y", wanted, "-T", "fields", "-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return done.stdout.split()
