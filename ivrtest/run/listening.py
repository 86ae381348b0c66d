"""Who listens to the calls of a run: this process, or others beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from ivrtest.audio.revoiced import ear_for
from ivrtest.call.ears.pool import HearingPool
from ivrtest.run.job import Job

FEW: Final = 16
"""So many calls at once are listened to in the process that holds them: they take a twentieth of its time, and no packet leaves later for
it. With more, packets wait for ears; and another process takes half a second to begin, and 50 MB."""


@asynccontextmanager
async def listening(jobs: Sequence[Job], *, at_once: int, limit_db: float) -> AsyncIterator[HearingPool | None]:
    """Yield what gives the calls of a run their ears in other processes; None where they are so few that this one listens to them.

    `limit_db`: how far recordings may deviate, see `Matcher`.
    """
    if min(at_once, len(jobs)) <= FEW:
        yield None
        return
    async with HearingPool([job.library for job in jobs], partial(ear_for, limit_db=limit_db)) as pool:
        yield pool
