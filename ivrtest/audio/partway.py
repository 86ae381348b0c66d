"""Where in a recording is this stretch of a call, if it is the middle of one: its beginning is missing, or it went on after a break."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from ivrtest.audio.alignment import Track
from ivrtest.audio.fingerprint import Finder, refine
from ivrtest.audio.hearing import Resumed
from ivrtest.audio.history import History
from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.prompts import LibraryIndex
from ivrtest.audio.search import alone
from ivrtest.audio.spectrum import FINE_HOP, FLOOR_DB, HOP, SAMPLE_RATE, WINDOW, Mask

_LIKENESS: Final = 0.42
"""How alike patches must be, as a mean, for a place to be looked at closely."""
_PLACES: Final = 3
"""Places in each recording that are looked at."""
_REFINED: Final = 80
"""Frames by which a place is found exactly."""
_HALF_SEEN: Final = WINDOW // HOP + 1
"""Frames at a sound's edge whose windows see half of it."""
_HEARD_S: Final = 0.5
"""So much of a recording must fit after a break."""
_LEFT_S: Final = 0.2
"""The same where it goes on after a silence, from where it would be by now or from where it stopped: of its end there may be no more."""
_LEFT_DB: Final = 2.0
"""And so well must it fit then."""
_STEPS: Final = 10
"""Frames from one moment at which it may have gone on to the next that is tried."""


def partway(index: LibraryIndex, history: History, numbers: Sequence[int], start: int, end: int) -> Iterator[Track]:
    """Yield recordings of which frames `start` to `end` may be a part, judged up to there, the likeliest places of each.

    Tracks that reach back beyond the call's kept history cannot be made.
    """
    finder = Finder(index.fingerprints.only(numbers))
    finder.restart(start)
    alone(finder.listen(history, end, FLOOR_DB))
    known: list[tuple[int, int]] = []
    for _ in range(_PLACES):
        candidates = finder.candidates(-(10**9), len(numbers), numbers, _LIKENESS, known)
        for candidate in candidates:
            known.append((candidate.number, candidate.lag))
            reference = index.references[candidate.number]
            lag = refine(reference, candidate.lag, history, start, min(end, start + _REFINED))
            track = Track(reference, lag, start + _HALF_SEEN)
            if track.first >= history.oldest:
                track.advance(history, end)
                yield track


def resumed(index: LibraryIndex, history: History, broken: Track, wrong: int, sound: int) -> Resumed | None:
    """Return where a recording goes on that went wrong at frame `wrong`, if it does: what sounds from frame `sound` on is looked at."""
    end = history.end
    if (rest := _rest(history, broken, wrong, sound)) is not None:
        return rest
    for begin in range(sound, max(sound + 1, end - int(_HEARD_S * SAMPLE_RATE / HOP)), _STEPS):
        tracks = partway(index, history, [index.numbers[broken.key]], begin, end)
        fitting = [track for track in tracks if track.clear and track.heard_s > _HEARD_S and track.worst < GOOD_DB]
        if fitting:
            best = min(fitting, key=lambda track: track.mean)
            at = begin * HOP + WINDOW // 2
            silent = begin - wrong > 2 * _HALF_SEEN and not history.speech(wrong + _HALF_SEEN, begin).any()
            return Resumed(at / SAMPLE_RATE, round((at - best.start) / SAMPLE_RATE, 3), silent=silent)
    return None


def _rest(history: History, broken: Track, wrong: int, sound: int) -> Resumed | None:
    """Return where a recording goes on from frame `sound` on after a silence, if it does so as if it had played on, or had been held."""
    if sound - wrong <= 2 * _HALF_SEEN or history.speech(wrong + _HALF_SEEN, sound).any():
        return None
    held = broken.lag + (sound - wrong) * HOP // FINE_HOP
    for lag in (broken.lag, refine(broken.reference, held, history, sound, history.end)):
        track = Track(broken.reference, lag, sound + _HALF_SEEN)
        if track.first < history.oldest:
            continue
        track.advance(history, history.end)
        if track.clear and track.heard_s > _LEFT_S and track.worst < _LEFT_DB:
            at = sound * HOP + WINDOW // 2
            return Resumed(at / SAMPLE_RATE, round((at - track.start) / SAMPLE_RATE, 3), silent=True)
    return None


def gap_in(sounding: Mask) -> int | None:
    """Return after how many frames sound begins again, and lasts, that ceased at once; None if it did not cease or does not begin."""
    lasting = np.flatnonzero(np.convolve(sounding[3:], np.ones(5), "valid") >= 5) if len(sounding) >= 8 else np.zeros(0, int)
    if not len(lasting) or lasting[0] == 0:
        return None
    gap = 3 + int(lasting[0])
    # Where sound comes and goes all the time it did not cease.
    return gap if np.count_nonzero(sounding[3:gap]) <= 2 + gap // 10 else None
