"""The recordings that may be playing just now: candidates are taken up, followed, and dropped when they do not fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.alignment import Track
from ivrtest.audio.certainty import CLEAR_S, EXCELLENT_DB
from ivrtest.audio.fingerprint import Finder, refine
from ivrtest.audio.history import History
from ivrtest.audio.judge import BLOCK, GOOD_DB
from ivrtest.audio.partway import partway
from ivrtest.audio.prompts import LibraryIndex
from ivrtest.audio.resemblance import resembled
from ivrtest.audio.search import Listening
from ivrtest.audio.spectrum import FINE_HOP, HOP, SAMPLE_RATE, WINDOW, Mask

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
_BEFORE_APART: Final = 30
"""Frames before the place where two recordings part, from which on both are followed."""
_STILL_ALIKE: Final = 5
"""Frames after that place up to which they cannot be told apart: the first block that shows it ends later yet."""
_FEW: Final = 12
"""More expected recordings than this are looked for among all."""
_LOOKS: Final = 12
"""Queries of which the finder is asked for candidates, if it was not listened to for longer: 1.2 s."""
_BEGUN: Final = 40
"""Frames of sound of which only what is expected can be named."""
_AT_ONCE: Final = 15
"""Frames after the beginning of a sound at which what sounds may begin: breath and noise go before."""
_ECHO: Final = 3
"""Frames of sound that are none by themselves."""
_SETTLED_S: Final = 0.4
_HARDLY_BEGUN_S: Final = 0.2
_SETTLED_DB: Final = 2.0
_BEHEADED: Final = SAMPLE_RATE // 10
"""Samples without which a recording lacks its beginning ..."""
_BEHEADED_HEARD_S: Final = 0.7
"""... if so much of what follows is there, or ..."""
_BEHEADED_LEAST_S: Final = 0.4
"""... so much, as exactly as only the same recording is, right after a pause: after other sound its beginning may lie in that."""
_QUIET_BEFORE, _ONSET = 12, 2
"""Frames of quiet that are a pause, and before which of the sound's they lie."""
_PLACED_ANEW: Final = 80
_JUST: Final = 20
"""Frames after its end within which a track is placed anew."""
_SHORT: Final = SAMPLE_RATE * 12 // 10
_MANY: Final = 200
"""More recordings than this are not held one by one against what seems to be none."""
_PAUSE: Final = 8
"""Frames of quiet after which a short recording may have ended."""


@dataclass(frozen=True, slots=True)
class _Sibling:
    """A recording that begins like one that is followed: as long as they are alike there is no need to follow both."""

    track: Track
    number: int
    shift: int
    """How much later it begins, in fine hops."""
    due: int
    """Frames of the track after which it must be followed too."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two that are followed and begin alike."""

    one: Track
    other: Track
    until: int
    """Frames of `one` for which they cannot be told apart."""


def _is_rest(track: Track, *, after_pause: bool) -> bool:
    """Return whether a recording laid along a call from somewhere in it is certainly what sounds from there on."""
    if track.heard_s > _BEHEADED_HEARD_S:
        return track.worst < GOOD_DB
    return after_pause and track.heard_s > _BEHEADED_LEAST_S and track.worst < EXCELLENT_DB


def _is_short(track: Track) -> bool:
    return track.reference.end - track.reference.start < CLEAR_S * SAMPLE_RATE


def without_echo(sounding: NDArray[np.int_], end: int) -> NDArray[np.int_]:
    """Return frames of sound up to frame `end` without the last echo of what was explained: an instant, then quiet."""
    begun = sounding[: _ECHO + 1].tolist()
    for count, (frame, following) in enumerate(pairwise([*begun, end]), 1):
        if count <= _ECHO and following - frame > _PAUSE:
            return sounding[count:]
    return sounding


