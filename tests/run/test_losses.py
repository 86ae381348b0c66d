"""What the line lost may have hidden what should be heard: then nobody is blamed."""

from __future__ import annotations

import pytest

from ivrtest.audio.hearing import SoundStarted, Verdict
from ivrtest.call.call import Ended
from ivrtest.call.listener import Tick
from ivrtest.run.scene import Percept, Scene
from tests.run.conversations import ANSWERED, THEY_HANG_UP, WE_HANG_UP, WELCOME, conversation, decided, heard, play, ticks

BYE = ("bye", "en")
EXPECTED = '"menu" in "en" was expected'


def lossy(start: float, end: float, share: float = 1.0) -> list[Percept]:
    return [Tick(start + 0.1 * index, 0.1 * share) for index in range(1, round((end - start) * 10) + 1)]


def test_how_much_was_lost_when() -> None:
    scene = Scene({}, "en")
    for tick in (Tick(1.0), Tick(2.0, 0.5), Tick(3.0), Tick(4.0, 0.0, ((0.0, 0.5), (2.5, 3.5)))):
        scene.take(tick)
    spans = [(0.0, 4.0), (0.0, 1.0), (1.0, 2.0), (1.5, 2.0), (2.0, 3.0), (3.5, 9.0)]
    assert [scene.lost_between(*span) for span in spans] == [2.0, 0.5, 0.5, 0.25, 0.5, 0.0]


@pytest.mark.parametrize(
    ("percepts", "verdict"),
    [
        (lossy(3.0, 17.0), f"error: could not tell: 10.0 s of the sound from 3.0 s to 13.0 s got lost on the line. {EXPECTED}"),
        (lossy(3.0, 17.0, 0.1), f"failed: nothing was heard for 10 s. {EXPECTED}"),
        (
            [*lossy(3.0, 5.0, 0.5), heard(BYE, 5.0, 6.0)],
            f'error: could not tell: 1.0 s of the sound from 3.0 s to 5.0 s got lost on the line, before "bye" in "en" from 5.0 s to 6.0 s. {EXPECTED}',  # noqa: E501
        ),
        (
            [Tick(5.0), Tick(5.1, 0.0, ((3.2, 4.8),)), heard(BYE, 5.0, 6.0)],
            f'error: could not tell: 1.6 s of the sound from 3.0 s to 5.0 s got lost on the line, before "bye" in "en" from 5.0 s to 6.0 s. {EXPECTED}',  # noqa: E501
        ),
        # A digit is short: what is left of it may be no more than a shred.
        (
            [*lossy(3.0, 3.5, 0.3), heard(BYE, 3.5, 4.0)],
            f'error: could not tell: 0.1 s of the sound from 3.0 s to 3.5 s got lost on the line, before "bye" in "en" from 3.5 s to 4.0 s. {EXPECTED}',  # noqa: E501
        ),
        # Too little was lost to hide a recording: 0.1 s, or a tenth of the time.
        ([*lossy(3.0, 3.1), heard(BYE, 3.1, 4.0)], f'failed: heard "bye" in "en" from 3.1 s to 4.0 s. {EXPECTED}'),
        ([*lossy(3.0, 8.0, 0.1), heard(BYE, 8.0, 9.0)], f'failed: heard "bye" in "en" from 8.0 s to 9.0 s. {EXPECTED}'),
        (
            [*lossy(3.0, 9.0, 0.5), THEY_HANG_UP],
            f"error: could not tell: 3.0 s of the sound from 3.0 s to 9.0 s got lost on the line, before the call ended. {EXPECTED}",
        ),
    ],
)  # fmt: skip
def test_where_a_recording_may_have_been_lost_nobody_is_blamed(percepts: list[Percept], verdict: str) -> None:
    talk = conversation("- hear: welcome\n- hear: menu\n")
    play(talk, [ANSWERED, Tick(0.2), heard(WELCOME, 0.2, 3.0), Tick(3.0), *percepts])
    assert decided(talk)[1] == verdict


FIVE, ZERO = ("digits/5", "en"), ("digits/0", "en")


@pytest.mark.parametrize(
    ("lost", "after", "verdict"),
    [
        (0.4, [heard(ZERO, 4.7, 5.1)], 'error: could not tell: 0.4 s of the sound from 3.5 s to 4.2 s got lost on the line, before "digits/0" in "en" from 4.7 s to 5.1 s. "digits/5" in "en" was expected, 3 of 4'),  # noqa: E501
        (0.0, [heard(ZERO, 4.7, 5.1)], 'failed: heard "digits/0" in "en" from 4.7 s to 5.1 s. "digits/5" in "en" was expected, 3 of 4'),
        # Whatever was lost, that was not expected.
        (0.4, [heard(BYE, 4.7, 5.1)], 'failed: heard "bye" in "en" from 4.7 s to 5.1 s. "digits/5" in "en" was expected, 3 of 4'),
        (0.4, [THEY_HANG_UP], 'failed: the IVR hung up at 9.0 s, before "digits/5" in "en" was heard'),
    ],
)  # fmt: skip
def test_one_of_several_digits_that_are_the_same_may_have_been_lost(lost: float, after: list[Percept], verdict: str) -> None:
    talk = conversation('- hear: [{digits: "5550"}]\n')
    play(talk, [ANSWERED, heard(FIVE, 3.0, 3.5), Tick(3.5), Tick(4.2, lost), heard(FIVE, 4.2, 4.7), Tick(4.7), *after])
    assert decided(talk)[0] == verdict


