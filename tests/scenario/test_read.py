"""Scenario files to scenarios, and what is said of those that are wrong."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ivrtest.scenario.model import Given, GivenAnswer, GivenQueue, Scenario
from ivrtest.scenario.read import ScenarioReading, find_scenarios, load_scenario, read_scenario
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source

HEAD = "ivrtest: scenario/1\nname: A caller\nflow: bank\n"
STEPS = "steps: [hang_up]\n"
BEGINS = 'a scenario begins with "ivrtest: scenario/1"'
TIME = 'a time such as "800ms", "5s" or "2m"'
SECRET = "98765"


def read(text: str) -> ScenarioReading:
    return read_scenario(Source("a.yaml", text))


def scenario(text: str) -> Scenario:
    reading = read(text)
    assert [finding.message for finding in reading.findings] == []
    assert reading.scenario is not None
    return reading.scenario


def told(text: str) -> list[str]:
    reading = read(text)
    assert reading.scenario is None
    return [f"{finding.rule} {finding.span.line}:{finding.span.column} {finding.message}" for finding in reading.findings]


def test_what_is_not_said_has_a_default() -> None:
    found = scenario(HEAD + STEPS)
    assert (found.name, found.flow, found.language, found.time_limit_s, found.given) == ("A caller", "bank", None, 300.0, Given())
    assert (str(found.span), str(found.flow_span)) == ("a.yaml:2:7", "a.yaml:3:7")
    assert [step.describe() for step in found.steps] == ["hang up"]


def test_the_surroundings_are_read_with_their_places() -> None:
    given = scenario(
        HEAD
        + STEPS
        + """\
language: es
time_limit: 2m
given:
  now: 2026-12-24T10:00
  caller: "+12025550123"
  lookups:
    account: {outcome: found, values: {balance: "1250", points: 7}, after: 300ms}
    card: [{outcome: failed}, {outcome: never, after: 0s}]
  queues: {support: {position: 2, wait: 0s, outcome: overflow}, sales: {}}
  transfers: {"*": busy, "sip:agents@127.0.0.1": answered}
  messages: failed
