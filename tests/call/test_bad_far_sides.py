"""Far sides that are not there, not who they should be, or do what no far side should. Each ends in a precise reason, or does no harm."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from ivrtest.call.call import Answered, Block, CallEvent, Ended, KeyHeard, Samples
from ivrtest.call.line import Line
from ivrtest.call.permission import Permission
from ivrtest.call.sip_call import SipCall
from ivrtest.call.tls import Tls
from ivrtest.call.unreachable import NO_ROUTE
from ivrtest.sip import events as sip
from ivrtest.sip.transport import Address
from tests.call.authority import Authority, expiry, self_signed
from tests.call.far_side import FRAME, FarSide, Sound

pytestmark = pytest.mark.usefixtures("few_and_crowd")

PATIENCE_S = 60.0
ANYBODY = Permission(("sip:*@*",))
LOUD = np.full(FRAME, 8000, np.int16)
QUIET = np.full(FRAME, 1000, np.int16)


class Heard:
    """What a call brought."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.blocks: list[Block] = []

    @property
    def samples(self) -> Samples:
        return np.concatenate([block.samples for block in self.blocks]) if self.blocks else np.zeros(0, np.int16)

    @property
    def ended(self) -> Ended:
        last = self.events[-1]
        assert isinstance(last, Ended)
        return last

    async def listen(self, call: SipCall) -> None:
        async for item in call.stream():
            if isinstance(item, Block):
                # Nothing that comes moves the call's own clock.
                assert item.start == (self.blocks[-1].start + len(self.blocks[-1].samples) if self.blocks else 0)
                self.blocks.append(item)
            else:
                self.events.append(item)


async def fate_of(line: Line, target: str) -> Ended:
    heard = Heard()
    await heard.listen(await line.place(target))
    return heard.ended


def test_no_way_leads_to_an_address() -> None:
    """From 127.0.0.1 nothing leaves this machine."""

    async def run() -> list[Ended]:
        async with asyncio.timeout(PATIENCE_S), Line(permission=ANYBODY) as line:
            return [await fate_of(line, f"sip:ivr@192.0.2.1;transport={transport}") for transport in ("udp", "tcp")]

    for ended, transport in zip(asyncio.run(run()), ("udp", "tcp"), strict=True):
        assert (ended.by, ended.status, ended.reason) == (
            "lost",
            None,
            f'cannot reach "sip:ivr@192.0.2.1;transport={transport}" at {transport} 192.0.2.1:5060: {NO_ROUTE}',
        )


def tls_problem(line_tls: Callable[[Authority], Tls], certificate: Callable[[Authority, Path], Path], folder: Path) -> str:
    """Call over TLS; return why that cannot be."""
    authority = Authority(folder)

    async def run() -> str:
        far_tls = Tls(certificate=certificate(authority, folder))
        async with asyncio.timeout(PATIENCE_S), Line(transport="tls", tls=far_tls) as far, Line(tls=line_tls(authority)) as near:
            ended = await fate_of(near, far.uri)
            assert (ended.by, ended.status) == ("lost", None)
            assert far.unreadable == ()
            return ended.reason.removeprefix(f'cannot reach "{far.uri}": ')

    return asyncio.run(run())


def trusting(authority: Authority) -> Tls:
    return Tls(ca=authority.file)


@pytest.mark.parametrize(
    ("tls", "certificate", "problem"),
    [
        (
            trusting,
            lambda authority, _: authority.certificate("127.0.0.1", days=-1),
            'the certificate of "127.0.0.1" expired on {expiry}. it needs a new one',
        ),
        (
            trusting,
            lambda authority, _: authority.certificate("ivr.example.com"),
            'the certificate of "127.0.0.1" is for "ivr.example.com". call it by such a name, or give its "fingerprint"',
        ),
        (
            trusting,
            lambda _, folder: self_signed(folder),
            'the certificate of "127.0.0.1" is signed by itself. give it as "ca", or its "fingerprint"',
        ),
        (
            lambda _: Tls(),
            lambda authority, _: authority.certificate("127.0.0.1"),
            (
                'the certificate of "127.0.0.1" is signed by nobody we trust. give the certificate of who signed it as "ca", '
                'or its own "fingerprint"'
            ),
        ),
    ],
    ids=["expired", "wrong name", "self-signed", "unknown authority"],
)
def test_a_certificate_that_proves_nothing(
    tls: Callable[[Authority], Tls], certificate: Callable[[Authority, Path], Path], problem: str, tmp_path: Path
) -> None:
    shown: list[Path] = []

    def made(authority: Authority, folder: Path) -> Path:
        shown.append(certificate(authority, folder))
        return shown[0]

    assert tls_problem(tls, made, tmp_path) == problem.format(expiry=expiry(shown[0]) if shown else "")


