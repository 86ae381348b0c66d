"""What a telephone line does to speech: level, noise, codec, loss, clock. Every function takes its own random generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from tests.bench.hearing.interference import white

Samples = NDArray[np.int16]
Mask = NDArray[np.bool_]
RATE = 8000
PACKET = 160


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind of line."""

    name: str
    gain_db: float = 0.0
    noise_db: float | None = None
    """Signal to noise ratio, relative to the mean power of the speech."""
    noise: Callable[[int, np.random.Generator], NDArray[np.float64]] = white
    when: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
    """Which of the noise there is, 0 to 1 for each sample of the speech; None: all of it."""
    box: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
    """What is done to speech and noise together before they are coded."""
    loss: float = 0.0
    """Share of packets lost."""
    burst: float = 1.0
    """Mean number of packets lost in a row."""
    clock_ppm: float = 0.0
    band: tuple[float, float] | None = None
    """Pass band in Hz with a gentle slope, such as a small loudspeaker's."""
    codec: Callable[[Samples], Samples] | None = None
    """Encodes and decodes; None for G.711 mu-law."""


def through(speech: Samples, condition: Condition, random: np.random.Generator) -> tuple[Samples, Mask]:
    """Send `speech` over the line; return the samples that arrive and which of them were lost."""
    sound = speech.astype(np.float64)
    power = np.mean(sound[np.abs(sound) > 30] ** 2) if np.any(np.abs(sound) > 30) else 1.0
    if condition.clock_ppm:
        sound = _stretched(sound, 1 + condition.clock_ppm * 1e-6)
    if condition.band:
        sound = _filtered(sound, *condition.band)
    if condition.noise_db is not None:
        noise = condition.noise(len(sound), random) * np.sqrt(power) * 10 ** (-condition.noise_db / 20)
        sound = sound + (noise if condition.when is None else noise * condition.when(sound))
    if condition.box is not None:
        sound = condition.box(sound)
    sound = sound * 10 ** (condition.gain_db / 20)
    sent = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    heard = ulaw_decode(ulaw_encode(sent)) if condition.codec is None else condition.codec(sent)[: len(sent)]
    lost = np.repeat(_packets_lost(-(-len(heard) // PACKET), condition, random), PACKET)[: len(heard)]
    heard = heard.copy()
    heard[lost] = 0
    return heard, lost


def _packets_lost(count: int, condition: Condition, random: np.random.Generator) -> Mask:
    """Return a two-state (Gilbert) loss pattern with the condition's share and mean burst."""
    if not condition.loss:
        return np.zeros(count, np.bool_)
    leave = 1 / condition.burst
    enter = condition.loss * leave / (1 - condition.loss)
    lost, pattern = False, []
    for draw in random.random(count):
        lost = draw >= leave if lost else draw < enter
        pattern.append(lost)
    return np.array(pattern)


def _stretched(sound: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Play at another clock. Cubic interpolation is exact enough at 8 kHz for the matcher's 32 ms windows."""
    at = np.arange(int(len(sound) / factor) - 3) * factor + 1
    whole = at.astype(int)
    part = at - whole
    a, b, c, d = (sound[np.clip(whole + step, 0, len(sound) - 1)] for step in (-1, 0, 1, 2))
    stretched: NDArray[np.float64] = b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))
    return stretched


def _filtered(sound: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(sound)
    frequency = np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), 1)
    gain = 1 / np.sqrt(1 + (low / frequency) ** 4) / np.sqrt(1 + (frequency / high) ** 6)
    return np.fft.irfft(spectrum * gain, len(sound))


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.int16)


def joined(*parts: Samples) -> Samples:
    return np.concatenate(parts)
