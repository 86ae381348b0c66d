"""Does somebody speak, where music was heard? Asked of sound of which it is known that it is one or the other.

A voice glides in pitch, changes its colour ten times a second, and falls silent between syllables; instruments hold their pitch, change
from beat to beat, and sound on. Nine such measures of 0.64 s of sound are weighed against each other. The weights are those of a logistic
regression: `python -m tests.bench.hearing.talk` finds them anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, WINDOW, Levels, Mask, Samples, frames_lost, levels, spectra

UNIT: Final = 640
"""Samples that are taken in at a time: 80 ms."""
_UNITS: Final = 8
"""So many of them are looked at together."""
_PITCHED, _PITCH_HOP = 400, 160
"""Samples of which the pitch is measured, and from one to the next."""
_SHORTEST_LAG, _LONGEST_LAG = 24, 114
"""Samples: 333 to 70 Hz."""
_FFT: Final = 1024
_AROUND: Final = max(WINDOW, _PITCHED) - HOP
"""Samples before a unit that its first frames begin in."""
_QUIETEST_DB: Final = -55.0
_QUIET_DB: Final = 25.0
"""Sound that is softer than the loudest by more than this is a pause."""
_LOUD_UNITS: Final = 50
"""The loudest of the last 4 s."""
_LONGEST_PAUSE_S: Final = 0.5
"""Sound from before a longer one tells nothing of what comes after it."""
_LOST_SHARE: Final = 0.5
_RANGE_DB: Final = 45.0
_CLEAR: Final = 0.6
"""A pitch is clear where the sound is so much like itself one period later."""
_STILL, _LEAP = 0.008, 0.12
"""Octaves from one pitch to the next, 20 ms later: those of a held note, and of another one."""

_MEANS: Final = (5.262, 0.1385, 4.408, -35.5, 0.7508, 0.164, 0.3716, 0.1638, 9.079)
_SPREADS: Final = (4.755, 0.197, 2.443, 7.873, 0.1432, 0.1849, 0.2778, 0.08795, 2.384)
_WEIGHTS: Final = (0.772, 1.194, 3.353, 0.7755, 2.022, 2.056, -2.165, 1.318, 0.4494)
_BIAS: Final = -4.473

Measures = NDArray[np.float64]

SPEECH: Final = 2.0
"""What a look at speech scores at least. One look in 250 at music does, as some beats of drums sound like words."""
_LEAST_SPEECH: Final = 0.0
_APART: Final = 6.0
"""It is enough where it scores so much more than the music that went before."""
_SETTLED: Final = 15
"""Looks after which it is known that they were at music: 1.2 s."""
_LOOKS: Final = 4
"""So many looks in a row must say so."""
_BEGAN_S, _ENDED_S = 0.3, 0.38
"""How long before the end of the first such look speech began, and how long after the beginning of the last one it was over."""
_ONE_SPEECH_S: Final = 0.6
"""Words that are nearer to each other are of one speech."""


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    """Its first sample in the stream."""
    bands: Levels
    level: Levels
    """Over all bands."""
    clearness: NDArray[np.float64]
    pitch: NDArray[np.float64]
    """Octaves."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a stretch of sound seems to be."""

    start_s: float
    end_s: float
    measures: Measures

    @property
    def score(self) -> float:
        """The logarithm of the odds that it is speech."""
        return float(np.dot((self.measures - _MEANS) / _SPREADS, _WEIGHTS) + _BIAS)


