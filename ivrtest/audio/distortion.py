"""What a line did to speech so that no recording can be known in it: it was clipped, or decoded by the other law.

Asked only where speech would be called none of the recordings, or one gone wrong.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ivrtest.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import Doubt
from ivrtest.audio.level import clipped_share
from ivrtest.audio.spectrum import Samples

CLIPPED_SHARE: Final = 0.06
"""Speech of which more samples are clipped may be a recording: of what is 12 dB too loud, single moments; of what is 26 dB too loud, at
least 0.14 of all. Where another word was said in speech 12 dB too loud, it was more than this in 2 of 14."""
OTHER_LAW: Final = 0.05
"""Speech decoded by the wrong law of G.711 is like itself a sample later, by this much less of its power than decoded by the right one: of
people's prompts 99 in 100 by 0.07 and more. Rightly decoded it is so by more, on all lines and in all noise, if it is not `SOFT_DB`."""
SOFT_DB: Final = -45.0
"""Softer speech may be so near to the smallest step of G.711 that its sounds are lost. Nothing decoded by the wrong law is so soft: its
silence is louder."""


def distortion(samples: Samples, voice_db: float) -> Doubt | None:
    """Return what spoils speech so that it may be a recording all the same; None if nothing does. `voice_db`: how loud it is."""
    if clipped_share(samples) > CLIPPED_SHARE:
        return Doubt.clipping
    return Doubt.codec if voice_db > SOFT_DB and is_of_other_law(samples) else None


def is_of_other_law(samples: Samples) -> bool:
    """Return whether speech seems to be A-law decoded as mu-law, or mu-law decoded as A-law."""
    likeness = _likeness(samples)
    others = alaw_decode(ulaw_encode(samples)), ulaw_decode(alaw_encode(samples))
    return max(_likeness(other) for other in others) > likeness + OTHER_LAW


def _likeness(samples: Samples) -> float:
    """Return how like sound is to itself a sample later, -1 to 1."""
    sound = samples.astype(np.float32)
    return float(sound[1:] @ sound[:-1]) / max(float(sound @ sound), 1.0)
