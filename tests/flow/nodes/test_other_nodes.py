"""Each other node type: what happens, what it does, how it is left. Times are seconds of the call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ivrtest.flow.action import (
    Beep,
    Dequeue,
    Enqueue,
    HangUp,
    Happening,
    Key,
    Lookup,
    LookupEnded,
    Piece,
    Play,
    PlayEnded,
    PlayMusic,
    QueueEnded,
    QueueMoved,
    Record,
    RecordEnded,
    Send,
    SendEnded,
    StopPlaying,
    StopRecording,
    Tick,
    Transfer,
    TransferEnded,
)

Begin = Callable[..., Any]
Table = Sequence[tuple[Happening, tuple[object, ...]]]

BYE = HangUp()
NOTHING: tuple[object, ...] = ()
ASK = Piece("ask", "mul", "test")
PLAY_ASK, PLAY_AGAIN = Play((ASK,)), Play((Piece("again", "mul", "test"),))
MUSIC = PlayMusic(Piece("music", "mul", "test"))


def digits(number: str) -> tuple[Piece, ...]:
    return tuple(Piece(f"digits/{digit}", "en", "test") for digit in number)


def run(begin: Begin, flow: str, started: tuple[object, ...], table: Table, way: str, **more: Any) -> Any:
    """Run a table, and tell how node `first` was left."""
    call = begin(flow, **more)
    assert call.start() == started
    for happening, actions in table:
        assert call.on(happening) == actions, happening
    assert call.path[0] == ("first", way)
    return call


LOOKUP = """\
  first:
    lookup:
      name: orders
      with: {number: caller}
      timeout: 3s
      prompt: ask
      music: music
      outcomes: {found: next}
      failed: other
      timed_out: other
"""
ASKED = (PlayEnded(1), (Lookup("orders", {"number": "+123"}), MUSIC))


@pytest.mark.parametrize(
    ("table", "way", "trouble"),
    [
        ([(LookupEnded("found", 2, {"status": 7}), (StopPlaying(), BYE))], "found", []),
        ([(LookupEnded("failed", 2), (StopPlaying(), BYE))], "failed", []),
        (
            [(LookupEnded("odd", 2), (StopPlaying(), BYE))],
            "failed",
            ['lookup "orders" gave the outcome "odd", which is not declared'],
        ),
        ([(Tick(3.9), NOTHING), (Tick(4), (StopPlaying(), BYE)), (LookupEnded("found", 4.1), NOTHING)], "timed out", []),
        ([(LookupEnded("found", 2, {}, "something_else"), NOTHING), (Tick(4), (StopPlaying(), BYE))], "timed out", []),
        ([(LookupEnded("found", 4.5), (StopPlaying(), BYE))], "timed out", []),
    ],
)
def test_lookup(talk: Begin, table: Table, way: str, trouble: list[str]) -> None:
    call = run(talk, LOOKUP, (PLAY_ASK,), [ASKED, *table], way, caller="+123")
    assert call.trouble == trouble
    assert call.machine.variables.get("status") == (7 if way == "found" else None)


def test_a_lookup_says_which_arguments_are_secret(talk: Begin) -> None:
    flow = """\
  first: {collect: {prompt: ask, into: pin, max: 1, secret: true, goto: second}}
  second: {lookup: {name: who, with: {code: pin, phone: caller}, outcomes: {}, failed: next}}
"""
    call = talk(flow)
    call.start()
    assert call.on(Key("5", 1)) == (StopPlaying(), Lookup("who", {"code": "5", "phone": ""}, frozenset({"code"})))


def test_a_lookup_of_what_is_not_known_is_a_dead_end(talk: Begin) -> None:
    call = talk("  first: {lookup: {name: who, with: {code: pin}, failed: next, timed_out: next}}\n")
    assert call.start() == (HangUp("dead-end"),)
    assert call.trouble == ['variable "pin" is not set']


TRANSFER = """\
  first:
    transfer: {to: "sip:desk@example.com", mode: attended, timeout: 15s, prompt: ask, busy: next, no_answer: next, failed: other%s}
"""
CALLED = (PlayEnded(1), (Transfer("sip:desk@example.com", True, 15.0),))


@pytest.mark.parametrize(
    ("outcome", "more", "actions", "way", "handed_over"),
    [
        ("answered", "", NOTHING, "answered", True),
        ("answered", ", answered: next", (BYE,), "answered", False),
        ("busy", "", (BYE,), "busy", False),
        ("no_answer", "", (BYE,), "no answer", False),
        ("failed", "", (BYE,), "failed", False),
    ],
)
def test_transfer(talk: Begin, outcome: str, more: str, actions: tuple[object, ...], way: str, handed_over: bool) -> None:
    call = run(talk, TRANSFER % more, (PLAY_ASK,), [CALLED, (TransferEnded(outcome, 9), actions)], way)
    assert call.machine.ended
    assert call.machine.handed_over is handed_over
    assert call.trouble == []


QUEUE = """\
  first:
    queue:
      name: sales
      prompt: ask
      music: music
      comfort: {every: 20s, prompts: [again, ask]}
      position: {every: 30s, prompt: [again, {digits: position}]}
      max_wait: 70s
      zero_out: {"1": next}
      overflow: next
      timed_out: other
      no_agents: next
