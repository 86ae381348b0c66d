"""The same question where nothing is known of the IVR: what is heard after a key, held against calls in which nothing is pressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ivrtest.audio.spectrum import FLOOR_DB, HOP, log_mel
from ivrtest.call.call import SAMPLE_RATE, Answered, Block, Call, EarlyMedia, Ended, KeySent, Samples
from ivrtest.probe.dtmf import Hears, Trial

AUDIBLE: Final = 100
"""Samples louder than this are sound."""
QUIET_S: Final = 0.8
"""So long a silence ends what is said first."""
PATIENCE_S: Final = 30.0
"""If it has not ended by then, the key is pressed all the same."""
AFTER_S: Final = 0.3
"""How long after that the key is pressed."""
STRETCH_S: Final = 0.2
"""Two calls may be out of step by so much."""
RANGE_DB: Final = 30.0
"""What is further below the loudest is silence."""
ALIKE_DB: Final = 3.0
"""The same recording over two calls differs by less, on average over time and pitch. Two different ones differ by 6 dB and more, and a
recording and silence by more still."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one call brought."""

    samples: Samples
    """From the first sound on."""
    press_s: float
    """When the key was, or would have been, pressed, in seconds from the first sound."""
    problem: str = ""
    """Why there is nothing to compare."""
    refused: bool = False


async def listen(call: Call, key: str, *, press_s: float | None, pressed: bool, within_s: float) -> Heard:
    """Listen to a call until `within_s` after the key. `press_s`: when to press, from the first sound on; None: when it has ended.

    `pressed`: whether the key is pressed at all.
    """
    parts: list[Samples] = []
    onset: int | None = None
    last_sound = at = 0
    due: float | None = None
    sent = False
    async for item in call.stream():
        match item:
            case Answered(at=answered) | EarlyMedia(at=answered) if not parts:
                at = round(answered * SAMPLE_RATE)
            case KeySent():
                sent = True
            case Ended(by="us"):
                break
            case Ended(reason=reason, by=by):
                if pressed and due is not None and not sent and by == "lost":
                    return Heard(_joined(parts, onset), 0.0, reason, refused=True)
                if due is None:
                    return Heard(_joined(parts, onset), 0.0, reason or "the far side hung up before a key could be pressed")
                break
            case Block(start=start, samples=samples):
                parts.append(samples)
                loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE)
                if len(loud):
                    last_sound = start + int(loud[-1])
                    onset = start + int(loud[0]) if onset is None and start + int(loud[0]) >= at else onset
                now = start + len(samples)
                if due is None and _is_time(now, onset, last_sound, press_s, at):
                    due = now / SAMPLE_RATE
                    if pressed:
                        await call.press(key)
                if due is not None and now / SAMPLE_RATE >= due + within_s:
                    await call.hang_up()
    if onset is None:
        return Heard(np.zeros(0, np.int16), 0.0, "nothing was heard")
    return Heard(_joined(parts, onset), (due or 0.0) - onset / SAMPLE_RATE)


def _is_time(now: int, onset: int | None, last_sound: int, press_s: float | None, answered: int) -> bool:
    if onset is None:
        return now - answered > PATIENCE_S * SAMPLE_RATE
    if press_s is not None:
        return now - onset >= press_s * SAMPLE_RATE
    return now - last_sound >= (QUIET_S + AFTER_S) * SAMPLE_RATE or now - onset > PATIENCE_S * SAMPLE_RATE


def _joined(parts: list[Samples], onset: int | None) -> Samples:
    whole = np.concatenate([np.zeros(0, np.int16), *parts])
    return whole[onset:] if onset is not None else whole[:0]


def difference_db(one: Heard, other: Heard, within_s: float) -> float:
    """Return how different two calls sound from the key on, in dB: the mean over time and pitch, at the best fit in time."""
    begin = round(max(one.press_s, other.press_s) * SAMPLE_RATE)
    length = round(within_s * SAMPLE_RATE)
    left, right = (np.asarray(_padded(heard.samples, begin, length)) for heard in (one, other))
    a, b = log_mel(left), log_mel(right)
    floor = max(float(a.max(initial=FLOOR_DB)), float(b.max(initial=FLOOR_DB)), FLOOR_DB + RANGE_DB) - RANGE_DB
    a, b = np.maximum(a, floor), np.maximum(b, floor)
    reach = round(STRETCH_S * SAMPLE_RATE / HOP)
    best = np.inf
    for lag in range(-reach, reach + 1):
        first, second = (a[lag:], b[: len(b) - lag]) if lag >= 0 else (a[:lag], b[-lag:])
        sounding = np.maximum(first.max(axis=1), second.max(axis=1)) > floor
        # Where both are silent they are alike, but that proves nothing.
        if np.any(sounding):
            best = min(best, float(np.mean(np.abs(first - second)[sounding])))
    return 0.0 if best == np.inf else best


def _padded(samples: Samples, begin: int, length: int) -> Samples:
    part = samples[begin : begin + length]
    return np.concatenate([part, np.zeros(length - len(part), np.int16)])


def judged(heard: Heard, control: Heard, noise_db: float, within_s: float) -> Trial:
    """Hold a call with a key against one without. `noise_db`: how different two calls without a key are."""
    if heard.refused:
        return Trial(Hears.REFUSED, heard.problem)
    if heard.problem:
        return Trial(Hears.UNCLEAR, heard.problem)
    found = difference_db(heard, control, within_s)
    if found >= max(ALIKE_DB, 2 * noise_db):
        return Trial(Hears.YES)
    return Trial(Hears.NO, f"what follows sounds as it does without a key (they differ by {found:.1f} dB)")
