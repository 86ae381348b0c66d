"""Which recording plays, and is it all of it? Follows a call and says so as soon as it is certain.

Two stages: likeness of short patches names candidates out of the whole library (`fingerprint`); each candidate is then laid along the
call and judged cell by cell (`alignment`, `judge`). This file decides what the candidates' fates mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ivrtest.audio.alignment import Track
from ivrtest.audio.certainty import (
    AT_EASE_FRAMES,
    AUDIBLE,
    BAND_ABOVE_NOISE_DB,
    CLEAR_AROUND,
    CLEAR_S,
    DECISIONS,
    ENOUGH_S,
    EXCELLENT_DB,
    FAIR_DB,
    FAR_BELOW_DB,
    GIVE_UP_FRAMES,
    GOOD_BEGINNING_DB,
    JUST_BEGUN_FRAMES,
    LONG_STEP,
    NAME_ANY_S,
    NAME_EXPECTED_S,
    NAME_WELL_EXPECTED_S,
    PATIENCE_FRAMES,
    QUIET_FRAMES,
    SHORT_S,
    STEP,
    SYLLABLE_FRAMES,
    UNKNOWN_FRAMES,
)
from ivrtest.audio.hearing import Heard, Hearing, Match, Recognised, Verdict, known_by
from ivrtest.audio.history import History
from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.progress import ProgressDetector
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.pursuit import SLACK, Pursuit
from ivrtest.audio.rivals import CLEARLY_DB, continues, instead, just_parted, left_behind, outdone, together
from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, WINDOW, Mask, Samples
from ivrtest.audio.speech import QUIETEST_DB, SoundDetector, ToneDetector
from ivrtest.audio.stranger import Strangers


class Matcher:
    """Names the recordings of one call. Feed it the call's audio; times count from the first sample."""

    def __init__(self, library: PromptLibrary) -> None:
        """Builds the library's index if this is its first use."""
        self._index = library.index
        self._history = History()
        self._pursuit = Pursuit(self._index, self._history)
        self._sound = SoundDetector()
        self._tone = ToneDetector()
        self._progress = ProgressDetector()
        self._expected: frozenset[Key] = frozenset()
        self._named: Track | None = None
        self._cursor = 0
        """Everything before this sample is explained."""
        self._key_pressed = False
        """Since a recording was named."""
        self._over = False
        self._strangers = Strangers(self._history, self._pursuit)
        self._told_unknown = False
        """The present sound has been reported as unknown or as a recording gone wrong; what is left of it is no news."""

    def expect(self, keys: Sequence[Key] | None) -> None:
        """Say which recordings may come next; None: any. Others are still recognised, a little later. Unknown keys raise KeyError."""
        self._pursuit.expect(frozenset(self._index.numbers[key] for key in keys or ()))
        self._expected = frozenset(keys or ())

    def mask(self, start_s: float, end_s: float) -> None:
        """Leave a stretch of the stream, past or to come, out of all comparisons: our own key tones, and what is known late to be lost."""
        first, end = (int(start_s * SAMPLE_RATE) - WINDOW) // HOP, int(end_s * SAMPLE_RATE) // HOP + 1
        self._history.mask(start_s, end_s)
        for track in self._tracks:
            if track.first >= self._history.oldest:
                track.judge_anew(first, end)
        self._key_pressed = True

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing]:
        """Take the next samples, any number; `lost` marks those that did not arrive. Return what became known."""
        hearings: list[Hearing] = []
        self._history.take(samples, lost)
        while (added := self._history.step(LONG_STEP if self._at_ease() else STEP)) is not None:
            hearings += self._step(*added)
        return hearings

    def _at_ease(self) -> bool:
        """Return whether a recording plays as it should and nothing is to be decided soon, so that longer steps will do."""
        track = self._named
        return track is not None and track.clear and track.to_come > AT_EASE_FRAMES and not self._key_pressed and not self._over

    def finish(self) -> list[Hearing]:
        """The call is over: return the last word on what was playing."""
        end_s = self._history.taken / SAMPLE_RATE
        self._over = True
        hearings = self.feed(np.zeros(STEP * 6, np.int16), np.zeros(STEP * 6, np.bool_))
        if self._named is not None:
            hearings += self._went_wrong(self._named, Verdict.truncated)
        hearings += self._tone.finish(end_s)
        return [known_by(hearing, end_s) for hearing in hearings]

    # ---------------------------------------------------------------- each 100 ms

    @property
    def _tracks(self) -> list[Track]:
        return self._pursuit.tracks

    def _step(self, block: Samples, first: int) -> list[Hearing]:
        history = self._history
        end = history.end
        levels, valid = history.total(first, end), history.valid(first, end)
        loud, hearings = self._sound.listen(levels, valid, history.now_s)
        # Where a recording plays as it should, there are no tones but its own.
        speaking = self._named is not None and self._named.clear
        tonal, tones = self._tone.listen(block, np.zeros_like(loud) if speaking else loud, valid, history.now_s)
        history.note(first, loud, tonal)
        hearings += tones
        hearings += self._progress.listen(block[: len(loud) * HOP], history.now_s, known=speaking)
        unsure = self._named is None or not self._named.clear
        if unsure:
            self._look()
        self._pursuit.advance(self._named)
        if unsure and self._pursuit.doubtful:
            self._look()
        outlived = [track for track in self._tracks if track is not self._named and self._outlived(track)]
        for track in outlived:
            self._strangers.leave_open(track)
        self._pursuit.tracks = [track for track in self._tracks if track not in outlived]
        # One decision can open the way for the next: a recording ends, and the one after it is already known.
        for _ in range(DECISIONS):
            decided = self._decide()
            if not decided:
                break
            hearings += decided
        return hearings

    def _outlived(self, track: Track) -> bool:
        """Return whether a recording heard to its end was only the beginning of another, or a stretch of other speech."""
        if not track.complete:
            return False
        longer = any(
            other.good and other.sounding_start < track.sounding_start + SLACK and other.heard_s > track.heard_s + 0.25
            for other in self._tracks
        )
        return longer or (not self._stands(track) and self._history.end > track.sounding_end // HOP + GIVE_UP_FRAMES)

    def _look(self) -> None:
        not_before = self._cursor if self._named is None else self._wrong_from(self._named)
        # A recording in noise is first seen in single bands.
        audible_db = min(self._sound.threshold_db, max(QUIETEST_DB, float(self._history.noise.max()) + BAND_ABOVE_NOISE_DB))
        self._pursuit.look(audible_db, not_before)

    # ---------------------------------------------------------------- what it means

    def _decide(self) -> list[Hearing]:
        winner, rival = self._completed()
        if winner is not None:
            return self._heard_to_the_end(winner, rival)
        if self._named is not None and not self._named.good:
            return self._gone_wrong(self._named)
        if self._named is not None and self._named.overlaid:
            return self._overlaid(self._named)
        if self._named is None:
            return self._name() or self._unnamed_sound()
        return []

    def _needed_s(self, track: Track) -> float:
        if track.key not in self._expected or not track.clear:
            return NAME_ANY_S
        return NAME_EXPECTED_S if track.worst > GOOD_BEGINNING_DB else NAME_WELL_EXPECTED_S

    def _completed(self) -> tuple[Track | None, Track | None]:
        """Return the recording that has been heard to its end, if that is certain, and another that fits as well."""
        complete = [track for track in self._tracks if track.good and not track.hidden and track.complete and self._stands(track)]
        if not complete:
            return None, None
        # One that could only be under other sound is none where another one fits as it is.
        complete = [one for one in complete if one.clear or not any(instead(other, one) and outdone(one, other) for other in complete)]
        # The longest cover wins; what covers the same stretch is told apart by how well it fits.
        best = min(complete, key=lambda track: (-round(track.heard_s * 10), track.worst))
        same = [track for track in complete if together(track, best)]
        best = min(
            same, key=lambda track: (outdone(track, best), track.worst > best.worst + 1.0, track.key not in self._expected, track.worst)
        )
        if not best.clear and any(instead(track, best) for track in self._tracks):
            return None, None
        # A longer recording that has fitted as long as this one must first be refuted: this one may be only its beginning.
        if any(continues(track, best) for track in self._tracks if track not in complete):
            return None, None
        rivals = [
            track for track in same if track.key != best.key and track.worst < best.worst + 1.0 and track.heard_s > 0.8 * best.heard_s
        ]
        return best, min(rivals, key=lambda track: (track.key not in self._expected, track.worst), default=None)

    def _stands(self, track: Track) -> bool:
        """Return whether a recording heard to its end can be taken for itself, not for a stretch of other speech."""
        if track is self._named or track.heard_s < 0.1:
            return track is self._named
        if not self._sounds(track):
            return False
        if not track.clear and track.key not in self._expected and track.heard_s < NAME_ANY_S:
            return False
        if track.key in self._expected and track.heard_share > 0.15:
            return self._sound_before(track) < 25 or track.heard_s > SHORT_S
        if track.heard_s >= NAME_ANY_S:
            return True
        if self._told_unknown or self._sound_before(track) >= 12:
            return False
        if track.heard_s > ENOUGH_S:
            return track.heard_share > 0.5
        if track.heard_share < 0.8 or track.heard_s < 0.15 or track.worst > FAIR_DB:
            return False
        lost = self._history.lost_share(track.first - CLEAR_AROUND, self._history.end) > 0
        if track.heard_s < CLEAR_S and lost and not (self._strangers.after_recording and track.heard_share > 0.95):
            return False
        # What is lost after sound may be more of it.
        after = self._history.speech_or_lost(track.sounding_end // HOP + 3, self._history.end)
        quiet = (len(after) >= 8 and not after[:8].any()) or (len(after) >= 16 and not after[8:16].any())
        return quiet or (len(after) >= 3 and track.worst < EXCELLENT_DB)

    def _sound_before(self, track: Track) -> int:
        """Return how many frames of sound lie unexplained between what was explained and this recording's start."""
        history = self._history
        first = max(history.oldest, self._cursor // HOP)
        end = max(first, track.sounding_start // HOP - 3)
        level_db = history.voice_db(track.sounding_start // HOP, track.first + track.judged) - FAR_BELOW_DB
        return int(np.count_nonzero(history.speech_or_lost(first, end) & (history.total(first, end) > level_db)))

    def _sounds(self, track: Track) -> bool:
        """Return whether a recording lies where there is sound. With other sound over it, it might fit the line's noise."""
        if track.clear:
            return True
        loud = self._history.loud(track.sounding_start // HOP, track.first + track.judged)
        return int(np.count_nonzero(loud)) * HOP / SAMPLE_RATE > 0.5 * track.heard_s

    def _name(self) -> list[Hearing]:
        """Name the recording that plays if only one can be meant."""
        followed = [track for track in self._tracks if track.good and not track.hidden]
        able = [track for track in followed if track.heard_s >= self._needed_s(track) and self._sounds(track)]
        if not able:
            return []
        best = min(able, key=lambda track: (not track.clear, -round(track.heard_s * 2), track.worst))
        for track in self._tracks:
            if track is not best and track.good and track.heard_s > 0.5 * best.heard_s and not left_behind(track, best):
                return []
        if self._pursuit.awaits_siblings(best):
            return []
        if best.heard_s < NAME_ANY_S and self._sound_before(best) >= 25:
            return []
        # What has just parted from this one may have done so because neither is right.
        if any(just_parted(other, best, best.key in self._expected) for other in self._pursuit.refuted):
            return []
        before = self._unknown_before(best)
        self._named, best.named_at_s = best, self._history.now_s
        self._told_unknown = self._key_pressed = False
        return [*before, Recognised(self._match(best, Verdict.match if best.clear else Verdict.inconclusive), self._history.now_s)]

    def _unknown_before(self, track: Track) -> list[Hearing]:
        """Report speech that went before a recording and is none."""
        first = max(self._history.oldest, self._cursor // HOP)
        speech = self._history.speech(first, max(first, track.sounding_start // HOP - 3))
        sounding = np.flatnonzero(speech)
        if self._told_unknown or len(sounding) < 25 or not self._history.varies(first + int(sounding[0]), first + int(sounding[-1])):
            return []
        start, end = first + int(sounding[0]), first + int(sounding[-1])
        self._strangers.heard_recording(track)
        return [self._strangers.heard(start, end, self._near())] if self._strangers.in_front(start, end) else []

    def _heard_to_the_end(self, track: Track, rival: Track | None) -> list[Hearing]:
        runner_up = None if rival is None else rival.key
        lost = self._history.lost_share(track.first, self._history.end) > 0.02
        verdict = Verdict.match
        if track.unheard() or not track.clear or track.audible_share < AUDIBLE:
            verdict = Verdict.inconclusive
        elif rival is not None and rival.key in self._index.identical(track.key):
            settled = track.key in self._expected and rival.key not in self._expected
            verdict = Verdict.match if settled else Verdict.ambiguous
        elif rival is not None:
            verdict = Verdict.inconclusive if rival.unheard() or lost else Verdict.ambiguous
        match = self._match(track, verdict, runner_up)
        self._strangers.heard_recording(track)
        hearings: list[Hearing] = []
        if track is not self._named:
            hearings += self._unknown_before(track)
            hearings.append(Recognised(match, self._history.now_s))
        self._explained(track.sounding_end, keep=[other for other in self._tracks if other.sounding_start >= track.sounding_end - SLACK])
        return [*hearings, Heard(match, self._history.now_s)]

    def _wrong_from(self, track: Track) -> int:
        wrong = track.fell_at if track.fell_at is not None else track.overlaid_from
        assert wrong is not None
        return wrong * HOP + WINDOW // 2

    def _gone_wrong(self, track: Track) -> list[Hearing]:
        """Say whether a recording was cut or went on with other words, as soon as that is certain."""
        history = self._history
        wrong = self._wrong_from(track)
        others = [other for other in self._tracks if other is not track and other.clear]
        for other in others:
            if abs(other.sounding_start - track.sounding_start) < SAMPLE_RATE // 5 and other.heard_s >= self._needed_s(other):
                # It was the sibling all along.
                self._named, other.named_at_s = other, history.now_s
                self._tracks.remove(track)
                return [Recognised(self._match(other, Verdict.match), history.now_s)]
            if other.heard_s >= self._needed_s(other) or (other.complete and self._stands(other)):
                return self._went_wrong(track, Verdict.truncated)
        frame = wrong // HOP
        loud = history.speech(frame, history.end)
        since = len(loud)
        quiet = since >= QUIET_FRAMES and not loud[-QUIET_FRAMES + 2 :].any()
        if quiet and (np.count_nonzero(loud[3:]) <= 4 or (np.count_nonzero(loud) < SYLLABLE_FRAMES and track.lacks())):
            return self._went_wrong(track, Verdict.truncated)
        if (quiet and not any(other.heard_s > 0.2 for other in others)) or since > PATIENCE_FRAMES:
            return self._went_wrong(track, Verdict.diverged)
        return []

    def _overlaid(self, track: Track) -> list[Hearing]:
        """Say that a recording was cut by another, or that it cannot be heard any more, as soon as that is certain."""
        wrong = self._wrong_from(track) - SAMPLE_RATE // 5
        others = [other for other in self._tracks if other is not track and other.clear and other.sounding_start >= wrong]
        # What plays now may well be a part of the recording itself.
        others = [other for other in others if track.mean_from(other.first) > GOOD_DB + CLEARLY_DB]
        if any(other.heard_s >= self._needed_s(other) for other in others):
            return self._went_wrong(track, Verdict.truncated)
        since = self._history.end - wrong // HOP
        if track.hidden and (since > PATIENCE_FRAMES or not others):
            return self._went_wrong(track, Verdict.inconclusive)
        return []

    def _went_wrong(self, track: Track, verdict: Verdict) -> list[Hearing]:
        wrong = min((track.first + track.judged) * HOP if track.clear else self._wrong_from(track), self._history.fed)
        match = self._match(track, verdict, end=wrong)
        self._explained(
            wrong, keep=[other for other in self._tracks if other is not track and other.sounding_start >= wrong - SAMPLE_RATE // 5]
        )
        self._told_unknown = verdict is Verdict.diverged
        return [Heard(match, self._history.now_s)]

    def _unnamed_sound(self) -> list[Hearing]:
        """Say what unexplained sound was, once it is over or has lasted."""
        history = self._history
        first = max(history.oldest, self._cursor // HOP)
        speech = history.speech(first, history.end)
        sounding = np.flatnonzero(speech)
        if len(sounding) == 0:
            if not self._sound.sounding:
                self._told_unknown = False
            return []
        quiet = len(speech) - 1 - sounding[-1]
        if quiet >= QUIET_FRAMES + 5 and self._told_unknown:
            self._explained((history.end - 20) * HOP, keep=[track for track in self._tracks if track.first >= history.end - 30])
            return []
        if any(track.good and track.heard_s > 0.3 for track in self._tracks):
            return []
        fallen = self._pursuit.fallen
        least_s = NAME_EXPECTED_S * 0.75 if fallen is not None and fallen.key in self._expected else NAME_ANY_S
        if fallen is not None and fallen.heard_s >= least_s and not self._told_unknown:
            self._named = fallen
            self._tracks.append(fallen)
            return self._gone_wrong(fallen)
        if quiet < QUIET_FRAMES and len(sounding) < UNKNOWN_FRAMES:
            return []
        start, end = first + int(sounding[0]), first + int(sounding[-1])
        told, self._told_unknown = self._told_unknown, True
        speechlike = len(sounding) >= 20 and history.varies(start, end + 1)
        told = told or not speechlike or not self._strangers.in_front(start, end)
        hearing: list[Hearing] = [] if told else [self._strangers.heard(start, end, self._near())]
        lasting = quiet < QUIET_FRAMES
        # A recording that has only just begun is not seen yet.
        until = (end - JUST_BEGUN_FRAMES if lasting else end + 3) * HOP
        self._explained(until, keep=[track for track in self._tracks if track.sounding_start >= (end - 20) * HOP])
        self._told_unknown = lasting
        return hearing

    def _near(self) -> Key | None:
        """Return the recording that came nearest to what sounded."""
        fallen = self._pursuit.fallen
        return fallen.key if fallen is not None and fallen.heard_s > 0.3 else None

    def _match(self, track: Track, verdict: Verdict, runner_up: Key | None = None, end: int | None = None) -> Match:
        judged = (track.first + track.judged) * HOP + WINDOW // 2
        stop = end if end is not None else track.sounding_end if track.complete else judged
        if runner_up is None and (twins := self._index.identical(track.key)):
            runner_up = twins[0]
        wrong = verdict in (Verdict.diverged, Verdict.truncated)
        return Match(
            prompt=track.key[0],
            language=track.key[1],
            verdict=verdict,
            score=round(track.worst, 2),
            start_s=track.start / SAMPLE_RATE,
            end_s=min(stop, self._history.fed) / SAMPLE_RATE,
            decided_at_s=self._history.now_s if track.named_at_s is None else track.named_at_s,
            diverged_at_s=stop / SAMPLE_RATE if wrong else None,
            runner_up=runner_up,
            differences=track.bad_places() if wrong else (),
            expected_language=self._other_language(track),
        )

    def _other_language(self, track: Track) -> str:
        """Return the language in which a recording's prompt is expected, if not in its own."""
        languages = [language for prompt, language in self._expected if prompt == track.key[0]]
        return min(languages) if languages and track.key[1] not in languages else ""

    def _explained(self, until: int, keep: list[Track]) -> None:
        """Begin anew after sample `until`."""
        self._cursor = max(self._cursor, until)
        self._named = None
        self._strangers.explained()
        self._pursuit.restart(self._cursor, keep)
        self._look()
