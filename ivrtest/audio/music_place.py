"""Which recording of music plays, and where in it the call is: music may begin anywhere, and comes back to its start.

How the levels of the bands change from moment to moment is compared with every place of every recording. That does not mind the line's
gain, and music changes all the time. What lies in the line's noise is not compared, and of the recording only what would rise above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, WINDOW, Levels, Mask, Samples, frames_lost, log_mel, percentile

Key = tuple[str, str]
"""(prompt, language)."""
Changes = NDArray[np.float32]
"""dB. Shape (frames, bands)."""

_HOP: Final = 2 * HOP
"""20 ms from frame to frame."""
_APART: Final = 4
"""Frames between the two levels whose difference is a change."""
_RANGE_DB: Final = 40.0
"""How far below its loudest part music is compared."""
_ABOVE_NOISE_DB: Final = 9.0
"""What rises less above the softest tenth of its band may be noise. Of music at 10 dB it leaves nothing alike that is not: the same music
still correlates by 0.85, at 5 dB by 0.6, and other music by less than 0.3."""
_LOUD: Final = 60
"""Cells of a recording that are louder than so many percent of the others tell the line's gain."""
_MOST_DB: Final = 12.0
_LOOKED_AT: Final = 100
"""Frames that are compared: 2 s."""
LOOKED_AT_S: Final = _LOOKED_AT * _HOP / SAMPLE_RATE
_GLANCE: Final = 30
"""Frames that tell whether what is known to play still does: 0.6 s."""
_SAMPLES: Final = (_LOOKED_AT + _APART - 1) * _HOP + WINDOW
ALIKE: Final = 0.55
"""The same music correlates with itself by more than this, over G.711 by 0.95; other music by less than 0.35."""
_STILL: Final = 0.4
"""Music that goes on as before need not be more alike than this."""
_AS_GOOD: Final = 0.08
"""A place that is expected is taken where no other is more alike by more than this: music repeats itself."""
_PLACES: Final = 6
"""Places in each recording that are looked at closely: which is most alike can be told only with the noise in mind."""
_DRIFT: Final = 2
"""Frames by which music may move against its recording from one look to the next."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the music of a call is in a recording."""

    key: Key
    began_s: float
    """When its first sample was, or would have been, on the call."""
    alike: float
    """How alike the two are: 1 at most."""


