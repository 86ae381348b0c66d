"""Another look at a stretch that seems to be other speech. A caller who knows the menu cuts off one prompt after another, each after half a
second: too short to be named among all that could be said, unless one looks again for nothing but recordings.

Between two pauses recordings must explain all that sounds; else only those are taken for themselves of which much was heard that fits as
exactly as nothing but the same recording does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ivrtest.audio.certainty import EXCELLENT_DB, FAIR_DB, NAME_EXPECTED_S
from ivrtest.audio.hearing import Doubt, Heard, Match, Means, ProgressToneHeard, ToneHeard, Verdict
from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.revoiced import ear_for
from ivrtest.call.call import SAMPLE_RATE, Mask, Samples
from ivrtest.run.recent import FRAME, Recent, noise_like, power_of

_BEFORE_S: Final = 0.5
"""Quiet that is looked at before a stretch, so that what begins it is found."""
_QUIET: Final = SAMPLE_RATE // 5
"""Samples without speech before what is looked at for itself."""
_AFTER: Final = SAMPLE_RATE
"""Samples without speech that are listened to after what something else ended: it was cut off there, and not by the end of the call."""
_EXPLAINS: Final = {Verdict.match, Verdict.truncated, Verdict.ambiguous}
_NAMED: Final = _EXPLAINS | {Verdict.diverged}
_TOLD: Final = _NAMED | {Verdict.unknown}
_DOUBTS: Final = {Doubt.begun, Doubt.brevity, Doubt.level, Doubt.overlap, Doubt.loss}
"""Why it could not be told what it was, where recordings cut off in a row may be the reason."""
_EDGE_S: Final = 0.2
"""What is between two recordings."""
_LAST_S: Final = 0.1
"""What is between the end of a recording and its last sound."""
_PAUSE_S: Final = 0.2
"""What lies apart by more does not belong together."""
_FOLLOWED_S: Final = 0.6
"""What comes so soon after a recording went wrong is what came in its place."""
_TOLD_AFTER_S: Final = 0.4
"""After two recordings part, so much is needed to tell them from each other: a block that is compared, and a step to the next."""
_UNEXPLAINED_S: Final = 0.15
"""More sound than this that no recording explains leaves the stretch what it was."""
_SURE_S: Final = 0.6
"""So much of a recording that fits exactly is no chance, whatever else is said beside it ..."""
_PER_DB_S: Final = 0.3
"""... and so much more for each dB by which it fits less exactly: where it hardly fits, as much as of any recording on a call."""
_SHORT_S: Final = 0.5
"""What is shorter may be the beginning of any recording."""
_WORTH_S: Final = 0.05
"""Less that is unexplained is not looked at for itself."""
_LOOKS: Final = 6
"""How often what is still unexplained is looked at again, for itself."""
_NOISE_DB: Final = 6.0
"""What is louder than the line's noise by less is none, either."""
_SOFT_DB: Final = 40.0
"""What is softer than the loudest of a stretch by more is no sound to be explained."""

Span = tuple[float, float]
"""From when to when, in seconds."""


@dataclass(slots=True)
class Stretch:
    """What is in doubt."""

    since_s: float
    """When what was certain before it ended."""
    told: list[Heard] = field(default_factory=list)
    """What was said of it so far."""
    _parts: list[Span] = field(default_factory=list)

    @property
    def start_s(self) -> float:
        # What was told of it may lie wholly in what is certain, as words in music do whose end is known by then.
        return self._parts[0][0] if self._parts else self.told[0].match.start_s

    @property
    def end_s(self) -> float:
        return self._parts[-1][1] if self._parts else self.told[-1].match.end_s

    def tell(self, heard: Heard) -> None:
        """Take in what was said of it."""
        self.told.append(heard)
        self.sounded(heard.match.start_s, heard.match.end_s)

    def sounded(self, start_s: float, end_s: float) -> None:
        """There was sound between two times. Of what goes on after a passage that is in doubt no more may be told."""
        start_s = max(start_s, self.since_s)
        if end_s <= start_s:
            return
        if self._parts and start_s < self._parts[-1][1]:
            begin_s, stop_s = self._parts.pop()
            start_s, end_s = min(begin_s, start_s), max(stop_s, end_s)
        self._parts.append((start_s, end_s))

    def parts(self, until_s: float) -> list[Span]:
        """Return its stretches of sound before a time, in order."""
        return [(begin_s, min(end_s, until_s)) for begin_s, end_s in self._parts if begin_s < until_s]


