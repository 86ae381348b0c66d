"""Speech that is no recording: is that certain, and is it said to the caller at all?

That speech is no recording can be said only where a recording would have been recognised. Noise, losses and the talk of others can
hide one.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.alignment import Track
from ivrtest.audio.certainty import ENOUGH_S, LEAST_WORD_S
from ivrtest.audio.distortion import distortion
from ivrtest.audio.hearing import Doubt, Heard, Match, Resumed, Verdict
from ivrtest.audio.history import History
from ivrtest.audio.judge import BLOCK, FAITHFUL_DB
from ivrtest.audio.prompts import Key
from ivrtest.audio.pursuit import Pursuit
from ivrtest.audio.spectrum import FLOOR_DB, HOP, SAMPLE_RATE, WINDOW, Mask, percentile

BACKGROUND_DB: Final = 6.0
"""Speech that is softer by this much than the recording heard before it, and than the library's softer ones would be, is talk in the
background."""
BURIED_DB: Final = 10.5
"""Speech that rises by less above the noise may well be a recording."""
CROWDED_DB: Final = 10.5
"""Sound that rises by less above its own gaps is the talk of many, or music: a recording may be under it."""
DENSE_DB: Final = 15.0
"""The same for sound that hardly ever ceases: more than this share of it."""
DENSE_SHARE: Final = 0.86
EMPTY_DB: Final = 52.0
"""Where a quarter of the bands is emptier than this below the speech at some time, nobody talks beside it, however dense it is: it is 54 dB
and more for single words, and up to 46 dB beside four people who talk 9 to 15 dB below."""
FILLED_DB: Final = 15.5
"""Speech rises by more above its own softest moments, nearly always by 18 dB and more, over all codecs. Those of sound that does not are
full of noise, which the line has only while somebody speaks, or only since."""
FILLED_FRAMES: Final = 100
"""What is shorter may have no soft moment ..."""
SHORT_FILLED_DB, SHORT_FILLED_FRAMES = 9.0, 60
"""... but rises by this much all the same."""
FILLED_BANDS_DB: Final = 8.0
"""Noise fills bands also while speech has nothing there: the softest tenth of each but a quarter of them is louder than the line was before
by 9 dB and more, be it white, hum, talk or in a car. Of speech that hardly ever ceases, as "Un momento." does not, it is up to 7 dB."""
BEFORE_FRAMES, SOFTEST = 300, 3
"""What the line was like before a sound: the softest 3 % of the 3 s before it, which may be other speech."""
NO_NOISE_DB, NEW_NOISE_DB = 6.0, 25.0
"""What is no louder than that by so much is the same noise. Only if the softest sound is louder by so much is there more of it."""
LOST_SHARE: Final = 0.25
"""Speech of which more is lost than this may well be a recording."""
LITTLE_LOST: Final = 0.03
"""The same for speech too short to be named for certain."""
SHORT_S: Final = 1.2
_SEEN_MISSING: Final = 20
"""So many frames of a recording's beginning that arrived, and were something else, are missing for certain: also beside a key of ours."""
_MOST: Final = 0.6
"""Sound of which more than this share lies in recordings that were not taken for themselves may well be those recordings."""
_FRONT_DB: Final = 10.0
"""What is softer than the loudest by so much may be talk behind words, or the pauses between them."""
_HALF: Final = 0.6
_BESIDE: Final = 12
"""Frames before and after speech in which something lost may have been a part of it; the line's gaps are looked for in twice as many."""
_REST: Final = 20
"""Frames of sound that may be what is left of a recording that seems to have gone wrong a little too early."""
_REMAINS_DB: Final = 12.0
"""What is left of a word may be softer by so much: its vowel may be lost."""
_VOWEL: Final = 12
"""Frames of a vowel: so many lost, and all that was loud of a word may be gone."""
_EDGE: Final = 6
"""Frames by which sound and the recording that it is may begin or end apart."""
_FEW: Final = 8
"""Sound that is shorter may be anything ..."""
_LEAST, _SHORTEST_WORD, _SOFT_DB = 4, 15, 20.0
"""... but for this much, where it is as long as a word with what was lost right beside it, and no softer than that."""
LEVELLED_DB: Final = 6.5
"""A recording that only changes its level deviates by less, were it not for that, in any 300 ms: people's by up to 5.8 dB where it falls
and rises by 12 dB. With another word in it, it was 9 dB and more on good lines, in noise at 20 dB and over GSM."""
_SEEN_LEVEL: Final = 45
"""Frames of a recording in which it can be seen that only its level changes."""
_MOMENT_BEFORE, _MOMENT = 5, 40
"""Frames around the one from which a recording was wrong."""
_BEHIND_FRAMES, _LOUDER_DB = 250, 3.0
"""So long it is known what sounds behind a recording; it may get a little louder than nearly all of that was."""
_QUIET_BEFORE: Final = 10
"""Frames of quiet after which a sound begins anew."""


