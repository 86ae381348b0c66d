"""Menus and entries: keys, patience, barge-in, keys pressed early. Times are seconds of the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivrtest.flow.action import HangUp, Happening, Key, Piece, Play, PlayEnded, StopPlaying, Tick

Begin = Callable[..., Any]

HELLO = Play((Piece("hello", "en", "test"),))
ASK = Play((Piece("ask", "mul", "test"),))
AGAIN_HELLO = Play((Piece("again", "mul", "test"), Piece("hello", "en", "test")))
BYE = HangUp()
NOTHING: tuple[object, ...] = ()

MENU = """\
  first:
    menu:
      prompt: hello
      keys: {"1": next, "2": {set: {language: es, chosen: "= 1 + 1"}, goto: other}}
      repeat: "9"
      no_input: {after: 4s, retries: 1, prompt: again, then: next}
      no_match: {retries: 1, prompt: again, then: other}
"""


def run(begin: Begin, flow: str, *table: tuple[Happening, tuple[object, ...]]) -> Any:
    talk = begin(flow)
    talk.start()
    for happening, actions in table:
        assert talk.on(happening) == actions, happening
    return talk


def test_a_menu_begins_with_its_prompt(talk: Begin) -> None:
    call = talk(MENU)
    assert call.start() == (HELLO,)
    assert call.machine.deadline is None
    assert call.on(PlayEnded(2)) == NOTHING
    assert call.machine.deadline == 6


def test_a_key_in_the_prompt_stops_it(talk: Begin) -> None:
    call = run(talk, MENU, (Key("2", 1), (StopPlaying(), BYE)))
    assert call.path == [("first", "key 2"), ("other", "hang up")]
    assert call.machine.variables["language"] == "es"
    assert call.machine.variables["chosen"] == 2


def test_no_input_asks_again_and_then_gives_up(talk: Begin) -> None:
    call = run(
        talk,
        MENU,
        (PlayEnded(2), NOTHING),
        (Tick(5.9), NOTHING),
        (Tick(6), (AGAIN_HELLO,)),
        (PlayEnded(9), NOTHING),
        (Tick(13), (BYE,)),
    )
    assert call.path == [("first", "no input"), ("next", "hang up")]


def test_no_match_and_no_input_are_counted_apart(talk: Begin) -> None:
    call = run(
        talk,
        MENU,
        (Key("5", 1), (StopPlaying(), AGAIN_HELLO)),
        (PlayEnded(4), NOTHING),
        (Tick(8), (AGAIN_HELLO,)),
        (Key("5", 9), (StopPlaying(), BYE)),
    )
    assert call.path[0] == ("first", "no match")


def test_a_repeat_costs_nothing_and_resets_nothing(talk: Begin) -> None:
    again = [(Key("9", at), (StopPlaying(), HELLO)) for at in range(2, 9)]
    call = run(talk, MENU, (Key("5", 1), (StopPlaying(), AGAIN_HELLO)), *again, (Key("5", 9), (StopPlaying(), BYE)))
    assert call.path[0] == ("first", "no match")


def test_a_key_in_the_retry_prompt_answers(talk: Begin) -> None:
    call = run(talk, MENU, (PlayEnded(2), NOTHING), (Tick(6), (AGAIN_HELLO,)), (Key("1", 6.5), (StopPlaying(), BYE)))
    assert call.path[0] == ("first", "key 1")


def test_attempts_count_both_together(talk: Begin) -> None:
    flow = "  first: {menu: {prompt: hello, keys: {}, attempts: 2, exhausted: next, no_match: {prompt: again}}}\n"
    call = run(talk, flow, (Key("5", 1), (StopPlaying(), AGAIN_HELLO)), (PlayEnded(3), NOTHING), (Tick(8), (BYE,)))
    assert call.path[0] == ("first", "attempts exhausted")


def test_retries_are_counted_for_one_visit(talk: Begin) -> None:
    flow = '  first: {menu: {prompt: hello, keys: {"1": first}, no_match: {retries: 1, then: next}}}\n'
    call = run(
        talk,
        flow,
        (Key("5", 1), (StopPlaying(), HELLO)),
        (Key("1", 2), (StopPlaying(), HELLO)),
        (Key("5", 3), (StopPlaying(), HELLO)),
        (Key("5", 4), (StopPlaying(), BYE)),
    )
    assert call.path == [("first", "key 1"), ("first", "no match"), ("next", "hang up")]


def test_what_is_not_declared_is_a_dead_end(talk: Begin) -> None:
    flow = '  first: {menu: {prompt: hello, keys: {"1": next}, no_input: {retries: 0}}}\n'
    call = run(talk, flow, (PlayEnded(2), NOTHING), (Tick(7), (HangUp("dead-end"),)))
    assert call.path == [("first", "no input")]
    assert call.trouble == ['menu "first" declares nothing for "no input"']


@pytest.mark.parametrize(
    ("fields", "actions", "after"),
    [
        ("barge_in: false", NOTHING, "first"),
        ("barge_in: false, early_keys: lost", NOTHING, "first"),
        ("barge_in: false, early_keys: kept", (BYE,), "next"),
    ],
)
def test_a_key_in_a_prompt_that_cannot_be_stopped(talk: Begin, fields: str, actions: tuple[object, ...], after: str) -> None:
    flow = f'  first: {{menu: {{prompt: hello, keys: {{"1": next}}, {fields}}}}}\n'
    call = run(talk, flow, (Key("1", 1), NOTHING), (PlayEnded(2), actions))
    assert call.machine.node == after


TWO_MENUS = """\
  first: {menu: {prompt: hello, keys: {"1": second}}}
  second: {%s: {prompt: ask, %s}}
  third: {menu: {prompt: again, keys: {"7": next}}}
