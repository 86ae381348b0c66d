"""What is kept of a call."""

from __future__ import annotations

import numpy as np

from ivrtest.audio.history import History
from ivrtest.audio.spectrum import FLOOR_DB


def test_before_the_first_sample_of_a_stream_nothing_was_said() -> None:
    history = History()
    speech = np.random.default_rng(1).normal(0, 3000, 4000).astype(np.int16)
    history.take(speech, np.zeros(len(speech), np.bool_))
    first, end = 0, history.step(len(speech))
    assert end is not None
    history.note(first, np.ones(history.end, np.bool_), np.zeros(history.end, np.bool_))
    assert history.pauses(-4, -1, 7, FLOOR_DB)
    assert not history.pauses(0, 4, 7, FLOOR_DB)
