"""What a network says with tones: ringing, busy, congestion, "the number is not in service". Found by frequency and cadence.

Frequencies and cadences are those of ITU-T E.180 Supplement 2 for the countries below; the special information tone is that of ITU-T
E.180 section 9. A cadence means what its country lets it mean: 425 Hz, a quarter of a second on and off, is busy in Brazil and congestion
in the Netherlands, so a tone has every meaning that fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.hearing import ProgressTone, ProgressToneHeard
from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, Samples

_FRAME_S: Final = HOP / SAMPLE_RATE
_SHORTEST_S: Final = 0.1
"""A burst under this is no tone of the network, and a gap under this is a lost packet."""
_TOLERANCE: Final = 0.12
"""Part of a duration by which it may be off, besides `_EDGE_S`."""
_EDGE_S: Final = 0.03
_NEAR_HZ: Final = 12.0
_PURE: Final = 0.85
"""Share of the power that must be in the tones."""
_KEPT_S: Final = 1.0
"""How much of a burst is looked at."""
_CONTINUOUS_S: Final = 3.0
"""A tone that lasts so long is a dial tone."""
_PAUSE_S: Final = 1.5
"""So long must it be quiet after a ring until it is one: a burst in a row of quick ones is none."""
_CYCLES: Final = 2
"""So often must a quick cadence be heard."""
_QUIETEST_DB: Final = -50.0
_ABOVE_NOISE_DB: Final = 8.0
_BELOW_LOUDEST_DB: Final = 12.0
_REMEMBERED: Final = 600
"""Frames whose levels tell noise from sound."""
_FORGOTTEN_S: Final = 7.0
"""After so much quiet what sounds is new. The longest pause between rings is shorter."""
_SIT_HZ: Final = (950.0, 1400.0, 1800.0)
"""The three parts of the special information tone, each 50 Hz up or down: North America tells kinds of it by that."""
_SIT_NEAR_HZ: Final = 50.0
_SIT_S: Final = (0.75, 1.25)
_MOST_SOUND: Final = round(_SIT_S[1] / _FRAME_S)
"""Frames of a burst that are kept."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """A tone of some countries."""

    tone: ProgressTone
    countries: tuple[str, ...]
    hz: tuple[float, ...]
    """Its frequencies, ascending."""
    seconds: tuple[float, ...]
    """On, off, on, off. One alone: it is continuous."""

    @property
    def is_slow(self) -> bool:
        return self.seconds[-1] >= _PAUSE_S


def _cadences() -> Iterator[Cadence]:
    ring, busy, congestion, dial = ProgressTone.ringback, ProgressTone.busy, ProgressTone.congestion, ProgressTone.dial
    yield Cadence(ring, ("US", "CA"), (440, 480), (2, 4))
    yield Cadence(busy, ("US", "CA"), (480, 620), (0.5, 0.5))
    yield Cadence(congestion, ("US", "CA"), (480, 620), (0.25, 0.25))
    yield Cadence(dial, ("US", "CA", "GB"), (350, 440), (0,))
    yield Cadence(ring, ("GB",), (400, 450), (0.4, 0.2, 0.4, 2))
    yield Cadence(busy, ("GB",), (400,), (0.375, 0.375))
    yield Cadence(congestion, ("GB",), (400,), (0.4, 0.35, 0.225, 0.525))
    yield Cadence(ring, ("DE", "IT", "NL", "CH", "BR", "MX", "PL"), (425,), (1, 4))
    yield Cadence(ring, ("PT", "SE"), (425,), (1, 5))
    yield Cadence(ring, ("AT",), (420,), (1, 5))
    yield Cadence(ring, ("ES",), (425,), (1.5, 3))
    yield Cadence(ring, ("BE",), (425,), (1, 3))
    yield Cadence(ring, ("FR",), (440,), (1.5, 3.5))
    yield Cadence(ring, ("JP",), (400,), (1, 2))
    yield Cadence(busy, ("DE", "IT", "NL", "PT", "CH", "BE", "PL"), (425,), (0.5, 0.5))
    yield Cadence(busy, ("AT",), (420,), (0.4, 0.4))
    yield Cadence(busy, ("FR",), (440,), (0.5, 0.5))
    yield Cadence(busy, ("JP",), (400,), (0.5, 0.5))
    yield Cadence(busy, ("BR", "MX", "SE"), (425,), (0.25, 0.25))
    yield Cadence(busy, ("ES",), (425,), (0.2, 0.2))
    yield Cadence(busy, ("AU",), (425,), (0.375, 0.375))
    yield Cadence(congestion, ("DE", "NL"), (425,), (0.25, 0.25))
    yield Cadence(congestion, ("IT", "PT", "CH"), (425,), (0.2, 0.2))
    yield Cadence(congestion, ("AT",), (420,), (0.2, 0.2))
    yield Cadence(congestion, ("FR",), (440,), (0.25, 0.25))
    yield Cadence(congestion, ("ES",), (425,), (0.2, 0.2, 0.2, 0.2, 0.2, 0.6))
    yield Cadence(congestion, ("SE",), (425,), (0.25, 0.75))
    yield Cadence(dial, ("DE", "ES", "NL", "PT", "CH", "BR", "MX", "SE", "AU"), (425,), (0,))
    yield Cadence(dial, ("FR",), (440,), (0,))


CADENCES: Final = tuple(_cadences())


@dataclass(frozen=True, slots=True)
class _Burst:
    """A tone between two silences."""

    hz: tuple[float, ...]
    """Its frequencies, ascending; none for other sound."""
    start: int
    """Frames of 10 ms."""
    end: int
    special: bool = False
    """Whether it is the special information tone."""

    @property
    def seconds(self) -> float:
        return (self.end - self.start) * _FRAME_S


class ProgressDetector:
    """Follows a call; its times are the matcher's."""

    def __init__(self) -> None:
        self._frame = 0
        self._recent = np.zeros(0)
        """Levels of the last frames, dB below full scale."""
        self._began: int | None = None
        self._quiet_from: int | None = None
        """When the present quiet began."""
        self._sound: list[Samples] = []
        self._bursts: list[_Burst] = []
        self._told: frozenset[tuple[ProgressTone, tuple[str, ...]]] = frozenset()

    @property
    def began(self) -> bool:
        """Whether there is sound, or was a tone that may mean something with what follows."""
        return self._began is not None or any(burst.hz or burst.special for burst in self._bursts)

    def listen(self, samples: Samples, at_s: float, *, known: bool = False) -> list[ProgressToneHeard]:
        """Take the next samples, whole frames of 10 ms. Return the tones that are certain now. `known`: they are something else."""
        heard: list[ProgressToneHeard] = []
        frames = samples.reshape(-1, HOP)
        if known:
            self._pass_over(len(frames))
            return []
        levels = _levels(frames)
        self._recent = np.concatenate([self._recent, levels])[-_REMEMBERED:]
        threshold = self._threshold() if levels.max() > _QUIETEST_DB else _QUIETEST_DB
        above = levels > threshold
        if self._began is None and not self._bursts and not np.count_nonzero(above):
            # As in most pauses.
            if self._quiet_from is None:
                self._quiet_from = self._frame
            self._frame += len(frames)
            return []
        if len(self._sound) >= _MOST_SOUND and self._goes_on(len(frames)) and np.count_nonzero(above) == len(frames):
            # As in long speech.
            self._quiet_from = None
            self._frame += len(frames)
            return []
        for index, sounds in enumerate(above.tolist()):
            frame = self._frame + index
            if sounds:
                self._sounds(frame, samples[index * HOP : (index + 1) * HOP])
                if self._began is not None and (frame - self._began) * _FRAME_S == _CONTINUOUS_S:
                    heard += self._named([_Burst(_frequencies(self._sound), self._began, frame)], at_s, continuous=True)
            else:
                heard += self._silent(frame, at_s)
        self._frame += len(frames)
        return heard

    def _goes_on(self, frames: int) -> bool:
        """Return whether there is sound that does not become a continuous tone within the next frames."""
        return self._began is not None and not 0 <= round(_CONTINUOUS_S / _FRAME_S) - (self._frame - self._began) < frames

    def _pass_over(self, frames: int) -> None:
        self._frame += frames
        self._began = self._quiet_from = None
        self._forget()

    def _threshold(self) -> float:
        """Return the level in dB above which there is sound. A tone that never stops is no noise, so the loudest has a say, too."""
        place = len(self._recent) // 5
        ordered = self._recent.copy()
        ordered.partition(place)
        quiet, loudest = ordered[place], ordered[place:].max()
        return max(_QUIETEST_DB, float(min(quiet + _ABOVE_NOISE_DB, loudest - _BELOW_LOUDEST_DB)))

    def _sounds(self, frame: int, samples: Samples) -> None:
        if self._began is None:
            self._began, self._sound = frame, []
        self._quiet_from = None
        if len(self._sound) < _MOST_SOUND:
            self._sound.append(samples)

    def _silent(self, frame: int, at_s: float) -> list[ProgressToneHeard]:
        if self._quiet_from is None:
            self._quiet_from = frame
        quiet_s = (frame - self._quiet_from) * _FRAME_S
        if self._began is not None and quiet_s >= _SHORTEST_S:
            burst = _Burst(_frequencies(self._sound), self._began, self._quiet_from, _is_special(self._sound))
            self._began = None
            if burst.seconds >= _SHORTEST_S:
                if burst.hz != (self._bursts[-1].hz if self._bursts else burst.hz) and not _alike(burst.hz, self._bursts[-1].hz):
                    self._forget()
                self._bursts = [*self._bursts[-11:], burst]
                return self._named(self._bursts, at_s)
        elif self._bursts and self._began is None:
            if round(quiet_s / _FRAME_S) == round(_PAUSE_S / _FRAME_S):
                return self._named(self._bursts, at_s, paused=True)
            if quiet_s >= _FORGOTTEN_S:
                self._forget()
        return []

    def _forget(self) -> None:
        self._bursts = []
        self._told = frozenset()

    def _named(self, bursts: Sequence[_Burst], at_s: float, *, paused: bool = False, continuous: bool = False) -> list[ProgressToneHeard]:
        """Return what the bursts so far mean, if that was not said before."""
        last = bursts[-1]
        found: list[tuple[ProgressTone, tuple[str, ...]]] = []
        if last.special:
            found = [(ProgressTone.special_information, ())]
        elif last.hz:
            fits = _fits_continuous if continuous else _fits_slow if paused else _fits_quick
            found = [(cadence.tone, cadence.countries) for cadence in CADENCES if fits(cadence, bursts)]
        new = frozenset(found)
        if not found or new <= self._told:
            return []
        self._told |= new
        tones = tuple(dict.fromkeys(tone for tone, _ in found))
        countries = tuple(dict.fromkeys(country for _, where in found for country in where))
        return [ProgressToneHeard(tones, countries, bursts[0].start * _FRAME_S, last.end * _FRAME_S, at_s)]