@dataclass(slots=True)
class _Piece:
    """What belongs together: what sounded between two pauses, what was told of it, and what is found in it now."""

    sounded: list[Span] = field(default_factory=list)
    told: list[Heard] = field(default_factory=list)
    looked: list[Heard] = field(default_factory=list)
    end_s: float = -math.inf


class _Sound:
    """What can be looked at again."""

    def __init__(self, library: PromptLibrary, recent: Recent, begin_s: float, until_s: float) -> None:
        self._library, self._recent, self._begin_s, self._until_s = library, recent, begin_s, until_s
        self._quietest = recent.quietest()
        samples, _ = recent.between(begin_s, until_s)
        power = power_of(samples)
        noise = float(power_of(self._quietest).mean()) * 10 ** (_NOISE_DB / 10)
        self._heard = power > max(noise, power.max(initial=0.0) * 10 ** (-_SOFT_DB / 10))
        self.over = until_s >= recent.end_s
        """Nothing came after it."""
        self.tones: list[Span] = []

    def look(self, begin_s: float, until_s: float) -> list[Heard]:
        """Return the recordings that are heard between two times, and what is none."""
        samples, lost = self._recent.between(begin_s, until_s)
        ends = self.over and until_s >= self._until_s
        samples, lost = self._padded(samples, lost, 0 if ends else _AFTER)
        ear = ear_for(self._library, hopeful=True)
        by_s, found = begin_s - _QUIET / SAMPLE_RATE, []
        for one in [*ear.feed(samples, lost), *ear.finish()]:
            match one:
                case ToneHeard() | ProgressToneHeard():
                    self.tones.append((one.start_s + by_s, one.end_s + by_s))
                case Heard():
                    found.append(_until(_later(one, by_s), until_s))
        return found

    def look_closely(self, span: Span) -> list[Heard]:
        """Return what is heard in what is left between others: in a moment perhaps only how a recording begins."""
        found = [heard for heard in self.look(*span) if heard.match.verdict in _TOLD]
        if any(heard.match.prompt for heard in found) or self.sounding_s(span) > _SHORT_S:
            return found
        begun = self.begun(span)
        return found if begun is None else [begun]

    def begun(self, span: Span) -> Heard | None:
        """Return the recording that may have begun between two times, if there is one: too little of it was heard to be certain."""
        ear = ear_for(self._library, hopeful=True)
        hearings = [*ear.feed(*self._padded(*self._recent.between(*span), 0)), *ear.finish()]
        begun = [one for one in hearings if isinstance(one, Heard) and one.match.prompt and one.match.verdict is not Verdict.diverged]
        if len(begun) != 1:
            return None
        heard = _until(_later(begun[0], span[0] - _QUIET / SAMPLE_RATE), span[1])
        return replace(heard, match=replace(heard.match, doubt=Doubt.brevity)) if heard.match.doubt is Doubt.begun else heard

    def _padded(self, samples: Samples, lost: Mask, after: int) -> tuple[Samples, Mask]:
        """Return a stretch with what the line sounds like while nothing is said before it, and `after` samples of that after it."""
        hiss = noise_like(self._quietest, max(_QUIET, after))
        return np.concatenate([hiss[:_QUIET], samples, hiss[:after]]), np.pad(lost, (_QUIET, after))

    def unexplained(self, sounded: Sequence[Span], known: Sequence[Span]) -> list[Span]:
        """Return what lies between passages that are known, but for their edges: `sounded` is what must be explained."""
        gaps = []
        for begin_s, end_s in sounded:
            place = begin_s
            for start_s, passed_s in sorted([*known, *self.tones, *self._recent.masked(), (end_s, end_s)]):
                if min(start_s, end_s) - place > _LAST_S:
                    gaps.append((place, min(start_s, end_s)))
                place = max(place, passed_s)
        return gaps

    def sounding_s(self, span: Span) -> float:
        """Return for how long there is sound between two times, without that at the edges of what is beside it."""
        first, end = (round((at_s - self._begin_s) * SAMPLE_RATE / FRAME) for at_s in span)
        return max(0.0, int(np.count_nonzero(self._heard[max(0, first) : max(0, end)])) * FRAME / SAMPLE_RATE - _LAST_S)


def in_doubt(heard: Heard) -> bool:
    """Return whether a passage may be several recordings, each cut off early."""
    match = heard.match
    before_music = match.verdict is Verdict.inconclusive and not match.prompt and match.doubt is None
    return match.verdict in (Verdict.unknown, Verdict.diverged) or match.doubt in _DOUBTS or before_music


