"""Processes that listen to calls, how many there are, and how they end."""

from __future__ import annotations

import asyncio
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

import numpy as np
import pytest

from ivrtest.audio.hearing import Hearing
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.ears import process as hearing_process
from ivrtest.call.ears.pool import HearingPool
from ivrtest.call.ears.process import HearingError, HearingProcess, RemoteEar
from tests.call.ears.odd_ears import Computing, Deaf, Failing, Leaving, Preparing

PATIENCE_S = 60.0
LIBRARY = PromptLibrary([])
LOST = "nobody could listen to the call any more: the process that did "
CURE = ". run it again, with fewer jobs where memory is short"


async def fed(ear: RemoteEar, sample: int = 1) -> list[Hearing]:
    async with asyncio.timeout(PATIENCE_S):
        return await ear.feed(np.full(160, sample, np.int16), np.zeros(160, np.bool_))


def lost_with(make: Callable[[PromptLibrary], Deaf], then: Callable[[HearingPool], None] = lambda pool: None) -> list[str]:
    """Let two calls be listened to by the same process, and feed them; return what both were told when it went wrong."""

    async def run() -> list[str]:
        async with HearingPool([LIBRARY], make, most=1) as pool, pool.ear(LIBRARY) as first, pool.ear(LIBRARY) as second:
            waiting = [asyncio.ensure_future(fed(ear)) for ear in (first, second)]
            await asyncio.sleep(0)
            then(pool)
            problems = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(problem) for problem in problems] == [HearingError, HearingError]
            # And whoever comes later is told, too.
            with pytest.raises(HearingError) as raised:
                await fed(first)
            return [str(problem) for problem in (*problems, raised.value)]

    return asyncio.run(run())


def test_one_that_leaves_is_told_to_all_its_calls() -> None:
    assert lost_with(Leaving) == [f"{LOST}ended with exit code 7. its error is on the console{CURE}"] * 3


def test_an_error_of_an_ear_is_on_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    assert lost_with(Failing) == [f"{LOST}ended with exit code 1. its error is on the console{CURE}"] * 3
    assert "ValueError: this ear cannot hear" in capfd.readouterr().err


def test_one_that_is_killed_is_told_to_all_its_calls() -> None:
    def kill(pool: HearingPool) -> None:
        os.kill(pool.pids[0], signal.SIGKILL)

    assert lost_with(Computing, kill) == [f"{LOST}was ended by signal 9 (Killed){CURE}"] * 3


def test_what_ends_the_run_leaves_the_end_of_its_calls_to_the_run() -> None:
    async def run() -> list[Hearing]:
        async with HearingPool([LIBRARY], Deaf) as pool, pool.ear(LIBRARY) as ear:
            for wish in (signal.SIGINT, signal.SIGTERM):
                os.kill(pool.pids[0], wish)
            return await fed(ear)

    assert asyncio.run(run()) == []


def test_one_that_stands_still_is_not_waited_for() -> None:
    async def run() -> str:
        process = HearingProcess([LIBRARY], Computing, patience_s=0.5)
        try:
            with pytest.raises(HearingError) as raised:
                await fed(await process.open(0))
        finally:
            await process.close()
        return str(raised.value)

    assert asyncio.run(run()) == f"{LOST}said nothing for 0.5 s and was ended{CURE}"


def test_one_that_is_never_ready_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_process, "STARTING_S", 0.5)

    async def run() -> str:
        process = HearingProcess([LIBRARY], Preparing)
        try:
            with pytest.raises(HearingError) as raised:
                await process.open(0)
        finally:
            await process.close()
        return str(raised.value)

    assert asyncio.run(run()) == f"{LOST}said nothing for 0.5 s and was ended{CURE}"


def test_calls_that_come_after_a_crash_have_another_process() -> None:
    async def run() -> None:
        async with HearingPool([LIBRARY], Failing, most=1) as pool:
            async with pool.ear(LIBRARY) as ear:
                with pytest.raises(HearingError):
                    await fed(ear)
            async with pool.ear(LIBRARY) as ear:
                assert await fed(ear, 0) == []
            assert len(set(pool.pids)) == 2

    asyncio.run(run())


def test_a_process_for_so_many_calls_and_no_more_than_there_may_be() -> None:
    async def run() -> list[int]:
        counts = []
        async with HearingPool([LIBRARY], Deaf, calls_each=2, most=2) as pool, AsyncExitStack() as stack:
            for _ in range(5):
                ear = await stack.enter_async_context(pool.ear(LIBRARY))
                assert await fed(ear) == []
                counts.append(len(pool.pids))
        return counts

    assert asyncio.run(run()) == [1, 1, 2, 2, 2]


def test_a_call_that_is_given_up_leaves_the_others_alone() -> None:
    async def run() -> list[Hearing]:
        async with HearingPool([LIBRARY], Deaf, most=1) as pool, pool.ear(LIBRARY) as other:
            async with pool.ear(LIBRARY) as ear:
                asyncio.ensure_future(ear.feed(np.zeros(8000, np.int16), np.zeros(8000, np.bool_))).cancel()
            async with pool.ear(LIBRARY) as ear:
                assert await fed(ear) == []
            return await fed(other)

    assert asyncio.run(run()) == []


def test_whoever_still_waits_when_all_is_over_is_told() -> None:
    async def run() -> str:
        pool = HearingPool([LIBRARY], Computing)
        async with pool, pool.ear(LIBRARY) as ear:
            waiting = asyncio.ensure_future(fed(ear))
            await asyncio.sleep(0)
            async with asyncio.timeout(PATIENCE_S):
                await pool.close()
            with pytest.raises(HearingError) as raised:
                await waiting
        return str(raised.value)

    assert asyncio.run(run()) == f"{LOST}was closed{CURE}"


def test_a_process_that_cannot_be_started() -> None:
    async def run() -> str:
        async with HearingPool([LIBRARY], Deaf) as pool:
            with no_more_files(), pytest.raises(HearingError) as raised:
                async with pool.ear(LIBRARY):
                    pass
            # It was not the last chance.
            async with pool.ear(LIBRARY) as ear:
                assert await fed(ear) == []
        return str(raised.value)

    cure = "raise the limit with ulimit -n"
    assert asyncio.run(run()) == f"no process could be started that listens to the call: too many files are open. {cure}"


@contextmanager
def no_more_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("does", ["idle", "computing"])
def test_none_is_left_behind_by_one_that_was_killed(does: str) -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.call.ears.parent", does], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"listened to\n"
        parent.kill()
        # The process that listens has the same output. When nobody has it any more, all are gone.
        gone = select.poll()
        gone.register(parent.stdout, select.POLLHUP)
        assert gone.poll(1000 * PATIENCE_S) != []
