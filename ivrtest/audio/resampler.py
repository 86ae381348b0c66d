"""Another sample rate for sound that comes piece by piece: as if it were converted in one go, without a seam."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import LOBES, SAMPLE_RATE, Samples, filter_taps


class Resampler:
    """Converts one stream. It needs what lies around a sample to tell it, so its output comes `delay_s` later."""

    def __init__(self, rate: int, to_rate: int = SAMPLE_RATE) -> None:
        """From `rate` samples a second to `to_rate`. Raises ValueError for a rate below 1."""
        if rate < 1 or to_rate < 1:
            raise ValueError(f'a sample rate is at least 1, not "{min(rate, to_rate)}"')
        self._up, self._down = to_rate // gcd(rate, to_rate), rate // gcd(rate, to_rate)
        half = int(np.ceil(LOBES / min(1.0, to_rate / rate)))
        self.delay_s = half / rate
        """3 ms, whatever the rates, as long as the lower one is 8000."""
        self._width = 2 * half + 1
        self._taps = _all_taps(self._up, self._down, half)
        self._tail: NDArray[np.float32] = np.zeros(2 * half, np.float32)
        self._fed = 0
        self._made = 0

    def feed(self, samples: Samples) -> Samples:
        """Return the next samples: `len(samples) * to_rate / rate` of them where that is a whole number, else one more or less."""
        if not len(samples):
            return np.zeros(0, np.int16)
        known = np.concatenate([self._tail, samples.astype(np.float32)])
        count = -(-(self._fed + len(samples)) * self._up // self._down) - self._made
        # Output k lies at input k * down / up: a whole number of samples, and one of `up` fractions, each with a filter of its own.
        places = np.arange(self._made, self._made + count) * self._down
        windows = np.lib.stride_tricks.sliding_window_view(known, self._width)[places // self._up - self._fed]
        result = np.einsum("ij,ij->i", windows, self._taps[places % self._up])
        self._tail = known[len(samples) :]
        self._fed += len(samples)
        self._made += count
        # Both count in step, so that a long call does not make them large.
        turns = min(self._fed // self._down, self._made // self._up)
        self._fed -= turns * self._down
        self._made -= turns * self._up
        rounded: Samples = np.clip(np.rint(result), -32768, 32767).astype(np.int16)
        return rounded


@lru_cache(maxsize=8)
def _all_taps(up: int, down: int, half: int) -> NDArray[np.float32]:
    """The filters of all fractions, shape (up, 2 * half + 1)."""
    return np.stack([filter_taps(fraction, up, half, min(1.0, up / down)) for fraction in range(up)]).astype(np.float32)
