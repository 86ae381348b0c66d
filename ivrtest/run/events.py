"""What a run tells while it runs. Screens and reports only listen."""

from __future__ import annotations

from dataclasses import dataclass

from ivrtest.run.result import Note, ScenarioResult, SuiteResult
from ivrtest.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class SuiteStarted:
    scenarios: tuple[Scenario, ...]
    target: str
    """What is called: a URI, or `embedded IVR`, or `simulation`."""


@dataclass(frozen=True, slots=True)
class ScenarioStarted:
    scenario: Scenario


@dataclass(frozen=True, slots=True)
class CallNoted:
    """Something was heard, pressed or said on a running call."""

    scenario: Scenario
    note: Note


@dataclass(frozen=True, slots=True)
class ScenarioFinished:
    result: ScenarioResult


@dataclass(frozen=True, slots=True)
class SuiteFinished:
    result: SuiteResult


RunEvent = SuiteStarted | ScenarioStarted | CallNoted | ScenarioFinished | SuiteFinished
