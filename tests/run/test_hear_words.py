"""Steps that are known by their words: when speech is over, what its words are worth, and what happens meanwhile."""

from __future__ import annotations

import pytest

from ivrtest.audio.hearing import Means, Music, MusicPlays, MusicStopped, ProgressTone, ProgressToneHeard, Verdict
from ivrtest.audio.transcript import HeardWord, Transcript
from ivrtest.audio.word_errors import ErrorRate, stated
from ivrtest.audio.words_heard import WordDifference
from ivrtest.call.listener import Tick
from ivrtest.run.conversation import Conversation
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Expect, HangUpCall, Percept, PressKeys, Transcribe, Transcribed
from ivrtest.run.wording import Recogniser
from tests.run.conversations import (
    ANSWERED,
    THEY_HANG_UP,
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

WORDS = "your order of two hundred dollars goes to Austin"
STEP = f'- hear: {{words: "{WORDS}"}}\n  within: 3s\n'
GOOD, POOR = stated(0.05), stated(0.45)


def said(text: str, start: float = 1.0, end: float = 3.0, rate: ErrorRate = GOOD, *, noisy: bool = False) -> Transcribed:
    """What a recogniser makes of speech; its words are as long as each other."""
    words = text.split()
    each = (end - start) / max(1, len(words))
    made_out = tuple(HeardWord(word, start + place * each, start + (place + 1) * each) for place, word in enumerate(words))
    return Transcribed(start, end, Transcript(made_out), Recogniser("vosk", rate), noisy=noisy)


def spoken(start: float = 1.0, end: float = 3.0) -> list[Percept]:
    return [sound(start), *ticks(start, end), quiet(end), *ticks(end, end + 1.5)]


def asked(commands: list[Command]) -> list[Transcribe]:
    return [command for command in commands if isinstance(command, Transcribe)]


def outcome(text: str, rate: ErrorRate = GOOD, step: str = STEP) -> Conversation:
    talk = conversation(step)
    play(talk, [ANSWERED, *spoken(), said(text, rate=rate)])
    return talk


def test_speech_that_is_over_is_made_out_and_compared() -> None:
    talk = conversation(STEP + "- press: 1\n")
    commands = play(talk, [ANSWERED, *spoken()])
    assert commands == [Expect(()), Transcribe(1.0, 3.0, "en")]
    assert decided(talk) == ["not run", "not run"]
    assert play(talk, [said("Your order of 200 dollars goes to austin.")]) == [PressKeys("1", False)]
    assert talk.steps[0].status is Status.PASSED
    [match] = talk.steps[0].heard
    assert (match.verdict, match.by, match.score, match.prompt) == (Verdict.match, Means.words, 0.0, "")
    assert talk.notes[-1].text == (
        'heard "Your order of 200 dollars goes to austin." by speech recognition (vosk, 5 % word errors, as stated), from 1.0 s to 3.0 s'
    )


WHERE = f'where "{WORDS}" was expected'
GOOD_VOSK, POOR_VOSK = "vosk (5 % word errors, as stated)", "vosk (45 % word errors, as stated)"


@pytest.mark.parametrize(
    ("text", "rate", "step", "message"),
    [
        (
            "all sales are final thank you very much indeed",
            GOOD,
            STEP,
            (
                f'failed: the words are others: {GOOD_VOSK} made out "all sales are final thank you very much indeed" {WHERE}: '
                '"all" instead of "your" at 1.0 s, "sales" instead of "order" at 1.2 s, "are" instead of "of" at 1.4 s, '
                '"final" instead of "two" at 1.7 s and 5 more, from 1.0 s to 3.0 s'
            ),
        ),
        (
            "all sales are final thank you very much indeed",
            POOR,
            STEP,
            (
                f"error: could not tell whether the words are right: {POOR_VOSK} made out "
                f'"all sales are final thank you very much indeed" {WHERE}: '
                '"all" instead of "your" at 1.0 s, "sales" instead of "order" at 1.2 s, "are" instead of "of" at 1.4 s, '
                '"final" instead of "two" at 1.7 s and 5 more, from 1.0 s to 3.0 s'
            ),
        ),
        (
            "your order of two",
            stated(0.02),
            STEP,
            (
                f'failed: the words stop short: vosk (2 % word errors, as stated) made out "your order of two" {WHERE}: '
                '"hundred" missing at 3.0 s, "dollars" missing at 3.0 s, "goes" missing at 3.0 s, "to" missing at 3.0 s and 1 more, '
                "from 1.0 s to 3.0 s"
            ),
        ),
        (
            "your order of three hundred dollars goes to austin",
            GOOD,
            STEP,
            (
                "error: could not tell whether the words are right: "
                f'{GOOD_VOSK} made out "your order of three hundred dollars goes to austin" {WHERE}: '
                '"three" instead of "two" at 1.7 s, from 1.0 s to 3.0 s'
            ),
        ),
        (
            WORDS,
            stated(0.9),
            STEP,
            (
                f'error: could not tell whether the words are right: vosk (90 % word errors, as stated) made out "{WORDS}" {WHERE}, '
                "and such a recogniser could hear that in anything, from 1.0 s to 3.0 s"
            ),
        ),
        (
            "",
            GOOD,
            STEP,
            f"failed: the words stop short: {GOOD_VOSK} made out no words",
        ),
        (
            "goodbye",
            stated(0.02),
            "- hear: menu\n  known_by: words\n",
            (
                'failed: the words are those of "bye": vosk (2 % word errors, as stated) made out "goodbye" where "Press 1." was expected, '
                "from 1.0 s to 3.0 s"
            ),
        ),
        (
            "your odor of two hundred dollars goes to austin",
            GOOD,
            STEP + "  known_by: every_word\n",
            (
                "error: could not tell whether the words are right: "
                f'{GOOD_VOSK} made out "your odor of two hundred dollars goes to austin" {WHERE}: '
                '"odor" instead of "order" at 1.2 s, from 1.0 s to 3.0 s'
            ),
        ),
    ],
)
def test_a_verdict_says_what_was_heard_and_how_often_the_recogniser_errs(text: str, rate: ErrorRate, step: str, message: str) -> None:
    talk = outcome(text, rate, step)
    if text:
        assert decided(talk) == [message]
    else:
        assert decided(talk)[0].startswith("failed: the words are others: " + GOOD_VOSK + " made out no words")


def test_errors_that_the_recogniser_usually_makes_are_forgiven_and_told() -> None:
    talk = outcome("your odor of two hundred dollars goes to austin")
    assert talk.steps[0].status is Status.PASSED
    assert talk.notes[-1].text == (
        'heard "your odor of two hundred dollars goes to austin" by speech recognition (vosk, 5 % word errors, as stated): '
        '"odor" instead of "order" at 1.2 s, from 1.0 s to 3.0 s'
    )


def test_prompts_digits_and_amounts_are_known_by_their_words_too() -> None:
    step = '- hear: [bye, {digits: "47"}, {amount: "12.30", currency: USD}, {words: "Ann Smith"}]\n'
    talk = outcome("good bye four seven twelve dollars and thirty cents and smith", stated(0.1), step)
    assert talk.steps[0].status is Status.PASSED
    [match] = talk.steps[0].heard
    assert match.words is not None
    assert match.words.expected == "Goodbye. 4 7 twelve dollars and thirty cents Ann Smith"
    assert [(each.expected, each.heard) for each in match.words.differences] == [("", "good"), ("goodbye", "bye"), ("ann", "and")]


def test_words_end_where_a_recording_begins_and_the_next_step_sees_it() -> None:
    talk = conversation(STEP + "- hear: welcome\n- hang_up\n")
    commands = play(talk, [ANSWERED, sound(1.0), *ticks(1.0, 3.9), recognised(WELCOME, 3.0, 4.0), *ticks(4.0, 4.5)])
    assert asked(commands) == [Transcribe(1.0, 3.0, "en")]
    play(talk, [heard(WELCOME, 3.0, 5.0), *ticks(5.0, 5.5)])
    assert decided(talk) == ["not run", "not run", "not run"]
    assert play(talk, [said(WORDS)]) == [Expect((WELCOME,)), HangUpCall()]
    assert decided(talk)[:2] == ["passed", "passed"]


def test_music_before_the_words_is_none_of_them() -> None:
    talk = conversation(STEP.replace("3s", "9s"))
    music = Music(1.0, 4.0)
    waiting = [ANSWERED, sound(1.0), *ticks(1.0, 3.0), MusicPlays(music, 3.0), *ticks(3.0, 4.5), MusicStopped(music, 4.5, into_quiet=False)]
    assert asked(play(talk, [*waiting, *ticks(4.5, 6.0), quiet(6.0), *ticks(6.0, 7.5)])) == [Transcribe(4.0, 6.0, "en")]


def test_nothing_but_music_is_told() -> None:
    talk = conversation(STEP)
    play(talk, [ANSWERED, sound(1.0), *ticks(1.0, 2.5), MusicPlays(Music(1.0, 2.5), 2.5), *ticks(2.5, 4.5)])
    assert decided(talk) == [f'failed: only music was heard for 3 s. the words "{WORDS}" were expected']


def test_a_pause_within_what_is_said_does_not_end_it() -> None:
    talk = conversation(STEP)
    commands = play(talk, [ANSWERED, sound(1.0), *ticks(1.0, 2.0), quiet(2.0), *ticks(2.0, 3.0), sound(3.0), quiet(4.0), *ticks(4.0, 5.5)])
    assert asked(commands) == [Transcribe(1.0, 4.0, "en")]


def test_another_longest_pause_can_be_given() -> None:
    talk = conversation(STEP + "  pause: 500ms\n")
    commands = play(talk, [ANSWERED, sound(1.0), *ticks(1.0, 2.0), quiet(2.0), *ticks(2.0, 2.7)])
    assert asked(commands) == [Transcribe(1.0, 2.0, "en")]


def test_what_a_key_cuts_off_is_no_part_of_it() -> None:
    talk = conversation("- press: 1\n" + STEP)
    cut = [ANSWERED, sound(0.1), key("1", 1.0), *ticks(1.0, 1.5), quiet(1.5), *ticks(1.5, 3.5)]
    assert asked(play(talk, cut)) == []
    assert asked(play(talk, spoken(3.6, 5.6))) == [Transcribe(3.6, 5.6, "en")]


def test_words_that_go_on_right_after_the_cut_are_freed_from_its_rest() -> None:
    talk = conversation("- press: 1\n" + STEP)
    went_on = [ANSWERED, sound(0.1), key("1", 1.0), *ticks(1.0, 5.0), quiet(5.0), *ticks(5.0, 6.5)]
    # The key is over at 1.1 s.
    assert asked(play(talk, went_on)) == [Transcribe(1.1, 5.0, "en")]
    play(talk, [said(f"press nine {WORDS}", 1.1, 5.0)])
    assert decided(talk) == ["passed", "passed"]


def test_the_call_may_end_before_the_words_are_made_out() -> None:
    talk = conversation(STEP + "- ended: {by: ivr}\n")
    commands = play(talk, [ANSWERED, sound(1.0), *ticks(1.0, 3.0), quiet(3.0), *ticks(3.0, 3.5), THEY_HANG_UP])
    assert asked(commands) == [Transcribe(1.0, 3.0, "en")]
    assert talk.status is Status.NOT_RUN
    play(talk, [said(WORDS)])
    assert decided(talk) == ["passed", "passed"]


@pytest.mark.parametrize(
    ("percepts", "message"),
    [
        (ticks(0.0, 4.5), f'failed: nothing was heard for 3 s. the words "{WORDS}" were expected'),
        (
            [*ticks(0.0, 3.5), sound(3.4), *ticks(3.5, 3.7)],
            f'failed: speech came late, after 3.4 s. it had to begin within 3 s. the words "{WORDS}" were expected',
        ),
        (
            [sound(1.0), *ticks(1.0, 61.5)],
            f'error: speech that began at 1.0 s went on for 60 s without a pause. the words "{WORDS}" were expected',
        ),
        ([THEY_HANG_UP], f'failed: the IVR hung up at 9.0 s, before the words "{WORDS}" were heard'),
        (
            [ProgressToneHeard((ProgressTone.busy,), ("US",), 1.0, 2.0, 2.0)],
            f'failed: heard the busy tone (as in US) from 1.0 s on. the words "{WORDS}" were expected',
        ),
        (
            [sound(1.0), recognised(("bye", "en"), 1.0, 1.8), heard(("bye", "en"), 1.0, 2.0)],
            f'failed: heard "bye" in "en" from 1.0 s to 2.0 s. the words "{WORDS}" were expected',
        ),
        (
            [*spoken(), Transcribed(1.0, 3.0, Transcript(), Recogniser("nobody", stated(1.0)), problem='speech recogniser "vosk" crashed')],
            f'error: could not tell: speech recogniser "vosk" crashed. the words "{WORDS}" were expected',
        ),
    ],
)
def test_what_else_may_come(percepts: list[Percept], message: str) -> None:
    talk = conversation(STEP)
    play(talk, [ANSWERED, *percepts])
    assert decided(talk) == [message]


def test_other_words_in_noise_or_with_losses_are_nobodys_fault() -> None:
    talk = conversation(STEP)
    play(talk, [ANSWERED, *spoken(), said("all sales are final thank you very much indeed", noisy=True)])
    assert decided(talk)[0].startswith("error: could not tell, as there is loud noise on the line: the words are others: vosk (5 %")
    assert talk.steps[0].heard[0].verdict is Verdict.inconclusive
    talk = conversation(STEP)
    lossy: list[Percept] = [Tick(1.0), sound(1.0), Tick(2.0, 0.4), Tick(3.0), quiet(3.0), *ticks(3.0, 4.5)]
    play(talk, [ANSWERED, *lossy, said("all sales are final thank you very much indeed")])
    assert decided(talk)[0].startswith("error: could not tell, as 0.4 s of it got lost on the line: the words are others: vosk (5 %")


def test_after_a_secret_key_only_expected_words_are_shown() -> None:
    talk = conversation("- press: '4711'\n  secret: true\n- hear: {words: You have entered your number}\n")
    keys = [key(digit, 1.0 + place / 10) for place, digit in enumerate("4711")]
    play(talk, [ANSWERED, *keys, *spoken(3.0, 6.0), said("you have entered 4 seven one 1", 3.0, 6.0)])
    told = f"{decided(talk)} {[note.text for note in talk.notes]} {talk.steps[1].heard}"
    assert "4" not in told.replace("0.4", "").replace("1.4", "").split("made out")[1].split(" was expected")[0]
    [match] = talk.steps[1].heard
    assert match.words is not None
    assert match.words.text == "you have entered • • • •"
    assert {each.heard for each in match.words.differences} == {"•"}
    assert "seven" not in told


def test_differences_are_told_in_short_words() -> None:
    shown = [str(WordDifference(*each)) for each in (("a", "b", 1.0), ("a", "", 2.0), ("", "b", 3.0))]
    assert shown == ['"b" instead of "a" at 1.0 s', '"a" missing at 2.0 s', '"b" added at 3.0 s']


def test_the_call_may_end_after_more_was_heard_and_before_the_words_are_made_out() -> None:
    talk = conversation(STEP + "- hear: welcome\n- ended: {by: ivr}\n")
    meanwhile = [recognised(WELCOME, 3.0, 4.0), *ticks(4.0, 5.0), heard(WELCOME, 3.0, 5.0), THEY_HANG_UP]
    play(talk, [ANSWERED, sound(1.0), *ticks(1.0, 3.9), *meanwhile])
    assert talk.status is Status.NOT_RUN
    play(talk, [said(WORDS)])
    assert decided(talk) == ["passed", "passed", "passed"]
    assert talk.over


def test_what_is_missing_after_the_words_is_told_although_the_call_is_over() -> None:
    talk = conversation(STEP + "- hear: welcome\n- hear: menu\n")
    meanwhile = [recognised(WELCOME, 3.0, 4.0), *ticks(4.0, 5.0), heard(WELCOME, 3.0, 5.0), THEY_HANG_UP]
    play(talk, [ANSWERED, sound(1.0), *ticks(1.0, 3.9), *meanwhile, said(WORDS)])
    assert decided(talk) == ["passed", "passed", 'failed: the IVR hung up at 9.0 s, before "menu" in "en" was heard']
