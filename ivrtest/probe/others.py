"""How far other recordings would have deviated, had they been expected where the right one was heard.

Each stretch of a call is laid against what it is not: recordings that begin alike, other recordings, and the right one with a word's length
of it replaced by a piece of another. What already sounds like the right one in its file says nothing of the line, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from ivrtest.audio.alignment import Track
from ivrtest.audio.audibility import in_noise
from ivrtest.audio.history import History
from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.reference import Reference
from ivrtest.audio.spectrum import FINE_HOP, SAMPLE_RATE, Mask, Samples

STEP: Final = SAMPLE_RATE // 10
BEFORE: Final = SAMPLE_RATE
"""Samples before a recording that are listened to, to know the line's noise."""
AFTER: Final = SAMPLE_RATE // 2
OF_EACH_KIND: Final = 4
"""So many siblings, other recordings and changed ones are tried for each stretch."""
WORD: Final = 7 * SAMPLE_RATE // 20
"""Samples of a word: 350 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """What was heard on a call."""

    samples: Samples
    lost: Mask

    def part(self, begin: int, end: int) -> Sound:
        """Return samples `begin` to `end`; silence before the first and after the last."""
        before, after = max(0, -begin), max(0, end - len(self.samples))
        inside = slice(max(0, begin), max(0, min(end, len(self.samples))))
        return Sound(np.pad(self.samples[inside], (before, after)), np.pad(self.lost[inside], (before, after)))


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """One recording as it was heard: it begins `BEFORE` samples into the sound."""

    reference: Reference
    sound: Sound


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """What might be taken for a recording, and how much later than that one it begins, in fine hops."""

    reference: Reference
    shift: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of laying another recording along a stretch."""

    deviation_db: float
    """Of the worst 300 ms up to where it was refuted."""
    accepted: bool


def laid_along(stretch: Stretch, others: Sequence[Other]) -> list[Track]:
    """Lay recordings along a stretch, as far as they fit."""
    end = max((other.shift * FINE_HOP + len(other.reference.samples) for other in others), default=0)
    sound = stretch.sound.part(0, BEFORE + end + AFTER)
    tracks = [Track(other.reference, BEFORE // FINE_HOP + other.shift, 0) for other in others]
    history = History()
    for _ in history.append(sound.samples, sound.lost, STEP):
        following = [track for track in tracks if track.good and not track.complete]
        if not following:
            break
        for track in following:
            track.advance(history, history.end)
    return tracks


def trial_of(track: Track) -> Trial:
    told = track.complete and track.clear and not track.unheard() and not in_noise(track)
    return Trial(track.worst, told and track.worst <= GOOD_DB)


class Others:
    """What the recordings of a library could be mistaken for."""

    def __init__(self, library: PromptLibrary) -> None:
        self._index = library.index
        self._of = cache(self._found)

    def reference(self, key: Key) -> Reference:
        return self._index.references[self._index.numbers[key]]

    def trials(self, stretch: Stretch) -> list[Trial]:
        """Try what could be mistaken for the recording of a stretch."""
        return [trial_of(track) for track in laid_along(stretch, self._of(stretch.reference.key))]

    def _found(self, key: Key) -> tuple[Other, ...]:
        reference = self.reference(key)
        silence = np.zeros(BEFORE, np.int16)
        samples = np.concatenate([silence, reference.samples])
        clean = Stretch(reference, Sound(samples, np.zeros(len(samples), np.bool_)))
        candidates = [*self._siblings(key), *self._strangers(reference), *self._changed(reference)]
        tracks = laid_along(clean, candidates)
        return tuple(other for other, track in zip(candidates, tracks, strict=True) if not track.clear)

    def _siblings(self, key: Key) -> Iterator[Other]:
        for sibling in self._index.siblings.get(key, ())[:OF_EACH_KIND]:
            yield Other(self.reference(sibling.key), sibling.shift)

    def _strangers(self, reference: Reference) -> Iterator[Other]:
        """Yield recordings that do not begin alike, those in the same language first; other ones for each recording."""
        alike = {reference.key, *(sibling.key for sibling in self._index.siblings.get(reference.key, ()))}
        number = self._index.numbers[reference.key]
        around = [*self._index.references[number + 1 :], *self._index.references[:number]]
        left = [one for one in around if one.key not in alike]
        for one in sorted(left, key=lambda one: one.key[1] != reference.key[1])[:OF_EACH_KIND]:
            yield Other(one, round((reference.start - one.start) / FINE_HOP))

    def _changed(self, reference: Reference) -> Iterator[Other]:
        """Yield the recording with a word's length of it replaced, at different places, each time by a piece of another recording."""
        donors = [other.reference for other in self._strangers(reference)]
        room = reference.end - reference.start - WORD
        for number, donor in enumerate(donors):
            if room < 0 or donor.end - donor.start < WORD:
                continue
            place = reference.start + room * number // max(1, len(donors) - 1)
            middle = (donor.start + donor.end - WORD) // 2
            changed = reference.samples.copy()
            changed[place : place + WORD] = _as_loud(donor.samples[middle : middle + WORD], reference.samples[place : place + WORD])
            yield Other(Reference(reference.key, changed), 0)


def _as_loud(piece: Samples, instead_of: Samples) -> Samples:
    loud, wanted = (float(np.sqrt(np.mean(np.square(one, dtype=np.float64)))) for one in (piece, instead_of))
    scaled: Samples = np.clip(piece * (wanted / max(loud, 1.0)), -32768, 32767).astype(np.int16)
    return scaled
