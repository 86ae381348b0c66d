"""Longer steps, and what they lean on: they hear what short ones hear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.certainty import MOST_STEPS, STEP
from ivrtest.audio.hearing import Heard, SoundStarted, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.reference import Reference
from ivrtest.audio.spectrum import HOP, Samples, log_mel, total_level
from ivrtest.audio.speech import SoundDetector


def noise(seconds: float, deviation: float, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, deviation, round(seconds * 8000)).astype(np.int16)


@given(st.integers(0, 2**32 - 1), st.floats(1, 4000), st.integers(0, 9), st.floats(1, 30))
def test_where_sound_may_be_the_detector_awakes(seed: int, deviation: float, at: int, times: float) -> None:
    detector = SoundDetector()
    quiet = noise(2, deviation, seed)
    detector.listen(total_level(log_mel(quiet)), np.ones(198 - 1, np.bool_), 2.0)
    step = noise(0.1, deviation, seed + 1)
    step[at * HOP : (at + 1) * HOP] = np.clip(step[at * HOP : (at + 1) * HOP] * times, -32768, 32767)
    awakes = detector.awakes(step)
    levels = total_level(log_mel(np.concatenate([np.zeros(256 - HOP, np.int16), step])))
    assert awakes or not (levels > detector.threshold_db).any()


def test_a_prompt_after_long_quiet_is_heard_as_early_as_after_short(bank: PromptLibrary) -> None:
    recording = bank.get("enter_pin", "en")
    assert recording is not None
    heard: list[tuple[float, float]] = []
    for quiet_s in (0.8, 9.8):
        matcher = Matcher(bank)
        matcher.expect([recording.key])
        sound = np.concatenate([noise(quiet_s, 10), recording.samples, noise(1, 10)])
        hearings = [
            hearing
            for start in range(0, len(sound), 160)
            for hearing in matcher.feed(sound[start : start + 160], np.zeros(len(sound[start : start + 160]), np.bool_))
        ]
        started = next(hearing for hearing in hearings if isinstance(hearing, SoundStarted))
        match = next(hearing for hearing in hearings if isinstance(hearing, Heard))
        assert match.match.key == recording.key
        assert match.match.verdict is Verdict.match
        heard.append((started.at_s - quiet_s, match.at_s - quiet_s))
    assert heard[0] == pytest.approx(heard[1])


def test_what_waits_at_the_end_of_a_call_is_heard(bank: PromptLibrary) -> None:
    matcher = Matcher(bank)
    quiet = noise(3, 10)
    assert matcher.feed(quiet, np.zeros(len(quiet), np.bool_)) == []
    word = noise(0.35, 3000)
    assert len(word) < STEP * MOST_STEPS
    heard = matcher.feed(word, np.zeros(len(word), np.bool_)) + matcher.finish()
    assert any(isinstance(hearing, SoundStarted) for hearing in heard)


def test_rows_of_several_lags_are_those_of_each(bank: PromptLibrary) -> None:
    recording = bank.get("enter_pin", "en")
    assert recording is not None
    reference = Reference(recording.key, recording.samples)
    for first, end, lag in ((10, 40, 3), (0, 30, 300), (150, 400, -20)):
        around = reference.rows_around(first, end, lag)
        for rows, shift in zip(around, (1, 0, -1), strict=True):
            np.testing.assert_array_equal(rows, reference.rows(first, end, lag + shift))
