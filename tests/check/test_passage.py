"""Who hears an announced key: exactly, in chains of any length and in circles."""

from __future__ import annotations

from collections.abc import Callable

from ivrtest.check.context import CheckContext
from ivrtest.check.passage import Passage
from ivrtest.check.rules.announced_key_unhandled import AnnouncedKeyUnhandled
from ivrtest.flow.model import Flow

FORK = """
main:
  branch: {cases: [{when: caller == "1", goto: first}], otherwise: hello}
hello:
  announce: {prompt: choose, goto: again}
again:
  branch: {cases: [{when: caller == "2", goto: hello}], otherwise: second}
first:
  menu: {prompt: ask, keys: {"1": bye}, attempts: 1, exhausted: bye}
second:
  menu: {prompt: ask, keys: {"2": hello}, attempts: 1, exhausted: bye}
"""


def test_the_nearest_one_that_listens_is_found_through_circles(flow: Callable[..., Flow]) -> None:
    passage = Passage(flow(FORK))
    assert {node: listener.id for node, listener in passage.nearest.items()} == {"main": "first", "hello": "second", "again": "second"}


def test_a_key_is_handled_by_whoever_hears_it(flow: Callable[..., Flow]) -> None:
    passage = Passage(flow(FORK))
    told = {(node, key): listener.id if (listener := passage.handler(node, key)) else None for node in ("main", "hello") for key in "123"}
    assert told == {
        ("main", "1"): "first",
        ("main", "2"): "second",
        ("main", "3"): None,
        ("hello", "1"): None,
        ("hello", "2"): "second",
        ("hello", "3"): None,
    }


def test_callers_are_told_by_those_who_speak_before(flow: Callable[..., Flow]) -> None:
    passage = Passage(flow(FORK))
    assert passage.told_before("second", "en") == {"1", "2"}
    assert passage.told_before("first", "en") == frozenset()


def test_a_long_way_changes_nothing(flow: Callable[..., Flow]) -> None:
    chain = "".join(f"n{number}:\n  announce: {{prompt: choose, goto: n{number + 1}}}\n" for number in range(2000))
    listening = 'n2000:\n  menu: {prompt: ask, keys: {"1": bye, "2": bye}, attempts: 1, exhausted: bye}\n'
    assert (
        list(AnnouncedKeyUnhandled().check(flow("main:\n  announce: {prompt: choose, goto: n0}\n" + chain + listening), CheckContext()))
        == []
    )
    deaf = flow("main:\n  announce: {prompt: choose, goto: n0}\n" + chain + listening.replace(', "2": bye', ""))
    assert [finding.message.split(", and")[0] for finding in AnnouncedKeyUnhandled().check(deaf, CheckContext())] == [
        'prompt "choose" announces key "2"'
    ]
