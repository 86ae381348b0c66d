from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.hearing import Heard, Match, Recognised, ToneHeard, Verdict
from ivrtest.call.call import Answered, EarlyMedia, Ended, KeyHeard, KeySent, LedElsewhere, PlaybackEnded, Ringing, TransferAsked
from ivrtest.call.listener import Tick
from ivrtest.run.result import Note, Status
from ivrtest.run.scene import HangUpCall, Percept, PressKeys, Speak
from ivrtest.scenario.steps.hear import Hear
from tests.run.conversations import ANSWERED, THEY_HANG_UP, WE_HANG_UP, conversation, decided, heard, key, play, sound, ticks

MENU = ("menu", "en")


def verdict(steps: str, percepts: list[Percept]) -> list[str]:
    talk = conversation(steps)
    play(talk, [ANSWERED, *percepts])
    return decided(talk)


@pytest.mark.parametrize(
    ("ended", "status", "message"),
    [
        (Ended("refused", 0.1, 486, "Busy Here"), Status.FAILED, "the IVR refused the call: 486 Busy Here"),
        (Ended("refused", 0.1, 503, "Service Unavailable"), Status.FAILED, "the IVR refused the call: 503 Service Unavailable"),
        (Ended("refused", 0.1, 404, "Not Found"), Status.ERROR, "the call was not accepted: 404 Not Found"),
        (Ended("refused", 0.1, 403, "Forbidden"), Status.ERROR, "the call was not accepted: 403 Forbidden"),
        (Ended("no-answer", 60.0, 408, "Request Timeout"), Status.FAILED, "the IVR did not answer: 408 Request Timeout"),
        (Ended("lost", 32.0, reason="no response"), Status.ERROR, "the line failed before the call was answered: no response"),
    ],
)
def test_a_call_that_is_never_answered_is_judged_by_why(ended: Ended, status: Status, message: str) -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [Ringing(0.05), ended])
    assert talk.status is status
    assert talk.trouble == (status, message)
    assert decided(talk) == ["not run"]


@pytest.mark.parametrize(("followed", "where"), [(True, "there"), (False, "where the call went")])
def test_a_call_that_is_led_elsewhere_says_so(followed: bool, where: str) -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [ANSWERED, LedElsewhere("sip:far@192.0.2.1", 0.3, followed)])
    assert [note.text for note in talk.notes][1:] == [
        f'the IVR wants the rest of the call at "sip:far@192.0.2.1", which is not among the allowed targets; our requests go {where}'
    ]


def test_a_call_whose_sound_is_led_elsewhere_says_so() -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [ANSWERED, LedElsewhere("192.0.2.1", 0.3, followed=True, what="sound")])
    assert [note.text for note in talk.notes][1:] == [
        'the IVR wants the sound of the call at "192.0.2.1", which is not among the allowed targets; our sound goes there'
    ]


def test_a_call_that_is_wanted_over_another_transport_says_so() -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [ANSWERED, LedElsewhere("sip:ivr@192.0.2.1;transport=tcp", 0.3, followed=False, what="transport")])
    (note,) = talk.notes[1:]
    where = 'at "sip:ivr@192.0.2.1;transport=tcp"; they go to that address over the transport of the call'
    assert note.text == f"the IVR wants our requests over another transport, {where}"


def test_keys_of_the_ivr_are_told_but_not_what_may_be_secret_keys_sent_back() -> None:
    talk = conversation('- press: "1"\n  secret: true\n- hear: menu\n')
    play(talk, [KeyHeard("5", 0.1, 2.0), ANSWERED, KeyHeard("1", 0.5, 0.1, how="info"), WE_HANG_UP])
    assert [note.text for note in talk.notes] == [
        "the IVR pressed 5 at 0.1 s, for 2.00 s, as RTP events",
        "answered",
        "the IVR pressed • at 0.5 s, for 0.10 s, by SIP INFO",
        "we hung up",
    ]


