"""Where two recordings differ. What both have in common is found piece by piece, the longest first; what is left over is the difference.

A piece may lie anywhere in either recording, so a word put in or left out shifts what follows and spoils nothing. Two pieces are held
against each other as a call is held against a recording (`judge`): gain per band does not count as a difference, it is told apart from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.bands import Band, bands_between
from ivrtest.audio.damage import Waves
from ivrtest.audio.judge import BLOCK, ENOUGH, GOOD_DB, RANGE_DB, compare, line_gain
from ivrtest.audio.pcm import Samples
from ivrtest.audio.reference import FINE_PER_FRAME, Reference
from ivrtest.audio.spectrum import BANDS, HOP, SAMPLE_RATE, WINDOW, Levels, log_mel, product, total_level

LONGEST_S: Final = 120.0
"""Longer recordings are not compared: the work grows with the product of both lengths."""
_PAD: Final = 4
"""Frames of silence on either side of a recording."""
_PATCH: Final = 30
"""Frames by which places that may be the same are picked."""
_PATCH_EVERY: Final = 10
_ALIKE: Final = 0.6
_MOST_LAGS: Final = 40
_LEAST_PIECE: Final = 12
"""Frames that a common piece has at least."""
_LEAST_EVIDENCE: Final = 3.0
"""And so many frames' worth of sound."""
_NOISE_FRAMES: Final = 6
"""Sound as short as this between two pieces is the edge of one of them."""
_PAUSE_FRAMES: Final = 6
"""Pauses that differ by more are a difference."""
_DRIFT_FRAMES: Final = 2
"""Two neighbouring pieces shifted by no more are one: clocks drift."""
_DAMAGE_DB: Final = 1.2
"""From this deviation of what both have in common on, something has damaged one of them. Mu-law comes to 0.3 dB, GSM to 1.3 to 1.5, Opus at
8 kbit/s to 1.9, MP3 at 8 kbit/s to 2.6."""
_SOFT_SOUND: Final = 8
"""Frames of a soft sound, which may be another one..."""
_DOUBT_DB: Final = 3.0
_DOUBT_TIMES: Final = 5.5
"""... where they deviate by so much, and so many times as much as half of what is in both. Codecs come to 5 times (MP3 at 16 kbit/s), most
to 2, "bin" for "pin" to 9."""


class Kind(StrEnum):
    """How two stretches differ."""

    changed = "changed"
    """Each recording has sound there, and not the same."""
    first = "only in the first"
    second = "only in the second"
    pause = "pause"
    """Neither has sound, and not for the same time."""
    damaged = "damaged"
    """The same sound in both, of which a codec has left too little to tell whether it is so to the last sound."""
    doubtful = "doubtful"
    """Alike as on a telephone line, but far less than all around it: it may be another soft sound, as in "pin" and "bin"."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch of each recording that has no like in the other, in seconds from its first sample."""

    kind: Kind
    first: tuple[float, float]
    second: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two recordings held against each other."""

    first_s: float
    second_s: float
    """How long each is."""
    level_db: float
    """How much louder the second one is, where it sounds."""
    bands: tuple[Band, ...]
    """What the second one has more or less of than the first, beyond that."""
    differences: tuple[Difference, ...]
    common_s: float
    """Seconds of sound that are in both."""
    deviation_db: float
    """By how much these deviate from each other on average."""

    @property
    def same(self) -> bool | None:
        """Whether both say the same, in the same voice and with the same pauses; None where that is all that is not known."""
        if not self.differences:
            return True
        return None if all(each.kind in (Kind.damaged, Kind.doubtful) for each in self.differences) else False

    @property
    def damaged(self) -> bool:
        """Whether even what is in both differs, as after a codec of few bits or over a bad line."""
        return self.deviation_db >= _DAMAGE_DB


def compare_recordings(first: Samples, second: Samples) -> Comparison:
    """Compare two recordings of at most `LONGEST_S`, mono at 8000 samples a second. Neither may be silent."""
    pair = _Pair(first, second)
    pieces = sorted(_pieces(pair))
    differences = tuple(_left_over(pair, list(_joined(pieces))))
    deviation_db = sum(piece.deviation for piece in pieces) / max(sum(piece.weight for piece in pieces), 1e-6)
    if deviation_db >= _DAMAGE_DB:
        waves = Waves(first, second)
        differences = tuple(
            replace(each, kind=Kind.damaged) if each.kind is Kind.changed and waves.same(each.first, each.second) else each
            for each in differences
        )
    differences = (*differences, *_doubts(pair, pieces))
    common = sum(int(np.count_nonzero(pair.first_sounds[piece.first : piece.first + piece.frames])) for piece in pieces)
    return Comparison(
        first_s=len(first) / SAMPLE_RATE,
        second_s=len(second) / SAMPLE_RATE,
        level_db=_speech_level(second) - _speech_level(first),
        bands=bands_between(first, second),
        differences=differences,
        common_s=common * HOP / SAMPLE_RATE,
        deviation_db=deviation_db,
    )


@dataclass(frozen=True, slots=True, order=True)
class _Piece:
    """What both have, in frames of 10 ms from where each begins."""

    first: int
    second: int
    frames: int
    """How long it is in the second; in the first it is as long."""
    deviation: float = 0.0
    """In dB, times the frames' worth of sound that it was taken of: `weight`."""
    weight: float = 0.0


