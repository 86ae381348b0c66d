"""How many calls one core carries: pairs of sessions that talk to each other over the loopback, mu-law both ways.

    python tests/bench/media.py [SESSIONS] [SECONDS]

Both ends run in one process, so a session here is one direction more than a call under test has; the readers run in it, too.
"""

from __future__ import annotations

import asyncio
import sys
import time

import numpy as np

from ivrtest.call.call import Block
from ivrtest.call.media import MediaEngine
from ivrtest.call.media_session import MediaSession, RemoteMedia


async def read(session: MediaSession) -> int:
    """Read to the end; return how many samples were lost."""
    return sum([int(item.lost.sum()) async for item in session if isinstance(item, Block)])


async def main(count: int, seconds: float) -> None:
    music = (8000 * np.sin(np.arange(8000) * 0.3)).astype(np.int16)
    async with MediaEngine(ports=range(0)) as engine:
        sessions = [engine.open(record=False) for _ in range(count // 2 * 2)]
        readers = [asyncio.create_task(read(session)) for session in sessions]
        for left, right in zip(sessions[::2], sessions[1::2], strict=True):
            left.start(RemoteMedia(right.local_address))
            right.start(RemoteMedia(left.local_address))
            left.play(music, loop=True)
            right.play(music, loop=True)
        began, busy = time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        load = (time.process_time() - busy) / (time.monotonic() - began)
        stats = [session.stats() for session in sessions]
        for session in sessions:
            session.close()
        lost = sum(await asyncio.gather(*readers))
    sent = sum(one.sent for one in stats)
    print(f"{len(sessions)} sessions, {seconds:g} s: {load:.0%} of a core, so about {len(sessions) / load:.0f} sessions per core")
    print(f"sent {sent} packets of {len(sessions) * seconds * 50:.0f}, received {sum(one.received for one in stats)}")
    print(f"lost {sum(one.lost for one in stats)} packets, late {sum(one.late for one in stats)}, {lost} samples marked as lost")
    print(f"jitter at most {max(one.jitter_ms for one in stats):.2f} ms, re-anchored {sum(one.reanchored for one in stats)}")
    worst = sorted(one.late_p99_ms for one in stats)
    print(f"late frames {sum(one.late_ticks for one in stats)}, the worst by {max(one.worst_late_ms for one in stats):.1f} ms")
    print(f"99 of 100 packets left at most {worst[len(worst) // 2]:g} ms late in half of the sessions, {worst[-1]:g} ms in all")


if __name__ == "__main__":
    arguments = [float(argument) for argument in sys.argv[1:]] + [400, 5][len(sys.argv) - 1 :]
    asyncio.run(main(int(arguments[0]), arguments[1]))