class TalkDetector:
    """Follows a stream from `start`, in samples, on. Times are seconds of the stream."""

    def __init__(self, start: int = 0) -> None:
        self._start = start
        self._began_s = 0.0
        self._looks = 0
        """So many in a row were at speech."""
        self._latest: deque[float] = deque()
        """Scores that may yet turn out to be those of words."""
        self._music: float | None = None
        """The highest score of a look at music."""
        self.speech_s: tuple[float, float] | None = None
        """When somebody spoke last, from and to, where that is certain."""
        self._samples = np.zeros(_AROUND, np.int16)
        self._lost = np.zeros(_AROUND, np.bool_)
        self._units: deque[_Unit] = deque(maxlen=_UNITS)
        self._loudest: deque[float] = deque(maxlen=_LOUD_UNITS)
        self._quiet = False

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now."""
        return self._looks >= _LOOKS

    def feed(self, samples: Samples, lost: Mask) -> None:
        """Take the next samples; `lost` marks those that did not arrive."""
        for look in self.looks(samples, lost):
            self._note(look)

    def _note(self, look: Look) -> None:
        score = look.score
        least = SPEECH if self._music is None else min(SPEECH, max(_LEAST_SPEECH, self._music + _APART))
        self._latest.append(score)
        if score < least:
            self._looks = 0
            if len(self._latest) > _SETTLED:
                settled = self._latest.popleft()
                self._music = settled if self._music is None else max(self._music, settled)
            return
        if self._looks == 0:
            self._began_s = look.end_s - _BEGAN_S
            if self.speech_s is not None and self._began_s < self.speech_s[1] + _ONE_SPEECH_S:
                self._began_s = self.speech_s[0]
        self._looks += 1
        if self.speaking:
            self._latest.clear()
            self.speech_s = self._began_s, look.start_s + _ENDED_S

    def looks(self, samples: Samples, lost: Mask) -> list[Look]:
        """Take the next samples; return what they seem to be, every 80 ms of sound."""
        self._samples, self._lost = np.concatenate([self._samples, samples]), np.concatenate([self._lost, lost])
        looks = []
        while len(self._samples) >= _AROUND + UNIT:
            if (look := self._take(self._samples[: _AROUND + UNIT], self._lost[: _AROUND + UNIT])) is not None:
                looks.append(look)
            self._samples, self._lost = self._samples[UNIT:], self._lost[UNIT:]
            self._start += UNIT
        return looks

    def _take(self, samples: Samples, lost: Mask) -> Look | None:
        first = _AROUND + HOP - WINDOW
        gone = frames_lost(lost[first:])
        if gone.mean() > _LOST_SHARE:
            return None
        bands, level = levels(spectra(samples[first:]))
        if gone.any():
            # What was lost sounds like what was there before it.
            heard = np.maximum.accumulate(np.where(gone, int(np.flatnonzero(~gone)[0]), np.arange(len(gone))))
            bands, level = bands[heard], level[heard]
        loudest = float(level.max())
        self._loudest.append(loudest)
        was_quiet, self._quiet = self._quiet, loudest < max(_QUIETEST_DB, max(self._loudest) - _QUIET_DB)
        if self._quiet and (was_quiet or not self._units):
            return None
        if self._units and self._start - self._units[-1].start > _LONGEST_PAUSE_S * SAMPLE_RATE:
            self._units.clear()
        self._units.append(_Unit(self._start, bands, level, *_pitch(samples[_AROUND + _PITCH_HOP - _PITCHED :])))
        if len(self._units) < _UNITS or self._quiet:
            return None
        return Look(self._units[0].start / SAMPLE_RATE, (self._start + UNIT) / SAMPLE_RATE, _measures(self._units))


def _pitch(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return of each frame how clear its pitch is, 0 to 1, and how many octaves its period is longer than one sample."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _PITCHED)[::_PITCH_HOP] * _HANN
    frames -= frames.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(frames, _FFT)
    alike = np.fft.irfft(np.square(spectrum.real) + np.square(spectrum.imag))
    clearness = alike[:, _SHORTEST_LAG : _LONGEST_LAG + 1] / (alike[:, :1] + 1e-9) / _OVERLAP
    best = np.argmax(clearness, axis=1)
    return clearness[np.arange(len(best)), best], _OCTAVES[best]


_HANN: Final = np.hanning(_PITCHED)
_ALIKE: Final = np.fft.irfft(np.abs(np.fft.rfft(_HANN, _FFT)) ** 2)
_OCTAVES: Final = np.log2(np.arange(_SHORTEST_LAG, _LONGEST_LAG + 1))
_OVERLAP: Final = _ALIKE[_SHORTEST_LAG : _LONGEST_LAG + 1] / _ALIKE[0]


def _measures(units: deque[_Unit]) -> Measures:
    level = np.concatenate([unit.level for unit in units])
    # What nine in ten frames stay under.
    most = len(level) * 9 // 10
    loud = float(np.partition(level, most)[most])
    bands = np.maximum(np.concatenate([unit.bands for unit in units]), loud - _RANGE_DB)
    clearness, pitch = np.concatenate([unit.clearness for unit in units]), np.concatenate([unit.pitch for unit in units])
    moved = np.abs(pitch[1:] - pitch[:-1])
    clear = (clearness[1:] > _CLEAR) & (clearness[:-1] > _CLEAR)
    held = clear & (moved < _STILL)
    return np.array(
        [
            np.maximum(level, loud - _RANGE_DB).std(),
            np.count_nonzero(level < loud - 12) / len(level),
            np.abs(bands[4:] - bands[:-4]).mean(),
            np.mean(bands.min(axis=0) - bands.max()),
            clearness.mean(),
            np.count_nonzero(clear & ~held & (moved < _LEAP)) / len(moved),
            np.count_nonzero(held) / len(moved),
            clearness.std(),
            bands.std(axis=1).mean(),
        ]
    )
