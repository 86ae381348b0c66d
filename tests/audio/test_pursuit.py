"""Recordings that may be playing are followed where they lie."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.alignment import Track
from ivrtest.audio.history import History
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.pursuit import Pursuit
from ivrtest.audio.spectrum import FINE_HOP
from tests.run.shop import library

ZERO = ("digits/0", "es")
BEGIN = 3200
BESIDE = 6
"""Fine hops, 15 ms: a word so short is not refuted there for want of evidence."""


@pytest.mark.parametrize("heard", [2400, 4000], ids=["most of it", "all of it"])
def test_a_short_word_that_lies_beside_its_place_is_moved_there(heard: int) -> None:
    words: PromptLibrary = library()
    history = History()
    recording = words.get(*ZERO)
    assert recording is not None
    sound = np.concatenate([np.zeros(BEGIN, np.int16), recording.samples, np.zeros(BEGIN, np.int16)])[: BEGIN + heard]
    assert list(history.append(sound, np.zeros(len(sound), np.bool_), 800))
    reference = words.index.references[words.index.numbers[ZERO]]
    beside = Track(reference, BEGIN // FINE_HOP + BESIDE, 0)
    beside.advance(history, history.end)
    assert beside.clear
    assert beside.worst > 3.2
    pursuit = Pursuit(words.index, history)
    pursuit.tracks = [beside]
    pursuit.advance(None)
    (track,) = pursuit.tracks
    assert abs(track.start - BEGIN) <= FINE_HOP
    assert track.worst < 0.5
