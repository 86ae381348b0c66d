"""The matcher over bad lines: on fixed seeds nothing is said that is false, and nearly everything is said."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from ivrtest.audio.prompts import PromptLibrary

LINES: dict[str, dict[str, object]] = {
    "clean": {},
    "noise": {"noise_db": 20},
    "loss": {"loss": 0.05, "burst": 1.3, "noise_db": 30},
    "quiet": {"gain_db": -20, "noise_db": 30},
    "loud": {"gain_db": 6, "clock_ppm": 100},
    "fast": {"clock_ppm": 5000, "noise_db": 25},
    "narrow": {"band": (500, 2600), "noise_db": 25},
    "noisy": {"noise_db": 10},
}
EXACT = ("clean", "noise", "quiet", "loud", "fast", "narrow")
"""Lines on which every trial must come out right; on the others a verdict may stay open."""


def _condition(line: ModuleType, name: str) -> object:
    return line.Condition(name, **LINES[name])


def _check(name: str, outcomes: list[object], least_right: float) -> None:
    notes = [outcome.note for outcome in outcomes if not outcome.right]  # type: ignore[attr-defined]  # of a module that is loaded by name
    assert not [outcome.note for outcome in outcomes if outcome.wrong]  # type: ignore[attr-defined]  # as above
    if name in EXACT:
        assert notes == []
    assert len(notes) <= (1 - least_right) * len(outcomes), notes


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("expected", [True, False], ids=["expected", "any"])
def test_prompts_are_matched(bank: PromptLibrary, line: ModuleType, trials: ModuleType, name: str, expected: bool) -> None:
    keys = [key for key in bank.keys() if not key[0].startswith("digits/")][:: 5 if expected else 9]  # noqa: SIM118
    random = np.random.default_rng(11)
    condition = _condition(line, name)
    _check(name, [trials.genuine(bank, key, condition, random, expected=expected) for key in keys], 0.8)


@pytest.mark.parametrize("name", LINES)
def test_near_duplicates_are_told_apart(bank: PromptLibrary, line: ModuleType, trials: ModuleType, name: str) -> None:
    pairs = [(f"choice_{number}", f"other_choice_{number}") for number in range(1, 6)]
    random = np.random.default_rng(12)
    condition = _condition(line, name)
    outcomes = [trials.sibling(bank, (one, "en"), (other, "en"), condition, random) for one, other in pairs]
    outcomes += [trials.sibling(bank, (other, "es"), (one, "es"), condition, random) for one, other in pairs]
    _check(name, outcomes, 0.8)


@pytest.mark.parametrize("name", LINES)
def test_changed_words_are_found_and_placed(bank: PromptLibrary, material: Any, line: ModuleType, trials: ModuleType, name: str) -> None:
    random = np.random.default_rng(13)
    outcomes = [trials.changed(bank, key, said, _condition(line, name), random) for key, said in material.changed.items()]
    _check(name, outcomes, 0.8)
    assert max(outcome.late_s for outcome in outcomes if outcome.late_s is not None) < 0.2


@pytest.mark.parametrize("name", LINES)
def test_unknown_speech_is_no_prompt(bank: PromptLibrary, material: Any, line: ModuleType, trials: ModuleType, name: str) -> None:
    random = np.random.default_rng(14)
    _check(name, [trials.unknown(bank, speech, ("main_menu", "en"), _condition(line, name), random) for speech in material.unknown], 0.8)


@pytest.mark.parametrize("name", LINES)
def test_cut_prompts_are_truncated(bank: PromptLibrary, line: ModuleType, trials: ModuleType, name: str) -> None:
    random = np.random.default_rng(15)
    keys = [("hold_long", "en"), ("closed", "en"), ("hold", "es"), ("enter_card", "en"), ("main_menu", "es"), ("sorry_no_input", "en")]
    outcomes = [trials.cut(bank, key, _condition(line, name), random) for key in keys]
    _check(name if name in ("clean", "quiet", "narrow") else "", outcomes, 0.6)


@pytest.mark.parametrize("gap_s", [0.0, 0.3])
@pytest.mark.parametrize("name", ["clean", "noise", "quiet", "fast", "narrow"])
def test_digit_strings(bank: PromptLibrary, material: Any, line: ModuleType, trials: ModuleType, name: str, gap_s: float) -> None:
    random = np.random.default_rng(16)
    outcomes = [trials.sequence(bank, trials.digit_string(material, random), gap_s, _condition(line, name), random) for _ in range(3)]
    _check(name, outcomes, 1.0)
