"""Music made of notes, in styles that callers hear while they wait. Nothing of it is recorded anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.bench.hearing.line import Samples

Sound = NDArray[np.float64]
RATE: Final = 8000
LEVEL_DBOV: Final = -20.0
PIANO: Final = (1.0, 0.6, 0.4, 0.25, 0.15, 0.1)
ORGAN: Final = (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)
STRINGS: Final = tuple(1 / number for number in range(1, 12))
FLUTE: Final = (1.0, 0.3, 0.1)
CHORDS: Final = ((60, 64, 67), (57, 60, 64), (65, 69, 72), (67, 71, 74))
SCALE: Final = (0, 2, 4, 5, 7, 9, 11, 12)


def note(midi: float, seconds: float, partials: tuple[float, ...], fade_s: float, *, vibrato: float = 0.0) -> Sound:
    """Return a note. `vibrato`: by which share of its frequency it goes up and down, 5.5 times a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    phase = 2 * np.pi * hz * (time - vibrato * np.cos(2 * np.pi * 5.5 * time) / (2 * np.pi * 5.5))
    wave: Sound = sum((w * np.sin(n * phase) for n, w in enumerate(partials, 1) if n * hz < 3700), np.zeros(len(time)))
    end = min(len(wave), 160)
    wave *= np.minimum(time / 0.01, 1) * np.exp(-time / fade_s)
    wave[len(wave) - end :] *= np.linspace(1, 0, end)
    return wave


def _mix(sound: Sound, wave: Sound, at_s: float) -> None:
    begin = round(at_s * RATE)
    part = wave[: max(0, len(sound) - begin)]
    sound[begin : begin + len(part)] += part


def chords(seconds: float, random: np.random.Generator) -> Sound:
    sound, key, beat_s = np.zeros(round(seconds * RATE)), int(random.integers(-5, 6)), float(random.choice([0.6, 1.2, 2.0]))
    partials = (PIANO, ORGAN, STRINGS)[int(random.integers(3))]
    for number in range(int(seconds / beat_s) + 1):
        for midi in CHORDS[number % 4]:
            _mix(sound, note(midi + key, beat_s, partials, 1.5), number * beat_s)
    return sound


def arpeggio(seconds: float, random: np.random.Generator) -> Sound:
    sound, key, step_s = np.zeros(round(seconds * RATE)), int(random.integers(-5, 6)), float(random.choice([0.12, 0.15, 0.2, 0.25]))
    partials = (PIANO, STRINGS, FLUTE, ORGAN)[int(random.integers(4))]
    for number in range(int(seconds / step_s) + 1):
        midi = CHORDS[number // 16 % 4][(0, 1, 2, 1)[number % 4]] + key + 12 * (number // 4 % 2)
        _mix(sound, note(midi, 2.5 * step_s, partials, 0.3), number * step_s)
    return sound


def drums_and_bass(seconds: float, random: np.random.Generator) -> Sound:
    sound, key, beat_s = np.zeros(round(seconds * RATE)), int(random.integers(-5, 6)), 60 / float(random.integers(90, 140))
    for number in range(int(2 * seconds / beat_s) + 1):
        at_s = number * beat_s / 2
        if number % 4 == 0:
            time = np.arange(round(0.2 * RATE)) / RATE
            _mix(sound, 1.5 * np.sin(2 * np.pi * (60 * time + 2 * (1 - np.exp(-20 * time)))) * np.exp(-18 * time), at_s)
        for every, level, length_s, fade in ((4, 0.8, 0.18, 22), (1, 0.25, 0.05, 70)):
            if number % every == every // 2:
                hit = random.normal(0, level, round(length_s * RATE))
                _mix(sound, hit * np.exp(-np.arange(len(hit)) / RATE * fade), at_s)
        midi = (36, 36, 43, 41)[number // 8 % 4] + key + 12 * (number % 2)
        _mix(sound, 0.9 * note(midi, beat_s / 2, STRINGS, 0.4), at_s)
    return sound


def melody(seconds: float, random: np.random.Generator) -> Sound:
    """One voice with a vibrato of 10 to 20 cents."""
    sound, at_s, place = np.zeros(round(seconds * RATE)), 0.0, 3
    partials, vibrato = (STRINGS, FLUTE, ORGAN)[int(random.integers(3))], float(random.uniform(0.006, 0.012))
    while at_s < seconds:
        length_s = float(random.choice([0.25, 0.5, 0.5, 1.0]))
        place = int(np.clip(place + random.integers(-2, 3), 0, 7))
        _mix(sound, note(67 + SCALE[place], length_s, partials, 3.0, vibrato=vibrato), at_s)
        at_s += length_s
    return sound


def band(seconds: float, random: np.random.Generator) -> Sound:
    return 0.7 * chords(seconds, random) + 0.6 * drums_and_bass(seconds, random) + 0.6 * melody(seconds, random)


STYLES: Final[Mapping[str, Callable[[float, np.random.Generator], Sound]]] = {
    "chords": chords,
    "arpeggio": arpeggio,
    "drums and bass": drums_and_bass,
    "melody with vibrato": melody,
    "band": band,
}


def piece(style: str, seconds: float, seed: int) -> Samples:
    """Return a piece of a style, always the same for a seed."""
    sound = STYLES[style](seconds, np.random.default_rng(seed))
    sound *= 32768 * 10 ** (LEVEL_DBOV / 20) / np.sqrt(np.mean(sound**2))
    return np.asarray(np.clip(np.rint(sound), -32768, 32767), np.int16)
