"""Is this stretch of a call that stretch of a recording? A cell by cell comparison that knows the line's gain, noise and losses.

Every cell of the call's spectrum is predicted as the recording's cell, through the line's gain of its band, plus the line's noise.
What remains is the deviation. All levels are dB; frames are 10 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.spectrum import BANDS, FLOOR_DB, Levels, Mask, greatest, scalar

BLOCK: Final = 30
"""Frames that are judged together: 300 ms."""
GOOD_DB: Final = 3.2
"""A block that deviates by more is not the recording, or not the recording alone."""
DOUBTFUL_DB: Final = 1.8
"""A block of which a part was lost may be another word if what arrived deviates by more, and by twice what most blocks do: the same
recording stays under 0.8 over G.711."""
LOWEST_LIMIT_DB, HIGHEST_LIMIT_DB = 2.4, 4.0
"""What may be set in place of `GOOD_DB` for a line that was measured: genuine recordings deviate by 0.7 dB and less on a good line, and one
with a changed word by 4.5 dB and more."""
LACKING_DB: Final = 3.6
"""It is not the recording if what it lacks alone is more than this: talkers, noise and codecs add, and only another word also lacks."""
LACKING_ONLY_DB: Final = 4.2
"""The same if next to nothing else is there: codecs leave out soft sounds, such as the last one of "English" over GSM. Where the rest of
the recording shows that the line is as faithful as G.711, `GOOD_DB`."""
FAITHFUL_DB: Final = 0.8
"""What most blocks deviate by at most on such a line: 0.3 on G.711, 1.4 over GSM, 1.9 over Opus at 8 kbit/s."""
ADDED_DB: Final = 0.8
"""A block in which what should not be there makes up less than this has nothing over it."""
ALONE_DB: Final = 5.5
"""If it deviates by more than this, it need only lack `ALSO_LACKING_DB` not to be the recording; nothing on a quiet line."""
ALSO_LACKING_DB: Final = 1.3
OVERLAID_DB: Final = 4.5
"""A block may deviate by this much if next to nothing is lacking ..."""
PRESENT_DB: Final = 1.5
"""... which is no more than this."""
HIDDEN_DB: Final = 6.5
"""Sound over a recording that makes all of it deviate by more on average hides it: nothing shows that it is there."""
RANGE_DB: Final = 35.0
"""How far below its loudest part a recording is compared."""
CLIP_DB: Final = 20.0
ENOUGH: Final = 2.5
"""Frames' worth of evidence that a block needs to be judged."""

LEAST_GAIN_DB: Final = -36.0
MOST_GAIN_DB: Final = 24.0
"""Lines lose and gain less than this between a recording's file and the call."""
MOST_TILT_DB: Final = 20.0
"""How far one band's gain may lie from the whole's."""


_NEPERS: Final = float(np.float32(np.log(10) / 10))
NEPERS: Final = scalar(_NEPERS)
"""Per dB: the natural logarithm of a power."""
_DUE_FROM, _DUE_STEP = scalar(3 / 9), scalar(float(1 / (9 * np.float32(_NEPERS))))
"""What is there counts from 3 dB above the noise on, fully from 12 dB on."""
_EXTRA_FROM, _EXTRA_STEP = scalar(6 / 8), scalar(float(1 / (8 * np.float32(_NEPERS))))
"""What should not be there counts from 6 dB above the noise on, for noise alone often reaches that far."""
_CLIP, _LEAST_CLIP = scalar(CLIP_DB * _NEPERS), scalar(-CLIP_DB * _NEPERS)
_NONE, _ALL, _NEVER = scalar(0), scalar(1), scalar(np.inf)
_ABOVE_DB, _HALF_TRUSTED = scalar(6), scalar(15)
_LEAST_TILT, _MOST_TILT = scalar(-MOST_TILT_DB), scalar(MOST_TILT_DB)
_UNITS = {
    dimensions: (np.array([1 / NEPERS, -1 / NEPERS, 1, 1], np.float32) / np.float32(BANDS)).reshape(4, *[1] * (dimensions - 1))
    for dimensions in range(2, 5)
}
"""What sums over bands are multiplied with, row by row of `weigh`, by how many dimensions they have."""
_ONES = np.ones(BANDS, np.float32)
_EACH_BAND = np.arange(BANDS)
_COUNTS: Final = 512
"""Up to so many frames it is kept where the middle of some sorted cells is, and how far they are trusted."""
_MIDDLES = (np.arange(_COUNTS) - 1) // 2
_TRUSTED = np.arange(_COUNTS) / (np.arange(_COUNTS) + _HALF_TRUSTED)


