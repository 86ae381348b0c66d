"""A process that lets another make out words, and is ended by force: `python -m tests.run.dictating WORDS`.

Where the recogniser `parrot` can be imported, it prints the number of the process that makes out words, and waits for its words for ever.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from pathlib import Path

import numpy as np

from ivrtest.run.stenographer import HearingOptions, Stenographer


async def wait(words: Path) -> None:
    async with Stenographer(HearingOptions("parrot", {"en": words})) as stenographer:
        await stenographer.load()
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        await stenographer.transcribe(np.zeros(8000, np.int16), "en")


if __name__ == "__main__":
    asyncio.run(wait(Path(sys.argv[1])))
