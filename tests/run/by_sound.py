"""Scenarios held by sound in virtual time: the embedded IVR at one end of a call in this process, a listening caller at the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.tones import DTMF_FREQUENCIES, tone
from ivrtest.call.call import SAMPLE_RATE, Block, Call, CallEvent, ChangeMethod, Samples, Unheard
from ivrtest.call.drivers.loop import Exchange
from ivrtest.call.impairment import Impairment
from ivrtest.rtp.dtmf import USUAL_KEY, KeyForm
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.live import converse
from ivrtest.run.result import Status, StepResult
from ivrtest.server.faults import Fault, read_fault
from ivrtest.server.ivr import EmbeddedIvr


@dataclass(frozen=True)
class Held:
    """What came of it."""

    status: Status
    message: str
    step: int | None
    """The number of the step that decided, counted from 1; None where none did."""
    steps: Sequence[StepResult] = field(repr=False, default=())
    notes: Sequence[str] = field(repr=False, default=())


Way = Callable[[int, Samples], Samples]
"""Takes the first sample's number and some samples of a call, in order; returns what arrives of them."""


@dataclass(frozen=True)
class Echo:
    """How our keys come back as tones."""

    after_s: float
    level_db: float = -16.0
    """The peak of each of the two tones below full scale. Prompts are as loud at about -6 dB."""


class Telephone:
    """A call with the codec of the telephone between the two ends. A `Call`."""

    def __init__(self, call: Call, way: Way | None = None, echo: Echo | None = None) -> None:
        """`way`: what else happens to the sound. `echo`: how the line echoes keys, if it does."""
        self._call = call
        self._way = way
        self._echo = echo
        self._keys_end_s = 0.0
        self._coming_back: list[tuple[int, Samples]] = []
        """Where each echo begins, in samples on the call's clock."""
        self.id, self.caller, self.called = call.id, call.caller, call.called

    @property
    def now(self) -> float:
        return self._call.now

    def unheard(self) -> Unheard | None:
        return self._call.unheard()

    async def stream(self) -> AsyncIterator[Block | CallEvent]:
        async for item in self._call.stream():
            if isinstance(item, Block):
                yield Block(item.start, ulaw_decode(ulaw_encode(self._on_the_way(item))), item.lost)
            else:
                yield item

    def _on_the_way(self, block: Block) -> Samples:
        sound = (block.samples if self._way is None else self._way(block.start, block.samples)).astype(np.int32)
        for begin, back in self._coming_back:
            first, last = max(begin, block.start), min(begin + len(back), block.start + len(sound))
            if first < last:
                sound[first - block.start : last - block.start] += back[first - begin : last - begin]
        return np.clip(sound, -32768, 32767).astype(np.int16)

    async def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        await self._call.press(keys, secret=secret, form=form)
        if self._echo is None:
            return
        shape = form or USUAL_KEY
        for key in keys:
            begin_s = max(self.now, self._keys_end_s)
            self._keys_end_s = begin_s + (shape.ms + shape.gap_ms) / 1000
            sound = tone(DTMF_FREQUENCIES[key], shape.ms / 1000, level_db=self._echo.level_db)
            self._coming_back.append((round((begin_s + self._echo.after_s) * SAMPLE_RATE), sound))

    def hide_keys(self, hide: bool) -> None:
        self._call.hide_keys(hide)

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        self._call.play(samples, loop=loop)

    def stop_playing(self) -> None:
        self._call.stop_playing()

    async def transfer(self, to: str, *, consult_s: float | None = None) -> None:
        await self._call.transfer(to, consult_s=consult_s)

    async def hold(self) -> None:
        await self._call.hold()

    async def resume(self) -> None:
        await self._call.resume()

    async def change_codec(self, codec: str, *, method: ChangeMethod = "INVITE") -> None:
        await self._call.change_codec(codec, method=method)

    async def ring(self, *, early_media: bool = False) -> None:
        await self._call.ring(early_media=early_media)

    async def answer(self) -> None:
        await self._call.answer()

    async def refuse(self, status: int) -> None:
        await self._call.refuse(status)

    def impair(self, impairment: Impairment | None) -> None:
        self._call.impair(impairment)

    async def hang_up(self) -> None:
        await self._call.hang_up()


def hold(
    job: Job,
    *faults: str | Fault,
    seed: int = 0,
    played: PromptLibrary | None = None,
    way: Way | None = None,
    echo: Echo | None = None,
    words: bool = False,
) -> Held:
    """Hold a scenario against an embedded IVR with these faults. All that is random in them follows from `seed`.

    `played`: what the IVR plays, if that is another sound than the caller knows. `way`: what else happens to its sound.
    `echo`: how the line echoes keys, if it does. `words`: whether the caller knows the recordings' words and equal sound, as in a run.
    """
    known = job.library if words else None
    return asyncio.run(_hold(job, [read(fault, job) for fault in faults], seed, played or job.library, way, echo, known))


def read(fault: str | Fault, job: Job) -> Fault:
    return read_fault(fault, job.flow, job.flows.values()) if isinstance(fault, str) else fault


async def _hold(
    job: Job,
    faults: Sequence[Fault],
    seed: int,
    played: PromptLibrary,
    way: Way | None,
    echo: Echo | None,
    library: PromptLibrary | None,
) -> Held:
    given = job.scenario.given
    conversation = Conversation(job.scenario, job.prompts, job.flow.default_language, music=job.music, library=library)
    exchange = Exchange()
    start = job.start_time
    async with EmbeddedIvr(job.flow, played, flows=job.flows, given=given, start_time=start, exchange=exchange, faults=faults, seed=seed):
        call = await exchange.place(exchange.uri, caller=given.caller)
        await converse(Telephone(call, way, echo), conversation, ear_for(job.library), lambda note: None)
    step = next((number for number, step in enumerate(conversation.steps, 1) if step.message), None)
    message = conversation.steps[step - 1].message if step else conversation.trouble[1] if conversation.trouble else ""
    return Held(
        conversation.status, message, step, tuple(conversation.steps), tuple(f"{note.at_s:.1f} {note.text}" for note in conversation.notes)
    )
