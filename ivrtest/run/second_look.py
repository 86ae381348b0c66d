"""Another look at a stretch that seems to be other speech. A caller who knows the menu cuts off one prompt after another, each after half a
second: too short to be named among all that could be said, unless one looks again for nothing but recordings, and they explain all of it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ivrtest.audio.hearing import Doubt, Heard, Means, ProgressToneHeard, ToneHeard, Verdict
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.revoiced import ear_for
from ivrtest.call.call import SAMPLE_RATE, Mask, Samples

_KEPT: Final = 60 * SAMPLE_RATE
"""Samples that are kept to look back at."""
_BEFORE_S: Final = 0.5
"""Quiet that is looked at before a stretch, so that what begins it is found."""
_EXPLAINS: Final = {Verdict.match, Verdict.truncated, Verdict.ambiguous}
_EDGE_S: Final = 0.2
"""What is between two recordings, or between the end of one and its last sound."""
_TOLD_AFTER_S: Final = 0.3
"""After two recordings part, so much is needed to tell them from each other: the length of a block that is compared."""
_UNEXPLAINED_S: Final = 0.25
"""More sound than this that no recording explains leaves the stretch what it was."""


class Recent:
    """The last minute of a stream."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[Samples, Mask]] = deque()
        self._masks: deque[tuple[float, float]] = deque(maxlen=256)
        self._kept = 0
        self._end = 0

    @property
    def start_s(self) -> float:
        return (self._end - self._kept) / SAMPLE_RATE

    @property
    def end_s(self) -> float:
        """How much has been added."""
        return self._end / SAMPLE_RATE

    def add(self, samples: Samples, lost: Mask) -> None:
        self._pieces.append((samples, lost))
        self._end += len(samples)
        self._kept += len(samples)
        while self._kept - len(self._pieces[0][0]) > _KEPT:
            self._kept -= len(self._pieces.popleft()[0])

    def mask(self, start_s: float, end_s: float) -> None:
        """Count what is between two times as lost."""
        self._masks.append((start_s, end_s))

    def samples(self) -> Samples:
        """Return all that is kept."""
        return np.concatenate([samples for samples, _ in self._pieces])

    def between(self, start_s: float, end_s: float) -> tuple[Samples, Mask]:
        """Return the samples between two times and whether each was lost."""
        samples, lost = self.samples(), np.concatenate([lost for _, lost in self._pieces])
        for begin_s, stop_s in self._masks:
            lost[self._place(begin_s) : self._place(stop_s)] = True
        part = slice(self._place(start_s), self._place(end_s))
        return samples[part], lost[part]

    def _place(self, at_s: float) -> int:
        return max(0, round((at_s - self.start_s) * SAMPLE_RATE))


@dataclass(slots=True)
class Stretch:
    """What is in doubt."""

    since_s: float
    """When what was certain before it ended."""
    told: list[Heard] = field(default_factory=list)
    """What was said of it so far."""
    _parts: list[tuple[float, float]] = field(default_factory=list)

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

    def is_explained(self, looked: Sequence[tuple[float, float]], until_s: float) -> bool:
        """Return whether passages, in order, leave next to nothing of its sound before `until_s` unexplained."""
        unexplained = 0.0
        for begin_s, end_s in self._parts:
            place, stop_s = begin_s, min(end_s, until_s)
            for start_s, passed_s in looked:
                unexplained += max(0.0, min(start_s, stop_s) - place - _EDGE_S)
                place = max(place, passed_s)
            unexplained += max(0.0, stop_s - place - _EDGE_S)
        return unexplained <= _UNEXPLAINED_S


def in_doubt(heard: Heard) -> bool:
    """Return whether a passage may be several recordings, each cut off early."""
    return heard.match.verdict in (Verdict.unknown, Verdict.diverged) or heard.match.doubt is Doubt.begun


def second_look(library: PromptLibrary, recent: Recent, stretch: Stretch, until_s: float) -> list[Heard]:
    """Return what a stretch is made of: recordings, if they explain all of it, else what was told.

    `until_s`: something else begins there, or that is all there is.
    """
    begin_s = max(stretch.since_s, stretch.start_s - _BEFORE_S)
    if begin_s < recent.start_s:
        return stretch.told
    ear = ear_for(library, hopeful=True)
    hearings = [*ear.feed(*recent.between(begin_s, until_s)), *ear.finish()]
    tones = [(one.start_s + begin_s, one.end_s + begin_s) for one in hearings if isinstance(one, ToneHeard | ProgressToneHeard)]
    looked = [_before_a_tone(_later(one, begin_s), tones) for one in hearings if isinstance(one, Heard)]
    only_recordings = bool(looked) and all(heard.match.verdict in _EXPLAINS for heard in looked)
    passages = sorted([*tones, *((heard.match.start_s, heard.match.end_s) for heard in looked)])
    if not only_recordings or not stretch.is_explained(passages, until_s):
        return stretch.told
    return [_or_another(library, heard) for heard in looked]


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


def _before_a_tone(heard: Heard, tones: Sequence[tuple[float, float]]) -> Heard:
    """Return a recording after which a tone was heard, and not other words, as cut off: such is the beep after a greeting."""
    match = heard.match
    at_s = match.diverged_at_s
    if match.verdict is Verdict.diverged and at_s is not None and any(abs(start_s - at_s) < _EDGE_S for start_s, _ in tones):
        return replace(heard, match=replace(match, verdict=Verdict.truncated))
    return heard


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
