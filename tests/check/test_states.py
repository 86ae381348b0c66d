"""What callers can live through: languages, counters, bounds, witnesses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from ivrtest.check.circles import circle, leading_to, on_circles
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import Act
from ivrtest.check.states import MAX_VALUES, State, States, explore
from ivrtest.flow.model import Flow

MENU = 'menu: {prompt: choose, keys: {"1": one, "2": {set: {language: es}, goto: two}}, attempts: 2, exhausted: bye}'


def places(found: Iterable[State]) -> list[tuple[str, str]]:
    """Nodes and languages of some states."""
    return [(state.node, state.language) for state in found]


def at(states: States, node: str, language: str) -> State:
    return next(state for state in states.at(node) if state.language == language)


def said(acts: tuple[Act, ...]) -> tuple[str, ...]:
    return tuple(map(str, acts))


def test_a_language_goes_with_the_caller(flow: Callable[..., Flow]) -> None:
    states = explore(
        flow(f"main:\n  {MENU}\none:\n  announce: {{prompt: ask, goto: bye}}\ntwo:\n  announce: {{prompt: ask, goto: one}}"), {}
    )
    assert places(states.steps) == [
        ("main", "en"),
        ("one", "en"),
        ("two", "es"),
        ("bye", "en"),
        ("one", "es"),
        ("bye", "es"),
    ]
    assert places(states.at("one")) == [("one", "en"), ("one", "es")]
    assert states.at("nowhere") == ()


def test_the_witness_is_the_way_through_the_fewest_nodes(flow: Callable[..., Flow]) -> None:
    states = explore(
        flow(f"main:\n  {MENU}\none:\n  announce: {{prompt: ask, goto: bye}}\ntwo:\n  announce: {{prompt: ask, goto: one}}"), {}
    )
    assert said(states.witness(at(states, "main", "en"))) == ("call",)
    assert said(states.witness(at(states, "one", "es"))) == ("call", "press 2")
    assert said(states.witness(at(states, "bye", "en"))) == ("call", "wait 5 s", "wait 5 s")
    exhausted = states.steps[at(states, "main", "en")][2]
    assert said(states.witness(exhausted)) == ("call", "wait 5 s", "wait 5 s")
    assert said(states.witness_of_exit("main", exhausted.exit)) == ("call", "wait 5 s", "wait 5 s")
    assert states.witness_of_exit("nowhere", exhausted.exit) == ()


def test_acts_are_told_in_the_words_of_their_node(flow: Callable[..., Flow]) -> None:
    states = explore(
        flow("""
        main:
          menu: {prompt: ask, keys: {"7": bye}, repeat: "8", no_input: {after: 6s, retries: 0, then: number},
            no_match: {retries: 1, then: number}}
        number:
          collect: {prompt: ask, into: account, first_digit: 7s, attempts: 1, exhausted: bye, keys: {"*": bye}, goto: find}
        find:
          lookup: {name: find, with: {account: account}, outcomes: {found: open}, failed: bye, timed_out: bye}
        open:
          hours: {schedule: {mon: "09:00-10:00"}, open: bye, closed: bye}
        """),
        {},
    )
    told = {
        (step.origin.node, step.exit.label): said(states.witness(step))[len(states.witness(step.origin)) :] for step in states.all_steps()
    }
    assert told == {
        ("main", "key 7"): ("press 7",),
        ("main", "no input"): ("wait 6 s",),
        ("main", "no match"): ("press 3", "press 3"),
        ("number", "entered"): ('enter "account"',),
        ("number", "key *"): ("press *",),
        ("number", "attempts exhausted"): ("wait 7 s",),
        ("find", "found"): ('lookup "find": found',),
        ("find", "failed"): ('lookup "find": failed',),
        ("find", "timed out"): ('lookup "find": timed out',),
        ("open", "open"): ('hours "open": open',),
        ("open", "closed"): ('hours "open": closed',),
    }


COUNTING = """
main:
  lookup: {name: find, outcomes: {found: bye}, failed: count, timed_out: count}
count:
  set: {values: {tries: "= tries + 1"}, goto: enough}
enough:
  branch: {cases: [{when: tries < %s, goto: main}], otherwise: bye}
