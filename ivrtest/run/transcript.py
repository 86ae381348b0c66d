"""What is heard in a stream of sound, in order: recordings of a library, other speech, tones and keys. No call is needed for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ivrtest.audio.dtmf_detector import DtmfDetector, ToneKey
from ivrtest.audio.hearing import Heard, Hearing, MusicStopped, ProgressToneHeard, SoundEnded, SoundStarted, ToneHeard, Verdict
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.words_heard import WordsHeard
from ivrtest.call.call import SAMPLE_RATE, Mask, Samples
from ivrtest.call.listener import doubted, softened
from ivrtest.run.recent import Recent
from ivrtest.run.second_look import Stretch, in_doubt, second_look

_AHEAD: Final = SAMPLE_RATE
"""Samples by which keys are listened for before recordings are, so that a key's tones can be left out of all comparisons."""
_AROUND_S: Final = 0.03
"""What a key's tone spoils before and after it."""
_QUIET_S: Final = 1.5
"""After so much quiet, what was in doubt is over."""
_AFTER_MUSIC_S: Final = 1.0
"""By so much music may seem to last too long, where speech follows it."""
_LEAST_S: Final = 0.25
"""Less sound of which nothing was told is not looked at again."""
_LONGEST_S: Final = 50.0
"""What is in doubt for longer is not looked at again."""
_LOUD: Final = 16000
_END: Final = 32000
"""Codecs end a little below full scale."""
_CLIPPED: Final = 0.3
"""Of loud samples, so many reach the end of the scale only where they are cut off there: of a sine at full scale it is a fifth."""

Guess = Callable[[Samples], WordsHeard]
"""Makes out the words of a stretch of speech. Nothing rests on them."""
_PLAYED: Final = {Verdict.match, Verdict.truncated, Verdict.ambiguous}

Found = Heard | ToneHeard | ProgressToneHeard | MusicStopped | ToneKey


