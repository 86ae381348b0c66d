"""Random calls in which a caller interrupts a prompt with a key at any moment, and the IVR answers after any time, with the next prompt or
with words of its own before it. What must come out follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import numpy as np

from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.audio.synthesis import synthesise
from tests.run.by_script import hold_against
from tests.run.shop import library, shop

STRANGE = {"en": ("Sorry.", "Error.", "No.", "Busy now.", "One moment."), "es": ("Perdón.", "Ocupado.", "Un momento.")}
CUT = {"en": ("main_menu", "hours", "welcome"), "es": ("main_menu", "hours", "ask_order")}
NEXT = {"en": ("ask_order", "goodbye"), "es": ("goodbye", "not_heard")}
LINES = ("", "", "noise", "loss", "echo")
KEY_S = 0.1


@dataclass(frozen=True)
class Barged:
    """How a call went."""

    what: str
    strange: bool
    """Whether the IVR said what nobody recorded."""
    hides: bool
    """Whether the line may hide that."""
    status: str
    message: str

    @property
    def wrong(self) -> bool:
        if self.strange:
            return self.status == "passed" or (self.status == "error" and not self.hides)
        return self.status != "passed"

    def __str__(self) -> str:
        return f"{self.what}: {self.status}: {self.message}"


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


def barge_in(seed: int) -> Barged:
    """Hold the call of a seed."""
    dice = random.Random(seed)
    language = dice.choice(list(CUT))
    cut, following = dice.choice(CUT[language]), dice.choice(NEXT[language])
    waits = f"  - wait: {dice.randrange(1, 9) / 10:g}s\n" if dice.random() < 0.5 else ""
    steps = f"  - {{hear: {cut}, in: {language}, whole: false}}\n{waits}  - press: 1\n  - {{hear: {following}, within: 4s}}\n"
    job = shop(f"ivrtest: scenario/1\nname: A caller who does not wait\nflow: shop\nsteps:\n{steps}")
    first = np.concatenate([quiet(dice.uniform(0.2, 0.5)), sounding(cut, language)])
    pressed_s = next(note.at_s for note in hold_against(job, first).notes if note.text.startswith("pressed"))
    after_s = dice.uniform(0.03, 0.6)
    pause_s = dice.choice([0.0, 0.0, dice.uniform(0.02, 0.5)])
    said = dice.choice(STRANGE[language]) if dice.random() < 0.5 else ""
    parts = [first[: round((pressed_s + after_s) * SAMPLE_RATE)], quiet(pause_s)]
    if said:
        parts += [word(said, language), quiet(dice.choice([0.05, 0.2, 0.6]))]
    sound = np.concatenate([*parts, sounding(following, language), quiet(0.4)])
    line, lost = dice.choice(LINES), set[int]()
    noise = np.random.default_rng(seed)
    if line == "noise":
        sound = np.clip(sound + noise.normal(0, 120, len(sound)), -32768, 32767).astype(np.int16)
    if line == "loss":
        # Nothing is lost before the key, so that it is pressed when it was.
        lost = {block for block in range(len(sound) // 160) if block / 50 > pressed_s and dice.random() < 0.04}
    if line == "echo":
        sound = with_echo(sound, pressed_s + dice.uniform(0.0, 0.5))
    conversation = hold_against(job, sound, lost=lost)
    message = next((step.message for step in conversation.steps if step.message), "")
    what = f'seed {seed}: "{cut}" cut {after_s:.2f} s after a key, {pause_s:.2f} s of quiet, "{said}", {line or "no"} line'
    return Barged(what, bool(said), line in ("loss", "echo"), str(conversation.status), message)


def with_echo(sound: Samples, at_s: float) -> Samples:
    time = np.arange(round(KEY_S * SAMPLE_RATE)) / SAMPLE_RATE
    begin = round(at_s * SAMPLE_RATE)
    mixed = sound.astype(np.float64)
    part = mixed[begin : begin + len(time)]
    part += 2500 * (np.sin(2 * np.pi * 697 * time) + np.sin(2 * np.pi * 1209 * time))[: len(part)]
    return np.clip(mixed, -32768, 32767).astype(np.int16)