"""
MENU_FIELDS = 'keys: {"7": next}'


@pytest.mark.parametrize(
    ("kind", "fields", "table"),
    [
        ("menu", MENU_FIELDS, [(Key("1", 1), (StopPlaying(), ASK)), (Key("7", 1.1), (StopPlaying(), BYE))]),
        # An announcement with barge-in is cut short, and the key goes to the menu behind it, which then needs no prompt.
        ("announce", "goto: third", [(Key("1", 1), (StopPlaying(), ASK)), (Key("7", 1.1), (StopPlaying(), BYE))]),
        # Without barge-in the early key is lost, and the menu asks.
        (
            "announce",
            "barge_in: false, goto: third",
            [(Key("1", 1), (StopPlaying(), ASK)), (Key("7", 1.1), NOTHING), (PlayEnded(2), (Play((Piece("again", "mul", "test"),)),))],
        ),
        # Or it is kept.
        (
            "announce",
            "barge_in: false, early_keys: kept, goto: third",
            [(Key("1", 1), (StopPlaying(), ASK)), (Key("7", 1.1), NOTHING), (PlayEnded(2), (BYE,))],
        ),
    ],
)
def test_keys_pressed_ahead(talk: Begin, kind: str, fields: str, table: list[tuple[Happening, tuple[object, ...]]]) -> None:
    call = run(talk, TWO_MENUS % (kind, fields), *table)
    assert call.trouble == []


def test_keys_after_a_wrong_one_are_forgotten(talk: Begin) -> None:
    flow = '  first: {menu: {prompt: hello, barge_in: false, early_keys: kept, keys: {"1": next}}}\n'
    run(talk, flow, (Key("5", 1), NOTHING), (Key("1", 1.1), NOTHING), (PlayEnded(2), (HELLO,)), (PlayEnded(4), NOTHING))


COLLECT = """\
  first:
    collect:
      prompt: ask
      into: number
      min: 3
      max: 5
      first_digit: 4s
      inter_digit: 2s
      keys: {"*": other}
      no_input: {retries: 0, then: other}
      no_match: {retries: 0, then: other}
      goto: next