class Transcript:
    """Listens to one stream. Times count from its first sample."""

    def __init__(self, library: PromptLibrary, guess: Guess | None = None) -> None:
        """`guess`: makes out what speech may say that is no recording."""
        self._library = library
        self._guess = guess
        self._ear = ear_for(library)
        self._keys = DtmfDetector()
        self._ahead: deque[tuple[Samples, Mask]] = deque()
        self._waiting = 0
        self._recent = Recent()
        self._doubt: Stretch | None = None
        self._explained_s = 0.0
        """When what was certain ended."""
        self._untold: list[tuple[float, float]] = []
        """When there was sound since then."""
        self._sounding = False
        self._began_s = 0.0
        self.peak = 0
        """The greatest sample so far, 0 to 32768."""
        self._loud = self._clipped = 0

    @property
    def seconds(self) -> float:
        """How much has been fed."""
        return self._recent.end_s + self._waiting / SAMPLE_RATE

    @property
    def clipped(self) -> bool:
        """Whether the waves are cut off at the end of the scale, for it was recorded too loud."""
        return self._clipped > _CLIPPED * self._loud

    def feed(self, samples: Samples, lost: Mask | None = None, missed: Sequence[tuple[int, int]] = ()) -> list[Found]:
        """Take the next samples; return what became known. `lost` marks what did not arrive, `missed` names such stretches of before."""
        if not len(samples):
            return []
        self.peak = max(self.peak, int(samples.max()), -int(samples.min()))
        self._loud += int(np.count_nonzero(samples > _LOUD))
        self._clipped += int(np.count_nonzero(samples > _END))
        found: list[Found] = list(self._heed(self._keys.feed(samples)))
        for begin, end in missed:
            self._mask(begin / SAMPLE_RATE, end / SAMPLE_RATE)
        self._ahead.append((samples, np.zeros(len(samples), np.bool_) if lost is None else lost))
        self._waiting += len(samples)
        while self._ahead and self._waiting - len(self._ahead[0][0]) >= _AHEAD:
            found += self._match(*self._ahead.popleft())
        return found

    def finish(self) -> list[Found]:
        """The stream is over: return the last word on it."""
        found: list[Found] = list(self._heed(self._keys.finish()))
        while self._ahead:
            found += self._match(*self._ahead.popleft())
        found += self._weigh(self._ear.finish())
        return found + self._settle(self._recent.end_s)

    def _heed(self, keys: list[ToneKey]) -> list[ToneKey]:
        for key in keys:
            start_s = key.start / SAMPLE_RATE
            self._mask(max(0.0, start_s - _AROUND_S), start_s + key.samples / SAMPLE_RATE + _AROUND_S)
        return keys

    def _mask(self, start_s: float, end_s: float) -> None:
        self._ear.mask(start_s, end_s)
        self._recent.mask(start_s, end_s)

    def _match(self, samples: Samples, lost: Mask) -> list[Found]:
        self._waiting -= len(samples)
        self._recent.add(samples, lost)
        found = self._weigh(self._ear.feed(samples, lost))
        doubt, now_s = self._doubt, self._recent.end_s
        if doubt is not None and (now_s - doubt.start_s > _LONGEST_S or (not self._sounding and now_s - doubt.end_s > _QUIET_S)):
            found += self._settle(now_s)
        return found

    def _weigh(self, hearings: Iterable[Hearing]) -> list[Found]:
        """Pass on what is certain; keep what is in doubt until it is over."""
        found: list[Found] = []
        for hearing in hearings:
            match doubted(hearing, self._recent.samples, self._recent.start_s):
                case SoundStarted(start_s=start_s):
                    self._sounding, self._began_s = True, start_s
                case SoundEnded(end_s=end_s):
                    self._sounding = False
                    self._untold.append((self._began_s, end_s))
                    if self._doubt is not None:
                        self._doubt.sounded(self._began_s, end_s)
                case ToneHeard() | ProgressToneHeard() as tone:
                    found.append(tone)
                case MusicStopped(music=music) as stopped:
                    found += self._settle(music.start_s)
                    found.append(stopped)
                    # Speech that follows it may have begun by then.
                    self._explained_s = max(music.start_s, music.end_s - _AFTER_MUSIC_S)
                case Heard(match=match) if match.key in self._library.music and match.verdict in _PLAYED:
                    # It is told as music.
                    pass
                case Heard() as heard if in_doubt(heard):
                    self._doubt = self._doubt or self._stretch()
                    self._doubt.tell(heard)
                case Heard() as heard:
                    found += self._settle(heard.match.start_s)
                    found.append(self._softened(heard))
                    self._explained_s = heard.match.end_s
        return found

    def _softened(self, heard: Heard) -> Heard:
        return softened(heard, self._recent.samples, self._recent.start_s)

    def _settle(self, until_s: float) -> list[Found]:
        """Have a second look at what was in doubt, and at sound of which nothing was told, and say what it was."""
        doubt, self._doubt = self._doubt or self._stretch(), None
        if self._sounding:
            doubt.sounded(self._began_s, until_s)
        self._untold = []
        if not doubt.told and sum(end_s - begin_s for begin_s, end_s in doubt.parts(until_s)) < _LEAST_S:
            return []
        return [self._softened(self._guessed(one)) for one in second_look(self._library, self._recent, doubt, until_s)]

    def _stretch(self) -> Stretch:
        """Return what sounded since what was certain ended, of which nothing was told yet."""
        stretch = Stretch(self._explained_s)
        for begin_s, end_s in self._untold:
            stretch.sounded(begin_s, end_s)
        return stretch

    def _guessed(self, heard: Heard) -> Heard:
        """Return what was heard, with the words that unknown speech may be."""
        match = heard.match
        if self._guess is None or match.verdict is not Verdict.unknown:
            return heard
        samples, _ = self._recent.between(match.start_s - _AROUND_S, match.end_s + _AROUND_S)
        return replace(heard, match=replace(match, words=self._guess(samples)))
