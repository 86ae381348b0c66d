"""Recordings that hold the same piece of sound: one that lies there under two names, or was cut out of a longer one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.fingerprint import PATCH, PLACE_HOP, Fingerprints
from ivrtest.audio.reference import Reference
from ivrtest.audio.spectrum import HOP, product
from tests.bench.hearing.line import Samples

_LIKELY: Final = 0.9
"""What two places that may be the same are alike at least, by their fingerprints."""
_SAME: Final = 0.9
"""And by their samples, at the best shift. The same word spoken twice stays under 0.85."""
_LONG: Final = PATCH * HOP


class Takes:
    """Recordings to be looked through."""

    def __init__(self, sounds: Mapping[str, Samples]) -> None:
        self._names = list(sounds)
        self._sounds = sounds
        references = [Reference((name, ""), samples) for name, samples in sounds.items()]
        self._prints = Fingerprints(references)
        places = self._prints.places
        self._places: NDArray[np.float32] = places / np.maximum(np.sqrt(np.square(places).sum(axis=0)), 1e-3)

    def holding(self, other: Samples) -> set[str]:
        """Return the recordings that hold the loudest 0.3 s of another sound."""
        whole = Takes({"": other}) if len(other) else None
        if whole is None or len(other) < _LONG:
            return set()
        # Places begin a patch's length before the sound does.
        place = int(np.argmax(_power(other.astype(np.float64))[::PLACE_HOP]))
        probe = whole._places[:, min(place + _LONG // PLACE_HOP, whole._places.shape[1] - 1)]
        likeness = product(probe[None, :], self._places)[0]
        piece = other[place * PLACE_HOP :][:_LONG].astype(np.float64)
        found = set()
        for at in np.flatnonzero(likeness > _LIKELY):
            row = int(np.searchsorted(self._prints.offsets, at, "right")) - 1
            begin = int(self._prints.local[at]) * PLACE_HOP - _LONG
            if self._names[row] not in found and _same(piece, self._sounds[self._names[row]], begin):
                found.add(self._names[row])
        return found


def _same(piece: NDArray[np.float64], sound: Samples, begin: int) -> bool:
    around = sound[max(0, begin - 2 * PLACE_HOP) : begin + len(piece) + 2 * PLACE_HOP].astype(np.float64)
    if len(around) < len(piece):
        return False
    piece, around = piece - piece.mean(), around - around.mean()
    power = _power(around) * np.square(piece).sum()
    return bool(np.max(np.correlate(around, piece, "valid") / np.sqrt(np.maximum(power, 1))) > _SAME)


def _power(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the energy of each piece of `_LONG` samples."""
    total = np.concatenate([[0.0], np.cumsum(np.square(sound))])
    power: NDArray[np.float64] = total[_LONG:] - total[:-_LONG]
    return power
