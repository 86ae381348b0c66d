"""Whatever the flow: no rule crashes, findings come alike, and no caller gets where the exploration does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.check.states import explore
from ivrtest.flow.action import (
    Enqueue,
    Happening,
    Key,
    Lookup,
    LookupEnded,
    PlayEnded,
    QueueEnded,
    Record,
    RecordEnded,
    Send,
    SendEnded,
    Tick,
    Transfer,
    TransferEnded,
)
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.source.text import Source

HEAD = """\
ivrtest: flow/1
name: test
entry: n0
languages: [en, es]
variables: {tries: 0, seen: 0}
prompts:
  choose: "For English, press 1. Para español, oprima 2."
  ask: {en: "For sales, press 1. Or enter your PIN.", es: "Para ventas, oprima 1."}
  half: {en: "Hello."}
nodes:
"""
NODES = [f"n{number}" for number in range(7)]
TARGETS = st.one_of(
    st.sampled_from(NODES),
    st.sampled_from(NODES).flatmap(
        lambda node: st.sampled_from(
            [
                f"{{set: {{language: es}}, goto: {node}}}",
                f"{{set: {{language: en}}, goto: {node}}}",
                f'{{set: {{tries: "= tries + 1"}}, goto: {node}}}',
                f"{{set: {{tries: 0, seen: 1}}, goto: {node}}}",
            ]
        )
    ),
)
TEMPLATES = st.sampled_from(
    [
        "announce: {prompt: ask, goto: A}",
        "announce: {prompt: half, barge_in: false, goto: A}",
        'menu: {prompt: choose, keys: {"1": A, "2": B}, attempts: 2, exhausted: C}',
        'menu: {prompt: ask, keys: {"1": A}, repeat: "9", no_input: {then: B, retries: 1}, no_match: {then: C, retries: 0}}',
        'menu: {prompt: ask, keys: {"1": A, "5": B}}',
        'collect: {prompt: ask, into: number, max: 2, keys: {"*": A}, attempts: 1, exhausted: B, goto: C}',
        'set: {values: {tries: "= tries + 2", language: es}, goto: A}',
        "set: {values: {seen: 1}, goto: A}",
        "branch: {cases: [{when: tries < 3, goto: A}, {when: seen == 1, goto: B}], otherwise: C}",
        'branch: {cases: [{when: language == "es" and tries > 1, goto: A}], otherwise: B}',
        'hours: {schedule: {mon-fri: "09:00-17:00"}, open: A, closed: B}',
        "lookup: {name: find, outcomes: {found: A}, failed: B, timed_out: C}",
        "transfer: {to: '+12025550199', busy: A, no_answer: B, failed: C}",
        'queue: {name: sales, prompt: ask, max_wait: 20s, zero_out: {"1": A}, overflow: B, timed_out: C, no_agents: A}',
        "voicemail: {greeting: half, recorded: A, empty: B}",
        "message: {channel: sms, to: caller, text: Hello, sent: A, failed: B}",
        "callback: {offer: ask, no_input: {then: C}, no_match: {then: C}, accepted: A, declined: B}",
        "survey: {questions: [{name: rating, prompt: ask}], no_input: {then: B}, no_match: {then: B}, done: A}",
        "hang_up: {prompt: half}",
        "hang_up: ",
    ]
)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    text = HEAD
    for node in NODES:
        template = draw(TEMPLATES)
        for mark in "ABC":
            template = template.replace(f" {mark},", f" {draw(TARGETS)},").replace(f" {mark}}}", f" {draw(TARGETS)}}}")
        text += f"  {node}:\n    {template}\n"
    reading = read_flow(Source("test.yaml", text))
    assert reading.flow is not None
    assert reading.findings == ()
    return reading.flow


@given(flows())
@settings(max_examples=200, deadline=None)
def test_no_rule_crashes_and_findings_come_alike(flow: Flow) -> None:
    context = CheckContext(flows={"test": flow}, recordings={"en": frozenset({"ask"})})
    found = check(flow, context)
    assert [finding.message for finding in found if finding.rule == "rule-crashed"] == []
    assert found == check(flow, CheckContext(flows={"test": flow}, recordings={"en": frozenset({"ask"})}))


ANSWERS: Mapping[type, tuple[Happening, ...]] = {
    Lookup: (LookupEnded("found", 0.0), LookupEnded("failed", 0.0)),
    Transfer: tuple(TransferEnded(outcome, 0.0) for outcome in ("busy", "no_answer", "failed", "answered")),
    Enqueue: (QueueEnded("overflow", 0.0), QueueEnded("no_agents", 0.0), QueueEnded("answered", 0.0)),
    Record: (RecordEnded(0.0, 0.0), RecordEnded(2.0, 0.0)),
    Send: (SendEnded(True, 0.0), SendEnded(False, 0.0)),
}


def moved(happening: Happening, at: float) -> Happening:
    return type(happening)(**{**{name: getattr(happening, name) for name in happening.__slots__}, "at": at})


@given(flows(), st.data())
@settings(max_examples=200, deadline=None)
def test_no_caller_gets_where_the_exploration_does_not(flow: Flow, data: st.DataObject) -> None:
    states = explore(flow, {})
    reachable = {(state.node, state.language) for state in states.steps}
    machine = FlowMachine(flow, start_time=datetime(2026, 3, 2, data.draw(st.sampled_from([8, 12])), tzinfo=UTC))
    asked = machine.start()
    at = 0.0
    for _ in range(30):
        if machine.ended:
            break
        at += data.draw(st.sampled_from([0.1, 1.0]))
        ways: list[Happening] = [PlayEnded(at), *(Key(key, at) for key in "1259*")]
        if machine.deadline is not None:
            ways.append(Tick(max(at, machine.deadline)))
        for action in asked:
            ways.extend(moved(answer, at) for answer in ANSWERS.get(type(action), ()))
        happening = data.draw(st.sampled_from(ways))
        at = max(at, happening.at)
        asked = (*asked, *machine.on(happening))[-6:]
    assert {(visit.node, visit.language) for visit in machine.visits} <= reachable
