"""What lies over the speech on a line, and what boxes on the way do to it. Sounds are float arrays at 8000 samples a second."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.synthesis import synthesise

Sound = NDArray[np.float64]
RATE: Final = 8000

_TALK: Final = (
    ("en-gb-scotland+m2", "So I told him that we would never get there before noon, and of course he would not listen to any of it."),
    ("de+f4", "Gestern haben wir lange auf den Bus gewartet, und dann ist er einfach an uns vorbeigefahren, ohne zu halten."),
    ("fr+m4", "Il faudrait quand même lui dire que la réunion commence plus tôt, sinon il va encore arriver en retard demain."),
    ("en-us+f5", "Did you see the new place around the corner, they sell coffee and bread and it is always full in the morning."),
    ("it+m6", "Domani mattina andiamo al mercato a comprare le verdure, poi passiamo da mia sorella che abita vicino al parco."),
    ("nl+f1", "Volgende week gaan we met de trein naar zee, als het weer een beetje meewerkt en de kinderen vrij hebben."),
)


@lru_cache(maxsize=1)
def _talkers() -> tuple[Sound, ...]:
    return tuple(synthesise(words, voice).astype(np.float64) for voice, words in _TALK)


def babble(count: int, random: np.random.Generator) -> Sound:
    """Return four people talking at once, power 1."""
    chosen = random.permutation(len(_TALK))[:4]
    mix = np.zeros(count)
    for talker in chosen:
        talk = np.tile(_talkers()[talker], count // len(_talkers()[talker]) + 2)
        first = int(random.integers(len(_talkers()[talker])))
        mix += talk[first : first + count]
    return _unit(mix)


def white(count: int, random: np.random.Generator) -> Sound:
    return random.normal(0, 1, count)


def car(count: int, random: np.random.Generator) -> Sound:
    """Return noise that falls by 12 dB an octave from 150 Hz on, as in a car, power 1, of which a telephone passes a part."""
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    shape = 1 / (1 + (frequency / 150) ** 2) * (1 - np.exp(-((frequency / 100) ** 2)))
    return _unit(np.fft.irfft(np.fft.rfft(random.normal(0, 1, count)) * shape, count))


def hum(count: int, random: np.random.Generator) -> Sound:
    """Return mains hum of 50 or 60 Hz with its harmonics, power 1."""
    at, mains = np.arange(count) / RATE, float(random.choice([50, 60]))
    return _unit(sum((np.sin(2 * np.pi * at * mains * n + random.uniform(0, 6)) / n for n in range(1, 20)), np.zeros(count)))


def while_said(sound: Sound) -> Sound:
    """Return 1 where something is said, pauses of a second and less and 0.2 s around it included, else 0: what a mixer adds to a prompt."""
    said = np.flatnonzero(np.abs(sound) > 100)
    gate = np.zeros(len(sound))
    if len(said):
        for part in np.split(said, np.flatnonzero(np.diff(said) > RATE) + 1):
            gate[max(0, part[0] - RATE // 5) : part[-1] + RATE // 5] = 1
    return gate


def from_the_middle(sound: Sound) -> Sound:
    """Return 0 up to the middle of what is said, then 1."""
    said = np.flatnonzero(np.abs(sound) > 100)
    return (np.arange(len(sound)) > (said[0] + said[-1]) // 2 if len(said) else np.zeros(len(sound))).astype(float)


def at_last(sound: Sound) -> Sound:
    """Return 1 from 0.7 s before the end of what is said, before that 0."""
    said = np.flatnonzero(np.abs(sound) > 100)
    return (np.arange(len(sound)) > said[-1] - 7 * RATE // 10 if len(said) else np.zeros(len(sound))).astype(float)


def gain_control(sound: Sound) -> Sound:
    """Return speech through an automatic gain control that pumps: 20 ms to turn down, 0.4 s to turn up, 4 : 1, 15 dB at most."""
    block = 40
    power = np.add.reduceat(sound**2, np.arange(0, len(sound), block)) / block
    level, gains, previous = 0.0, [], 0.0
    for loud in power:
        fast = loud > level
        level += (loud - level) * (1 - np.exp(-5 / (20 if fast else 400)))
        over = 10 * np.log10(max(level, 1e3) / 3e6)
        wanted = float(np.clip(-0.75 * over, -15, 15))
        gains.append((previous, wanted))
        previous = wanted
    curve = np.concatenate([np.linspace(before, after, block, endpoint=False) for before, after in gains])[: len(sound)]
    return sound * 10 ** (curve / 20)


def silence_suppressed(sound: Sound, *, hangover: int = 4) -> Sound:
    """Return speech from a sender that sends nothing in pauses: packets of 20 ms at 32 dB or more below the loudest become silence."""
    packet = 160
    starts = np.arange(0, len(sound), packet)
    power = np.add.reduceat(sound**2, starts) / packet
    active = power > power.max() * 10**-3.2
    for step in range(1, hangover + 1):
        active[step:] |= (power > power.max() * 10**-3.2)[:-step]
    kept: Sound = sound * np.repeat(active, packet)[: len(sound)]
    return kept


def clipped(sound: Sound) -> Sound:
    """Return speech with all that exceeds 8 dB below its peak cut flat."""
    top = np.max(np.abs(sound)) * 10 ** (-8 / 20)
    return np.clip(sound, -top, top)


def _unit(sound: Sound) -> Sound:
    unit: Sound = sound / np.sqrt(np.mean(sound**2))
    return unit