class MusicRecordings:
    """The recordings of music that a caller may hear."""

    def __init__(self, recordings: Sequence[tuple[Key, Samples]]) -> None:
        self.seconds = {key: len(samples) / SAMPLE_RATE for key, samples in recordings}
        self._levels = {key: log_mel(samples, _HOP) for key, samples in recordings if len(samples) >= _SAMPLES}
        self._loud = {key: np.float32(percentile(levels.ravel(), _LOUD)) for key, levels in self._levels.items()}
        self._changes = {key: _changes(levels, _softest(levels)) for key, levels in self._levels.items()}
        self._spectra: dict[Key, NDArray[np.complex64]] = {}

    def __len__(self) -> int:
        return len(self._changes)

    def __contains__(self, key: Key) -> bool:
        """Return whether a recording is long enough to be found."""
        return key in self._changes

    def find(
        self, samples: Samples, lost: Mask, at_s: float, expected: Sequence[tuple[Key, float]], *, known: bool = False
    ) -> Place | None:
        """Return where the last 2 s of a call, which end at `at_s`, are; None where no recording is like them.

        `expected`: recordings, and when they would have begun, most likely first. `known`: the first of them is what played until now.
        """
        least = _STILL if known else ALIKE
        if len(samples) < _SAMPLES or not self._changes:
            return None
        heard = _heard(samples[-_SAMPLES:], lost[-_SAMPLES:], _SAMPLES)
        first_s = at_s - _SAMPLES / SAMPLE_RATE
        for key, began_s in expected[:1]:
            # Most of the time music simply goes on.
            if key in self._changes and (place := self._near(heard, first_s, key, began_s)) is not None and place.alike > ALIKE:
                return place
        everywhere = [self._everywhere(heard, first_s, key) for key in self._changes]
        best = max(everywhere, key=lambda place: place.alike)
        for key, began_s in expected:
            place = self._near(heard, first_s, key, began_s) if key in self._changes else None
            if place is not None and place.alike > max(least, best.alike - _AS_GOOD):
                return place
        return best if best.alike > ALIKE else None

    def goes_on(self, samples: Samples, lost: Mask, at_s: float, key: Key, began_s: float) -> bool:
        """Return whether the last 0.6 s of a call, which end at `at_s`, are still the recording that began then, or began anew."""
        length = (_GLANCE + _APART - 1) * _HOP + WINDOW
        if key not in self._changes or len(samples) < length:
            return False
        heard, first_s = _heard(samples[-_SAMPLES:], lost[-_SAMPLES:], length), at_s - length / SAMPLE_RATE
        rounds = np.floor((first_s - began_s) / self.seconds[key])
        place = self._near(heard, first_s, key, began_s + float(rounds) * self.seconds[key])
        return place is not None and place.alike > ALIKE

    def _near(self, heard: _Heard, first_s: float, key: Key, began_s: float) -> Place | None:
        """Return the most alike place near an expected one; None where that is not within the recording."""
        frame = round((first_s - began_s) * SAMPLE_RATE / _HOP)
        last = len(self._changes[key]) - len(heard.changes)
        places = [place for place in range(frame - _DRIFT, frame + _DRIFT + 1) if 0 <= place <= last]
        if not places:
            return None
        alike = [self._alike(heard, key, place) for place in places]
        best = int(np.argmax(alike))
        return Place(key, first_s - places[best] * _HOP / SAMPLE_RATE, alike[best])

    def _everywhere(self, heard: _Heard, first_s: float, key: Key) -> Place:
        changes, sought = self._changes[key], heard.changes
        size = 1 << (len(changes) + len(sought) - 1).bit_length()
        if key not in self._spectra:
            self._spectra[key] = np.fft.rfft(changes, size, axis=0).astype(np.complex64)
        together = np.fft.irfft((self._spectra[key] * np.conj(np.fft.rfft(sought, size, axis=0))).sum(axis=1), size)
        count = len(changes) - len(sought) + 1
        power = np.concatenate([np.zeros(1), np.cumsum(np.square(changes, dtype=np.float64).sum(axis=1))])
        there = power[len(sought) :] - power[: -len(sought)]
        # A place where next to nothing changes is like everything.
        there = np.maximum(there, 0.1 * float(there.max()))
        likely = np.argsort(together[:count] / np.sqrt(there))[-_PLACES:].tolist()
        alike = {place: self._alike(heard, key, place) for place in likely}
        best = max(alike, key=lambda place: alike[place])
        return Place(key, first_s - best * _HOP / SAMPLE_RATE, alike[best])

    def _alike(self, heard: _Heard, key: Key, place: int) -> float:
        """Return how alike what was heard is to a place of a recording, through the line's gain and above its noise."""
        levels = self._levels[key][place : place + len(heard.levels)]
        audible = (heard.levels - levels)[(levels > self._loud[key]) & heard.arrived[:, None]]
        gain = np.float32(percentile(audible, 50) if len(audible) else 0)
        due = _changes(levels + gain, heard.floor)
        # What was lost is 0 on one side.
        there = heard.changes.any(axis=1) | due.any(axis=1) if heard.arrived.all() else heard.changes.any(axis=1)
        power = float(np.sum(np.square(heard.changes))) * float(np.sum(np.square(due[there])))
        return float(np.sum(heard.changes * due) / np.sqrt(power + 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """A stretch of a call."""

    levels: Levels
    arrived: Mask
    """Which of its frames were not lost."""
    floor: Levels
    """What is softer is not compared, per band."""
    changes: Changes
    """0 where lost."""


def _heard(samples: Samples, lost: Mask, last: int) -> _Heard:
    """Return the `last` samples of a stretch, of which all tells how loud the noise is."""
    levels, gone = log_mel(samples, _HOP), frames_lost(lost, _HOP)
    floor = _softest(levels)
    if not gone.all():
        floor = np.maximum(floor, np.percentile(levels[~gone], 10, axis=0).astype(np.float32) + np.float32(_ABOVE_NOISE_DB))
    count = (last - WINDOW) // _HOP + 1
    levels, gone = levels[-count:], gone[-count:]
    changes = _changes(levels, floor)
    changes[gone[_APART:] | gone[:-_APART]] = 0
    return _Heard(levels, ~gone, floor, changes)


def _softest(levels: Levels) -> Levels:
    """Return how far down music is compared, per band."""
    return np.full(levels.shape[1], levels.max(initial=-90.0) - _RANGE_DB, np.float32)


def _changes(levels: Levels, floor: Levels) -> Changes:
    above = np.maximum(levels, floor)
    changes: Changes = np.clip(above[_APART:] - above[:-_APART], -_MOST_DB, _MOST_DB)
    return changes