class Pursuit:
    """Stage one names candidates, stage two follows them."""

    def __init__(self, index: LibraryIndex, history: History, *, limit_db: float = GOOD_DB) -> None:
        self._index = index
        self._limit_db = limit_db
        self._history = history
        self._finder = Finder(index.fingerprints)
        self._sounds: tuple[tuple[int, int, int], NDArray[np.int_]] = (-1, -1, -1), np.zeros(0, np.int_)
        """The unexplained frames of sound, and of what moment."""
        self._few: Finder | None = None
        """Looks only among what is expected: cheaper, and enough as long as that is what plays."""
        self._since = 0
        """The frame from which on nothing is explained."""
        self._tried: dict[tuple[int, int], int] = {}
        """How often a recording (its number) was tried at a lag (fine hops)."""
        self._siblings: list[_Sibling] = []
        self._pairs: list[_Pair] = []
        self.expected: frozenset[int] = frozenset()
        """Numbers of the recordings that are taken up on weaker signs."""
        self.tracks: list[Track] = []
        self.fallen: Track | None = None
        """The one that fitted longest before it did not: it may be what was meant."""
        self.refuted: list[Track] = []
        """All that fitted for a while."""

    def expect(self, numbers: frozenset[int]) -> None:
        """Say which recordings are looked for first."""
        if numbers != self.expected:
            self.expected = numbers
            self._few = None

    def restart(self, explained: int, keep: list[Track]) -> None:
        """Begin anew: what sounded before sample `explained` is accounted for."""
        self.fallen = None
        self.refuted = []
        self._tried = {}
        self.tracks = [track for track in keep if track.good]
        self._since = max(self._history.oldest, explained // HOP - 1)
        self._finder.restart(self._since)
        if self._few is not None:
            self._few.restart(self._since)

    def look(self, audible_db: float, not_before: int) -> Listening[None]:
        """Take up recordings that may have begun to sound at sample `not_before` or later. Needless where it is `settled`."""
        if self.expected and len(self.expected) <= _FEW and self._few is None:
            self._few = Finder(self._index.fingerprints.only(sorted(self.expected)))
            self._few.restart(self._since)
        if self._few is not None:
            yield from self._take_up(self._few, audible_db, not_before)
            if self._enough():
                return
        yield from self._take_up(self._finder, audible_db, not_before)

    def _enough(self) -> bool:
        """Return whether there is no need yet to look among all recordings: what plays has only begun, or is as expected."""
        if self.doubtful:
            return False
        loud = self._sounding()
        if len(loud) == 0:
            return True
        first, last = int(loud[0]), int(loud[-1])
        due = [track for track in self.tracks if track.clear and self._index.numbers[track.key] in self.expected]
        if any(track.first < first + _AT_ONCE and not self._fits_badly(track) for track in due):
            return True
        # Until there is enough to name anything else.
        return len(loud) < _BEGUN and self._history.end - last < _PAUSE

    @property
    def doubtful(self) -> bool:
        """Whether a recording is followed that fits only as one with other sound over it, or a short one that hardly fits: another may
        fit as it is."""
        return any(track.good and (track.overlaid or (track.worst > EXCELLENT_DB and _is_short(track))) for track in self.tracks)

    @property
    def settled(self) -> bool:
        """Whether a recording explains all that sounds, so well that no other could."""
        return self._explains(_SETTLED_S)

    def _explains(self, least_s: float) -> bool:
        """Return whether a recording of which so much was heard explains all that sounds."""
        likely = [track for track in self.tracks if track.clear and track.heard_s > least_s and track.worst < _SETTLED_DB]
        if not likely:
            return False
        loud = self._sounding()
        return len(loud) > 0 and any(track.first < int(loud[0]) + _AT_ONCE for track in likely)

    def _sounding(self) -> NDArray[np.int_]:
        """Return the unexplained frames of sound."""
        history = self._history
        at = history.end, history.noted, self._since
        if self._sounds[0] != at:
            self._sounds = at, without_echo(history.loud(self._since, history.end).nonzero()[0] + self._since, history.end)
        return self._sounds[1]

    def _take_up(self, finder: Finder, audible_db: float, not_before: int) -> Listening[None]:
        # What was short is seen only as long as it is new.
        for due in finder.ends(self._history.end)[-_LOOKS:]:
            if (yield from finder.listen(self._history, due, audible_db)):
                self._take_up_found(finder, not_before)

    def _take_up_found(self, finder: Finder, not_before: int) -> None:
        # The first sounds of a recording do not always show where it begins, so a lag near one that failed gets another chance.
        known = [place for place, times in self._tried.items() if times >= _CHANCES]
        known += [(self._index.numbers[track.key], track.lag) for track in self.tracks if track.clear]
        known += [(sibling.number, sibling.track.lag + sibling.shift) for sibling in self._siblings]
        # Weak signs are for what has not been found.
        missing = self.expected - {self._index.numbers[track.key] for track in self.tracks if track.clear}
        earliest = (not_before - SLACK) // FINE_HOP
        for candidate in finder.candidates(earliest, _CANDIDATES, missing, _LEAST_LIKENESS, known):
            lag = self._refined(candidate.number, candidate.lag, not_before)
            track = None if lag is None else self._follow(candidate.number, lag, not_before)
            if track is not None:
                for sibling in self._index.siblings.get(track.key, ()):
                    apart = 0 if sibling.apart_s is None else round(sibling.apart_s * SAMPLE_RATE - track.reference.start) // HOP
                    self._siblings.append(_Sibling(track, self._index.numbers[sibling.key], sibling.shift, apart - _BEFORE_APART))
                self._follow_siblings(not_before)

    def _inherit(self) -> None:
        """Give the siblings of a track that was placed anew to the one that took its place."""
        for at, sibling in enumerate(self._siblings):
            old = sibling.track
            if not any(old is track for track in self.tracks):
                near = [one for one in self.tracks if one.reference is old.reference and abs(one.lag - old.lag) < _SAME_LAG]
                if near:
                    self._siblings[at] = replace(sibling, track=min(near, key=lambda one: one.worst))

    def _follow_siblings(self, not_before: int) -> None:
        """Follow those that are about to part from the track that they are siblings of. Its fate is theirs until then."""
        self._inherit()
        waiting, self._siblings = self._siblings, []
        for sibling in waiting:
            if sibling.track.judged >= sibling.due:
                other = self._follow(sibling.number, sibling.track.lag + sibling.shift, not_before, sibling)
                if other is not None:
                    self._pairs.append(_Pair(sibling.track, other, sibling.due + _BEFORE_APART + _STILL_ALIKE))
            elif any(sibling.track is track for track in self.tracks):
                self._siblings.append(sibling)

    def awaits_siblings(self, track: Track) -> bool:
        """Return whether there are recordings that begin alike and that it cannot yet be told from."""
        return any(sibling.track is track for sibling in self._siblings)

    @property
    def undecided(self) -> int:
        """For how many frames it cannot be decided which recording plays: those that it must be told from part only then."""
        tracks = self.tracks
        if not all(track.clear for track in tracks) or not self._explains(_HARDLY_BEGUN_S):
            return 0
        waiting = [sibling for sibling in self._siblings if sibling.track in tracks]
        self._pairs = [pair for pair in self._pairs if pair.one in tracks and pair.other in tracks]
        open_yet = [sibling.track for sibling in waiting] + [track for pair in self._pairs for track in (pair.one, pair.other)]
        if not all(track in open_yet for track in tracks):
            return 0
        frames = [sibling.due - sibling.track.judged for sibling in waiting] + [pair.until - pair.one.judged for pair in self._pairs]
        return min(frames + [track.to_come for track in tracks])

    def advance(self, named: Track | None) -> None:
        """Judge all tracks up to now. Those that fell are dropped, except the one already named."""
        for track in self.tracks:
            track.advance(self._history, self._history.end)
        self.tracks = [
            self._better_placed(track) if track.good and self._fits_badly(track) and track is not named else track for track in self.tracks
        ]
        self._follow_siblings(self._since * HOP)
        for track in self.tracks:
            if not track.good and track is not named:
                self._drop(track)
        self.tracks = [track for track in self.tracks if track is named or (track.good and not track.hidden)]
        if len(self.tracks) > 1:
            self.tracks = [track for track in self.tracks if track is named or not any(self._same(track, other) for other in self.tracks)]
            self._inherit()

    def _fits_badly(self, track: Track) -> bool:
        """Return whether a track fits only as one with other sound over it, or because there is too little evidence yet to refute it, or
        has just ended and hardly fits."""
        ended = track.complete and track.sounding_end // HOP > self._history.end - _JUST
        return track.overlaid or track.worst > (EXCELLENT_DB if ended else self._limit_db)

    def _better_placed(self, track: Track) -> Track:
        """Return a short track that fits badly at the place beside its own where it fits as it is, or better, if there is one."""
        history = self._history
        if track.judged > _PLACED_ANEW or track.first < history.oldest:
            return track
        lag = refine(track.reference, track.lag, history, track.first, track.first + track.judged)
        if lag == track.lag:
            return track
        moved = Track(track.reference, lag, max(0, self._since), limit_db=self._limit_db)
        if moved.first < history.oldest or moved.sounding_start < self._since * HOP - SLACK:
            return track
        moved.advance(history, history.end)
        return moved if moved.clear and moved.worst < track.worst else track

    def expects_shorter(self, seconds: float) -> bool:
        """Return whether a recording is expected that is shorter than this."""
        references = [self._index.references[number] for number in self.expected]
        return any(reference.end - reference.start < seconds * SAMPLE_RATE for reference in references)

    def beheaded(self, start: int, end: int) -> Track | None:
        """Return the expected recording of which frames `start` to `end` are a part without its beginning, if they are."""
        if not 0 < len(self.expected) <= _FEW or end - start < BLOCK:
            return None
        found = partway(self._index, self._history, sorted(self.expected), start, end)
        history = self._history
        first, last = max(start - _QUIET_BEFORE, history.oldest), max(start - _ONSET, history.oldest)
        after_pause = bool(history.valid(first, last).all() and not history.loud(first, last).any())
        whole = (track for track in found if track.clear and _is_rest(track, after_pause=after_pause))
        return next((track for track in whole if track.sounding_start <= start * HOP - _BEHEADED), None)

    def resembled(self, start: int, end: int) -> Mask:
        """Return which of the frames may lie in short recordings: of all in the languages that are expected, or of those expected alone
        where these are too many."""
        short = [number for number, reference in enumerate(self._index.references) if reference.end - reference.start < _SHORT]
        expected = [number for number in short if number in self.expected]
        languages = {self._index.references[number].key[1] for number in self.expected}
        near = [number for number in short if not languages or self._index.references[number].key[1] in languages]
        return resembled(self._index, self._history, near if len(near) <= _MANY else expected, start, end)

    @staticmethod
    def _same(track: Track, other: Track) -> bool:
        """Return whether a track is another one again, found beside its place."""
        near = track is not other and track.reference is other.reference and abs(track.lag - other.lag) < _SAME_LAG
        return near and (track.worst, track.lag) > (other.worst, other.lag)

    def _refined(self, number: int, lag: int, not_before: int) -> int | None:
        history, reference = self._history, self._index.references[number]
        first = max(0, (lag * FINE_HOP + reference.start - WINDOW) // HOP, not_before // HOP - 1, history.oldest)
        if history.end - first < 8:
            return None
        return refine(reference, lag, history, first, min(history.end, first + 80))

    def _follow(self, number: int, lag: int, not_before: int, sibling: _Sibling | None = None) -> Track | None:
        """Lay a recording along the call, as it lies from its sibling if it has one. Return its track if it is new and fits so far."""
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
        if sibling is None:
            track = Track(reference, lag, max(0, not_before // HOP - 1), limit_db=self._limit_db)
        else:
            first_lag = sibling.track.start // FINE_HOP + sibling.shift
            track = Track(reference, first_lag, max(0, not_before // HOP - 1), limit_db=self._limit_db)
            track.drift_with(sibling.track, sibling.shift)
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
