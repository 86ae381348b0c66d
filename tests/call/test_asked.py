"""What is asked of sessions while others are opened."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ivrtest.call.call import Block
from ivrtest.call.media import MediaEngine
from ivrtest.call.media_session import MediaSession
from ivrtest.call.remote_media import RemoteMedia

pytestmark = pytest.mark.calls


def test_a_session_may_be_opened_and_started_while_the_media_thread_obeys_another() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        opened = threading.Event()
        others: list[MediaSession] = []
        async with asyncio.timeout(60), MediaEngine(ports=range(0)) as engine:
            session = engine.open()

            def open_another() -> None:
                others.append(engine.open())
                # Packets of 10 ms change how often it is woken, which only a session can be that was taken in.
                others[0].start(RemoteMedia(session.local_address, ptime_ms=10))
                opened.set()

            def wait_for_another() -> None:
                loop.call_soon_threadsafe(open_another)
                opened.wait(30)

            session._ask(wait_for_another)
            while not others:
                await session.next()
            heard = 0
            while heard < 3:
                item = await others[0].next()
                heard += isinstance(item, Block)
            assert others[0].stats().sent > 0

    asyncio.run(scenario())