def test_tls_that_is_refused() -> None:
    """Somebody is there, who speaks no TLS: closes the connection, or talks something else."""

    async def run(say: bytes) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(say)
            writer.close()

        async with asyncio.timeout(PATIENCE_S), Line() as line:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            target = f"sips:ivr@127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ended = await fate_of(line, target)
            server.close()
            assert ended.by == "lost"
            return ended.reason.removeprefix(f'cannot reach "{target}": ')

    assert asyncio.run(run(b"")) == "it closed the connection as TLS began. perhaps it does not speak TLS there"
    assert asyncio.run(run(b"SIP/2.0 400 Bad Request\r\n\r\n")) == "it does not speak TLS there"


def test_no_codec_in_common() -> None:
    """One answers with what we did not offer. It is told that the call is over."""

    async def run() -> Ended:
        async with (
            asyncio.timeout(PATIENCE_S),
            FarSide(media="m=audio {port} RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n") as far,
            Line() as line,
        ):
            ended = await fate_of(line, far.uri)
            assert (await far.next(sip.Ended)).by is sip.Side.THEM
            return ended

    ended = asyncio.run(run())
    assert ended.by == "lost"
    assert ended.reason.startswith("the call was answered, but without sound for us: ")


def test_a_change_that_is_accepted_without_a_word_on_the_sound() -> None:
    """RFC 3261 section 14.2 wants an answer in the 2xx. Without it nobody knows whether the line is held."""

    async def run() -> Ended:
        async with asyncio.timeout(PATIENCE_S), FarSide(answers=False) as far, Line() as line:
            now = asyncio.get_running_loop().time
            heard = Heard()
            call = await line.place(far.uri)
            async with asyncio.TaskGroup() as group:
                group.create_task(heard.listen(call))
                far.agent.answer((await far.next(sip.IncomingCall)).handle, far.description(), now())
                far.flush()
                await far.next(sip.Confirmed)
                await call.hold()
                far.agent.answer((await far.next(sip.SessionOffered)).handle, None, now())
                far.flush()
                assert (await far.next(sip.Ended)).by is sip.Side.THEM
            return heard.ended

    ended = asyncio.run(run())
    assert (ended.by, ended.reason) == ("lost", "the answer to our change of the session cannot be used: it has no session description")


@pytest.mark.parametrize(("status", "reason"), [(488, "Not Acceptable Here"), (606, "Not Acceptable")])
def test_no_codec_that_the_far_side_would_take(status: int, reason: str) -> None:
    async def run() -> Ended:
        async with asyncio.timeout(PATIENCE_S), FarSide(answers=False) as far, Line() as line:
            heard = Heard()
            async with asyncio.TaskGroup() as group:
                group.create_task(heard.listen(await line.place(far.uri)))
                far.agent.reject((await far.next(sip.IncomingCall)).handle, status, asyncio.get_running_loop().time())
                far.flush()
            return heard.ended

    ended = asyncio.run(run())
    text = f"no common codec ({status} {reason}). we offered PCMU, PCMA, without SRTP"
    assert (ended.by, ended.status, ended.reason) == ("refused", status, text)


Act = Callable[[FarSide, SipCall, Address, str], Awaitable[None]]


def talking(act: Act) -> tuple[Heard, SipCall]:
    """Hold a call while the far side acts: it knows where our sound is received, and its handle for the call. It hangs up after that."""
    heard = Heard()

    async def run() -> SipCall:
        async with asyncio.timeout(PATIENCE_S), FarSide() as far, Line() as line:
            call = await line.place(far.uri)
            listening = asyncio.create_task(heard.listen(call))
            came = await far.next(sip.IncomingCall)
            await far.next(sip.Confirmed)
            await act(far, call, far.their_address(), came.handle)
            far.bye(came.handle)
            await listening
            assert heard.ended.by == "them"
            return call

    return heard, asyncio.run(run())


async def speak(sound: Sound, to: Address, samples: Samples, frames: int) -> None:
    """Send frames at their pace."""
    began = asyncio.get_running_loop().time()
    for number in range(frames):
        sound.send(to, samples)
        await asyncio.sleep(max(0.0, began + 0.02 * (number + 1) - asyncio.get_running_loop().time()))


