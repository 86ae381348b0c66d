"""Calls that other processes listen to, and what becomes of them when one of those goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ivrtest.audio.hearing import Ear
from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.revoiced import ear_for
from ivrtest.call.ears.pool import HearingPool
from ivrtest.run.listening import FEW, listening
from ivrtest.run.live import LiveRoute
from ivrtest.run.result import ScenarioResult, Status
from ivrtest.run.suite import run_suite
from tests.call.ears.odd_ears import Leaving
from tests.run.shop import shop

pytestmark = pytest.mark.calls

PATIENCE_S = 60.0
CALLER = """
ivrtest: scenario/1
name: A caller
flow: shop
steps: [{hear: choose_language, whole: false}, hang_up]
"""
LOST = (
    "nobody could listen to the call any more: the process that did ended with exit code 7. its error is on the console. "
    "run it again, with fewer jobs where memory is short"
)


def held(make: Callable[[PromptLibrary], Ear]) -> list[ScenarioResult]:
    """Hold a scenario twice at a time by telephone, with one process that listens to both calls."""
    jobs = [shop(CALLER), shop(CALLER.replace("A caller", "Another caller"))]

    async def run() -> list[ScenarioResult]:
        async with (
            asyncio.timeout(PATIENCE_S),
            HearingPool([job.library for job in jobs], make, most=1) as pool,
            LiveRoute(pool=pool) as route,
        ):
            return list((await run_suite(jobs, route, lambda event: None, at_once=2)).results)

    return asyncio.run(run())


def test_scenarios_pass_as_if_this_process_listened() -> None:
    assert [(result.verdict, result.status) for result in held(ear_for)] == [("", Status.PASSED)] * 2


def test_all_calls_of_a_process_that_crashes_end_as_errors_and_keep_what_there_was() -> None:
    for result in held(Leaving):
        assert (result.verdict, result.status) == (LOST, Status.ERROR)
        assert result.call is not None
        assert result.call.packets_received is not None
        assert "answered" in [note.text for note in result.call.notes]
        assert result.call.packets_received > 0


def test_few_calls_are_listened_to_by_the_process_that_holds_them() -> None:
    job = shop(CALLER)

    async def beside(calls: int, at_once: int) -> bool:
        async with listening([job] * calls, at_once=at_once, limit_db=GOOD_DB) as pool:
            return pool is not None

    async def run() -> list[bool]:
        return [await beside(FEW + 1, FEW), await beside(FEW, FEW + 1), await beside(FEW + 1, FEW + 1)]

    assert asyncio.run(run()) == [False, False, True]
