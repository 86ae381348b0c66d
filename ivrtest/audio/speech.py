"""Is there sound, and is it a tone? Energy over a floor that follows the line, and the share of one frequency in the spectrum."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.hearing import Hearing, SoundEnded, SoundStarted, ToneHeard
from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, WINDOW, Levels, Mask, Power, Samples

ABOVE_FLOOR_DB: Final = 9.0
QUIETEST_DB: Final = -62.0
"""Nothing below this is sound, however quiet the line: mu-law idle noise stays under -70 dB."""
HIGHEST_FLOOR_DB: Final = -38.0
"""Anything louder is not taken for the line's own noise ..."""
HIGHEST_STEADY_FLOOR_DB: Final = -25.0
"""... unless it is so steady that half of it keeps within `STEADY_DB`: speech and music do not."""
STEADY_DB: Final = 4.0
END_FRAMES: Final = 30
"""Frames of quiet that end a sound."""
_AT_ONCE: Final = 10
"""Frames between two looks at the floor."""
_FLOOR_FRAMES: Final = 400
_BINS: Final = WINDOW // 2 + 1
_BESIDE: Final = tuple(np.arange(-reach, reach + 1) for reach in range(4))
"""Bins around one, by how far they reach."""
_MOST_POWER: Final = 2.3 * (2 / (32768 * WINDOW / 2)) ** 2 * WINDOW / 2
"""The power of a frame that lies over the squares' sum of `HOP` samples: at most so many times the greatest of those that it covers. Its
window lets 2.3 times a hop's through, half its spectrum holds half of it."""
_FRAME_S: Final = HOP / SAMPLE_RATE