def second_look(library: PromptLibrary, recent: Recent, stretch: Stretch, until_s: float) -> list[Heard]:
    """Return what a stretch is made of, as far as it can be told, else what was told of it.

    `until_s`: something else begins there, or that is all there is.
    """
    begin_s = max(stretch.since_s, stretch.start_s - _BEFORE_S)
    if begin_s < recent.start_s:
        return stretch.told
    sound = _Sound(library, recent, begin_s, until_s)
    looked = sound.look(begin_s, until_s)
    sounded = stretch.parts(until_s)
    seen = list(looked)
    for _ in range(_LOOKS):
        gaps = [gap for gap in sound.unexplained(sounded, [_span(heard) for heard in seen]) if sound.sounding_s(gap) > _WORTH_S]
        more = [heard for gap in gaps for heard in sound.look_closely(gap)]
        if not more:
            break
        seen += more
        looked += [heard for heard in more if heard.match.prompt]
    looked.sort(key=_span)
    looked = _cut_off(looked, sound.tones)
    found: list[Heard] = []
    for piece in _pieces(sounded, stretch.told, looked):
        found += [_or_another(library, heard) if heard in piece.looked else heard for heard in _weighed(piece, sound, until_s)]
    return found


def _weighed(piece: _Piece, sound: _Sound, until_s: float) -> list[Heard]:
    """Return what is to be told of a piece."""
    good = [heard for heard in piece.looked if _explains(heard, until_s)]
    gaps = [(gap, sound.sounding_s(gap)) for gap in sound.unexplained(piece.sounded, [_span(heard) for heard in good])]
    most_s = max((seconds for _, seconds in gaps), default=0.0)
    if good and len(good) == len(piece.looked) and most_s <= _UNEXPLAINED_S:
        return good
    sure = _sure(piece.looked)
    # What goes on for long after unknown speech was told of is not told by itself: a whole recording in it is.
    sure += [heard for heard in good if heard not in sure and _is_whole(heard) and not any(_overlap(heard, one) for one in piece.told)]
    if good and sure and most_s <= _SHORT_S:
        # Beside them there are only moments, each of which may be one that was cut off.
        rest = [_moment(gap, sound) for gap, seconds in gaps if seconds > _UNEXPLAINED_S]
        return sorted([*good, *rest], key=_span)
    rest = []
    for told in piece.told:
        # Of what is told twice, as what was said before music is, the first word stands.
        rest += [part for part in _rest_of(told, sound, sure) if not (sure and rest and _span(part)[0] < _span(rest[-1])[1])]
    return sorted([*sure, *rest], key=_span)


def _moment(span: Span, sound: _Sound) -> Heard:
    """Return what is to be told of a moment that no recording explains."""
    nothing = Match("", "", Verdict.inconclusive, 0.0, *span, span[1], doubt=Doubt.brevity)
    return sound.begun(span) or Heard(nothing, span[1])


def _sure(looked: Sequence[Heard]) -> list[Heard]:
    """Return the recordings that were certainly heard, whatever else was said beside them: long ones, and short ones right beside them."""
    good = [heard for heard in looked if heard.match.verdict in _NAMED and heard.match.fitted_db < GOOD_DB]
    sure = [_length(heard) >= _SURE_S + _PER_DB_S * max(0.0, heard.match.fitted_db - EXCELLENT_DB) for heard in good]
    for order in (range(1, len(good)), range(len(good) - 2, -1, -1)):
        for at in order:
            before, after = (at - 1, at) if order.step > 0 else (at, at + 1)
            near = _span(good[after])[0] - _span(good[before])[1] < _EDGE_S
            whole = good[at].match.verdict is Verdict.match
            enough = whole or _length(good[at]) >= NAME_EXPECTED_S
            fits = good[at].match.fitted_db < (FAIR_DB if whole else EXCELLENT_DB)
            sure[at] |= near and enough and fits and sure[at - order.step]
    return [heard for heard, is_sure in zip(good, sure, strict=True) if is_sure]


def _is_whole(heard: Heard) -> bool:
    return heard.match.verdict is Verdict.match and heard.match.fitted_db < EXCELLENT_DB


def _overlap(one: Heard, other: Heard) -> bool:
    return min(one.match.end_s, other.match.end_s) > max(_span(one)[0], _span(other)[0])


def _length(heard: Heard) -> float:
    return heard.match.end_s - heard.match.sounds_from_s


