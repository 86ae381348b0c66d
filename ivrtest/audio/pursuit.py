"""The recordings that may be playing just now: candidates are taken up, followed, and dropped when they do not fit."""

from __future__ import annotations

from typing import Final

from ivrtest.audio.alignment import Track
from ivrtest.audio.fingerprint import Finder, refine
from ivrtest.audio.history import History
from ivrtest.audio.prompts import LibraryIndex
from ivrtest.audio.spectrum import FINE_HOP, HOP, SAMPLE_RATE, WINDOW

SLACK: Final = SAMPLE_RATE * 6 // 100
"""Samples by which a recording may seem to begin before what precedes it has ended."""
_LEAST_LIKENESS: Final = 0.42
_CANDIDATES: Final = 6
_CHANCES: Final = 3
_SAME_LAG: Final = 8
"""Fine hops between two lags that following would bring together."""
_FAILED_LAG: Final = 3
_EXPECTED_BONUS_S: Final = 0.5
_WORTH_REMEMBERING_S: Final = 0.2


class Pursuit:
    """Stage one names candidates, stage two follows them."""

    def __init__(self, index: LibraryIndex, history: History) -> None:
        self._index = index
        self._history = history
        self._finder = Finder(index.fingerprints)
        self._tried: dict[tuple[int, int], int] = {}
        """How often a recording (its number) was tried at a lag (fine hops)."""
        self.expected: frozenset[int] = frozenset()
        """Numbers of the recordings that are taken up on weaker signs."""
        self.tracks: list[Track] = []
        self.fallen: Track | None = None
        """The one that fitted longest before it did not: it may be what was meant."""
        self.refuted: list[Track] = []
        """All that fitted for a while."""

    def restart(self, explained: int, keep: list[Track]) -> None:
        """Begin anew: what sounded before sample `explained` is accounted for."""
        self.fallen = None
        self.refuted = []
        self._tried = {}
        self.tracks = [track for track in keep if track.good]
        self._finder.restart(max(self._history.oldest, explained // HOP - 1))

    def look(self, audible_db: float, not_before: int) -> None:
        """Take up recordings that may have begun to sound at sample `not_before` or later."""
        if not self._finder.listen(self._history, self._history.end, audible_db):
            return
        # The first sounds of a recording do not always show where it begins, so a lag near one that failed gets another chance.
        known = [place for place, times in self._tried.items() if times >= _CHANCES]
        known += [(self._index.numbers[track.key], track.lag) for track in self.tracks if track.clear]
        earliest = (not_before - SLACK) // FINE_HOP
        for candidate in self._finder.candidates(earliest, _CANDIDATES, self.expected, _LEAST_LIKENESS, known):
            lag = self._refined(candidate.number, candidate.lag, not_before)
            track = None if lag is None else self._follow(candidate.number, lag, not_before)
            if track is not None:
                for sibling in self._index.siblings.get(track.key, ()):
                    self._follow(self._index.numbers[sibling.key], track.lag + sibling.shift, not_before)

    def advance(self, named: Track | None) -> None:
        """Judge all tracks up to now. Those that fell are dropped, except the one already named."""
        for track in self.tracks:
            track.advance(self._history, self._history.end)
            if not track.good and track is not named:
                self._drop(track)
        self.tracks = [track for track in self.tracks if track is named or (track.good and not track.hidden)]

    def _refined(self, number: int, lag: int, not_before: int) -> int | None:
        history, reference = self._history, self._index.references[number]
        first = max(0, (lag * FINE_HOP + reference.start - WINDOW) // HOP, not_before // HOP - 1, history.oldest)
        if history.end - first < 8:
            return None
        return refine(reference, lag, history, first, min(history.end, first + 80))

    def _follow(self, number: int, lag: int, not_before: int) -> Track | None:
        """Lay a recording along the call. Return its track if it is new and fits so far."""
        history, reference = self._history, self._index.references[number]
        # One that seems to have other sound over it may only lie a little beside its place.
        near = [track for track in self.tracks if track.reference is reference and abs(track.lag - lag) < _SAME_LAG]
        if any(track.clear or not track.good for track in near):
            return None
        failed = next((place for place in self._tried if place[0] == number and abs(place[1] - lag) < _FAILED_LAG), None)
        if failed is not None:
            self._tried[failed] += 1
            return None
        self._tried[(number, lag)] = 1
        track = Track(reference, lag, max(0, not_before // HOP - 1))
        if track.first < history.oldest or track.sounding_start < not_before - SLACK:
            return None
        track.advance(history, history.end)
        if not track.good:
            self._drop(track)
            return None
        if near and not track.clear:
            return None
        self.tracks = [other for other in self.tracks if other not in near]
        self.tracks.append(track)
        return track

    def _drop(self, track: Track) -> None:
        def rank(one: Track) -> float:
            return one.heard_s + (_EXPECTED_BONUS_S if self._index.numbers[one.key] in self.expected else 0.0)

        if self.fallen is None or rank(track) > rank(self.fallen):
            self.fallen = track
        if track.heard_s > _WORTH_REMEMBERING_S:
            self.refuted.append(track)
