"""A recording that fits but for a moment: may another word have been said there?

Where the rest fits as on a good line, a block that deviates by a multiple of that is hardly the line's doing. It is no proof of another
word either: what makes speech louder or softer for a while, clips it or leaves out a soft sound does so, too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ivrtest.audio.alignment import Track
from ivrtest.audio.history import History
from ivrtest.audio.judge import BLOCK, DOUBTFUL_DB

_TIMES_USUAL: Final = 2.5
"""A block may deviate by so many times what most do. Of people's right recordings 1 in 300 has one that deviates by more, nearly all of
them over GSM, Opus at 8 kbit/s and small speakers; a word exchanged that passed for the right one deviated by four times as much."""
_LACKS_DB: Final = 1.0
"""What talk behind a prompt and gain control do adds; another word also lacks so much ..."""
_LACKS_LEVELLED_DB: Final = 1.4
"""... and so much where all is forgiven that only changes levels, as clipping does."""
_FIRM: Final = 3.0
"""A block with less evidence than so many frames' worth is taken to have so much."""
_EVERY: Final = 5
"""Frames from one block that is looked at closely to the next."""


def misfits(track: Track, history: History) -> bool:
    """Return whether a moment of a recording that was heard to its end deviates by so much that another word may have been said there."""
    scores, missing, weight, judged = track.blocks(0, track.judged)
    if not judged.any():
        return False
    most = max(DOUBTFUL_DB, _TIMES_USUAL * float(np.median(scores[judged])))
    firm = np.minimum((weight + 0.3) / _FIRM, 1)
    odd = np.flatnonzero((scores * firm > most) & (missing * firm > _LACKS_DB))
    return any(_deviates_at_any_level(track, history, int(at), most) for at in odd[::_EVERY])


def _deviates_at_any_level(track: Track, history: History, at: int, most: float) -> bool:
    """Return whether the block at a frame of the recording deviates even where all is forgiven that a change of level explains. True where
    that cannot be seen any more."""
    if track.first + at < history.oldest:
        return True
    deviation, missing, weight, _ = track.levelled(history, at, min(at + BLOCK, track.judged)).sum(axis=1).tolist()
    evidence = max(weight + 0.3, _FIRM)
    return bool(deviation > most * evidence and missing > _LACKS_LEVELLED_DB * evidence)
