"""More random calls with known outcomes: numbers and money in every language, pauses, silence, prompts spoken anew or of equal sound.

What the IVR does wrong, and what must come out, follows from the seed, as in `campaign`, whose caller hears whole prompts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.spectrum import SAMPLE_RATE
from ivrtest.audio.synthesis import Manner
from ivrtest.flow.spoken_numbers import KNOWN, amount_recordings, number_recordings
from ivrtest.run.job import Job
from ivrtest.server.faults import Fault, Kind
from tests.run import noisy, shop, test_spoken_anew, till
from tests.run.by_sound import Held, Way, hold
from tests.run.campaign import LINES, Draw, is_right, told

HELD_BY_TESTS = 16
"""Calls of each kind, from seed 0 on."""
EDGE_S = 0.06
"""So near to a limit either verdict is right."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that is ready to be held."""

    drawn: Draw
    job: Job
    played: PromptLibrary | None = None
    """What the IVR plays, if that is another sound than the caller knows."""
    what: str = ""
    """What is said of it where its verdict is wrong, besides the faults."""
    way: Way | None = None
    """What else happens to the sound on its way."""

    def hold(self) -> Held:
        return hold(self.job, *self.drawn.faults, seed=self.drawn.seed, played=self.played, way=self.way)


def wrong(kind: str, seed: int) -> str:
    """Hold the call of a seed. Return what is wrong with the verdict; nothing if it is right."""
    trial = KINDS[kind](seed)
    held = trial.hold()
    return "" if is_right(trial.drawn, held) else f"{kind} {trial.what}: {told(trial.drawn, held)}"


def draw(dice: random.Random, seed: int, fault: str | Fault, step: int | None, lines: Sequence[str] = LINES) -> Draw:
    line = dice.choice(lines)
    late = fault.kind is Kind.LATE_PROMPT if isinstance(fault, Fault) else fault.startswith("late-prompt")
    offset = "" if late else f"late-prompt={dice.randrange(1, 140)}ms"
    return Draw(tuple(each for each in (offset, fault, line) if each), seed, step, line)


# ---------------------------------------------------------------- numbers and money


def number(seed: int) -> Trial:
    """A number or an amount of money, right or not, or spoiled on the way."""
    dice = random.Random(seed)
    language = dice.choice(KNOWN)
    kind = dice.choice(["number", "EUR", "USD"])
    value = _value(dice, kind)
    expected = _another(dice, kind, value) if dice.random() < 0.4 else value
    fault: str | Fault = "" if expected != value or dice.random() < 0.5 else _spoiled(dice, value, kind, language)
    job = replace(till.job_of(language, kind, value, expected), library=_till(language, kind))
    step = 1 if fault or expected != value else None
    said, wanted = _parts(value, kind, language), _parts(expected, kind, language)
    repeated = isinstance(fault, Fault) and fault.kind is Kind.REPEATED_PROMPT and said.index(fault.place) == len(said) - 1
    if repeated or (expected != value and said[: len(wanted)] == wanted):
        # What comes after the whole number is another step's.
        step = 2
    return Trial(draw(dice, seed, fault, step), job, what=f'"{value}" in "{language}" as {kind}, where "{expected}" is expected')


@cache
def _till(language: str, kind: str) -> PromptLibrary:
    """Return the recordings of a till that knows one kind of money: cents of several are said alike."""
    words = till.words(language, kind)
    return PromptLibrary(one for one in till.library(language).recordings() if one.prompt in words)


def _value(dice: random.Random, kind: str) -> str:
    most = dice.choice([20, 100, 100, 1000, 10_000, 2_000_000])
    whole = dice.randrange(most)
    if kind == "number":
        return f"{whole}.{dice.randrange(10)}" if dice.random() < 0.1 else str(whole)
    return f"{whole}.{dice.randrange(1, 100):02}" if dice.random() < 0.6 else str(whole)


def _another(dice: random.Random, kind: str, value: str) -> str:
    """Return another number that differs in one digit, or anyhow."""
    places = [place for place, digit in enumerate(value) if digit.isdigit()]
    while True:
        place = dice.choice(places)
        changed = value[:place] + dice.choice("0123456789") + value[place + 1 :]
        changed = changed if dice.random() < 0.7 else _value(dice, kind)
        proper = changed == "0" or not changed.startswith("0") or changed.startswith("0.")
        if proper and float(changed) != float(value) and not changed.endswith(".00"):
            return changed


def _parts(value: str, kind: str, language: str) -> tuple[str, ...]:
    return number_recordings(value, language) if kind == "number" else amount_recordings(value, kind, language)


def _spoiled(dice: random.Random, value: str, kind: str, language: str) -> Fault:
    """Return what befalls a part of a number. None can be written: parts of numbers have no names in a flow."""
    names = _parts(value, kind, language)
    name = dice.choice(names)
    match dice.randrange(4):
        case 0:
            return Fault(Kind.DEAD_AIR, place=name)
        case 1:
            others = [each for each in ("numbers/7", "numbers/18", "numbers/60", "numbers/200") if each not in names]
            return Fault(Kind.WRONG_PROMPT, text=dice.choice(others), place=name)
        case 2:
            return Fault(Kind.LATE_PROMPT, dice.uniform(0.7, 1.5), place=name)
        case _:
            return Fault(Kind.REPEATED_PROMPT, place=name)


