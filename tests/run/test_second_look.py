"""What was told of a stretch that is in doubt stands where there is nothing to look at again."""

from __future__ import annotations

import numpy as np

from ivrtest.audio.hearing import Heard, Match, Verdict
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.run.recent import Recent
from ivrtest.run.second_look import Stretch, second_look

LIBRARY = PromptLibrary([Recording("goodbye", "en", synthesise("Thank you and goodbye.", "en"))])


def test_words_within_what_is_certain_stay_as_they_were_told() -> None:
    words = Heard(Match("", "", Verdict.unknown, 0.0, 1.0, 2.0, 2.5), 2.5)
    recent = Recent()
    recent.add(np.zeros(48_000, np.int16), np.zeros(48_000, np.bool_))
    stretch = Stretch(since_s=5.0)
    stretch.tell(words)
    assert (stretch.start_s, stretch.end_s) == (1.0, 2.0)
    assert second_look(LIBRARY, recent, stretch, 6.0) == [words]
