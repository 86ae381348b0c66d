"""Tones of the network where a recording should be."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.hearing import ProgressTone, ProgressToneHeard
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.tones import busy, reorder, ringback, silence
from ivrtest.run.acts.naming import tone_of
from tests.run.conversations import ANSWERED, WELCOME, conversation, decided, heard, play, ticks
from tests.run.shop import library

BUSY = ProgressToneHeard((ProgressTone.busy,), ("US", "CA"), 0.5, 2.0, 2.1)
RINGING = ProgressToneHeard((ProgressTone.ringback,), ("US", "CA"), 0.5, 2.5, 4.1)


@pytest.mark.parametrize(
    ("sound", "tones", "start_s"),
    [
        (np.tile(busy(), 4), (ProgressTone.busy,), 1.0),
        (np.tile(reorder(), 8), (ProgressTone.congestion,), 1.0),
        (np.tile(ringback(), 2), (ProgressTone.ringback,), 1.0),
    ],
)
def test_the_matcher_names_them(sound: np.ndarray, tones: tuple[ProgressTone, ...], start_s: float) -> None:
    matcher = Matcher(library())
    samples = np.concatenate([silence(1.0), sound, silence(2.0)])
    hearings = matcher.feed(samples, np.zeros(len(samples), np.bool_)) + matcher.finish()
    (heard,) = [hearing for hearing in hearings if isinstance(hearing, ProgressToneHeard)]
    assert heard.tones == tones
    assert heard.start_s == pytest.approx(start_s, abs=0.03)


def test_what_people_call_them() -> None:
    assert tone_of(BUSY) == "the busy tone (as in US, CA)"
    both = ProgressToneHeard((ProgressTone.busy, ProgressTone.special_information), (), 0.5, 2.0, 2.1)
    assert tone_of(both) == "the busy tone or the special information tone"


def test_a_busy_tone_where_a_recording_should_be_has_failed() -> None:
    talk = conversation("- hear: welcome")
    play(talk, [ANSWERED, *ticks(0, 2.0), BUSY])
    assert decided(talk) == ['failed: heard the busy tone (as in US, CA) from 0.5 s on. "welcome" was expected']
    assert "heard the busy tone (as in US, CA) from 0.5 s on" in [note.text for note in talk.notes]


def test_after_ringing_a_recording_may_still_come() -> None:
    talk = conversation("- hear: welcome")
    play(talk, [ANSWERED, *ticks(0, 4.1), RINGING, heard(WELCOME, 5.0, 7.0)])
    assert decided(talk) == ["passed"]


def test_ringing_and_nothing_else_is_told() -> None:
    talk = conversation("- hear: welcome")
    play(talk, [ANSWERED, *ticks(0, 4.1), RINGING, *ticks(4.1, 12)])
    assert decided(talk) == ['failed: only the ringing tone (as in US, CA) was heard for 10 s. "welcome" was expected']
