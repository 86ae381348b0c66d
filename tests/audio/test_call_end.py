"""A call that ends in the middle of a recording: which one had begun is told as soon as it can be."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.hearing import Doubt, Heard, Match, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key
from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.audio.synthesis import synthesise
from tests.run.shop import library

MENU, HOURS = ("main_menu", "en"), ("hours", "es")
QUIET = np.zeros(SAMPLE_RATE // 2, np.int16)
STRANGE = "Our lines are busy, please call again later."


def beginning(key: Key, seconds: float) -> Samples:
    """Return a recording up to so long after its first sound."""
    recording = library().get(*key)
    assert recording is not None
    reference = library().index.references[library().index.numbers[key]]
    return recording.samples[: reference.start + round(seconds * SAMPLE_RATE)]


def ended(*sounds: Samples, expected: Key | None = None) -> list[Match]:
    """Return what is said of a call that is over at once after these sounds."""
    matcher = Matcher(library())
    matcher.expect([expected] if expected is not None else None)
    call = np.concatenate([QUIET, *sounds])
    hearings = matcher.feed(call, np.zeros(len(call), np.bool_)) + matcher.finish()
    return [hearing.match for hearing in hearings if isinstance(hearing, Heard)]


@pytest.mark.parametrize("key", [MENU, HOURS])
@pytest.mark.parametrize(
    ("seconds", "expected", "verdict", "doubt"),
    [
        (0.1, True, Verdict.inconclusive, Doubt.begun),
        (0.2, True, Verdict.inconclusive, Doubt.begun),
        (0.5, True, Verdict.truncated, None),
        (1.0, True, Verdict.truncated, None),
        (0.4, False, Verdict.inconclusive, Doubt.begun),
        (1.0, False, Verdict.inconclusive, Doubt.begun),
        (1.6, False, Verdict.truncated, None),
    ],
)
def test_what_has_begun_is_named(key: Key, seconds: float, expected: bool, verdict: Verdict, doubt: Doubt | None) -> None:
    [match] = ended(beginning(key, seconds), expected=key if expected else None)
    assert (match.key, match.verdict, match.doubt) == (key, verdict, doubt)
    assert match.end_s == pytest.approx(0.5 + len(beginning(key, seconds)) / SAMPLE_RATE, abs=0.05)


def test_another_recording_than_the_expected_one_is_named_as_what_it_is() -> None:
    [match] = ended(beginning(MENU, 0.8), expected=HOURS)
    assert (match.key, match.verdict, match.doubt) == (MENU, Verdict.inconclusive, Doubt.begun)


def test_a_recording_that_the_end_cuts_off_after_another_is_told_of_its_own() -> None:
    whole = library().get("welcome", "en")
    assert whole is not None
    told = [(match.key, match.verdict) for match in ended(whole.samples, QUIET, beginning(MENU, 0.5), expected=MENU)]
    assert told == [(("welcome", "en"), Verdict.match), (MENU, Verdict.truncated)]


@pytest.mark.parametrize(("seconds", "verdict"), [(0.3, Verdict.inconclusive), (0.8, Verdict.unknown), (2.0, Verdict.unknown)])
def test_other_speech_is_told_as_that_once_a_recording_would_have_been_seen(seconds: float, verdict: Verdict) -> None:
    said = synthesise(STRANGE, "en")
    first = int(np.flatnonzero(np.abs(said) > 200)[0])
    [match] = ended(said[: first + round(seconds * SAMPLE_RATE)], expected=MENU)
    assert (match.key, match.verdict) == (("", ""), verdict)


def test_other_speech_that_was_over_before_the_call_is_no_beginning() -> None:
    [match] = ended(synthesise("Busy.", "en"), QUIET, expected=MENU)
    assert (match.key, match.verdict) == (("", ""), Verdict.unknown)


def test_a_recording_that_was_just_over_is_whole() -> None:
    reference = library().index.references[library().index.numbers[HOURS]]
    [match] = ended(beginning(HOURS, (reference.end - reference.start) / SAMPLE_RATE), expected=HOURS)
    assert (match.key, match.verdict) == (HOURS, Verdict.match)
