"""What a command found, as the reports take it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivrtest.run.result import ScenarioResult, Status, StepResult, SuiteResult
from ivrtest.source.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Outcome:
    """Findings of a check, results of a run, or both."""

    findings: tuple[Finding, ...] = ()
    suite: SuiteResult = field(default_factory=SuiteResult)


def deciding_step(result: ScenarioResult) -> tuple[int, StepResult] | None:
    """Return the step that failed or could not be judged, with its number from 1."""
    for number, step in enumerate(result.steps, 1):
        if step.status in {Status.FAILED, Status.ERROR}:
            return number, step
    return None


def finding_of(result: ScenarioResult) -> Finding | None:
    """Return what is wrong with a scenario as a finding in its file, or None if it passed."""
    if result.status is Status.PASSED:
        return None
    scenario = result.scenario
    rule = {Status.FAILED: "scenario-failed", Status.ERROR: "scenario-error", Status.NOT_RUN: "scenario-not-run"}[result.status]
    decided = deciding_step(result)
    if decided is not None:
        number, step = decided
        return Finding(rule, Severity.ERROR, f'step {number} of "{scenario.name}": {step.message}', step.step.span)
    broken = result.broken_limit
    if broken is not None and not result.message:
        return Finding(rule, Severity.ERROR, f'quality of "{scenario.name}": {broken.message}', broken.limit.span)
    message = result.message or "nothing was run"
    return Finding(rule, Severity.ERROR, f'"{scenario.name}": {message}', scenario.span)


def rounded(value: float | None) -> float | None:
    """Round to the millisecond; a number that JSON cannot hold becomes null."""
    return round(value, 3) if value is not None and abs(value) < float("inf") else None