"""


def entry(keys: str, at: float = 1) -> list[tuple[Happening, tuple[object, ...]]]:
    return [(Key(key, at + place), (StopPlaying(),) if place == 0 else NOTHING) for place, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("table", "way", "number"),
    [
        ([*entry("1234"), (Key("#", 5), (BYE,))], "entered", "1234"),
        ([*entry("1234"), (Key("5", 5), (BYE,))], "entered", "12345"),
        ([*entry("123"), (Tick(4.9), NOTHING), (Tick(5), (BYE,))], "entered", "123"),
        ([*entry("12"), (Tick(4), (BYE,))], "no match", None),
        ([*entry("12"), (Key("#", 3), (BYE,))], "no match", None),
        ([(Key("#", 1), (StopPlaying(), BYE))], "no match", None),
        ([*entry("12*"), (Tick(5), (BYE,))], "no match", None),
        ([(Key("*", 1), (StopPlaying(), BYE))], "key *", None),
        ([(PlayEnded(1), NOTHING), (Tick(5), (BYE,))], "no input", None),
        ([(PlayEnded(1), NOTHING), (Key("1", 4.9), NOTHING), (Tick(6), NOTHING), (Tick(6.9), (BYE,))], "no match", None),
    ],
)
def test_entering_digits(talk: Begin, table: list[tuple[Happening, tuple[object, ...]]], way: str, number: str | None) -> None:
    call = run(talk, COLLECT, *table)
    assert call.path[0] == ("first", way)
    assert call.machine.variables.get("number") == number


@pytest.mark.parametrize(
    ("valid", "keys", "fits"),
    [
        ("{pattern: '[1-4]{3}'}", "123", True),
        ("{pattern: '[1-4]{3}'}", "125", False),
        ("{pattern: '1.2'}", "1*2", True),
        ("{luhn: true}", "059", True),
        ("{luhn: true}", "058", False),
        ("{when: number < 200}", "199", True),
        ("{when: number < 200}", "200", False),
        ("{pattern: '[0-9]*', luhn: true, when: number != 000}", "059", True),
    ],
)
def test_which_entries_are_valid(talk: Begin, valid: str, keys: str, fits: bool) -> None:
    flow = f"  first: {{collect: {{prompt: ask, into: number, max: 3, valid: {valid}, attempts: 1, exhausted: other, goto: next}}}}\n"
    call = talk(flow)
    call.start()
    for place, key in enumerate(keys):
        call.on(Key(key, place + 1))
    assert call.path[0] == ("first", "entered" if fits else "attempts exhausted")


def test_a_terminator_that_comes_too_late_is_pressed_ahead(talk: Begin) -> None:
    flow = """\
  first: {collect: {prompt: hello, into: number, max: 2, goto: second}}
  second: {menu: {prompt: ask, keys: {"#": next}}}
"""
    call = run(talk, flow, (Key("1", 1), (StopPlaying(),)), (Key("2", 2), (ASK,)), (Key("#", 2.1), (StopPlaying(), BYE)))
    assert call.path[1] == ("second", "key #")


def test_a_secret_is_marked_and_appears_in_no_visit(talk: Begin) -> None:
    flow = """\
  first: {collect: {prompt: hello, into: pin, max: 4, secret: true, goto: second}}
  second: {set: {values: {copy: "= pin + 0", tries: 1}, goto: third}}
  third: {announce: {prompt: [ask, {digits: pin}], goto: next}}
"""
    call = talk(flow)
    call.start()
    assert call.machine.takes_secret
    for key in "739":
        assert call.on(Key(key, 1)) in ((StopPlaying(),), NOTHING)
    (play,) = call.on(Key("4", 2))
    assert [(piece.prompt, piece.secret) for piece in play.pieces[:2]] == [("ask", False), ("digits/7", True)]
    assert not call.machine.takes_secret
    assert call.machine.secrets == {"pin", "copy"}
    assert "739" not in repr(call.machine.visits)
