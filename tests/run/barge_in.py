"""Random calls in which a caller interrupts a prompt with a key at any moment, and the IVR answers after any time, with the next prompt or
with words of its own before it. What must come out follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tones import dtmf
from ivrtest.run.job import Job
from tests.run.by_script import hold_against
from tests.run.by_sound import Held
from tests.run.campaign import Draw
from tests.run.shop import library, shop

STRANGE: Final = {"en": ("Sorry.", "Error.", "No.", "Busy now.", "One moment."), "es": ("Perdón.", "Ocupado.", "Un momento.")}
CUT: Final = {"en": ("main_menu", "hours", "welcome"), "es": ("main_menu", "hours", "ask_order")}
NEXT: Final = {"en": ("ask_order", "goodbye"), "es": ("goodbye", "not_heard")}
LINES: Final = ("", "", "hiss", "loss=4%", "echo")
"""Of these, losses and the echo of a key may hide what is said."""
ECHO: Final = dtmf("1", key_s=0.1, gap_s=0)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A call that is ready to be held, with what the far side says in it. See `campaigns.Trial`."""

    drawn: Draw
    job: Job
    sound: Samples
    lost: frozenset[int]
    what: str

    def hold(self) -> Held:
        talk = hold_against(self.job, self.sound, lost=self.lost)
        step = next((number for number, step in enumerate(talk.steps, 1) if step.message), None)
        return Held(talk.status, talk.steps[step - 1].message if step else "", step, tuple(talk.steps))


@cache
def sounding(prompt: str, language: str) -> Samples:
    """Return a recording from a moment before its first sound to its last."""
    recording = library().get(prompt, language)
    assert recording is not None
    reference = library().index.references[library().index.numbers[recording.key]]
    return recording.samples[max(0, reference.start - 80) : reference.end]


@cache
def word(said: str, language: str) -> Samples:
    samples = synthesise(said, language)
    loud = np.flatnonzero(np.abs(samples) > 200)
    return samples[loud[0] : loud[-1]]


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def barge_in(seed: int) -> Spoken:
    """Draw the call of a seed."""
    dice = random.Random(seed)
    language = dice.choice(list(CUT))
    cut, following = dice.choice(CUT[language]), dice.choice(NEXT[language])
    waits = [f"  - wait: {dice.randrange(1, 9) / 10:g}s\n"] if dice.random() < 0.5 else []
    steps = [f"  - {{hear: {cut}, in: {language}, whole: false}}\n", *waits, "  - press: 1\n", f"  - {{hear: {following}, within: 4s}}\n"]
    job = shop(f"ivrtest: scenario/1\nname: A caller who does not wait\nflow: shop\nsteps:\n{''.join(steps)}")
    first = np.concatenate([quiet(dice.uniform(0.2, 0.5)), sounding(cut, language)])
    pressed_s = _pressed_s(job, first)
    assert pressed_s is not None
    after_s = dice.uniform(0.03, 0.6)
    pause_s = dice.choice([0.0, 0.0, dice.uniform(0.02, 0.5)])
    said = dice.choice(STRANGE[language]) if dice.random() < 0.5 else ""
    parts = [first[: round((pressed_s + after_s) * SAMPLE_RATE)], quiet(pause_s)]
    if said:
        parts += [word(said, language), quiet(dice.choice([0.05, 0.2, 0.6]))]
    sound = np.concatenate([*parts, sounding(following, language), quiet(0.4)])
    line, lost = dice.choice(LINES), frozenset[int]()
    if line == "hiss":
        hiss = np.random.default_rng(seed).normal(0, 120, len(sound))
        # A prompt that is known only later in it would have been cut before the key.
        heard_as_soon = _pressed_s(job, added(first, hiss[: len(first)], 0)) == pressed_s
        sound, line = (added(sound, hiss, 0), line) if heard_as_soon else (sound, "")
    if line == "loss=4%":
        # Nothing is lost before the key, so that it is pressed when it was.
        lost = frozenset(block for block in range(len(sound) // 160) if block / 50 > pressed_s and dice.random() < 0.04)
    if line == "echo":
        sound = added(sound, ECHO * 0.35, round((pressed_s + dice.uniform(0.0, 0.5)) * SAMPLE_RATE))
    what = (
        f'"{cut}" in "{language}" cut {after_s:.2f} s after a key at {pressed_s:.2f} s, {pause_s:.2f} s of quiet, "{said}", "{following}"'
    )
    return Spoken(Draw((line,) if line else (), seed, len(steps) if said else None, line), job, sound, lost, what)


def _pressed_s(job: Job, sound: Samples) -> float | None:
    """Return when the caller presses the key if nothing but this is heard."""
    return next((note.at_s for note in hold_against(job, sound).notes if note.text.startswith("pressed")), None)


def added(sound: Samples, more: np.ndarray, begin: int) -> Samples:
    mixed = sound.astype(np.float64)
    part = mixed[begin : begin + len(more)]
    part += more[: len(part)]
    return np.clip(mixed, -32768, 32767).astype(np.int16)
