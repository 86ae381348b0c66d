"""Recordings cut and joined where they are soft, so that no click gives it away: a word exchanged, a word left out."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.bench.hearing.line import RATE, Samples

FRAME: Final = RATE // 100
_SOFT_DB: Final = 30.0
"""What lies so far below the loudest part is a gap between words, or in them."""
_GAP: Final = 3
"""Frames that a gap lasts at least."""
_SHORTEST, _LONGEST = 22, 90
"""Frames of what counts as a word."""
_FADE: Final = RATE // 200


def words(samples: Samples) -> list[tuple[int, int]]:
    """Return where stretches of sound lie that have a gap on either side, as long as a word: samples from the middle of one gap to the
    middle of the other, as (begin, end). What is longer or shorter is left out."""
    level = levels(samples)
    soft = level < level.max(initial=-90.0) - _SOFT_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[0], soft.astype(np.int8), [0]])))
    gaps = [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True) if end - begin >= _GAP]
    found = []
    for (_, begin), (end, _) in pairwise(gaps):
        if _SHORTEST <= end - begin <= _LONGEST:
            found.append(((begin - 1) * FRAME, (end + 1) * FRAME))
    return found


def level_db(samples: Samples) -> float:
    """Return how loud the louder frames are."""
    return float(np.percentile(levels(samples), 90)) if len(samples) >= FRAME else -90.0


def sounding_s(samples: Samples, soft_db: float) -> float:
    """Return after how many seconds only sound is to come that is softer than the louder frames by more than this."""
    loud = np.flatnonzero(levels(samples) > level_db(samples) - soft_db)
    return float(loud[-1] + 1) * FRAME / RATE if len(loud) else 0.0


def joined_softly(*parts: Samples) -> Samples:
    """Return parts one after another, faded into each other over 5 ms."""
    whole = parts[0].astype(np.float64)
    ramp = (np.arange(_FADE) + 0.5) / _FADE
    for part in parts[1:]:
        fade = min(_FADE, len(whole), len(part))
        if fade < _FADE:
            whole = np.concatenate([whole, part])
            continue
        mixed = whole[-fade:] * (1 - ramp) + part[:fade] * ramp
        whole = np.concatenate([whole[:-fade], mixed, part[fade:]])
    return np.rint(whole).astype(np.int16)


def exchanged(samples: Samples, place: tuple[int, int], word: Samples) -> Samples:
    """Return a recording with another word in a place."""
    return joined_softly(samples[: place[0]], word, samples[place[1] :])


def left_out(samples: Samples, place: tuple[int, int]) -> Samples:
    """Return a recording without what is in a place."""
    return joined_softly(samples[: place[0]], samples[place[1] :])


def levels(samples: Samples) -> NDArray[np.float64]:
    """Return the level of each frame, dB, without what does not change: some recordings lie off the middle."""
    count = len(samples) // FRAME
    frames = samples[: count * FRAME].reshape(count, FRAME).astype(np.float64)
    level: NDArray[np.float64] = 10 * np.log10(np.mean((frames - np.median(samples)) ** 2, axis=1) / 32768**2 + 1e-9)
    return level
