"""How well what was laid along a call has fitted so far, judged block by block: as it is, with other sound over it, or not at all."""

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
    moving_sum,
)
from ivrtest.audio.spectrum import Levels, Mask, greatest, scalar

GAIN_FRAMES: Final = 250
"""The last frames of a call that say how loud it is."""
_WORD: Final = 40
"""Frames that may hold a word of their own: if next to nothing of them arrived, another word could have been said."""
_SOME: Final = 40
"""Frames after which it is seen whether there is anything of the recording in what is heard."""
_HARDLY: Final = 6.5
"""A block with less evidence than this many frames' worth is judged as if it had that much: codecs drop soft sounds before pauses."""
_CERTAIN: Final = 8.0
"""The same for saying that a recording went wrong."""
_PRESENT: Final = 12.0
"""Frames' worth of a recording that show that it plays on beneath other sound."""
_SOUNDING: Final = scalar(0.3)
"""Frames of a recording in which it sounds have at least so much to compare."""
_LOST_SHARE: Final = 0.05
"""A block of which less is lost has to fit as if it were whole."""
_UNHEARD_SHARE: Final = 0.2
"""If less arrived of what may be a word, nobody can say that it was that word."""
_QUARTER, _A_LITTLE, _HALF_ENOUGH = scalar(0.25), scalar(0.3), scalar(ENOUGH / 2)


class Call(Protocol):
    """What a track needs to know of the call."""

    def levels(self, first: int, end: int) -> Levels: ...
    def total(self, first: int, end: int) -> Levels: ...
    def valid(self, first: int, end: int) -> Mask: ...
    def noise_in(self, first: int, end: int) -> Levels: ...
    @property
    def coarse(self) -> bool: ...
    @property
    def noise(self) -> Levels: ...
    @property
    def quiet(self) -> bool: ...


class Standing:
    """The evidence for and against one recording at one place."""

    def __init__(self, first: int, count: int, limit_db: float) -> None:
        """`first`: the frame of the call with which its `count` frames begin. `limit_db`: how far a block may deviate."""
        self._limit_db = limit_db
        self.first = first
        self._evidence = np.zeros((4, count), np.float32)
        """Rows: the fields of `Evidence`."""
        self._deviation, self._missing, self._weight, self._wanted = self._evidence
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
        self.overlaid = False
        """Something else sounded over a part of it, so that nobody can tell whether that part was as recorded."""
        self.overlaid_from: int | None = None
        """The frame at which the first such block begins."""
        self.backed = False
        """Something softer sounded behind it."""
        self.doubtful = False
        """Of a block that does not fit too much was lost to say that it is wrong."""

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
    def wanted(self) -> NDArray[np.float32]:
        """See `Evidence.wanted`. Shape (judged,)."""
        return self._wanted[: self.judged]

    @property
    def doubtful_db(self) -> float:
        """What a block of which a part is not heard may deviate by. Until most blocks are known, they are taken to be as on a good line."""
        return min(max(DOUBTFUL_DB, 2 * (self._usual_db if self._usual_db < np.inf else 0)), self._limit_db)

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

    @property
    def lacking(self) -> float:
        """What of the mean deviation so far is lacking, dB."""
        return float(self._missing[: self.judged].sum()) / (float(self._weight[: self.judged].sum()) + 0.3)

    def is_beneath(self, frame: int) -> bool:
        """Return whether next to nothing of it is lacking from a frame on, and enough of it was due: only other sound is over it. Another
        word has none of its sound."""
        first = max(0, frame - self.first)
        due = np.minimum(self._weight[first : self.judged], self._wanted[first : self.judged])
        if due.sum() < _PRESENT:
            return False
        _, missing, _, judged = self.blocks(first, self.judged)
        return bool((missing[judged] <= PRESENT_DB).all())

    def left_at(self, frame: int) -> int:
        """Return the first frame from `frame` on, where it was last as recorded, in which something else is heard for certain: in a pause
        of it, and where frames were lost, nothing shows that it is over. `frame` if there is none."""
        first = max(0, frame - self.first)
        excess = self._deviation[first : self.judged] > GOOD_DB * self._weight[first : self.judged]
        return frame + int(excess.argmax()) if excess.any() else frame

    def unheard(self) -> bool:
        """Return whether some block of the recording was never heard well enough to be judged."""
        block = min(_WORD, self.judged)
        weight = moving_sum(self._weight[: self.judged], block)
        wanted = moving_sum(self._wanted[: self.judged], block)
        return bool(np.any((wanted > ENOUGH) & (weight < _UNHEARD_SHARE * wanted)))

    @property
    def fitted_db(self) -> float:
        """The worst block's deviation up to where it went wrong, dB; infinite where too little of it was heard to be judged."""
        until = self.judged if self.fell_at is None else min(max(0, self.fell_at - self.first), self.judged)
        if not until:
            return np.inf
        scores, _, _, judged = self.blocks(0, until)
        return greatest(scores[judged]) if judged.any() else np.inf

    def lacks(self) -> bool:
        """Return whether what went wrong is that the call fell silent: it has less than the recording, and nothing else."""
        first = 0 if self.fell_at is None else max(0, self.fell_at - self.first)
        missing, deviation = float(self._missing[first : self.judged].sum()), float(self._deviation[first : self.judged].sum())
        return missing > 0.85 * deviation

    def blocks(self, begin: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], Mask]:
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
        scores, missing, weight, judged = self.blocks(begin, end)
        count = int(np.count_nonzero(judged))
        if not count:
            return
        worst = greatest(scores if count == len(scores) else scores[judged])
        if begin == 0:
            self.worst, self.overlaid, self.overlaid_from, self.backed, self.doubtful = worst, False, None, False, False
        else:
            self.worst = max(worst, self.worst)
        if worst > DOUBTFUL_DB and not self.doubtful:
            doubtful = judged & (scores > self.doubtful_db)
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
        if not np.count_nonzero(odd):
            if count >= BLOCK:
                self._usual_db = float(np.sort(scores[judged])[count // 2])
            return
        extra = scores - missing
        # A soft sound that a codec leaves out is no matter, in what has been good so far.
        left_out = (extra < ADDED_DB * benefit) & (self._usual_db < GOOD_DB)
        overlaid = odd & ~left_out & ((scores > OVERLAID_DB * benefit) | (missing > PRESENT_DB * benefit))
        alone = odd & (scores > ALONE_DB * benefit)
        behind = self._behind(call, begin, end) & (missing <= PRESENT_DB) if np.count_nonzero(overlaid | alone) else np.zeros_like(odd)
        self.backed |= bool(np.count_nonzero((overlaid | alone) & behind))
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
        late = max(0, end - GAIN_FRAMES)
        first = min(late, begin)
        total = call.total(self.first + first, self.first + end)
        voice = total[late - first :][self._wanted[late:end] > _SOUNDING]
        added = self._deviation[begin:end] - self._missing[begin:end] > GOOD_DB * self._weight[begin:end]
        return in_background(self.added_db(call, begin, end), voice, added, min(BLOCK, end - begin))

    def added_db(self, call: Call, begin: int, end: int) -> Levels:
        """Return how loud what should not be there is in each of these frames of it, dB."""
        raise NotImplementedError

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