def test_ringing_without_end_is_the_fault_of_the_ivr() -> None:
    talk = conversation("- hear: menu\n")
    assert play(talk, [Ringing(0.1), *ticks(0.0, 60.2)]) == [HangUpCall()]
    play(talk, [Ended("us", 60.3)])
    assert (talk.status, talk.trouble) == (Status.FAILED, (Status.FAILED, "it rang, and nobody answered within 60 s"))


def test_a_call_that_does_not_even_ring() -> None:
    talk = conversation("- hear: menu\n")
    assert play(talk, ticks(0.0, 60.2)) == [HangUpCall()]
    assert talk.trouble == (Status.FAILED, "the call was not answered, and did not even ring, within 60 s")


def test_early_media_begins_the_steps() -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [EarlyMedia(0.5), heard(MENU, 0.6, 2.0), WE_HANG_UP])
    assert decided(talk) == ["passed"]


def test_a_refusal_after_early_media_names_the_status() -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [EarlyMedia(0.5), Ended("refused", 3.0, 486, "Busy Here")])
    assert decided(talk) == ['failed: the call was refused at 3.0 s, before "menu" in "en" was heard: 486 Busy Here']


def test_the_time_limit_ends_the_call_without_blaming_the_ivr() -> None:
    talk = conversation("- wait: 60s\n", head="time_limit: 5s\n")
    assert play(talk, [ANSWERED, *ticks(0.0, 5.2)]) == [HangUpCall()]
    assert (talk.status, talk.trouble) == (Status.ERROR, (Status.ERROR, "the time limit of 5 s was reached, in step 1: wait 60 s"))


def test_secret_keys_are_pressed_and_never_told() -> None:
    talk = conversation('- press: "1234"\n  secret: true\n- press: 5\n')
    commands = play(talk, [ANSWERED, *(key(digit, 0.1 + 0.2 * index) for index, digit in enumerate("12345")), WE_HANG_UP])
    assert commands == [PressKeys("1234", True), PressKeys("5", False), HangUpCall()]
    assert [note.text for note in talk.notes] == ["answered", *["pressed •"] * 4, "pressed 5", "we hung up"]


@pytest.mark.parametrize(
    ("steps", "percepts", "expected"),
    [
        ("- silence: 2s\n", [*ticks(0.0, 2.6), WE_HANG_UP], ["passed"]),
        (
            "- silence: 2s\n",
            [sound(1.0), *ticks(1.0, 3.0), heard(MENU, 1.0, 3.0), WE_HANG_UP],
            ['failed: heard "menu" in "en" from 1.0 s to 3.0 s. 2 s of silence were expected'],
        ),
        (
            "- silence: 2s\n",
            [ToneHeard(1000.0, 0.5, 0.9, 1.0), WE_HANG_UP],
            ["failed: heard a tone of 1000 Hz at 0.5 s. 2 s of silence were expected"],
        ),
        ("- silence: 2s\n", [Ended("them", 1.0)], ["failed: the IVR hung up at 1.0 s, before 2 s of silence had passed"]),
        ("- silence: 2s\n", [sound(2.2), *ticks(2.0, 2.6), WE_HANG_UP], ["passed"]),
        ("- say: 2s\n", [PlaybackEnded(2.0), WE_HANG_UP], ["passed"]),
        ("- say: 2s\n", [Ended("them", 1.0)], ["failed: the IVR hung up at 1.0 s, before the caller had finished speaking"]),
        ("- press: 12\n", [key("1", 0.1), Ended("them", 0.3)], ["failed: the IVR hung up at 0.3 s, before key 2 of 2 was pressed"]),
        ('- transferred: "sip:a@b"\n', [TransferAsked("<sip:a@B;x=y>", 1.0), WE_HANG_UP], ["passed"]),
        ('- transferred: "+12025550111"\n', [TransferAsked("tel:+1-202-555-0111", 1.0), WE_HANG_UP], ["passed"]),
        (
            '- transferred: "sip:a@b"\n',
            [TransferAsked("sip:c@b", 1.0), WE_HANG_UP],
            ['failed: expected a transfer to "sip:a@b", but the IVR transferred to "sip:c@b"'],
        ),
        (
            '- transferred: "sip:a@b"\n',
            [*ticks(0.0, 10.2), WE_HANG_UP],
            ['failed: no transfer came within 10 s. one to "sip:a@b" was expected'],
        ),
        ("- ended: {by: ivr}\n", [THEY_HANG_UP], ["passed"]),
        ("- ended: {by: caller}\n", [THEY_HANG_UP], ["failed: the IVR ended the call at 9.0 s. the caller had to end it"]),
        ("- ended: {by: ivr}\n", [*ticks(0.0, 10.2), WE_HANG_UP], ["failed: the call was not over after 10 s. the IVR had to end it"]),
        (
            "- ended: {by: ivr}\n",
            [Ended("lost", 3.0, reason="no response")],
            ["error: the line was lost at 3.0 s, so nobody hung up: no response"],
        ),
        ("- wait: 1s\n- hang_up\n", [*ticks(0.0, 1.1), WE_HANG_UP], ["passed", "passed"]),
        ("- wait: 5s\n- ended: {by: ivr}\n", [Ended("them", 1.0)], ["passed", "passed"]),
        ("- hang_up\n", [Ended("lost", 1.0)], ["error: the line was lost at 1.0 s, before we hung up"]),
    ],
)
def test_each_step_kind_is_judged(steps: str, percepts: list[Percept], expected: list[str]) -> None:
    assert verdict(steps, percepts) == expected


