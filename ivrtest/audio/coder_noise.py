"""The noise of a coarse coder: it follows the speech, where a line's own noise stays as it is.

A coder of few bits, such as G.726 at 16 kbit/s, quantises in steps that grow and shrink with the sound. What that adds is white, and lies
under each moment of speech about as far as under any other (ITU-T G.726: the step follows the signal): 8 to 18 dB below it with two bits,
over 35 dB with the eight bits of G.711. It fills the gaps between the harmonics and formants of a loud vowel, and is gone in the pauses.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ivrtest.audio.spectrum import Levels, percentile, white

COARSE_DB: Final = 25.5
"""In speech over the best lines, some band is further below the whole in one frame of ten: by 30 dB and more over G.711, GSM and Opus, by
15 to 23 dB over G.726 at 16 kbit/s."""
HARDLY_DB: Final = 27.5
"""A recording that has no deeper gaps than this of its own, such as an "s" or a chord, does not show what a coder fills."""
_SOUNDING_DB: Final = 20.0
"""What is softer than the loudest by more says little: the line's own noise is near."""
ENOUGH_SPEECH: Final = 50
"""Frames of it that show how coarse a coder is."""
_SHARE: Final = 90
_BAND: Final = 2
"""Of the bands in their order from the softest above white noise, the one that tells how loud that is: chance makes one softer."""
_ABOVE: Final = 3.0
"""By how much noise exceeds that, dB: a band of few bins is louder and softer by chance."""
_MOST_DB: Final = 8.0
"""It is no louder than this below the whole: where all bands are alike, as in an "s", they are speech."""


def is_coarse(bands: Levels, total: Levels, most_db: float = COARSE_DB) -> bool:
    """Return whether the gaps between the harmonics and formants of speech, some frames of it, are filled as by a coarse coder."""
    loud = total > percentile(total, 95) - _SOUNDING_DB
    return percentile(total[loud] - _lowest(bands[loud]), _SHARE) < most_db


def coder_noise(bands: Levels, total: Levels) -> Levels:
    """Return the noise of a coarse coder in frames of a call, per band, dB: what their softest bands show, and no more than can be."""
    level: Levels = np.minimum(_lowest(bands) + np.float32(_ABOVE), total - np.float32(_MOST_DB))[:, None] + white()
    return level


def _lowest(bands: Levels) -> Levels:
    """Return of each frame how loud white noise is at most that all its bands, but for a few, exceed."""
    above = bands - white()
    above.partition(_BAND, axis=1)
    lowest: Levels = above[:, _BAND]
    return lowest
