"""A coder of two bits adds noise that follows the speech: that is no other word, and hides none."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ivrtest.audio.alignment import Track
from ivrtest.audio.audibility import audible_share
from ivrtest.audio.coder_noise import coder_noise
from ivrtest.audio.hearing import Heard, Verdict
from ivrtest.audio.history import History
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.reference import Reference
from ivrtest.audio.spectrum import FINE_HOP, log_mel, total_level, white

Samples = NDArray[np.int16]
_GROW, _SHRINK, _LEAST, _PREDICTED = 1.6, 0.8, 8.0, 0.85


def two_bits(samples: Samples) -> Samples:
    """Code differences in two bits, with a step that follows them (Jayant, "Adaptive quantization with a one-word memory", 1973)."""
    step, last, coded = _LEAST, 0.0, []
    for sample in samples.tolist():
        difference = sample - _PREDICTED * last
        outer = abs(difference) > step
        last = _PREDICTED * last + np.sign(difference) * step * (1.5 if outer else 0.5)
        step = max(step * (_GROW if outer else _SHRINK), _LEAST)
        coded.append(last)
    return np.clip(np.rint(coded), -32768, 32767).astype(np.int16)


def coarse(samples: Samples) -> bool:
    """Return whether the coder of a line over which these come is held to be coarse."""
    history = History()
    for _ in history.append(samples, np.zeros(len(samples), np.bool_), 800):
        pass
    return history.coarse


@pytest.fixture(scope="module")
def speech(bank: PromptLibrary) -> Samples:
    return next(recording.samples for recording in bank.recordings() if recording.seconds > 2)


@pytest.fixture(scope="module")
def coded(line: ModuleType) -> Any:
    return line.Condition("two bits", codec=two_bits)


def test_white_noise_is_as_loud_in_each_band_as_the_band_is_wide() -> None:
    levels = log_mel(np.random.default_rng(1).normal(0, 1000, 80_000).astype(np.int16))
    mean = 10 * np.log10(np.mean(10 ** (levels / 10), axis=0))
    assert mean - total_level(mean[None, :]) == pytest.approx(white(), abs=0.5)


def test_a_coder_is_coarse_by_what_fills_the_gaps_of_speech(line: ModuleType, speech: Samples) -> None:
    call = np.concatenate([line.silence(0.5), speech, line.silence(0.3)])
    assert coarse(two_bits(call))
    assert not coarse(call)


@pytest.mark.parametrize("noise_db", [10, 20, 30])
def test_noise_of_the_line_is_no_coder_s(line: ModuleType, speech: Samples, noise_db: float) -> None:
    call = np.concatenate([line.silence(0.5), speech, line.silence(0.3)])
    heard, _ = line.through(call, line.Condition("noise", noise_db=noise_db), np.random.default_rng(2))
    assert not coarse(heard)
    assert not coarse(heard[:8000])


def test_before_there_is_speech_a_coder_is_not_coarse() -> None:
    assert not coarse(np.zeros(0, np.int16))
    assert not coarse(np.random.default_rng(3).normal(0, 1000, 8000).astype(np.int16))


def test_what_a_coder_adds_is_told_within_some_db(line: ModuleType, speech: Samples) -> None:
    call = np.concatenate([speech, line.silence(0.3)])
    heard = two_bits(call)
    levels, added = log_mel(heard), log_mel((heard - call.astype(np.int32)).astype(np.int16))
    total = total_level(levels)
    loud = total > total.max() - 20
    told = total_level(coder_noise(levels, total))
    # What is told too low counts as other sound, what is told too high hides some of the recording.
    assert np.percentile((told - total_level(added))[loud], [5, 95]) == pytest.approx([0, 0], abs=6)


def test_an_s_is_no_noise() -> None:
    levels = np.full((1, 24), -30, np.float32) + white()
    assert total_level(coder_noise(levels, total_level(levels)))[0] == pytest.approx(-38, abs=0.1)


def test_gaps_that_a_recording_lacks_itself_are_filled_by_no_coder(line: ModuleType, speech: Samples) -> None:
    def heard(recording: Samples) -> float:
        history = History()
        for _ in history.append(np.concatenate([line.silence(0.5), two_bits(speech)]), np.zeros(4000 + len(speech), np.bool_), 800):
            pass
        assert history.coarse
        track = Track(Reference(("said", "en"), recording), 4000 // FINE_HOP, 0)
        track.advance(history, history.end)
        assert track.clear
        return audible_share(track)

    assert heard(two_bits(speech)) > 0.97
    assert 0.5 < heard(speech) < 0.93


@pytest.mark.parametrize("expected", [True, False], ids=["expected", "any"])
def test_prompts_are_matched_over_it(bank: PromptLibrary, trials: ModuleType, coded: Any, expected: bool) -> None:
    random = np.random.default_rng(21)
    keys = [key for key in bank.keys() if not key[0].startswith("digits/")][::14]  # noqa: SIM118
    outcomes = [trials.genuine(bank, key, coded, random, expected=expected) for key in keys]
    assert [outcome.note for outcome in outcomes if not outcome.right] == []


def test_near_duplicates_and_changed_words_are_told_over_it(bank: PromptLibrary, material: Any, trials: ModuleType, coded: Any) -> None:
    random = np.random.default_rng(22)
    outcomes = [trials.sibling(bank, (f"choice_{at}", "en"), (f"other_choice_{at}", "en"), coded, random) for at in (1, 3)]
    outcomes += [trials.changed(bank, key, said, coded, random) for key, said in list(material.changed.items())[:2]]
    assert [outcome.note for outcome in outcomes if not outcome.right or outcome.wrong] == []


def test_a_prompt_that_is_cut_off_is_truncated_over_it(bank: PromptLibrary, trials: ModuleType, material: Any, coded: Any) -> None:
    random = np.random.default_rng(23)
    outcomes = [trials.cut(bank, key, coded, random) for key in material.long[1::8]]
    assert [outcome.note for outcome in outcomes if not outcome.right or outcome.wrong] == []


def test_rows_of_digits_are_heard_over_it(bank: PromptLibrary, trials: ModuleType, line: ModuleType, coded: Any) -> None:
    keys = [("balance_is", "en"), *((f"digits/{digit}", "en") for digit in (2, 8, 3, 0, 7, 9))]
    parts = [line.silence(0.4), *(recording.samples for recording in (bank.get(*key) for key in keys) if recording), line.silence(1.6)]
    samples, _ = line.through(line.joined(*parts), coded, np.random.default_rng(24))
    finals = [hearing.match for hearing in trials.listen(bank, samples, expected=[[key] for key in keys]) if isinstance(hearing, Heard)]
    assert [(match.key, match.verdict) for match in finals] == [(key, Verdict.match) for key in keys]
