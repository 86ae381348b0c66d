"""Does a key of ours come back as sound? A key sent as an event (RFC 4733) makes none, unless a gateway turns it into a tone and the line
echoes that: then it lies over what the far side says.

Echo that is softer than speech by 15 dB does no harm to what is heard (measured on rendered prompts; at 10 dB one in five recordings is not
known any more under 0.25 s of it). A tone is looked for in stretches of 0.1 s, by how much of their energy lies at the key's two
frequencies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import SAMPLE_RATE, Samples
from ivrtest.audio.tones import DTMF_FREQUENCIES

WITHIN_S: Final = 0.6
"""How long after the key its echo may begin: the way there and back, over a satellite."""
AT_ONCE_S: Final = 0.1
"""Most lines echo sooner than this."""
_STRETCH, _HOP, _EDGE = SAMPLE_RATE // 10, SAMPLE_RATE // 50, SAMPLE_RATE // 50
_DETUNED: Final = (-0.012, -0.006, 0.0, 0.006, 0.012)
_LEAST_LEVEL: Final = 100.0
"""Root mean square of a stretch below which nothing is covered: 50 dB below full scale."""
_PERHAPS_SHARE: Final = 0.08
"""Of a stretch's energy, so much lies at the two frequencies of nearly all tones 6 dB below speech, and half of those 14 dB below; and in
one stretch of speech of sixty. That is taken for an echo where one is likely, right beside the key, if both tones last, or are ..."""
_LEAST_SHARE: Final = 0.25
"""... so loud, which counts elsewhere, too: one stretch of speech in five hundred."""
_PART, _PARTS = SAMPLE_RATE // 20, (0, SAMPLE_RATE // 60, SAMPLE_RATE // 30, SAMPLE_RATE // 20)
"""Parts of a stretch, and where they begin."""
_LASTING: Final = 0.06
"""A tone has so much of its power in the strongest part in the weakest one: all but 1 in 300 tones 6 dB below speech, 1 in 60 of those
10 dB below, and one stretch of five of speech that has the frequencies in it, for voices glide."""
_LEAST_KEY_S: Final = 0.08
"""A shorter key does not fill a stretch."""
_MOST_TWIST_DB: Final = 8.0
"""So far apart in level the two tones may be: a line echoes both alike."""


class KeyEcho:
    """Looks for the echo of one key. All times are seconds of the stream."""

    def __init__(self, key: str, at_s: float, seconds: float) -> None:
        self._at_s, self._seconds = at_s, seconds
        self._frequencies = DTMF_FREQUENCIES[key.upper()]
        self._next = round(at_s * SAMPLE_RATE)
        """The sample from which on it has not been looked for."""
        self._perhaps: list[tuple[float, float]] = []
        """Stretches of an echo, if those right after them prove to be one."""
        self._until_s = -1.0
        """When the echo that was found ends."""

    @property
    def since_s(self) -> float:
        """From when on the stream has yet to be looked at."""
        return self._next / SAMPLE_RATE

    @property
    def over(self) -> bool:
        """Whether no echo can come any more."""
        return self.since_s > self._at_s + self._seconds + WITHIN_S

    def look(self, sound: Samples) -> list[tuple[float, float]]:
        """Return when there is an echo in what was heard from `since_s` on."""
        found: list[tuple[float, float]] = []
        for begin_s, end_s in self._stretches(sound):
            if found and begin_s <= found[-1][1]:
                begin_s = found.pop()[0]
            found.append((begin_s, end_s))
        return found

    def _stretches(self, sound: Samples) -> Iterator[tuple[float, float]]:
        begin = 0
        while begin + _STRETCH <= len(sound) and not self.over:
            stretch = sound[begin : begin + _STRETCH].astype(np.float64)
            at_once = self.since_s + _STRETCH / SAMPLE_RATE <= self._at_s + self._seconds + AT_ONCE_S
            # A tone that a stretch reaches into is found as well.
            span = (self._next + _EDGE) / SAMPLE_RATE, (self._next + _STRETCH - _EDGE) / SAMPLE_RATE
            if self._perhaps and span[0] > self._perhaps[-1][1]:
                self._perhaps = []
            if self._is_echo(stretch, _LEAST_SHARE) or (at_once and self._is_echo(stretch, _PERHAPS_SHARE) and self._lasts(stretch)):
                yield from self._perhaps
                yield span
                self._perhaps, self._until_s = [], span[1]
            elif at_once and self._is_echo(stretch, _PERHAPS_SHARE):
                if span[0] <= self._until_s:
                    yield span
                    self._until_s = span[1]
                else:
                    self._perhaps.append(span)
            begin += _HOP
            self._next += _HOP

    def _is_echo(self, stretch: NDArray[np.float64], least_share: float) -> bool:
        total = float(stretch @ stretch) / len(stretch)
        if total < _LEAST_LEVEL**2:
            return False
        low, high = (_power(stretch, frequency) for frequency in self._frequencies)
        twist_db = 10 * np.log10((low + 1) / (high + 1))
        return low + high > least_share * total and abs(twist_db) < _MOST_TWIST_DB

    def _lasts(self, stretch: NDArray[np.float64]) -> bool:
        """Return whether both tones sound all through a stretch."""
        if self._seconds < _LEAST_KEY_S:
            return True
        for frequency in self._frequencies:
            parts = [_power(stretch[begin : begin + _PART], frequency) for begin in _PARTS]
            if min(parts) < _LASTING * max(parts):
                return False
        return True


def _power(sound: NDArray[np.float64], frequency: float) -> float:
    """Return the power of the sine at or near a frequency."""
    window = _WINDOWS[len(sound)]
    phase = 2 * np.pi / SAMPLE_RATE * np.outer(np.arange(len(sound)), frequency * (1 + np.array(_DETUNED)))
    amplitudes = 2 * np.abs((sound * window) @ np.exp(-1j * phase)) / window.sum()
    return float((amplitudes**2 / 2).max())


_WINDOWS: Final = {count: np.hanning(count + 2)[1:-1] for count in (_STRETCH, _PART)}
