"""How loud a call is, whether it is clipped, and how much of what one side says comes back to it. Plain functions of samples."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.pcm import SAMPLE_RATE, Floats, Samples, level_db, to_float

CEILING: Final = 32_000
"""What is louder has reached the end of the scale: mu-law's loudest code is 32124, A-law's 32256."""
CLIPPED_RUN: Final = 3
"""So many samples in a row at the end of the scale are clipped; a peak that just touches it is not."""
SILENT_DBOV: Final = -62.0
"""What is quieter nobody hears: comfort noise of a quiet line is louder."""

_FRAME: Final = SAMPLE_RATE // 50
_NOISELESS_DBOV: Final = -80.0

# ITU-T P.56 (12/2011) section 5.1, method B.
_STEP: Final = SAMPLE_RATE // 200
"""The envelope is taken every 5 ms, a sixth of its time constant."""
_TIME_CONSTANT_S: Final = 0.03
_HANGOVER_S: Final = 0.2
_MARGIN_DB: Final = 15.9
_THRESHOLDS: Final = 15

MAX_ECHO_S: Final = 1.0
_ECHO_PARTS: Final = 60 * SAMPLE_RATE
"""Not more of a call is compared than this."""
_NEEDED_S: Final = 0.4
"""We must have said something for so long at least."""
_STANDS_OUT: Final = 8.0
"""An echo stands out of the likeness at other delays by this many of their standard deviations. Noise alone reaches 5 of 8000 delays."""
_STANDS_ALONE: Final = 2.0
"""And it is so many times as high as the likeness at any delay elsewhere. The prompt that answers a voice is by chance as like it as 9
deviations, at one delay of several that are hardly less so: of 400 such dialogues without an echo, none was over 1.4 times."""
_PEAK_WIDTH: Final = SAMPLE_RATE // 200
"""An echo is smeared over so much to both sides."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud one side was."""

    level_dbov: float
    """Over the whole time, in dB below the loudest possible signal (ITU-T G.100.1); -inf for silence."""
    active_dbov: float
    """While it spoke: the active speech level of ITU-T P.56; -inf where it did not."""
    activity: float
    """The share of the time in which it spoke, 0 to 1."""
    clipped: float
    """The share of samples that are clipped, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What comes back of one's own voice."""

    delay_s: float
    loss_db: float
    """How much quieter it comes back: 0 as loud as it was said."""


def loudness(samples: Samples) -> Loudness:
    """Measure one side of a call."""
    active, activity = active_level(samples)
    return Loudness(level_db(samples), active, activity, clipped_share(samples))


def active_level(samples: Samples) -> tuple[float, float]:
    """Return the active speech level in dBov and the activity factor, 0 to 1, after ITU-T P.56 method B.

    The envelope counts as active while it is above a threshold and for 0.2 s after; the threshold is the one that lies 15.9 dB below the
    level of what it makes active.
    """
    squares = np.square(to_float(samples))
    total = float(squares.sum())
    if not total:
        return -inf, 0.0
    envelope = _envelope(np.abs(to_float(samples)))
    whole_s = len(samples) / SAMPLE_RATE
    before: tuple[float, float] | None = None
    """The level and its distance from the threshold, at the threshold below."""
    for power in range(_THRESHOLDS, -1, -1):
        threshold = 2.0**-power
        active_s = _active_s(envelope > threshold)
        if not active_s:
            break
        level = 10 * log10(total / SAMPLE_RATE / active_s)
        distance = level - 20 * log10(threshold)
        if distance <= _MARGIN_DB:
            if before is None:
                return _result(level, total, whole_s)
            # Between the two thresholds the level changes about evenly.
            part = (before[1] - _MARGIN_DB) / (before[1] - distance)
            return _result(before[0] + part * (level - before[0]), total, whole_s)
        before = level, distance
    return _result(before[0], total, whole_s) if before is not None else (-inf, 0.0)


def _result(level: float, total: float, whole_s: float) -> tuple[float, float]:
    return level, min(1.0, total / SAMPLE_RATE / whole_s / 10 ** (level / 10))


