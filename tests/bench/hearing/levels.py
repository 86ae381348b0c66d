"""Lines that deliver speech too loud, too soft, uneven, off the middle, hummed over, reversed, wrongly decoded, at a wrong clock or twice.

Each is one fault by itself on a G.711 line: the trials of `tests.bench.hearing.human` tell what is said of a right prompt and of a changed
one on it (`--only "D "`).
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from ivrtest.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from tests.bench.hearing.interference import Sound
from tests.bench.hearing.line import RATE, Condition, Samples

_FULL: Final = 32768.0
_SPEECH: Final = 30
"""Samples below this are a pause."""


def at_level(sound: Sound, *, dbov: float) -> Sound:
    """Return speech that is so loud while it is spoken."""
    spoken = sound[np.abs(sound) > _SPEECH]
    power = float(np.mean(spoken**2)) if len(spoken) else 1.0
    levelled: Sound = sound * _FULL * 10 ** (dbov / 20) / np.sqrt(power)
    return levelled


def stepping(sound: Sound) -> Sound:
    """Return speech whose level falls by 12 dB within 0.3 s every 2 s, and rises again, as an automatic gain control does that hunts."""
    at = np.arange(len(sound)) / RATE
    down = np.clip((at % 2.0) / 0.3, 0, 1)
    up = np.clip((at % 2.0 - 1.0) / 0.3, 0, 1)
    stepped: Sound = sound * 10 ** (-12 * (down - up) / 20)
    return stepped


def off_middle(sound: Sound) -> Sound:
    """Return speech on a direct current of 3 % of full scale."""
    return sound + 0.03 * _FULL


def hummed(sound: Sound) -> Sound:
    """Return speech over 50 Hz and its first harmonics at -30 dBov."""
    at = np.arange(len(sound)) / RATE
    hum = sum((np.sin(2 * np.pi * 50 * n * at) / n for n in range(1, 6)), np.zeros(len(sound)))
    over: Sound = sound + hum * _FULL * 10 ** (-30 / 20) / np.sqrt(np.mean(hum**2) + 1e-12)
    return over


def reversed_sign(sound: Sound) -> Sound:
    return -sound


def echoed(sound: Sound) -> Sound:
    """Return speech with itself 200 ms later and 10 dB softer."""
    echo = np.zeros_like(sound)
    echo[RATE // 5 :] = sound[: -(RATE // 5)]
    return sound + echo * 10 ** (-10 / 20)


def alaw_as_ulaw(samples: Samples) -> Samples:
    """The far side sends A-law, and it is decoded as mu-law."""
    return ulaw_decode(alaw_encode(samples))


def ulaw_as_alaw(samples: Samples) -> Samples:
    """The far side sends mu-law, and it is decoded as A-law."""
    return alaw_decode(ulaw_encode(samples))


LEVELS: Final = (
    Condition("D 12 dB too loud", gain_db=12),
    Condition("D 26 dB too loud", gain_db=26),
    Condition("D -45 dBov", box=partial(at_level, dbov=-45)),
    Condition("D -55 dBov", box=partial(at_level, dbov=-55)),
    Condition("D -60 dBov", box=partial(at_level, dbov=-60)),
    Condition("D 12 dB steps", box=stepping),
    Condition("D off the middle", box=off_middle),
    Condition("D hum -30 dBov", box=hummed),
    Condition("D sign reversed", box=reversed_sign),
    Condition("D A-law as mu-law", codec=alaw_as_ulaw),
    Condition("D mu-law as A-law", codec=ulaw_as_alaw),
    Condition("D 0.5 % fast", clock_ppm=5000),
    Condition("D 1 % fast", clock_ppm=10_000),
    Condition("D 1 % slow", clock_ppm=-10_000),
    Condition("D echo 200 ms", box=echoed),
)
