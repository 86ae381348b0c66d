"""Finding candidates in a library."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from ivrtest.audio.fingerprint import Finder, refine
from ivrtest.audio.history import History
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.search import alone
from ivrtest.audio.spectrum import FINE_HOP

START = 3217


def _heard(bank: PromptLibrary, line: ModuleType, key: tuple[str, str], seconds: float, noise_db: float) -> History:
    recording = bank.get(*key)
    assert recording is not None
    sent = np.concatenate([np.zeros(START, np.int16), recording.samples])[: START + int(seconds * 8000)]
    samples, lost = line.through(sent, line.Condition("", noise_db=noise_db, gain_db=-8), np.random.default_rng(7))
    history = History()
    for _ in history.append(samples, lost, 800):
        pass
    return history


@pytest.mark.parametrize("noise_db", [30, 15])
def test_every_long_prompt_is_among_the_candidates_after_a_second(bank: PromptLibrary, line: ModuleType, noise_db: float) -> None:
    index = bank.index
    for recording in bank.recordings():
        if recording.seconds < 1.2:
            continue
        history = _heard(bank, line, recording.key, 1.1, noise_db)
        finder = Finder(index.fingerprints)
        assert alone(finder.listen(history, history.end, -60))
        found = finder.candidates(0, 8, (), 0.42, ())
        (candidate,) = [candidate for candidate in found if candidate.number == index.numbers[recording.key]]
        assert abs(candidate.lag * FINE_HOP - START) <= 160
        reference = index.references[candidate.number]
        first = (START + reference.start) // 80
        assert abs(refine(reference, candidate.lag, history, first, history.end) * FINE_HOP - START) <= 40


def test_silence_has_no_candidates(bank: PromptLibrary) -> None:
    history = History()
    for _ in history.append(np.zeros(16000, np.int16), np.zeros(16000, np.bool_), 800):
        pass
    finder = Finder(bank.index.fingerprints)
    assert not alone(finder.listen(history, history.end, -60))
    assert finder.candidates(0, 8, range(5), 0.42, ()) == []


def test_what_is_known_or_too_early_is_no_candidate(bank: PromptLibrary, line: ModuleType) -> None:
    key = ("hold_long", "en")
    number = bank.index.numbers[key]
    history = _heard(bank, line, key, 1.5, 30)
    finder = Finder(bank.index.fingerprints)
    alone(finder.listen(history, history.end, -60))
    (found,) = [candidate for candidate in finder.candidates(0, 8, (), 0.42, ()) if candidate.number == number]
    for candidate in finder.candidates(0, 8, (), 0.42, [(number, found.lag)]):
        assert candidate.number != number or abs(candidate.lag - found.lag) > 12
    later = finder.candidates(START // FINE_HOP + 200, 8, (), 0.42, ())
    assert all(candidate.lag + bank.index.references[candidate.number].start // FINE_HOP >= START // FINE_HOP + 200 for candidate in later)