class _Pair:
    """Two recordings as levels. Frames are counted from `_PAD` before each begins."""

    def __init__(self, first: Samples, second: Samples) -> None:
        self.reference = Reference(("first", ""), first)
        self.first = _padded_levels(first)
        self.second = _padded_levels(second)
        self.first_sounds = _sounds(self.first)
        self.second_sounds = _sounds(self.second)
        self._noise = np.full(BANDS, self.second.max() - RANGE_DB, np.float32)

    def agreement(self, lag: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return for each frame of the second how much better than just good enough it fits the first, `lag` fine hops earlier, and how
        much there is to compare. The fit is -inf where a block around the frame is not good enough."""
        frames = len(self.second)
        rows = self.reference.rows(0, frames, lag + FINE_PER_FRAME * _PAD)
        inside = np.arange(frames) * FINE_PER_FRAME - lag
        valid = (inside >= 0) & (inside < FINE_PER_FRAME * len(self.first))
        gain = line_gain(self.second, rows, valid, self._noise)
        near = self._fitting(rows, valid, gain)
        if near.any():
            # The gain as it is where they agree: what differs has nothing to say about the line.
            gain = line_gain(self.second, rows, near, self._noise)
        evidence = compare(self.second, rows, valid, gain, self._noise)
        fit = (GOOD_DB * evidence.weight - evidence.deviation).astype(np.float32)
        block = min(BLOCK, frames)
        ones = np.ones(block, np.float32)
        deviation, weight = np.convolve(evidence.deviation, ones, "valid"), np.convolve(evidence.weight, ones, "valid")
        bad = np.flatnonzero((deviation / (weight + 0.3) > GOOD_DB) & (weight > ENOUGH / 2)) + block // 2
        fit[bad] = -np.inf
        fit[~valid] = -np.inf
        return fit, evidence.weight

    def _fitting(self, rows: Levels, valid: NDArray[np.bool_], gain: Levels) -> NDArray[np.bool_]:
        evidence = compare(self.second, rows, valid, gain, self._noise)
        near: NDArray[np.bool_] = valid & (evidence.weight > 0.1) & (evidence.deviation < 2 * GOOD_DB * evidence.weight)
        return near

    def agreements(self) -> dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Return the agreement at each lag at which some of the first lies in the second."""
        found: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        for coarse in self._lags():
            lag = FINE_PER_FRAME * coarse
            found[lag] = self.agreement(lag)
            if _best_run(found[lag][0])[0] > 0:
                found |= {near: self.agreement(near) for near in (lag - 2, lag - 1, lag + 1, lag + 2)}
        return found

    def _lags(self) -> list[int]:
        """Return at which lags (frames) some of the first may lie in the second: where patches of both are most alike."""
        one, other = _patches(self.first), _patches(self.second)
        if not len(one) or not len(other):
            return [0]
        sounding = np.convolve(self.first_sounds, np.ones(_PATCH), "valid")[: len(one)] > _PATCH // 4
        places = np.flatnonzero(sounding)[::_PATCH_EVERY]
        likeness = product(one[places], np.ascontiguousarray(other.T))
        votes: dict[int, float] = {}
        for row, place in zip(likeness, places, strict=True):
            for best in np.argsort(row)[-3:]:
                if row[best] > _ALIKE:
                    votes[int(best) - int(place)] = votes.get(int(best) - int(place), 0.0) + float(row[best])
        return sorted(votes, key=lambda lag: -votes[lag])[:_MOST_LAGS] or [0]


def _pieces(pair: _Pair) -> Iterator[_Piece]:
    """Yield what both have in common, the longest piece first, then what lies before and behind it."""
    fits = pair.agreements()
    waiting = [(0, len(pair.first), 0, len(pair.second))]
    while waiting:
        first_begin, first_end, second_begin, second_end = waiting.pop()
        best: tuple[float, _Piece] | None = None
        for lag, (fit, weight) in fits.items():
            shift = round(lag / FINE_PER_FRAME)
            begin, end = max(second_begin, first_begin + shift), min(second_end, first_end + shift)
            if end - begin < _LEAST_PIECE:
                continue
            score, start, stop = _best_run(fit[begin:end])
            if start <= BLOCK and np.isfinite(fit[begin : begin + start]).all():
                # Too faint to be proof of anything, and no block around it says otherwise.
                start = 0
            if end - begin - stop <= BLOCK and np.isfinite(fit[begin + stop : end]).all():
                stop = end - begin
            start, stop = begin + start, begin + stop
            enough = stop - start >= _LEAST_PIECE and float(weight[start:stop].sum()) >= _LEAST_EVIDENCE
            if enough and (best is None or score > best[0]):
                known = np.isfinite(fit[start:stop])
                weighed = float(weight[start:stop][known].sum())
                deviation = GOOD_DB * weighed - float(fit[start:stop][known].sum())
                best = (score, _Piece(start - shift, start, stop - start, deviation, weighed))
        if best is not None:
            piece = best[1]
            yield piece
            waiting.append((first_begin, piece.first, second_begin, piece.second))
            waiting.append((piece.first + piece.frames, first_end, piece.second + piece.frames, second_end))


def _best_run(values: NDArray[np.float32]) -> tuple[float, int, int]:
    """Return the greatest sum of neighbours, and where they begin and end."""
    # No run is worth a frame of a bad block.
    totals = np.concatenate([[0.0], np.cumsum(np.maximum(values, -1e6), dtype=np.float64)])
    lowest = np.minimum.accumulate(totals)
    end = int(np.argmax(totals - lowest))
    start = int(np.argmin(totals[: end + 1]))
    return float(totals[end] - totals[start]), start, end


def _joined(pieces: list[_Piece]) -> Iterator[_Piece]:
    """Yield the pieces, neighbours that a drift of clocks has parted as one."""
    last: _Piece | None = None
    for piece in pieces:
        if last is not None:
            gaps = (piece.first - last.first - last.frames, piece.second - last.second - last.frames)
            if max(gaps) <= _NOISE_FRAMES and abs(gaps[0] - gaps[1]) <= _DRIFT_FRAMES:
                last = _Piece(last.first, last.second, piece.second + piece.frames - last.second)
                continue
            yield last
        last = piece
    if last is not None:
        yield last


def _left_over(pair: _Pair, pieces: list[_Piece]) -> Iterator[Difference]:
    """Yield what lies between the common pieces, before the first and behind the last one."""
    first, second = 0, 0
    for piece in [*pieces, _Piece(len(pair.first), len(pair.second), 0)]:
        at_edge = first == 0 or piece.frames == 0
        yield from _difference(pair, (first, max(first, piece.first)), (second, max(second, piece.second)), at_edge=at_edge)
        first, second = piece.first + piece.frames, piece.second + piece.frames


def _doubts(pair: _Pair, pieces: list[_Piece]) -> Iterator[Difference]:
    """Yield the moments of what is in both that deviate far more than the rest."""
    places: list[tuple[float, int, int]] = []
    whole = np.ones(_SOFT_SOUND, np.float32)
    for piece in pieces:
        if piece.frames < _SOFT_SOUND:
            continue
        shift = piece.second - piece.first
        # Each moment where it fits best: clocks drift within a piece, too. Where there is enough to compare, the best of them all says.
        deviations = np.full(piece.frames - _SOFT_SOUND + 1, np.inf)
        most, counts = -1.0, np.zeros(len(deviations), np.bool_)
        for lag in range(FINE_PER_FRAME * (shift - 1), FINE_PER_FRAME * (shift + 1) + 1):
            fit, weight = (values[piece.second : piece.second + piece.frames] for values in pair.agreement(lag))
            known = np.convolve(np.where(np.isfinite(fit), weight, 0), whole, "valid")
            deviation = np.convolve(np.where(np.isfinite(fit), GOOD_DB * weight - fit, 0), whole, "valid")
            enough = known > _SOFT_SOUND / 4
            deviations[enough] = np.minimum(deviations[enough], deviation[enough] / known[enough])
            if (total := float(np.where(np.isfinite(fit), fit, 0).sum())) > most:
                most, counts = total, enough
        deviations[~counts] = np.inf
        places += [(float(deviations[at]), piece.second + int(at), shift) for at in np.flatnonzero(np.isfinite(deviations))]
    limit = max(_DOUBT_DB, _DOUBT_TIMES * float(np.median([measured for measured, _, _ in places]))) if places else 0.0
    found: list[tuple[int, int, int]] = []
    for measured, at, shift in places:
        if measured <= limit:
            continue
        if found and at <= found[-1][1]:
            found[-1] = (found[-1][0], at + _SOFT_SOUND, shift)
        else:
            found.append((at, at + _SOFT_SOUND, shift))
    for begin, end, shift in found:
        yield Difference(Kind.doubtful, (_seconds(begin - shift), _seconds(end - shift)), (_seconds(begin), _seconds(end)))


def _difference(pair: _Pair, first: tuple[int, int], second: tuple[int, int], *, at_edge: bool) -> Iterator[Difference]:
    one, other = _sounding_part(pair.first_sounds, first), _sounding_part(pair.second_sounds, second)
    if one is not None or other is not None:
        kind = Kind.changed if one and other else Kind.first if one else Kind.second
        yield Difference(kind, one or (_seconds(first[0]), _seconds(first[0])), other or (_seconds(second[0]), _seconds(second[0])))
    elif not at_edge and abs((first[1] - first[0]) - (second[1] - second[0])) > _PAUSE_FRAMES:
        yield Difference(Kind.pause, _pause(first, pair.first_sounds), _pause(second, pair.second_sounds))


def _sounding_part(sounds: NDArray[np.bool_], stretch: tuple[int, int]) -> tuple[float, float] | None:
    """Return from when to when a stretch holds sound; None if it holds no more than the edges of what is around it."""
    begin, end = stretch
    edges = np.flatnonzero(np.diff(np.concatenate([[0], sounds[begin:end].astype(np.int8), [0]])))
    runs = [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    if max((stop - start for start, stop in runs), default=0) <= _NOISE_FRAMES:
        return None
    return _seconds(begin + runs[0][0]), _seconds(begin + runs[-1][1])


def _pause(stretch: tuple[int, int], sounds: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the whole pause in which a stretch lies."""
    begin, end = stretch
    while begin > 0 and not sounds[begin - 1]:
        begin -= 1
    while end < len(sounds) and not sounds[end]:
        end += 1
    return _seconds(begin), _seconds(end)


def _seconds(frame: int) -> float:
    """Return where the middle of a frame's window lies in its recording."""
    return max(0.0, ((frame - _PAD) * HOP + WINDOW // 2) / SAMPLE_RATE)


# -------------------------------------------------------------------- levels


def _padded_levels(samples: Samples) -> Levels:
    silence = np.zeros(_PAD * HOP, np.int16)
    return log_mel(np.concatenate([silence, samples, silence]))


def _sounds(levels: Levels) -> NDArray[np.bool_]:
    level = total_level(levels)
    sounds: NDArray[np.bool_] = level > level.max(initial=-90.0) - RANGE_DB
    return sounds


def _patches(levels: Levels) -> NDArray[np.float32]:
    """Return patches of `_PATCH` frames from each frame on, without their bands' means, of length one: shape (patches, _PATCH * BANDS)."""
    shape = np.maximum(levels, levels.max(initial=-90.0) - 25)
    if len(shape) < _PATCH:
        return np.zeros((0, _PATCH * BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(shape, _PATCH, axis=0)
    flat = (windows - windows.mean(axis=2, keepdims=True)).reshape(len(windows), -1).astype(np.float32)
    length = np.sqrt(np.einsum("ij,ij->i", flat, flat))
    patches: NDArray[np.float32] = flat / np.maximum(length, 1e-3)[:, None]
    return patches


def _speech_level(samples: Samples) -> float:
    """Return the level where it sounds, dB."""
    level = total_level(_padded_levels(samples))
    sounding = level[level > level.max() - 25]
    return float(10 * np.log10(np.mean(10 ** (sounding / 10))))