def _fits_continuous(cadence: Cadence, bursts: Sequence[_Burst]) -> bool:
    return len(cadence.seconds) == 1 and _alike(bursts[-1].hz, cadence.hz)


def _fits_slow(cadence: Cadence, bursts: Sequence[_Burst]) -> bool:
    """Tell whether the last bursts are one cycle of a ringing tone, of whose long pause enough has been heard."""
    return cadence.is_slow and _ends_with(bursts, cadence.hz, cadence.seconds[:-1])


def _fits_quick(cadence: Cadence, bursts: Sequence[_Burst]) -> bool:
    """Tell whether the last bursts are a quick cadence, heard often enough."""
    return len(cadence.seconds) > 1 and not cadence.is_slow and _ends_with(bursts, cadence.hz, (cadence.seconds * _CYCLES)[:-1])


def _ends_with(bursts: Sequence[_Burst], hz: tuple[float, ...], seconds: Sequence[float]) -> bool:
    """Tell whether the last bursts, and the gaps between them, last as long as `seconds` say: on, off, on."""
    count = len(seconds) // 2 + 1
    last = bursts[-count:]
    if len(last) < count or not all(_alike(burst.hz, hz) for burst in last):
        return False
    lengths = [last[0].seconds]
    for before, after in pairwise(last):
        lengths += [(after.start - before.end) * _FRAME_S, after.seconds]
    return all(abs(length - wanted) <= _TOLERANCE * wanted + _EDGE_S for length, wanted in zip(lengths, seconds, strict=True))


