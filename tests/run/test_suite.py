from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, Ended
from ivrtest.flow.read import read_flow
from ivrtest.report.outcome import finding_of
from ivrtest.run.conversation import Conversation
from ivrtest.run.events import CallNoted, RunEvent, ScenarioFinished, ScenarioStarted, SuiteFinished, SuiteStarted
from ivrtest.run.job import Job
from ivrtest.run.result import CallRecord, Note, ScenarioResult, Status
from ivrtest.run.suite import RouteError, run_suite
from ivrtest.source.text import Source
from tests.run.conversations import PROMPTS, heard, scenario

READING = read_flow(Source("shop.yaml", "ivrtest: flow/1\nname: shop\nentry: end\nlanguages: [en]\nnodes:\n  end:\n    hang_up: {}\n"))
assert READING.flow is not None
FLOW = READING.flow


class Script:
    """A way to hold conversations that tells each a list of happenings; `wait` stays on the line until the run is stopped."""

    target = "a script"

    def __init__(self, *turns: str) -> None:
        self.turns = iter(turns)
        self.at_once = 0
        self.most_at_once = 0
        self.waiting = asyncio.Event()

    async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        turn = next(self.turns)
        await asyncio.sleep(0)
        self.at_once -= 1
        match turn:
            case "refuse":
                raise RouteError("nobody listens there")
            case "wait":
                self.waiting.set()
                await asyncio.Event().wait()
            case "cut":
                return CallRecord("x", self.target)
        conversation.on(Answered(0.1))
        tell(conversation.notes[-1])
        conversation.on(Ended("us", 0.2))
        return CallRecord("x", self.target, recording=Path("x.wav"))


def jobs(count: int) -> list[Job]:
    return [Job(scenario("- hang_up\n"), FLOW, {}, PROMPTS, PromptLibrary([])) for _ in range(count)]


def test_every_scenario_gets_its_own_result_whatever_happens_to_the_others() -> None:
    events: list[RunEvent] = []
    suite = asyncio.run(run_suite(jobs(3), Script("call", "refuse", "cut"), events.append, at_once=1))
    assert [(result.status, result.verdict) for result in suite.results] == [
        (Status.PASSED, ""),
        (Status.ERROR, "nobody listens there"),
        (Status.ERROR, "the call was over before every step was decided"),
    ]
    assert suite.exit_code == 2
    assert [type(event) for event in events] == [
        SuiteStarted,
        *[ScenarioStarted, CallNoted, ScenarioFinished],
        *[ScenarioStarted, ScenarioFinished] * 2,
        SuiteFinished,
    ]
    first = suite.results[0].call
    assert first is not None
    assert (first.answered_s, first.ended_s, first.ended_by, first.recording) == (0.1, 0.2, "us", Path("x.wav"))
    assert [note.text for note in first.notes] == ["answered", "we hung up"]


def test_no_more_calls_at_once_than_allowed() -> None:
    script = Script(*["call"] * 9)
    suite = asyncio.run(run_suite(jobs(9), script, lambda event: None, at_once=4))
    assert suite.exit_code == 0
    assert script.most_at_once == 4


def test_a_run_that_is_stopped_keeps_what_it_has() -> None:
    async def stopped() -> list[Status]:
        script = Script("call", "wait", "call")
        task = asyncio.create_task(run_suite(jobs(3), script, lambda event: None, at_once=1))
        await script.waiting.wait()
        task.cancel()
        return [result.status for result in (await task).results]

    assert asyncio.run(stopped()) == [Status.PASSED, Status.NOT_RUN, Status.NOT_RUN]


def test_a_scenario_that_is_stopped_keeps_its_finished_steps_and_its_call() -> None:
    class Stopped(Script):
        """Takes the stop in as a telephone does: the call is over, and there is a record of it."""

        async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
            conversation.on(Answered(0.1))
            conversation.on(heard(("menu", "en"), 0.3, 2.0))
            self.waiting.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return CallRecord("x", self.target, recording=Path("x.wav"))

    async def stopped() -> ScenarioResult:
        script = Stopped()
        job = Job(scenario("- hear: menu\n- wait: 9s\n- hang_up\n"), FLOW, {}, PROMPTS, PromptLibrary([]))
        task = asyncio.create_task(run_suite([job], script, lambda event: None, at_once=1))
        await script.waiting.wait()
        task.cancel()
        return (await task).results[0]

    result = asyncio.run(stopped())
    assert (result.status, result.verdict) == (Status.NOT_RUN, "the run was stopped after 1 of 3 steps")
    assert result.steps[0].status is Status.PASSED
    assert result.call is not None
    assert (result.call.recording, result.call.answered_s) == (Path("x.wav"), 0.1)
    finding = finding_of(result)
    assert finding is not None
    assert finding.rule == "scenario-not-run"


def test_nothing_run_is_not_green() -> None:
    assert asyncio.run(run_suite([], Script(), lambda event: None, at_once=1)).exit_code == 2
