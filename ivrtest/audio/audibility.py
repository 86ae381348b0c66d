"""How much of a recording stands out of the line's noise: in what does not, another word may be said and nobody would know."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.alignment import Track
from ivrtest.audio.judge import moving_sum
from ivrtest.audio.reference import FINE_PER_FRAME, PAD

AUDIBLE: Final = 0.45
"""A recording of which less than this share stands out of the noise could have another word in it."""
HALF_HIDDEN: Final = 0.55
"""So could a block of which less than this share does, if it deviates by more than most blocks do: at 2 to 8 dB, what passed for a
recording and had another word in it had such a block, and right recordings had none."""


def in_noise(track: Track) -> bool:
    """Return whether a recording as far as it was heard could have another word in it that nobody would hear for noise."""
    return audible_share(track) < AUDIBLE or _has_odd_block(track)


def audible_share(track: Track) -> float:
    """Return how much of a recording so far stands out of the line's noise, lost or not: 0 to 1."""
    return float(track.wanted.sum() / max(float(_full(track).sum()), 1e-6))


def _has_odd_block(track: Track) -> bool:
    scores, _, _, judged = track.blocks(0, track.judged)
    odd = judged & (scores > track.doubtful_db)
    if not np.count_nonzero(odd):
        return False
    block = track.judged + 1 - len(scores)
    hidden = moving_sum(track.wanted, block) < HALF_HIDDEN * moving_sum(_full(track), block)
    return bool((odd & hidden).any())


def _full(track: Track) -> NDArray[np.float32]:
    """Return how much there is of a recording in each frame so far."""
    fullness = track.reference.fullness
    places = FINE_PER_FRAME * np.arange(track.first, track.first + track.judged) - track.lag + PAD
    full: NDArray[np.float32] = fullness[np.clip(places, 0, len(fullness) - 1)]
    return full
