"""What comes after a key that has cut a prompt is heard as closely as what comes after a pause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.synthesis import synthesise
from ivrtest.call.call import SAMPLE_RATE, Samples
from ivrtest.run.job import Job
from tests.examples.paths import timeless
from tests.run.by_sound import Held, hold
from tests.run.shop import HURRIED, shop

UNASKED = "Our options have recently changed, so listen."
SILENT_S = 0.4


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
