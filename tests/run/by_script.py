"""A scenario held in virtual time against a far side that speaks to a script, whatever the caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Container

from ivrtest.audio.revoiced import ear_for
from ivrtest.call.call import Ended, PlaybackEnded, Samples
from ivrtest.call.drivers.loop import LoopCall, pair
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.live import converse
from tests.run.by_sound import Telephone


def hold_against(job: Job, said: Samples, *, lost: Container[int] = ()) -> Conversation:
    """Hold a scenario against a far side that answers, says this, and hangs up. Always alike: what it says later changes nothing before.

    `lost`: the numbers of the blocks of 20 ms that get lost on the way.
    """
    return asyncio.run(_hold(job, said, lost))


async def _hold(job: Job, said: Samples, lost: Container[int]) -> Conversation:
    conversation = Conversation(job.scenario, job.prompts, job.flow.default_language, music=job.music)
    near, far = pair(lost_to_caller=lost)
    async with asyncio.TaskGroup() as group:
        group.create_task(_speak(far, said))
        await converse(Telephone(near), conversation, ear_for(job.library), lambda note: None)
    return conversation


async def _speak(far: LoopCall, said: Samples) -> None:
    await far.answer()
    far.play(said)
    async for item in far.stream():
        if isinstance(item, PlaybackEnded):
            await far.hang_up()
        if isinstance(item, Ended):
            return