def _rest_of(told: Heard, sound: _Sound, sure: Sequence[Heard]) -> list[Heard]:
    """Return what was told of speech of which recordings are a part, if any are."""
    spans = [_span(heard) for heard in sure if _overlap(told, heard)]
    if told.match.prompt:
        # Of what is a recording as well it is told anew.
        return [] if spans else [told]
    rest = []
    diverged = [heard.match.end_s for heard in sure if heard.match.verdict is Verdict.diverged]
    for start_s, end_s in sound.unexplained([_span(told)], spans) if spans else [_span(told)]:
        seconds = sound.sounding_s((start_s, end_s))
        if spans and (seconds <= 0 or any(-_LAST_S <= start_s - at_s < _FOLLOWED_S for at_s in diverged)):
            # Those are the other words.
            continue
        part = replace(told, match=replace(told.match, start_s=start_s, end_s=end_s))
        if seconds < _SHORT_S and told.match.verdict is Verdict.unknown:
            part = _moment((start_s, end_s), sound) if spans else sound.begun((start_s, end_s)) or part
        rest.append(part)
    return rest


def _explains(heard: Heard, until_s: float) -> bool:
    """Return whether what was heard is a recording, or what may have begun as one when all ended, or in a moment."""
    match = heard.match
    begun = match.doubt is Doubt.brevity or (match.doubt is Doubt.begun and match.end_s > until_s - _EDGE_S)
    return match.verdict in _EXPLAINS or (begun and bool(match.prompt))


def _pieces(sounded: Sequence[Span], told: Sequence[Heard], looked: Sequence[Heard]) -> list[_Piece]:
    """Return what belongs together, in order."""
    every = sorted(
        [*((span, 0, 0) for span in sounded), *((_span(one), 1, at) for at, one in enumerate(told))]
        + [(_span(one), 2, at) for at, one in enumerate(looked)]
    )
    pieces: list[_Piece] = []
    for span, kind, at in every:
        if not pieces or span[0] > pieces[-1].end_s + _PAUSE_S:
            pieces.append(_Piece())
        piece = pieces[-1]
        piece.end_s = max(piece.end_s, span[1])
        match kind:
            case 0:
                piece.sounded.append(span)
            case 1:
                piece.told.append(told[at])
            case _:
                piece.looked.append(looked[at])
    return pieces


def _span(heard: Heard) -> Span:
    return heard.match.sounds_from_s, heard.match.end_s


def _cut_off(looked: Sequence[Heard], tones: Sequence[Span]) -> list[Heard]:
    """Return what was heard, with recordings after which other recordings or tones came, and not other words, as cut off: such is the
    beep after a greeting."""
    known = [*tones, *(_span(heard) for heard in looked if heard.match.prompt)]
    found = []
    for heard in looked:
        match = heard.match
        at_s = match.diverged_at_s
        if match.verdict is Verdict.diverged and match.resumed is None and at_s is not None:
            followed = any(-_EDGE_S < start_s - at_s < _FOLLOWED_S for start_s, _ in known)
            heard = replace(heard, match=replace(match, verdict=Verdict.truncated)) if followed else heard
        found.append(heard)
    return found


def _or_another(library: PromptLibrary, heard: Heard) -> Heard:
    """Return a recording that was cut off before it could be told from others that begin alike as ambiguous."""
    match = heard.match
    if match.verdict is not Verdict.truncated or match.by is not Means.recording:
        return heard
    heard_s = match.end_s - match.start_s
    siblings = library.index.siblings.get(match.key, ())
    alike = [one for one in siblings if one.apart_s is None or heard_s < one.apart_s + _TOLD_AFTER_S]
    if not alike:
        return heard
    nearest, *others = sorted(alike, key=lambda one: -math.inf if one.apart_s is None else -one.apart_s)
    rivals = tuple(other.key for other in others)
    return replace(heard, match=replace(match, verdict=Verdict.ambiguous, runner_up=nearest.key, others=rivals))


def _until(heard: Heard, until_s: float) -> Heard:
    """Return what was heard, which ended then at the latest."""
    match = heard.match
    wrong_s = None if match.diverged_at_s is None else min(match.diverged_at_s, until_s)
    return replace(heard, match=replace(match, end_s=min(match.end_s, until_s), diverged_at_s=wrong_s))


def _later(heard: Heard, by_s: float) -> Heard:
    match = heard.match
    later = replace(
        match,
        start_s=match.start_s + by_s,
        end_s=match.end_s + by_s,
        decided_at_s=match.decided_at_s + by_s,
        diverged_at_s=None if match.diverged_at_s is None else match.diverged_at_s + by_s,
        resumed=None if match.resumed is None else match.resumed.later(by_s),
    )
    return Heard(later, heard.at_s + by_s)
