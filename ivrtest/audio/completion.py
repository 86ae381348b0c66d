"""A recording has been heard to its end: is it that one, and nothing longer, and no stretch of other speech?"""

from __future__ import annotations

from ivrtest.audio.alignment import Track
from ivrtest.audio.certainty import (
    CLEAR_AROUND,
    CLEAR_S,
    ENOUGH_S,
    EXCELLENT_DB,
    FAIR_DB,
    GIVE_UP_FRAMES,
    LEAST_SURE_S,
    LEAST_WORD_S,
    MOMENT_FRAMES,
    MOST_OF_WORD,
    MOST_TIMES_USUAL,
    NAME_ANY_S,
    PAUSE_FRAMES,
    REST_BELOW_DB,
    ROW_FRAMES,
    SETTLED_FRAMES,
    SHORT_S,
    SOME_SHARE,
    SURE_DB,
    TOO_SOON_FRAMES,
)
from ivrtest.audio.pursuit import SLACK
from ivrtest.audio.rivals import continues, covers_instead, ends_with, fits_far_better, goes_on, instead, outdone, together
from ivrtest.audio.situation import Situation
from ivrtest.audio.spectrum import HOP
from ivrtest.audio.stranger import BURIED_DB


def completed(situation: Situation) -> tuple[Track | None, list[Track]]:
    """Return the recording that has been heard to its end, if that is certain, and others that fit as well, the likeliest first."""
    complete = [track for track in situation.tracks if track.good and not track.hidden and track.complete and stands(situation, track)]
    if not complete:
        return None, []
    # One that could only be under other sound is none where another one fits as it is.
    complete = [one for one in complete if one.clear or not any(instead(other, one) and outdone(one, other) for other in complete)]
    # The longest cover wins; what covers the same stretch is told apart by how well it fits.
    best = min(complete, key=lambda track: (-round(track.heard_s * 10), track.worst))
    if best.key not in situation.expected:
        due = [track for track in situation.tracks if track.key in situation.expected and goes_on(track, best)]
        if not all(track in complete for track in due):
            return None, []
        best = max(due, key=lambda track: track.heard_s, default=best)
    # One that covers hardly more is none where another one fits clearly better.
    best = min((track for track in complete if track is best or covers_instead(track, best)), key=lambda track: track.worst)
    # What lies at the end of a longer one does not cover the same stretch, however short the longer one's beginning is.
    same = [track for track in complete if together(track, best) and not ends_with(best, track)]
    best = min(
        same, key=lambda track: (outdone(track, best), track.worst > best.worst + 1.0, track.key not in situation.expected, track.worst)
    )
    if not best.clear and any(instead(track, best) for track in situation.tracks):
        return None, []
    # A longer recording that has fitted as long as this one must first be refuted: this one may be only its beginning. One that fits far
    # better may still turn out to be meant.
    if any(
        continues(track, best) or fits_far_better(track, best) or (ends_with(track, best) and may_stand_yet(situation, track))
        for track in situation.tracks
        if track not in complete
    ):
        return None, []
    rivals = [track for track in same if track.key != best.key and track.worst < best.worst + 1.0 and track.heard_s > 0.8 * best.heard_s]
    return best, sorted(rivals, key=lambda track: (track.key not in situation.expected, track.worst))