def _alike(hz: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return len(hz) == len(wanted) and all(abs(one - other) <= _NEAR_HZ for one, other in zip(hz, wanted, strict=True))


def _is_special(sound: Sequence[Samples]) -> bool:
    """Tell whether a burst is the special information tone: three tones of a third of a second, each higher than the one before."""
    if not _SIT_S[0] <= len(sound) * _FRAME_S < _SIT_S[1]:
        return False
    third = len(sound) // 3
    for part, wanted in enumerate(_SIT_HZ):
        hz = _frequencies(sound[part * third + 4 : (part + 1) * third - 4])
        if len(hz) != 1 or abs(hz[0] - wanted) > _SIT_NEAR_HZ:
            return False
    return True


def _frequencies(sound: Sequence[Samples]) -> tuple[float, ...]:
    """Return the one or two frequencies, ascending, that make up a burst; none for other sound. Its edges are left out."""
    kept = np.concatenate([np.zeros(0, np.int16), *sound[: round(_KEPT_S / _FRAME_S)]]).astype(np.float64)
    edge = HOP if len(kept) > 8 * HOP else 0
    kept = kept[edge : len(kept) - edge]
    if len(kept) < 4 * HOP:
        return ()
    size = 8192
    power = np.square(np.abs(np.fft.rfft(kept * np.hanning(len(kept)), size)))
    total = float(power[round(200 * size / SAMPLE_RATE) :].sum())
    # The main lobe of a Hann window is four bins of the burst's own length wide.
    lobe = 2 * SAMPLE_RATE / len(kept)
    found: list[tuple[float, float]] = []
    rest = power.copy()
    rest[: round(200 * size / SAMPLE_RATE)] = 0
    for _ in range(2):
        peak = int(np.argmax(rest))
        low, high = _around(peak, lobe, size)
        found.append((peak * SAMPLE_RATE / size, float(rest[low:high].sum())))
        rest[low:high] = 0
    (first, first_power), (second, second_power) = found
    if total <= 0 or (first_power + second_power) / total < _PURE:
        return ()
    if second_power < 0.05 * first_power:
        return (first,) if first_power / total >= _PURE else ()
    return (min(first, second), max(first, second))


def _around(peak: int, lobe_hz: float, size: int) -> tuple[int, int]:
    width = max(1, round(lobe_hz * size / SAMPLE_RATE))
    return max(0, peak - width), peak + width + 1


def _levels(frames: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the level of each frame in dB below full scale. `frames`: shape (n, samples of a frame)."""
    samples = frames.astype(np.float64)
    levels: NDArray[np.float64] = np.einsum("ij,ij->i", samples, samples)
    levels *= 1 / (32768**2 * frames.shape[1])
    levels += 1e-10
    np.log10(levels, out=levels)
    levels *= 10
    return levels
