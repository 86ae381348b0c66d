"""Findings as scenarios: each is valid, fails at its last step while the flow is wrong, and passes once the flow is put right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.check.witness import witness_scenario, witness_scenarios
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.result import Status
from ivrtest.run.simulate import simulate
from ivrtest.scenario.model import Scenario
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source

BROKEN = sorted((Path(__file__).parents[2] / "flows" / "broken").glob("*.yaml"))
FAILS = {
    "announced_key_unhandled-announced-key-unhandled-1.yaml": 'no transfer came within 10 s. one to "+12025550199" was expected',
    "dangling_target-unknown-target-1.yaml": 'the IVR hung up at 3.2 s, before a transfer to "+12025550199"',
    "dead_end-dead-end-1.yaml": 'the IVR hung up at 23.2 s, before a transfer to "+12025550199"',
    "endless_silence-unbounded-retry-1.yaml": 'no transfer came within 10 s. one to "+12025550199" was expected',
    "endless_tries-unbounded-retry-1.yaml": 'no transfer came within 10 s. one to "+12025550199" was expected',
    "forgotten_translation-announced-key-unhandled-1.yaml": 'no transfer came within 10 s. one to "+12025550199" was expected',
    "language_loop-language-option-no-effect-1.yaml": ('heard "choose_language" from 3.1 s to 6.1 s. "main_menu" in "es" was expected'),
    "language_swapped-language-option-no-effect-1.yaml": (
        'heard "main_menu" in the wrong language: "es" instead of "en", from 3.1 s to 6.8 s'
    ),
    "language_swapped-language-option-no-effect-2.yaml": (
        'heard "main_menu" in the wrong language: "en" instead of "es", from 3.1 s to 6.7 s'
    ),
    "missing_failure_exit-missing-outcome-1.yaml": 'the IVR hung up at 3.5 s, before a transfer to "+12025550199"',
    "missing_failure_exit-missing-outcome-2.yaml": 'the IVR hung up at 8.5 s, before a transfer to "+12025550199"',
    "operator_key_swallows_numbers-key-conflict-1.yaml": (
        'nothing was heard for 10 s, but the IVR transferred to "tel:+12025550199". "order_sent" in "en" was expected'
    ),
    "self_loop_key-self-loop-key-1.yaml": 'no transfer came within 10 s. one to "+12025550199" was expected',
    "silent_drop-silent-drop-1.yaml": 'the IVR hung up at 2.9 s, before "main_menu" in "en" was heard',
    "uncounted_tries-shadowed-branch-1.yaml": 'no transfer came within 10 s. one to "+12025550199" was expected',
    "trap_loop-trap-loop-1.yaml": 'no transfer came within 10 s. one to "+12025550199" was expected',
    "wrong_language_prompt-prompt-not-in-language-1.yaml": (
        'heard "opening_hours" in the wrong language: "en" instead of "es", from 6.9 s to 8.9 s'
    ),
}
CURES = {
    "announced_key_unhandled": ('"2": operator', '"2": operator, "3": operator'),
    "dangling_target": ("operater", "operator"),
    "dead_end": ("retries: 2}\n      no_match", "retries: 2, then: operator}\n      no_match"),
    "endless_silence": ("exhausted: not_heard", "exhausted: operator"),
    "forgotten_translation": ('"2": operator', '"2": operator, "3": operator'),
    "language_loop": ('"2": language', '"2": {set: {language: es}, goto: main}'),
    "self_loop_key": ('"2": main', '"2": operator'),
    "silent_drop": ("hang_up: {}", "hang_up: {prompt: main_menu}"),
    "trap_loop": ("exhausted: balance", "exhausted: operator"),
    "uncounted_tries": ("unknown_account: account_wrong", 'unknown_account: {set: {tries: "= tries + 1"}, goto: account_wrong}'),
}
"""By flow: what is written, and what would be right."""


def read(text: str) -> Flow:
    reading = read_flow(Source("test.yaml", text))
    assert reading.findings == ()
    assert reading.flow is not None
    return reading.flow


def scenarios(flow: Flow) -> dict[str, Scenario]:
    found = check(flow, CheckContext(flows={flow.name: flow}))
    scenarios = {}
    for name, (_, text) in witness_scenarios(found, flow, {}).items():
        reading = read_scenario(Source(name, text))
        assert reading.findings == ()
        assert reading.scenario is not None
        scenarios[name] = reading.scenario
    return scenarios


def held(scenario: Scenario, flow: Flow) -> Conversation:
    job = Job(scenario, flow, {}, flow.prompts, PromptLibrary(()))
    assert list(job.misfits(by_sound=False)) == []
    conversation = Conversation(scenario, job.prompts, flow.default_language, music=job.music)
    simulate(job, conversation)
    return conversation


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_scenario_fails_at_its_last_step_as_long_as_the_flow_is_wrong(path: Path) -> None:
    flow = read(path.read_text(encoding="utf-8"))
    told = {}
    for name, scenario in scenarios(flow).items():
        *before, last = held(scenario, flow).steps
        assert {step.status for step in before} == {Status.PASSED}
        assert last.status is Status.FAILED
        told[name] = last.message
    assert told == {name: message for name, message in FAILS.items() if name.startswith(f"{flow.name}-")}


@pytest.mark.parametrize("name", CURES)
def test_a_scenario_passes_once_the_flow_is_put_right(name: str) -> None:
    path = next(path for path in BROKEN if path.stem == name)
    text = path.read_text(encoding="utf-8")
    assert CURES[name][0] in text
    right = read(text.replace(*CURES[name]))
    made = scenarios(read(text))
    assert made != {}
    assert {held(scenario, right).status for scenario in made.values()} == {Status.PASSED}


def only(flow: Flow, rule: str) -> str | None:
    [finding] = (finding for finding in check(flow, CheckContext(flows={flow.name: flow})) if finding.rule == rule)
    return witness_scenario(finding, flow, {})


def test_the_file_says_what_it_shows_and_how_the_surroundings_behave(flow: Callable[..., Flow]) -> None:
    made = only(
        flow("""
        main:
          menu: {prompt: choose, keys: {"1": team, "2": {set: {language: es}, goto: number}}, attempts: 1, exhausted: bye}
        team:
          hours: {schedule: {sun: "09:00-10:00"}, open: number, closed: bye}
        number:
          collect: {prompt: ask, into: account, min: 4, max: 8, secret: true, attempts: 1, exhausted: bye, goto: find}
        find:
          lookup: {name: find, with: {account: account}, outcomes: {found: person}, failed: bye, timed_out: voice}
        person:
          transfer: {to: "+12025550199", busy: bye, no_answer: bye, failed: bye}
        voice:
          announce: {prompt: ask, goto: sales}
        sales:
          queue: {name: sales, overflow: bye, timed_out: bye}
        """),
        "missing-outcome",
    )
    assert made == (
        '# test.yaml:22:3: queue "sales" has no answer to "no agents": the caller is cut off then. '
        "add it, such as {no_agents: operator} [missing-outcome]\n"
        "# what the caller should get is not told by the flow: the last step is a proposal. write what is right\n"
        "ivrtest: scenario/1\n"
        'name: "missing-outcome: queue \\"sales\\" has no answer to \\"no agents\\": the caller is cut off then"\n'
        'flow: "test"\n'
        "given:\n"
        "  lookups:\n"
        '    "find": [{outcome: "never"}]\n'
        "  queues:\n"
        '    "sales": {outcome: no_agents}\n'
        "steps:\n"
        '  - {hear: ["choose"]}\n'
        '  - {press: "2"}\n'
        '  - {hear: ["ask"], in: "es"}\n'
        '  - {press: "482739#", secret: true}\n'
        '  - {hear: ["ask"]}\n'
        '  - {transferred: "+12025550199"}\n'
    )


def test_opening_hours_on_the_way_give_the_call_its_day(flow: Callable[..., Flow]) -> None:
    made = only(
        flow("""
        main:
          hours: {schedule: {sun: "09:00-10:00"}, holidays: ["2027-03-07"], open: person, closed: bye, holiday: closed}
        closed:
          announce: {prompt: ask}
        person:
          transfer: {to: "+12025550199", busy: bye, no_answer: bye, failed: bye}
        """),
        "dead-end",
    )
    assert made is not None
    assert 'given:\n  now: "2027-03-07T12:00"\n' in made


def test_what_no_call_can_show_has_no_scenario(flow: Callable[..., Flow]) -> None:
    unheard = flow("""
        main:
          menu: {prompt: ask, keys: {"1": bye}, attempts: 1, exhausted: bye}
        """)
    found = check(unheard, CheckContext(flows={"test": unheard}))
    assert [finding.rule for finding in found if finding.witness] != []
    assert witness_scenarios([finding for finding in found if finding.rule == "handled-key-unannounced"], unheard, {}) == {}
