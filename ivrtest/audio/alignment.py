"""A recording laid along a call: from where it begins, as far as it has been heard, with its lag followed as clocks drift."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.background import level_added
from ivrtest.audio.coder_noise import HARDLY_DB, is_coarse
from ivrtest.audio.judge import BLOCK, ENOUGH, GOOD_DB, RANGE_DB, frame_gains, line_gain, moving_sum, weigh
from ivrtest.audio.reference import Reference
from ivrtest.audio.spectrum import BANDS, FINE_HOP, HOP, SAMPLE_RATE, WINDOW, Levels, Mask, greatest, percentile, scalar, total_level
from ivrtest.audio.standing import GAIN_FRAMES, Call, Standing

_REJUDGED: Final = 120
"""While a track is shorter than this many frames, all of it is judged again with each better estimate of the gain."""
_RECENT: Final = 45
_GAIN_AT_ONCE: Final = 60
"""In a track shorter than this the gain is estimated anew at every step, later at every other one."""
_TO_FOLLOW: Final = 20
"""Frames by which the place of a track can be told better: by a step of 2.5 ms, which is a clock that is 1.2 % off."""
_SOUNDING: Final = scalar(0.2)
_TELLING: Final = 12.0
"""Frames' worth of evidence that show that only a level changed: of a soft word there is less, and it may be another one."""
_DRIFTED: Final = 3
"""Fine hops by which a track has moved if its clock is certainly another one."""
_FIRST_STEPS: Final = 8
"""Steps of the lag with which a track finds its place as soon as it has so many. Where other sound ends just as it begins, it may lie so
far off at first."""
_LEAST_WEIGHT, _HALF = scalar(0.02), scalar(0.5)
_LAST: Final = 20
_ELSE_DB: Final = 3.0
"""Frames at a recording's end that may be something else while the block that they end still fits, if they exceed the limit by so much in
all: dB times frames' worth of evidence. Those of right recordings exceed it by at most 2."""