def level(samples: Samples) -> set[int]:
    """Return which of the sounds of these tests are heard."""
    return {name for name in (8000, 1000) if np.count_nonzero(np.abs(samples.astype(int) - name) < 200) >= FRAME}


def test_a_far_side_that_moves_is_followed_when_it_says_so() -> None:
    async def act(far: FarSide, call: SipCall, to: Address, handle: str) -> None:
        elsewhere = Sound(ssrc=2)
        await speak(far.sound, to, LOUD, 15)
        far.reinvite(handle, elsewhere)
        await far.next(sip.SessionChanged)
        # Ours goes where it says ...
        await elsewhere.received()
        # ... and its own is heard from there.
        await speak(elsewhere, to, QUIET, 25)
        far.sound.drain()
        await elsewhere.received()
        assert far.sound.drain() == 0
        elsewhere.close()

    heard, call = talking(act)
    assert level(heard.samples) == {8000, 1000}
    assert call.stats().strangers == 0


def test_sound_from_a_stranger_is_not_heard_and_moves_nothing() -> None:
    async def act(far: FarSide, call: SipCall, to: Address, handle: str) -> None:
        stranger = Sound(ssrc=far.sound.ssrc)
        async with asyncio.TaskGroup() as group:
            group.create_task(speak(far.sound, to, QUIET, 30))
            group.create_task(speak(stranger, to, LOUD, 30))
        for duration in (160, 320, 480):
            stranger.key(to, "9", duration, end=duration == 480)
        assert stranger.drain() == 0
        # Ours goes to the far side all the while.
        for _ in range(10):
            await far.sound.received()
        stranger.close()

    heard, call = talking(act)
    # The stranger may be heard until the far side itself is: behind a NAT it could be it.
    samples = heard.samples
    assert level(samples) == {1000}
    assert not [event for event in heard.events if isinstance(event, KeyHeard)]
    assert call.stats().strangers >= 32


def test_a_thousand_packets_a_second() -> None:
    """Twenty times what was agreed on, for two seconds. The call's clock stays right, and the next call on the line is not late."""

    async def act(far: FarSide, call: SipCall, to: Address, handle: str) -> None:
        began = asyncio.get_running_loop().time()
        for number in range(2000):
            far.sound.send(to, LOUD)
            if number % 10 == 9:
                await asyncio.sleep(max(0.0, began + 0.001 * (number + 1) - asyncio.get_running_loop().time()))
        far.sound.timestamp += 8000
        for duration in (160, 320, 480, 640, 800):
            far.sound.key(to, "7", duration, end=duration >= 800)
            # Where too much came for the system's buffer, the next one finds room.
            await asyncio.sleep(0.05)

    began = time.monotonic()
    heard, call = talking(act)
    took = time.monotonic() - began
    assert len(heard.samples) / 8000 < took + 0.5
    assert len(heard.samples) / 8000 > 1.9
    assert [event.key for event in heard.events if isinstance(event, KeyHeard)] == ["7"]
    assert call.stats().received > 1000


def test_a_key_that_never_ends() -> None:
    sent: list[float] = []

    async def act(far: FarSide, call: SipCall, to: Address, handle: str) -> None:
        began = asyncio.get_running_loop().time()
        for number in range(100):
            far.sound.key(to, "5", 160 * (number + 1))
            sent.append(asyncio.get_running_loop().time())
            await asyncio.sleep(max(0.0, began + 0.02 * (number + 1) - asyncio.get_running_loop().time()))
        # It stops, and the end never comes. Then it talks.
        far.sound.timestamp += 160 * 110
        await speak(far.sound, to, QUIET, 40)

    heard, _ = talking(act)
    (key,) = [event for event in heard.events if isinstance(event, KeyHeard)]
    assert (key.key, key.how) == ("5", "rfc4733")
    # Where this machine stood still for as long as a key may go unheard of, it was over then.
    if max(later - earlier for earlier, later in itertools.pairwise(sent)) < 0.15:
        assert key.seconds == pytest.approx(2.0)
    assert 0.0 < key.seconds <= 2.0
    assert level(heard.samples) == {1000}


def test_a_key_of_a_far_side_that_hangs_up_on_it() -> None:
    async def act(far: FarSide, call: SipCall, to: Address, handle: str) -> None:
        await speak(far.sound, to, QUIET, 3)
        for number in range(5):
            far.sound.key(to, "5", 160 * (number + 1))

    heard, _ = talking(act)
    assert [type(event) for event in heard.events if not isinstance(event, KeyHeard)] == [Answered, Ended]
