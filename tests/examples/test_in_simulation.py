"""Every example scenario in virtual time: the good ones pass and reach all of the flows, the broken ones say what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivrtest.cli.run import prepare
from ivrtest.flow.machine import Visit
from ivrtest.flow.model import Flow
from ivrtest.run.conversation import Conversation
from ivrtest.run.result import ScenarioResult
from ivrtest.run.simulate import SimulatedRoute, simulate
from ivrtest.run.suite import run_suite
from tests.examples.paths import BROKEN, FLOWS, SCENARIOS, each, expectation, timeless

NOT_FOR_CALLERS = {
    "menu_too_long": "a caller who remembers everything reaches all of it",
    "secret_not_marked": "what is in the logs is nothing that a caller hears",
    "wrong_language_prompt": "a scenario cannot name a recording that nobody wrote",
}
"""Broken flows without a scenario, and why."""


def run(file: Path, flows: Path) -> ScenarioResult:
    suite = asyncio.run(run_suite(prepare([file], flows, by_sound=False), SimulatedRoute(), lambda event: None, at_once=1))
    return suite.results[0]


@pytest.mark.parametrize("file", each(SCENARIOS))
def test_a_scenario_passes(file: Path, flows: Path) -> None:
    result = run(file, flows)
    assert (str(result.status), result.verdict) == ("passed", "")


@pytest.mark.parametrize("file", each(BROKEN))
def test_a_broken_flow_is_red_for_the_right_reason(file: Path, flows: Path) -> None:
    result = run(file, flows / "broken")
    assert (str(result.status), timeless(result.verdict)) == expectation(file)


def test_every_broken_flow_has_a_scenario_or_needs_none() -> None:
    named = {file.stem for file in BROKEN.glob("*.yaml")}
    assert {file.stem for file in FLOWS.glob("broken/*.yaml")} == named | NOT_FOR_CALLERS.keys()
    assert not named & NOT_FOR_CALLERS.keys()


@pytest.mark.parametrize("file", [*each(SCENARIOS), *each(BROKEN)])
def test_editors_find_the_schema(file: Path) -> None:
    head, _, schema = file.read_text().partition("\n")[0].partition("=")
    assert head == "# yaml-language-server: $schema"
    assert (file.parent / schema).resolve().relative_to(FLOWS.parent).as_posix() == "ivrtest/scenario/scenario.schema.json"


def ways(flows: Path) -> Iterator[tuple[dict[str, Flow], tuple[Visit, ...]]]:
    """Yield for each scenario the flows that it may reach, and its caller's way."""
    for job in prepare([SCENARIOS], flows, by_sound=False):
        conversation = Conversation(job.scenario, job.prompts, job.flow.default_language, music=job.music)
        yield {job.flow.name: job.flow, **job.flows}, simulate(job, conversation)


def test_the_scenarios_reach_every_node_in_every_flow(flows: Path) -> None:
    known: dict[str, Flow] = {}
    visited = set()
    for reached, way in ways(flows):
        known |= reached
        visited |= {(visit.flow, visit.node) for visit in way}
    assert sorted(known) == sorted(file.stem for file in FLOWS.glob("*.yaml"))
    assert [f"{flow.name}: {node}" for flow in known.values() for node in flow.nodes if (flow.name, node) not in visited] == []


def test_no_scenario_leaves_the_declared_paths(flows: Path) -> None:
    assert [visit for _, way in ways(flows) for visit in way if visit.trouble] == []


def test_the_scenarios_speak_every_language_of_every_flow(flows: Path) -> None:
    for reached, _ in ways(flows):
        for name, flow in reached.items():
            spoken = {visit.language for _, way in ways(flows) for visit in way if visit.flow == name}
            assert spoken == set(flow.languages)
