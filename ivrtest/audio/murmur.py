"""A sound like speech that says nothing: what a caller says where only that she speaks matters, as on a voicemail."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import SAMPLE_RATE

PITCH_HZ: Final = 120.0
SYLLABLES_PER_S: Final = 4.0
FORMANTS_HZ: Final = (500.0, 1500.0, 2500.0)
FORMANT_WIDTH_HZ: Final = 150.0
PEAK: Final = 8000


def murmur(seconds: float) -> NDArray[np.int16]:
    """Return so many seconds of it: harmonics of a voice under three formants, in syllables. Shape (n,), 8000 samples a second."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wander = 1 + 0.06 * np.sin(2 * np.pi * 0.7 * t)
    phase = 2 * np.pi * np.cumsum(PITCH_HZ * wander) / SAMPLE_RATE
    voice = np.zeros(len(t))
    for harmonic in range(1, int(3400 / PITCH_HZ)):
        frequency = harmonic * PITCH_HZ
        weight = sum(1 / (1 + ((frequency - formant) / FORMANT_WIDTH_HZ) ** 2) for formant in FORMANTS_HZ) + 0.05
        voice += weight * np.sin(harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * SYLLABLES_PER_S * t - np.pi / 2) * 0.6 + 0.5, 0.05, 1)
    shaped = voice * syllables
    return np.asarray(np.rint(shaped * (PEAK / max(1e-9, float(np.max(np.abs(shaped), initial=0.0))))), np.int16)
