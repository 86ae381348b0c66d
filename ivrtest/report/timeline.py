"""A call drawn on its own clock: the steps, what the caller did, what the IVR was heard to say, and under it the sound itself.

Everything here is geometry in the units of the drawing; `templates/report.html` turns it into SVG.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.hearing import Match, Verdict
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.report.console import MARKS
from ivrtest.report.outcome import deciding_step
from ivrtest.run.acts.naming import music_named, music_told, told
from ivrtest.run.conversation import ENDINGS
from ivrtest.run.result import ScenarioResult, Status, StepResult
from ivrtest.run.timing import KeyTiming
from ivrtest.scenario.steps.press import Press
from ivrtest.scenario.steps.say import Say

LEFT: Final = 56.0
"""Where the call's clock begins; the names of the lanes stand left of it."""
RIGHT: Final = 14.0
USUAL_WIDTH: Final = 1000.0
WIDEST: Final = 8000.0
NARROWEST_SECOND: Final = 15.5
"""Longer calls make the drawing wider rather than their bars unreadable."""
LETTER: Final = 6.4
"""How wide a letter of a label is, about."""
PADDING: Final = 4.0
THINNEST_BAR: Final = 3.0
POINT: Final = 2.4
"""How wide one peak of the sound is drawn."""
LOUDEST: Final = 26
"""How high the loudest peak is drawn, up and down."""
QUIETEST_LOUDEST: Final = 0.05
"""The loudest peak of a call fills the lane, but noise on a silent line must not: less than this part of full scale is drawn small."""
SAME_S: Final = 0.3
"""Two matches of one recording that begin so close together are one sound."""
TICKS_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
TICK_ROOM: Final = 56.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane."""

    x: float
    width: float
    label: str
    """What there is room for; may be empty."""
    label_x: float
    title: str
    """The whole text."""
    kind: str
    """A class of the style sheet."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One call. `x` is in units of the drawing, of which there are `scale` to a second."""

    width: float
    scale: float
    seconds: float
    steps: tuple[Bar, ...]
    caller: tuple[Bar, ...]
    ivr: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    trouble: Bar | None
    """The stretch of the step that failed or could not be judged."""
    wrong: tuple[float, str] | None
    """Where the recording that decided against it ceased to be as recorded, and what to call that."""
    answered_x: float | None
    ended_x: float | None
    ending: str
    sound: str
    """The peaks as an SVG path, one unit each, `LOUDEST` units up and down; empty where there is no recording."""
    point: float
    """How wide one peak is drawn."""


def draw(result: ScenarioResult, recording: Path | None) -> Drawing | None:
    """Draw a scenario's call; None where there was none. A recording that cannot be read is left out."""
    call = result.call
    if call is None:
        return None
    samples = ivr_channel(recording) if recording is not None else None
    heard_s = 0.0 if samples is None else len(samples[0]) / samples[1]
    ends = [match.end_s for step in result.steps for match in step.heard]
    ends += [note.match.end_s for note in call.notes if note.match is not None]
    ends += [note.music.end_s for note in call.notes if note.music is not None]
    decided = [step.at_s for step in result.steps if step.at_s is not None]
    seconds = max(1.0, call.ended_s or 0.0, heard_s, *ends, *decided)
    inner = min(max(USUAL_WIDTH - LEFT - RIGHT, seconds * NARROWEST_SECOND), WIDEST)
    scale = inner / seconds

    def at(moment: float) -> float:
        return round(LEFT + moment * scale, 1)

    points = max(1, round(inner * heard_s / seconds / POINT))
    return Drawing(
        width=round(LEFT + inner + RIGHT, 1),
        scale=round(scale, 4),
        seconds=seconds,
        steps=tuple(step_bars(result.steps, at)),
        caller=tuple(caller_bars(result.steps, call.timing.keys, at, LEFT + inner)),
        ivr=tuple(ivr_bars(result, at)),
        ticks=tuple(ticks(seconds, scale, at)),
        trouble=trouble(result, at),
        wrong=wrong(result, at),
        answered_x=None if call.answered_s is None else at(call.answered_s),
        ended_x=None if call.ended_s is None else at(call.ended_s),
        ending=ENDINGS.get(call.ended_by, ""),
        sound="" if samples is None else sound_path(peaks(samples[0], points)),
        point=round(inner * heard_s / seconds / points, 4),
    )


