"""A process that lets another make out words, and is ended by force: `python -m tests.run.dictating WORDS`.

Where the recogniser `parrot` can be imported, it says so when that is loaded, and waits for its words for ever.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np

from ivrtest.run.stenographer import HearingOptions, Stenographer


async def wait(words: Path) -> None:
    async with Stenographer(HearingOptions("parrot", {"en": words})) as stenographer:
        await stenographer.load()
        print("loaded", flush=True)
        await stenographer.transcribe(np.zeros(8000, np.int16), "en")


if __name__ == "__main__":
    asyncio.run(wait(Path(sys.argv[1])))
