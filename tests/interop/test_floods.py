"""A server that is sent rubbish, or more calls than it takes, while others are in the middle of theirs."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Ended
from ivrtest.call.line import Line
from ivrtest.call.media_session import MediaStats
from tests.interop.calls import Conversation, converse
from tests.interop.desk import lay_out
from tests.interop.programs import Program, running

PATIENCE_S = 150.0
"""For 100,000 datagrams, which take 12 s on an idle machine."""
ROOT = Path(__file__).parents[2]
MEGABYTE = 1 << 20
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
    command = (sys.executable, "-m", "ivrtest", "serve", "flows/desk.yaml", "--listen", "127.0.0.1:0", *options)
    async with running(*command, folder=folder) as server:
        yield server, (await server.line(r"^desk answers at (sip:.*)$"))[1]


async def caller(line: Line, uri: str, library: PromptLibrary) -> tuple[Conversation, MediaStats]:
    """Hold one conversation from beginning to end."""
    call = await line.place(uri)

    async def react(item: object) -> None:
        match item:
            case Heard(match=match) if match.prompt == "menu":
                await call.press("2")
            case Heard(match=match) if match.prompt == "account":
                await call.press("40795")

    return await converse(call, library, react), call.stats()


async def send(uri: str, count: int, kind: str) -> str:
    """Send the server so many datagrams; return what was answered."""
    port = uri.rpartition(":")[2]
    async with running(sys.executable, "-m", "tests.fuzz.send", "127.0.0.1", port, str(count), kind, folder=ROOT) as sender:
        assert await sender.end() == 0, sender.printed
        return sender.lines[-1]


async def callers_while(sending: asyncio.Task[str], line: Line, uri: str, library: PromptLibrary) -> list[tuple[Conversation, MediaStats]]:
    """Hold one conversation after another, two at a time, as long as somebody sends; then the last ones to their end."""
    held: list[tuple[Conversation, MediaStats]] = []

    async def hold() -> None:
        while True:
            held.append(await caller(line, uri, library))
            if sending.done():
                return

    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        group.create_task(hold())
    return held


def assert_undisturbed(held: list[tuple[Conversation, MediaStats]]) -> None:
    for conversation, stats in held:
        assert conversation.verdicts == GOOD
        assert conversation.keys_sent == "240795"
        assert conversation.ended.by == "them"
        assert (stats.lost, stats.strangers) == (0, 0)


@pytest.mark.parametrize("seed", ["1"])
def test_a_hundred_thousand_spoilt_messages(seed: str, library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> tuple[list[tuple[Conversation, MediaStats]], Program, list[Use], str]:
        async with asyncio.timeout(PATIENCE_S), serving(tmp_path, library, "--max-calls", "30") as (server, uri), Line() as line:
            # What a first call brings in, and 30 calls that spoilt INVITEs may make, is not growth.
            await caller(line, uri, library)
            await send(uri, 2_000, "7")
            before = use_of(server)
            sending = asyncio.create_task(send(uri, 100_000, seed))
            held = await callers_while(sending, line, uri, library)
            answered = await sending
            return held, server, [before, use_of(server)], answered

    held, server, (before, after), answered = asyncio.run(run())
    assert answered.startswith("100000 datagrams sent. answered: ")
    assert_undisturbed(held)
    assert len(held) >= 2
    # Spoilt messages that are good enough are remembered for 32 s: about one in twenty, 10 kB each.
    assert after.memory - before.memory < 100 * MEGABYTE
    assert after.files <= before.files + 2 * 30
    assert after.threads == before.threads
    assert len(server.lines) == 1, server.printed


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
    assert (late.by, late.status, late.reason) == ("refused", 503, "Service Unavailable")
    statuses = dict(re.findall(r"([0-9]+) x ([0-9]+)", answered))
    assert set(statuses.values()) <= {"200", "482", "503"}, answered
    assert after.memory - before.memory < 20 * MEGABYTE
    assert after.files == before.files
    assert after.threads == before.threads
    assert len(server.lines) == 1, server.printed