At = Callable[[float], float]


def step_bars(steps: Sequence[StepResult], at: At) -> Iterator[Bar]:
    for number, step in enumerate(steps, 1):
        if step.started_s is None or step.at_s is None:
            continue
        x, width = stretch(step.started_s, step.at_s, at)
        mark = "" if step.status is Status.PASSED else MARKS[step.status][0]
        title = f"{number}. {step.status}: {step.step.describe()}"
        yield Bar(x, width, fitting((f"{number} {mark}".strip(), str(number)), width), x + PADDING, title, kind_of(step.status))


def caller_bars(steps: Sequence[StepResult], keys: Sequence[KeyTiming], at: At, end: float) -> Iterator[Bar]:
    """A key is shorter than its name, which then stands behind it, as far as the next thing that the caller does. Each key has a bar."""
    acted = [
        (step.step, step.started_s, step.at_s)
        for step in steps
        if isinstance(step.step, Press | Say) and step.started_s is not None and step.at_s is not None
    ]
    limits = [*(at(started_s) for _, started_s, _ in acted[1:]), end]
    for (step, started_s, ended_s), limit in zip(acted, limits, strict=False):
        text = step.describe()
        *before, (started_s, ended_s) = presses(keys, started_s, ended_s)
        for key_at, key_end in before:
            key_x, key_width = stretch(key_at, key_end, at)
            yield Bar(key_x, key_width, "", key_x, f"{text}, a key at {key_at:.1f} s", step.word)
        x, width = stretch(started_s, ended_s, at)
        label_x = round(x + width, 1)
        label = fitting((text, text.removeprefix(f"{step.word} ")), limit - label_x)
        yield Bar(x, width, label, label_x + PADDING, f"{text}, at {started_s:.1f} s", step.word)


def presses(keys: Sequence[KeyTiming], started_s: float, ended_s: float) -> list[tuple[float, float]]:
    """Return when the keys of a step went down and up; of a step without any, the step itself."""
    found = [(key.at_s, key.at_s + key.seconds) for key in keys if started_s - 0.02 <= key.at_s < ended_s]
    return found or [(started_s, ended_s)]


def ivr_bars(result: ScenarioResult, at: At) -> Iterator[Bar]:
    """What the steps judged, and what was heard besides: music, tones, a prompt that a key cut, what went on while the caller waited."""
    judged = dict.fromkeys(match for step in result.steps for match in step.heard)
    notes = result.call.notes if result.call is not None else ()
    for note in notes:
        if note.tone is not None:
            x, width = stretch(*note.tone, at)
            yield Bar(x, width, fitting(["tone"], width), x + PADDING, note.text, "aside")
    for music in (note.music for note in notes if note.music is not None):
        x, width = stretch(music.start_s, music.end_s, at)
        yield Bar(x, width, fitting([music_named(music).replace('"', ""), "music", "♪"], width), x + PADDING, music_told(music), "aside")
    others = [note.match for note in notes if note.match is not None and note.match not in judged]
    for match in dict.fromkeys(others):
        x, width = stretch(match.start_s, match.end_s, at)
        # A recording that a step knew before its end goes on below the step's bar.
        known = any(match.key == each.key and abs(match.start_s - each.start_s) < SAME_S for each in judged)
        label = "" if known else fitting(names(match), width)
        yield Bar(x, width, label, x + PADDING, told(match) if known else f"{told(match)}; no step judged it", "aside")
    decided = deciding_step(result)
    bad = blamed(decided[1]) if decided is not None else None
    for match in dict.fromkeys(match for step in result.steps for match in step.heard):
        x, width = stretch(match.start_s, match.end_s, at)
        kind = "bad" if match == bad else "good" if match.verdict is Verdict.match else "odd"
        mark = f"{MARKS[result.status][0]} " if match == bad else ""
        label = fitting([mark + name for name in names(match)], width) or fitting([mark.strip()], width)
        yield Bar(x, width, label, x + PADDING, told(match), kind)


