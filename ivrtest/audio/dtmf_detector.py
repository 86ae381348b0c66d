"""Keys as tones in the sound (ITU-T Q.23, Q.24), found by Goertzel's question: how much of the energy lies at just these frequencies?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import SAMPLE_RATE, Samples
from ivrtest.audio.tones import DTMF_FREQUENCIES

WINDOW: Final = 160
"""Samples that are looked at together: 20 ms."""
HOP: Final = 80
"""Samples from one window to the next."""
_AT_LEAST: Final = 480
"""Samples that are looked at together while no key is down: 60 ms. Looking costs as much for one window as for several."""
LEAST_WINDOWS: Final = 3
"""A key is a key from so many windows on in a row, which takes a tone of about 35 ms."""
MOST_MISSED: Final = 1
"""So many windows may fail within a key."""
_DETUNED: Final = (-0.011, 0.0, 0.011)
"""Where the energy is looked for, relative to each frequency: keys may be 1.5 % off (Q.24)."""
_LEAST_SHARE: Final = 0.66
"""Of the energy of a window, so much must lie in its two tones. Noise 10 dB below them leaves nine tenths."""
_MOST_TWIST_DB: Final = 9.0
"""So far apart in level the two tones may be."""
_LEAST_LEVEL: Final = 100.0
"""Root mean square of a window below which nobody means it: 50 dB below full scale."""

_PERHAPS_SHARE: Final = 0.3
"""Of the energy of a window, so much lies at the frequencies of keys themselves wherever `_LEAST_SHARE` lies at those of a key that is off:
2 % off, four tenths of a tone are left at the highest of them."""
_PERHAPS_ENERGY: Final = np.float32(_PERHAPS_SHARE * WINDOW / 2)
"""The same for the squares of sums with a cosine and a sine, which for a sine of just that frequency are so many times its energy."""

_LOW: Final = tuple(dict.fromkeys(low for low, _ in DTMF_FREQUENCIES.values()))
_HIGH: Final = tuple(dict.fromkeys(high for _, high in DTMF_FREQUENCIES.values()))
_KEYS: Final = {(_LOW.index(low), _HIGH.index(high)): key for key, (low, high) in DTMF_FREQUENCIES.items()}


@dataclass(frozen=True, slots=True)
class ToneKey:
    """A key that was heard, whole."""

    key: str
    start: int
    """The sample at which it began, to 10 ms, counted from the first one fed."""
    samples: int
    """How long it lasted, to 20 ms."""


@dataclass(slots=True)
class _Run:
    key: str
    first: int
    """Where its first window begins."""
    last: int
    windows: int = 1


class DtmfDetector:
    """Takes sound in, piece by piece, and gives keys out when they have ended."""

    def __init__(self) -> None:
        self._pending: Samples = np.zeros(0, np.int16)
        self._position = 0
        """Where `_pending` begins."""
        self._run: _Run | None = None

    def feed(self, samples: Samples) -> list[ToneKey]:
        """Take the next samples; return the keys that are known to be over now."""
        pending = np.concatenate([self._pending, samples])
        if self._run is None and len(pending) < _AT_LEAST:
            self._pending = pending
            return []
        return self._look(pending)

    def _look(self, pending: Samples) -> list[ToneKey]:
        count = max(0, (len(pending) - WINDOW) // HOP + 1)
        begin = self._position
        self._pending = pending[count * HOP :]
        self._position += count * HOP
        # Most of what is fed is silence, and most of the rest is speech.
        if self._run is None and not _perhaps_key(pending, count):
            return []
        found = [self._next(key, begin + number * HOP) for number, key in enumerate(_keys(pending, count))]
        return [key for key in found if key is not None]

    def finish(self) -> list[ToneKey]:
        """Return the keys of what was not looked at yet, and the one that was still down at the end."""
        found = self._look(self._pending)
        run, self._run = self._run, None
        return [*found, _whole(run)] if run is not None and run.windows >= LEAST_WINDOWS else found

    def _next(self, key: str, begin: int) -> ToneKey | None:
        run = self._run
        if run is not None and key == run.key:
            run.last = begin
            run.windows += 1
            return None
        if run is not None and not key and begin - run.last <= MOST_MISSED * HOP:
            return None
        self._run = _Run(key, begin, begin) if key else None
        return _whole(run) if run is not None and run.windows >= LEAST_WINDOWS else None


def _whole(run: _Run) -> ToneKey:
    return ToneKey(run.key, run.first, run.last + WINDOW - run.first)


@lru_cache(maxsize=1)
def _waves() -> NDArray[np.float32]:
    """Return a cosine and a sine of each frequency that is looked for: shape (WINDOW, 2 * 8 * len(_DETUNED))."""
    frequencies = np.outer((*_LOW, *_HIGH), [1 + off for off in _DETUNED]).ravel()
    phase = 2 * np.pi * np.outer(np.arange(WINDOW), frequencies) / SAMPLE_RATE
    return np.hstack([np.cos(phase), np.sin(phase)]).astype(np.float32)


@lru_cache(maxsize=1)
def _plain_waves() -> NDArray[np.float32]:
    """Return the waves of the frequencies of keys themselves, as `_waves` has them: shape (WINDOW, 2 * 8)."""
    middle = _DETUNED.index(0.0)
    return np.ascontiguousarray(_waves()[:, middle :: len(_DETUNED)])


@lru_cache(maxsize=2)
def _ones(count: int) -> NDArray[np.float32]:
    return np.ones(count, np.float32)


def _perhaps_key(samples: Samples, count: int) -> bool:
    """Return whether there may be a key in so many windows. A quarter of what it takes to know: every other window, fewer frequencies.

    The last window is looked at, for a key that begins there is only in that one. One that lies further back is in three windows or more.
    """
    if not count or not np.count_nonzero(samples):
        return False
    end = (count - 1) * HOP + WINDOW
    windows = samples[end % WINDOW : end].reshape(-1, WINDOW).astype(np.float32)
    parts = windows.dot(_plain_waves())
    # The products with ones are sums: of all ways to have those, the quickest for so few numbers.
    energy, total = np.square(parts).dot(_ones(parts.shape[1])), np.square(windows).dot(_ones(WINDOW))
    return bool(np.count_nonzero(energy > _PERHAPS_ENERGY * total))


def _keys(samples: Samples, count: int) -> list[str]:
    """Return for each window its key, or an empty text."""
    if not count:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[: count * HOP : HOP].astype(np.float32)
    total = np.einsum("ij,ij->i", windows, windows)
    parts = windows @ _waves()
    half = parts.shape[1] // 2
    # What a sine of just this frequency would need to have, to give this sum: of all its energy.
    energy = ((parts[:, :half] ** 2 + parts[:, half:] ** 2) * (2 / WINDOW)).reshape(count, 8, len(_DETUNED)).max(axis=2)
    low, high = energy[:, :4].argmax(axis=1), energy[:, 4:].argmax(axis=1)
    rows = np.arange(count)
    low_energy, high_energy = energy[rows, low], energy[rows, 4 + high]
    twist = 10 ** (_MOST_TWIST_DB / 10)
    is_key = (
        (total > WINDOW * _LEAST_LEVEL**2)
        & (low_energy + high_energy > _LEAST_SHARE * total)
        & (low_energy < twist * high_energy)
        & (high_energy < twist * low_energy)
    )
    return [_KEYS[int(low[row]), int(high[row])] if is_key[row] else "" for row in rows]