"""
    ).given
    assert str(given.span) == "a.yaml:7:1"
    assert (given.now, given.caller, given.messages) == (datetime(2026, 12, 24, 10, 0), "+12025550123", "failed")  # noqa: DTZ001
    (account,) = given.lookups["account"]
    assert account == GivenAnswer("found", account.span, {"balance": "1250", "points": 7}, 0.3)
    assert str(account.span) == "a.yaml:11:5"
    assert [(answer.outcome, answer.after_s, str(answer.span)) for answer in given.lookups["card"]] == [
        ("failed", 0.0, "a.yaml:12:12"),
        ("never", 0.0, "a.yaml:12:31"),
    ]
    support, sales = given.queues["support"], given.queues["sales"]
    assert support == GivenQueue(support.span, "overflow", 2, 0.0)
    assert sales == GivenQueue(sales.span, "answered", 1, 3.0)
    assert [(to, found.outcome, str(found.span)) for to, found in given.transfers.items()] == [
        ("*", "busy", "a.yaml:14:20"),
        ("sip:agents@127.0.0.1", "answered", "a.yaml:14:50"),
    ]
    assert given.transfer_to("sip:agents@127.0.0.1") is given.transfers["sip:agents@127.0.0.1"]
    assert given.transfer_to("+12025550100") is given.transfers["*"]
    assert Given().transfer_to("+12025550100") is None


def test_prompts_and_languages_are_named_with_their_places() -> None:
    found = scenario(
        HEAD + "language: en\nsteps:\n  - hear: one\n  - press: 1\n  - hear: [two, {digits: 12}, one]\n    in: es\n  - hang_up\n"
    )
    named = [(name, str(span)) for name, span in found.prompts_named()]
    assert named == [
        ("one", "a.yaml:6:11"),
        ("two", "a.yaml:8:12"),
        ("one", "a.yaml:8:31"),
    ]
    assert [(name, str(span)) for name, span in found.languages_named()] == [("en", "a.yaml:4:11"), ("es", "a.yaml:9:9")]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("name: x\n", [f'missing-key 1:1 this is no scenario: it lacks the key "ivrtest". {BEGINS}']),
        ("ivrtest:\n", [f'missing-key 1:1 this is no scenario: it lacks the key "ivrtest". {BEGINS}']),
        ("ivrtest: flow/1\nnodes: {}\n", [f'wrong-value 1:10 this is no scenario: "ivrtest" is "flow/1". {BEGINS}']),
        ("- a\n", [f"wrong-value 1:1 this is no scenario: it is no mapping. {BEGINS}"]),
        (
            "ivrtest: scenario/1\n",
            [
                'missing-key 1:1 the scenario lacks the key "flow"',
                'missing-key 1:1 the scenario lacks the key "name"',
                'missing-key 1:1 the scenario lacks the key "steps"',
            ],
        ),
        (HEAD + "steps: []\n", ['wrong-value 4:8 "steps" is an empty list. it must be a list of steps such as {hear: welcome}']),
        (HEAD + STEPS + "time_limit: 0s\n", ['scenario-value 5:13 "time_limit" is "0s". it must be a time from 1ms to 24h']),
        (HEAD + STEPS + "time_limit: 25h\n", ['scenario-value 5:13 "time_limit" is "25h". it must be a time from 1ms to 24h']),
        (HEAD + STEPS + "time_limit: 2 minutes\n", [f'wrong-value 5:13 "time_limit" is "2 minutes". it must be {TIME}']),
        (
            HEAD + STEPS + "given: {now: 2026-13-24T10:00}\n",
            ['scenario-value 5:14 "now" is "2026-13-24T10:00", which is no day and time. write a moment such as 2026-12-24T10:00'],
        ),
        (HEAD + STEPS + "given: {now: today}\n", ['wrong-value 5:14 "now" is "today". it must be a moment such as 2026-12-24T10:00']),
        (
            HEAD + STEPS + "given: {caller: 12025550123}\n",
            ['wrong-type 5:17 "caller" is the number "12025550123". it must be a phone number in quotes, such as "+12025550123"'],
        ),
        (HEAD + STEPS + "given: {lookups: {a: []}}\n", ['wrong-value 5:22 "a" is an empty list. it must be a list of answers']),
        (
            HEAD + STEPS + "given: {lookups: {a: [{after: 1s}]}}\n",
            ['missing-key 5:23 item 1 of "a" of "lookups" of "given" lacks the key "outcome"'],
        ),
        (
            HEAD + STEPS + "given: {lookups: {a: {outcom: x}}}\n",
            ['unknown-key 5:23 unknown key "outcom" in "a" of "lookups" of "given". did you mean "outcome"?'],
        ),
        (
            HEAD + STEPS + "given: {queues: {a: {outcome: lost}}}\n",
            ['wrong-value 5:31 "outcome" is "lost". it must be "answered", "overflow", "no_agents" or "never"'],
        ),
        (
            HEAD + STEPS + 'given: {transfers: {"*": engaged}}\n',
            ['wrong-value 5:26 "*" is "engaged". it must be "answered", "busy", "no_answer" or "failed"'],
        ),
        (HEAD + STEPS + "given: {transfers: {a: busy, a: busy}}\n", ['duplicate-key 5:30 the key "a" stands here twice. keep one of them']),
    ],
)
def test_mistakes_are_told_with_their_places(text: str, messages: list[str]) -> None:
    assert told(text) == messages


@pytest.mark.parametrize(
    "step",
    [
        f"press: {SECRET}\n    secret: true",
        f'press: {{keys: "{SECRET}", secret: true}}',
        f"press: {SECRET}x\n    secret: true",
        f"press: {{keys: {SECRET}x, secret: true}}",
        f"press: [{SECRET}]\n    secret: true",
        f"press: {SECRET}\n    secret: yes",
        f"press: !x {SECRET}\n    secret: true",
        f"press:\n      keys: >\n        {SECRET}\n        {SECRET}\n      secret: true",
        f"press: {SECRET}\n    secret: true\n    within: 3s",
    ],
)
@pytest.mark.parametrize("more", ["", "  - hear: []\n", "  - press: 12\n"])
def test_secret_keys_are_in_no_finding_and_no_line_that_a_report_could_quote(step: str, more: str) -> None:
    reading = read(f"{HEAD}steps:\n  - {step}\n{more}  - hear: a\n")
    shown = repr(reading)
    for finding in reading.findings:
        shown += finding.message + finding.span.source.text
    if reading.scenario is not None:
        press = reading.scenario.steps[0]
        shown += press.describe() + repr(press) + press.span.source.text
        assert press.span.source.line(press.span.line)[press.span.column - 1 :].startswith("press")
        assert press.describe() == "press ••••"
    assert SECRET not in shown


def test_wrong_secret_keys_are_told_without_them() -> None:
    assert told(f"{HEAD}steps:\n  - press: {SECRET}x\n    secret: true\n") == [
        'wrong-value 5:12 "press" is "••••". it must be keys: 0 to 9, "*", "#" and A to D'
    ]


def test_scenarios_are_found_in_folders_and_none_is_skipped_silently(tmp_path: Path) -> None:
    for name in ("b/two.yml", "b/c/three.yaml", "one.yaml", "flow.yaml", "notes.txt", ".git/x.yaml", ".hidden.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("ivrtest: flow/1\n" if name == "flow.yaml" else HEAD + STEPS)
    found = find_scenarios(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in found] == ["b/c/three.yaml", "b/two.yml", "flow.yaml", "one.yaml"]
    assert find_scenarios(tmp_path / "notes.txt") == (tmp_path / "notes.txt",)
    assert [bool(load_scenario(path, tmp_path).scenario) for path in found] == [True, True, False, True]
    with pytest.raises(InputError) as caught:
        find_scenarios(tmp_path / "no")
    assert [finding.message for finding in caught.value.findings] == [f'there is no file or folder "{tmp_path}/no"']