class SoundDetector:
    """Follows the level of a stream."""

    def __init__(self) -> None:
        self._recent = np.zeros(0, np.float32)
        self._playing = False
        self._frame = 0
        self._sounding = False
        self._loud_run = 0
        self._quiet_run = 0
        self._began = 0
        self.threshold_db = QUIETEST_DB
        """Levels above are sound."""
        self.over = False
        """The call is over: the silence after it says nothing of the line's floor."""

    @property
    def sounding(self) -> bool:
        return self._sounding

    @property
    def began(self) -> bool:
        """Whether there is sound, or its first frames."""
        return self._sounding or self._loud_run > 0

    def awakes(self, samples: Samples) -> bool:
        """Return whether there may be sound in samples, shape (whole frames,): never False where `listen` would find some."""
        frames = samples.reshape(-1, HOP).astype(np.float32)
        loudest = float(np.einsum("ij,ij->i", frames, frames).max())
        return 10 * math.log10(loudest * _MOST_POWER + 1e-9) > self.threshold_db

    def music(self, frames: int | None) -> None:
        """Music plays, since so many frames; None: it plays no more. It is sound, and says nothing of the line's own noise."""
        if frames:
            self._recent = self._recent[: max(0, len(self._recent) - frames)]
        self._playing = frames is not None

    def listen(self, levels: Levels, valid: Mask, at_s: float, *, closely: bool = True) -> tuple[Mask, list[Hearing]]:
        """Take the next frames' whole-band levels; return which of them are sound, and what began or ended. Lost frames change nothing.

        `closely`: the floor follows the line as if they had come a few at a time, however many they are.
        """
        if closely and len(levels) > _AT_ONCE:
            parts = [self.listen(levels[at : at + _AT_ONCE], valid[at : at + _AT_ONCE], at_s) for at in range(0, len(levels), _AT_ONCE)]
            return np.concatenate([some for some, _ in parts]), [hearing for _, some in parts for hearing in some]
        heard = levels[valid]
        if len(heard) and not self._playing:
            self._recent = np.concatenate([self._recent, heard])[-_FLOOR_FRAMES:]
        if not self.over:
            self.threshold_db = max(self._floor() + ABOVE_FLOOR_DB, QUIETEST_DB)
        loud: Mask = valid & (levels > self.threshold_db)
        hearings: list[Hearing] = []
        if not self._sounding and not np.count_nonzero(loud):
            # Most of a call's steps are like this or the next.
            self._loud_run = 0
            self._quiet_run += int(np.count_nonzero(valid))
        elif self._sounding and self._quiet_run == 0 and np.count_nonzero(loud) == len(loud):
            self._loud_run += len(levels)
        else:
            for frame, (arrived, sounds) in enumerate(zip(valid.tolist(), loud.tolist(), strict=True), self._frame):
                if arrived:
                    self._step(frame, sounds, at_s, hearings)
        self._frame += len(levels)
        return loud, hearings

    def _floor(self) -> float:
        """Return what the quietest tenth of the last 4 s stays under; of a short past, the minimum."""
        count = len(self._recent)
        if count < 5:
            return QUIETEST_DB
        if count < 50:
            least, middle = float(self._recent.min()) + 1, float(np.median(self._recent))
            return min(least, HIGHEST_STEADY_FLOOR_DB if middle - least < STEADY_DB else HIGHEST_FLOOR_DB)
        ordered = self._recent.copy()
        ordered.sort()
        tenth, middle = float(ordered[count // 10]), float(ordered[count // 2])
        return min(tenth, HIGHEST_STEADY_FLOOR_DB if middle - tenth < STEADY_DB else HIGHEST_FLOOR_DB)

    def _step(self, frame: int, loud: bool, at_s: float, hearings: list[Hearing]) -> None:
        if loud:
            self._loud_run += 1
            if not self._sounding and self._loud_run >= 4:
                self._sounding = True
                self._began = frame - 3
                hearings.append(SoundStarted(at_s, max(0, frame - 2) * _FRAME_S))
            if self._loud_run >= 3 or self._quiet_run == 0:
                self._quiet_run = 0
            return
        self._loud_run = 0
        self._quiet_run += 1
        if self._sounding and self._quiet_run >= END_FRAMES:
            self._sounding = False
            hearings.append(SoundEnded(at_s, (frame - self._quiet_run + 2) * _FRAME_S))


class ToneDetector:
    """Finds steady pure tones of at least 0.12 s and 380 Hz."""

    SHORTEST: Final = 12
    """Frames."""
    LOWEST_HZ: Final = 380.0
    """People hum below: an "m" or a long vowel may be nothing but its pitch for a quarter of a second. Tones of telephones lie above."""
    _PURE: Final = 0.93
    _STEADY_HZ: Final = 12.0

    def __init__(self) -> None:
        self._frame = 0
        self._began = 0
        self._frequencies: list[float] = []
        self._gap = 0

    def listen(self, spectra: Power, loud: Mask, valid: Mask, at_s: float) -> tuple[Mask, list[Hearing]]:
        """Take the spectra of the next frames; return which frames are tonal, and the tones that ended.

        Tonal frames include two tones at once (ringing, busy, keys), which are not reported.
        """
        count = len(loud)
        tonal = np.zeros(count, np.bool_)
        if not np.count_nonzero(loud) and not self._frequencies:
            self._frame += count
            return tonal, []
        power = spectra.astype(np.float64)
        power += 1e-3
        first, pure = _strongest(power)
        rest = power.copy()
        rest.put(_around(first, 3), 0)
        _, second = _strongest(rest)
        total = power[:, 4:].sum(axis=1)
        total *= self._PURE
        tonal = loud & (pure + second > total)
        single = loud & (pure > total)
        if not self._frequencies and not np.count_nonzero(single):
            # As in all speech.
            self._gap += count
            self._frame += count
            return tonal, []
        frequencies = _interpolated(power, first)
        hearings: list[Hearing] = []
        for index in range(count):
            if not valid[index] and self._frequencies:
                continue
            self._step(self._frame + index, bool(single[index]), float(frequencies[index]), at_s, hearings)
        self._frame += count
        return tonal, hearings

    @property
    def began(self) -> bool:
        """Whether there may be a tone that has not ended."""
        return bool(self._frequencies)

    def finish(self, at_s: float) -> list[Hearing]:
        hearings: list[Hearing] = []
        self._end(self._frame, at_s, hearings)
        return hearings

    def _step(self, frame: int, single: bool, frequency: float, at_s: float, hearings: list[Hearing]) -> None:
        steady = single and (not self._frequencies or abs(frequency - self._frequencies[-1]) < self._STEADY_HZ)
        if steady:
            if not self._frequencies:
                self._began = frame
            self._frequencies.append(frequency)
            self._gap = 0
            return
        # Two odd frames do not end a tone: the codec's noise and a lost packet's edges make them.
        self._gap += 1
        if self._frequencies and self._gap > 2:
            self._end(frame - self._gap + 1, at_s, hearings)
            if single:
                self._began = frame
                self._frequencies = [frequency]

    def _end(self, frame: int, at_s: float, hearings: list[Hearing]) -> None:
        frequency = float(np.median(self._frequencies)) if len(self._frequencies) >= self.SHORTEST else 0.0
        if frequency >= self.LOWEST_HZ:
            start, end = self._began * HOP + WINDOW // 2, frame * HOP + WINDOW // 2
            hearings.append(ToneHeard(round(frequency, 1), max(0, start - HOP) / SAMPLE_RATE, end / SAMPLE_RATE, at_s))
        self._frequencies = []
        self._gap = 0


def _strongest(power: NDArray[np.float64]) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Return the strongest bin of each frame and the power of its main lobe (two bins to either side under a Hann window)."""
    peak = np.argmax(power[:, 4:-2], axis=1)
    peak += 4
    return peak, power.take(_around(peak, 2)).sum(axis=1)


def _around(peak: NDArray[np.int_], reach: int) -> NDArray[np.int_]:
    """Return where each frame's bins around its peak lie in the flat spectra, shape (frames, 2 * reach + 1)."""
    bins: NDArray[np.int_] = np.minimum(peak[:, None] + _BESIDE[reach], _BINS - 1)
    bins += np.arange(0, _BINS * len(peak), _BINS)[:, None]
    return bins


def _interpolated(power: NDArray[np.float64], peak: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return the frequency of each peak in Hz: a parabola through three log powers."""
    below, at, above = np.log(power.take(_around(peak, 1))).T
    offset = 0.5 * (below - above) / np.minimum(below - 2 * at + above, -1e-9)
    frequency: NDArray[np.float64] = (peak + np.clip(offset, -0.5, 0.5)) * SAMPLE_RATE / WINDOW
    return frequency
