"""Words beside music that nobody has told of yet. What was said right before music, right after it or in its middle must not be lost in it.

The matcher says what words are, once it knows that they are no music. Where it finds nothing to say, as of a hum or of what was lost in
part, it is said here that something was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ivrtest.audio.hearing import Heard, Match, Verdict
from ivrtest.audio.spectrum import Mask, Samples
from ivrtest.audio.talk import TalkDetector

LEAST_S: Final = 0.35
"""Where words begin is known within a quarter of a second. What is shorter may be the beginning of the prompt that follows."""
PATIENCE_S: Final = 4.0
"""How long the matcher may take to say what words were."""


class WordsBesideMusic:
    """Listens while music plays, and until the words that end it have been told of."""

    def __init__(self) -> None:
        self._talk: TalkDetector | None = None
        self._told_s = -1.0
        self._told_from_s = -1.0

    def begin(self, start: int, samples: Samples, lost: Mask) -> float:
        """Music plays: listen to what was kept of the stream, from sample `start` on. Return up to when somebody spoke; 0 if nobody did."""
        if self._talk is None:
            self._talk = TalkDetector(start)
            self._talk.feed(samples, lost)
        return 0.0 if self._talk.speech_s is None else self._talk.speech_s[1]

    def feed(self, samples: Samples, lost: Mask) -> None:
        """Take the next samples of the stream."""
        if self._talk is not None:
            self._talk.feed(samples, lost)

    def sung(self, at: int) -> None:
        """What seemed to be words is a part of the music: listen anew from sample `at` on."""
        self._talk = TalkDetector(at)

    def end(self) -> None:
        """All is explained."""
        self._talk = None

    @property
    def since_s(self) -> float | None:
        """Since when somebody speaks; None where nobody does."""
        return self._talk.speech_s[0] if self._talk is not None and self._talk.speaking and self._talk.speech_s is not None else None

    @property
    def untold(self) -> tuple[float, float] | None:
        """From when to when somebody spoke of whom nothing was said."""
        speech_s = None if self._talk is None else self._talk.speech_s
        if speech_s is None or speech_s[0] == self._told_from_s or speech_s[1] < self._told_s + LEAST_S:
            return None
        return speech_s

    def part(self, match: Match) -> Match | None:
        """Return what of a sound was words; None where nobody spoke."""
        if self._talk is None or self._talk.speech_s is None:
            return None
        start_s, end_s = max(match.start_s, self._talk.speech_s[0]), min(match.end_s, self._talk.speech_s[1])
        return replace(match, start_s=start_s, end_s=end_s) if end_s - start_s > LEAST_S else None

    def told(self, match: Match) -> None:
        """Note that something was said of a sound."""
        if (words := self.untold) is not None and match.start_s < words[1] and match.end_s > words[0]:
            self._told_from_s = words[0]
        self._told_s = max(self._told_s, match.end_s)

    def overdue(self, now_s: float) -> list[Heard]:
        """Return what is to be said of words that are long over."""
        return self.before(now_s, now_s) if (words := self.untold) is not None and now_s > words[1] + PATIENCE_S else []

    def before(self, at_s: float, now_s: float) -> list[Heard]:
        """Return what is to be said of words before something else that began at `at_s`."""
        words = self.untold
        if words is None or min(words[1], at_s) - words[0] < LEAST_S:
            return []
        match = Match("", "", Verdict.inconclusive, 0.0, words[0], min(words[1], at_s), now_s)
        self.told(match)
        return [Heard(match, now_s)]