class Track(Standing):
    """One recording assumed to begin at one moment, and how well that has held so far."""

    def __init__(self, reference: Reference, lag: int, not_before: int, *, limit_db: float = GOOD_DB) -> None:
        """`lag` in fine hops from the stream's start; frames before `not_before` belong to something else and are not judged.

        `limit_db`: how far a block may deviate, where the line was measured.
        """
        self.reference = reference
        self.lag = lag
        self._not_before = not_before
        begin = lag * FINE_HOP + reference.start
        first = max(0, (begin - WINDOW // 2) // HOP)
        count = max(1, (lag * FINE_HOP + reference.end - 3 * WINDOW // 4) // HOP + 1 - first)
        super().__init__(first, count, limit_db)
        self._lags = np.full(count, lag)
        self._drifts = False
        """They may differ from each other."""
        self._gapped = False
        """The line's coder is coarse, and the recording has gaps that show it."""
        self._heading = 0
        """The step by which they moved the last time: only a clock that goes on drifting takes more than one at once."""
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
        self.named_at_s: float | None = None
        """When it became known that this is the recording that plays; who decides that notes it here."""

    def drift_with(self, other: Track, shift: int) -> None:
        """Take over another track's lags, `shift` fine hops later, as far as that has come: its clock is this one's. Before `advance`."""
        count = min(other.judged + other.first - self.first, len(self._lags))
        places = np.minimum(np.maximum(np.arange(count) + self.first - other.first, 0), other.judged - 1)
        self._lags[:count] = other._lags[places] + shift
        self._known_lags, self.lag, self._drifts = count, other.lag + shift, True
        if other._gain is not None:
            # Near enough to begin with.
            self._gapped = other._gapped
            self._set_gain(other._gain)

    def judge_anew(self, first: int, end: int) -> None:
        """Forget all verdicts if frames `first` to `end` were judged: it is known only now that they did not arrive."""
        if first >= self.first + self.judged or end <= self.first:
            return
        self._known_lags, self.judged, self.fell_at = self.judged, 0, None
        self.worst, self._usual_db, self.overlaid, self.overlaid_from, self.backed, self.doubtful = 0.0, np.inf, False, None, False, False

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

    def fitting_end(self, call: Call) -> int:
        """Return the stream sample up to which a complete one fits: other sound that begins at once may have taken the place of its last
        moments, unless most of it is no louder than what sounded behind it before."""
        last = slice(max(0, self.judged - _LAST), self.judged)
        excess = np.cumsum(np.concatenate([[0], self._deviation[last] - GOOD_DB * self._weight[last]]))
        change = int(np.argmin(excess))
        if excess[-1] - excess[change] < _ELSE_DB:
            return self.sounding_end
        since = max(0, self.judged - GAIN_FRAMES)
        added = self.added_db(call, since, self.judged)
        before, after = added[: last.start + change - since], added[last.start + change - since :]
        if len(before) and percentile(after, 75) <= greatest(before):
            return self.sounding_end
        return min(self.sounding_end, (self.first + last.start + change) * HOP + WINDOW // 2)

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
        if before >= _REJUDGED and abs(int(self._lags[before - 1] - self._lags[0])) >= _DRIFTED:
            self._drift_on(before, end)
        placed = self.lag
        if end >= _TO_FOLLOW and self.good and end > self._known_lags:
            for _ in range(-(-(end - before) // _TO_FOLLOW) if before >= _TO_FOLLOW else _FIRST_STEPS):
                lag = self.lag
                evidence = self._follow(call, before, end, max(0, end - BLOCK) if gain_due else begin)
                if self.lag == lag or (before >= _TO_FOLLOW and self.lag - lag != self._heading):
                    break
            if before >= _TO_FOLLOW and self.lag != placed:
                self._heading = min(max(self.lag - placed, -1), 1)
            if abs(self.lag - placed) > 1 and before >= _REJUDGED:
                # It moved all the while.
                self._lags[before:end] = np.linspace(placed, self.lag, end - before + 1)[1:].round()
        if whole and (gain_due or self.lag != placed):
            begin, evidence = 0, None
        if gain_due or evidence is None or (self._drifts and np.count_nonzero(self._lags[begin:end] != self.lag)):
            heard, rows, valid = stretch = self._stretch(call, begin, end)
            if gain_due:
                self._take_gain(call, begin if whole else max(0, end - GAIN_FRAMES), end, stretch if whole else None)
            evidence = self._held_against(call, begin, end, heard, rows, valid)
        self._evidence[:, begin:end] = evidence
        if self.good:
            self._judge(call, 0 if whole else max(0, before - BLOCK), end)
        until = end if self.fell_at is None else max(0, self.fell_at - self.first)
        self.heard_s = int(np.count_nonzero(self._weight[:until] > _LEAST_WEIGHT)) * HOP / SAMPLE_RATE
        if end < 40:
            self._first_lag = int(self._lags[0])
        elif before < 100:
            self._first_lag = int(np.sort(self._lags[: min(end, 100)])[min(end, 100) // 2])

    def _drift_on(self, before: int, end: int) -> None:
        """Let the lag of frames `before` to `end` go on as it did up to where the recording last sounded: nothing shows it in a pause."""
        sounded = int(np.flatnonzero(self._weight[:before] > _SOUNDING)[-1:].sum())
        rate = float(self._lags[sounded] - self._lags[0]) / max(sounded, 1)
        self.lag = round(float(self._lags[sounded]) + rate * (end - sounded))
        self._lags[before:end] = self.lag

    def bad_places(self) -> tuple[tuple[float, float], ...]:
        """Return where it was not as recorded, in seconds of the recording."""
        scores, _, _, judged = self.blocks(0, self.judged)
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

    def levelled(self, call: Call, begin: int, end: int) -> NDArray[np.float32]:
        """Return the evidence of frames of the recording, see `weigh`, as if only their levels and their bands' had changed."""
        assert self._gain is not None
        heard, rows, valid = self._stretch(call, begin, end)
        noise = self._noise_in(call, begin, end)
        rows = rows + self._gain
        rows += frame_gains(heard, rows, valid, noise)[:, None]
        return weigh(heard, rows, valid, line_gain(heard, rows, valid, noise), noise)

    def levelled_db(self, call: Call, begin: int) -> float:
        """Return by how much the worst block from frame `begin` of the recording on deviates, as if only its levels had changed, in dB.
        Infinite where there is nothing to compare."""
        begin = min(max(0, begin), self.judged)
        assert self._gain is not None
        heard, rows, valid = self._stretch(call, begin, self.judged)
        noise = np.maximum(call.noise, self._range_db)
        rows = rows + self._gain
        gains = frame_gains(heard, rows, valid, noise)
        known = np.flatnonzero(gains)
        if len(known):
            # A level changes gradually: what cannot be told of a soft frame is as in those around it.
            rows += np.interp(np.arange(len(gains)), known, gains[known]).astype(np.float32)[:, None]
        # The bands' gains stay what they were: in a short stretch they could be made to fit another word.
        deviation, _, weight, wanted = weigh(heard, rows, valid, np.zeros(BANDS, np.float32), noise)
        block = min(BLOCK, self.judged - begin)
        weights, due = moving_sum(weight, block), moving_sum(wanted, block)
        judged = (weights > ENOUGH) & (weights > due / 2)
        if not block or not judged.any() or weight.sum() < _TELLING:
            return np.inf
        return float((moving_sum(deviation, block) / (weights + 0.3))[judged].max())

    def _follow(self, call: Call, before: int, end: int, begin: int) -> NDArray[np.float32]:
        """Move the lag by a step where the latest block fits clearly better there: a sound card or a gateway with its own clock.

        Return the rows of evidence of frames `begin` to `end`, a block at least, at the lag that it has now.
        """
        if self._gain is None:
            self._take_gain(call, max(0, end - GAIN_FRAMES), end)
        first = self.first + begin
        heard, valid = call.levels(first, self.first + end), self._valid(call, begin, end)
        evidence = self._held_against(call, begin, end, heard, self.reference.rows_around(first, self.first + end, self.lag), valid)
        deviation, weight = np.add.reduce(evidence[::2, :, -BLOCK:], axis=2)
        costs = (deviation / (weight + _HALF)).tolist()
        best, best_cost = 0, costs[1]
        for step in (-1, 1):
            if costs[1 - step] < best_cost * 0.97 - 0.01:
                best, best_cost = step, costs[1 - step]
        if best and best_cost < GOOD_DB:
            self.lag += best
            self._lags[before if end > 60 else 0 : end] = self.lag
            self._drifts |= before > 0
            return evidence[:, 1 - best]
        return evidence[:, 1]

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
        lag = lags if self._drifts and np.count_nonzero(lags != lags[0]) else int(lags[0])
        first, last = self.first + begin, self.first + end
        return call.levels(first, last), self.reference.rows(first, last, lag), self._valid(call, begin, end)

    def added_db(self, call: Call, begin: int, end: int) -> Levels:
        assert self._gain is not None
        heard, rows, _ = self._stretch(call, begin, end)
        return level_added(heard, np.maximum(rows + self._gain, self._noise_in(call, begin, end)))

    def _take_gain(self, call: Call, begin: int, end: int, stretch: tuple[Levels, Levels, Mask] | None = None) -> None:
        heard, rows, valid = self._stretch(call, begin, end) if stretch is None else stretch
        # What the recording itself has no gaps in does not show what a coder fills.
        self._gapped = call.coarse and not is_coarse(rows, total_level(rows), HARDLY_DB)
        # How far down the recording is compared depends on the gain that is asked for: the last estimate is near enough.
        if self._gain is None:
            self._set_gain(line_gain(heard, rows, valid, self._line_noise(call, begin, end)))
        self._set_gain(line_gain(heard, rows, valid, self._noise_in(call, begin, end)))

    def _set_gain(self, gain: Levels) -> None:
        self._gain, self._gain_at = gain, self.judged
        self._range_db = scalar(self.reference.peak + sorted(gain.tolist())[BANDS // 2] - RANGE_DB)
        self._floor = None

    def _line_noise(self, call: Call, begin: int, end: int) -> Levels:
        """Return the line's noise in frames of the recording, and its coder's if that is coarse and shows."""
        return call.noise_in(self.first + begin, self.first + end) if self._gapped else call.noise

    def _noise_in(self, call: Call, begin: int, end: int) -> Levels:
        """Return the noise in frames of the recording, and no less than what is compared."""
        noise = self._line_noise(call, begin, end)
        if noise.ndim > 1:
            return np.maximum(noise, self._range_db)
        if self._floor is None or self._floor[0] is not noise:
            self._floor = noise, np.maximum(noise, self._range_db)
        return self._floor[1]

    def _held_against(self, call: Call, begin: int, end: int, heard: Levels, rows: Levels, valid: Mask) -> NDArray[np.float32]:
        assert self._gain is not None
        return weigh(heard, rows, valid, self._gain, self._noise_in(call, begin, end))