"""
QUEUED = (PlayEnded(1), (Enqueue("sales"), MUSIC))
POSITION = Play((Piece("again", "mul", "test"), *digits("3")))


@pytest.mark.parametrize(
    ("table", "way"),
    [
        ([(QueueEnded("overflow", 1), (StopPlaying(), BYE))], "overflow"),
        ([(QueueEnded("no_agents", 9), (StopPlaying(), BYE))], "no agents"),
        ([(Key("5", 3), NOTHING), (Key("1", 4), (StopPlaying(), Dequeue("sales"), BYE))], "key 1"),
        (
            [(QueueEnded("answered", 9), (StopPlaying(), Transfer("queue:sales"))), (TransferEnded("answered", 9), NOTHING)],
            "answered",
        ),
        ([(QueueEnded("answered", 9), (StopPlaying(), Transfer("queue:sales"))), (TransferEnded("busy", 20), (BYE,))], "no agents"),
        (
            [
                (Tick(21), (PLAY_AGAIN,)),
                (PlayEnded(24), (MUSIC,)),
                (QueueMoved(3, 100, 25), NOTHING),
                (Tick(31), (POSITION,)),
                # What falls due meanwhile is said right after it, once.
                (Tick(41), NOTHING),
                (PlayEnded(42), (MUSIC, PLAY_ASK)),
                (PlayEnded(44), (MUSIC,)),
                (Tick(61), (POSITION,)),
                (Key("1", 62), (StopPlaying(), Dequeue("sales"), BYE)),
            ],
            "key 1",
        ),
        (
            [
                (Tick(21), (PLAY_AGAIN,)),
                (PlayEnded(24), (MUSIC,)),
                (Tick(31), NOTHING),
                (Tick(41), (PLAY_ASK,)),
                (PlayEnded(42), (MUSIC,)),
                (Tick(61), (PLAY_AGAIN,)),
                (Tick(71), (StopPlaying(), Dequeue("sales"), BYE)),
            ],
            "timed out",
        ),
    ],
)
def test_queue(talk: Begin, table: Table, way: str) -> None:
    call = run(talk, QUEUE, (PLAY_ASK,), [QUEUED, *table], way)
    assert call.machine.ended
    assert call.machine.variables.get("wait_minutes", 2) == 2


def test_a_position_that_is_not_known_yet_is_not_said(talk: Begin) -> None:
    flow = QUEUE.replace('zero_out: {"1": next}', 'zero_out: {"1": first}')
    call = talk(flow)
    call.start()
    for happening in (PlayEnded(1), QueueMoved(3, 61, 2), Key("1", 3), PlayEnded(4)):
        call.on(happening)
    assert call.machine.visits[1].node == "first"
    assert call.on(Tick(24)) == (PLAY_AGAIN,)
    assert call.on(PlayEnded(25)) == (MUSIC,)
    # The place in the line was the one of the wait before this one.
    assert call.on(Tick(34)) == NOTHING


CALLBACK = """\
  first:
    callback:
      offer: ask
      confirm: [{digits: callback_number}]
      ask: again
      no_input: {after: 3s, retries: 0, then: other}
      no_match: {retries: 0, then: other}
      accepted: next
      declined: other
"""


@pytest.mark.parametrize(
    ("caller", "table", "way", "number"),
    [
        ("+12", [(Key("1", 1), (StopPlaying(), Play(digits("12")))), (Key("1", 2), (StopPlaying(), BYE))], "accepted", "+12"),
        ("+12", [(Key("2", 1), (StopPlaying(), BYE))], "declined", None),
        ("+12", [(PlayEnded(1), NOTHING), (Tick(4), (BYE,))], "no input", None),
        (
            "+12",
            [
                (Key("1", 1), (StopPlaying(), Play(digits("12")))),
                (Key("2", 2), (StopPlaying(), PLAY_AGAIN)),
                *[(Key(key, 3), (StopPlaying(),) if key == "7" else NOTHING) for key in "789"],
                (Key("#", 4), (Play(digits("789")),)),
                (Key("1", 5), (StopPlaying(), BYE)),
            ],
            "accepted",
            "789",
        ),
        ("anonymous", [(Key("1", 1), (StopPlaying(), PLAY_AGAIN)), (Key("#", 2), (StopPlaying(), BYE))], "no match", "anonymous"),
    ],
)
def test_callback(talk: Begin, caller: str, table: Table, way: str, number: str | None) -> None:
    call = run(talk, CALLBACK, (PLAY_ASK,), table, way, caller=caller)
    assert call.machine.variables.get("callback_number") == number


def test_a_callback_without_a_number_is_none(talk: Begin) -> None:
    flow = "  first: {callback: {offer: ask, accepted: next, declined: other}}\n"
    call = run(talk, flow, (PLAY_ASK,), [(Key("1", 1), (StopPlaying(), BYE))], "declined", caller="anonymous")
    assert call.trouble == ['callback "first" has no number to call: the caller\'s own is not known, and it asks for none']
    call = run(talk, flow, (PLAY_ASK,), [(Key("1", 1), (StopPlaying(), BYE))], "accepted", caller="+12")
    assert call.machine.variables["callback_number"] == "+12"


VOICEMAIL = """\
  first:
    voicemail: {greeting: ask, max: 30s, silence_end: 2s, recorded: next, empty: other%s}
