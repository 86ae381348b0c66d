"""The call ended while something sounded: which recording had begun? Asked before the silence after the call is listened to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ivrtest.audio.alignment import Track
from ivrtest.audio.fingerprint import refine
from ivrtest.audio.hearing import Doubt, Heard, Hearing, Match, Verdict
from ivrtest.audio.pursuit import SLACK, without_echo
from ivrtest.audio.rivals import left_behind
from ivrtest.audio.situation import Situation
from ivrtest.audio.spectrum import FINE_HOP, HOP, SAMPLE_RATE, WINDOW

_LEAST_FRAMES: Final = 8
"""Less sound is not compared with anything."""
_SOUND_BEFORE: Final = 25
"""Frames of other sound before a recording with which it is no beginning of what sounds."""
_PLACES: Final = (0, -10, 10)
"""Fine hops around the first sound at which the beginning of a recording is looked for."""
_LATEST: Final = 10
"""Frames before the call's end in which there is sound that the end cut off."""
_TELLING: Final = 40
"""Frames of sound of which a recording that begins so would have been seen."""
_NAMED_S: Final = 0.25
"""Sound that must fit before a recording that nobody expects is named as what may have begun."""
_WHOLE: Final = frozenset({Verdict.match, Verdict.ambiguous})
"""What is said of a recording that was heard to its end ..."""
_HIDDEN: Final = frozenset({Doubt.loss, Doubt.noise, Doubt.overlap})
"""... and why it may be unknown what was: the line hid some of it."""
_NEAR_S: Final = 0.15
"""What ended no later than so long after the cut sound began is something else, which went before it."""


def cut_by_end(situation: Situation) -> Match | None:
    """Return what had begun when the call ended, if it is the beginning of a recording, or may be: too little of it was heard.

    None where nothing sounds, or what sounds is no recording's beginning.
    """
    history, named = situation.history, situation.named
    # What a recording gave way to is no part of it any more.
    since = situation.cursor // HOP if named is None else named.fell_at
    if since is None:
        return None
    first = max(history.oldest, since)
    sounding = without_echo(np.flatnonzero(history.speech(first, history.end)), history.end - first)
    if not len(sounding):
        return None
    start, end = first + int(sounding[0]), first + int(sounding[-1])
    begun = [track for track in situation.tracks if track.clear and not track.complete and track.compared]
    begun = [track for track in begun if situation.sound_before(track, first) < _SOUND_BEFORE]
    begun = [track for track in begun if track.key in situation.expected or track.heard_s > _NAMED_S] or list(_expected(situation, start))
    best = min(begun, key=lambda track: (track.key not in situation.expected, -track.heard_s, track.worst), default=None)
    if best is not None:
        expected = best.key in situation.expected
        others = [one for one in begun if one.heard_s > 0.5 * best.heard_s and not left_behind(one, best, expected) and one.key != best.key]
        sure = not others and best.heard_s >= situation.needed_s(best) and situation.sounds(best)
        rivals = [one.key for one in sorted(others, key=lambda one: one.worst)]
        verdict, doubt = (Verdict.truncated, None) if sure else (Verdict.inconclusive, Doubt.begun)
        return situation.match(best, verdict, rivals, end=history.fed, doubt=doubt)
    if end < history.end - _LATEST or len(sounding) >= _TELLING:
        return None
    end_s, now_s = (end * HOP + WINDOW // 2) / SAMPLE_RATE, history.now_s
    return Match("", "", Verdict.inconclusive, 0.0, start * HOP / SAMPLE_RATE, min(end_s, now_s), now_s, doubt=Doubt.begun)


def _expected(situation: Situation, start: int) -> Iterator[Track]:
    """Yield the expected recordings that fit from frame `start` on, where too little has sounded to find any."""
    history, index = situation.history, situation.index
    if history.end - start < _LEAST_FRAMES:
        return
    for key in situation.expected:
        reference = index.references[index.numbers[key]]
        lag = (start * HOP + WINDOW // 2 - reference.start) // FINE_HOP
        tracks = []
        for place in {refine(reference, lag + shift, history, start, history.end) for shift in _PLACES}:
            track = Track(reference, place, max(0, situation.cursor // HOP - 1))
            if track.first >= history.oldest and track.sounding_start >= situation.cursor - SLACK:
                track.advance(history, history.end)
                tracks += [track] if track.clear and not track.complete and track.compared else []
        yield from sorted(tracks, key=lambda track: track.worst)[:1]


def with_cut(hearings: list[Hearing], cut: Match | None) -> list[Hearing]:
    """Return what was said after the call's end, with what it cut off told as that, unless it proved to be whole or hidden by the line."""
    if cut is None:
        return hearings
    about = [hearing for hearing in hearings if isinstance(hearing, Heard) and hearing.match.end_s > cut.sounds_from_s + _NEAR_S]
    if any(_outweighs(hearing.match, cut) for hearing in about) or not (about or cut.prompt):
        return hearings
    return [*(hearing for hearing in hearings if hearing not in about), Heard(cut, cut.end_s)]


def _outweighs(match: Match, cut: Match) -> bool:
    """Return whether what was said is more certain than that it had only begun: it was whole, or of what it seems to be much was lost."""
    return match.verdict in _WHOLE or (match.doubt in _HIDDEN and (bool(match.prompt) or not cut.prompt))
