"""Which words of a prompt are spoken when. A proportion, not a measurement: a word takes the longer the more letters it has, and the pauses
of the recording are no part of any."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

import numpy as np

from ivrtest.audio.pcm import SAMPLE_RATE, Samples
from ivrtest.audio.spectrum import HOP, WINDOW, log_mel, total_level

_RANGE_DB: Final = 38.0
"""What is further below the loudest part is a pause."""
_SHORTEST_PAUSE: Final = 12
"""Frames. Shorter gaps belong to the words, such as those before a stop consonant."""


def words_between(words: str, samples: Samples, start_s: float, end_s: float) -> str:
    """Return the words that are spoken between two moments of a recording, as far as proportion tells; an empty text where none are.

    A word counts if a third of it lies there.
    """
    spoken = words.split()
    sounding = _sounding(samples)
    if not spoken or not sounding.any():
        return ""
    passed = np.concatenate([[0], np.cumsum(sounding)]) / sounding.sum()
    first, last = (float(passed[min(len(passed) - 1, max(0, round(at * SAMPLE_RATE / HOP)))]) for at in (start_s, end_s))
    weights = [sum(letter.isalnum() for letter in word) + 1 for word in spoken]
    total = sum(weights)
    edges = [0.0, *(sum_ / total for sum_ in accumulate(weights))]
    return " ".join(
        word
        for word, begin, end in zip(spoken, edges[:-1], edges[1:], strict=True)
        if min(end, last) - max(begin, first) > (end - begin) / 3
    )


def _sounding(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which frames of 10 ms are speech."""
    silence = np.zeros(WINDOW // 2, np.int16)
    level = total_level(log_mel(np.concatenate([silence, samples, silence])))
    loud = level > level.max(initial=-90.0) - _RANGE_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]])))
    for end, start in zip(edges[1:-1:2], edges[2::2], strict=True):
        if start - end < _SHORTEST_PAUSE:
            loud[end:start] = True
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = loud
    return found
