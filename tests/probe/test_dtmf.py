"""What trials come to."""

from __future__ import annotations

import asyncio

import pytest

from ivrtest.call.keys import KeyMode
from ivrtest.probe.dtmf import Findings, Hears, Mode, ModeResult, Trial, probe, trial_of
from ivrtest.run.result import ScenarioResult, Status, StepResult
from tests.run.conversations import scenario

YES, NO = Trial(Hears.YES, response_s=0.5), Trial(Hears.NO, "nothing was heard")
REFUSED, UNCLEAR = Trial(Hears.REFUSED, "415"), Trial(Hears.UNCLEAR, "busy")


@pytest.mark.parametrize(
    ("trials", "hears", "message"),
    [
        ((YES, YES), Hears.YES, ""),
        ((NO, NO), Hears.NO, "nothing was heard"),
        ((YES, NO), Hears.SOMETIMES, "nothing was heard"),
        ((REFUSED,), Hears.REFUSED, "415"),
        ((YES, UNCLEAR), Hears.UNCLEAR, "busy"),
        ((NO, UNCLEAR), Hears.UNCLEAR, "busy"),
        ((), Hears.UNCLEAR, ""),
    ],
)
def test_trials_become_a_verdict(trials: tuple[Trial, ...], hears: Hears, message: str) -> None:
    result = ModeResult("info", trials)
    assert (result.hears, result.message) == (hears, message)


def found(control: Trial = NO, **modes: Trial) -> Findings:
    names: dict[str, Mode] = {"rfc4733": "rfc4733", "info": "info", "inband": "inband"}
    return Findings(control, tuple(ModeResult(names[name], (trial,)) for name, trial in modes.items()))


@pytest.mark.parametrize(
    ("findings", "required", "code"),
    [
        (found(rfc4733=YES, info=NO), (), 0),
        (found(rfc4733=YES, info=NO), ("rfc4733",), 0),
        (found(rfc4733=YES, info=NO), ("rfc4733", "info"), 1),
        (found(rfc4733=NO, info=REFUSED), (), 1),
        (found(rfc4733=NO, info=UNCLEAR), (), 2),
        (found(rfc4733=YES, info=UNCLEAR), ("info",), 2),
        (found(rfc4733=YES, info=UNCLEAR), ("rfc4733",), 0),
        (found(YES), (), 2),
        (found(UNCLEAR), (), 2),
    ],
)
def test_exit_codes(findings: Findings, required: tuple[Mode, ...], code: int) -> None:
    assert findings.exit_code(required) == code


def test_each_way_is_tried_so_often_and_a_refusal_once() -> None:
    asked: list[tuple[str, bool]] = []

    async def ask(mode: KeyMode, pressed: bool) -> Trial:
        asked.append((mode, pressed))
        return REFUSED if mode == "info" else YES if pressed else NO

    findings = asyncio.run(probe(ask, ("rfc4733", "info"), trials=2, tell=lambda doing: None))
    assert asked == [("rfc4733", False), ("rfc4733", True), ("rfc4733", True), ("info", True)]
    assert [mode.hears for mode in findings.modes] == [Hears.YES, Hears.REFUSED]


def test_an_answer_that_comes_without_a_key_ends_the_probe() -> None:
    asked = 0

    async def ask(mode: KeyMode, pressed: bool) -> Trial:
        nonlocal asked
        asked += 1
        return YES

    assert asyncio.run(probe(ask, ("rfc4733",), trials=3, tell=lambda doing: None)).modes == ()
    assert asked == 1


@pytest.mark.parametrize(
    ("statuses", "messages", "expected"),
    [
        ((Status.PASSED, Status.PASSED, Status.PASSED), ("", "", ""), Hears.YES),
        ((Status.PASSED, Status.PASSED, Status.FAILED), ("", "", 'heard "bye"'), Hears.NO),
        ((Status.PASSED, Status.PASSED, Status.ERROR), ("", "", "could not tell: noise"), Hears.UNCLEAR),
        ((Status.FAILED, Status.NOT_RUN, Status.NOT_RUN), ("nothing was heard", "", ""), Hears.UNCLEAR),
        (
            (Status.PASSED, Status.ERROR, Status.NOT_RUN),
            ("", "the line was lost at 3.0 s, before key 1 of 1 was pressed: keys cannot be sent by INFO: it was answered 415", ""),
            Hears.REFUSED,
        ),
    ],
)
def test_a_trial_is_what_became_of_its_last_step(statuses: tuple[Status, ...], messages: tuple[str, ...], expected: Hears) -> None:
    told = scenario("- hear: menu\n- press: 1\n- hear: bye\n")
    steps = tuple(StepResult(step, status, message) for step, status, message in zip(told.steps, statuses, messages, strict=True))
    trial = trial_of(ScenarioResult(told, Status.ERROR, steps), pressed=True)
    assert trial.hears is expected
    if expected is Hears.REFUSED:
        assert trial.message == "keys cannot be sent by INFO: it was answered 415"
