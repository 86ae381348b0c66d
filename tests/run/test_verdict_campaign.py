"""Random faults on random lines: no verdict is wrong, be it green or red. `python -m tests.bench.verdicts` goes on for longer."""

from __future__ import annotations

import pytest

from tests.run import campaigns
from tests.run.campaign import draw, wrong


@pytest.mark.parametrize("batch", range(6))
def test_no_verdict_is_wrong(batch: int) -> None:
    assert [found for seed in range(20 * batch, 20 * batch + 20) if (found := wrong(draw(seed)))] == []


@pytest.mark.parametrize("kind", campaigns.KINDS)
def test_no_verdict_is_wrong_on_calls_of_other_kinds(kind: str) -> None:
    assert [found for seed in range(campaigns.HELD_BY_TESTS) if (found := campaigns.wrong(kind, seed))] == []


def test_a_number_of_which_a_part_was_lost_does_not_pass_as_its_end() -> None:
    """ "Six cents" came, and only "cent" was expected. The "six" lost a packet, so that it was left open."""
    assert campaigns.wrong("number", 400069) == ""


def test_of_short_recordings_the_one_that_fits_is_taken_though_another_is_a_little_longer() -> None:
    """ "Ten" was said, in noise, and "cents" and "and" seemed to cover a moment more of it."""
    assert campaigns.wrong("number", 200215) == ""


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(1046, id="noise only while something is said"),
        pytest.param(1064, id="talkers from the middle of a prompt on"),
        pytest.param(1279, id="noise in which sound comes and goes"),
        pytest.param(1577, id="what has other sound over it proves to have none"),
        pytest.param(950142, id="talkers nearly as loud as the prompt, all of which is there"),
        pytest.param(974038, id="all of a prompt is there beneath noise that hides where it goes on"),
        pytest.param(975246, id="what could not be named for talkers may have been what was expected"),
    ],
)
def test_noise_that_the_line_had_not_before_is_no_other_speech(seed: int) -> None:
    assert campaigns.wrong("noise", seed) == ""


def test_the_end_of_a_longer_part_of_a_number_is_not_taken_for_a_shorter_one() -> None:
    """ "Deux cents" was said and "cent" may have been: it was left open for losses, where nothing was lost."""
    assert campaigns.wrong("number", 700113) == ""


def test_one_of_which_another_has_most_does_not_pass_in_noise() -> None:
    """ "Zwei" was said where "drei" was expected: only that was listened to, and the end of it is the same."""
    assert campaigns.wrong("number", 972737) == ""


def test_a_part_of_a_number_that_is_said_twice_is_named() -> None:
    """It was left open: "cent", which was expected, fitted so far that nothing else was looked for."""
    assert campaigns.wrong("number", 912689) == ""


def test_words_spoken_anew_of_which_something_was_lost_are_no_other_words() -> None:
    """Without what got lost they were 0.03 too far from those of the prompt."""
    assert campaigns.wrong("anew", 915532) == ""


def test_of_words_spoken_anew_all_are_taken_before_what_follows() -> None:
    """They end with a pause and a few words more, which were counted to the prompt after them."""
    assert campaigns.wrong("anew", 970708) == ""


def test_one_of_two_of_equal_sound_that_is_cut_off_is_named() -> None:
    """It was taken for noise, as another prompt followed without a pause."""
    assert campaigns.wrong("twin", 912181) == ""


def test_the_calls_are_of_every_kind() -> None:
    drawn = [draw(seed) for seed in range(120)]
    kinds = {str(fault).partition("=")[0].partition("@")[0] for each in drawn for fault in each.faults}
    assert kinds >= {"dead-air", "wrong-prompt", "repeated-prompt", "clipped-start", "clipped-prompt", "gap", "wrong-language", "hang-up"}
    assert {each.step for each in drawn} == {None, 1, 3, 4, 6, 7}
