"""Talk and noise behind a prompt: sound that was added, and is too soft to be a word of the prompt's."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.judge import moving_sum
from ivrtest.audio.spectrum import Mask, percentile

BEHIND_DB: Final = 8.0
"""What should not be there and is softer by this much than the recording is talk or noise in the background, no word of the prompt's."""
_SYLLABLE: Final = 3.5
"""Frames that are not enough for a sound of speech."""


def in_background(total: NDArray[np.float32], voice: NDArray[np.float32], added: Mask, block: int) -> Mask:
    """Return in which blocks, `block` frames each and one from each frame on, all that was added is in the background.

    `total` is the level of each frame in dB, `voice` that of the frames in which the recording sounds, and `added` says of each frame
    whether it holds what should not be there. Where nothing of the recording sounds, nothing is behind it.
    """
    if not len(voice):
        return np.zeros(len(added) + 1 - block, np.bool_)
    loud = added & (total > percentile(voice, 75) - BEHIND_DB)
    behind: Mask = moving_sum(loud.astype(np.float32), block) < _SYLLABLE
    return behind