class Strangers:
    """What one call's recordings say about the speech between them."""

    def __init__(self, history: History, pursuit: Pursuit, softer_peak_db: float) -> None:
        """`softer_peak_db`: how loud the loudest cell of the library's softer recordings is."""
        self._history = history
        self._pursuit = pursuit
        self._softer_peak_db = softer_peak_db
        self._voice_db = FLOOR_DB
        """How loud the last recording was."""
        self._front_db = FLOOR_DB
        """How loud the softer recordings would be on this line."""
        self._overlaid = False
        """Other sound lay over the last recording that was not short."""
        self.after_recording = False
        """The last that was heard was a recording, no stranger."""
        self._noisy_until = 0
        """The frame up to which noise is known to fill what sounds, which the line had not before."""
        self._at_once = False
        """What sounds next follows on a recording ..."""
        self._since = 0
        """... from this frame on."""
        self.left_open: list[Track] = []
        """Recordings heard to their end, since all was explained last, that could as well be words of other speech."""
        self._ended = 0
        """The frame where the recording ends that was heard last, if it was heard to its end."""
        self._left = 0
        """The frame up to which the last recording may have played, if it was not heard to its end."""
        self.usual_db = inf
        """By how much the last recording that was not short deviated as a whole: so faithful is the line."""
        self._latest_db = inf
        """The same for the last one of which a moment was heard."""

    def heard_recording(self, track: Track) -> None:
        """Note how a recording sounded: so loud are those who speak to the caller, and so clear is the line."""
        self._voice_db = self._loudness(track)
        self._front_db = self._voice_db - max(0.0, track.reference.peak - self._softer_peak_db)
        if track.overlaid or track.heard_s >= ENOUGH_S:
            # That nothing was over a short one proves little, nor does it that its last moments gave way to what followed.
            since = track.overlaid_from
            self._overlaid = track.overlaid and since is not None and since < track.first + track.judged - BLOCK
        self.after_recording = True
        if track.clear and track.heard_s >= ENOUGH_S:
            self.usual_db = track.mean
        self.known(track)

    def known(self, track: Track) -> None:
        """Note a recording that is known while it plays: so faithful is the line."""
        if track.clear and track.heard_s >= LEAST_WORD_S:
            self._latest_db = track.mean

    def _loudness(self, track: Track) -> float:
        return self._history.voice_db(track.sounding_start // HOP, track.first + track.judged)

    def heard_part(self, track: Track, wrong: int) -> None:
        """Note how loud a recording was that went wrong at a frame, and how far it may have played all the same."""
        self._left = track.left_at(wrong)
        if wrong > track.sounding_start // HOP:
            self._voice_db = self._history.voice_db(track.sounding_start // HOP, wrong)

    def since(self, track: Track, wrong: int, explained: int) -> tuple[Mask, int]:
        """Return in which frames from `wrong` on, where a recording went wrong, there is speech in front of what sounded behind it, and for
        how many that arrived there was none at last. `explained`: the frame up to which all before the recording was something else."""
        history = self._history
        loud = history.speech(wrong, history.end)
        if wrong < history.oldest:
            return loud, history.quiet_since(wrong)
        front = loud & (history.total(wrong, history.end) > self._behind_db(track, wrong, explained))
        # Talk behind it may get louder for a moment.
        loud = _lasting(front) if 2 * np.count_nonzero(front) < np.count_nonzero(loud) else front
        sounding = np.flatnonzero(loud)
        quiet = wrong + int(sounding[-1]) + 1 if len(sounding) else wrong
        return loud, int(np.count_nonzero(history.valid(quiet, history.end)))

    def _behind_db(self, track: Track, wrong: int, explained: int) -> float:
        """Return what is no louder than what sounded before a recording and behind it, up to where it went wrong, and no word in front."""
        history, first = self._history, max(track.first, wrong - _BEHIND_FRAMES, self._history.oldest)
        if wrong <= first:
            return FLOOR_DB
        before = slice(max(explained, first - _BEHIND_FRAMES, history.oldest), track.sounding_start // HOP - 3)
        behind = track.added_db(history, first - track.first, wrong - track.first)[history.valid(first, wrong)]
        if before.start < before.stop:
            behind = np.concatenate([behind, history.total(before.start, before.stop)[history.valid(before.start, before.stop)]])
        if not len(behind):
            return FLOOR_DB
        return min(percentile(behind, 95) + _LOUDER_DB, history.voice_db(track.sounding_start // HOP, wrong) - BACKGROUND_DB)

    def leave_open(self, track: Track) -> None:
        """Note a recording heard to its end that could as well be a word of other speech."""
        if not track.hidden:
            self.left_open.append(track)

    def explained(self, until: int, *, recording: bool, ended: int) -> None:
        """Forget what was left open. `recording`: a recording had played up to frame `until`, before which all is explained. `ended`: the
        frame where it ends, if it was heard to its end."""
        self.left_open = []
        self._at_once, self._since, self._ended = recording, until, ended

    def in_front(self, start: int, end: int) -> bool:
        """Return whether frames are as loud as recordings are on this call, by the one last heard: no talk in the background."""
        voice_db = max(self._history.voice_db(start, end), self._speech_db(start, end))
        # On a noisy line the softer may as well be talk.
        front_db = self._front_db if self._history.quiet else self._voice_db
        return voice_db > front_db - BACKGROUND_DB

    def _speech_db(self, start: int, end: int) -> float:
        """Return how loud speech is in these frames, however long the pauses in it are, as between words in a row."""
        history = self._history
        level = history.total(start, end)[history.speech(start, end) & history.valid(start, end)]
        return percentile(level, 75) if len(level) else FLOOR_DB

    def heard(self, start: int, end: int, near: Key | None) -> Heard:
        """Return what is to be said of speech in frames where no recording was recognised from its beginning on.

        `near`: the one that came nearest. Of one that is expected the beginning may be missing: then it is that one, gone wrong at once.
        """
        self.after_recording = False
        start = self._without_rest(start, end)
        if self._at_once and start < self._left < end:
            start = self._left + int(np.argmax(self._history.speech(self._left, end + 1)))
        if (beheaded := self._pursuit.beheaded(start, end)) is not None:
            return self._beheaded(beheaded, start, end)
        doubt = self._doubt(start, end)
        verdict = Verdict.unknown if doubt is None else Verdict.inconclusive
        now, end_s = self._history.now_s, (end * HOP + WINDOW // 2) / SAMPLE_RATE
        start_s = start * HOP / SAMPLE_RATE
        known = self._quiet_before(start) or (self._at_once and doubt is not Doubt.noise)
        return Heard(Match("", "", verdict, 0.0, start_s, end_s, now, runner_up=near, start_known=known, doubt=doubt), now)

    def _without_rest(self, start: int, end: int) -> int:
        """Return the first frame without what may be the rest of a recording that ended there: a moment of sound, then quiet."""
        sounding = np.flatnonzero(self._history.speech(start, end + 1)) if self._at_once else np.zeros(0, int)
        breaks = np.flatnonzero(np.diff(sounding) > _QUIET_BEFORE)
        if not len(breaks) or sounding[breaks[0]] >= _REST or self._history.lost_share(start, start + _REST) > 0:
            return start
        after = start + int(sounding[breaks[0] + 1])
        return after if end - after >= _REST else start

    def _quiet_before(self, start: int) -> bool:
        """Return whether a moment before a frame was quiet, as far as it arrived: half of it at least."""
        first = max(start - _QUIET_BEFORE, self._history.oldest)
        arrived = int(np.count_nonzero(self._history.valid(first, start)))
        return arrived >= _QUIET_BEFORE // 2 and start - first == _QUIET_BEFORE and not self._history.loud(first, start).any()

    def _beheaded(self, track: Track, start: int, end: int) -> Heard:
        """Return what is to be said of speech in frames that is a recording without its beginning."""
        prompt, language = track.key
        now, start_s, end_s = self._history.now_s, start * HOP / SAMPLE_RATE, (end * HOP + WINDOW // 2) / SAMPLE_RATE
        missing = ((0.0, round(start_s - track.start / SAMPLE_RATE, 3)),)
        went_on = Resumed(start_s, missing[0][1], silent=True)
        score = round(track.worst, 2)
        first = track.sounding_start // HOP
        lost = self._history.lost_share(first, start)
        if lost > LITTLE_LOST and (1 - lost) * (start - first) < _SEEN_MISSING:
            # Its beginning may have been lost on the way.
            return Heard(Match(prompt, language, Verdict.inconclusive, score, start_s, end_s, now, doubt=Doubt.loss), now)
        match = Match(
            prompt, language, Verdict.diverged, score, start_s, end_s, now, diverged_at_s=start_s, differences=missing, resumed=went_on
        )
        return Heard(match, now)

    def _doubt(self, start: int, end: int) -> Doubt | None:
        """Return why a recording may have been said in these frames; None if there was none."""
        history = self._history
        # In longer speech a short recording may be hidden.
        short = (end - start) * HOP / SAMPLE_RATE < SHORT_S or self._pursuit.expects_shorter(SHORT_S)
        # Where many talk at once there are no gaps.
        gaps_db = history.level_db(start - 2 * _BESIDE, end + 2 * _BESIDE, 10)
        voice_db = history.voice_db(start, end)
        speech = history.speech(start, end)
        # What was lost beside a word may have been a part of it, but not what was lost of a recording before it.
        beside = max(start - _BESIDE, min(start, self._since)) if self._at_once else start - _BESIDE
        if history.lost_share(start, end) > LOST_SHARE or (short and history.lost_share(beside, end + _BESIDE) > 0):
            return Doubt.loss
        if (distorted := self._distortion(start, end)) is not None:
            return distorted
        fallen = self._pursuit.fallen
        # It explains what sounds only if it began with that.
        if fallen is not None and abs(fallen.first - start) < 2 * BLOCK and self._only_its_level(fallen, 0):
            return Doubt.level
        if start < self._noisy_until or self._filled(start, start, end):
            self._noisy_until = end
            return Doubt.noise
        if voice_db < history.noise_db + BURIED_DB:
            return Doubt.noise
        dense = voice_db < gaps_db + CROWDED_DB or (voice_db < gaps_db + DENSE_DB and np.mean(speech) > DENSE_SHARE)
        if self._overlaid or (dense and history.emptiest_db(start - 2 * _BESIDE, end + 2 * _BESIDE, FLOOR_DB) > voice_db - EMPTY_DB):
            return Doubt.overlap
        long = [track for track in self._heard_out() if track.heard_s > ENOUGH_S and start <= track.sounding_start // HOP < end]
        if long and not history.quiet:
            # One that is so long fits no other speech by chance, whatever is over it.
            return Doubt.overlap
        if self._in_recordings(start, end) > _MOST * np.count_nonzero(speech):
            return Doubt.brevity
        return Doubt.brevity if self._resembles(start, end) else None

    def _resembles(self, start: int, end: int) -> bool:
        """Return whether most of what is in front in these frames may be short recordings, which the line only changed too much."""
        history = self._history
        if history.quiet and self._latest_db < FAITHFUL_DB:
            # A recording would be as good as the last one was.
            return False
        loud_db = history.level_db(start, end, 90) - _FRONT_DB
        front = history.speech(start, end) & (history.total(start, end) > loud_db)
        may_be = self._pursuit.resembled(start, end)
        # Its last moments may not have fitted.
        may_be[: max(0, self._ended - start)] = True
        return bool(np.count_nonzero(front & may_be) > _HALF * np.count_nonzero(front))

    def doubt_beside(self, track: Track, wrong: int) -> Doubt | None:
        """Return why a recording that went wrong at a frame may be right for all that; None if nothing hides it."""
        # What is clipped fits again where it is less loud.
        moment = self._distortion(wrong - _MOMENT_BEFORE, min(wrong - _MOMENT_BEFORE + _MOMENT, self._history.end))
        if (distorted := moment or self._distortion(wrong, self._history.end)) is not None:
            return distorted
        since, fell = track.overlaid_from, track.fell_at
        if not self._history.quiet and since is not None and fell is not None and fell - since > BLOCK:
            # Something else on a noisy line was over it for long before it went wrong, which may be why it did.
            return Doubt.overlap
        if self.changes_level(track):
            return Doubt.level
        end = self._history.end
        if not any(self._filled(track.first, first, end) for first in (track.first, wrong)):
            return None
        self._noisy_until = end
        return Doubt.noise

    def _distortion(self, start: int, end: int) -> Doubt | None:
        """Return what the line did to speech in these frames; None if it is as it was said."""
        history = self._history
        sounding = np.flatnonzero(history.speech(start, end))
        if not len(sounding):
            return None
        start = max(start, history.oldest)
        start, end = start + int(sounding[0]), start + int(sounding[-1]) + 1
        return distortion(history.samples(start, end), history.voice_db(start, end))

    def changes_level(self, track: Track) -> bool:
        """Return whether a recording that went wrong goes on as recorded, but for how loud it is."""
        return track.fell_at is not None and self._only_its_level(track, track.fell_at - track.first - BLOCK // 2)

    def _only_its_level(self, track: Track, begin: int) -> bool:
        """Return whether a recording that went wrong fits, from frame `begin` of it to now, but for how loud it is."""
        if track.first + max(0, begin) < self._history.oldest:
            return False
        track.advance(self._history, self._history.end)
        return track.judged - begin > _SEEN_LEVEL and track.levelled_db(self._history, begin) < LEVELLED_DB

    def _filled(self, began: int, start: int, end: int) -> bool:
        """Return whether noise fills frames from `start` to `end` that was not there before frame `began`."""
        history = self._history
        before_db = history.level_db(began - BEFORE_FRAMES, began, SOFTEST)
        sound = history.sound(start, end, before_db + NO_NOISE_DB)
        if len(sound) < SHORT_FILLED_FRAMES:
            return False
        soft_db = percentile(sound, 10)
        least_db = FILLED_DB if len(sound) >= FILLED_FRAMES else SHORT_FILLED_DB
        if soft_db <= before_db + NEW_NOISE_DB or percentile(sound, 75) - soft_db >= least_db:
            return False
        return history.emptiest_db(start, end, before_db + NO_NOISE_DB) > before_db + FILLED_BANDS_DB

    def remains(self, sounding: NDArray[np.int_], end: int, before: Track | None = None) -> bool:
        """Return whether frames of sound are what losses have left of something that was said, up to frame `end`, `before` a recording:
        short, and yet no breath. Or a recording was heard to its end there that was not taken for itself, and is no talk behind it."""
        start = int(sounding[0])
        damaged = self._history.lost_share(start - 1, end + 2) > 0
        little = len(sounding) < _FEW
        first, last = self._beside_losses(start, end)
        if len(sounding) < _LEAST or not (damaged or self._passed_over(start, end)):
            return False
        if little and (last - first < _SHORTEST_WORD or self._voice_db == FLOOR_DB):
            return False
        loud = float(np.percentile(self._history.total(start, end + 1)[sounding - start], 75))
        # All that was loud of it may have been lost.
        least_db = self._voice_db - _SOFT_DB if little else -inf
        vowel_lost = int(np.count_nonzero(~self._history.valid(first, last))) >= _VOWEL
        voice_db = self._voice_db if before is None else max(self._voice_db, self._loudness(before))
        return loud > voice_db - (_REMAINS_DB if damaged else BACKGROUND_DB) or (vowel_lost and loud > least_db)

    def _beside_losses(self, start: int, end: int) -> tuple[int, int]:
        """Return the first frame of what was lost right before frame `start`, and the frame after what was lost right after `end`."""
        arrived = np.flatnonzero(self._history.valid(self._history.oldest, self._history.end)) + self._history.oldest
        before, after = np.searchsorted(arrived, start), np.searchsorted(arrived, end, side="right")
        first = int(arrived[before - 1]) + 1 if before else self._history.oldest
        first = max(first, min(start, self._since))
        return first, int(arrived[after]) if after < len(arrived) else self._history.end

    def _passed_over(self, start: int, end: int) -> bool:
        """Return whether frames are a recording heard to its end that was not taken for itself."""
        return any(
            track.compared and track.sounding_start // HOP >= start - _EDGE and track.sounding_end // HOP <= end + _EDGE
            for track in self._heard_out()
        )

    def _heard_out(self) -> list[Track]:
        """Return the recordings that were heard to their end, but not taken for themselves."""
        return [*self.left_open, *(track for track in self._pursuit.tracks if track.complete and track.good and not track.hidden)]

    def _in_recordings(self, start: int, end: int) -> int:
        """Return how many of the frames lie in recordings that were heard to their end, but not taken for themselves."""
        covered = np.zeros(end - start, np.bool_)
        for track in self._heard_out():
            covered[max(0, track.first - start) : max(0, track.sounding_end // HOP - start)] = True
        return int(np.count_nonzero(covered & self._history.speech(start, end)))


def _lasting(sounding: Mask) -> Mask:
    """Return the frames of sound without those of which too few are in a row to be anything."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sounding, [False]])))
    lasting = sounding.copy()
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        lasting[begin:end] = end - begin >= _FEW
    return lasting