MORE = "nothing more was expected before the call's end"


@pytest.mark.parametrize(
    ("before", "more", "expected"),
    [
        ("hear: menu", heard(MENU, 2.2, 4.0), f'failed: heard "menu" in "en" from 2.2 s to 4.0 s. {MORE}'),
        ("hear: menu", heard(("sorry", "en"), 2.2, 4.0), f'failed: heard "sorry" in "en" from 2.2 s to 4.0 s. {MORE}'),
        (
            "hear: menu",
            heard(("", ""), 2.2, 4.0, Verdict.unknown),
            f"failed: heard speech that is no recording of the flow, from 2.2 s to 4.0 s. {MORE}",
        ),
        (
            "hear: menu",
            heard(MENU, 2.2, 4.0, Verdict.inconclusive),
            'error: could not tell: something like "menu" in "en" with too much loss or noise on the line to tell, from 2.2 s to 4.0 s. '
            + MORE,
        ),
        ("wait: 1s", heard(MENU, 2.2, 4.0), "passed"),
    ],
)
def test_what_is_said_after_all_that_was_to_be_heard(before: str, more: Heard, expected: str) -> None:
    first: list[Percept] = [heard(MENU, 0.3, 2.0)] if before == "hear: menu" else ticks(0.0, 2.1)
    assert verdict(f"- {before}\n- ended: {{by: ivr}}\n", [*first, more, THEY_HANG_UP]) == ["passed", expected]


def test_the_caller_speaks() -> None:
    assert play(conversation("- say: 2s\n"), [ANSWERED]) == [Speak(2.0)]


def test_the_story_of_a_call_is_kept() -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [Ringing(0.1), Answered(0.2), heard(MENU, 0.3, 2.0), TransferAsked("sip:a@b", 2.1), WE_HANG_UP])
    story = heard(MENU, 0.3, 2.0)
    assert talk.notes == [
        Note(0.1, "ringing"),
        Note(0.2, "answered"),
        Note(2.0, 'heard "menu" in "en" from 0.3 s to 2.0 s', story.match),
        Note(2.1, 'asked to call "sip:a@b" instead'),
        Note(9.0, "we hung up"),
    ]


