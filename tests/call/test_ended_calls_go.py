"""An ended call goes as soon as nobody knows it any more: what it was made of does not keep it, for Python's search for garbage to find."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from ivrtest.call.line import Line
from ivrtest.call.media_session import MediaSession
from ivrtest.call.sip_call import SipCall
from ivrtest.rtp.timeline import Timeline

PATIENCE_S = 60.0


@pytest.fixture
def without_a_search() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def parts() -> list[SipCall | MediaSession | Timeline]:
    """Return what calls are made of, of all that are there."""
    # By its type alone: what stands for one of them is none.
    return [each for each in gc.get_objects() if type(each) in (SipCall, MediaSession, Timeline)]


def end_of(part: SipCall | MediaSession | Timeline) -> asyncio.Future[None]:
    """Return what is done when a part is no more."""
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[None] = loop.create_future()
    weakref.finalize(part, loop.call_soon_threadsafe, gone.set_result, None).atexit = False
    return gone


async def hold(near: Line, far: Line, *, they_leave: bool) -> list[asyncio.Future[None]]:
    """Hold a call in which a key is pressed, to its end; return the ends of what it was made of."""
    others = weakref.WeakSet(parts())
    calls = far.incoming()
    placed = await near.place(far.uri, keys="info")
    came = await anext(calls)
    await came.answer()

    async def press() -> None:
        pressed = False
        async for _ in placed.stream():
            if not pressed and placed.stats().received > 2 and came.stats().received > 2:
                pressed = True
                await placed.press("5")
                await (came if they_leave else placed).hang_up()

    async def listen() -> None:
        async for _ in came.stream():
            pass

    async with asyncio.TaskGroup() as group:
        group.create_task(press())
        group.create_task(listen())
    return [end_of(part) for part in parts() if part not in others]


@pytest.mark.usefixtures("without_a_search")
@pytest.mark.parametrize("they_leave", [False, True], ids=["we hang up", "they hang up"])
def test_an_ended_call_goes_without_a_search_for_garbage(they_leave: bool) -> None:
    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S), Line(user="far") as far, Line() as near:
            ends = await hold(near, far, they_leave=they_leave)
            # Two calls, each with a session and its timeline.
            assert len(ends) == 6
            # Its last words are still on their way, and its port is kept for a moment.
            await asyncio.gather(*ends)

    asyncio.run(run())
