"""Recordings that break off and go on, leave something out, or come without their beginning; and what lost packets may not prove."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard, Match, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.spectrum import Mask, Samples
from ivrtest.audio.synthesis import synthesise

TEXTS = {
    "menu": "For orders, press one. For your invoice, press two. For the operator, press zero.",
    "other_menu": "For orders, press one. For your invoice, press three. For the operator, press zero.",
    "goodbye": "Thank you for calling. Goodbye.",
}
BEFORE_S = 0.5


@cache
def library() -> PromptLibrary:
    return PromptLibrary(Recording(name, "en", synthesise(text, "en"), text) for name, text in TEXTS.items())


def menu() -> Samples:
    recording = library().get("menu", "en")
    assert recording is not None
    return recording.samples


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), np.int16)


def hear(*sounds: Samples, lost: tuple[tuple[float, float], ...] = ()) -> list[Match]:
    """Return what is heard where the menu is expected, with the times in seconds that are lost."""
    sound = np.concatenate([quiet(BEFORE_S), *sounds, quiet(2.5)])
    mask: Mask = np.zeros(len(sound), np.bool_)
    for start_s, end_s in lost:
        mask[round(start_s * 8000) : round(end_s * 8000)] = True
    sound[mask] = 0
    matcher = Matcher(library())
    matcher.expect([("menu", "en")])
    hearings = []
    for start in range(0, len(sound), 160):
        hearings += matcher.feed(sound[start : start + 160], mask[start : start + 160])
    return [one.match for one in [*hearings, *matcher.finish()] if isinstance(one, Heard)]


@pytest.mark.parametrize("at_s", [1.0, 2.3, 3.1])
@pytest.mark.parametrize("gap_s", [0.2, 0.5, 0.9])
def test_one_that_falls_silent_and_goes_on_was_not_cut_off(at_s: float, gap_s: float) -> None:
    at = round(at_s * 8000)
    [match] = hear(menu()[:at], quiet(gap_s), menu()[at:])
    assert (match.prompt, match.verdict) == ("menu", Verdict.diverged)
    assert match.diverged_at_s == pytest.approx(BEFORE_S + at_s, abs=0.15)
    assert match.resumed is not None
    assert match.resumed.silent
    assert match.resumed.at_s - match.resumed.from_s - match.start_s == pytest.approx(gap_s, abs=0.02)


@pytest.mark.parametrize("gap_s", [0.3, 0.6])
def test_one_of_which_a_stretch_is_silent_is_told_from_when_to_when(gap_s: float) -> None:
    at, after = round(2.0 * 8000), round((2.0 + gap_s) * 8000)
    [match] = hear(menu()[:at], quiet(gap_s), menu()[after:])
    assert (match.prompt, match.verdict) == ("menu", Verdict.diverged)
    assert match.resumed is not None
    assert match.resumed.silent
    assert match.resumed.from_s == pytest.approx(2.0 + gap_s, abs=0.3)
    assert match.resumed.at_s - match.resumed.from_s == pytest.approx(match.start_s, abs=0.02)


def test_one_that_leaves_a_part_out_is_told_how_much() -> None:
    [match] = hear(menu()[:16000], menu()[20000:])
    assert (match.prompt, match.verdict) == ("menu", Verdict.diverged)
    assert match.resumed is not None
    assert not match.resumed.silent
    assert match.resumed.at_s - match.resumed.from_s - match.start_s == pytest.approx(-0.5, abs=0.02)


def test_one_that_does_not_go_on_was_cut_off() -> None:
    [match] = hear(menu()[:16000])
    assert (match.prompt, match.verdict, match.resumed) == ("menu", Verdict.truncated, None)


def test_one_without_its_beginning_is_told_what_is_missing() -> None:
    [match] = hear(menu()[2800:])
    assert (match.prompt, match.verdict) == ("menu", Verdict.diverged)
    assert match.resumed is not None
    assert match.resumed.from_s == pytest.approx(0.35, abs=0.05)


@pytest.mark.parametrize("lost", [((0.4, 0.85),), ((0.45, 0.6), (0.7, 1.15)), ((0.48, 0.9), (1.3, 1.36))])
def test_one_whose_beginning_was_lost_is_not_blamed(lost: tuple[tuple[float, float], ...]) -> None:
    verdicts = {match.verdict for match in hear(menu(), lost=lost)}
    assert verdicts <= {Verdict.match, Verdict.inconclusive}


@pytest.mark.parametrize("lost_s", [0.36, 0.5, 0.8])
def test_one_of_which_a_long_stretch_was_lost_was_not_cut_off(lost_s: float) -> None:
    [match] = hear(menu(), lost=((2.0, 2.0 + lost_s),))
    assert (match.prompt, match.verdict) == ("menu", Verdict.inconclusive)


def test_where_the_telling_word_was_lost_nobody_can_tell() -> None:
    other = library().get("other_menu", "en")
    assert other is not None
    parts = next(sibling.apart_s for sibling in library().index.siblings["other_menu", "en"] if sibling.key == ("menu", "en"))
    assert parts is not None
    for width_s in (0.2, 0.3, 0.4, 0.5):
        matches = hear(other.samples, lost=((BEFORE_S + parts - 0.1, BEFORE_S + parts - 0.1 + width_s),))
        assert ("menu", Verdict.match) not in [(match.prompt, match.verdict) for match in matches]