"""


def test_a_counter_is_followed_to_its_bound(flow: Callable[..., Flow]) -> None:
    states = explore(flow(COUNTING % 3, "{tries: 0}"), {})
    assert [dict(state.values)["tries"] for state in states.at("enough")] == [1, 2, 3]
    assert [step.exit.label for step in states.steps[states.at("enough")[0]]] == ["when tries < 3"]
    assert [step.exit.label for step in states.steps[states.at("enough")[2]]] == ["otherwise"]


def test_a_counter_that_takes_too_many_values_is_taken_to_be_unknown(flow: Callable[..., Flow]) -> None:
    states = explore(flow(COUNTING % (MAX_VALUES + 10), "{tries: 0}"), {})
    assert places(states.at("enough")) == [("enough", "en")]
    assert len(states.steps[at(states, "enough", "en")]) == 2


def test_what_no_branch_reads_is_not_followed(flow: Callable[..., Flow]) -> None:
    states = explore(flow('main:\n  set: {values: {a: 1, b: "= a + 1"}, goto: main}', "{a: 0}"), {})
    assert places(states.steps) == [("main", "en")]


def test_what_the_caller_enters_is_unknown(flow: Callable[..., Flow]) -> None:
    states = explore(
        flow("""
        main:
          collect: {prompt: ask, into: choice, attempts: 1, exhausted: bye, goto: decide}
        decide:
          branch: {cases: [{when: choice == 1, goto: bye}], otherwise: main}
        """),
        {},
    )
    assert len(states.steps[states.at("decide")[0]]) == 2


def test_a_computed_language_is_known_or_any_of_the_flow(flow: Callable[..., Flow]) -> None:
    copied = explore(flow('main:\n  set: {values: {language: "= wanted"}, goto: bye}', "{wanted: es}"), {})
    assert {state.language for state in copied.at("bye")} == {"en", "es"}
    entered = explore(
        flow("main:\n  collect: {prompt: ask, into: language, attempts: 1, exhausted: bye, goto: bye}"),
        {},
    )
    assert {state.language for state in entered.at("bye")} == {"en", "es"}


def test_a_flow_that_returns_is_entered_in_all_its_languages(flow: Callable[..., Flow]) -> None:
    states = explore(flow("main:\n  announce: {prompt: ask, goto: return}"), {})
    assert places(states.steps) == [("main", "en"), ("main", "es")]
    assert states.ends(at(states, "main", "es"))


def test_a_called_flow_may_change_what_it_sets(flow: Callable[..., Flow]) -> None:
    inner = flow("main:\n  set: {values: {language: es, tries: 5}, goto: return}")
    outer = flow(
        """
        main:
          set: {values: {tries: 1}, goto: inner}
        inner:
          call_flow: {flow: inner, goto: decide}
        decide:
          branch: {cases: [{when: tries == 1, goto: bye}], otherwise: bye}
        """
    )
    known = explore(outer, {"inner": inner})
    assert [(state.language, state.values) for state in known.at("decide")] == [("en", ()), ("es", ())]
    assert len(known.steps[known.at("decide")[0]]) == 2


def test_an_entry_that_is_not_there_has_no_states(flow: Callable[..., Flow]) -> None:
    assert explore(dataclasses.replace(flow("main:\n  announce: {prompt: ask, goto: bye}"), entry="gone"), {}).steps == {}


def test_states_are_explored_once_for_all_rules(flow: Callable[..., Flow]) -> None:
    context, tree = CheckContext(), flow("main:\n  announce: {prompt: ask, goto: bye}")
    assert context.states(tree) is context.states(tree)


def test_circles_are_told_from_what_leads_to_them(flow: Callable[..., Flow]) -> None:
    states = explore(
        flow("""
        main:
          announce: {prompt: ask, goto: one}
        one:
          announce: {prompt: ask, goto: two}
        two:
          menu: {prompt: ask, keys: {"1": one}, attempts: 2, exhausted: bye}
        """),
        {},
    )
    main, one, two, bye = (states.at(node)[0] for node in ("main", "one", "two", "bye"))
    assert circle(states, main, lambda step: True) == ("one", "two", "one")
    assert circle(states, two, lambda step: True) == ("two", "one", "two")
    assert circle(states, main, lambda step: step.exit.cause != "key") == ()
    assert list(on_circles(states, states.steps, lambda step: True)) == [one, two]
    assert leading_to(states, states.ends, lambda step: True) == {main, one, two, bye}
    assert leading_to(states, states.ends, lambda step: step.exit.cause != "attempts") == {bye}
