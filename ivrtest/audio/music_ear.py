"""An ear that knows music as well: when it plays, which recording, from where on, when it comes back to its start, and when it stops.

Music is known by what it is (`music`), and recordings of it by their sound: from the beginning on by the matcher, which also knows words
that are sung, and from anywhere by `music_place`. While music plays, what a matcher says of it ("speech that is no recording") is left out.
Words that somebody speaks beside it (`talk`) are no part of it: they end it, and are told of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from ivrtest.audio.certainty import NAME_ANY_S, STEP
from ivrtest.audio.hearing import (
    Doubt,
    Ear,
    Heard,
    Hearing,
    Match,
    Music,
    MusicPlays,
    MusicStopped,
    ProgressToneHeard,
    Recognised,
    SoundEnded,
    SoundStarted,
    ToneHeard,
    Verdict,
    known_by,
)
from ivrtest.audio.music import QUIET_S, MusicDetector
from ivrtest.audio.music_place import ALIKE, LOOKED_AT_S, Key, Place
from ivrtest.audio.music_words import WordsBesideMusic
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.search import Listening, alone
from ivrtest.audio.spectrum import SAMPLE_RATE, Mask, Samples

LOOK_EVERY_S: Final = 0.5
APART_S: Final = 1.5
"""So much lies between two looks of which the second confirms the first."""
SAME_S: Final = 0.06
"""Two looks at the same place of a recording agree so well about when it began."""
NEXT_ROUND_S: Final = NAME_ANY_S + 1.4
"""How long after the end of a recording of music its next round has been recognised, where there is sound."""
ONE_LOOP_S: Final = 0.7
"""Returns to the start that are nearer to each other than this are one."""
ROUND_S: Final = 0.3
"""The longest pause before music that comes back to its start."""
MOSTLY: Final = 0.5
"""Of speech that is no recording, so much must be music to be nothing but music."""
AT_END_S: Final = 0.4
"""So near to its end a recording of music has been heard whole; it often fades out."""
_KEPT_S: Final = max(LOOKED_AT_S + 1.0, 5.0)
"""Music is known that long after it began at the latest."""
_PLAYED: Final = frozenset({Verdict.match, Verdict.truncated, Verdict.ambiguous})


class Inner(Ear, Protocol):
    """An ear that can be told of music."""

    def music(self, start_s: float, end_s: float | None = None) -> None: ...


class MusicEar:
    """An `Ear` around another one."""

    def __init__(self, ear: Inner, library: PromptLibrary) -> None:
        self._ear = ear
        self._recordings = library.music_recordings
        self._keys = library.music
        self._detector = MusicDetector()
        self._words = WordsBesideMusic()
        self._masked_s = -1.0, -1.0
        """What was last left out of all comparisons: quick keys sound like syllables."""
        self._recent: deque[tuple[Samples, Mask]] = deque()
        self._kept = self._fed = 0
        self._music: Music | None = None
        """What plays now."""
        self._last: Music | None = None
        """What played last."""
        self._follows: Match | None = None
        """The recording of music that the matcher follows."""
        self._told = False
        """The ear inside knows that music plays."""
        self._named_until_s = -1.0
        """How far it followed the last one."""
        self._known = False
        """The matcher follows another recording."""
        self._explained_s = 0.0
        """Up to when it is known what was heard."""
        self._sounding = False
        self._began_s: float | None = None
        """When the recording that plays began, or began anew."""
        self._seen: tuple[Place, float] | None = None
        """What a look found, where that needs another one, and when it was."""
        self._look_s = 0.0
        self._held: list[Heard] = []
        """Said of what may yet turn out to be music."""

    def expect(self, keys: Sequence[Key] | None) -> None:
        """See `Matcher.expect`."""
        self._ear.expect(keys)

    def mask(self, start_s: float, end_s: float) -> None:
        """See `Matcher.mask`."""
        self._masked_s = start_s, end_s
        self._ear.mask(start_s, end_s)

    def pressed(self, at_s: float) -> None:
        """See `Matcher.pressed`."""
        self._ear.pressed(at_s)

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing]:
        """See `Matcher.feed`."""
        return alone(self.feeding(samples, lost))

    def feeding(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]:
        """See `Matcher.feeding`."""
        if len(samples) <= STEP:
            return (yield from self._hear(samples, lost))
        hearings: list[Hearing] = []
        # In pieces, so that what comes of a long one is known as early as of a stream.
        for start in range(0, len(samples), STEP):
            hearings += yield from self._hear(samples[start : start + STEP], lost[start : start + STEP])
        return hearings

    def finish(self) -> list[Hearing]:
        """See `Matcher.finish`."""
        hearings = [one for hearing in self._ear.finish() for one in self._take(hearing)]
        self._detector.finish()
        if self._music is not None:
            hearings += self._stop(max(self._detector.end_s, self._named_until_s), into_quiet=False)
        hearings += self._release()
        return [known_by(hearing, self._now_s) for hearing in [*hearings, *self._words.before(self._now_s, self._now_s)]]

    @property
    def _now_s(self) -> float:
        return self._fed / SAMPLE_RATE

    def _hear(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]:
        self._fed += len(samples)
        self._recent.append((samples, lost))
        self._kept += len(samples)
        while self._kept - len(self._recent[0][0]) > _KEPT_S * SAMPLE_RATE:
            self._kept -= len(self._recent.popleft()[0])
        masked = self._masked_s[0] < self._now_s and self._now_s - len(samples) / SAMPLE_RATE < self._masked_s[1]
        self._words.feed(samples, np.ones_like(lost) if masked else lost)
        hearings = self._interrupted()
        hearings += [one for hearing in (yield from self._ear.feeding(samples, lost)) for one in self._take(hearing)]
        self._detector.feed(samples, lost, known=self._known)
        hearings += self._follow()
        if self._music is not None and self._detector.playing and len(self._recordings) and self._now_s >= self._look_s:
            self._look_s = self._now_s + LOOK_EVERY_S
            hearings += self._look()
        if self._held and not self._detector.possible:
            hearings += self._release()
        hearings += self._words.overdue(self._now_s)
        if self._music is None and self._words.untold is None:
            self._words.end()
        return hearings

    # ---------------------------------------------------------------- what others say

    def _take(self, hearing: Hearing) -> list[Hearing]:
        """Take in what the ear inside says; return what is left of it, and what follows from it."""
        match hearing:
            case SoundStarted():
                self._sounding = True
            case SoundEnded():
                self._sounding = False
            case Recognised(match=match) if match.key in self._keys:
                if match.verdict is not Verdict.match:
                    return []
                self._follows = match
                return [*self._named_music(match, whole=False), hearing]
            case Heard(match=match) if match.key in self._keys:
                return self._heard_music(match, hearing)
            case Recognised(match=match) | Heard(match=match) if match.prompt and match.doubt is not Doubt.begun:
                self._explained_s = max(self._explained_s, match.end_s)
                certain = match.verdict in _PLAYED
                self._known = isinstance(hearing, Recognised) and match.verdict is Verdict.match
                stopped = self._stop(self._heard_until(match.start_s), into_quiet=False) if certain and self._music is not None else []
                hearings = [*stopped, *self._release(), *self._words.before(match.start_s, self._now_s), hearing]
                self._words.end()
                return hearings
            case Heard(match=match):
                if self._detector.possible and not self._is_music(match) and self._words.part(match) is None:
                    self._held.append(hearing)
                    return []
                return self._without_music(hearing)
            case ToneHeard(start_s=start) if self._music is not None and self._detector.playing and start > self._music.start_s:
                return []
            case ProgressToneHeard(start_s=start) if self._music is not None and start > self._music.start_s:
                return [*self._stop(start, into_quiet=False), hearing]
        return [hearing]

    def _heard_music(self, match: Match, hearing: Heard) -> list[Hearing]:
        """The last word of the matcher on a recording of music."""
        followed, self._follows = self._follows is not None, None
        if match.verdict in _PLAYED:
            self._named_until_s = match.end_s
            return [*self._named_music(match, whole=match.verdict is Verdict.match), hearing]
        cut = self._last is not None and self._last.start_s - SAME_S < match.start_s < self._last.end_s
        if self._music is None and cut:
            # What ended it is known by now.
            return [replace(hearing, match=replace(match, verdict=Verdict.truncated))]
        if self._music is None or not self._detector.playing:
            return [hearing]
        if not followed:
            return []
        # It is music, and elsewhere in the recording than the matcher thought, or another one.
        self._began_s = self._seen = None
        self._music = replace(self._music, from_s=None)
        return [replace(hearing, match=replace(match, verdict=Verdict.truncated))]

    def _heard_until(self, at_s: float) -> float:
        """Return how far music was heard before something else began at `at_s`."""
        return (
            at_s
            if self._follows is not None
            else min(at_s, max(self._detector.end_s if self._detector.playing else 0.0, self._named_until_s))
        )

    def _is_music(self, match: Match) -> bool:
        """Return whether what could not be named is music that plays, or has just played."""
        for music, end_s in ((self._music, self._detector.end_s), (self._last, self._last.end_s if self._last is not None else 0.0)):
            if music is not None:
                common_s = min(match.end_s, end_s) - max(match.start_s, music.start_s)
                if common_s > MOSTLY * (match.end_s - match.start_s):
                    return True
        return False

    def _release(self) -> list[Hearing]:
        """Return what was held back and was no music."""
        held, self._held = self._held, []
        return [one for hearing in held for one in self._without_music(hearing)]

    def _without_music(self, hearing: Heard) -> list[Hearing]:
        """Return what could not be named, as far as it is no music."""
        match = hearing.match
        if self._is_music(match):
            if (words := self._words.part(match)) is None:
                return []
            match = words
        self._words.told(match)
        return [replace(hearing, match=match)]

    # ---------------------------------------------------------------- music

    def _named_music(self, match: Match, *, whole: bool) -> list[Hearing]:
        """The matcher knows a recording of music from its beginning on; `whole`: to its end."""
        # Music is often much alike. What is no more than a beginning needs the word of `music_place`, as far as there is one.
        certain = whole or not self._detector.possible or match.key not in self._recordings
        if self._music is None:
            self._began_s = match.start_s if certain else None
            named = Music(match.start_s, match.end_s, *match.key, from_s=0.0)
            return self._start(match.start_s, named if certain else Music(match.start_s, match.end_s))
        if self._music.key == match.key:
            seconds = self._recordings.seconds[match.key]
            due_s = None if self._began_s is None else self._began_s + seconds
            return self._moved(match.start_s) if certain or (due_s is not None and abs(due_s - match.start_s) < AT_END_S) else []
        if not certain:
            return []
        if self._music.prompt:
            return [*self._stop(match.start_s, into_quiet=False), *self._named_music(match, whole=whole)]
        return self._name(Place(match.key, match.start_s, 1.0))

    def _interrupted(self) -> list[Hearing]:
        """End the music where somebody speaks: the ear inside then says what that was."""
        since_s = self._words.since_s
        if self._music is None or since_s is None:
            return []
        if self._goes_on():
            self._words.sung(self._fed)
            return []
        return self._stop(min(since_s, self._now_s), into_quiet=False)

    def _goes_on(self) -> bool:
        """Return whether the recording that was known to play still does."""
        if self._follows is not None and self._follows.key not in self._recordings:
            return True
        samples, lost = self._last_seconds()
        known = [] if self._follows is None else [(self._follows.key, self._follows.start_s)]
        if self._music is not None and self._began_s is not None:
            known.append((self._music.key, self._began_s))
        elif (place := self._recordings.find(samples, lost, self._now_s, ())) is not None:
            known.append((place.key, place.began_s))
        return any(self._recordings.goes_on(samples, lost, self._now_s, key, began_s) for key, began_s in known)

    def _last_seconds(self) -> tuple[Samples, Mask]:
        return np.concatenate([some for some, _ in self._recent]), np.concatenate([some for _, some in self._recent])

    def _spoken_until(self) -> float:
        """Return up to when somebody spoke before music began, which is known later."""
        samples, lost = self._last_seconds()
        kept = self._fed - len(samples)
        first = max(kept, round(self._explained_s * SAMPLE_RATE))
        return self._words.begin(first, samples[first - kept :], lost[first - kept :])

    def _follow(self) -> list[Hearing]:
        """Begin or end what plays as the detector says, where the matcher does not know it for a recording."""
        detector = self._detector
        if detector.playing and not self._told:
            # From here on the ear inside does not take it for the line's noise.
            self._told = True
            detector.start_s = max(detector.start_s, self._spoken_until())
            self._ear.music(detector.start_s)
        if self._music is None:
            if not detector.playing:
                return []
            start_s = max(detector.start_s, self._explained_s)
            return self._start(start_s, Music(start_s, self._now_s))
        if detector.playing or self._follows is not None:
            return []
        end_s = max(detector.end_s, self._named_until_s)
        if self._named_until_s > detector.end_s:
            # A recording that is sung, or too simple to be told from a tone.
            if self._now_s < end_s + (NEXT_ROUND_S if self._sounding else QUIET_S):
                return []
            return self._stop(end_s, into_quiet=not self._sounding)
        return self._stop(end_s, into_quiet=detector.into_quiet)

    def _start(self, start_s: float, music: Music) -> list[Hearing]:
        self._music = music
        self._seen = None
        self._look_s = start_s + LOOKED_AT_S
        return [MusicPlays(music, self._now_s)]

    def _stop(self, end_s: float, *, into_quiet: bool) -> list[Hearing]:
        assert self._music is not None
        music = replace(self._music, end_s=max(end_s, self._music.start_s))
        if music.prompt and self._began_s is not None:
            seconds = self._recordings.seconds[music.key]
            into_s = (music.end_s - self._began_s) % seconds
            music = replace(music, to_end=min(into_s, seconds - into_s) < AT_END_S)
            # What would have begun where all is over did not.
            music = replace(music, loops=tuple(at_s for at_s in music.loops if at_s < music.end_s - AT_END_S))
        self._explained_s = max(self._explained_s, music.end_s)
        self._last, self._music, self._began_s, self._follows = music, None, None, None
        if self._told:
            self._ear.music(music.start_s, music.end_s)
            self._told = False
        self._detector.restart()
        return [MusicStopped(music, self._now_s, into_quiet)]

    def _look(self) -> list[Hearing]:
        """See where in a recording the call is."""
        assert self._music is not None
        music = self._music
        if music.prompt and self._began_s is not None:
            expected = [(music.key, self._began_s), (music.key, self._began_s + self._recordings.seconds[music.key])]
        else:
            expected = [(key, music.start_s) for key in self._recordings.seconds]
        samples, lost = self._last_seconds()
        place = self._recordings.find(samples, lost, self._now_s, expected, known=bool(music.prompt))
        if place is None or (music.prompt and place.key != music.key):
            return []
        if self._began_s is not None and abs(place.began_s - self._began_s) < SAME_S:
            self._began_s = place.began_s
            return []
        if self._began_s is not None and self._is_next_round(place, expected[1][1]):
            return self._moved(place.began_s)
        # One look may be mistaken. Two that agree, at different sound, are not.
        if self._seen is None or self._seen[0].key != place.key or abs(self._seen[0].began_s - place.began_s) > SAME_S:
            self._seen = (place, self._now_s)
            return []
        if self._now_s - self._seen[1] < APART_S:
            return []
        self._seen = None
        return self._moved(place.began_s) if music.prompt else self._name(place)

    def _is_next_round(self, place: Place, due_s: float) -> bool:
        """Return whether the recording that plays came back to its start, at once or after the pause that some IVRs make."""
        later_s = place.began_s - due_s
        return abs(later_s) < SAME_S or (SAME_S <= later_s < ROUND_S and place.alike > ALIKE)

    def _name(self, place: Place) -> list[Hearing]:
        """It is known which recording plays."""
        assert self._music is not None
        music = self._music
        self._began_s = place.began_s
        loops: tuple[float, ...] = ()
        if place.began_s > music.start_s + LOOKED_AT_S:
            # It had come back to its start before it could be named.
            loops, from_s = (place.began_s,), None
        else:
            from_s = max(0.0, round(music.start_s - place.began_s, 2))
        near = abs(place.began_s - music.start_s) < LOOKED_AT_S / 2
        start_s = place.began_s if near and place.began_s > music.start_s - AT_END_S else music.start_s
        self._music = replace(music, start_s=start_s, prompt=place.key[0], language=place.key[1], from_s=from_s, loops=loops)
        return [MusicPlays(replace(self._music, end_s=self._now_s), self._now_s)]

    def _moved(self, began_s: float) -> list[Hearing]:
        """The recording that plays began anew, or goes on from another place."""
        assert self._music is not None
        self._began_s = began_s
        last_s = max((self._music.start_s, *self._music.loops))
        if began_s < last_s + ONE_LOOP_S:
            return []
        self._music = replace(self._music, end_s=self._now_s, loops=(*self._music.loops, began_s))
        return [MusicPlays(self._music, self._now_s)]
