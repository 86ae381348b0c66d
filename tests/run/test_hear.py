from __future__ import annotations

import pytest

from ivrtest.audio.hearing import Heard, Match, Verdict
from ivrtest.call.call import Ended
from ivrtest.run.result import Status
from ivrtest.run.scene import Expect, HangUpCall, Percept, PressKeys
from tests.run.conversations import (
    ANSWERED,
    THEY_HANG_UP,
    WE_HANG_UP,
    WELCOME,
    conversation,
    decided,
    heard,
    key,
    play,
    quiet,
    recognised,
    sound,
    ticks,
)

MENU_EN, MENU_ES, BYE = ("menu", "en"), ("menu", "es"), ("bye", "en")


def test_a_recording_heard_whole_passes_and_the_next_step_begins_at_its_end() -> None:
    talk = conversation("- hear: welcome\n- press: 2\n- hear: menu\n  in: es\n- hang_up\n")
    commands = play(
        talk,
        [
            ANSWERED,
            sound(0.2),
            recognised(WELCOME, 0.2, 1.4),
            heard(WELCOME, 0.2, 3.0),
            key("2", 3.1),
            heard(MENU_ES, 3.5, 6.0),
            WE_HANG_UP,
        ],
    )
    assert commands == [Expect((WELCOME,)), PressKeys("2", False), Expect((MENU_ES,)), HangUpCall()]
    assert decided(talk) == ["passed", "passed", "passed", "passed"]
    assert talk.status is Status.PASSED
    assert [step.at_s for step in talk.steps] == [3.0, 3.2, 6.0, 9.0]


@pytest.mark.parametrize(
    ("percepts", "verdict"),
    [
        (
            [heard(MENU_EN, 3.5, 6.0)],
            'failed: heard "menu" in the wrong language: "en" instead of "es", from 3.5 s to 6.0 s',
        ),
        ([heard(BYE, 3.5, 4.5)], 'failed: heard "bye" in "en" from 3.5 s to 4.5 s. "menu" in "es" was expected'),
        (
            [heard(MENU_ES, 3.5, 5.0, Verdict.truncated, 5.0)],
            'failed: "menu" in "es" was cut off at 5.0 s (1.5 s into the recording)',
        ),
        (
            [heard(MENU_ES, 3.5, 5.5, Verdict.diverged, 4.3)],
            'failed: "menu" in "es" is not as recorded: it differs from 4.3 s on (0.8 s into the recording)',
        ),
        (
            [heard(("", ""), 3.5, 6.5, Verdict.unknown)],
            'failed: heard speech that is no recording of the flow, from 3.5 s to 6.5 s. "menu" in "es" was expected',
        ),
        (
            [heard(MENU_ES, 3.5, 6.5, Verdict.inconclusive)],
            (
                'error: could not tell: something like "menu" in "es" with too much loss or noise on the line to tell, '
                "from 3.5 s to 6.5 s. "
                '"menu" in "es" was expected'
            ),
        ),
        (
            [heard(MENU_ES, 3.5, 6.5, Verdict.ambiguous)],
            'error: could not tell: heard "menu" in "es" (nothing tells them apart), from 3.5 s to 6.5 s. "menu" in "es" was expected',
        ),
        (
            [Heard(Match("wait", "es", Verdict.ambiguous, 0.5, 3.5, 6.5, 6.5, runner_up=("stay", "es"), others=(MENU_ES,)), 6.5)],
            (
                'error: could not tell: heard "wait" in "es", "stay" in "es" or "menu" in "es" (nothing tells them apart), '
                'from 3.5 s to 6.5 s. "menu" in "es" was expected'
            ),
        ),
        ([heard(MENU_ES, 5.0, 7.0)], 'failed: "menu" in "es" came late, after 2.0 s. it had to begin within 1 s'),
        (ticks(3.0, 6.0), 'failed: nothing was heard for 1 s. "menu" in "es" was expected'),
        ([Ended("them", 4.0)], 'failed: the IVR hung up at 4.0 s, before "menu" in "es" was heard'),
        (
            [Ended("lost", 4.0, reason="nobody listens there")],
            'error: the line was lost at 4.0 s, before "menu" in "es" was heard: nobody listens there',
        ),
    ],
)
def test_what_goes_wrong_is_told(percepts: list[Percept], verdict: str) -> None:
    talk = conversation("- hear: welcome\n- hear: menu\n  in: es\n  within: 1s\n- hang_up\n")
    play(talk, [ANSWERED, heard(WELCOME, 0.2, 3.0), *percepts, WE_HANG_UP])
    assert decided(talk) == ["passed", verdict, "not run"]
    assert talk.status is (Status.ERROR if verdict.startswith("error") else Status.FAILED)


def test_a_sound_that_began_in_time_is_waited_for() -> None:
    talk = conversation("- hear: menu\n  within: 1s\n")
    play(talk, [ANSWERED, sound(0.5), *ticks(0.5, 9.0), heard(MENU_EN, 0.5, 9.2), WE_HANG_UP])
    assert decided(talk) == ["passed"]


def test_a_sound_that_nobody_can_name_is_an_error() -> None:
    talk = conversation("- hear: menu\n  within: 1s\n")
    play(talk, [ANSWERED, sound(0.5), *ticks(0.5, 62.0), WE_HANG_UP])
    assert decided(talk) == ['error: a sound that began at 0.5 s went on and could not be named. "menu" in "en" was expected']


