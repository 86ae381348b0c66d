"""What a far side may do that our own line never does: holds, keys in INFO, early media, offers that come late or do not fit."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from ivrtest.call.call import Block, CallEvent, EarlyMedia, Ended, KeyHeard, Ringing, SessionChanged
from ivrtest.call.line import Line
from ivrtest.call.sip_call import SipCall
from ivrtest.call.udp import UdpPort
from ivrtest.sip import events as sip
from ivrtest.sip.agent import Agent
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri

PATIENCE_S = 60.0


def description(*lines: str) -> bytes:
    head = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0")
    return "".join(f"{line}\r\n" for line in (*head, *lines)).encode()


SOUND = description("m=audio 9 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")
HELD = description("m=audio 9 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=sendonly")
G729 = description("m=audio 9 RTP/AVP 18", "a=rtpmap:18 G729/8000")


class Peer:
    """A SIP agent on a socket that does what a test says, and takes no part in the sound."""

    def __init__(self) -> None:
        tokens = itertools.count()
        self.events: asyncio.Queue[sip.Event] = asyncio.Queue()
        self._udp = UdpPort("127.0.0.1", 0, receive=self._receive, unreachable=lambda destination, problem: None)
        self.agent = Agent(self._udp.local_address, token=lambda: f"peer{next(tokens)}", user="peer")
        self.uri = str(SipUri.of(*self._udp.local_address, user="peer"))

    @staticmethod
    def now() -> float:
        return asyncio.get_running_loop().time()

    def _receive(self, data: bytes, source: Address) -> None:
        self.agent.receive(data, source, self.now())
        self.flush()

    def flush(self) -> None:
        """Send what the agent has to send."""
        for data, destination in self.agent.datagrams():
            self._udp.send(data, destination)
        while (event := self.agent.next_event()) is not None:
            self.events.put_nowait(event)

    async def wait_for(self, kind: type[sip.Event]) -> sip.Event:
        """Return the next event of a kind."""
        while True:
            event = await self.events.get()
            if isinstance(event, kind):
                return event

    def close(self) -> None:
        self._udp.close()


Script = Callable[[Peer, Line], Awaitable[None]]


async def listen(call: SipCall, out: list[CallEvent]) -> None:
    async for item in call.stream():
        if not isinstance(item, Block):
            out.append(item)


def called_by_us(script: Script) -> list[CallEvent]:
    """Call a peer, which follows a script. Return the events of our call."""

    async def run() -> list[CallEvent]:
        events: list[CallEvent] = []
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            peer = Peer()
            async with asyncio.TaskGroup() as group:
                group.create_task(listen(await line.place(peer.uri), events))
                await script(peer, line)
            peer.close()
        return events

    return asyncio.run(run())


def calling_us(script: Script) -> list[CallEvent]:
    """Let a peer call us and follow a script; we answer at once. Return the events of our call, if it came to one."""

    async def run() -> list[CallEvent]:
        events: list[CallEvent] = []
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            calls, peer = line.incoming(), Peer()

            async def serve() -> None:
                call = await anext(calls)
                await call.answer()
                await listen(call, events)

            task = asyncio.create_task(serve())
            await script(peer, line)
            peer.close()
            await task
        return events

    return asyncio.run(run())


def kinds(events: list[CallEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_ringing_and_early_media_come_before_the_answer() -> None:
    async def script(peer: Peer, line: Line) -> None:
        handle = (await peer.wait_for(sip.IncomingCall)).handle
        peer.agent.ring(handle, peer.now())
        peer.agent.ring(handle, peer.now(), sdp=SOUND)
        peer.agent.answer(handle, SOUND, peer.now())
        peer.flush()
        await peer.wait_for(sip.Confirmed)
        peer.agent.bye(handle, peer.now(), cause='Q.850;cause=16;text="Normal call clearing"')
        peer.flush()
        await peer.wait_for(sip.Ended)

    events = called_by_us(script)
    assert kinds(events) == ["Ringing", "EarlyMedia", "Answered", "Ended"]
    assert isinstance(events[0], Ringing)
    assert events[0].status == 180
    assert isinstance(events[1], EarlyMedia)
    assert isinstance(events[-1], Ended)
    assert (events[-1].by, events[-1].reason) == ("them", 'Q.850;cause=16;text="Normal call clearing"')


def test_busy_is_a_refusal() -> None:
    async def script(peer: Peer, line: Line) -> None:
        handle = (await peer.wait_for(sip.IncomingCall)).handle
        peer.agent.reject(handle, 486, peer.now())
        peer.flush()

    (ended,) = called_by_us(script)
    assert isinstance(ended, Ended)
    assert (ended.by, ended.status, ended.reason) == ("refused", 486, "busy (486 Busy Here)")


def test_an_answer_that_has_no_sound_for_us_ends_the_call() -> None:
    async def script(peer: Peer, line: Line) -> None:
        handle = (await peer.wait_for(sip.IncomingCall)).handle
        peer.agent.answer(handle, G729, peer.now())
        peer.flush()
        ended = await peer.wait_for(sip.Ended)
        assert isinstance(ended, sip.Ended)
        assert ended.by is sip.Side.THEM

    (ended,) = called_by_us(script)
    assert isinstance(ended, Ended)
    assert ended.by == "lost"
    assert ended.reason == (
        "the call was answered, but without sound for us: no common codec: G729/8000 on the other side, PCMU/8000, PCMA/8000 on this side"
    )


def test_a_hold_and_its_end_are_answered() -> None:
    answers: list[bytes | None] = []

    async def script(peer: Peer, line: Line) -> None:
        handle = (await peer.wait_for(sip.IncomingCall)).handle
        peer.agent.answer(handle, SOUND, peer.now())
        peer.flush()
        await peer.wait_for(sip.Confirmed)
        for offer in (HELD, SOUND):
            peer.agent.reinvite(handle, offer, peer.now())
            peer.flush()
            changed = await peer.wait_for(sip.SessionChanged)
            assert isinstance(changed, sip.SessionChanged)
            answers.append(changed.sdp)
        peer.agent.bye(handle, peer.now())
        peer.flush()
        await peer.wait_for(sip.Ended)

    events = called_by_us(script)
    assert kinds(events) == ["Answered", "SessionChanged", "SessionChanged", "Ended"]
    changes = [(event.by, event.direction, event.status) for event in events if isinstance(event, SessionChanged)]
    assert changes == [("them", "recvonly", 200), ("them", "sendrecv", 200)]
    assert [b"a=recvonly" in (sdp or b"") for sdp in answers] == [True, False]


def test_a_change_that_does_not_fit_is_refused_and_the_call_goes_on() -> None:
    async def script(peer: Peer, line: Line) -> None:
        handle = (await peer.wait_for(sip.IncomingCall)).handle
        peer.agent.answer(handle, SOUND, peer.now())
        peer.flush()
        await peer.wait_for(sip.Confirmed)
        peer.agent.reinvite(handle, G729, peer.now())
        peer.flush()
        refused = await peer.wait_for(sip.SessionUnchanged)
        assert isinstance(refused, sip.SessionUnchanged)
        assert refused.status == 488
        peer.agent.bye(handle, peer.now())
        peer.flush()
        await peer.wait_for(sip.Ended)

    assert kinds(called_by_us(script)) == ["Answered", "Ended"]


@pytest.mark.parametrize(
    ("body", "key", "seconds"),
    [(b"Signal=5\r\nDuration=160\r\n", "5", 0.16), (b"Signal= #\r\n", "#", 0.1), (b"signal=d\nduration=90", "D", 0.09)],
)
def test_a_key_in_info_is_heard(body: bytes, key: str, seconds: float) -> None:
    async def script(peer: Peer, line: Line) -> None:
        handle = (await peer.wait_for(sip.IncomingCall)).handle
        peer.agent.answer(handle, SOUND, peer.now())
        peer.flush()
        await peer.wait_for(sip.Confirmed)
        peer.agent.info(handle, "application/dtmf-relay", body, peer.now())
        peer.agent.bye(handle, peer.now())
        peer.flush()
        await peer.wait_for(sip.Ended)

    _, heard, _ = called_by_us(script)
    assert isinstance(heard, KeyHeard)
    assert (heard.key, heard.seconds, heard.how) == (key, seconds, "info")


def test_a_caller_is_answered() -> None:
    async def script(peer: Peer, line: Line) -> None:
        handle = peer.agent.invite(SipUri.parse(line.uri), offer=SOUND, now=peer.now())
        peer.flush()
        await peer.wait_for(sip.Answered)
        peer.agent.bye(handle, peer.now())
        peer.flush()
        await peer.wait_for(sip.Ended)

    assert kinds(calling_us(script)) == ["Answered", "Ended"]


def test_a_caller_who_never_says_where_to_send_sound_to_is_let_go() -> None:
    async def script(peer: Peer, line: Line) -> None:
        handle = peer.agent.invite(SipUri.parse(line.uri), offer=None, now=peer.now())
        peer.flush()
        await peer.wait_for(sip.Answered)
        peer.agent.acknowledge(handle, None, peer.now())
        peer.flush()
        await peer.wait_for(sip.Ended)

    (ended,) = calling_us(script)
    assert isinstance(ended, Ended)
    assert (ended.by, ended.reason) == ("lost", "the caller's answer to our session description cannot be used: it has none")


def test_a_caller_whose_offer_does_not_fit_is_refused() -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            line.incoming()
            peer = Peer()
            peer.agent.invite(SipUri.parse(line.uri), offer=G729, now=peer.now())
            peer.flush()
            rejected = await peer.wait_for(sip.Rejected)
            assert isinstance(rejected, sip.Rejected)
            assert rejected.status == 488
            peer.close()

    asyncio.run(run())


def test_what_is_no_sip_is_kept_for_the_report() -> None:
    async def run() -> list[str]:
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            port = UdpPort("127.0.0.1", 0, receive=lambda data, source: done.set(), unreachable=lambda destination, problem: None)
            done = asyncio.Event()
            host, number = line.uri.rpartition("@")[2].split(":")
            port.send(b"INVITE nobody SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1\r\n\r\n", (host, int(number)))
            await done.wait()
            port.close()
            return [unreadable.problem for unreadable in line.unreadable]

    (problem,) = asyncio.run(run())
    assert problem == 'URI "nobody" must start with a scheme and a colon, such as "sip:"'
