"""A recording laid along a call: from where it begins, as far as it has been heard, with its lag followed as clocks drift."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.background import in_background
from ivrtest.audio.judge import (
    ADDED_DB,
    ALONE_DB,
    ALSO_LACKING_DB,
    BLOCK,
    DOUBTFUL_DB,
    ENOUGH,
    FAITHFUL_DB,
    GOOD_DB,
    HIDDEN_DB,
    LACKING_DB,
    LACKING_ONLY_DB,
    OVERLAID_DB,
    PRESENT_DB,
    RANGE_DB,
    line_gain,
    moving_sum,
    weigh,
)
from ivrtest.audio.reference import FINE_PER_FRAME, PAD, Reference
from ivrtest.audio.spectrum import BANDS, FINE_HOP, HOP, SAMPLE_RATE, WINDOW, Levels, Mask, greatest, scalar

_REJUDGED: Final = 120
"""While a track is shorter than this many frames, all of it is judged again with each better estimate of the gain."""
_RECENT: Final = 45
_GAIN_FRAMES: Final = 250
_GAIN_AT_ONCE: Final = 60
"""In a track shorter than this the gain is estimated anew at every step, later at every other one."""
_WORD: Final = 40
"""Frames that may hold a word of their own: if next to nothing of them arrived, another word could have been said."""
_SOME: Final = 40
"""Frames after which it is seen whether there is anything of the recording in what is heard."""
_FIRST_STEPS: Final = 4
"""Steps of the lag with which a track finds its place when it is first judged."""
_HARDLY: Final = 6.5
"""A block with less evidence than this many frames' worth is judged as if it had that much: codecs drop soft sounds before pauses."""
_CERTAIN: Final = 8.0
"""The same for saying that a recording went wrong."""
_SOUNDING: Final = scalar(0.3)
"""Frames of a recording in which it sounds have at least so much to compare."""
_LOST_SHARE: Final = 0.05
"""A block of which less is lost has to fit as if it were whole."""
_UNHEARD_SHARE: Final = 0.2
"""If less arrived of what may be a word, nobody can say that it was that word."""
_LEAST_WEIGHT, _HALF, _QUARTER, _A_LITTLE = scalar(0.02), scalar(0.5), scalar(0.25), scalar(0.3)
_HALF_ENOUGH: Final = scalar(ENOUGH / 2)


class Call(Protocol):
    """What a track needs to know of the call."""

    def levels(self, first: int, end: int) -> Levels: ...
    def total(self, first: int, end: int) -> Levels: ...
    def valid(self, first: int, end: int) -> Mask: ...
    @property
    def noise(self) -> Levels: ...
    @property
    def quiet(self) -> bool: ...


