"""Rubbish at the ports of a call's sound, from the far side itself and from strangers: the call goes on, and what is good is heard."""

from __future__ import annotations

import asyncio
import itertools

import numpy as np
import pytest

from ivrtest.call.call import KeyHeard
from ivrtest.call.sip_call import SipCall
from ivrtest.sip.transport import Address
from tests.call.far_side import FarSide, Sound
from tests.call.test_bad_far_sides import QUIET, level, speak, talking
from tests.fuzz.sound import rubbish

pytestmark = pytest.mark.usefixtures("few_and_crowd")

COUNT = 10_000
BURST = 20


async def spoil(sound: Sound, to: Address, seed: int) -> None:
    """Send rubbish to the ports of RTP and of RTCP, no faster than it can be taken: 5,000 a second, and after a delay not faster either."""
    for number, data in enumerate(itertools.islice(rubbish(seed), COUNT)):
        sound.raw((to[0], to[1] + number % 2), data)
        if number % BURST == 0:
            await asyncio.sleep(BURST / 5000)


async def press_3(sound: Sound, to: Address) -> None:
    """Press a key. Its end is said three times, for where too much came the system may have no room for one."""
    for _ in range(3):
        sound.key(to, "3", 800, end=True)
        await asyncio.sleep(0.05)


def test_from_strangers() -> None:
    async def act(far: FarSide, call: SipCall, to: Address, handle: str) -> None:
        stranger = Sound(ssrc=far.sound.ssrc)
        await speak(far.sound, to, QUIET, 10)
        async with asyncio.TaskGroup() as group:
            talk = group.create_task(speak(far.sound, to, QUIET, 100))
            group.create_task(spoil(stranger, to, 1))
        assert talk.done()
        await press_3(far.sound, to)
        stranger.close()

    heard, call = talking(act)
    assert [event.key for event in heard.events if isinstance(event, KeyHeard)] == ["3"]
    assert level(heard.samples) == {1000}
    # All 110 frames were heard, but for what the system had no room for.
    assert np.count_nonzero(np.abs(heard.samples.astype(int) - 1000) < 200) > 100 * 160
    assert call.stats().strangers > COUNT / 10


@pytest.mark.parametrize("seed", [1, 2])
def test_from_the_far_side_itself(seed: int) -> None:
    async def act(far: FarSide, call: SipCall, to: Address, handle: str) -> None:
        await speak(far.sound, to, QUIET, 10)
        await spoil(far.sound, to, seed)
        # What came may have said anything. After it, things are as they should be again.
        far.sound.timestamp += 80_000
        await speak(far.sound, to, QUIET, 50)
        await press_3(far.sound, to)
        await speak(far.sound, to, QUIET, 5)

    heard, _ = talking(act)
    assert "3" in [event.key for event in heard.events if isinstance(event, KeyHeard)]
    assert level(heard.samples) >= {1000}