def test_a_beginning_is_enough_where_it_need_not_be_whole_and_the_cut_rest_is_not_judged() -> None:
    talk = conversation("- hear: welcome\n  whole: false\n- press: 1\n- hear: menu\n")
    commands = play(
        talk,
        [
            ANSWERED,
            recognised(WELCOME, 0.1, 1.3),
            key("1", 1.4),
            heard(WELCOME, 0.1, 1.6, Verdict.truncated, 1.6),
            heard(MENU_EN, 1.7, 4.0),
            WE_HANG_UP,
        ],
    )
    assert commands == [Expect((WELCOME,)), PressKeys("1", False), Expect((MENU_EN,)), HangUpCall()]
    assert decided(talk) == ["passed", "passed", "passed"]


def test_a_recording_known_before_the_step_began_counts() -> None:
    talk = conversation("- wait: 2s\n- hear: menu\n  whole: false\n")
    play(talk, [ANSWERED, sound(0.5), recognised(MENU_EN, 0.5, 1.7), *ticks(0.0, 2.0), WE_HANG_UP])
    assert decided(talk) == ["passed", "passed"]


def test_fragments_follow_one_another_and_a_wrong_one_is_told_with_its_place() -> None:
    talk = conversation('- hear: [menu, {digits: "12"}, bye]\n')
    play(talk, [ANSWERED, heard(MENU_EN, 0.1, 2.0), heard(("digits/1", "en"), 2.0, 2.4), heard(("digits/3", "en"), 2.4, 2.9), WE_HANG_UP])
    assert decided(talk) == ['failed: heard "digits/3" in "en" from 2.4 s to 2.9 s. "digits/2" in "en" was expected, 3 of 4']
    assert [match.prompt for match in talk.steps[0].heard] == ["menu", "digits/1", "digits/3"]


def test_a_pause_inside_fragments_is_bounded() -> None:
    talk = conversation("- hear: [menu, bye]\n")
    play(talk, [ANSWERED, heard(MENU_EN, 0.1, 2.0), quiet(2.0), *ticks(2.0, 6.0), WE_HANG_UP])
    assert decided(talk) == ['failed: nothing was heard for 2 s. "bye" in "en" was expected, 2 of 2']


def test_the_scenario_says_which_language_is_expected_first_and_a_step_from_there_on() -> None:
    talk = conversation("- hear: menu\n- hear: menu\n  in: en\n- hear: bye\n", head="language: es\n")
    commands = play(talk, [ANSWERED, heard(MENU_ES, 0.1, 2.0), heard(MENU_EN, 2.1, 4.0), heard(BYE, 4.1, 5.0), THEY_HANG_UP])
    assert commands == [Expect((MENU_ES,)), Expect((MENU_EN,)), Expect((BYE,)), HangUpCall()]
    assert decided(talk) == ["passed", "passed", "passed"]


@pytest.mark.parametrize(
    ("end", "kind", "verdict"),
    [
        (4.0, Verdict.unknown, "passed"),
        (4.0, Verdict.inconclusive, "passed"),
        (
            6.5,
            Verdict.inconclusive,
            (
                "error: could not tell: something with too much loss or noise on the line to tell, from 3.0 s to 6.5 s. "
                '"menu" in "en" was expected'
            ),
        ),
        (6.5, Verdict.unknown, 'failed: heard speech that is no recording of the flow, from 3.0 s to 6.5 s. "menu" in "en" was expected'),
    ],
)
def test_sound_without_a_name_is_an_answer_to_a_key_if_it_goes_on_after_it(end: float, kind: Verdict, verdict: str) -> None:
    talk = conversation("- hear: welcome\n- press: 1\n- hear: menu\n")
    unknown = heard(("", ""), 3.0, end, kind)
    play(talk, [ANSWERED, heard(WELCOME, 0.2, 3.0), key("1", 3.1), unknown, heard(MENU_EN, 6.6, 8.0), WE_HANG_UP])
    assert decided(talk)[2] == verdict


@pytest.mark.parametrize(
    ("percepts", "verdict"),
    [
        (ticks(3.0, 15.0), 'failed: nothing was heard for 10 s. "menu" in "es" was expected'),
        (
            [heard(("menu", "en"), 3.5, 6.0)],
            'failed: heard "menu" in the wrong language: "en" instead of "es", from 3.5 s to 6.0 s',
        ),
        (
            [heard(("", ""), 3.5, 6.5, Verdict.unknown)],
            (
                "error: could not tell: heard speech that is no recording of the flow, from 3.5 s to 6.5 s, "
                'and there is no recording of "menu" in "es" to hold it against'
            ),
        ),
        (
            [heard(("menu", "en"), 3.5, 6.0, Verdict.diverged, 4.5)],
            (
                'error: could not tell: heard something that begins like "menu" in "en" at 3.5 s and differs from 4.5 s on, '
                'and there is no recording of "menu" in "es" to hold it against'
            ),
        ),
    ],
)
def test_what_has_no_recording_fails_where_it_is_certainly_not_heard(percepts: list[Percept], verdict: str) -> None:
    talk = conversation("- hear: welcome\n- hear: menu\n  in: es\n  may_be_missing: true\n")
    talk.scene.unrecorded = frozenset({("menu", "es")})
    commands = play(talk, [ANSWERED, heard(WELCOME, 0.2, 3.0)])
    assert commands[-1] == Expect(())
    play(talk, percepts)
    assert decided(talk)[-1] == verdict
