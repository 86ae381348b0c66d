"""The last seconds of a call, as the matcher looks back at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ivrtest.audio.spectrum import BANDS, FLOOR_DB, HOP, SAMPLE_RATE, WINDOW, Levels, Mask, Samples, frames_lost, log_mel, total_level

_KEPT: Final = 1000
"""Frames kept at least: 10 s."""
_NOISE_FRAMES: Final = 300
_NOISE_EVERY: Final = 20
QUIET_LINE_DB: Final = 28.0


class History:
    """Frames by their number in the stream; the oldest are forgotten."""

    def __init__(self) -> None:
        room = 2 * _KEPT
        self._levels = np.full((room, BANDS), FLOOR_DB, np.float32)
        self._total = np.full(room, FLOOR_DB, np.float32)
        self._valid = np.ones(room, np.bool_)
        self._loud = np.zeros(room, np.bool_)
        self._tonal = np.zeros(room, np.bool_)
        self.oldest = 0
        """The first frame still kept."""
        self.end = 0
        """The frame after the last."""
        self.fed = 0
        """Samples taken so far, in whole steps."""
        self._waiting = np.zeros(0, np.int16)
        self._waiting_lost = np.zeros(0, np.bool_)
        self._tail = np.zeros(0, np.int16)
        self._tail_lost = np.zeros(0, np.bool_)
        self._masks: list[tuple[int, int]] = []
        self.noise: Levels = np.full(BANDS, FLOOR_DB, np.float32)
        """The line's noise per band, dB: what the quietest tenth of the last 3 s stays under, and 2 dB."""
        self._noise_at = 0
        self.quiet = True
        """The line's noise is so far below its speech that next to nothing can be hidden in it."""

    @property
    def now_s(self) -> float:
        return self.fed / SAMPLE_RATE

    @property
    def taken(self) -> int:
        """All samples taken so far."""
        return self.fed + len(self._waiting)

    def mask(self, start_s: float, end_s: float) -> None:
        """Count samples between two times as lost."""
        start, end = int(start_s * SAMPLE_RATE), int(end_s * SAMPLE_RATE)
        self._masks = [(begin, stop) for begin, stop in self._masks if stop > self.fed - SAMPLE_RATE]
        self._masks.append((start, end))
        first, last = max(self.oldest, (start - WINDOW) // HOP + 1), min(self.end, end // HOP + 1)
        if first < last:
            self._valid[first - self.oldest : last - self.oldest] = False

    def append(self, samples: Samples, lost: Mask, step: int) -> Iterator[tuple[Samples, int]]:
        """Take samples; for each whole step of them add its frames, then yield the frames' samples and the first frame's number."""
        self._waiting = np.concatenate([self._waiting, samples])
        self._waiting_lost = np.concatenate([self._waiting_lost, lost])
        while len(self._waiting) >= step:
            block, block_lost = self._waiting[:step], self._waiting_lost[:step]
            self._waiting, self._waiting_lost = self._waiting[step:], self._waiting_lost[step:]
            for start, end in self._masks:
                if end > self.fed and start < self.fed + step:
                    block_lost = block_lost.copy()
                    block_lost[max(0, start - self.fed) : max(0, end - self.fed)] = True
            self.fed += step
            whole = np.concatenate([self._tail, block])
            whole_lost = np.concatenate([self._tail_lost, block_lost])
            first = self.end
            self._add(log_mel(whole), ~frames_lost(whole_lost))
            used = (self.end - first) * HOP
            self._tail, self._tail_lost = whole[used:], whole_lost[used:]
            yield whole, first

    def levels(self, first: int, end: int) -> Levels:
        return self._levels[first - self.oldest : end - self.oldest]

    def valid(self, first: int, end: int) -> Mask:
        return self._valid[first - self.oldest : end - self.oldest]

    def total(self, first: int, end: int) -> Levels:
        """Whole-band levels."""
        return self._total[first - self.oldest : end - self.oldest]

    def loud(self, first: int, end: int) -> Mask:
        return self._loud[max(0, first - self.oldest) : max(0, end - self.oldest)]

    def speech(self, first: int, end: int) -> Mask:
        """Frames with sound that is no tone."""
        speech: Mask = self.loud(first, end) & ~self._tonal[max(0, first - self.oldest) : max(0, end - self.oldest)]
        return speech

    def speech_or_lost(self, first: int, end: int) -> Mask:
        """Frames with sound that is no tone, and what was lost after such frames."""
        first = max(first, self.oldest)
        speech, valid = self.speech(first, end), self.valid(first, end)
        last = np.maximum.accumulate(np.where(valid, np.arange(len(valid)), 0))
        filled: Mask = speech[last]
        return filled

    def note(self, first: int, loud: Mask, tonal: Mask) -> None:
        """Remember what was found in frames from `first` on."""
        begin = first - self.oldest
        self._loud[begin : begin + len(loud)] = loud
        self._tonal[begin : begin + len(tonal)] = tonal

    def lost_share(self, first: int, end: int) -> float:
        valid = self.valid(max(first, self.oldest), min(end, self.end))
        return 1 - float(np.mean(valid)) if len(valid) else 0.0

    def voice_db(self, first: int, end: int) -> float:
        """Return how loud speech is in these frames: the level that its louder quarter exceeds."""
        return self.level_db(first, end, 75)

    def level_db(self, first: int, end: int, percentile: float) -> float:
        """Return a percentile of the whole-band level of these frames, those kept and not lost. -90 if there are none."""
        first, end = max(first, self.oldest), min(end, self.end)
        level = self.total(first, end)[self.valid(first, end)] if first < end else np.zeros(0, np.float32)
        return float(np.percentile(level, percentile)) if len(level) else FLOOR_DB

    @property
    def noise_db(self) -> float:
        """The line's noise over all bands, dB."""
        return float(total_level(self.noise[None, :])[0])

    def varies(self, first: int, end: int) -> bool:
        """Return whether the level moves as speech does: steady noise keeps within 6 dB."""
        level = self.total(max(first, self.oldest), end)[self.valid(max(first, self.oldest), end)]
        return len(level) > 5 and bool(np.percentile(level, 90) - np.percentile(level, 10) > 6)

    def _add(self, levels: Levels, valid: Mask) -> None:
        count = len(levels)
        if self.end - self.oldest + count > len(self._levels):
            gone = self.end - self.oldest - _KEPT
            for array in (self._levels, self._total, self._valid, self._loud, self._tonal):
                array[:_KEPT] = array[gone : gone + _KEPT].copy()
            self.oldest += gone
        begin = self.end - self.oldest
        self._levels[begin : begin + count] = levels
        self._total[begin : begin + count] = total_level(levels)
        self._valid[begin : begin + count] = valid
        self._loud[begin : begin + count] = False
        self._tonal[begin : begin + count] = False
        self.end += count
        if self.end - self._noise_at >= _NOISE_EVERY:
            self._noise_at = self.end
            self._measure_noise()

    def _measure_noise(self) -> None:
        begin = max(0, self.end - self.oldest - _NOISE_FRAMES)
        end = self.end - self.oldest
        # Where a sender sends nothing, the line's noise cannot be heard.
        usable = self._valid[begin:end] & (self._total[begin:end] > -80)
        count = int(np.count_nonzero(usable))
        if count < 30:
            return
        tenth = np.partition(self._levels[begin:end][usable], count // 10, axis=0)[count // 10]
        self.noise = np.minimum(tenth + 2, np.float32(-25))
        self.quiet = self.noise_db < float(np.percentile(self._total[begin:end][usable], 90)) - QUIET_LINE_DB