def checked_limit(limit_db: float) -> float:
    """Return a limit in place of `GOOD_DB`. Raises ValueError for one that no line can make right."""
    if not LOWEST_LIMIT_DB <= limit_db <= HIGHEST_LIMIT_DB:
        raise ValueError(f"a limit of {limit_db:g} dB is none. it must be from {LOWEST_LIMIT_DB:g} to {HIGHEST_LIMIT_DB:g} dB")
    return limit_db


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """A comparison, frame by frame. All arrays have shape (..., frames)."""

    deviation: NDArray[np.float32]
    """Sum over bands of |residual| x weight, dB; 0 where lost."""
    missing: NDArray[np.float32]
    """The part of `deviation` that the call lacks."""
    weight: NDArray[np.float32]
    """Sum over bands of weights, as a share of all bands: 0 (nothing above the noise) to 1. 0 where lost."""
    wanted: NDArray[np.float32]
    """What `weight` would have been, judged from the recording alone."""


def line_gain(call: Levels, recording: Levels, valid: Mask, noise: Levels) -> Levels:
    """Estimate the line's gain per band, shape (BANDS,): the median of cells well above noise, drawn to the whole band's where few are."""
    frames = len(recording)
    peak = greatest(recording) if frames else FLOOR_DB
    inaudible = call <= noise + _ABOVE_DB
    inaudible |= recording <= peak - 25
    if np.count_nonzero(valid) < frames:
        inaudible |= ~valid[:, None]
    count = inaudible.size - np.count_nonzero(inaudible)
    if count == 0:
        return np.zeros(BANDS, np.float32)
    # A gain that would bury the recording in the noise explains anything.
    least = max(LEAST_GAIN_DB, greatest(noise) + 8 - peak)
    difference = call - recording
    difference[inaudible] = _NEVER
    # What is not audible goes to the end, where there is always one such.
    ordered = np.empty((BANDS, frames + 1), np.float32)
    ordered[:, :frames] = difference.T
    ordered[:, frames] = _NEVER
    ordered.sort(axis=1)
    counts = ordered.argmax(axis=1)
    cells = ordered.flatten()
    cells.partition(count // 2)
    median = cells[count // 2]
    middle = np.float32(min(max(median, least), max(least, MOST_GAIN_DB)))
    # Nothing is made of a band's last cell, the one of a band without any.
    tilt = ordered[_EACH_BAND, _MIDDLES[counts] if frames < _COUNTS else (counts - 1) // 2] - median
    np.maximum(tilt, _LEAST_TILT, out=tilt)
    np.minimum(tilt, _MOST_TILT, out=tilt)
    trusted = _TRUSTED[counts] if frames < _COUNTS else counts / (counts + _HALF_TRUSTED)
    gain: Levels = (middle + trusted * tilt).astype(np.float32)
    return gain


def line_gains(call: Levels, recordings: Levels, noise: Levels) -> Levels:
    """Return what `line_gain` does for each of several recordings, shape (recordings, frames, BANDS), where nothing of the call is lost.

    `noise`: shape (BANDS,) or (recordings, 1, BANDS). Returns shape (recordings, BANDS).
    """
    peaks = recordings.max(axis=(1, 2))
    audible = (call > noise + 6) & (recordings > (peaks - 25)[:, None, None])
    counts = audible.sum(axis=1)
    ordered = np.where(audible, call - recordings, _NEVER).swapaxes(1, 2).copy()
    ordered.sort(axis=2)
    count = counts.sum(axis=1)
    each = np.arange(len(recordings))
    median = np.where(count > 0, np.sort(ordered.reshape(len(recordings), -1), axis=1)[each, count // 2], _NONE)
    least = np.maximum(LEAST_GAIN_DB, noise.max(axis=-1).ravel() + 8 - peaks)
    middle = np.minimum(np.maximum(median, least), np.maximum(least, MOST_GAIN_DB))
    medians = ordered[each[:, None], _EACH_BAND, np.maximum(counts - 1, 0) // 2]
    tilt = np.clip(np.where(counts > 0, medians, median[:, None]) - median[:, None], -MOST_TILT_DB, MOST_TILT_DB)
    gains: Levels = np.where(count[:, None] > 0, middle[:, None] + counts / (counts + np.float32(15)) * tilt, 0).astype(np.float32)
    return gains


def frame_gains(call: Levels, recording: Levels, valid: Mask, noise: Levels) -> Levels:
    """Return by how much each frame is louder than it should be, shape (frames,): clipped or levelled speech is no other speech."""
    audible = (call > noise + 6) & (recording > noise + 3) & valid[:, None]
    counts = audible.sum(axis=1)
    # What is not audible goes to the end.
    ordered = np.sort(np.where(audible, call - recording, _NEVER), axis=1)
    medians = ordered[np.arange(len(counts)), np.maximum(counts - 1, 0) // 2]
    gains: Levels = np.where(counts >= BANDS // 4, medians, _NONE).astype(np.float32)
    return gains


def compare(call: Levels, recording: Levels, valid: Mask, gain: Levels, noise: Levels) -> Evidence:
    """Compare frames of a call with the frames of a recording that they should be.

    `recording` may have further dimensions in front: the call is then compared with each, and so are the results shaped.
    """
    return Evidence(*weigh(call, recording, valid, gain, noise))


def weigh(call: Levels, recording: Levels, valid: Mask, gain: Levels, noise: Levels) -> NDArray[np.float32]:
    """Return the same as an array of shape (4, ..., frames), the fields of `Evidence` in their order.

    `gain` and `noise` may have further dimensions, too.
    """
    cells = np.empty((4, *recording.shape), np.float32)
    cost, lacking, weight, due = cells
    np.add(recording, gain - noise, out=cost)
    predict(cost, due)
    deviate(*audible(call, noise), cost, due, cost, weight)
    np.minimum(cost, _NONE, out=lacking)
    rows: NDArray[np.float32] = cells @ _ONES
    rows *= _UNITS[rows.ndim]
    # What is too much and what is lacking, both counted as such.
    deviation, missing = rows[0], rows[1]
    deviation += missing
    deviation += missing
    if np.count_nonzero(valid) < len(valid):
        rows[:3] *= valid
    return rows


def audible(call: Levels, noise: Levels) -> tuple[Levels, Levels]:
    """Return a call's levels above the noise, in nepers of power, and how much each counts if it should not be there: at most 1.

    All is counted from the noise on: fewer passes over the cells, and most of them in place.
    """
    heard = call - noise
    heard *= NEPERS
    extra = heard * _EXTRA_STEP
    extra -= _EXTRA_FROM
    np.minimum(extra, _ALL, out=extra)
    return heard, extra


def predict(due: Levels, counts: Levels) -> None:
    """Turn `due`, a recording's levels above the noise in dB, into what is heard of it: nepers of power above the noise, its own included.

    `counts` takes how much each of these cells counts: 0 to 1.
    """
    due *= NEPERS
    np.exp(due, out=due)
    due += _ALL
    np.log(due, out=due)
    np.multiply(due, _DUE_STEP, out=counts)
    counts -= _DUE_FROM
    np.maximum(counts, _NONE, out=counts)
    np.minimum(counts, _ALL, out=counts)


def deviate(heard: Levels, extra: Levels, due: Levels, counts: Levels, cost: Levels, weight: Levels) -> None:
    """Compare what `audible` and `predict` return. `weight` takes each cell's weight, `cost` by how much more is heard than is due, in
    nepers times weight."""
    np.subtract(heard, due, out=cost)
    np.maximum(cost, _LEAST_CLIP, out=cost)
    np.minimum(cost, _CLIP, out=cost)
    np.maximum(counts, extra, out=weight)
    cost *= weight


def moving_sum(values: NDArray[np.float32], block: int) -> NDArray[np.float32]:
    """Return the sum of each `block` values in a row, from each value on after which as many follow."""
    total = np.zeros(len(values) + 1)
    values.cumsum(dtype=np.float64, out=total[1:])
    return (total[block:] - total[:-block]).astype(np.float32) if block else np.zeros(0, np.float32)
