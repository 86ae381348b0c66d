"""An IVR that hangs up in the middle of a prompt: the message names the prompt as soon as that can be told."""

from __future__ import annotations

import pytest

from tests.examples.paths import timeless
from tests.run.by_sound import hold
from tests.run.shop import PATIENT, shop

BEFORE = 'the IVR hung up at # s, before "hours" in "es" was heard'
BEGUN = 'heard something like "hours" in "es" that had only begun when the call ended, from # s to # s'
CUT = '"hours" in "es" was cut off at # s (# s into the recording), and the IVR hung up at # s'


@pytest.mark.parametrize(
    ("ms", "message"), [(60, BEFORE), (160, f"{BEFORE}. {BEGUN}"), (300, f"{BEFORE}. {BEGUN}"), (450, CUT), (1200, CUT), (2500, CUT)]
)
def test_a_hang_up_in_the_middle_of_a_prompt(ms: int, message: str) -> None:
    held = hold(shop(PATIENT), f"hang-up={ms}ms@hours")
    assert (str(held.status), held.step, timeless(held.message)) == ("failed", 6, message)


def test_a_hang_up_in_the_middle_of_another_prompt() -> None:
    held = hold(shop(PATIENT), "wrong-prompt=goodbye@hours", "hang-up=600ms@hours")
    what = 'heard something like "goodbye" in "es" that had only begun when the call ended, from # s to # s'
    assert (str(held.status), held.step, timeless(held.message)) == ("failed", 6, f"{BEFORE}. {what}")
