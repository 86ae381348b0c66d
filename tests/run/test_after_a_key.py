"""What comes after a key that has cut a prompt is heard as closely as what comes after a pause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.synthesis import synthesise
from ivrtest.call.call import SAMPLE_RATE, Samples
from ivrtest.run.job import Job
from tests.examples.paths import timeless
from tests.run.by_sound import Echo, Held, hold
from tests.run.shop import HURRIED, PATIENT, shop

UNASKED = "Our options have recently changed, so listen."
SILENT_S = 0.4
SOON = [(HURRIED, 3, "welcome", "en", "Busy."), (HURRIED, 3, "welcome", "en", "Error."), (PATIENT, 6, "hours", "es", "Ocupado.")]


def test_words_that_nobody_recorded_are_heard_between_a_key_that_cut_a_prompt_and_the_next_one() -> None:
    job = shop(HURRIED)
    held = hold(job, played=changed(job, "ask_order", lambda samples: np.concatenate([synthesise(UNASKED, "en"), samples])))
    assert told(held) == ("failed", 6, 'heard speech that is no recording of the flow, from # s to # s. "ask_order" in "en" was expected')


def test_a_prompt_without_the_silence_that_its_recording_begins_with_is_an_answer_to_the_key() -> None:
    """It seems to have begun before the key, if it is counted from its recording's first sample."""
    job = silent_first("ask_order")
    assert told(hold(job, f"clipped-start={SILENT_S * 1000:.0f}ms@ask_order")) == ("passed", None, "")


def test_a_prompt_that_no_key_interrupts_is_said_to_go_on() -> None:
    held = hold(shop(HURRIED), "no-barge-in@main_menu")
    went_on = '"main_menu" in "en" went on after the key, until # s, and nothing else was heard for 2 s'
    assert told(held) == ("failed", 6, f'{went_on}. "ask_order" in "en" was expected')


def test_speech_that_has_just_ended_is_not_called_nothing() -> None:
    """Two seconds may pass before a digit. They did, and three more, with words that nobody recorded and half a second of quiet."""
    job = shop(HURRIED)
    quiet = np.zeros(round(0.4 * SAMPLE_RATE), np.int16)
    held = hold(job, played=changed(job, "digits/0", lambda samples: np.concatenate([synthesise(UNASKED, "en"), quiet, samples])))
    assert told(held) == (
        "failed",
        8,
        'heard speech that is no recording of the flow, from # s to # s. "digits/0" in "en" was expected, 3 of 4',
    )


@pytest.mark.parametrize(("caller", "step", "prompt", "language", "word"), SOON)
@pytest.mark.parametrize("after_s", [0.15, 0.3])
def test_a_word_is_heard_that_is_said_soon_after_a_key(
    caller: str, step: int, prompt: str, language: str, word: str, after_s: float
) -> None:
    """It is over within a second of the key. So may be what is left of a prompt that the key cuts, but that goes on without a pause."""
    job = shop(caller)
    held = hold(job, played=changed(job, prompt, lambda samples: after(after_s, word, language, samples)))
    heard = "heard speech that is no recording of the flow, from # s to # s"
    assert told(held) == ("failed", step, f'{heard}. "{prompt}" in "{language}" was expected')


BESIDE = "beside our own key, of which too little is left to tell, from # s to # s"


def test_a_word_that_begins_with_the_end_of_our_key_is_heard() -> None:
    """A key sent as an event makes no sound."""
    job = shop(HURRIED)
    held = hold(job, played=changed(job, "welcome", lambda samples: after(0.12, "Busy.", "en", samples)))
    heard = "heard speech that is no recording of the flow, from # s to # s"
    assert told(held) == ("failed", 3, f'{heard}. "welcome" in "en" was expected')


def test_a_word_that_begins_with_the_echo_of_our_key_is_left_open_for_that_reason() -> None:
    job = shop(HURRIED)
    played = changed(job, "welcome", lambda samples: after(0.05, "Busy.", "en", samples))
    held = hold(job, played=played, echo=Echo(0.02))
    assert told(held) == ("error", 3, f'could not tell: something {BESIDE}. "welcome" in "en" was expected')


@pytest.mark.parametrize(("caller", "step", "key"), [(HURRIED, 3, '"welcome" in "en"'), (PATIENT, 3, '"welcome" in "es"')])
def test_a_prompt_whose_beginning_is_missing_right_after_a_key_is_not_as_recorded(caller: str, step: int, key: str) -> None:
    held = hold(shop(caller), "clipped-start=340ms@welcome", "late-prompt=60ms@welcome")
    assert told(held) == ("failed", step, f"{key} is not as recorded: its first # s are missing: it is heard from # s on")


@pytest.mark.parametrize("caller", [HURRIED, PATIENT])
@pytest.mark.parametrize("echo", [Echo(0.01, -10.0), Echo(0.35, -4.0)])
def test_the_echo_of_our_keys_is_no_fault_of_what_it_lies_over(caller: str, echo: Echo) -> None:
    assert told(hold(shop(caller), "late-prompt=90ms", echo=echo))[0] == "passed"


def after(seconds: float, word: str, language: str, samples: Samples) -> Samples:
    """Return a word after so much quiet, and after some more the samples."""
    said = synthesise(word, language)
    sounding = np.flatnonzero(np.abs(said) > 300)
    quiet = np.zeros(SAMPLE_RATE, np.int16)
    return np.concatenate([quiet[: round(seconds * SAMPLE_RATE)], said[sounding[0] : sounding[-1]], quiet[: SAMPLE_RATE // 5], samples])


def told(held: Held) -> tuple[str, int | None, str]:
    return str(held.status), held.step, timeless(held.message)


def silent_first(prompt: str) -> Job:
    job = shop(HURRIED)
    silence = np.zeros(round(SILENT_S * SAMPLE_RATE), np.int16)
    return replace(job, library=changed(job, prompt, lambda samples: np.concatenate([silence, samples])))


def changed(job: Job, prompt: str, change: Callable[[Samples], Samples]) -> PromptLibrary:
    """Return the recordings of a job, with those of a prompt changed in every language."""
    return PromptLibrary(
        replace(recording, samples=change(recording.samples)) if recording.prompt == prompt else recording
        for recording in job.library.recordings()
    )
