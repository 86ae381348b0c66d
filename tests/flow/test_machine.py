"""The machine itself: steps, languages, called flows, drivers that race."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ivrtest.flow.action import (
    CallerLeft,
    HangUp,
    Key,
    LookupEnded,
    NoInput,
    Piece,
    Play,
    PlayEnded,
    RecordEnded,
    StopPlaying,
    Tick,
    TransferEnded,
)
from ivrtest.flow.machine import FlowMachine, Visit
from ivrtest.flow.model import Flow

Begin = Callable[..., Any]
Make = Callable[..., Flow]

BYE = HangUp()
LOST = HangUp("dead-end")


def test_hang_up_says_goodbye_first(talk: Begin) -> None:
    call = talk("  first: {hang_up: {prompt: bye}}\n")
    assert call.start() == (Play((Piece("bye", "mul", "test"),)),)
    assert call.on(Key("1", 0.5)) == ()
    assert call.on(PlayEnded(1)) == (BYE,)
    assert call.machine.ended
    assert not call.machine.handed_over
    assert call.machine.visits == (Visit("test", "first", "en", 0.0, "hang up"),)


def test_branch_takes_the_first_true_case_and_set_works_in_order(talk: Begin) -> None:
    call = talk(
        """\
  first: {set: {values: {a: 1, b: "= a + 1", c: "= a + b"}, goto: second}}
  second: {branch: {cases: [{when: c < b, goto: other}, {when: c == 3, goto: next}, {when: a == 1, goto: other}], otherwise: other}}
"""
    )
    assert call.start() == (BYE,)
    assert call.path == [("first", "then"), ("second", "when c == 3"), ("next", "hang up")]


@pytest.mark.parametrize(
    ("nodes", "trouble"),
    [
        ("first: {branch: {cases: [{when: a < 1, goto: next}]}}", 'cannot decide "a < 1": variable "a" is not set'),
        (
            'first: {set: {values: {a: "= language + 1"}, goto: next}}',
            'cannot set "a": "+" needs whole numbers, and variable "language" is none',
        ),
        ("first: {set: {values: {a: 1}}}", 'set "first" declares nothing for "then"'),
        ("first: {branch: {cases: [{when: 1 == 2, goto: next}]}}", 'branch "first" declares nothing for "otherwise"'),
        ("first: {set: {values: {}, goto: missing}}", 'node "missing" is not declared in flow "test"'),
        ("first: {set: {values: {}, goto: return}}", 'flow "test" returns, and no flow called it'),
        ("first: {call_flow: {flow: unknown}}", 'flow "unknown" is not known'),
        ("first: {call_flow: {flow: test}}", 'flow "test" would be called more than 20 flows deep'),
        (
            "first: {set: {values: {}, goto: second}}\n  second: {set: {values: {}, goto: first}}",
            'the caller passed 1000 nodes without anything happening, the last one on the way to "first"',
        ),
        ("second: {hang_up: }", 'node "first" is not declared in flow "test"'),
    ],
)
def test_dead_ends(talk: Begin, nodes: str, trouble: str) -> None:
    call = talk(f"  {nodes}\n")
    assert call.start() == (LOST,)
    assert call.machine.ended
    assert call.trouble == ([trouble] if call.path else [])


def test_a_loop_in_which_something_happens_goes_on(talk: Begin) -> None:
    call = talk("  first: {announce: {prompt: hello, goto: first}}\n")
    call.start()
    for second in range(1, 3000):
        assert call.on(PlayEnded(second)) == (Play((Piece("hello", "en", "test"),)),)


@pytest.mark.parametrize(
    ("moment", "way"),
    [
        (datetime(2026, 3, 4, 8, 0, tzinfo=UTC), "open"),
        (datetime(2026, 3, 4, 7, 59, 59, tzinfo=UTC), "closed"),
        (datetime(2026, 3, 5, 8, 0, tzinfo=UTC), "holiday"),
    ],
)
def test_hours_are_told_by_the_start_time(talk: Begin, moment: datetime, way: str) -> None:
    flow = """\
  first: {hours: {schedule: {mon-fri: "09:00-17:00"}, holidays: ["2026-03-05"], time_zone: Europe/Berlin, open: next, closed: other}}
