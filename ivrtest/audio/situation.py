"""What a matcher knows of a call just now: what is explained, what plays, what may come next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ivrtest.audio.alignment import Track
from ivrtest.audio.certainty import FAR_BELOW_DB, GOOD_BEGINNING_DB, NAME_ANY_S, NAME_EXPECTED_S, NAME_WELL_EXPECTED_S
from ivrtest.audio.hearing import Doubt, Match, Resumed, Verdict
from ivrtest.audio.history import History
from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.prompts import Key, LibraryIndex
from ivrtest.audio.pursuit import Pursuit
from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, WINDOW
from ivrtest.audio.stranger import Strangers


class Situation:
    """The state of one matcher, and what can be read from it."""

    def __init__(self, index: LibraryIndex, *, limit_db: float = GOOD_DB) -> None:
        self.index = index
        self.history = History()
        self.pursuit = Pursuit(index, self.history, limit_db=limit_db)
        self.strangers = Strangers(self.history, self.pursuit, index.softer_peak_db)
        self.expected: dict[Key, int] = {}
        """What may come next, and in which order."""
        self.named: Track | None = None
        self.cursor = 0
        """Everything before this sample is explained."""
        self.key_pressed = False
        """We pressed a key since a recording was named, which may cut what plays."""
        self.told_unknown = False
        """The present sound has been reported as unknown or as a recording gone wrong; what is left of it is no news."""

    @property
    def tracks(self) -> list[Track]:
        """The recordings that may be playing."""
        return self.pursuit.tracks

    def needed_s(self, track: Track) -> float:
        if track.key not in self.expected or not track.clear:
            return NAME_ANY_S
        return NAME_EXPECTED_S if track.worst > GOOD_BEGINNING_DB else NAME_WELL_EXPECTED_S

    def sound_before(self, track: Track, since: int = 0) -> int:
        """Return how many frames of sound lie unexplained between what was explained (or frame `since`, if that is later) and this
        recording's start."""
        history = self.history
        first = max(history.oldest, self.cursor // HOP, since)
        end = max(first, track.sounding_start // HOP - 3)
        level_db = history.voice_db(track.sounding_start // HOP, track.first + track.judged) - FAR_BELOW_DB
        return int(np.count_nonzero(history.speech_or_lost(first, end) & (history.total(first, end) > level_db)))

    def comes_before(self, track: Track, other: Track) -> bool:
        """Return whether a recording is expected, and before another of equal sound if that is expected, too: nobody hears a difference."""
        expected = self.expected
        return track.key in expected and (other.key not in expected or expected[track.key] < expected[other.key])

    def sounds(self, track: Track) -> bool:
        """Return whether a recording lies where there is sound. With other sound over it or behind it, it might fit the line's noise."""
        if track.clear and not track.backed:
            # Where there is little to compare, as of a soft recording in noise, no part of it need be wrong: then the whole must fit.
            return track.mean < GOOD_DB
        loud = self.history.loud(track.sounding_start // HOP, track.first + track.judged)
        return int(np.count_nonzero(loud)) * HOP / SAMPLE_RATE > 0.5 * track.heard_s

    def may_be_another(self, track: Track) -> bool:
        """Return whether a recording that nobody expects fits only as one with other sound over it, where too much was lost to say
        that it does not: one with another word in it fits as well."""
        return track.doubtful and not track.clear and track.key not in self.expected

    def near(self) -> Key | None:
        """Return the recording that came nearest to what sounded."""
        fallen = self.pursuit.fallen
        return fallen.key if fallen is not None and fallen.heard_s > 0.3 else None

    def match(
        self,
        track: Track,
        verdict: Verdict,
        rivals: Sequence[Key] = (),
        end: int | None = None,
        resumed: Resumed | None = None,
        doubt: Doubt | None = None,
    ) -> Match:
        judged = (track.first + track.judged) * HOP + WINDOW // 2
        stop = end if end is not None else track.sounding_end if track.complete else judged
        alike = [key for key in (*rivals, *self.index.identical(track.key)) if key != track.key]
        runner_up, *others = dict.fromkeys(alike) if alike else (None,)
        wrong = verdict in (Verdict.diverged, Verdict.truncated)
        return Match(
            prompt=track.key[0],
            language=track.key[1],
            verdict=verdict,
            score=round(track.worst, 2),
            start_s=track.start / SAMPLE_RATE,
            end_s=min(stop, self.history.fed) / SAMPLE_RATE,
            decided_at_s=self.history.now_s if track.named_at_s is None else track.named_at_s,
            diverged_at_s=stop / SAMPLE_RATE if wrong else None,
            runner_up=runner_up,
            others=tuple(others),
            differences=track.bad_places() if wrong else (),
            resumed=resumed,
            expected_language=self._other_language(track),
            silent_s=(track.sounding_start - track.start) / SAMPLE_RATE,
            doubt=doubt,
            fitted_db=track.fitted_db,
        )

    def _other_language(self, track: Track) -> str:
        """Return the language in which a recording's prompt is expected, if not in its own."""
        languages = [language for prompt, language in self.expected if prompt == track.key[0]]
        return min(languages) if languages and track.key[1] not in languages else ""
