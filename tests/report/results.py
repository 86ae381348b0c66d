"""A suite's result with one scenario of each status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ivrtest.report.outcome import Outcome
from ivrtest.run.result import CallRecord, ScenarioResult, Status, StepResult, SuiteResult
from tests.run.conversations import ANSWERED, WE_HANG_UP, WELCOME, conversation, heard, key, play

FOLDER = Path("reports")


def result(steps: str, percepts: list[object]) -> ScenarioResult:
    talk = conversation(steps)
    play(talk, percepts)  # type: ignore[arg-type]
    record = CallRecord(
        id="a1@127.0.0.1",
        target="sip:shop@127.0.0.1:5070",
        answered_s=talk.answered_s,
        ended_s=9.0,
        ended_by="us",
        recording=FOLDER / "recordings" / "shop-a-caller.wav",
        notes=tuple(talk.notes),
        packets_received=450,
        packets_lost=3,
        jitter_ms=1.25,
    )
    return ScenarioResult(talk.scenario, talk.status, tuple(talk.steps), "", record, "2026-11-23T10:00:00+00:00", 9.5)


def passed() -> ScenarioResult:
    return result(
        '- hear: welcome\n- press: "4711"\n  secret: true\n- hang_up\n',
        [ANSWERED, heard(WELCOME, 0.2, 3.0), *(key(digit, 3.1 + 0.2 * place) for place, digit in enumerate("4711")), WE_HANG_UP],
    )


def failed() -> ScenarioResult:
    return result("- hear: menu\n- hang_up\n", [ANSWERED, heard(("bye", "en"), 0.2, 1.0), WE_HANG_UP])


def unclear() -> ScenarioResult:
    step = StepResult(failed().scenario.steps[0])
    return ScenarioResult(failed().scenario, Status.ERROR, (step,), "nobody listens there", None, "2026-11-23T10:00:01+00:00", 0.1)


def unrun() -> ScenarioResult:
    return replace(unclear(), status=Status.NOT_RUN, message="")


def outcome() -> Outcome:
    results = (passed(), failed(), unclear(), unrun())
    return Outcome(suite=SuiteResult(results, "2026-11-23T10:00:00+00:00", 9.9, "the embedded IVR"))
