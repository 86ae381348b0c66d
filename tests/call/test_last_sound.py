"""The end of a call: what the far side said before it hung up is heard, or told as missed."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.call.call import Block, KeyHeard, Samples
from ivrtest.call.incoming import Incoming
from ivrtest.call.media import MediaEngine
from ivrtest.call.media_session import RemoteMedia
from ivrtest.rtp.packet import RtpPacket
from tests.call.far_side import FRAME, Sound

FAR = ("192.0.2.1", 4000)


async def left_after(samples: Samples, *, key: str = "") -> list[Block | KeyHeard]:
    """Return what is heard of a far side that sends all of this at once, and a key without its end, and hangs up."""
    sound = Sound()
    async with asyncio.timeout(60), MediaEngine(ports=range(0)) as engine:
        session = engine.open()
        session.start(RemoteMedia(sound.address))
        for begin in range(0, len(samples), FRAME):
            sound.send(session.local_address, samples[begin : begin + FRAME])
        if key:
            sound.key(session.local_address, key, 160)
        session.close(by_them=True)
        items = [item async for item in session]
    sound.close()
    return [item for item in items if isinstance(item, Block | KeyHeard)]


@pytest.mark.calls
def test_sound_that_came_before_a_hang_up_is_heard_though_it_lies_ahead() -> None:
    samples = np.random.default_rng(7).integers(1000, 9000, 20 * FRAME, dtype=np.int16)
    heard = np.concatenate([item.samples for item in asyncio.run(left_after(samples)) if isinstance(item, Block)])
    first = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[first:], ulaw_decode(ulaw_encode(samples)))


@pytest.mark.calls
def test_a_key_that_a_hang_up_cut_is_heard() -> None:
    items = asyncio.run(left_after(np.full(FRAME, 1000, np.int16), key="7"))
    assert [(item.key, item.seconds) for item in items if isinstance(item, KeyHeard)] == [("7", 0.02)]


def test_sound_that_came_too_late_just_before_the_end_is_told_as_missed() -> None:
    incoming = Incoming(limit=None)
    incoming.agree(RemoteMedia(FAR))
    packets = [bytes(RtpPacket(0, number, FRAME * number, 1, bytes(FRAME))) for number in range(12)]
    for number in range(10):
        incoming.datagram(packets[number], FAR, FRAME * number)
    incoming.take(incoming.settle(4000))
    incoming.datagram(packets[10], FAR, 4000)
    incoming.finish(4100)
    block = incoming.take(4100)
    assert block.missed == ((10 * FRAME, 11 * FRAME),)
