"""A short tune for callers who wait: what stands for hold music where nobody has recorded any."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import SAMPLE_RATE

NOTE_SIGN: Final = "♪"
"""The words of a prompt that is a tune."""
BEAT_S: Final = 0.3
CHORDS: Final = ((60, 64, 67, 72), (57, 60, 64, 69), (65, 69, 72, 77), (67, 71, 74, 79))
"""C, A minor, F, G, as MIDI note numbers; each is played for four beats."""
PATTERN: Final = (0, 2, 1, 3)
"""Which note of a chord is plucked at each beat."""
PARTIALS: Final = (1.0, 0.6, 0.4, 0.25, 0.15)
FADE_S: Final = 0.7
LEVEL_DBOV: Final = -20.0
SECONDS: Final = BEAT_S * len(PATTERN) * len(CHORDS)


def is_tune(words: str) -> bool:
    return words.strip() == NOTE_SIGN


def tune() -> NDArray[np.int16]:
    """Return 4.8 s of music, always the same, at 8000 samples a second. It goes on without a seam when it is played again."""
    sound = np.zeros(round(SECONDS * SAMPLE_RATE))
    for number, chord in enumerate(CHORDS):
        begin = number * len(PATTERN) * BEAT_S
        for note in chord[:3]:
            _add(sound, note - 12, begin, 2 * FADE_S, 0.5)
        for beat, place in enumerate(PATTERN):
            _add(sound, chord[place], begin + beat * BEAT_S, FADE_S, 1.0)
    sound *= 32768.0 * 10 ** (LEVEL_DBOV / 20) / np.sqrt(np.mean(sound**2))
    return np.asarray(np.clip(np.rint(sound), -32768, 32767), np.int16)


def _add(sound: NDArray[np.float64], note: int, begin_s: float, fade_s: float, weight: float) -> None:
    """Add a plucked note. What goes on after the end is heard at the beginning: so it is when the tune is played again."""
    time = np.arange(round(4 * fade_s * SAMPLE_RATE)) / SAMPLE_RATE
    hz = 440.0 * 2 ** ((note - 69) / 12)
    wave = sum((share * np.sin(2 * np.pi * hz * (number + 1) * time) for number, share in enumerate(PARTIALS)), np.zeros(len(time)))
    wave *= weight * np.minimum(time / 0.008, 1) * np.exp(-time / fade_s)
    np.add.at(sound, (round(begin_s * SAMPLE_RATE) + np.arange(len(wave))) % len(sound), wave)