"""
REVIEW = ", review: {prompt: again, no_match: {retries: 0}}"
GREETED = (PlayEnded(1), (Beep(),))
RECORDING = (PlayEnded(2), (Record(30.0, 2.0),))


@pytest.mark.parametrize(
    ("review", "table", "way"),
    [
        ("", [GREETED, RECORDING, (RecordEnded(4.0, 8), (BYE,))], "recorded"),
        ("", [GREETED, RECORDING, (RecordEnded(0.0, 8), (BYE,))], "empty"),
        ("", [(Key("#", 0.5), (StopPlaying(), Beep())), RECORDING, (RecordEnded(3.0, 8), (BYE,))], "recorded"),
        (
            "",
            [
                GREETED,
                RECORDING,
                (Key("5", 3), NOTHING),
                (Key("#", 4), (StopRecording(),)),
                (Key("#", 4.1), NOTHING),
                (RecordEnded(2, 5), (BYE,)),
            ],
            "recorded",
        ),
        (
            REVIEW,
            [
                GREETED,
                RECORDING,
                (RecordEnded(4.0, 8), (PLAY_AGAIN,)),
                (Key("2", 9), (StopPlaying(), Beep())),
                (PlayEnded(10), (Record(30.0, 2.0),)),
                (RecordEnded(4.0, 15), (PLAY_AGAIN,)),
                (Key("1", 16), (StopPlaying(), BYE)),
            ],
            "recorded",
        ),
        # A caller who does not answer the review has left a message all the same.
        (REVIEW, [GREETED, RECORDING, (RecordEnded(4.0, 8), (PLAY_AGAIN,)), (Key("7", 9), (StopPlaying(), BYE))], "recorded"),
    ],
)
def test_voicemail(talk: Begin, review: str, table: Table, way: str) -> None:
    run(talk, VOICEMAIL % review, (PLAY_ASK,), table, way)


SURVEY = """\
  first:
    survey:
      questions: [{name: easy, prompt: ask, from: 1, to: 5}, {name: again, prompt: again}]
      no_input: {retries: 0, then: other}
      no_match: {retries: 0, then: other}
      done: next
"""


@pytest.mark.parametrize(
    ("table", "way", "answers"),
    [
        ([(Key("4", 1), (StopPlaying(), PLAY_AGAIN)), (Key("1", 2), (StopPlaying(),)), (Key("0", 3), (BYE,))], "done", ("4", "10")),
        ([(Key("4", 1), (StopPlaying(), PLAY_AGAIN)), (Key("7", 2), (StopPlaying(),)), (Tick(5), (BYE,))], "done", ("4", "7")),
        ([(Key("4", 1), (StopPlaying(), PLAY_AGAIN)), (Key("1", 2), (StopPlaying(),)), (Key("1", 3), (BYE,))], "no match", ("4", None)),
        ([(Key("9", 1), (StopPlaying(), BYE))], "no match", (None, None)),
        ([(PlayEnded(1), NOTHING), (Tick(6), (BYE,))], "no input", (None, None)),
    ],
)
def test_survey(talk: Begin, table: Table, way: str, answers: tuple[str | None, str | None]) -> None:
    variables = run(talk, SURVEY, (PLAY_ASK,), table, way).machine.variables
    assert (variables.get("easy"), variables.get("again")) == answers


MESSAGE = """\
  first:
    message: {channel: sms, to: caller, text: "Code {code}, pin {pin}.", link: "https://x.example", sent: next, failed: other}
"""


@pytest.mark.parametrize(("sent", "way"), [(True, "sent"), (False, "failed")])
def test_message(talk: Begin, sent: bool, way: str) -> None:
    asked = (Send("sms", "+123", "Code , pin . https://x.example"),)
    call = run(talk, MESSAGE, asked, [(SendEnded(sent, 2), (BYE,))], way, caller="+123")
    assert call.trouble == [
        'variable "code" is not set, so it is left out of message "first"',
        'variable "pin" is not set, so it is left out of message "first"',
    ]


def test_a_message_never_holds_a_secret(talk: Begin) -> None:
    flow = "  first: {collect: {prompt: ask, into: pin, max: 1, secret: true, goto: second}}\n" + MESSAGE.replace("first", "second")
    call = talk(flow)
    call.start()
    assert call.on(Key("7", 1)) == (StopPlaying(), Send("sms", "", "Code , pin . https://x.example"))
    assert call.machine.visits[1].trouble == (
        'variable "code" is not set, so it is left out of message "second"',
        'variable "pin" is secret, so it is left out of message "second"',
    )
