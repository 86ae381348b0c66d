"""Tones of the telephone: keys, the voicemail beep, and what the North American network says (ITU-T Q.23, E.180)."""

from __future__ import annotations

import numpy as np

from ivrtest.audio.pcm import SAMPLE_RATE, Floats, Samples, from_float

DTMF_FREQUENCIES = {
    key: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, key in zip((1209, 1336, 1477, 1633), row, strict=True)
}
"""The two frequencies of each key, in Hz (ITU-T Q.23)."""
_RAMP_S = 0.005
"""Tones rise and fall this slowly, so that they do not click."""


def tone(frequencies: tuple[float, ...], seconds: float, *, level_db: float = -10.0) -> Samples:
    """Return sines together. `level_db` is the peak of each, in dB below full scale."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave: Floats = 10 ** (level_db / 20) * np.sum([np.sin(2 * np.pi * frequency * time) for frequency in frequencies], axis=0)
    ramp = min(round(_RAMP_S * SAMPLE_RATE), len(wave) // 2)
    if ramp:
        slope = np.sin(np.linspace(0, np.pi / 2, ramp, endpoint=False)) ** 2
        wave[:ramp] *= slope
        wave[-ramp:] *= slope[::-1]
    return from_float(wave)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def dtmf(keys: str, *, key_s: float = 0.1, gap_s: float = 0.1) -> Samples:
    """Return the keys as tones, each followed by its gap. Raises ValueError for what is no key."""
    parts = [np.zeros(0, np.int16)]
    for place, key in enumerate(keys.upper(), 1):
        if key not in DTMF_FREQUENCIES:
            raise ValueError(f'key "{keys[place - 1]}" at place {place} of {len(keys)} is no key. keys are 0 to 9, *, # and A to D')
        parts += [tone(DTMF_FREQUENCIES[key], key_s), silence(gap_s)]
    return np.concatenate(parts)


def beep() -> Samples:
    """The voicemail beep: 1000 Hz for 0.4 s."""
    return tone((1000,), 0.4)


def ringback() -> Samples:
    """One cycle of the ringing tone: 440 and 480 Hz, 2 s on, 4 s off."""
    return _cadence((440, 480), 2.0, 4.0)


def busy() -> Samples:
    """One cycle of the busy tone: 480 and 620 Hz, half a second on and off."""
    return _cadence((480, 620), 0.5, 0.5)


def reorder() -> Samples:
    """One cycle of the congestion tone (fast busy): 480 and 620 Hz, a quarter of a second on and off."""
    return _cadence((480, 620), 0.25, 0.25)


def _cadence(frequencies: tuple[float, ...], on_s: float, off_s: float) -> Samples:
    return np.concatenate([tone(frequencies, on_s, level_db=-19.0), silence(off_s)])
