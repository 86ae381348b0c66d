"""What it costs callers to get somewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ivrtest.audio.glance import Glance
from ivrtest.check.context import CheckContext
from ivrtest.check.effort import Effort, along, cheapest, effort_of, keys_of, starts
from ivrtest.flow.model import Flow

SOUNDS = {("ask", "en"): Glance(2.0, b"a"), ("ask", "es"): Glance(3.0, b"b"), ("choose", "mul"): Glance(4.0, b"c")}
NODES = """
main:
  menu: {prompt: choose, keys: {"1": number, "2": {set: {language: es}, goto: number}}, attempts: 2, exhausted: people}
number:
  collect: {prompt: ask, into: account, min: 4, max: 6, attempts: 3, exhausted: people, goto: people}
people:
  queue: {name: people, prompt: ask, overflow: box, no_agents: box}
box:
  voicemail: {greeting: ask, review: {prompt: ask}, recorded: bye, empty: bye}
"""


def ways(flow: Flow, context: CheckContext, node: str) -> dict[str, Effort]:
    """The quickest way to a node, by language."""
    states = context.states(flow)
    costs, last = cheapest(states, starts(states), lambda step: effort_of(flow, context, step).seconds)
    found: dict[str, Effort] = {}
    for state in sorted((state for state in costs if state.node == node), key=lambda state: costs[state]):
        found.setdefault(state.language, along(last, state, lambda step: effort_of(flow, context, step)))
    return found


def test_the_quickest_way_in_each_language(flow: Callable[..., Flow]) -> None:
    some = flow(NODES)
    found = ways(some, CheckContext(flows={}, sounds=SOUNDS), "people")
    assert found == {"en": Effort(6, 1, 6.0, True), "es": Effort(6, 1, 7.0, True)}


def test_lengths_that_are_estimated_are_told(flow: Callable[..., Flow]) -> None:
    [effort] = {way.known for way in ways(flow(NODES), CheckContext(flows={}), "people").values()}
    assert effort is False


def test_the_fewest_keys_may_be_none_for_a_caller_who_waits(flow: Callable[..., Flow]) -> None:
    some = flow(NODES)
    context = CheckContext(flows={}, sounds=SOUNDS)
    states = context.states(some)
    costs, last = cheapest(states, starts(states), lambda step: keys_of(some.nodes[step.origin.node], step))
    [nearest] = [state for state in states.at("people") if costs[state] == 0]
    assert along(last, nearest, lambda step: effort_of(some, context, step)) == Effort(0, 0, 18.0, True)


def test_what_a_called_flow_asks_counts(flow: Callable[..., Flow]) -> None:
    inner = replace(
        flow("main: {collect: {prompt: ask, into: pin, min: 4, max: 4, attempts: 3, exhausted: {return: lost}, goto: {return: known}}}"),
        name="inner",
    )
    outer = flow("main: {call_flow: {flow: inner, outcomes: {known: bye, lost: people}}}\npeople: {queue: {name: a, no_agents: bye}}")
    context = CheckContext(flows={"inner": inner}, sounds=SOUNDS)
    assert ways(outer, context, "bye")["en"] == Effort(4, 0, 2.0, True)
    assert ways(outer, context, "people")["en"] == Effort(0, 0, 21.0, True)


def test_a_flow_that_calls_itself_has_an_end(flow: Callable[..., Flow]) -> None:
    itself = flow("main: {call_flow: {flow: test, goto: bye}}")
    assert ways(itself, CheckContext(flows={"test": itself}), "bye") == {"en": Effort(known=False)}


@pytest.mark.parametrize(
    ("nodes", "label", "keys"),
    [
        ("main: {collect: {prompt: ask, into: a, min: 3, max: 3, goto: bye}}", "entered", 3),
        ("main: {collect: {prompt: ask, into: a, min: 3, max: 3, keys: {'*': bye}, goto: bye}}", "key *", 1),
        ("main: {collect: {prompt: ask, into: a, min: 2, terminator: none, goto: bye}}", "entered", 2),
        ("main: {menu: {prompt: ask, keys: {'1': bye}, no_match: {retries: 1, then: bye}}}", "no match", 2),
        ("main: {menu: {prompt: ask, keys: {'1': bye}, no_input: {retries: 1, then: bye}}}", "no input", 0),
        ("main: {survey: {questions: [{name: a, prompt: ask}, {name: b, prompt: ask}], done: bye}}", "done", 2),
        ("main: {callback: {offer: ask, confirm: ask, accepted: bye, declined: bye}}", "accepted", 2),
        ("main: {callback: {offer: ask, confirm: ask, accepted: bye, declined: bye}}", "declined", 1),
        ("main: {voicemail: {greeting: ask, review: {prompt: ask}, recorded: bye, empty: bye}}", "recorded", 1),
        ("main: {voicemail: {greeting: ask, recorded: bye, empty: bye}}", "recorded", 0),
        ("main: {announce: {prompt: ask, goto: bye}}", "then", 0),
    ],
)
def test_the_keys_of_one_step(flow: Callable[..., Flow], nodes: str, label: str, keys: int) -> None:
    some = flow(nodes)
    states = CheckContext(flows={}).states(some)
    [step] = [step for step in states.all_steps() if step.exit.label == label and step.origin.node == "main"]
    assert keys_of(some.nodes["main"], step) == keys
