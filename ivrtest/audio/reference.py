"""A recording as the levels a call is held against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.judge import RANGE_DB
from ivrtest.audio.spectrum import BANDS, FINE_HOP, FLOOR_DB, HOP, WINDOW, Levels, Samples, log_mel, scalar, total_level

FINE_PER_FRAME: Final = HOP // FINE_HOP
PAD: Final = 2 * WINDOW // FINE_HOP
"""Fine frames of silence on either side of a recording."""
Codes = NDArray[np.uint8]
STEP_DB: Final = 0.4
_STEP, _FLOOR = scalar(STEP_DB), scalar(FLOOR_DB)
_SOUNDING_RANGE_DB: Final = 38.0


@dataclass(frozen=True, eq=False)
class Reference:
    """A recording as levels, one frame every 2.5 ms."""

    key: tuple[str, str]
    samples: Samples
    known: tuple[Codes, int, int] | None = None
    """Its `codes`, `start` and `end` where they were computed before."""
    fresh: Codes | None = None
    """Its `codes` where they have just been computed, together with something else."""

    @cached_property
    def codes(self) -> Codes:
        """Its levels in steps of `STEP_DB` above `FLOOR_DB`, one octet each. Shape (fine frames, BANDS); the first `PAD` frames begin
        before the recording does."""
        if self.known is not None:
            return self.known[0]
        return codes_of(fine_levels(self.samples)) if self.fresh is None else self.fresh

    @cached_property
    def _sounding(self) -> tuple[int, int]:
        if self.known is not None:
            return self.known[1], self.known[2]
        level = total_level(log_mel(np.concatenate([np.zeros(WINDOW, np.int16), self.samples, np.zeros(WINDOW, np.int16)])))
        loud = np.flatnonzero(level > max(level.max() - _SOUNDING_RANGE_DB, FLOOR_DB + 5))
        if len(loud) == 0:
            return 0, 0
        # A frame that is just loud enough holds the sound in the far half of its window.
        first, last = int(loud[0]) * HOP - WINDOW, int(loud[-1]) * HOP - WINDOW
        return max(0, first + 3 * WINDOW // 4), min(len(self.samples), last + WINDOW // 4)

    @property
    def start(self) -> int:
        """The sample at which it begins to sound."""
        return self._sounding[0]

    @property
    def end(self) -> int:
        """The sample after which it does not sound any more."""
        return self._sounding[1]

    @cached_property
    def peak(self) -> float:
        """Its loudest cell, dB."""
        return FLOOR_DB + STEP_DB * int(self.codes.max(initial=0))

    @cached_property
    def fullness(self) -> NDArray[np.float32]:
        """Per fine frame: the share of bands in which it could be compared if there were no noise. 0 to 1."""
        fullness: NDArray[np.float32] = np.clip((_levels(self.codes) - self.peak + RANGE_DB - 3) / 9, 0, 1).mean(axis=1)
        return fullness

    def rows(self, first: int, end: int, lag: NDArray[np.int_] | int) -> Levels:
        """Return what frames `first` to `end` of a stream should be if the recording began `lag` fine hops into the stream."""
        if isinstance(lag, int):
            begin = FINE_PER_FRAME * first - lag + PAD
            if begin >= 0 and begin + FINE_PER_FRAME * (end - first) < len(self.codes):
                return _levels(self.codes[begin : begin + FINE_PER_FRAME * (end - first) : FINE_PER_FRAME])
        return self.at(FINE_PER_FRAME * np.arange(first, end) - lag + PAD)

    def rows_around(self, first: int, end: int, lag: int) -> Levels:
        """Return the same for one fine hop more, `lag`, and one less, shape (3, frames, BANDS)."""
        begin, count = FINE_PER_FRAME * first - lag + PAD - 1, end - first
        if begin >= 0 and begin + FINE_PER_FRAME * count <= len(self.codes):
            near = self.codes[begin : begin + FINE_PER_FRAME * count].reshape(count, FINE_PER_FRAME, BANDS)
            return _levels(np.ascontiguousarray(near[:, :3].swapaxes(0, 1)))
        places = FINE_PER_FRAME * np.arange(first, end) - lag + PAD
        return self.at(np.stack([places - 1, places, places + 1]))

    def between(self, first: int, end: int, step: int) -> Levels:
        """Return every `step`th fine frame from `first` to before `end`; beyond its ends it is silent."""
        if first >= 0 and end <= len(self.codes):
            return _levels(self.codes[first:end:step])
        return self.at(np.arange(first, end, step))

    def at(self, frames: NDArray[np.int_]) -> Levels:
        """Return fine frames by their numbers, of any shape; beyond its ends it is silent."""
        return _levels(self.codes[np.minimum(np.maximum(frames, 0), len(self.codes) - 1)])


def fine_levels(samples: Samples) -> Levels:
    """Return a recording's levels every 2.5 ms; the first `PAD` frames begin before it does, and as many end after it."""
    silence = np.zeros(PAD * FINE_HOP, np.int16)
    return log_mel(np.concatenate([silence, samples, silence]), FINE_HOP)


def codes_of(levels: Levels) -> Codes:
    """Return levels in steps of `STEP_DB` above `FLOOR_DB`."""
    steps = (levels - FLOOR_DB) / np.float32(STEP_DB)
    codes: Codes = np.rint(steps, out=steps).astype(np.uint8)
    return codes


def _levels(codes: Codes) -> Levels:
    levels: Levels = codes.astype(np.float32)
    levels *= _STEP
    levels += _FLOOR
    return levels