def test_of_two_digits_the_first_may_have_been_lost() -> None:
    talk = conversation('- hear: [welcome, {digits: "55"}]\n')
    play(talk, [ANSWERED, heard(WELCOME, 0.2, 3.0), Tick(3.0), Tick(3.7, 0.4), heard(FIVE, 3.7, 4.2), Tick(4.2), THEY_HANG_UP])
    lost = "0.4 s of the sound from 3.0 s to 3.7 s got lost on the line"
    assert decided(talk)[0] == f'error: could not tell: {lost}, before the call ended. "digits/5" in "en" was expected, 3 of 3'


def test_silence_that_was_not_heard_is_no_silence() -> None:
    talk = conversation("- hear: welcome\n- silence: 2s\n")
    play(talk, [ANSWERED, heard(WELCOME, 0.2, 3.0), Tick(3.0), *lossy(3.0, 6.0, 0.5)])
    assert (
        decided(talk)[1]
        == "error: could not tell: 1.0 s of the sound from 3.0 s to 5.0 s got lost on the line. 2 s of silence were expected"
    )


CUT = '"welcome" was cut off at 1.2 s (1.0 s into the recording)'


@pytest.mark.parametrize(
    ("percepts", "verdict"),
    [
        (ticks(1.3, 3.0), f"failed: {CUT}"),
        ([THEY_HANG_UP], f"failed: {CUT}, and the IVR hung up at 9.0 s"),
        (
            [Ended("lost", 1.2, reason="it closed the connection")],
            f"error: could not tell: the line was lost at 1.2 s: it closed the connection, and {CUT}",
        ),
        ([*ticks(1.3, 1.6), heard(BYE, 1.7, 2.6)], f"failed: {CUT}"),
        # The line stood still, and what was sent meanwhile comes too late.
        (
            [*ticks(1.3, 1.9), Tick(2.0, 0.0, ((1.2, 1.9),))],
            f"error: could not tell: 0.7 s of the sound after 1.2 s got lost on the line, and it seemed that {CUT}",
        ),
    ],
)
def test_what_seems_to_be_cut_off_may_be_a_line_that_stood_still(percepts: list[Percept], verdict: str) -> None:
    talk = conversation("- hear: welcome\n")
    play(talk, [ANSWERED, Tick(0.2), heard(WELCOME, 0.2, 1.2, Verdict.truncated), *percepts, WE_HANG_UP])
    assert decided(talk)[0] == verdict


CHANGED = '"welcome" is not as recorded: it differs from 1.2 s on (1.0 s into the recording)'


@pytest.mark.parametrize(
    ("percepts", "verdict"),
    [
        (ticks(1.9, 3.0), f"failed: {CHANGED}"),
        ([THEY_HANG_UP], f"failed: {CHANGED}"),
        # What got lost before was left out of the comparison, and what comes later was not compared.
        ([*ticks(1.9, 2.0), *lossy(2.0, 3.0)], f"failed: {CHANGED}"),
        # The line stood still, and what was sent meanwhile comes too late.
        (
            [*ticks(1.9, 2.0), SoundStarted(2.0, 1.9), Tick(2.1, 0.0, ((1.2, 1.5),))],
            f"error: could not tell: 0.3 s of the sound after 1.2 s got lost on the line, and it seemed that {CHANGED}",
        ),
    ],
)
def test_what_seems_not_as_recorded_may_be_a_line_that_stood_still(percepts: list[Percept], verdict: str) -> None:
    talk = conversation("- hear: welcome\n")
    lost_before = [Tick(1.0), Tick(1.3, 0.2), Tick(1.8)]
    play(talk, [ANSWERED, *lost_before, heard(WELCOME, 0.2, 1.2, Verdict.diverged), *percepts, WE_HANG_UP])
    assert decided(talk)[0] == verdict


def test_a_sound_that_begins_does_not_decide_that_a_recording_was_cut_off() -> None:
    """It may be the rest of it, after a line that stood still: what got lost is told after what is heard."""
    talk = conversation("- hear: welcome\n")
    late: list[Percept] = [SoundStarted(2.0, 1.9), Tick(2.1, 0.0, ((1.2, 1.9),))]
    play(talk, [ANSWERED, Tick(0.2), heard(WELCOME, 0.2, 1.2, Verdict.truncated), *ticks(1.3, 1.9), *late, WE_HANG_UP])
    assert decided(talk)[0] == f"error: could not tell: 0.7 s of the sound after 1.2 s got lost on the line, and it seemed that {CUT}"
