"""Prompts that are spoken anew at each call: the same words, never twice the same sound.

A `Matcher` rightly calls them unknown speech. Here such speech is gathered until it is over and then held against the words of the prompts
that are spoken anew, and of others for comparison. What is named so is named by the sound of its words, and says so: nobody can tell
whether one word of it was another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ivrtest.audio.certainty import STEP
from ivrtest.audio.hearing import Doubt, Ear, Heard, Hearing, Match, Means, Recognised, SoundEnded, SoundStarted, Verdict, known_by
from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.music_ear import MusicEar
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.search import Listening, alone
from ivrtest.audio.spectrum import SAMPLE_RATE, Mask, Samples
from ivrtest.audio.word_sounds import Distance, Words, distances, pauses

PAUSE_S: Final = 1.2
"""The longest pause within one prompt."""
LIKE: Final = 0.31
"""Words at most so far from those of a recording are the same, if ..."""
CLEARLY: Final = 0.75
"""... they are at most this share as far from it as from any other."""
NEAR: Final = 0.7
"""What is farther away is not worth naming as the nearest."""
PART: Final = 0.85
"""Less than this share of a prompt's words is not all of it."""
REACTION_S: Final = 1.5
"""How long after a key of ours an IVR may go on with what it said before."""
ANCHORS: Final = 24
"""Other recordings, of about the same length, that speech is compared with to know what "far" is."""
LOSSES: Final = 3000
"""Steps with losses that are remembered: all of five minutes."""
MOST_S: Final = 60.0
"""Speech that goes on for longer is no prompt."""
_EDGE_S: Final = 0.05
_AT_ONCE_S: Final = 0.3
"""Speech that seems to have begun so shortly before a key began with it."""

Said = tuple[Key, ...]
"""Prompts spoken one after another."""


def ear_for(library: PromptLibrary, *, hopeful: bool = False, limit_db: float = GOOD_DB) -> Ear:
    """Return what names the recordings of one call, the prompts of the library that are spoken anew, if there are any, and music.

    `hopeful`: each recording is taken up as if it was expected. `limit_db`: see `Matcher`.

    Builds the library's index if this is its first use.
    """
    matcher = Matcher(library, limit_db=limit_db)
    if hopeful:
        matcher.expect([key for key in library.keys() if key not in library.anew])  # noqa: SIM118
    return MusicEar(Revoiced(matcher, library) if library.anew else matcher, library)


@dataclass(frozen=True, slots=True)
class Compared:
    """A stretch of speech, and how far it is from what it was compared with."""

    start_s: float
    end_s: float
    ranked: list[tuple[Said, Distance]]
    """The nearest first."""

    @property
    def best(self) -> Said:
        return self.ranked[0][0] if self.ranked else ()


