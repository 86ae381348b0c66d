"""Two recordings that may both be playing: which of them is meant?"""

from __future__ import annotations

from typing import Final

from ivrtest.audio.alignment import Track
from ivrtest.audio.judge import BLOCK
from ivrtest.audio.spectrum import SAMPLE_RATE

CLEARLY_DB: Final = 2.0
"""By how much one recording must fit better than another that may only have other sound over it."""
PARTED_FRAMES: Final = 40
"""How long one of two must go on to fit after the other has ceased to: neither may be right."""
PARTED_EXPECTED_FRAMES: Final = 25
"""The same if it is the one that is expected."""
FITS: Final = ((6, 1.5), (3, 0.9))
"""Frames' worth of evidence that the expected one fits where the other has ceased to, if it deviates by less than so many dB."""
_NEAR: Final = SAMPLE_RATE // 8
_SAME_START: Final = SAMPLE_RATE * 6 // 100
_LATER: Final = SAMPLE_RATE // 12
_HARDLY_LESS_S: Final = 0.1
_BETTER_DB: Final = 1.0
_AS_WELL_DB: Final = 0.5


def outdone(track: Track, best: Track) -> bool:
    """Return whether a recording fits only as one with other sound over it, where another one fits as it is."""
    return best.clear and not track.clear and track.worst > best.worst + CLEARLY_DB


def left_behind(track: Track, best: Track, expected: bool) -> bool:
    """Return whether a recording has been outdone for long enough that it is not just the first of both to go wrong.

    `expected`: the other one is.
    """
    since = track.overlaid_from
    if since is None or not outdone(track, best):
        return False
    return best.first + best.judged >= since + BLOCK + PARTED_FRAMES or (expected and _fits_from(best, since))


def just_parted(refuted: Track, best: Track, expected: bool) -> bool:
    """Return whether a recording that fitted as long as another has gone wrong only now, so that the other may do so next.

    `expected`: that other one is.
    """
    fell = refuted.fell_at
    if fell is None or refuted.heard_s <= 0.5 * best.heard_s:
        return False
    if expected and _fits_from(best, fell):
        return False
    return best.first + best.judged < fell + (PARTED_EXPECTED_FRAMES if expected else PARTED_FRAMES)


def _fits_from(track: Track, frame: int) -> bool:
    """Return whether there is evidence enough that a recording fits from a frame on."""
    deviation, weight = track.since(frame)
    return any(weight > frames and deviation < limit_db * weight for frames, limit_db in FITS)


def continues(track: Track, best: Track) -> bool:
    """Return whether what sounds may be `track`, of which `best` is only the beginning: "fifteen" when "five" seems to have ended."""
    if not track.good or outdone(track, best) or track.sounding_start >= best.sounding_start + _SAME_START:
        return False
    if not track.complete:
        return track.heard_s > 0.6 * best.heard_s
    return track.heard_s > best.heard_s and track.worst < best.worst - _BETTER_DB


def goes_on(track: Track, best: Track) -> bool:
    """Return whether a recording begins like `best` and ends later: "six hundred" for "six", however soft its beginning is."""
    same_start = abs(track.sounding_start - best.sounding_start) < _SAME_START
    return track.clear and track.compared and same_start and track.sounding_end > best.sounding_end + _SAME_START


def instead(track: Track, best: Track) -> bool:
    """Return whether a recording fits as it is where `best` fits only as one with other sound over it."""
    return track.clear and track.heard_s >= 0.15 and abs(track.sounding_start - best.sounding_start) < _NEAR


def covers_instead(track: Track, best: Track) -> bool:
    """Return whether a recording covers nearly all that `best` does and fits clearly better: "ten", where "cents" is hardly longer."""
    hardly_less = track.clear and track.heard_s > best.heard_s - _HARDLY_LESS_S and track.sounding_start > best.sounding_start - _NEAR
    return hardly_less and track.sounding_end < best.sounding_end + _NEAR and track.worst < best.worst - CLEARLY_DB


def ends_with(track: Track, best: Track) -> bool:
    """Return whether what sounds may be `track`, of which `best` is only the end: "six hundred" when "hundred" seems to be heard."""
    later = best.sounding_start - track.sounding_start > _LATER and abs(track.sounding_end - best.sounding_end) < _SAME_START
    return later and track.clear and track.complete and track.heard_s > best.heard_s and track.worst < best.worst + _AS_WELL_DB


def fits_far_better(track: Track, best: Track) -> bool:
    """Return whether `track` was heard to its end in the place of `best`, and is far more like what sounded: "z" rather than "zed"."""
    whole = track.clear and track.complete and track.heard_s > 0.8 * best.heard_s
    return whole and together(track, best) and track.worst < best.worst - _BETTER_DB


def together(one: Track, other: Track) -> bool:
    """Return whether two recordings cover the same stretch."""
    return abs(one.sounding_start - other.sounding_start) < _NEAR and abs(one.sounding_end - other.sounding_end) < _NEAR
