"""What calls by words say of a route: nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrtest.audio.hearing import Match, Means, Verdict
from ivrtest.probe.calibrate import calibration_of
from ivrtest.run.result import ScenarioResult, Status, StepResult, SuiteResult
from tests.run.conversations import scenario

WORDS = Match("", "en", Verdict.unknown, 5.0, 1.0, 3.0, 3.0, by=Means.words)
RECORDING = replace(WORDS, prompt="bye", verdict=Verdict.diverged, by=Means.recording)


def result(status: Status, match: Match, message: str = "") -> ScenarioResult:
    said = scenario("- hear: {words: Goodbye}\n")
    return ScenarioResult(said, status, (StepResult(said.steps[0], status, message, heard=(match,)),))


@pytest.mark.parametrize(("match", "refused"), [(WORDS, 0), (RECORDING, 1)])
def test_only_recordings_are_refused(match: Match, refused: int) -> None:
    suite = SuiteResult((result(Status.FAILED, match, "it was wrong"),), "2026-11-22T10:00:00+00:00")
    found = calibration_of(suite, (), "staging", "sip:ivr@192.0.2.1")
    assert (found.refused.count, found.refused.of) == (refused, refused)
    assert found.complaints == ('"A caller", step 1: it was wrong',)


def test_words_alone_measure_no_line() -> None:
    suite = SuiteResult((result(Status.PASSED, replace(WORDS, verdict=Verdict.match)),), "2026-11-22T10:00:00+00:00")
    found = calibration_of(suite, (), "staging", "sip:ivr@192.0.2.1")
    assert (found.exit_code, found.problem) == (2, "no recording was heard as it is in 1 call. words that are made out measure no line")
