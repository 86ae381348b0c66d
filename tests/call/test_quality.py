"""How good calls over real sockets are found to be, where it is known how good they are."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from ivrtest.audio.murmur import murmur
from ivrtest.audio.pcm import gain
from ivrtest.call.call import Answered, Block, PlaybackEnded, Samples
from ivrtest.call.impairment import Impairment
from ivrtest.call.line import Line
from ivrtest.call.quality import CallQuality
from ivrtest.call.sip_call import SipCall
from ivrtest.rtp.rating import Rating

PATIENCE_S = 60.0
SECONDS = 3.0
BLOCK_S = 0.04


async def say(call: SipCall, samples: Samples) -> None:
    """Answer, say something, and hang up when it is said."""
    await call.answer()
    async for item in call.stream():
        if isinstance(item, Answered):
            call.play(samples)
        if isinstance(item, PlaybackEnded):
            await call.hang_up()


async def echo(call: SipCall, loss_db: float) -> None:
    """Answer, and send back all that comes, quieter."""
    await call.answer()
    async for item in call.stream():
        if isinstance(item, Block) and np.any(item.samples):
            call.play(gain(item.samples, -loss_db))


async def quality(far: str, *, impairment: Impairment | None = None, ours: Samples | None = None) -> CallQuality:
    """Place a call to somebody of a kind, and return its quality when it is over."""
    async with asyncio.timeout(PATIENCE_S), Line() as here, Line() as there:
        incoming = there.incoming()

        async def take() -> None:
            call = await anext(incoming)
            call.impair(impairment)
            await (say(call, murmur(SECONDS)) if far == "speaks" else echo(call, 12))

        taking = asyncio.create_task(take())
        call = await here.place(there.uri)
        async for item in call.stream():
            if isinstance(item, Answered) and ours is not None:
                call.play(ours)
            if isinstance(item, PlaybackEnded):
                await call.hang_up()
        await taking
        return call.quality()


def test_a_good_line() -> None:
    found = asyncio.run(quality("speaks"))
    assert (found.codec, found.one_way, found.stream.lost) == ("PCMU", "", 0)
    assert isinstance(found.rating, Rating)
    # Where this machine stood still packets are late, and then it was no good line.
    assert found.late < SECONDS * 50 / 2
    if found.late == 0:
        assert found.rating.mos == pytest.approx(4.41, abs=0.01)
    assert found.stream.frame_ms == pytest.approx(20)
    assert found.stream.received == pytest.approx(SECONDS * 50, abs=25)
    assert found.first_s is not None
    assert found.heard.clipped == 0
    assert found.heard.active_dbov == pytest.approx(20 * np.log10(np.sqrt(np.mean((murmur(SECONDS) / 32768.0) ** 2))), abs=2)
    assert found.echo is None


def test_losses_are_counted_and_cost_quality() -> None:
    found = asyncio.run(quality("speaks", impairment=Impairment(loss=0.2, burst=3, seed=3)))
    assert 0.05 < found.stream.loss < 0.4
    assert found.stream.bursts.count > 0
    assert found.stream.bursts.longest_run > 1
    assert isinstance(found.rating, Rating)
    assert found.rating.mos < 4


def test_echo_of_our_own_voice_is_found() -> None:
    found = asyncio.run(quality("echoes", ours=murmur(SECONDS)))
    assert found.echo is not None
    assert found.echo.delay_s > BLOCK_S
    # Each block is played as it comes: where one is late, a bit of it is cut.
    assert found.echo.loss_db == pytest.approx(12, abs=6)
    assert found.said.active_dbov > -40
