"""Recording the caller until she falls silent."""

from __future__ import annotations

import numpy as np

from ivrtest.call.call import SAMPLE_RATE, Block, Samples

FRAME_SAMPLES = SAMPLE_RATE // 50

LOUD = 260.0
"""Root mean square of a 20 ms frame of speech, at least (-42 dB of full scale). Telephone lines hiss below -50 dB."""


class Dictation:
    """What a caller says after the beep.

    It ends after `max_s` seconds, or when nothing was said for `silence_s` seconds, also from the start.
    """

    def __init__(self, start_s: float, *, max_s: float, silence_s: float) -> None:
        self._start = round(start_s * SAMPLE_RATE)
        self._end = self._start + round(max_s * SAMPLE_RATE)
        self._silence = round(silence_s * SAMPLE_RATE)
        self._pieces: list[Samples] = []
        self._position = self._start
        self._last_loud = self._start
        """Index after the last loud sample, on the call's clock."""

    def feed(self, block: Block) -> bool:
        """Add what came in. Return whether the recording is over."""
        first, stop = max(block.start, self._start), min(block.start + len(block.samples), self._end)
        if stop > first:
            samples = block.samples[first - block.start : stop - block.start]
            self._pieces.append(samples)
            for offset in range(0, len(samples), FRAME_SAMPLES):
                frame = samples[offset : offset + FRAME_SAMPLES].astype(np.float64)
                if np.sqrt(np.mean(frame**2)) >= LOUD:
                    self._last_loud = first + offset + len(frame)
            self._position = stop
        return self._position >= self._end or self._position - self._last_loud >= self._silence

    @property
    def seconds(self) -> float:
        """How long the message is up to its last loud frame; 0 if nothing was said."""
        return (self._last_loud - self._start) / SAMPLE_RATE

    @property
    def samples(self) -> Samples:
        """The message, without the silence that ended it. Shape (n,), 8000 samples a second."""
        whole = np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)
        return whole[: self._last_loud - self._start]