def _envelope(rectified: Floats) -> Floats:
    """Smooth it twice (P.56 equations 3 and 4), a value every 5 ms."""
    frames = rectified[: len(rectified) // _STEP * _STEP].reshape(-1, _STEP).mean(axis=1)
    keep = float(np.exp(-_STEP / SAMPLE_RATE / _TIME_CONSTANT_S))
    smooth = twice = 0.0
    envelope = np.empty(len(frames))
    for place, value in enumerate(frames.tolist()):
        smooth = keep * smooth + (1 - keep) * value
        twice = keep * twice + (1 - keep) * smooth
        envelope[place] = twice
    return envelope


def _active_s(above: NDArray[np.bool_]) -> float:
    """Return for how long it was active, the hangover counted."""
    hangover = round(_HANGOVER_S * SAMPLE_RATE / _STEP)
    places = np.flatnonzero(above)
    if not len(places):
        return 0.0
    # Each active frame makes the following ones active too, up to the hangover or the end.
    reach = np.minimum(np.diff(np.append(places, len(above))), hangover + 1)
    return float(reach.sum()) * _STEP / SAMPLE_RATE


def noise_level(samples: Samples, lost: float = 0.0) -> float:
    """Return the level of the noise in the pauses, in dBov: what the quietest tenth of frames of 20 ms stays under. -inf for silence.

    `lost`: the share of the time, 0 to 1, in which nothing arrived, so that silence in its place says nothing.
    """
    sounding = np.flatnonzero(samples)
    if not len(sounding):
        return -inf
    heard = to_float(samples[sounding[0] : sounding[-1] + 1])
    frames = heard[: len(heard) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.sort(np.mean(np.square(frames), axis=1))
    power = power[min(len(power), int(lost * len(power))) :]
    if not len(power):
        return -inf
    level = 10 * log10(max(float(power[len(power) // 10]), 1e-12))
    return level if level > _NOISELESS_DBOV else -inf


def clipped_share(samples: Samples) -> float:
    """Return the share of samples that lie in runs at the end of the scale."""
    if not len(samples):
        return 0.0
    loud = np.abs(samples.astype(np.int32)) >= CEILING
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= CLIPPED_RUN].sum()) / len(samples)


def find_echo(sent: Samples, heard: Samples) -> Echo | None:
    """Look for what we sent in what we heard, by cross-correlation. Both are on one clock. None where there is no echo to be found.

    Echo with a delay of up to `MAX_ECHO_S` is found. The whole of it is given as one: its greatest part says when, and how loud.
    """
    length = min(len(sent), len(heard))
    spoken = np.flatnonzero(np.abs(sent[:length].astype(np.int32)) > 100)
    if len(spoken) < _NEEDED_S * SAMPLE_RATE:
        return None
    lags = round(MAX_ECHO_S * SAMPLE_RATE)
    begin = int(spoken[0])
    end = min(int(spoken[-1]) + 1, begin + _ECHO_PARTS)
    x = to_float(sent[begin:end])
    y = to_float(heard[begin : end + lags])
    size = 1 << (len(x) + len(y)).bit_length()
    # Whitened, so that a voice, which is like itself a moment later, is like itself at no other delay.
    spectrum = np.fft.rfft(x, size)
    cross = np.conj(spectrum) * np.fft.rfft(y, size)
    power = np.square(np.abs(spectrum))
    floor = float(power.mean()) * 1e-2
    likeness = np.abs(np.fft.irfft(cross / (power + floor), size)[: min(lags, len(y))])
    if not np.any(likeness):
        return None
    delay = int(np.argmax(likeness))
    elsewhere = np.concatenate([likeness[: max(0, delay - _PEAK_WIDTH)], likeness[delay + _PEAK_WIDTH + 1 :]])
    deviation = float(np.sqrt(np.mean(np.square(likeness))))
    if likeness[delay] < max(_STANDS_OUT * deviation, _STANDS_ALONE * float(np.max(elsewhere, initial=0.0))):
        return None
    echo = y[delay : delay + len(x)]
    said = x[: len(echo)]
    # How loud: what fits best of what we said, at that delay.
    share = abs(float(said @ echo)) / float(said @ said)
    return Echo(delay / SAMPLE_RATE, -20 * log10(share)) if share > 1e-4 else None
