"""What was told of a stretch that is in doubt stands where there is nothing to look at again."""

from __future__ import annotations

import numpy as np

from ivrtest.audio.hearing import Heard, Match, Verdict
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.run.recent import Recent, noise_like, power_of
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


def test_what_is_looked_at_for_itself_lies_in_the_noise_of_its_line() -> None:
    hiss = np.random.default_rng(4).normal(0, 100, 4000)
    speech = np.concatenate([hiss, 30 * hiss, hiss[:2000]]).astype(np.int16)
    recent = Recent()
    recent.add(speech, np.zeros(len(speech), np.bool_))
    quietest = recent.quietest()
    assert len(quietest) == 800
    noise = noise_like(quietest, 8000)
    assert len(noise) == 8000
    assert abs(10 * np.log10(power_of(noise).mean() / power_of(quietest).mean())) < 1
    assert not noise_like(np.zeros(800, np.int16), 100).any()


def test_what_did_not_arrive_is_not_the_noise_of_a_line() -> None:
    recent = Recent()
    recent.add(np.zeros(1600, np.int16), np.ones(1600, np.bool_))
    recent.add(np.full(1600, 9, np.int16), np.zeros(1600, np.bool_))
    assert set(recent.quietest().tolist()) == {9}
