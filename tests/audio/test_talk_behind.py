"""People who talk behind a prompt, all the time or only while something is said: the prompt is known, and what is wrong with it told."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ivrtest.audio.background import in_background, level_added
from ivrtest.audio.hearing import Verdict
from ivrtest.audio.spectrum import BANDS, FLOOR_DB
from tests.bench.hearing import trials
from tests.bench.hearing.interference import at_last, babble, while_said
from tests.bench.hearing.line import Condition, joined, silence, through

LINES = (
    Condition("all the time", noise_db=15, noise=babble),
    Condition("while something is said", noise_db=14, noise=babble, when=while_said),
    Condition("at the last", noise_db=14, noise=babble, when=at_last),
)
KEYS = [("enter_account", "en"), ("hold", "es"), ("welcome", "en")]


@cache
def material() -> trials.Material:
    return trials.tuning()


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[0])
def test_a_prompt_is_known_beside_talkers(line: Condition, key: tuple[str, str]) -> None:
    random = np.random.default_rng(11)
    assert trials.genuine(material().library, key, line, random, expected=True).note == ""
    assert trials.hung_up(material().library, key, None, line, random).note == ""


def test_nearly_all_prompts_are_known_beside_talkers_who_are_hardly_softer() -> None:
    line = Condition("loud talkers", noise_db=11, noise=babble)
    outcomes = [
        trials.genuine(material().library, key, line, np.random.default_rng(seed), expected=True) for key in KEYS for seed in (11, 12)
    ]
    assert not [outcome.note for outcome in outcomes if outcome.wrong]
    assert sum(outcome.right for outcome in outcomes) >= 5, [outcome.note for outcome in outcomes]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_a_changed_word_beside_talkers_does_not_pass(line: Condition) -> None:
    random = np.random.default_rng(12)
    for key, said in list(material().changed.items())[:3]:
        assert not trials.changed(material().library, key, said, line, random).wrong
        assert not trials.hung_up(material().library, key, said, line, random).wrong


@pytest.mark.parametrize("key", [("enter_account", "en"), ("hold", "es")], ids=lambda key: key[0])
def test_a_prompt_that_stops_beside_talkers_is_cut_off_and_what_they_say_on_is_no_news(key: tuple[str, str]) -> None:
    recording = material().library.get(*key)
    assert recording is not None
    cut = recording.samples[: len(recording.samples) * 6 // 10]
    call, lost = through(joined(silence(0.4), cut, silence(2.5)), LINES[0], np.random.default_rng(13))
    found = [hearing.match for hearing in trials.heard(trials.listen(material().library, call, lost, expected=[[key]]))]
    assert [(match.key, match.verdict) for match in found] == [(key, Verdict.truncated)]
    last_sound = float(np.flatnonzero(np.abs(cut.astype(np.int32)) > 150)[-1]) / 8000
    assert found[0].diverged_at_s == pytest.approx(0.4 + last_sound, abs=0.3)


def test_what_was_added_is_as_loud_as_what_exceeds_what_was_due() -> None:
    due = np.full((3, BANDS), -30, np.float32)
    due[:, 0] = -10
    heard = due.copy()
    heard[1, 5] = -20
    heard[2, 0] = -8
    added = level_added(heard, due)
    # Frame 2 is only a little louder than it should be: nothing else as loud as the recording is there.
    assert added == pytest.approx([FLOOR_DB, 10 * np.log10(10**-2 - 10**-3), FLOOR_DB], abs=0.1)


def test_only_what_is_softer_by_far_is_in_the_background() -> None:
    voice, added = np.full(30, -10, np.float32), np.ones(30, np.bool_)
    assert in_background(np.full(30, -19, np.float32), voice, added, 30).tolist() == [True]
    assert in_background(np.full(30, -17, np.float32), voice, added, 30).tolist() == [False]
    assert in_background(np.full(30, -19, np.float32), voice[:0], added, 30).tolist() == [False]