def blamed(step: StepResult) -> Match | None:
    """Return the sound that decided against a step: the last one, if the verdict fell with it and not after a silence that followed."""
    last = step.heard[-1] if step.heard else None
    return last if last is not None and step.at_s in {last.start_s, last.end_s} else None


def names(match: Match) -> list[str]:
    """Return what a bar may be called, longest first."""
    if match.words is not None:
        return [f"words, {match.verdict}", "words", str(match.verdict), "?"]
    if not match.prompt:
        return [f"{match.verdict} speech", str(match.verdict), "?"]
    language = "" if match.language == ALL_LANGUAGES else f" {match.language}"
    short = [f"{match.prompt}{language}", match.prompt, match.prompt.rpartition("/")[2]]
    return short if match.verdict is Verdict.match else [f"{match.prompt}{language}, {match.verdict}", str(match.verdict), *short]


def trouble(result: ScenarioResult, at: At) -> Bar | None:
    decided = deciding_step(result)
    if decided is None or decided[1].started_s is None or decided[1].at_s is None:
        return None
    number, step = decided
    assert step.started_s is not None
    assert step.at_s is not None
    x, width = stretch(step.started_s, step.at_s, at)
    return Bar(x, width, "", x, f"step {number}: {step.message}", kind_of(step.status))


def wrong(result: ScenarioResult, at: At) -> tuple[float, str] | None:
    decided = deciding_step(result)
    moment = None if decided is None else wrong_at(decided[1])
    return None if moment is None else (at(moment), f"as recorded until {moment:.1f} s")


def wrong_at(step: StepResult) -> float | None:
    """Return when the recording that decided against a step ceased to be as recorded; None where it was another one, or none."""
    match = blamed(step)
    return match.diverged_at_s if step.status is not Status.PASSED and match is not None and match.prompt else None


def ticks(seconds: float, scale: float, at: At) -> Iterator[tuple[float, str]]:
    every = next((step for step in TICKS_S if step * scale >= TICK_ROOM), TICKS_S[-1])
    yield from ((at(moment), f"{moment} s") for moment in range(0, int(seconds) + 1, every))


def stretch(start_s: float, end_s: float, at: At) -> tuple[float, float]:
    x = at(start_s)
    return x, round(max(THINNEST_BAR, at(end_s) - x), 1)


def fitting(labels: Sequence[str], room: float) -> str:
    """Return the first label there is room for, or the beginning of the first, or nothing."""
    letters = int((room - 2 * PADDING) / LETTER)
    for label in labels:
        if len(label) <= letters:
            return label
    return f"{labels[0][: letters - 1]}…" if letters >= 5 else ""


def kind_of(status: Status) -> str:
    """Return the class that a status has in the style sheet."""
    return str(status).replace(" ", "-")


def ivr_channel(path: Path) -> tuple[NDArray[np.int16], int] | None:
    """Return what the IVR sent, of a recording of a call, and its samples per second; None where it cannot be read.

    `audio.recording_file.read_audio` would mix both sides into one.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (2, 2) or not file.getframerate():
                return None
            octets = file.readframes(file.getnframes())
            rate = file.getframerate()
    except (OSError, EOFError, wave.Error):
        return None
    both = np.frombuffer(octets[: len(octets) // 4 * 4], "<i2").reshape(-1, 2)
    return (both[:, 1], rate) if len(both) else None


def peaks(samples: NDArray[np.int16], points: int) -> list[int]:
    """Return the greatest deflection of each of `points` equal stretches, 0 to `LOUDEST`."""
    # The most negative sample has no positive counterpart in 16 bits.
    deflection = np.abs(samples.astype(np.int32))
    points = min(points, len(deflection))
    greatest = np.maximum.reduceat(deflection, np.arange(points) * len(deflection) // points)
    reference = max(int(greatest.max()), int(QUIETEST_LOUDEST * 32768))
    return [int(value) for value in np.rint(greatest * LOUDEST / reference)]


def sound_path(heights: Sequence[int]) -> str:
    """Return one vertical line for every peak; silence is no line."""
    return "".join(f"M{place}-{height}v{2 * height}" for place, height in enumerate(heights) if height)
