"""The two ends of the calls that are measured: one places them, another answers, each in a process of its own on a core of its own."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from ivrtest.audio.hearing import Heard, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.call.call import Answered, Ended, Samples
from ivrtest.call.ears.pool import HearingPool
from ivrtest.call.line import Line
from ivrtest.call.listener import CallEar, Listener
from ivrtest.call.sip_call import SipCall

ALL_CORES = frozenset(range(os.cpu_count() or 1))
PAUSE = np.zeros(4000, np.int16)
WORDS = (
    "For billing, press 1. For opening hours, press 2. To hear this again, press star.",
    "Your call is important to us. Please hold the line.",
    "Please enter your account number, followed by the pound key.",
    "Thank you for calling. Goodbye.",
)


def prompts() -> PromptLibrary:
    return PromptLibrary(Recording(f"prompt_{number}", "en", synthesise(words, "en"), words) for number, words in enumerate(WORDS))


def pinned(core: int) -> None:
    """Keep this process on one core, and let it have a descriptor for every socket of many calls."""
    cores = sorted(ALL_CORES)
    os.sched_setaffinity(0, {cores[core % len(cores)]})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


# ---------------------------------------------------------------- what one end knows


@dataclass(frozen=True, slots=True)
class Moment:
    """When, and how much CPU the process had taken by then, with those that listen for it. Seconds."""

    at: float
    cpu: float

    @classmethod
    def now(cls, beside: Iterable[int] = ()) -> Moment:
        return cls(time.monotonic(), time.process_time() + sum(cpu_of(pid) for pid in beside))

    def load_since(self, before: Moment) -> float:
        """Return the share of a core that was taken."""
        return (self.cpu - before.cpu) / (self.at - before.at)


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has taken, to 10 ms (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened to the packets of all calls of one end so far."""

    begun: Moment
    """Before and ..."""
    done: Moment
    """... after this was put together."""
    sent: int
    received: int
    lost: int
    late: int
    """Came after their time."""
    overrun: int
    """Were lost here, as they were not read in time."""
    lateness: np.ndarray
    """How many left so many whole milliseconds late."""
    unevenness: np.ndarray
    """How many came so much too soon or too late after the one before."""


async def tally(calls: Iterable[SipCall], beside: Iterable[int] = ()) -> Tally:
    """Put together what is known. Slowly: to work out a thousand calls at once would make packets late that would not be otherwise.

    `beside`: the processes whose CPU counts, too.
    """
    begun = Moment.now(beside)
    stats = []
    for number, call in enumerate(tuple(calls)):
        stats.append(call.stats())
        if number % 10 == 9:
            await asyncio.sleep(0.001)
    return Tally(
        begun,
        Moment.now(beside),
        sum(one.sent for one in stats),
        sum(one.received for one in stats),
        sum(one.lost for one in stats),
        sum(one.late for one in stats),
        sum(one.overrun for one in stats),
        np.sum([one.lateness for one in stats], axis=0),
        np.sum([one.unevenness for one in stats], axis=0),
    )


@dataclass(frozen=True, slots=True)
class Footprint:
    memory_mb: float
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory_mb:.1f} MB, {self.descriptors} descriptors, {self.threads} threads"


def footprint() -> Footprint:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Footprint(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(list(Path("/proc/self/fd").iterdir())), threading.active_count())


# ---------------------------------------------------------------- the end that answers


def answer(pipe: Connection) -> None:
    """Answer every call, and speak to it, until told to stop."""
    pinned(0)
    asyncio.run(_answer(pipe))


async def _answer(pipe: Connection) -> None:
    said = np.concatenate([np.concatenate([recording.samples, PAUSE]) for recording in prompts().recordings()])
    calls: list[SipCall] = []
    async with Line(record=False, ports=range(0)) as line:
        pipe.send(line.uri)

        async def attend(call: SipCall) -> None:
            await call.answer()
            call.play(said, loop=True)
            async for item in call.stream():
                if isinstance(item, Ended):
                    calls.remove(call)

        async def take(group: asyncio.TaskGroup) -> None:
            async for call in line.incoming():
                calls.append(call)
                group.create_task(attend(call))

        async with asyncio.TaskGroup() as group:
            taking = group.create_task(take(group))
            while (asked := await asyncio.to_thread(pipe.recv)) != "stop":
                pipe.send(await tally(calls) if asked == "tally" else footprint())
            taking.cancel()
            for call in tuple(calls):
                await call.hang_up()


# ---------------------------------------------------------------- the end that calls


@dataclass(slots=True)
class Ears:
    """What the matchers of all calls found."""

    library: PromptLibrary
    pool: HearingPool | None
    """The processes that listen; None: this one does."""
    known: int = 0
    """Prompts that were known for what they are, whole."""
    others: list[str] = field(default_factory=list)
    """What else was found."""
    waits_s: list[float] = field(default_factory=list)
    """How long after its end each of the known ones was named."""
    over: bool = False
    """Whether the calls are being hung up: what that cuts off is nothing whole."""

    @property
    def pids(self) -> tuple[int, ...]:
        return self.pool.pids if self.pool is not None else ()

    @asynccontextmanager
    async def ear(self) -> AsyncIterator[CallEar]:
        if self.pool is None:
            yield Matcher(self.library)
        else:
            async with self.pool.ear(self.library) as ear:
                yield ear

    def heard(self, call: SipCall, heard: Heard) -> None:
        # The first words of a call come in the middle of a prompt.
        if heard.match.verdict is Verdict.match:
            self.known += 1
            self.waits_s.append(call.now - heard.match.end_s)
        elif heard.match.start_s > 1 and not self.over:
            self.others.append(f"{heard.match.verdict} at {heard.match.start_s:.1f} s")


@dataclass(slots=True)
class Held:
    """A call that goes on."""

    call: SipCall
    task: asyncio.Task[None]


async def hold(line: Line, uri: str, ears: Ears | None, gate: asyncio.Semaphore, music: Samples) -> Held:
    """Place a call and wait for its answer; then keep it up, with a matcher at its ear if there are any."""
    async with gate, AsyncExitStack() as stack:
        ear = await stack.enter_async_context(ears.ear()) if ears is not None else None
        call = await line.place(uri)
        answered = asyncio.Event()
        listening = stack.pop_all()

        async def follow() -> None:
            async with listening:
                async for item in call.stream() if ear is None else Listener(call, ear).stream():
                    if isinstance(item, Answered):
                        answered.set()
                    elif ears is not None and isinstance(item, Heard):
                        ears.heard(call, item)

        task = asyncio.create_task(follow())
        await answered.wait()
    call.play(music, loop=True)
    return Held(call, task)
