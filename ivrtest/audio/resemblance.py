"""May sound that seems to be no recording be short ones all the same, such as digits in a row, that a line has changed too much?

What a line adds, as codecs and people talking do, makes a short recording deviate as much as another word does, for there is little of it
to measure the line by. But it lacks next to nothing of the recording, while another word does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ivrtest.audio.alignment import Track
from ivrtest.audio.fingerprint import refine
from ivrtest.audio.history import History
from ivrtest.audio.prompts import LibraryIndex
from ivrtest.audio.reference import FINE_PER_FRAME
from ivrtest.audio.spectrum import FINE_HOP, HOP, WINDOW, Levels, Mask, greatest

_DEVIATES_DB: Final = 6.0
"""A recording that was said deviates by no more on lines as bad as G.726 at 16 kbit/s or people talking 10 dB below; the nearest of ten
digits does from another short word in 19 of 20 cases ..."""
_LACKS_DB: Final = 1.9
"""... and of that it lacks so much at most: as a rule 0.3 to 1.2 dB. Other words lack 2 to 4 dB."""
_BESIDE: Final = 10
"""Frames by which its soft beginning or end may lie outside of what sounds."""
_RANGE_DB: Final = 25.0
_PLACES: Final = 3
"""Places of each recording in a second that are looked at more closely ..."""
_LIKELIEST: Final = 12
"""... and so many of all of them, the likeliest."""
_LEAST_LIKENESS: Final = 0.25
_FRAMES_PER_S: Final = 100
_APART: Final = 8
"""Frames between two places of one recording."""


def resembled(index: LibraryIndex, history: History, numbers: Sequence[int], start: int, end: int) -> Mask:
    """Return which of the frames `start` to `end` may lie in these recordings, whole ones: shape (end - start,)."""
    covered = np.zeros(end - start, np.bool_)
    first, last = max(history.oldest, start - _BESIDE), min(history.end, end + _BESIDE)
    seconds = (last - first) / _FRAMES_PER_S
    places = sorted((place for number in numbers for place in _places(index, history, number, first, last)), reverse=True)
    alike: set[tuple[float, int]] = set()
    for likeness, number, lag in places:
        # Where two recordings are one sound, one look is enough.
        if (round(likeness, 5), lag) in alike:
            continue
        alike.add((round(likeness, 5), lag))
        if len(alike) > _LIKELIEST * max(seconds, 1):
            break
        track = _laid(index, history, number, lag, last)
        if track is not None and track.complete and track.mean < _DEVIATES_DB and track.lacking < _LACKS_DB:
            covered[max(0, track.first - start) : max(0, track.sounding_end // HOP + 1 - start)] = True
    return covered


def _places(index: LibraryIndex, history: History, number: int, first: int, last: int) -> Iterator[tuple[float, int, int]]:
    """Yield where in frames `first` to `last` a recording may lie, as (likeness, number, lag), the likeliest places."""
    reference = index.references[number]
    lag = (first * HOP + WINDOW // 2 - reference.start) // FINE_HOP
    count = (reference.end - reference.start) // HOP
    if count < _APART or last - first < count:
        return
    likeness = _likeness(history.levels(first, last), reference.rows(first, first + count, lag))
    peaks = np.flatnonzero((likeness >= _LEAST_LIKENESS) & (likeness >= np.maximum(np.roll(likeness, 1), np.roll(likeness, -1))))
    ranked = peaks[np.argsort(-likeness[peaks])]
    taken: list[int] = []
    for place in ranked.tolist():
        if len(taken) >= _PLACES * max((last - first) / _FRAMES_PER_S, 1):
            break
        if all(abs(place - other) >= _APART for other in taken):
            taken.append(place)
            yield float(likeness[place]), number, lag + place * FINE_PER_FRAME


def _likeness(heard: Levels, rows: Levels) -> NDArray[np.float32]:
    """Return how like a recording's frames each stretch of the call is, 1 at most, whatever the line does to single bands."""
    heard = np.maximum(heard, greatest(heard) - np.float32(_RANGE_DB))
    rows = np.maximum(rows, greatest(rows) - np.float32(_RANGE_DB))
    rows = rows - rows.mean(axis=0)
    count = len(rows)
    stretches = sliding_window_view(heard, count, axis=0)
    sums = np.concatenate([np.zeros((1, heard.shape[1])), np.cumsum(heard, axis=0, dtype=np.float64)])
    squares = np.concatenate([[0.0], np.cumsum(np.square(heard.astype(np.float64)).sum(axis=1))])
    mean = (sums[count:] - sums[:-count]) / count
    power = squares[count:] - squares[:-count] - count * np.square(mean).sum(axis=1)
    product = np.einsum("lbf,fb->l", stretches, rows)
    likeness: NDArray[np.float32] = product / (np.sqrt(np.maximum(power, 1e-6)) * (np.sqrt(np.square(rows).sum()) + 1e-6))
    return likeness


def _laid(index: LibraryIndex, history: History, number: int, lag: int, last: int) -> Track | None:
    reference = index.references[number]
    first = max(0, (lag * FINE_HOP + reference.start - WINDOW // 2) // HOP)
    if first < history.oldest:
        return None
    track = Track(reference, refine(reference, lag, history, first, min(last, first + _FRAMES_PER_S)), 0)
    if track.first < history.oldest:
        return None
    track.advance(history, history.end)
    return track
