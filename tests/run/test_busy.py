"""A machine that does not keep up with a call blames nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.flow.read import read_flow
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.result import CallRecord, Note
from ivrtest.run.scene import Percept
from ivrtest.run.suite import run_job
from ivrtest.source.text import Source
from tests.run.conversations import ANSWERED, PROMPTS, THEY_HANG_UP, WE_HANG_UP, heard, scenario, ticks

FLOW = read_flow(
    Source(
        "shop.yaml",
        "ivrtest: flow/1\nname: shop\nentry: bye\nlanguages: [en]\nprompts: {bye: {en: Bye.}}\nnodes: {bye: {hang_up: {prompt: bye}}}\n",
    )
).flow


@dataclass(frozen=True)
class Recorded:
    """A route over which these percepts come, while we are so far behind."""

    percepts: Sequence[Percept]
    behind_s: float
    stalled_s: float = 0.0
    target: str = "a list"

    async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
        for percept in self.percepts:
            conversation.on(percept)
        return CallRecord("1", self.target, behind_s=self.behind_s, stalled_s=self.stalled_s)


def verdict(steps: str, percepts: Sequence[Percept], behind_s: float, stalled_s: float = 0.0) -> tuple[str, str]:
    assert FLOW is not None
    job = Job(scenario(steps), FLOW, {}, PROMPTS, PromptLibrary(()))
    result = asyncio.run(run_job(job, Recorded(percepts, behind_s, stalled_s), lambda event: None))
    return str(result.status), result.verdict


LATE = 'the IVR answered and sent nothing but silence for 1 s. "bye" in "en" was expected'
BUSY = "could not tell: this machine was too busy, and 2.7 s behind the call. use fewer jobs. "


@pytest.mark.parametrize(("behind_s", "expected"), [(0.24, ("failed", LATE)), (2.7, ("error", BUSY + LATE))])
def test_a_step_that_fails_while_we_are_behind_is_nobodys_fault(behind_s: float, expected: tuple[str, str]) -> None:
    assert verdict("- hear: bye\n  within: 1s\n", [ANSWERED, *ticks(0.0, 2.2), WE_HANG_UP], behind_s) == expected


def test_what_fails_outside_any_step_is_nobodys_fault_either() -> None:
    expected = ("error", BUSY + "the IVR ended the call before it was answered")
    assert verdict("- hear: bye\n", [THEY_HANG_UP], 2.7) == expected


def test_what_was_heard_counts_however_late_we_are() -> None:
    assert verdict("- hear: bye\n", [ANSWERED, heard(("bye", "en"), 0.1, 1.0), WE_HANG_UP], 2.7) == ("passed", "")


@pytest.mark.parametrize(
    ("stalled_s", "expected"),
    [
        (0.1, ("failed", LATE)),
        (0.4, ("error", f"could not tell: this machine was too busy, and stood still for 0.4 s. use fewer jobs. {LATE}")),
    ],
)
def test_a_machine_that_stood_still_may_have_cut_what_the_ivr_said(stalled_s: float, expected: tuple[str, str]) -> None:
    assert verdict("- hear: bye\n  within: 1s\n", [ANSWERED, *ticks(0.0, 2.2), WE_HANG_UP], 0.0, stalled_s) == expected
