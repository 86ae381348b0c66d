"""Digits in a row where packets get lost: named where enough of them arrived, left open where not, and never another one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.synthesis import synthesise
from tests.bench.hearing.digits import LINES, play
from tests.bench.hearing.line import Mask, Samples, joined, silence

RATE = 8000


def _row(bank: PromptLibrary, said: str) -> tuple[Samples, list[float]]:
    """Return a sentence and digits after it, 0.15 s apart, and when the digits begin."""
    parts = [silence(0.4), _samples(bank, ("balance_is", "en")), silence(0.15)]
    begins = []
    for digit in said:
        begins.append(sum(len(part) for part in parts) / RATE)
        parts += [_samples(bank, (f"digits/{digit}", "en")), silence(0.15)]
    return joined(*parts, silence(1.6)), begins


def _samples(bank: PromptLibrary, key: Key) -> Samples:
    recording = bank.get(*key)
    assert recording is not None
    return recording.samples


def _told(bank: PromptLibrary, samples: Samples, lost: Mask, expected: list[Key]) -> list[tuple[str, Verdict]]:
    matcher = Matcher(bank)
    matcher.expect(expected or None)
    arrived = np.where(lost, 0, samples).astype(np.int16)
    hearings = matcher.feed(arrived, lost) + matcher.finish()
    return [(hearing.match.prompt, hearing.match.verdict) for hearing in hearings if isinstance(hearing, Heard)]


def test_digits_that_nobody_expects_are_named_where_another_one_is_expected(bank: PromptLibrary) -> None:
    samples, _ = _row(bank, "739")
    told = _told(bank, samples, np.zeros(len(samples), np.bool_), [("balance_is", "en"), ("digits/9", "en")])
    assert told == [(prompt, Verdict.match) for prompt in ("balance_is", "digits/7", "digits/3", "digits/9")]


def test_a_row_goes_on_after_a_digit_that_got_lost(bank: PromptLibrary) -> None:
    samples, begins = _row(bank, "7394")
    lost = np.zeros(len(samples), np.bool_)
    lost[int((begins[1] + 0.1) * RATE) : int((begins[1] + 0.26) * RATE)] = True
    told = _told(bank, samples, lost, [])
    assert [prompt for prompt, verdict in told if verdict is Verdict.match] == ["balance_is", "digits/7", "digits/9", "digits/4"]
    assert {verdict for _, verdict in told} <= {Verdict.match, Verdict.inconclusive}


def test_digits_of_which_a_packet_got_lost_are_named(bank: PromptLibrary) -> None:
    samples, begins = _row(bank, "7394")
    lost = np.zeros(len(samples), np.bool_)
    for begin in begins:
        lost[int((begin + 0.16) * RATE) : int((begin + 0.18) * RATE)] = True
    told = _told(bank, samples, lost, [])
    assert told == [(prompt, Verdict.match) for prompt in ("balance_is", "digits/7", "digits/3", "digits/9", "digits/4")]


def test_a_word_that_is_no_digit_is_none_either_where_a_packet_of_it_got_lost(bank: PromptLibrary) -> None:
    parts = [silence(0.4), _samples(bank, ("balance_is", "en")), silence(0.15), synthesise("sixty", "en"), silence(1.6)]
    samples = joined(*parts)
    begin = sum(len(part) for part in parts[:3])
    for packet in range(20):
        lost = np.zeros(len(samples), np.bool_)
        lost[begin + 160 * packet : begin + 160 * (packet + 1)] = True
        told = _told(bank, samples, lost, [])
        assert [prompt for prompt, _ in told if prompt] == ["balance_is"]


@pytest.mark.parametrize("expecting", [True, False], ids=["expected", "any"])
@pytest.mark.parametrize("condition", LINES, ids=[line.name for line in LINES])
def test_no_digit_is_told_that_was_not_said(material: Any, condition: Any, expecting: bool) -> None:
    rows = [
        play(material, condition, np.random.default_rng([91, number]), expecting=expecting, strangers=False, mistaken=expecting)
        for number in range(4)
    ]
    assert [false for row in rows for false in row.false] == []
    assert sum(row.named for row in rows) > 0.5 * sum(row.digits for row in rows)


def test_a_name_is_not_told_as_long_as_another_recording_may_be_meant(material: Any, line: ModuleType, trials: ModuleType) -> None:
    condition = line.Condition("bursts", loss=0.10, burst=3, noise_db=25)
    for number in (163, 177, *range(20)):
        random = np.random.default_rng([92, number])
        key, other = material.pairs[int(random.integers(len(material.pairs)))]
        assert not trials.sibling(material.library, key, other, condition, random).wrong
