"""A server that is sent rubbish, or more calls than it takes, while others are in the middle of theirs."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Ended
from ivrtest.call.line import Line
from ivrtest.call.media_session import MediaStats
from tests.interop.calls import Conversation, converse
from tests.interop.desk import lay_out
from tests.interop.programs import Program, running

PATIENCE_S = 900.0
"""For 100,000 datagrams, which take 12 s on an idle machine."""
ROOT = Path(__file__).parents[2]
MEGABYTE = 1 << 20
FEW_THREADS = 32
"""asyncio looks up names in so many at most, and begins each only when it needs it."""
GOOD = [("menu", "match"), ("account", "match"), ("thanks", "match")]


@dataclass(frozen=True, slots=True)
class Use:
    """What a program uses."""

    memory: int
    """Octets, resident."""
    files: int
    threads: int


def use_of(program: Program) -> Use:
    status = Path(f"/proc/{program.pid}/status").read_text()
    numbers = {name: int(value) for name, value in re.findall(r"^(VmRSS|Threads):\s+([0-9]+)", status, re.MULTILINE)}
    return Use(numbers["VmRSS"] * 1024, sum(1 for _ in Path(f"/proc/{program.pid}/fd").iterdir()), numbers["Threads"])


@asynccontextmanager
async def serving(folder: Path, library: PromptLibrary, *options: str) -> AsyncIterator[tuple[Program, str]]:
    """Run the embedded IVR in another process, and yield it and its address."""
    lay_out(folder, library, "127.0.0.1")
    flow = folder / "flows" / "desk.yaml"
    flow.write_text(flow.read_text().replace("20s", "800s"))  # callers wait until the flood is over
    command = (sys.executable, "-m", "ivrtest", "serve", "flows/desk.yaml", "--listen", "127.0.0.1:0", *options)
    async with running(*command, folder=folder) as server:
        yield server, (await server.line(r"^desk answers at (sip:.*)$"))[1]


async def caller(line: Line, uri: str, library: PromptLibrary, *until: Awaitable[object]) -> tuple[Conversation, MediaStats]:
    """Hold one conversation from beginning to end. The first of `until` is awaited before the first key, the second before the others."""
    call = await line.place(uri)
    waits = iter(until)
    pressing: set[asyncio.Task[None]] = set()

    async def press(keys: str) -> None:
        if (wait := next(waits, None)) is not None:
            await wait
        await call.press(keys)

    async def react(item: object) -> None:
        keys = {"menu": "2", "account": "40795"}.get(item.match.prompt) if isinstance(item, Heard) else None
        if keys is not None:
            pressing.add(asyncio.create_task(press(keys)))

    return await converse(call, library, react), call.stats()


async def send(uri: str, count: int, kind: str) -> str:
    """Send the server so many datagrams; return what was answered."""
    port = uri.rpartition(":")[2]
    async with running(sys.executable, "-m", "tests.fuzz.send", "127.0.0.1", port, str(count), kind, folder=ROOT) as sender:
        assert await sender.end() == 0, sender.printed
        return sender.lines[-1]


def assert_undisturbed(held: list[tuple[Conversation, MediaStats]]) -> None:
    for conversation, stats in held:
        # Where the flood leaves this machine no time, nobody could tell; but nothing wrong is heard.
        for told, expected in zip(conversation.verdicts, GOOD, strict=True):
            assert told == expected or told[1] == "inconclusive"
        assert conversation.keys_sent == "240795"
        assert conversation.ended.by == "them"
        assert (stats.lost, stats.strangers) == (0, 0)


def assert_quiet(server: Program) -> None:
    """No traceback, no warning: the address, and at the end how many calls there were."""
    assert re.fullmatch(r"desk answers at \S+\nstopped after [0-9]+ calls", server.printed), server.printed


def test_a_hundred_thousand_spoilt_messages(library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> tuple[list[tuple[Conversation, MediaStats]], Program, list[Use], list[str]]:
        async with asyncio.timeout(PATIENCE_S), serving(tmp_path, library, "--max-calls", "30") as (server, uri), Line() as line:
            first, second = asyncio.Event(), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                callers = [group.create_task(caller(line, uri, library, first.wait(), second.wait())) for _ in range(3)]
                # What a first call brings in, and the 30 that spoilt INVITEs may make, is not growth.
                await send(uri, 3_000, "7")
                before = use_of(server)
                answered = [await send(uri, 50_000, "1")]
                first.set()
                answered.append(await send(uri, 50_000, "2"))
                after = use_of(server)
                second.set()
            return [task.result() for task in callers], server, [before, after], answered

    held, server, (before, after), answered = asyncio.run(run())
    assert [said.partition(" ")[0] for said in answered] == ["50000", "50000"]
    assert_undisturbed(held)
    # Spoilt messages that are good enough are remembered for 32 s: about one in twenty, 10 kB each.
    assert after.memory - before.memory < 100 * MEGABYTE
    assert after.files <= before.files + 2 * 30
    assert after.threads <= before.threads + FEW_THREADS
    assert_quiet(server)


def test_a_flood_of_calls(library: PromptLibrary, tmp_path: Path) -> None:
    """20 are taken, and one more place is somebody's already; everybody else is told to come again."""

    async def run() -> tuple[tuple[Conversation, MediaStats], Ended, Program, list[Use], str]:
        async with asyncio.timeout(PATIENCE_S), serving(tmp_path, library, "--max-calls", "21") as (server, uri), Line() as line:
            await caller(line, uri, library)
            talking = asyncio.create_task(caller(line, uri, library))
            await send(uri, 500, "invite")
            before = use_of(server)
            answered = await send(uri, 20_000, "invite")
            late, _ = await caller(line, uri, library)
            return await talking, late.ended, server, [before, use_of(server)], answered

    held, late, server, (before, after), answered = asyncio.run(run())
    assert_undisturbed([held])
    assert (late.by, late.status, late.reason) == ("refused", 503, "congestion (503 Service Unavailable), retry after 10 s")
    statuses = dict(re.findall(r"([0-9]+) x ([0-9]+)", answered))
    # On a slow machine it takes longer than 32 s. Then calls whose answer nobody acknowledged are over, and others have their places.
    assert set(statuses.values()) <= {"100", "200", "482", "503"}, answered
    assert after.memory - before.memory < 20 * MEGABYTE
    assert after.files <= before.files + 2
    assert after.threads <= before.threads + FEW_THREADS
    assert_quiet(server)