# ---------------------------------------------------------------- pauses


def pause(seed: int) -> Trial:
    """A digit that comes a little before the longest pause is over, or a little after."""
    dice = random.Random(seed)
    allowed_s = dice.choice([0.3, 0.5, 0.8, 1.2])
    place = dice.randrange(3)
    digits = "407"
    before, prompt = ("your_order", f"digits/{digits[0]}") if place == 0 else (f"digits/{digits[place - 1]}", f"digits/{digits[place]}")
    recording = shop.library().get(before, "en")
    assert recording is not None
    index = shop.library().index
    silent_s = (len(recording.samples) - index.references[index.numbers[recording.key]].end) / SAMPLE_RATE
    late = dice.random() < 0.5
    wanted_s = allowed_s + (dice.uniform(EDGE_S, 0.3) if late else -dice.uniform(EDGE_S, allowed_s - 0.1))
    late_s = max(0.001, wanted_s - silent_s)
    hear = '{hear: [your_order, {digits: "407"}], within: 2s}'
    assert hear in shop.HURRIED
    job = shop.shop(shop.HURRIED.replace(hear, hear.replace("2s", f"2s, pause: {round(allowed_s * 1000)}ms")))
    step = 8 if silent_s + late_s > allowed_s else None
    return Trial(draw(dice, seed, f"late-prompt={round(late_s * 1000)}ms@{prompt}", step), job, what=f"{allowed_s:g} s allowed")


# ---------------------------------------------------------------- silence


def silence(seed: int) -> Trial:
    """A caller who says nothing, on a line with noise of any loudness."""
    dice = random.Random(seed)
    fault, step = dice.choice([("", None), ("", None), ("repeated-prompt@choose_language", 2), ("repeated-prompt@not_heard", 3)])
    noise = [f"noisy={dice.randrange(8, 50)}dB", f"quiet=-{dice.randrange(1, 20)}dB", "jitter=30ms", ""]
    return Trial(draw(dice, seed, fault, step, noise), shop.shop(shop.SILENT))


# ---------------------------------------------------------------- spoken anew


def anew(seed: int) -> Trial:
    """Prompts that are spoken anew, in one of many manners."""
    dice = random.Random(seed)
    manner = Manner(dice.randrange(155, 200, 9), dice.randrange(44, 58, 4), dice.choice([35, 50, 65]))
    fault, step = dice.choice(
        [
            ("", None),
            ("", None),
            ("dead-air@greeting", 1),
            ("dead-air@hours", 4),
            ("wrong-prompt=menu@greeting", 1),
            ("wrong-prompt=books@hours", 4),
            ("wrong-prompt=hours@greeting", 1),
            ("wrong-language=es@greeting", 1),
            ("wrong-language=es@hours", 4),
            ("repeated-prompt@greeting", 2),
            ("hang-up=1800ms@greeting", 1),
            ("clipped-prompt=1500ms@greeting", 1),
        ]
    )
    job = test_spoken_anew.job_of(test_spoken_anew.OPENING)
    return Trial(draw(dice, seed, fault, step), job, test_spoken_anew.library(manner), what=f"{manner}")


# ---------------------------------------------------------------- of equal sound


def twin(seed: int) -> Trial:
    """Two prompts that are one recording: nobody can hear which of them it is."""
    dice = random.Random(seed)
    fault, step = dice.choice(
        [
            ("", None),
            ("wrong-prompt=hours@welcome", None),
            ("wrong-prompt=welcome@hours", None),
            ("wrong-prompt=goodbye@welcome", 3),
            ("wrong-prompt=goodbye@hours", 6),
            ("dead-air@hours", 6),
            ("repeated-prompt@welcome", 4),
            ("clipped-prompt=500ms@hours", 6),
        ]
    )
    job = shop.shop(shop.PATIENT)
    same = {one.language: one for one in job.library.recordings() if one.prompt == "welcome"}
    both = PromptLibrary(_twin(one, same) for one in job.library.recordings())
    return Trial(draw(dice, seed, fault, step), replace(job, library=both))


def _twin(recording: Recording, same: dict[str, Recording]) -> Recording:
    return replace(recording, samples=same[recording.language].samples) if recording.prompt == "hours" else recording


# ---------------------------------------------------------------- noise


def noise(seed: int) -> Trial:
    """A patient caller, in noise from as loud as speech to 20 dB softer."""
    drawn, heard, played = noisy.drawn(seed)
    return Trial(drawn, shop.shop(shop.PATIENT), played, what=drawn.line, way=heard)


KINDS: dict[str, Callable[[int], Trial]] = {
    "number": number,
    "pause": pause,
    "silence": silence,
    "anew": anew,
    "twin": twin,
    "noise": noise,
}
