"""Talk and noise behind a prompt: sound that was added, and is too soft to be a word of the prompt's."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.judge import moving_sum
from ivrtest.audio.spectrum import Levels, Mask, percentile, to_db

BEHIND_DB: Final = 8.0
"""What should not be there and is softer by this much than the recording is talk or noise in the background, no word of the prompt's."""
_SYLLABLE: Final = 3.5
"""Frames that are not enough for a sound of speech."""
_STANDS_OUT_DB: Final = 3.0
"""A cell that is no louder than it should be by so much holds nothing else that is as loud as what it should hold."""


def level_added(heard: Levels, due: Levels) -> NDArray[np.float32]:
    """Return the level of what is heard beyond what is due, both in dB of shape (frames, bands), over all bands: shape (frames,)."""
    beyond = np.where(heard > due + _STANDS_OUT_DB, np.power(10, heard / 10) - np.power(10, due / 10), np.float32(0))
    return to_db(beyond.sum(axis=1))


def in_background(level: NDArray[np.float32], voice: NDArray[np.float32], added: Mask, block: int) -> Mask:
    """Return in which blocks, `block` frames each and one from each frame on, all that was added is in the background.

    `level` is that of what was added in each frame, in dB, `voice` that of the frames in which the recording sounds, and `added` says of
    each frame whether it holds what should not be there. Where nothing of the recording sounds, nothing is behind it.
    """
    if not len(voice):
        return np.zeros(len(added) + 1 - block, np.bool_)
    loud = added & (level > percentile(voice, 75) - BEHIND_DB)
    behind: Mask = moving_sum(loud.astype(np.float32), block) < _SYLLABLE
    return behind
