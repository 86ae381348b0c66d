"""`header: {...}`: what a message of the IVR must carry."""

from __future__ import annotations

import pytest

from ivrtest.call.call import Answered, EarlyMedia, Ended, Ringing, SessionChanged, TransferAsked, Transferred
from ivrtest.run.scene import Percept
from tests.run.conversations import WE_HANG_UP, conversation, decided, play, ticks

UUI = {"User-to-User": "abc;encoding=hex", "X-Two": "1, 2"}


def verdict(step: str, percepts: list[Percept]) -> list[str]:
    talk = conversation(f"- header: {step}\n")
    play(talk, percepts)
    return decided(talk)


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("{name: User-to-User}", "passed"),
        ("{name: user-TO-user, is: abc;encoding=hex}", "passed"),
        ("{name: X-Two, is: '1, 2'}", "passed"),
        ("{name: User-to-User, matches: ^abc}", "passed"),
        ("{name: X-None, absent: true}", "passed"),
        ("{name: X-None}", 'failed: the answer has no header "X-None"'),
        (
            "{name: User-to-User, is: def}",
            'failed: header "User-to-User" of the answer is "abc;encoding=hex". "def" was expected',
        ),
        (
            "{name: User-to-User, is: def, secret: true}",
            'failed: header "User-to-User" of the answer is "•". "•" was expected',
        ),
        (
            "{name: User-to-User, matches: y$}",
            'failed: header "User-to-User" of the answer is "abc;encoding=hex", in which "y$" is not found',
        ),
        (
            "{name: User-to-User, matches: y$, secret: true}",
            'failed: header "User-to-User" of the answer is "•", in which "•" is not found',
        ),
        (
            "{name: User-to-User, absent: true}",
            'failed: the answer has the header "User-to-User": "abc;encoding=hex". it must have none',
        ),
    ],
)
def test_the_answer(step: str, outcome: str) -> None:
    assert verdict(step, [Answered(0.5, UUI), WE_HANG_UP]) == [outcome]


def test_the_compact_name_is_the_same_header() -> None:
    assert verdict("{name: Referred-By, of: transfer}", [Answered(0.5, UUI), TransferAsked("x", 1.0, {"b": "<sip:a@b>"})]) == ["passed"]


def test_messages_before_the_answer_are_known_when_it_comes() -> None:
    percepts: list[Percept] = [Ringing(0.1, 180, {"X-R": "1"}), Answered(0.5, UUI)]
    assert verdict("{name: X-R, of: ringing}", percepts) == ["passed"]
    assert verdict("{name: X-E, of: early_media}", [EarlyMedia(0.2, {"X-E": "1"})]) == ["passed"]
    assert verdict("{name: X-R, of: answer}", [EarlyMedia(0.2, {"X-E": "1"}), Answered(0.5, {"X-R": "2"})]) == ["passed"]


def test_a_message_that_does_not_come() -> None:
    percepts = [Answered(0.5, UUI), *ticks(0.5, 3.0)]
    assert verdict("{name: Refer-To, of: transfer, within: 2s}", percepts) == [
        'failed: the transfer request did not come within 2 s. its header "Refer-To" was expected'
    ]


def test_the_call_ends_before_it_comes() -> None:
    assert verdict("{name: Refer-To, of: transfer}", [Answered(0.5, UUI), Ended("them", 1.0)]) == [
        'failed: the IVR hung up at 1.0 s, before header "Refer-To" of the transfer request was there'
    ]


def test_the_message_that_ends_the_call() -> None:
    assert verdict(
        "{name: Reason, of: end, is: 'Q.850;cause=16'}", [Answered(0.5, UUI), Ended("them", 1.0, headers={"Reason": "Q.850;cause=16"})]
    ) == ["passed"]


def test_without_sip_it_cannot_be_told() -> None:
    assert verdict("{name: X}", [Answered(0.5)]) == [
        "error: no headers of the answer are known: this call was not held over SIP, or no message came"
    ]


def test_the_story_tells_of_transfers_and_holds() -> None:
    talk = conversation("- hear: menu\n")
    play(
        talk,
        [
            Answered(0.5, UUI),
            SessionChanged("them", "recvonly", 1.0),
            SessionChanged("us", "sendonly", 1.1, 488),
            Transferred("sip:agent@b", 2.0),
            Transferred("sip:other@b", 3.0, "busy (486 Busy Here)"),
        ],
    )
    assert [note.text for note in talk.notes][1:] == [
        "the IVR changed the session: only the IVR sends",
        "we asked that only we send; the IVR refused with 488",
        'talks to "sip:agent@b" now',
        'could not be transferred to "sip:other@b": busy (486 Busy Here)',
    ]