KEYS = st.sampled_from([MENU, ("menu", "es"), ("bye", "en"), ("welcome", "mul"), ("", "")])
TIMES = st.floats(0.0, 30.0)
MATCHES = st.builds(
    lambda key, verdict, start, length: Match(key[0], key[1], verdict, 1.0, start, start + length, start + length),
    KEYS,
    st.sampled_from(Verdict),
    TIMES,
    st.floats(0.1, 9.0),
)
PERCEPTS = st.one_of(
    st.builds(Tick, TIMES),
    st.builds(lambda match: Heard(match, match.end_s), MATCHES),
    st.builds(lambda match: Recognised(match, match.end_s), MATCHES),
    st.builds(sound, TIMES),
    st.builds(lambda at: KeySent("1", at, 0.1), TIMES),
    st.builds(PlaybackEnded, TIMES),
    st.builds(lambda at: TransferAsked("sip:a@b", at), TIMES),
)
STEPS = st.lists(
    st.sampled_from(
        ["- hear: menu\n", "- hear: welcome\n  whole: false\n", "- press: 12\n", "- wait: 1s\n", "- silence: 1s\n", "- ended: {by: ivr}\n"]
    ),
    min_size=1,
    max_size=5,
)
ENDINGS = st.sampled_from(["us", "them", "lost", "refused", "no-answer"])


@given(STEPS, st.booleans(), st.lists(PERCEPTS, max_size=40), ENDINGS)
def test_whatever_comes_green_needs_evidence_for_every_step(steps: list[str], answered: bool, percepts: list[Percept], by: str) -> None:
    talk = conversation("".join(steps))
    play(talk, ([ANSWERED] if answered else []) + percepts + [Ended(by, 31.0)])
    assert talk.over
    statuses = [step.status for step in talk.steps]
    decided_before = statuses.index(Status.NOT_RUN) if Status.NOT_RUN in statuses else len(statuses)
    assert all(status is Status.NOT_RUN for status in statuses[decided_before:])
    assert all(status is Status.PASSED for status in statuses[: max(0, decided_before - 1)])
    if talk.status is Status.PASSED:
        assert set(statuses) == {Status.PASSED}
        for result in talk.steps:
            if isinstance(result.step, Hear):
                wanted = list(result.step.prompts("en"))
                assert [match.prompt for match in result.heard] == wanted
                assert all(match.verdict is Verdict.match for match in result.heard)
    else:
        assert talk.trouble is not None or any(step.message for step in talk.steps) or talk.status is Status.NOT_RUN


def test_what_is_not_certain_is_noted_as_such() -> None:
    """Too much other sound is over it: then it may be what it seems to be."""
    talk = conversation("- wait: 5s\n")
    match = Match(*MENU, Verdict.inconclusive, 5.0, 0.2, 1.4, 1.4)
    play(talk, [ANSWERED, Recognised(match, 1.4), Recognised(replace(match, verdict=Verdict.match), 1.8)])
    assert talk.notes[1:] == [Note(1.4, 'hears what may be "menu" in "en"'), Note(1.8, 'hears "menu" in "en"')]


@pytest.mark.parametrize(
    ("percepts", "steps", "status"),
    [
        ([], ["not run"], Status.ERROR),
        ([sound(0.2), heard(MENU, 0.2, 2.0)], ["passed"], Status.ERROR),
        ([sound(0.2), heard(("bye", "en"), 0.2, 2.0)], ["failed"], Status.FAILED),
    ],
)
def test_a_call_that_nobody_could_listen_to_the_end_is_never_green(percepts: list[Percept], steps: list[str], status: Status) -> None:
    talk = conversation("- hear: menu\n")
    play(talk, [ANSWERED, *percepts])
    talk.cannot_tell("nobody could listen")
    assert [step.status.value for step in talk.steps] == steps
    assert talk.trouble == (Status.ERROR, "nobody could listen")
    assert talk.status is status
