"""The last seconds of a call, as the matcher looks back at them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

import numpy as np

from ivrtest.audio.coder_noise import ENOUGH_SPEECH, coder_noise, is_coarse
from ivrtest.audio.spectrum import (
    BANDS,
    FLOOR_DB,
    HOP,
    SAMPLE_RATE,
    WINDOW,
    Levels,
    Mask,
    Power,
    Samples,
    frames_lost,
    levels,
    percentile,
    scalar,
    spectra,
    total_level,
)

_KEPT: Final = 1000
"""Frames kept at least: 10 s."""
_SAMPLES: Final = 4 * SAMPLE_RATE
"""Samples kept at least."""
_NOISE_FRAMES: Final = 300
_NOISE_EVERY: Final = 20
_COARSE_EVERY, _FINE_EVERY = 30, 200
"""Frames between two looks at whether the coder is coarse, and where it is not."""
_ABOVE, _HIGHEST_NOISE = scalar(2), scalar(-25)
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
        self._music = np.zeros(room, np.bool_)
        self._speech = np.zeros(room, np.bool_)
        """What is loud, and neither tonal nor music."""
        self._playing = False
        """Music plays, so that all frames to come are of it."""
        self.oldest = 0
        """The first frame still kept."""
        self.end = 0
        """The frame after the last."""
        self.fed = 0
        """Samples taken so far, in whole steps."""
        self.taken = 0
        """All samples taken so far."""
        self._waiting: list[tuple[Samples, Mask]] = []
        self.noted = 0
        """How often something was noted of frames."""
        self.spectra: Power = spectra(np.zeros(0, np.int16))
        """Those of the frames of the last step."""
        self._recent: deque[Samples] = deque()
        """The last samples fed, up to `fed`."""
        self._tail = np.zeros(0, np.int16)
        self._tail_lost = np.zeros(0, np.bool_)
        self._masks: list[tuple[int, int]] = []
        self._noise: Levels = np.full(BANDS, FLOOR_DB, np.float32)
        self._noise_at = 0
        self._loud_db = 0.0
        """What a tenth of the same time was louder than."""
        self._quiet: bool | None = True
        """None: to be seen from both of them."""
        self._noise_known = False
        self._coarse: bool | None = None
        self._coarse_due = 0
        self.over = False
        """The call is over: the silence after it says nothing of the line's noise."""

    @property
    def noise(self) -> Levels:
        """The line's noise per band, dB: what the quietest tenth of the last 3 s stays under, and 2 dB."""
        if self.end // _NOISE_EVERY != self._noise_at:
            self._measure_noise()
        return self._noise

    @property
    def quiet(self) -> bool:
        """Whether the line's noise is so far below its speech that next to nothing can be hidden in it."""
        self._measure_noise()
        if self._quiet is None:
            self._quiet = self.noise_db < self._loud_db - QUIET_LINE_DB
        return self._quiet

    @property
    def coarse(self) -> bool:
        """Whether the line's coder adds noise that follows the speech, see `coder_noise`."""
        if self.end >= self._coarse_due and not self.over:
            kept = slice(max(0, self.end - self.oldest - _NOISE_FRAMES), self.end - self.oldest)
            # What rises so far above the line's own noise shows nothing of that between its harmonics.
            speech = self._valid[kept] & ~self._music[kept] & (self._total[kept] > self.noise_db + QUIET_LINE_DB)
            if self._noise_known and np.count_nonzero(speech) >= ENOUGH_SPEECH:
                self._coarse = is_coarse(self._levels[kept][speech], self._total[kept][speech])
            self._coarse_due = self.end + (_FINE_EVERY if self._coarse is False else _COARSE_EVERY)
        return self._coarse is True

    def noise_in(self, first: int, end: int) -> Levels:
        """Return the noise per band in these frames, dB: the line's, and its coder's if that is coarse.

        Shape (BANDS,), or (frames, BANDS).
        """
        if not self.coarse:
            return self.noise
        return np.maximum(self.noise, coder_noise(self.levels(first, end), self.total(first, end)))

    @property
    def now_s(self) -> float:
        return self.fed / SAMPLE_RATE

    def mask(self, start_s: float, end_s: float) -> None:
        """Count samples between two times as lost."""
        start, end = int(start_s * SAMPLE_RATE), int(end_s * SAMPLE_RATE)
        self._masks = [(begin, stop) for begin, stop in self._masks if stop > self.fed - SAMPLE_RATE]
        self._masks.append((start, end))
        first, last = max(self.oldest, (start - WINDOW) // HOP + 1), min(self.end, end // HOP + 1)
        if first < last:
            self._valid[first - self.oldest : last - self.oldest] = False

    def music(self, start_s: float, end_s: float | None = None) -> None:
        """Music plays from `start_s` on, up to `end_s` or until this is called again: it tells nothing of the line's noise, and needs no
        other explanation."""
        first = max(0, int(start_s * SAMPLE_RATE) // HOP - self.oldest)
        self._music[first : self.end - self.oldest] = True
        if end_s is not None:
            self._music[max(first, int(end_s * SAMPLE_RATE) // HOP + 1 - self.oldest) : self.end - self.oldest] = False
        self._playing = end_s is None
        self._speech = self._loud & ~self._tonal & ~self._music

    def take(self, samples: Samples, lost: Mask) -> None:
        """Keep samples until a step of them is asked for."""
        if len(samples):
            self._waiting.append((samples, lost))
            self.taken += len(samples)

    @property
    def waiting(self) -> int:
        """How many samples wait."""
        return self.taken - self.fed

    def peek(self, count: int) -> Samples:
        """Return the first `count` of the samples that wait, all if they are fewer."""
        if len(self._waiting) > 1:
            self._waiting = [(np.concatenate([some for some, _ in self._waiting]), np.concatenate([mask for _, mask in self._waiting]))]
        return self._waiting[0][0][:count]

    def step(self, count: int) -> tuple[Samples, int] | None:
        """Add the frames of the next `count` samples; return the frames' samples and the first frame's number. None if fewer wait."""
        if self.taken - self.fed < count:
            return None
        tail = len(self._tail)
        whole = np.concatenate([self._tail, *[some for some, _ in self._waiting]])
        whole_lost = np.concatenate([self._tail_lost, *[mask for _, mask in self._waiting]])
        self._waiting = []
        if len(whole) > tail + count:
            self._waiting = [(whole[tail + count :], whole_lost[tail + count :])]
            whole, whole_lost = whole[: tail + count], whole_lost[: tail + count]
        for start, end in self._masks:
            if end > self.fed and start < self.fed + count:
                whole_lost[tail + max(0, start - self.fed) : tail + max(0, end - self.fed)] = True
        self.fed += count
        self._recent.append(whole[tail:])
        while sum(map(len, self._recent)) - len(self._recent[0]) > _SAMPLES:
            self._recent.popleft()
        first = self.end
        self.spectra = spectra(whole)
        self._add(*levels(self.spectra), ~frames_lost(whole_lost))
        used = (self.end - first) * HOP
        self._tail, self._tail_lost = whole[used:], whole_lost[used:]
        return whole, first

    def append(self, samples: Samples, lost: Mask, step: int) -> Iterator[tuple[Samples, int]]:
        """Take samples and add their frames, `step` samples at a time: see `step`."""
        self.take(samples, lost)
        while (added := self.step(step)) is not None:
            yield added

    def samples(self, first: int, end: int) -> Samples:
        """Return the samples of frames, those that are still kept and were not lost."""
        kept = np.concatenate([np.zeros(0, np.int16), *self._recent])
        begin = self.fed - len(kept)
        places = np.arange(max(first * HOP, begin), min(end * HOP, self.fed, self.end * HOP))
        if not len(places):
            return kept[:0]
        valid = self.valid(max(first, self.oldest), min(end, self.end))
        return kept[places - begin][valid[np.minimum(places // HOP - max(first, self.oldest), len(valid) - 1)]]

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
        """Frames with sound that is neither a tone nor music."""
        return self._speech[max(0, first - self.oldest) : max(0, end - self.oldest)]

    def sound(self, first: int, end: int, least_db: float) -> Levels:
        """Return the whole-band levels above `least_db` of those frames that arrived and are no music."""
        kept = slice(max(0, first - self.oldest), max(0, end - self.oldest))
        level = self._total[kept][self._valid[kept] & ~self._music[kept]]
        louder: Levels = level[level > least_db]
        return louder

    def emptiest_db(self, first: int, end: int, least_db: float) -> float:
        """Return how loud the softest tenth of a band is at most in the emptiest quarter of the bands, over the same frames as `sound`."""
        kept = slice(max(0, first - self.oldest), max(0, end - self.oldest))
        sounding = self._levels[kept][self._valid[kept] & ~self._music[kept] & (self._total[kept] > least_db)]
        return float(np.percentile(np.percentile(sounding, 10, axis=0), 25))

    def speech_or_lost(self, first: int, end: int) -> Mask:
        """Frames with sound that is no tone, and what was lost after such frames."""
        first = max(first, self.oldest)
        speech, valid = self.speech(first, end), self.valid(first, end)
        last = np.maximum.accumulate(np.where(valid, np.arange(len(valid)), 0))
        filled: Mask = speech[last]
        return filled

    def quiet_since(self, first: int) -> int:
        """Return how many frames have arrived since the last sound that is no tone, or since frame `first`. What was lost may be sound."""
        first = max(first, self.oldest)
        sounding = self.speech(first, self.end).nonzero()[0]
        return int(np.count_nonzero(self.valid(first + int(sounding[-1]) + 1 if len(sounding) else first, self.end)))

    def note(self, first: int, loud: Mask, tonal: Mask) -> None:
        """Remember what was found in frames from `first` on."""
        self.noted += 1
        begin = first - self.oldest
        self._loud[begin : begin + len(loud)] = loud
        self._tonal[begin : begin + len(tonal)] = tonal
        self._speech[begin : begin + len(loud)] = loud & ~tonal & ~self._music[begin : begin + len(loud)]

    def lost_share(self, first: int, end: int) -> float:
        valid = self.valid(max(first, self.oldest), min(end, self.end))
        return 1 - float(np.mean(valid)) if len(valid) else 0.0

    def longest_loss(self, first: int, end: int) -> int:
        """Return how many frames in a row were lost at most."""
        valid = self.valid(min(max(first, self.oldest), end), min(end, self.end))
        arrived = np.flatnonzero(np.concatenate([[True], valid, [True]]))
        return int(np.diff(arrived).max()) - 1

    def pauses(self, first: int, end: int, most: int, soft_db: float) -> bool:
        """Return whether these frames are without sound that is no tone and louder than `soft_db`, and no more than `most` of them in a
        row were lost."""
        first = max(first, self.oldest)
        # What began with the stream has nothing before it.
        end = max(first, end)
        sounding = self.speech(first, end) & (self.total(first, end) > soft_db)
        return not sounding.any() and self.longest_loss(first, end) <= most

    def voice_db(self, first: int, end: int) -> float:
        """Return how loud speech is in these frames: the level that its louder quarter exceeds."""
        return self.level_db(first, end, 75)

    def level_db(self, first: int, end: int, share: int) -> float:
        """Return a percentile of the whole-band level of these frames, those kept and not lost. -90 if there are none."""
        first, end = max(first, self.oldest), min(end, self.end)
        level = self.total(first, end)[self.valid(first, end)] if first < end else np.zeros(0, np.float32)
        return percentile(level, share) if len(level) else FLOOR_DB

    @property
    def noise_db(self) -> float:
        """The line's noise over all bands, dB."""
        self._measure_noise()
        return float(total_level(self._noise[None, :])[0])

    def varies(self, first: int, end: int) -> bool:
        """Return whether the level moves as speech does: steady noise keeps within 6 dB."""
        level = self.total(max(first, self.oldest), end)[self.valid(max(first, self.oldest), end)]
        return len(level) > 5 and percentile(level, 90) - percentile(level, 10) > 6

    def _add(self, bands: Levels, total: Levels, valid: Mask) -> None:
        count = len(bands)
        if self.end - self.oldest + count > len(self._levels):
            gone = self.end - self.oldest - _KEPT
            for array in (self._levels, self._total, self._valid, self._loud, self._tonal, self._music, self._speech):
                array[:_KEPT] = array[gone : gone + _KEPT].copy()
            self.oldest += gone
        begin = self.end - self.oldest
        self._levels[begin : begin + count] = bands
        self._total[begin : begin + count] = total
        self._valid[begin : begin + count] = valid
        self._loud[begin : begin + count] = False
        self._tonal[begin : begin + count] = False
        self._speech[begin : begin + count] = False
        self._music[begin : begin + count] = self._playing
        self.end += count

    def _measure_noise(self) -> None:
        """Measure the noise where that was long ago: only where somebody asks, for most of a call nobody does."""
        if self.over or self.end // _NOISE_EVERY == self._noise_at:
            return
        self._noise_at = self.end // _NOISE_EVERY
        end = self._noise_at * _NOISE_EVERY - self.oldest
        begin = max(0, end - _NOISE_FRAMES)
        # Where a sender sends nothing, the line is as quiet as that.
        usable = self._valid[begin:end] & ~self._music[begin:end]
        count = int(np.count_nonzero(usable))
        if count < 30:
            return
        levels, total = self._levels[begin:end], self._total[begin:end]
        if count < len(usable):
            levels, total = levels[usable], total[usable]
        levels, total = levels.T.copy(), total.copy()
        # As fast as to look for one place in each.
        levels.sort(axis=1)
        self._noise = np.minimum(levels[:, count // 10] + _ABOVE, _HIGHEST_NOISE)
        loud = round(0.9 * (count - 1))
        total.partition(loud)
        self._loud_db, self._quiet, self._noise_known = float(total[loud]), None, True
