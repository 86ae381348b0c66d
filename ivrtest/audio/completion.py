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
    LEAST_WORD_S,
    NAME_ANY_S,
    SETTLED_FRAMES,
    SHORT_S,
    SOME_SHARE,
)
from ivrtest.audio.pursuit import SLACK
from ivrtest.audio.rivals import continues, instead, outdone, together
from ivrtest.audio.situation import Situation
from ivrtest.audio.spectrum import HOP


def completed(situation: Situation) -> tuple[Track | None, Track | None]:
    """Return the recording that has been heard to its end, if that is certain, and another that fits as well."""
    complete = [track for track in situation.tracks if track.good and not track.hidden and track.complete and stands(situation, track)]
    if not complete:
        return None, None
    # One that could only be under other sound is none where another one fits as it is.
    complete = [one for one in complete if one.clear or not any(instead(other, one) and outdone(one, other) for other in complete)]
    # The longest cover wins; what covers the same stretch is told apart by how well it fits.
    best = min(complete, key=lambda track: (-round(track.heard_s * 10), track.worst))
    same = [track for track in complete if together(track, best)]
    best = min(
        same, key=lambda track: (outdone(track, best), track.worst > best.worst + 1.0, track.key not in situation.expected, track.worst)
    )
    if not best.clear and any(instead(track, best) for track in situation.tracks):
        return None, None
    # A longer recording that has fitted as long as this one must first be refuted: this one may be only its beginning.
    if any(continues(track, best) for track in situation.tracks if track not in complete):
        return None, None
    rivals = [track for track in same if track.key != best.key and track.worst < best.worst + 1.0 and track.heard_s > 0.8 * best.heard_s]
    return best, min(rivals, key=lambda track: (track.key not in situation.expected, track.worst), default=None)


def stands(situation: Situation, track: Track) -> bool:
    """Return whether a recording heard to its end can be taken for itself, not for a stretch of other speech."""
    if track is situation.named or track.heard_s < 0.1:
        return track is situation.named
    if not situation.sounds(track) or not track.compared:
        return False
    if not track.clear and track.heard_s < NAME_ANY_S and (track.key not in situation.expected or misplaced(situation, track)):
        return False
    if track.key in situation.expected and track.heard_share > SOME_SHARE:
        if situation.sound_before(track) < 25 or track.heard_s > SHORT_S:
            return True
        # Right after other sound it could be a word of that, but none of other words fits so well.
        excellent = track.clear and track.worst < EXCELLENT_DB and track.heard_share > 0.8 and track.heard_s > LEAST_WORD_S
        return excellent and situation.named is None
    if track.heard_s >= NAME_ANY_S:
        return True
    if situation.told_unknown or situation.sound_before(track) >= 12:
        return False
    if track.heard_s > ENOUGH_S:
        return track.heard_share > 0.5
    if track.heard_share < 0.8 or track.worst > (FAIR_DB if track.heard_s >= 0.15 else EXCELLENT_DB):
        return False
    lost = situation.history.lost_share(track.first - CLEAR_AROUND, situation.history.end) > 0
    if track.heard_s < CLEAR_S and lost and not (situation.strangers.after_recording and track.heard_share > 0.95):
        return False
    # What is lost after sound may be more of it.
    after = situation.history.speech_or_lost(track.sounding_end // HOP + 3, situation.history.end)
    quiet = (len(after) >= 8 and not after[:8].any()) or (len(after) >= 16 and not after[8:16].any())
    return quiet or (len(after) >= 3 and track.worst < EXCELLENT_DB)


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