class Revoiced:
    """A matcher that knows prompts spoken anew as well. An `Ear`."""

    def __init__(self, matcher: Matcher, library: PromptLibrary) -> None:
        self._matcher = matcher
        self._library = library
        self._expected: Said = ()
        self._recent: deque[Samples] = deque()
        self._kept = self._fed = 0
        self._sounding = False
        self._since_s = 0.0
        """When the last sound began."""
        self._begin_s: float | None = None
        """When the speech that is being gathered began."""
        self._end_s = 0.0
        self._verdict = Verdict.unknown
        """What the matcher says of it, ..."""
        self._doubt: Doubt | None = None
        """... and why, where it cannot tell."""
        self._key_s = -1.0
        """When we last pressed a key, which may have cut what was said, or something was left out of all comparisons."""
        self._losses: deque[tuple[float, float]] = deque(maxlen=LOSSES)
        """When something did not arrive."""
        self._held: SoundEnded | None = None
        """Held back, for as long as what sounded may go on after a pause."""

    def expect(self, keys: Sequence[Key] | None) -> None:
        """See `Matcher.expect`."""
        self._expected = tuple(keys or ())
        self._matcher.expect([key for key in self._expected if key not in self._library.anew] or None)

    def mask(self, start_s: float, end_s: float) -> None:
        """See `Matcher.mask`."""
        self._key_s = start_s
        self._matcher.mask(start_s, end_s)

    def pressed(self, at_s: float) -> None:
        """See `Matcher.pressed`."""
        self._key_s = at_s
        self._matcher.pressed(at_s)

    def music(self, start_s: float, end_s: float | None = None) -> None:
        """See `Matcher.music`."""
        self._matcher.music(start_s, end_s)

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing]:
        """See `Matcher.feed`."""
        return alone(self.feeding(samples, lost))

    def feeding(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]:
        """See `Matcher.feeding`."""
        hearings: list[Hearing] = []
        # In pieces, so that what comes of a long one is known as early as of a stream.
        for start in range(0, len(samples), STEP):
            hearings += yield from self._hear(samples[start : start + STEP], lost[start : start + STEP])
        return hearings

    def _hear(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]:
        if lost.any():
            self._losses.append((self._now_s, self._now_s + len(samples) / SAMPLE_RATE))
        self._recent.append(samples)
        self._kept += len(samples)
        self._fed += len(samples)
        while self._kept - len(self._recent[0]) > 2 * MOST_S * SAMPLE_RATE:
            self._kept -= len(self._recent.popleft())
        hearings = self._take((yield from self._matcher.feeding(samples, lost)))
        if self._begin_s is not None and self._now_s - self._begin_s > MOST_S:
            hearings += self._decide(self._now_s)
        if not self._sounding and self._now_s > self._end_s + PAUSE_S:
            hearings += self._decide(self._end_s) + self._release()
        return hearings

    def finish(self) -> list[Hearing]:
        """See `Matcher.finish`."""
        hearings = self._take(self._matcher.finish())
        hearings += self._decide(self._now_s if self._sounding else self._end_s) + self._release()
        return [known_by(hearing, self._now_s) for hearing in hearings]

    @property
    def _now_s(self) -> float:
        return self._fed / SAMPLE_RATE

    def _take(self, found: list[Hearing]) -> list[Hearing]:
        hearings: list[Hearing] = []
        for hearing in found:
            match hearing:
                case Heard(match=match) if not match.prompt:
                    self._gather(match)
                    if self._held is not None:
                        hearings += self._decide_early()
                    continue
                case Recognised(match=match):
                    alone = not self._sounding or self._since_s > match.start_s - _AT_ONCE_S
                    hearings += self._decide(min(self._end_s, match.start_s) if alone else match.start_s)
                case SoundStarted(start_s=start_s):
                    self._sounding, self._since_s = True, start_s
                    if self._begin_s is not None and self._held is not None:
                        # It goes on after a pause.
                        self._held = None
                        continue
                    hearings += self._release()
                case SoundEnded(end_s=end_s):
                    self._sounding, self._held, self._end_s = False, hearing, end_s
                    hearings += self._decide_early()
                    continue
            hearings.append(hearing)
        return hearings

    def _gather(self, match: Match) -> None:
        if self._begin_s is None:
            self._begin_s, self._verdict, self._doubt = match.start_s, match.verdict, match.doubt
        elif match.verdict is Verdict.inconclusive:
            self._verdict, self._doubt = match.verdict, match.doubt
        self._end_s = max(self._end_s, match.end_s)

    def _release(self) -> list[Hearing]:
        held, self._held = self._held, None
        return [] if held is None else [replace(held, at_s=self._now_s)]

    # ---------------------------------------------------------------- what it was

    def _decide_early(self) -> list[Hearing]:
        """Name what is expected at the first quiet after it, if no longer prompt can be meant."""
        if self._begin_s is None:
            return []
        heard = self._compare(self._begin_s, self._end_s)
        if not self._is_expected(heard.best) or not self._named(heard):
            return []
        if any(said != heard.best and distance.share < PART and distance.beginning < LIKE for said, distance in heard.ranked):
            return []
        return self._decide(self._end_s)

    def _decide(self, end_s: float) -> list[Hearing]:
        """Say what the gathered speech is."""
        if self._begin_s is None:
            return []
        begin_s, self._begin_s = self._begin_s, None
        heard = self._compare(begin_s, end_s)
        if not self._named(heard) and (first := self._followed(begin_s, end_s)) is not None:
            # Something else was said right after it.
            said, self._begin_s = self._tell(first), first.end_s
            self._expected = self._expected[len(first.best) :]
            return said + self._decide(end_s)
        return self._tell(heard)

    def _followed(self, begin_s: float, end_s: float) -> Compared | None:
        """Return the first part of speech that is what is expected, up to the pause at which it is that best, if there is one."""
        if not self._library.anew.issuperset(self._expected[:1]) or not self._expected:
            return None
        seconds = self._library.words(self._expected[:1]).seconds
        found = []
        for pause_s, _ in pauses(self._sound(begin_s, end_s)):
            until_s = begin_s - _EDGE_S + pause_s
            if 0.5 * seconds < until_s - begin_s and until_s < end_s - _EDGE_S:
                heard = self._compare(begin_s, until_s)
                if self._is_expected(heard.best) and self._named(heard):
                    found.append(heard)
        # Before a pause of its own it may be nearly all there.
        return min(found, key=lambda heard: heard.ranked[0][1].whole, default=None)

    def _tell(self, heard: Compared) -> list[Hearing]:
        nothing = Match("", "", self._verdict, 0.0, heard.start_s, heard.end_s, self._now_s, by=Means.sound)
        if not heard.ranked:
            return [Heard(replace(nothing, doubt=self._doubt), self._now_s)]
        [(nearest, *_), distance], *others = heard.ranked
        found = _of(nothing, nearest, Verdict.match, distance.whole, others[0][0][0] if others else None)
        if self._named(heard):
            return self._one_after_another(found, heard.best)
        if distance.whole < LIKE and nearest in self._library.anew:
            return [Heard(replace(found, verdict=Verdict.ambiguous), self._now_s)]
        for said, part in heard.ranked:
            if said == self._expected[:1] and part.share < PART and part.beginning < LIKE:
                cut = _of(nothing, said[0], Verdict.truncated, part.beginning, None)
                return [Heard(replace(cut, diverged_at_s=heard.end_s), self._now_s)]
        if nearest in self._library.anew and distance.whole < LIKE + self._lost_share(heard):
            return [Heard(replace(found, verdict=Verdict.inconclusive, doubt=Doubt.loss), self._now_s)]
        nothing = replace(nothing, doubt=self._doubt)
        if distance.whole >= NEAR:
            return [Heard(nothing, self._now_s)]
        if nearest not in self._library.anew and any(begin < heard.end_s and heard.start_s < end for begin, end in self._losses):
            # A recording that the matcher would have known if all of it had arrived.
            nothing = replace(nothing, verdict=Verdict.inconclusive, doubt=Doubt.loss)
        return [Heard(replace(nothing, runner_up=nearest), self._now_s)]

    def _lost_share(self, heard: Compared) -> float:
        """Return the share of a stretch that got lost: other words are about 1 away, so words may seem to be farther away by so much."""
        lost_s = sum(max(0.0, min(end_s, heard.end_s) - max(start_s, heard.start_s)) for start_s, end_s in self._losses)
        return lost_s / max(heard.end_s - heard.start_s, _EDGE_S)

    def _is_expected(self, said: Said) -> bool:
        return bool(said) and said == self._expected[: len(said)]

    def _named(self, heard: Compared) -> bool:
        """Return whether speech is the words of what is nearest, and of nothing else."""
        if not heard.best or not self._library.anew.issuperset(heard.best) or heard.ranked[0][1].whole > LIKE:
            return False
        return len(heard.ranked) == 1 or heard.ranked[0][1].whole < CLEARLY * heard.ranked[1][1].whole

    def _one_after_another(self, found: Match, said: Said) -> list[Hearing]:
        """Return the hearings of prompts spoken without a pause between them; where one ends is told by proportion."""
        seconds = [self._library.words([key]).seconds for key in said]
        ends = found.start_s + np.cumsum(seconds) / sum(seconds) * (found.end_s - found.start_s)
        hearings: list[Hearing] = []
        start_s = found.start_s
        for (prompt, language), end_s in zip(said, ends, strict=True):
            each = replace(found, prompt=prompt, language=language, start_s=start_s, end_s=float(end_s))
            hearings += [Recognised(each, self._now_s), Heard(each, self._now_s)]
            start_s = float(end_s)
        return hearings

    def _compare(self, begin_s: float, end_s: float) -> Compared:
        """Hold a stretch of speech against all that may be meant.

        Where a key of ours may have cut what was said before, the words may begin after any pause.
        """
        if 0 < self._key_s - begin_s < _AT_ONCE_S:
            begin_s = self._key_s
        starts = [begin_s]
        if begin_s <= self._key_s < end_s - REACTION_S:
            after = (self._key_s - _EDGE_S + pause_end_s for _, pause_end_s in pauses(self._sound(self._key_s, end_s)))
            starts += [self._key_s, *(start_s for start_s in after if start_s < self._key_s + REACTION_S)]
        found = [Compared(start_s, end_s, self._ranked(Words(self._sound(start_s, end_s)))) for start_s in starts]
        return min(found, key=lambda each: each.ranked[0][1].whole if each.ranked else 0)

    def _ranked(self, speech: Words) -> list[tuple[Said, Distance]]:
        said = [(key,) for key in self._library.anew]
        sequence = [count for count in range(2, len(self._expected) + 1) if self._library.anew.issuperset(self._expected[:count])]
        anchors = [recording for recording in self._library.recordings() if recording.key not in self._library.anew]
        anchors.sort(key=lambda recording: abs(recording.seconds - speech.seconds))
        every: list[Said] = [*said, *(self._expected[:count] for count in sequence), *((one.key,) for one in anchors[:ANCHORS])]
        found = zip(every, distances(speech, [self._library.words(keys) for keys in every]), strict=True)
        return sorted(found, key=lambda pair: pair[1].whole)

    def _sound(self, start_s: float, end_s: float) -> Samples:
        first = self._fed - self._kept
        start, end = (max(0, round(at_s * SAMPLE_RATE) - first) for at_s in (start_s - _EDGE_S, end_s + _EDGE_S))
        return np.concatenate(self._recent)[start:end]


def _of(match: Match, key: Key, verdict: Verdict, score: float, runner_up: Key | None) -> Match:
    return replace(match, prompt=key[0], language=key[1], verdict=verdict, score=round(score, 3), runner_up=runner_up)