class Track:
    """One recording assumed to begin at one moment, and how well that has held so far."""

    def __init__(self, reference: Reference, lag: int, not_before: int, *, limit_db: float = GOOD_DB) -> None:
        """`lag` in fine hops from the stream's start; frames before `not_before` belong to something else and are not judged.

        `limit_db`: how far a block may deviate, where the line was measured.
        """
        self._limit_db = limit_db
        self.reference = reference
        self.lag = lag
        self._not_before = not_before
        begin = lag * FINE_HOP + reference.start
        self.first = max(0, (begin - WINDOW // 2) // HOP)
        count = max(1, (lag * FINE_HOP + reference.end - 3 * WINDOW // 4) // HOP + 1 - self.first)
        self._evidence = np.zeros((4, count), np.float32)
        """Rows: the fields of `Evidence`."""
        self._deviation, self._missing, self._weight, self._wanted = self._evidence
        self._lags = np.full(count, lag)
        self._gain: Levels | None = None
        self._gain_at = 0
        """How many frames had been judged when it was estimated."""
        self._range_db = scalar(0)
        """Below this nothing of it is compared, by the gain that it seems to have."""
        self._floor: tuple[Levels, Levels] | None = None
        """A line's noise, and what of it or of that range is higher."""
        self._first_lag = lag
        self._known_lags = 0
        """Frames whose lags another track has found."""
        self.judged = 0
        """Frames judged so far."""
        self.heard_s = 0.0
        """Seconds in which there was something to compare, until it fell."""
        self.worst = 0.0
        """The worst block's deviation, dB."""
        self._usual_db = np.inf
        """The deviation of most blocks."""
        self.fell_at: int | None = None
        """The frame from which it was wrong."""
        self.named_at_s: float | None = None
        """When it became known that this is the recording that plays; who decides that notes it here."""
        self.overlaid = False
        """Something else sounded over a part of it, so that nobody can tell whether that part was as recorded."""
        self.overlaid_from: int | None = None
        """The frame at which the first such block begins."""
        self.doubtful = False
        """Of a block that does not fit too much was lost to say that it is wrong."""

    def drift_with(self, other: Track, shift: int) -> None:
        """Take over another track's lags, `shift` fine hops later, as far as that has come: its clock is this one's. Before `advance`."""
        count = min(other.judged + other.first - self.first, len(self._lags))
        places = np.minimum(np.maximum(np.arange(count) + self.first - other.first, 0), other.judged - 1)
        self._lags[:count] = other._lags[places] + shift
        self._known_lags, self.lag = count, other.lag + shift
        if other._gain is not None:
            # Near enough to begin with.
            self._set_gain(other._gain)

    def judge_anew(self, first: int, end: int) -> None:
        """Forget all verdicts if frames `first` to `end` were judged: it is known only now that they did not arrive."""
        if first >= self.first + self.judged or end <= self.first:
            return
        self._known_lags, self.judged, self.fell_at = self.judged, 0, None
        self.worst, self._usual_db, self.overlaid, self.overlaid_from, self.doubtful = 0.0, np.inf, False, None, False

    @property
    def key(self) -> tuple[str, str]:
        return self.reference.key

    @property
    def start(self) -> int:
        """Stream sample of the recording's first sample, at the lag it began with."""
        return self._first_lag * FINE_HOP

    @property
    def sounding_start(self) -> int:
        return self.start + self.reference.start

    @property
    def sounding_end(self) -> int:
        return self.lag * FINE_HOP + self.reference.end

    @property
    def good(self) -> bool:
        return self.fell_at is None

    @property
    def hidden(self) -> bool:
        """Whether there is so much other sound over it that nothing shows it is there."""
        return self.good and self.overlaid and (self.complete or self.judged >= _SOME) and self.mean > HIDDEN_DB

    @property
    def clear(self) -> bool:
        """Whether all that was heard of it was as recorded."""
        return self.good and not self.overlaid

    @property
    def complete(self) -> bool:
        return self.judged >= len(self._weight)

    @property
    def to_come(self) -> int:
        """Frames still to be judged."""
        return len(self._weight) - self.judged

    @property
    def heard_share(self) -> float:
        """How much of what the recording has to be compared with so far did arrive: 0 to 1."""
        wanted = self._wanted[: self.judged]
        return float(np.minimum(self._weight[: self.judged], wanted).sum() / max(float(wanted.sum()), 1e-6))

    @property
    def compared(self) -> bool:
        """Whether enough of any part arrived to be held against the recording."""
        return self.worst > 0

    @property
    def audible_share(self) -> float:
        """How much of the recording so far stands out of the line's noise, lost or not: 0 to 1."""
        index = FINE_PER_FRAME * np.arange(self.first, self.first + self.judged) - self.lag + PAD
        full = self.reference.fullness[np.clip(index, 0, len(self.reference.fullness) - 1)]
        return float(self._wanted[: self.judged].sum() / max(float(full.sum()), 1e-6))

    @property
    def mean(self) -> float:
        """Mean deviation so far, dB."""
        return self.mean_from(self.first)

    def mean_from(self, frame: int) -> float:
        """Return the mean deviation from a frame on, dB."""
        deviation, weight = self.since(frame)
        return deviation / (weight + 0.3)

    def since(self, frame: int) -> tuple[float, float]:
        """Return the deviation from a frame on, in dB times frames' worth of evidence, and how many frames' worth there are."""
        first = max(0, frame - self.first)
        return float(self._deviation[first : self.judged].sum()), float(self._weight[first : self.judged].sum())

    def advance(self, call: Call, to: int) -> None:
        """Judge the frames up to `to` (exclusive)."""
        end = min(to - self.first, len(self._weight))
        if end <= self.judged:
            return
        before, self.judged = self.judged, end
        self._lags[max(before, self._known_lags) : end] = self.lag
        whole = end <= _REJUDGED
        begin = max(0, min(before, end - _RECENT))
        gain_due = self._gain is None or (end <= _GAIN_AT_ONCE or end - self._gain_at >= 20 if whole else before // 50 != end // 50)
        evidence: NDArray[np.float32] | None = None
        placed = self.lag
        if end >= 20 and self.good and end > self._known_lags:
            for _ in range(1 if before else _FIRST_STEPS):
                lag = self.lag
                evidence = self._follow(call, before, end, max(0, end - BLOCK) if gain_due else begin)
                if self.lag == lag:
                    break
        if whole and (gain_due or self.lag != placed):
            begin, evidence = 0, None
        if gain_due or evidence is None or np.count_nonzero(self._lags[begin:end] != self.lag):
            heard, rows, valid = stretch = self._stretch(call, begin, end)
            if gain_due:
                self._take_gain(call, *(stretch if whole else self._stretch(call, max(0, end - _GAIN_FRAMES), end)))
            evidence = self._held_against(call, heard, rows, valid)
        self._evidence[:, begin:end] = evidence
        if self.good:
            self._judge(call, 0 if whole else max(0, before - BLOCK), end)
        until = end if self.fell_at is None else max(0, self.fell_at - self.first)
        self.heard_s = int(np.count_nonzero(self._weight[:until] > _LEAST_WEIGHT)) * HOP / SAMPLE_RATE
        if end < 40:
            self._first_lag = int(self._lags[0])
        elif before < 100:
            self._first_lag = int(np.sort(self._lags[: min(end, 100)])[min(end, 100) // 2])

    def bad_places(self) -> tuple[tuple[float, float], ...]:
        """Return where it was not as recorded, in seconds of the recording."""
        scores, _, _, judged = self._blocks(0, self.judged)
        bad = np.zeros(self.judged, np.bool_)
        block = self.judged - len(scores) + 1
        for index in np.flatnonzero(judged & (scores > GOOD_DB)):
            bad[index : index + block] = True
        if self.fell_at is not None:
            bad[: max(0, self.fell_at - self.first)] = False
            bad[max(0, self.fell_at - self.first) : self.fell_at - self.first + 5] = True
        edges = np.flatnonzero(np.diff(np.concatenate([[0], bad.astype(np.int8), [0]])))
        offset = self.first * HOP + WINDOW // 2 - self.start
        return tuple(
            (round(float(max(0, begin * HOP + offset)) / SAMPLE_RATE, 3), round(float(end * HOP + offset) / SAMPLE_RATE, 3))
            for begin, end in zip(edges[::2], edges[1::2], strict=True)
        )

    def unheard(self) -> bool:
        """Return whether some block of the recording was never heard well enough to be judged."""
        block = min(_WORD, self.judged)
        weight = moving_sum(self._weight[: self.judged], block)
        wanted = moving_sum(self._wanted[: self.judged], block)
        return bool(np.any((wanted > ENOUGH) & (weight < _UNHEARD_SHARE * wanted)))

    def lacks(self) -> bool:
        """Return whether what went wrong is that the call fell silent: it has less than the recording, and nothing else."""
        first = 0 if self.fell_at is None else max(0, self.fell_at - self.first)
        missing, deviation = float(self._missing[first : self.judged].sum()), float(self._deviation[first : self.judged].sum())
        return missing > 0.85 * deviation

    def _follow(self, call: Call, before: int, end: int, begin: int) -> NDArray[np.float32]:
        """Move the lag by a step where the latest block fits clearly better there: a sound card or a gateway with its own clock.

        Return the rows of evidence of frames `begin` to `end`, a block at least, at the lag that it has now.
        """
        if self._gain is None:
            self._take_gain(call, *self._stretch(call, max(0, end - _GAIN_FRAMES), end))
        first = self.first + begin
        heard, valid = call.levels(first, self.first + end), self._valid(call, begin, end)
        evidence = self._held_against(call, heard, self.reference.rows_around(first, self.first + end, self.lag), valid)
        deviation, weight = evidence[::2, :, -BLOCK:].sum(axis=2)
        costs = (deviation / (weight + _HALF)).tolist()
        best, best_cost = 0, costs[0]
        for other in (1, 2):
            if costs[other] < best_cost * 0.97 - 0.01:
                best, best_cost = other, costs[other]
        if best and best_cost < GOOD_DB:
            self.lag += (0, -1, 1)[best]
            self._lags[before if end > 60 else 0 : end] = self.lag
            return evidence[:, best]
        return evidence[:, 0]

    def _valid(self, call: Call, begin: int, end: int) -> Mask:
        valid = call.valid(self.first + begin, self.first + end)
        blank = self._not_before - self.first - begin
        if blank > 0:
            valid = valid.copy()
            valid[:blank] = False
        return valid

    def _stretch(self, call: Call, begin: int, end: int) -> tuple[Levels, Levels, Mask]:
        """Return frames of the call, what they should be, and which of them arrived."""
        lags = self._lags[begin:end]
        lag = lags if np.count_nonzero(lags != lags[0]) else int(lags[0])
        first, last = self.first + begin, self.first + end
        return call.levels(first, last), self.reference.rows(first, last, lag), self._valid(call, begin, end)

    def _take_gain(self, call: Call, heard: Levels, rows: Levels, valid: Mask) -> None:
        # How far down the recording is compared depends on the gain that is asked for: the last estimate is near enough.
        if self._gain is None:
            self._set_gain(line_gain(heard, rows, valid, call.noise))
        self._set_gain(line_gain(heard, rows, valid, self._noise(call)))

    def _set_gain(self, gain: Levels) -> None:
        self._gain, self._gain_at = gain, self.judged
        self._range_db = scalar(self.reference.peak + sorted(gain.tolist())[BANDS // 2] - RANGE_DB)
        self._floor = None

    def _noise(self, call: Call) -> Levels:
        """Return the line's noise, and no less than what is compared."""
        noise = call.noise
        if self._floor is None or self._floor[0] is not noise:
            self._floor = noise, np.maximum(noise, self._range_db)
        return self._floor[1]

    def _held_against(self, call: Call, heard: Levels, rows: Levels, valid: Mask) -> NDArray[np.float32]:
        assert self._gain is not None
        return weigh(heard, rows, valid, self._gain, self._noise(call))

    def _blocks(self, begin: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], Mask]:
        """Return the blocks' deviations, what of that is lacking, their evidence, and whether that is enough to judge them."""
        block = min(BLOCK, end - begin)
        total = np.zeros((4, end - begin + 1))
        total[:, 1:] = self._evidence[:, begin:end]
        np.add.accumulate(total, axis=1, out=total)
        deviation, missing, weight, wanted = (total[:, block:] - total[:, : end - begin + 1 - block]).astype(np.float32)
        judged = weight > _HALF_ENOUGH
        judged &= weight > _QUARTER * wanted
        of = weight + _A_LITTLE
        deviation /= of
        missing /= of
        return deviation, missing, weight, judged

    def _judge(self, call: Call, begin: int, end: int) -> None:
        scores, missing, weight, judged = self._blocks(begin, end)
        count = int(np.count_nonzero(judged))
        if not count:
            return
        worst = greatest(scores if count == len(scores) else scores[judged])
        if begin == 0:
            self.worst, self.overlaid, self.overlaid_from, self.doubtful = worst, False, None, False
        else:
            self.worst = max(worst, self.worst)
        if worst > DOUBTFUL_DB and not self.doubtful:
            # Until most blocks are known, they are taken to be as on a good line.
            doubtful_db = min(max(DOUBTFUL_DB, 2 * (self._usual_db if self._usual_db < np.inf else 0)), self._limit_db)
            doubtful = judged & (scores > doubtful_db)
            if np.count_nonzero(doubtful):
                self.doubtful = bool(np.count_nonzero(doubtful & self._partly_lost(begin, end)))
        if worst <= self._limit_db:
            # As nearly all of a recording is.
            if count >= BLOCK:
                self._usual_db = float(np.sort(scores[judged])[count // 2])
            return
        benefit = _HARDLY / np.minimum(weight + 0.3, _HARDLY)
        odd = judged & (scores > self._limit_db * benefit)
        faithful = call.quiet and self._usual_db < FAITHFUL_DB
        if count >= BLOCK and not np.count_nonzero(odd):
            self._usual_db = float(np.sort(scores[judged])[count // 2])
        extra = scores - missing
        # A soft sound that a codec leaves out is no matter, in what has been good so far.
        left_out = (extra < ADDED_DB * benefit) & (self._usual_db < GOOD_DB)
        overlaid = odd & ~left_out & ((scores > OVERLAID_DB * benefit) | (missing > PRESENT_DB * benefit))
        alone = odd & (scores > ALONE_DB * benefit)
        behind = self._behind(call, begin, end) & (missing <= PRESENT_DB) if np.count_nonzero(overlaid | alone) else np.zeros_like(odd)
        overlaid &= ~behind
        if not self.overlaid and np.count_nonzero(overlaid):
            self.overlaid, self.overlaid_from = True, self._change(begin, int(np.argmax(odd)), end)
        lacking = np.where(extra > ADDED_DB, LACKING_DB, GOOD_DB if faithful else LACKING_ONLY_DB)
        wrong = odd & (missing > lacking * np.maximum(1, _CERTAIN / (weight + 0.3)))
        # Nothing on a quiet line could lie over a recording all by itself.
        wrong |= alone & ((~behind if call.quiet else np.zeros_like(odd)) | (missing > ALSO_LACKING_DB * benefit))
        if not np.count_nonzero(wrong):
            return
        # Something may have been odd for a while before it was certainly wrong.
        bad = int(np.argmax(wrong))
        while bad > 0 and odd[bad - 1]:
            bad -= 1
        self.fell_at = self._change(begin, bad, end)

    def _behind(self, call: Call, begin: int, end: int) -> Mask:
        """Return in which blocks all that should not be there is so soft that it is no word of the prompt's, but somebody behind it."""
        late = max(0, end - _GAIN_FRAMES)
        first = min(late, begin)
        total = call.total(self.first + first, self.first + end)
        voice = total[late - first :][self._wanted[late:end] > _SOUNDING]
        added = self._deviation[begin:end] - self._missing[begin:end] > GOOD_DB * self._weight[begin:end]
        return in_background(total[begin - first :], voice, added, min(BLOCK, end - begin))

    def _partly_lost(self, begin: int, end: int) -> Mask:
        """Return whether of the blocks some of what there was to compare was lost."""
        wanted = self._wanted[begin:end]
        block = min(BLOCK, end - begin)
        gone = self._weight[begin:end] < wanted - 1e-4
        if not np.count_nonzero(gone):
            return np.zeros(len(gone) + 1 - block, np.bool_)
        lost = moving_sum(np.where(gone, wanted, np.float32(0)), block)
        partly: Mask = lost > _LOST_SHARE * moving_sum(wanted, block)
        return partly

    def _change(self, begin: int, bad: int, end: int) -> int:
        """Return the frame where good frames end and those of a bad block, the `bad`th from `begin` on, go wrong: the lowest point of
        the running sum of what exceeds the limit."""
        first, last = max(0, begin + bad - BLOCK), min(end, begin + bad + BLOCK)
        excess = (self._deviation[first:last] - GOOD_DB * self._weight[first:last]).cumsum()
        lowest = int(excess.argmin())
        return self.first + first + (lowest + 1 if excess[lowest] < 0 else 0)
