"""Which recording plays, and is it all of it? Follows a call and says so as soon as it is certain.

Two stages: likeness of short patches names candidates out of the whole library (`fingerprint`); each candidate is then laid along the
call and judged cell by cell (`alignment`, `judge`). This file decides what the candidates' fates mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ivrtest.audio.alignment import Track
from ivrtest.audio.audibility import in_noise
from ivrtest.audio.call_end import cut_by_end, with_cut
from ivrtest.audio.certainty import (
    BAND_ABOVE_NOISE_DB,
    DECISIONS,
    GAP_FRAMES,
    JUST_BEGUN_FRAMES,
    LEAST_GAP_FRAMES,
    MOST_SHARE,
    NAME_ANY_S,
    NAME_EXPECTED_S,
    PATIENCE_FRAMES,
    QUIET_FRAMES,
    RESUMED_FRAMES,
    RESUMED_WAIT_FRAMES,
    SHORT_S,
    STEP,
    SYLLABLE_FRAMES,
    UNKNOWN_FRAMES,
)
from ivrtest.audio.completion import completed, outlived, stands
from ivrtest.audio.hearing import CHANGED_BY_LINE, Doubt, Heard, Hearing, Recognised, Resumed, Verdict, known_by
from ivrtest.audio.judge import GOOD_DB, checked_limit
from ivrtest.audio.misfit import misfits
from ivrtest.audio.pace import Pace
from ivrtest.audio.partway import gap_in, resumed
from ivrtest.audio.progress import ProgressDetector
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.pursuit import SLACK, without_echo
from ivrtest.audio.rivals import CLEARLY_DB, ends_with, fits_far_better, just_parted, left_behind
from ivrtest.audio.search import Listening, alone
from ivrtest.audio.situation import Situation
from ivrtest.audio.spectrum import HOP, SAMPLE_RATE, WINDOW, Mask, Samples, greatest
from ivrtest.audio.speech import QUIETEST_DB, SoundDetector, ToneDetector


class Matcher:
    """Names the recordings of one call. Feed it the call's audio; times count from the first sample."""

    def __init__(self, library: PromptLibrary, *, limit_db: float = GOOD_DB) -> None:
        """Builds the library's index if this is its first use.

        `limit_db`: how far a recording may deviate in any 300 ms, as a line was measured: 2.4 to 4, else ValueError is raised.
        """
        self._now = Situation(library.index, limit_db=checked_limit(limit_db))
        self._history, self._pursuit, self._strangers = self._now.history, self._now.pursuit, self._now.strangers
        self._music = library.music
        self._sound = SoundDetector()
        self._tone = ToneDetector()
        self._progress = ProgressDetector()
        self._pace = Pace(self._now, self._sound, self._tone, self._progress)

    def expect(self, keys: Sequence[Key] | None) -> None:
        """Say which recordings may come next; None: any. Others are still recognised, a little later. Unknown keys raise KeyError."""
        self._pursuit.expect(frozenset(self._now.index.numbers[key] for key in keys or ()))
        self._now.expected = {key: place for place, key in reversed(list(enumerate(keys or ())))}
        self._pace.hurry()

    def mask(self, start_s: float, end_s: float) -> None:
        """Leave a stretch of the stream, past or to come, out of all comparisons: our own key's echo, and what is known late to be lost."""
        first, end = (int(start_s * SAMPLE_RATE) - WINDOW) // HOP, int(end_s * SAMPLE_RATE) // HOP + 1
        self._history.mask(start_s, end_s)
        for track in self._now.tracks:
            if track.first >= self._history.oldest:
                track.judge_anew(first, end)
        self.pressed(start_s)

    def pressed(self, at_s: float) -> None:
        """Say that we pressed a key then, which may cut what plays."""
        self._now.key_pressed = True
        self._pace.hurry()

    def music(self, start_s: float, end_s: float | None = None) -> None:
        """Say that music plays since `start_s`; with `end_s`, that it did until then. Nothing about the line's noise follows from it."""
        self._history.music(start_s, end_s)
        self._sound.music(None if end_s is not None else self._history.end - int(start_s * SAMPLE_RATE) // HOP)
        if end_s is not None:
            # What comes after it is news.
            self._now.told_unknown = False

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing]:
        """Take the next samples, any number; `lost` marks those that did not arrive. Return what became known."""
        self._history.take(samples, lost)
        return alone(self._steps()) if self._step_due else []

    def feeding(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]:
        """Do what `feed` does, together with other calls: see `search`."""
        self._history.take(samples, lost)
        return (yield from self._steps()) if self._step_due else []

    @property
    def _step_due(self) -> bool:
        return self._history.waiting >= self._pace.samples

    def _steps(self) -> Listening[list[Hearing]]:
        hearings: list[Hearing] = []
        while self._step_due:
            self._pace.look_ahead()
            if (added := self._history.step(self._pace.samples)) is not None:
                hearings += yield from self._step(*added)
                self._pace.look_back()
        return hearings

    def finish(self) -> list[Hearing]:
        """The call is over: return the last word on what was playing."""
        end_s = self._history.taken / SAMPLE_RATE
        hearings: list[Hearing] = []
        # What was left for a longer step, and what is less than one.
        while self._history.waiting >= WINDOW and (added := self._history.step(min(self._history.waiting, STEP))) is not None:
            hearings += alone(self._step(*added))
        cut = cut_by_end(self._now)
        self._history.over = self._sound.over = True
        self._pace.wake()
        after = self.feed(np.zeros(STEP * 6, np.int16), np.zeros(STEP * 6, np.bool_))
        if self._now.named is not None:
            after += self._went_wrong(self._now.named, Verdict.truncated)
        after += self._left_over()
        hearings += [*with_cut(after, cut), *self._tone.finish(end_s)]
        return [known_by(hearing, end_s) for hearing in hearings]

    # ---------------------------------------------------------------- each 100 ms

    def _step(self, block: Samples, first: int) -> Listening[list[Hearing]]:
        history = self._history
        end = history.end
        levels, valid = history.total(first, end), history.valid(first, end)
        loud, hearings = self._sound.listen(levels, valid, history.now_s, closely=self._now.named is None and bool(self._now.tracks))
        # Where a recording plays as it should, there are no tones but its own.
        speaking = self._pursuit.settled if self._now.named is None else self._now.named.clear
        tonal, tones = self._tone.listen(history.spectra, np.zeros(len(loud), np.bool_) if speaking else loud, valid, history.now_s)
        history.note(first, loud, tonal)
        hearings += tones
        hearings += self._progress.listen(block[: len(loud) * HOP], history.now_s, known=speaking)
        if self._unsure:
            yield from self._look()
        self._pursuit.advance(self._now.named)
        if self._unsure and self._pursuit.doubtful:
            yield from self._look()
        gone = [track for track in self._now.tracks if track is not self._now.named and outlived(self._now, track)]
        for track in gone:
            self._strangers.leave_open(track)
        self._pursuit.tracks = [track for track in self._now.tracks if track not in gone]
        # One decision can open the way for the next: a recording ends, and the one after it is already known.
        for _ in range(DECISIONS):
            decided = self._decide()
            if not decided:
                break
            hearings += decided
        return hearings

    @property
    def _unsure(self) -> bool:
        """Whether no recording is known to play as it should."""
        return self._now.named is None or not self._now.named.clear

    def _look(self) -> Listening[None]:
        if self._pursuit.settled:
            return
        not_before = self._now.cursor if self._now.named is None else self._wrong_from(self._now.named)
        # A recording in noise is first seen in single bands.
        audible_db = min(self._sound.threshold_db, max(QUIETEST_DB, greatest(self._history.noise) + BAND_ABOVE_NOISE_DB))
        yield from self._pursuit.look(audible_db, not_before)

    # ---------------------------------------------------------------- what it means

    def _decide(self) -> list[Hearing]:
        winner, rivals = completed(self._now)
        named = self._now.named
        if winner is not None and (named is None or named.good or winner.sounding_start < named.sounding_start + SAMPLE_RATE // 5):
            return self._heard_to_the_end(winner, rivals)
        if named is not None and not named.good:
            # What follows it may be over by now.
            return self._gone_wrong(named) or ([] if winner is None else self._heard_to_the_end(winner, rivals))
        if self._now.named is not None and self._now.named.overlaid:
            return self._overlaid(self._now.named)
        if self._now.named is None:
            return self._name() or self._unnamed_sound()
        return []

    def _name(self) -> list[Hearing]:
        """Name the recording that plays if only one can be meant."""
        followed = [track for track in self._now.tracks if track.good and not track.hidden]
        able = [track for track in followed if track.heard_s >= self._now.needed_s(track) and self._now.sounds(track)]
        if not able:
            return []
        best = min(able, key=lambda track: (not track.clear, -round(track.heard_s * 2), track.worst))
        twins = self._now.index.identical(best.key)
        best = next((track for track in able if track.key in twins and self._now.comes_before(track, best)), best)
        for track in self._now.tracks:
            if (
                track is not best
                and track.good
                and track.key not in twins
                and track.heard_s > 0.5 * best.heard_s
                and not left_behind(track, best, best.key in self._now.expected)
            ):
                return []
        if self._pursuit.awaits_siblings(best) or self._now.may_be_another(best):
            return []
        if best.heard_s < NAME_ANY_S and self._now.sound_before(best) >= 25:
            return []
        # What has just parted from this one may have done so because neither is right.
        if any(just_parted(other, best, best.key in self._now.expected) for other in self._pursuit.refuted):
            return []
        before = self._unknown_before(best)
        self._now.named, best.named_at_s = best, self._history.now_s
        self._strangers.known(best)
        self._now.told_unknown = self._now.key_pressed = False
        verdict = Verdict.match if best.clear and not in_noise(best) else Verdict.inconclusive
        return [*before, Recognised(self._now.match(best, verdict), self._history.now_s)]

    def _unknown_before(self, track: Track) -> list[Hearing]:
        """Report speech that went before a recording and is none."""
        first = max(self._history.oldest, self._now.cursor // HOP)
        end = max(first, track.sounding_start // HOP - 3)
        sounding = without_echo(self._history.speech(first, end).nonzero()[0], end - first)
        if self._now.told_unknown or len(sounding) == 0:
            return []
        start, end = first + int(sounding[0]), first + int(sounding[-1])
        if self._strangers.remains(sounding + first, end, track):
            self._strangers.heard_recording(track)
            return [self._strangers.heard(start, end, self._now.near())]
        if len(sounding) < 25 or not self._history.varies(start, end):
            return []
        self._strangers.heard_recording(track)
        return [self._strangers.heard(start, end, self._now.near())] if self._strangers.in_front(start, end) else []

    def _heard_to_the_end(self, track: Track, rivals: list[Track]) -> list[Hearing]:
        rival = rivals[0] if rivals else None
        if rival is not None and rival.key in self._now.index.identical(track.key) and self._now.comes_before(rival, track):
            rivals = [track, *rivals[1:]]
            track, rival = rival, track
        lost = self._history.lost_share(track.first, self._history.end) > 0.02
        verdict = Verdict.match
        if (doubt := self._doubt(track)) is not None:
            verdict = Verdict.inconclusive
        elif rival is not None and rival.key in self._now.index.identical(track.key):
            verdict = Verdict.match if self._now.comes_before(track, rival) else Verdict.ambiguous
        elif rival is not None:
            verdict, doubt = (Verdict.inconclusive, Doubt.loss) if rival.unheard() or lost else (Verdict.ambiguous, None)
        match = self._now.match(track, verdict, [other.key for other in rivals], doubt=doubt)
        hearings: list[Hearing] = []
        if track is not self._now.named:
            hearings += self._unknown_before(track)
            hearings.append(Recognised(match, self._history.now_s))
        self._strangers.heard_recording(track)
        end = track.fitting_end(self._history)
        kept = [other for other in self._now.tracks if other.sounding_start >= end - SLACK]
        self._explained(end, keep=kept, recording=True, ended=track.sounding_end)
        return [*hearings, Heard(match, self._history.now_s)]

    def _doubt(self, track: Track) -> Doubt | None:
        """Return why a recording that was heard to its end may be another one; None if it is certain."""
        little = track.heard_s < SHORT_S and track.heard_share < MOST_SHARE
        if little or track.unheard() or track.doubtful:
            return Doubt.loss if self._history.lost_share(track.first, self._history.end) else Doubt.overlap
        if not track.clear:
            return Doubt.overlap
        if any(ends_with(other, track) for other in self._now.tracks):
            # The longer one was left open because something was lost beside it.
            return Doubt.loss
        if in_noise(track):
            return Doubt.noise
        if any(fits_far_better(other, track) for other in self._strangers.left_open):
            return Doubt.misfit
        return Doubt.misfit if track.key not in self._music and misfits(track, self._history) else None

    def _wrong_from(self, track: Track) -> int:
        wrong = track.fell_at if track.fell_at is not None else track.overlaid_from
        assert wrong is not None
        return wrong * HOP + WINDOW // 2

    def _gone_wrong(self, track: Track) -> list[Hearing]:
        """Say whether a recording was cut or went on with other words, as soon as that is certain."""
        history = self._history
        wrong = self._wrong_from(track)
        others = [other for other in self._now.tracks if other is not track and other.clear]
        for other in others:
            if abs(other.sounding_start - track.sounding_start) < SAMPLE_RATE // 5 and other.heard_s >= self._now.needed_s(other):
                # It was the sibling all along.
                self._now.named, other.named_at_s = other, history.now_s
                self._now.tracks.remove(track)
                return [Recognised(self._now.match(other, Verdict.match), history.now_s)]
            if other.heard_s >= self._now.needed_s(other) or (other.complete and stands(self._now, other)):
                return self._went_wrong(track, Verdict.truncated)
        frame = wrong // HOP
        loud, quiet_for = self._strangers.since(track, frame, self._now.cursor // HOP)
        since = len(loud)
        quiet = since >= QUIET_FRAMES and quiet_for >= QUIET_FRAMES - 2
        if quiet and (np.count_nonzero(loud[3:]) <= 4 or (np.count_nonzero(loud) < SYLLABLE_FRAMES and track.lacks())):
            # It may only be interrupted, if not by us.
            certain = self._now.key_pressed or history.over or quiet_for >= GAP_FRAMES
            return self._went_wrong(track, Verdict.truncated) if certain else []
        if (gap := gap_in(loud)) is not None and gap >= LEAST_GAP_FRAMES:
            if since - gap >= RESUMED_FRAMES and (went_on := resumed(self._now.index, history, track, frame, frame + gap)) is not None:
                if self._strangers.changes_level(track):
                    return self._went_wrong(track, Verdict.inconclusive, doubt=Doubt.level)
                return self._went_wrong(track, Verdict.diverged, went_on)
            if gap >= QUIET_FRAMES:
                return self._went_wrong(track, Verdict.truncated) if quiet or since - gap >= RESUMED_WAIT_FRAMES else []
        if (quiet and not any(other.heard_s > 0.2 for other in others)) or since > PATIENCE_FRAMES:
            if (doubt := self._strangers.doubt_beside(track, frame)) is not None:
                return self._went_wrong(track, Verdict.inconclusive, doubt=doubt)
            return self._went_wrong(track, Verdict.diverged, resumed(self._now.index, history, track, frame, frame))
        return []

    def _overlaid(self, track: Track) -> list[Hearing]:
        """Say that a recording was cut by another, or that it cannot be heard any more, as soon as that is certain."""
        wrong = self._wrong_from(track) - SAMPLE_RATE // 5
        others = [other for other in self._now.tracks if other is not track and other.clear and other.sounding_start >= wrong]
        # What plays now may well be a part of the recording itself.
        others = [other for other in others if track.mean_from(other.first) > GOOD_DB + CLEARLY_DB]
        if any(other.heard_s >= self._now.needed_s(other) for other in others):
            return self._went_wrong(track, Verdict.truncated)
        since = self._history.end - wrong // HOP
        if track.hidden and (since > PATIENCE_FRAMES or not others):
            return self._went_wrong(track, Verdict.inconclusive, doubt=Doubt.overlap)
        return []

    def _went_wrong(self, track: Track, verdict: Verdict, went_on: Resumed | None = None, doubt: Doubt | None = None) -> list[Hearing]:
        wrong = min((track.first + track.judged) * HOP if track.clear else self._wrong_from(track), self._history.fed)
        beneath = doubt is None and track.fell_at is not None and track.is_beneath(track.fell_at)
        if beneath:
            verdict, went_on, doubt = Verdict.inconclusive, None, Doubt.overlap
        match = self._now.match(track, verdict, end=wrong, resumed=went_on, doubt=doubt)
        self._strangers.heard_part(track, wrong // HOP)
        self._explained(
            wrong,
            keep=[other for other in self._now.tracks if other is not track and other.sounding_start >= wrong - SAMPLE_RATE // 5],
            recording=verdict is not Verdict.inconclusive,
        )
        # What follows music is no part of it.
        told = beneath or verdict is Verdict.diverged or doubt in CHANGED_BY_LINE
        self._now.told_unknown = told and not self._now.key_pressed and track.key not in self._music
        return [Heard(match, self._history.now_s)]

    def _left_over(self) -> list[Hearing]:
        """The call is over: say what sounded that no recording explains, also where some that were heard to their end might."""
        for track in self._now.tracks:
            if track.complete:
                self._strangers.leave_open(track)
        self._pursuit.tracks = [track for track in self._now.tracks if not track.complete and track.good]
        begun = max((track for track in self._now.tracks if track.clear), key=lambda track: track.heard_s, default=None)
        return self._unnamed_sound() if begun is None else self._unknown_before(begun)

    def _unnamed_sound(self) -> list[Hearing]:
        """Say what unexplained sound was, once it is over or has lasted."""
        history = self._history
        if not self._now.told_unknown and any(track.good and track.heard_s > 0.3 for track in self._now.tracks):
            return []
        first = max(history.oldest, self._now.cursor // HOP)
        sounding = without_echo(history.speech(first, history.end).nonzero()[0], history.end - first)
        if len(sounding) == 0:
            if not self._sound.sounding:
                self._now.told_unknown = False
            return []
        quiet = history.quiet_since(first)
        followed = [track for track in self._now.tracks if track.good and track.heard_s > (0.1 if self._due(track) else 0.3)]
        # Pauses are a part of recordings.
        if quiet >= QUIET_FRAMES + 5 and self._now.told_unknown and not any(track.clear for track in followed):
            self._explained((history.end - 20) * HOP, keep=[track for track in self._now.tracks if track.first >= history.end - 30])
            return []
        if followed:
            return []
        fallen = self._pursuit.fallen
        least_s = NAME_EXPECTED_S * 0.75 if fallen is not None and fallen.key in self._now.expected else NAME_ANY_S
        if fallen is not None and fallen.heard_s >= least_s and not self._now.told_unknown:
            before = self._unknown_before(fallen)
            self._now.named = fallen
            self._now.tracks.append(fallen)
            return before + self._gone_wrong(fallen)
        if quiet < QUIET_FRAMES and len(sounding) < UNKNOWN_FRAMES:
            return []
        start, end = first + int(sounding[0]), first + int(sounding[-1])
        told, self._now.told_unknown = self._now.told_unknown, True
        speechlike = len(sounding) >= 20 and history.varies(start, end + 1)
        # What losses have left of a word may have been one too many in a row, or the answer to a key.
        speechlike = speechlike or self._strangers.remains(sounding + first, end)
        told = told or not speechlike or not self._strangers.in_front(start, end)
        hearing: list[Hearing] = [] if told else [self._strangers.heard(start, end, self._now.near())]
        lasting = quiet < QUIET_FRAMES
        # A recording that has only just begun is not seen yet.
        until = (end - JUST_BEGUN_FRAMES if lasting else end + 3) * HOP
        self._explained(until, keep=[track for track in self._now.tracks if track.sounding_start >= (end - 20) * HOP])
        self._now.told_unknown = lasting
        return hearing

    def _due(self, track: Track) -> bool:
        """Return whether a recording fits that is expected: in noise little of a short one may sound, and that soon be over."""
        return track.key in self._now.expected and track.clear and track.compared

    def _explained(self, until: int, keep: list[Track], *, recording: bool = False, ended: int = 0) -> None:
        """Begin anew after sample `until`, up to which a recording had played or not. `ended`: where it ends, if it was whole."""
        self._now.cursor = max(self._now.cursor, until)
        self._now.named = None
        self._strangers.explained(self._now.cursor // HOP, recording=recording, ended=ended // HOP)
        self._pursuit.restart(self._now.cursor, keep)