def stands(situation: Situation, track: Track) -> bool:
    """Return whether a recording heard to its end can be taken for itself, not for a stretch of other speech."""
    if track is situation.named or track.heard_s < 0.1:
        return track is situation.named
    if not situation.sounds(track) or not track.compared or situation.may_be_another(track):
        return False
    if not track.clear and track.heard_s < NAME_ANY_S and (track.key not in situation.expected or misplaced(situation, track)):
        return False
    if track.heard_s < CLEAR_S and track.worst > max(EXCELLENT_DB, MOST_TIMES_USUAL * situation.strangers.usual_db):
        return False
    if track.heard_s <= LEAST_WORD_S and track.worst > SURE_DB and not by_itself(situation, track):
        return False
    if track.key in situation.expected and track.heard_share > SOME_SHARE:
        if situation.sound_before(track) < 25 or track.heard_s > SHORT_S:
            return True
        # Right after other sound it could be a word of that, but none of other words fits so well.
        excellent = track.clear and track.worst < EXCELLENT_DB and track.heard_share > 0.8 and track.heard_s > LEAST_WORD_S
        return excellent and situation.named is None
    if track.heard_s >= NAME_ANY_S:
        return True
    if situation.told_unknown or (situation.sound_before(track) >= 12 and not beside_damaged(situation, track)):
        return False
    if track.heard_s > ENOUGH_S:
        return track.heard_share > 0.5
    if _voice_db(situation, track) < situation.history.noise_db + BURIED_DB:
        # In such noise other words are not told from it.
        return False
    sure = surely_heard(situation, track)
    if not sure and (track.heard_share < 0.8 or track.worst > (FAIR_DB if track.heard_s >= 0.15 else EXCELLENT_DB)):
        return False
    lost = situation.history.lost_share(track.first - CLEAR_AROUND, situation.history.end) > 0
    if track.heard_s < CLEAR_S and lost:
        # What is lost beside a word may belong to it.
        return sure and pause_before(situation, track) and pause_after(situation, track)
    if track.heard_s <= LEAST_WORD_S:
        return by_itself(situation, track)
    # What is lost after sound may be more of it.
    after = situation.history.speech_or_lost(track.sounding_end // HOP + 3, situation.history.end)
    quiet = (len(after) >= 8 and not after[:8].any()) or (len(after) >= 16 and not after[8:16].any())
    return quiet or (len(after) >= 3 and track.worst < EXCELLENT_DB)


def may_stand_yet(situation: Situation, track: Track) -> bool:
    """Return whether too little followed yet on a recording heard to its end to say whether it can be taken for itself."""
    return situation.history.end < track.sounding_end // HOP + TOO_SOON_FRAMES


def surely_heard(situation: Situation, track: Track) -> bool:
    """Return whether a short recording fits so well, and so little of it was lost at once, that it can be no other word."""
    if track.worst > SURE_DB or track.heard_s < LEAST_SURE_S or track.heard_share < MOST_OF_WORD:
        return False
    return situation.history.longest_loss(track.sounding_start // HOP, track.sounding_end // HOP) <= MOMENT_FRAMES


def beside_damaged(situation: Situation, track: Track) -> bool:
    """Return whether what sounded before a recording can be another short one of which something got lost: a row of digits goes on."""
    first, end = situation.cursor // HOP, track.sounding_start // HOP
    if not situation.strangers.after_recording or end - first > ROW_FRAMES or not situation.history.lost_share(first, end):
        return False
    return surely_heard(situation, track) and pause_before(situation, track)


def by_itself(situation: Situation, track: Track) -> bool:
    """Return whether a short recording is a word of its own: other words may have all of its sounds in them. One that deviates must have
    arrived whole: little may fit anything so far."""
    if track.worst > SURE_DB and _partly_lost(situation, track):
        return False
    return pause_before(situation, track) and pause_after(situation, track)


def _partly_lost(situation: Situation, track: Track) -> bool:
    """Return whether anything was lost of a recording, or where it ends."""
    return situation.history.lost_share(track.first, track.sounding_end // HOP + 3 + PAUSE_FRAMES) > 0


def pause_before(situation: Situation, track: Track) -> bool:
    """Return whether nothing was said right before a recording, nor can have been."""
    end = track.sounding_start // HOP - 3
    return situation.history.pauses(max(end - PAUSE_FRAMES, situation.cursor // HOP), end, MOMENT_FRAMES, _soft_db(situation, track))


def pause_after(situation: Situation, track: Track) -> bool:
    """Return whether nothing was said right after a recording, nor can have been; False as long as that is not known."""
    history, first = situation.history, track.sounding_end // HOP + 3
    end = first + PAUSE_FRAMES
    return end <= history.end and history.pauses(first, end, MOMENT_FRAMES, _soft_db(situation, track))


def _soft_db(situation: Situation, track: Track) -> float:
    """Return what is too soft to be the rest of a word."""
    return _voice_db(situation, track) - REST_BELOW_DB


def _voice_db(situation: Situation, track: Track) -> float:
    return situation.history.voice_db(track.sounding_start // HOP, track.first + track.judged)


def misplaced(situation: Situation, track: Track) -> bool:
    """Return whether a short recording that seems to have other sound over it may only lie in the wrong place: something fits as it is
    where this one lies, or may show to do so before long."""
    if situation.history.end < track.sounding_end // HOP + SETTLED_FRAMES:
        return True
    others = [other for other in situation.tracks if other is not track and other.clear and other.compared]
    return any(other.sounding_start < track.sounding_end and track.sounding_start < other.sounding_end for other in others)


def outlived(situation: Situation, track: Track) -> bool:
    """Return whether a recording heard to its end was only the beginning of another, or a stretch of other speech."""
    if not track.complete:
        return False
    longer = any(
        other.good and other.sounding_start < track.sounding_start + SLACK and other.heard_s > track.heard_s + 0.25
        for other in situation.tracks
    )
    return longer or (not stands(situation, track) and situation.history.end > track.sounding_end // HOP + GIVE_UP_FRAMES)
