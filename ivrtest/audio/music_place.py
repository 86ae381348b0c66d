"""Which recording of music plays, and where in it the call is: music may begin anywhere, and comes back to its start.

How the levels of the bands change from moment to moment is compared with every place of every recording. That does not mind the line's
gain, and music changes all the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, WINDOW, Mask, Samples, frames_lost, log_mel

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
        self._changes = {key: _changes(samples) for key, samples in recordings if len(samples) >= _SAMPLES}
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
        heard = _changes(samples[-_SAMPLES:], lost[-_SAMPLES:])
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
        heard, first_s = _changes(samples[-length:], lost[-length:]), at_s - length / SAMPLE_RATE
        rounds = np.floor((first_s - began_s) / self.seconds[key])
        place = self._near(heard, first_s, key, began_s + float(rounds) * self.seconds[key])
        return place is not None and place.alike > ALIKE

    def _near(self, heard: Changes, first_s: float, key: Key, began_s: float) -> Place | None:
        """Return the most alike place near an expected one; None where that is not within the recording."""
        changes = self._changes[key]
        frame = round((first_s - began_s) * SAMPLE_RATE / _HOP)
        places = [place for place in range(frame - _DRIFT, frame + _DRIFT + 1) if 0 <= place <= len(changes) - len(heard)]
        if not places:
            return None
        alike = [_alike(heard, changes[place : place + len(heard)]) for place in places]
        best = int(np.argmax(alike))
        return Place(key, first_s - places[best] * _HOP / SAMPLE_RATE, alike[best])

    def _everywhere(self, heard: Changes, first_s: float, key: Key) -> Place:
        changes = self._changes[key]
        size = 1 << (len(changes) + len(heard) - 1).bit_length()
        if key not in self._spectra:
            self._spectra[key] = np.fft.rfft(changes, size, axis=0).astype(np.complex64)
        together = np.fft.irfft((self._spectra[key] * np.conj(np.fft.rfft(heard, size, axis=0))).sum(axis=1), size)
        count = len(changes) - len(heard) + 1
        power = np.concatenate([np.zeros(1), np.cumsum(np.square(changes, dtype=np.float64).sum(axis=1))])
        there = power[len(heard) :] - power[: -len(heard)]
        # A place where next to nothing changes is like everything.
        there = np.maximum(there, 0.1 * float(there.max()))
        alike = together[:count] / np.sqrt(there * float(np.square(heard, dtype=np.float64).sum()) + 1e-9)
        best = int(np.argmax(alike))
        return Place(key, first_s - best * _HOP / SAMPLE_RATE, float(alike[best]))


def _changes(samples: Samples, lost: Mask | None = None) -> Changes:
    levels = log_mel(samples, _HOP)
    levels = np.maximum(levels, float(levels.max(initial=-90.0)) - np.float32(_RANGE_DB))
    changes: Changes = np.clip(levels[_APART:] - levels[:-_APART], -_MOST_DB, _MOST_DB)
    if lost is not None and lost.any():
        gone = frames_lost(lost, _HOP)
        changes[gone[_APART:] | gone[:-_APART]] = 0
    return changes


def _alike(one: Changes, other: Changes) -> float:
    # What was lost is 0 on one side.
    there = one.any(axis=1)
    power = float(np.sum(np.square(one))) * float(np.sum(np.square(other[there])))
    return float(np.sum(one * other) / np.sqrt(power + 1e-9))
