"""A process that lets others listen, and is ended by force: `python -m tests.call.ears.parent idle|computing`.

It says so when another process listens, and then waits for ever.
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.ears.pool import HearingPool
from tests.call.ears.odd_ears import Computing, Deaf


async def wait(does: str) -> None:
    library = PromptLibrary([])
    async with HearingPool([library], Computing if does == "computing" else Deaf) as pool, pool.ear(library) as ear:
        hearing = ear.feed(np.ones(160, np.int16), np.zeros(160, np.bool_))
        print("listened to", flush=True)
        await hearing
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(wait(sys.argv[1]))
