"""Example scenarios by sound, against an embedded IVR that does wrong on purpose: what they are worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrtest.cli.run import prepare
from tests.examples.paths import SCENARIOS, timeless
from tests.run.by_sound import hold

BANK, LINE, OFFICE, AIRLINE = "bank/spanish_balance", "bank/place_in_the_line", "office/spanish_order", "airline/rebook_on_christmas_eve"
AT = "from # s to # s"
BEGUN = 'something like "how_easy" in "es" that had only begun when the call ended'
HARMLESS = ["late-prompt=137ms", "quiet=-20dB", "noisy=20dB", "jitter=30ms"]

FAILED = [
    (BANK, "ignored-language", 3, f'heard "welcome" in the wrong language: "en" instead of "es", {AT}'),
    (BANK, "wrong-language=en@digits/5", 9, f'heard "digits/5" in the wrong language: "en" instead of "es", {AT}'),
    (BANK, "swapped-prompt=digits/1@digits/2", 9, f'heard "digits/2" in "es" {AT}. "digits/1" in "es" was expected, 4 of 7'),
    (BANK, "dead-air@digits/5", 9, f'heard "digits/0" in "es" {AT}. "digits/5" in "es" was expected, 6 of 7'),
    (BANK, "repeated-prompt@checking", 9, f'heard "checking" in "es" {AT}. "looking_up" in "es" was expected, 2 of 7'),
    (BANK, "dropped-key@main", 5, 'nothing was heard for 2 s. "ask_account" in "es" was expected'),
    (BANK, "dropped-key=5", 7, f'heard "ask_account" in "es" {AT}. "ask_pin" in "es" was expected'),
    (BANK, "hang-up=300ms@how_easy", 12, f'the IVR hung up at # s, before "how_easy" in "es" was heard. heard {BEGUN}, {AT}'),
    (BANK, "clipped-prompt=300ms@goodbye", 16, '"goodbye" in "es" was cut off at # s (# s into the recording), and the IVR hung up at # s'),
    (LINE, "no-barge-in", 3, f'heard "choose_language" {AT}. "welcome" in "en" was expected'),
    (LINE, "doubled-key@language", 4, f'heard "ask_account" in "en" {AT}. "main_menu" in "en" was expected'),
    (OFFICE, "ignored-language", 3, f'heard "main_menu" in the wrong language: "en" instead of "es", {AT}'),
    (OFFICE, "dropped-key@language", 3, 'nothing was heard for 2 s. "main_menu" in "es" was expected'),
    (OFFICE, "late-prompt=3s@ask_account", 5, 'nothing was heard for 2 s. "ask_account" in "es" was expected'),
    (OFFICE, "wrong-prompt=please_hold@order_sent", 7, f'heard "please_hold" in "es" {AT}. "order_sent" in "es" was expected, 2 of 2'),
    (AIRLINE, "dropped-key", 3, f'heard "choose_language" {AT}. "holiday_peak" in "en" was expected, 1 of 2'),
]  # fmt: skip


def held(scenario: str, flows: Path, *faults: str) -> tuple[str, int | None, str]:
    (job,) = prepare([SCENARIOS / f"{scenario}.yaml"], flows, by_sound=True)
    outcome = hold(job, *faults)
    return str(outcome.status), outcome.step, timeless(outcome.message)


@pytest.mark.parametrize("scenario", [BANK, LINE, OFFICE, AIRLINE])
def test_a_sound_ivr_passes_on_any_line_that_a_caller_can_bear(scenario: str, flows: Path) -> None:
    outcomes = {fault: held(scenario, flows, fault) for fault in HARMLESS}
    assert outcomes == dict.fromkeys(HARMLESS, ("passed", None, ""))


@pytest.mark.parametrize(("scenario", "fault", "step", "message"), FAILED, ids=[f"{row[0]}-{row[1]}" for row in FAILED])
def test_a_fault_is_found_where_it_is(scenario: str, fault: str, step: int, message: str, flows: Path) -> None:
    assert held(scenario, flows, fault) == ("failed", step, message)