"""
    call = talk(flow, start_time=moment)
    call.start()
    assert call.path[0] == ("first", way)


def test_hours_go_on_during_the_call(talk: Begin) -> None:
    flow = """\
  first: {announce: {prompt: hello, goto: second}}
  second: {hours: {schedule: {mon-fri: "09:00-17:00"}, open: next, closed: other}}
"""
    call = talk(flow, start_time=datetime(2026, 3, 4, 16, 59, 50, tzinfo=UTC))
    call.start()
    call.on(PlayEnded(10))
    assert call.path[1] == ("second", "closed")


@pytest.mark.parametrize(
    ("language", "prompt", "pieces", "trouble"),
    [
        ("es", "hello", (Piece("hello", "es", "test"),), []),
        ("es", "again", (Piece("again", "mul", "test"),), []),
        ("es", "english", (Piece("english", "en", "test"),), ['prompt "english" has no words in "es"']),
        ("fr", "hello", (Piece("hello", "en", "test"),), ['language "fr" is not spoken by flow "test", which has "en", "es"']),
        ("fr", "again", (Piece("again", "mul", "test"),), []),
        ("es", "[{digits: '07'}]", (Piece("digits/0", "es", "test"), Piece("digits/7", "es", "test")), []),
        ("es", "[{digits: caller}]", (Piece("digits/1", "es", "test"), Piece("digits/2", "es", "test")), []),
        ("es", "[hello, {digits: a}]", (Piece("hello", "es", "test"),), ['variable "a" is not set, so its digits are not said']),
        ("es", "[{number: caller}]", (Piece("numbers/12", "es", "test"),), []),
        (
            "es",
            '[{amount: "-1.50", currency: USD}]',
            tuple(
                Piece(name, "es", "test")
                for name in ("numbers/minus", "numbers/1_counting", "money/usd", "money/and", "numbers/50", "money/usd_cents")
            ),
            [],
        ),
        ("es", "[hello, {number: a}]", (Piece("hello", "es", "test"),), ['variable "a" is not set, so its number is not said']),
        (
            "es",
            "[hello, {number: language}]",
            (Piece("hello", "es", "test"),),
            ['"es" is no number up to 999999999 with up to 6 decimals, and is not said'],
        ),
        ("es", "[hello, missing]", (Piece("hello", "es", "test"),), ['prompt "missing" is not declared in flow "test"']),
        (
            "es",
            "[again, {digits: language}]",
            (Piece("again", "mul", "test"),),
            ['"language" is more than digits, and only the digits are said'],
        ),
    ],
)
def test_what_is_said_in_which_language(talk: Begin, language: str, prompt: str, pieces: tuple[Piece, ...], trouble: list[str]) -> None:
    nodes = (
        f"  first: {{set: {{values: {{language: {language}}}, goto: second}}}}\n  second: {{announce: {{prompt: {prompt}, goto: next}}}}\n"
    )
    call = talk(nodes, caller="12" if "number" in prompt else "+12")
    assert call.start() == (Play(pieces),)
    assert call.machine.language == language
    assert call.trouble == trouble


def test_what_cannot_be_said_takes_no_time(talk: Begin) -> None:
    call = talk("  first: {announce: {prompt: missing, goto: next}}\n")
    assert call.start() == (BYE,)


def called(make: Make, nodes: str) -> Flow:
    head = "ivrtest: flow/1\nname: called\nentry: inside\nlanguages: [es]\nvariables: {tries: 9, own: 1}\nprompts: {hello: Hola}\nnodes:\n"
    return make(nodes, head)


CALLING = """\
  first: {set: {values: {tries: 1}, goto: second}}
  second: {call_flow: {flow: called, outcomes: {good: next}, goto: other}}
