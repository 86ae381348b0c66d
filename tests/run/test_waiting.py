"""What a caller hears while she waits: music, the end of what was said before, and nothing. None of it may turn a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ivrtest.audio.hearing import ToneHeard, Verdict
from ivrtest.call.call import TransferAsked
from ivrtest.flow.model import ALL_LANGUAGES, Prompt
from ivrtest.run.conversation import Conversation
from ivrtest.run.scene import Percept
from ivrtest.source.text import Source
from tests.run.conversations import ANSWERED, PROMPTS, WE_HANG_UP, decided, heard, key, play, quiet, recognised, scenario, sound, ticks

MENU, BYE = ("menu", "en"), ("bye", "en")
MUSIC, NO_RECORDING = ("music", ALL_LANGUAGES), ("", "")
MUSIC_PROMPT = Prompt("music", {ALL_LANGUAGES: "La la la."}, Source("flow.yaml", "prompts").whole())


def verdict(steps: str, percepts: Sequence[Percept]) -> list[str]:
    talk = Conversation(scenario(steps), {**PROMPTS, "music": MUSIC_PROMPT}, "en", music=frozenset({"music"}))
    play(talk, [ANSWERED, *percepts, WE_HANG_UP])
    return decided(talk)


@pytest.mark.parametrize(
    "silent",
    [
        pytest.param([quiet(2.1), *ticks(2.4, 4.6)], id="the quiet after a prompt is noticed late"),
        pytest.param([quiet(2.4), *ticks(2.7, 4.6)], id="the prompt fades out"),
        pytest.param([quiet(2.0), *ticks(2.0, 4.1), sound(4.1), *ticks(4.1, 4.6)], id="sound begins when the time is over"),
    ],
)
def test_silence_begins_with_the_end_of_a_prompt(silent: list[Percept]) -> None:
    assert verdict("- hear: menu\n- silence: 2s\n", [sound(0.0), heard(MENU, 0.0, 2.0), *silent]) == ["passed", "passed"]


def test_a_prompt_that_the_key_cut_breaks_no_silence() -> None:
    percepts = [recognised(MENU, 0.0, 1.2), key("1", 1.3), heard(MENU, 0.0, 1.6, Verdict.truncated, 1.6), quiet(1.6), *ticks(1.8, 4.0)]
    assert verdict("- {hear: menu, whole: false}\n- press: 1\n- silence: 2s\n", [sound(0.0), *percepts]) == ["passed"] * 3


@pytest.mark.parametrize(
    ("noisy", "message"),
    [
        pytest.param([*ticks(2.0, 23.1)], "heard a sound at 2.0 s", id="sound goes on and on"),
        pytest.param([*ticks(2.0, 2.9), quiet(2.7)], "heard a sound at 2.0 s", id="sound goes on for longer than it takes to fade"),
        pytest.param([quiet(2.0), sound(3.0), quiet(3.2)], "heard a sound at 3.0 s", id="a click"),
        pytest.param([heard(BYE, 2.1, 3.0)], 'heard "bye" in "en" from 2.1 s to 3.0 s', id="another prompt follows without a pause"),
        pytest.param([ToneHeard(1000.0, 2.2, 2.6, 2.7)], "heard a tone of 1000 Hz at 2.2 s", id="a beep"),
    ],
)
def test_silence_is_broken(noisy: list[Percept], message: str) -> None:
    found = verdict("- hear: menu\n- silence: 2s\n", [sound(0.0), heard(MENU, 0.0, 2.0), *noisy])
    assert found == ["passed", f"failed: {message}. 2 s of silence were expected"]


@pytest.mark.parametrize(
    "music",
    [
        pytest.param([heard(MUSIC, 2.1, 3.5), heard(MUSIC, 3.6, 4.0, Verdict.truncated, 4.0)], id="cut off"),
        pytest.param([heard(MUSIC, 2.1, 3.5), heard(NO_RECORDING, 3.6, 4.0, Verdict.unknown)], id="cut off too soon to be named"),
        pytest.param([heard(MUSIC, 2.1, 3.5), heard(MENU, 3.6, 4.0, Verdict.ambiguous)], id="cut off so that it could be a word or two"),
        pytest.param([heard(MUSIC, 2.1, 3.5), recognised(MUSIC, 3.6, 4.0)], id="still to be decided"),
    ],
)
def test_music_may_play_until_the_next_prompt(music: list[Percept]) -> None:
    percepts = [sound(0.0), heard(MENU, 0.0, 2.0), *music, heard(BYE, 4.1, 5.0)]
    assert verdict("- hear: menu\n- hear: bye\n", percepts) == ["passed", "passed"]


def test_music_that_should_be_heard_is_judged() -> None:
    percepts = [heard(MUSIC, 0.5, 1.0, Verdict.truncated, 1.0)]
    assert verdict("- hear: music\n", percepts) == ['failed: "music" was cut off at 1.0 s (0.5 s into the recording)']


def test_nothing_but_music_is_not_enough() -> None:
    percepts: list[Percept] = [sound(0.0), heard(MUSIC, 0.0, 1.5), recognised(MUSIC, 1.5, 2.7), *ticks(2.7, 3.2)]
    assert verdict("- hear: bye\n  within: 2s\n", percepts) == ['failed: only music was heard for 2 s. "bye" in "en" was expected']


def test_other_speech_beside_music_is_judged() -> None:
    percepts: list[Percept] = [sound(0.0), heard(MUSIC, 0.0, 1.5), heard(NO_RECORDING, 1.6, 4.0, Verdict.unknown)]
    assert verdict("- hear: bye\n", percepts) == [
        'failed: heard speech that is no recording of the flow, from 1.6 s to 4.0 s. "bye" in "en" was expected'
    ]


def test_a_short_word_right_after_music_that_was_cut_is_judged() -> None:
    cut = heard(MUSIC, 0.0, 1.5, Verdict.truncated, 1.5)
    percepts: list[Percept] = [sound(0.0), cut, heard(NO_RECORDING, 1.6, 2.5, Verdict.unknown), heard(BYE, 2.8, 3.6)]
    assert verdict("- hear: bye\n", percepts) == [
        'failed: heard speech that is no recording of the flow, from 1.6 s to 2.5 s. "bye" in "en" was expected'
    ]


def test_what_began_while_she_waited_for_anything_is_not_judged() -> None:
    percepts: list[Percept] = [sound(0.0), *ticks(0.0, 1.0), heard(MENU, 0.0, 2.0), heard(BYE, 2.1, 3.0)]
    assert verdict("- wait: 1s\n- hear: bye\n", percepts) == ["passed", "passed"]


def test_what_should_be_heard_may_have_begun_while_she_waited() -> None:
    percepts = [sound(0.5), *ticks(0.0, 1.0), heard(BYE, 0.5, 1.4)]
    assert verdict("- wait: 1s\n- hear: bye\n", percepts) == ["passed", "passed"]


def test_the_rest_of_a_recording_known_by_its_beginning_is_not_judged_again() -> None:
    percepts: list[Percept] = [recognised(MENU, 0.0, 1.2), heard(MENU, 0.0, 2.0), heard(BYE, 2.1, 3.0)]
    assert verdict("- {hear: menu, whole: false}\n- hear: bye\n", percepts) == ["passed", "passed"]


def test_a_transfer_in_place_of_a_prompt_is_told() -> None:
    assert verdict("- hear: bye\n  within: 2s\n", [TransferAsked("tel:+12025550199", 1.0), *ticks(1.0, 3.2)]) == [
        'failed: nothing was heard for 2 s, but the IVR transferred to "tel:+12025550199". "bye" in "en" was expected'
    ]
