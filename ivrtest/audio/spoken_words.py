"""Which words of a prompt are spoken when. A proportion, not a measurement: a word takes the longer the more letters it has. Pauses of the
recording are no part of any word, and mark where a sentence or a clause ends."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import SAMPLE_RATE, Samples
from ivrtest.audio.spectrum import HOP, WINDOW, log_mel, total_level

_RANGE_DB: Final = 38.0
"""What is further below the loudest part is a pause."""
_QUIETEST_DB: Final = -75.0
_SHORTEST_PAUSE: Final = 12
"""Frames. Shorter gaps belong to the words, such as those before a stop consonant."""
_DIGIT: Final = 4
"""Letters that a digit takes as long as."""
_ENDS: Final = tuple(".,;:?!…。，、")
_NEAR: Final = 0.12
"""A clause may end so far, as a part of all speech, from where proportion has it."""


def words_between(words: str, samples: Samples, start_s: float, end_s: float) -> str:
    """Return the words that are spoken between two moments of a recording, as far as proportion tells; an empty text where none are.

    A word counts if half of it lies there.
    """
    spoken = words.split()
    sounding = _sounding(samples)
    if not spoken or not sounding.any():
        return ""
    passed = np.concatenate([[0], np.cumsum(sounding)]) / sounding.sum()
    first, last = (float(passed[min(len(passed) - 1, max(0, round(at * SAMPLE_RATE / HOP)))]) for at in (start_s, end_s))
    edges = _edges(spoken, _pauses(sounding))
    return " ".join(
        word
        for word, begin, end in zip(spoken, edges[:-1], edges[1:], strict=True)
        if min(end, last) - max(begin, first) > (end - begin) / 2
    )


def _edges(spoken: list[str], pauses: list[float]) -> list[float]:
    """Return where words begin and where the last one ends, as parts of all speech; where a clause ends near a pause, it ends there."""
    weights = [sum(_DIGIT if letter.isdigit() else 1 for letter in word if letter.isalnum()) + 1 for word in spoken]
    edges = [0.0, *(total / sum(weights) for total in accumulate(weights))]
    known, meant = [0.0], [0.0]
    for word, edge in zip(spoken[:-1], edges[1:-1], strict=True):
        near = min((pause for pause in pauses if pause > meant[-1]), key=lambda pause: abs(pause - edge), default=None)
        if word.endswith(_ENDS) and near is not None and abs(near - edge) < _NEAR:
            known.append(edge)
            meant.append(near)
    return [float(edge) for edge in np.interp(edges, [*known, 1.0], [*meant, 1.0])]


def _pauses(sounding: NDArray[np.bool_]) -> list[float]:
    """Return after which parts of all speech there is a pause."""
    passed = np.cumsum(sounding) / sounding.sum()
    return [float(passed[end - 1]) for end in np.flatnonzero(np.diff(sounding.astype(np.int8)) < 0) + 1 if passed[end - 1] < 1]


def _sounding(samples: Samples) -> NDArray[np.bool_]:
    """Return which frames of 10 ms are speech."""
    silence = np.zeros(WINDOW // 2, np.int16)
    level = total_level(log_mel(np.concatenate([silence, samples, silence])))
    loud: NDArray[np.bool_] = level > max(float(level.max(initial=-90.0)) - _RANGE_DB, _QUIETEST_DB)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]])))
    for end, start in zip(edges[1:-1:2], edges[2::2], strict=True):
        if start - end < _SHORTEST_PAUSE:
            loud[end:start] = True
    return loud