"""


@pytest.mark.parametrize(("target", "way"), [("{return: good}", "good"), ("{return: odd}", "then"), ("return", "then")])
def test_a_called_flow_returns(talk: Begin, make: Make, target: str, way: str) -> None:
    inner = called(make, f"  inside: {{announce: {{prompt: hello, goto: {target}}}}}\n")
    call = talk(CALLING, flows={"called": inner})
    assert call.start() == (Play((Piece("hello", "mul", "called"),)),)
    assert (call.machine.flow, call.machine.node) == ("called", "inside")
    assert call.on(PlayEnded(1)) == (BYE,)
    assert [(visit.flow, visit.node, visit.exit) for visit in call.machine.visits] == [
        ("test", "first", "then"),
        ("test", "second", way),
        ("called", "inside", "then"),
        ("test", {"good": "next"}.get(way, "other"), "hang up"),
    ]
    assert call.machine.variables["tries"] == 1
    assert call.machine.variables["own"] == 1


def test_a_dead_end_in_a_called_flow_is_told_there(talk: Begin, make: Make) -> None:
    call = talk(CALLING, flows={"called": called(make, "  inside: {set: {values: {}, goto: missing}}\n")})
    assert call.start() == (LOST,)
    assert [visit.trouble for visit in call.machine.visits] == [(), (), ('node "missing" is not declared in flow "called"',)]
    assert call.machine.visits[1].exit is None


MENU = '  first: {menu: {prompt: hello, keys: {"1": next}, no_input: {retries: 1, then: other}}}\n'


def test_what_comes_too_late_is_ignored(talk: Begin) -> None:
    call = talk(MENU)
    call.start()
    for stray in (LookupEnded("x", 1), TransferEnded("answered", 1), RecordEnded(3, 1), NoInput(1), Tick(1), Key("x", 1)):
        assert call.on(stray) == ()
    assert call.on(Key("5", 2)) == (StopPlaying(), Play((Piece("hello", "en", "test"),)))
    # The end of the prompt that was stopped at second 2, reported late.
    assert call.on(PlayEnded(1.9)) == ()
    assert call.machine.deadline is None
    assert call.on(PlayEnded(4)) == ()
    assert call.machine.deadline == 9


def test_a_deadline_that_has_passed_comes_first(talk: Begin) -> None:
    call = talk(MENU)
    call.start()
    call.on(PlayEnded(1))
    # The caller was asked again at second 6, so this key is an answer to that.
    assert call.on(Key("1", 6.5)) == (Play((Piece("hello", "en", "test"),)), StopPlaying(), BYE)


def test_a_key_at_the_deadline_is_in_time(talk: Begin) -> None:
    call = talk(MENU)
    call.start()
    call.on(PlayEnded(1))
    assert call.on(Key("1", 6)) == (BYE,)


def test_a_caller_who_leaves_ends_the_flow(talk: Begin) -> None:
    call = talk(MENU)
    call.start()
    assert call.on(CallerLeft(1)) == ()
    assert call.machine.ended
    assert call.machine.deadline is None
    assert call.path == [("first", None)]
    assert call.on(Key("1", 2)) == ()


def test_how_it_is_not_to_be_used(make: Make) -> None:
    flow = make(MENU)
    with pytest.raises(ValueError, match=r'^start time "2026-03-04 00:00:00" has no time zone, so opening hours cannot be told$'):
        FlowMachine(flow, start_time=datetime(2026, 3, 4))  # noqa: DTZ001
    machine = FlowMachine(flow, start_time=datetime(2026, 3, 4, tzinfo=UTC))
    with pytest.raises(RuntimeError, match=r"^Tick came before the start$"):
        machine.on(Tick(1))
    machine.start()
    with pytest.raises(RuntimeError, match=r"^the machine runs already: make a new one for each call$"):
        machine.start()
