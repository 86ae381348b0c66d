"""A key that interrupts a prompt: what is left of the prompt is excused, what the IVR says of its own is not."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from tests.examples.paths import timeless
from tests.run.barge_in import barge_in, quiet, sounding, word
from tests.run.by_script import hold_against
from tests.run.campaign import is_right, told
from tests.run.shop import shop

STEPS = """
ivrtest: scenario/1
name: A caller who does not wait
flow: shop
steps:
  - {hear: main_menu, whole: false}
  - press: 2
  - {hear: ask_order, within: 3s}
"""
PRESSED_S = 0.686
"""When the caller knows the menu that begins 0.3 s after the answer."""
STRANGE = 'heard speech that is no recording of the flow, from # s to # s. "ask_order" in "en" was expected'


def against(*sounds: Samples) -> tuple[str, str]:
    """Return the verdict where these sounds follow on the beginning of the menu."""
    talk = hold_against(shop(STEPS), np.concatenate([quiet(0.3), *sounds, quiet(0.4)]))
    pressed = [note.at_s for note in talk.notes if note.text == "pressed 2"]
    assert pressed == [pytest.approx(PRESSED_S, abs=0.02)]
    return str(talk.status), timeless(next((step.message for step in talk.steps if step.message), ""))


def menu(after_s: float) -> Samples:
    """Return the menu up to so long after the key."""
    return sounding("main_menu", "en")[: round((PRESSED_S + after_s - 0.3) * SAMPLE_RATE)]


@pytest.mark.parametrize("after_s", [0.05, 0.12, 0.3])
@pytest.mark.parametrize("pause_s", [0.0, 0.05])
def test_a_word_right_after_what_a_key_cut_off_is_heard(after_s: float, pause_s: float) -> None:
    """It begins while the key sounds or soon after, without a pause, and is over within a second of it."""
    assert against(menu(after_s), quiet(pause_s), word("Sorry.", "en"), quiet(0.2), sounding("ask_order", "en")) == ("failed", STRANGE)


@pytest.mark.parametrize("after_s", [0.05, 0.3, 0.9])
def test_what_is_left_of_a_prompt_is_excused(after_s: float) -> None:
    assert against(menu(after_s), sounding("ask_order", "en")) == ("passed", "")


@pytest.mark.parametrize(("language", "prompt"), [("en", "hours"), ("es", "main_menu")])
@pytest.mark.parametrize("cut_s", [0.08, 0.1])
def test_a_prompt_that_begins_where_another_was_nearly_over_is_known(language: str, prompt: str, cut_s: float) -> None:
    """The last moments of the other are so soft that it seems to be whole, and what follows to begin before its end."""
    steps = f"  - {{hear: {prompt}, in: {language}, whole: false}}\n  - {{hear: ask_order, within: 9s}}\n"
    job = shop(f"ivrtest: scenario/1\nname: A caller\nflow: shop\nsteps:\n{steps}")
    cut = sounding(prompt, language)[: -round(cut_s * SAMPLE_RATE)]
    talk = hold_against(job, np.concatenate([quiet(0.4), cut, sounding("ask_order", language), quiet(0.4)]))
    assert (str(talk.status), [step.message for step in talk.steps]) == ("passed", ["", ""])


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(911631, id="a word without soft moments is no noise"),
        pytest.param(913103, id="nor is it the talk of many"),
        pytest.param(910647, id="losses leave little of a word"),
        pytest.param(920029, id="something was lost in the pause before a word"),
        pytest.param(911711, id="a prompt begins before the other is quite over"),
        pytest.param(971543, id="the prompt was in a pause of its own when the key was pressed"),
        pytest.param(917239, id="so it was, and the key's echo lies over the word"),
        pytest.param(914911, id="the voice has the key's frequencies in it for a moment"),
        pytest.param(960124, id="it takes the place of the prompt's last moments"),
    ],
)
def test_a_word_after_a_key_is_heard_whatever_is_around_it(seed: int) -> None:
    trial = barge_in(seed)
    held = trial.hold()
    assert is_right(trial.drawn, held), told(trial.drawn, held)


def test_no_verdict_is_wrong() -> None:
    """Of random calls; `python -m tests.bench.verdicts --kinds barge-in` holds more. In the fourth, losses hide a word."""
    held = [(trial.drawn, trial.hold()) for trial in map(barge_in, (0, 1, 2, 4, 5, 6, 7, 8))]
    assert [told(drawn, call) for drawn, call in held if not is_right(drawn, call)] == []
