"""How long a matcher's next step may wait: where more of the same would be no news, one long step does for several short ones."""

from __future__ import annotations

import numpy as np

from ivrtest.audio.certainty import MOST_STEPS, STEP, STEP_FRAMES
from ivrtest.audio.progress import ProgressDetector
from ivrtest.audio.situation import Situation
from ivrtest.audio.spectrum import HOP
from ivrtest.audio.speech import SoundDetector, ToneDetector


class Pace:
    """Follows one matcher, step by step: `look_ahead` before each, `look_back` after it.

    A step never waits past the moment at which something is to be decided, so what is heard is heard as soon.
    """

    def __init__(self, now: Situation, sound: SoundDetector, tone: ToneDetector, progress: ProgressDetector) -> None:
        self._now = now
        self._sound, self._tone, self._progress = sound, tone, progress
        self.samples = STEP
        """What the next step takes."""
        self._dozing = False
        """It is quiet, and more of the same would be no news: it is enough to see to it four times as seldom."""

    def hurry(self) -> None:
        """Something happened that the next sound may be judged by: take the next step as soon as it can be taken."""
        self.samples = STEP

    def wake(self) -> None:
        """No quiet to come may be passed over."""
        self.samples, self._dozing = STEP, False

    def look_ahead(self) -> None:
        """While dozing, wait for more where what waits is as quiet as what went before."""
        if not self._dozing:
            return
        waiting = self._now.history.peek(STEP * MOST_STEPS)
        awake = self._sound.awakes(waiting[: len(waiting) // HOP * HOP])
        self.samples = STEP if awake else min(len(waiting) // STEP + 1, MOST_STEPS) * STEP
        self._dozing = self.samples > len(waiting)

    def look_back(self) -> None:
        """Let the next step wait where a recording plays as it should and nothing is to be decided soon."""
        now, track = self._now, self._now.named
        self._dozing = track is None and not now.tracks and not now.history.over and self._idle()
        if now.key_pressed or now.history.over:
            self.samples = STEP
            return
        frames = now.pursuit.undecided if track is None else track.to_come if track.clear else 0
        # The step that reaches so far comes as soon as it would after many short ones.
        self.samples = STEP * min(max(-(-frames // STEP_FRAMES), 1), MOST_STEPS)

    def _idle(self) -> bool:
        """Return whether nothing has begun that only quiet would end."""
        history = self._now.history
        begun = self._sound.began or self._tone.began or self._progress.began
        return not begun and not np.count_nonzero(history.speech(max(history.oldest, self._now.cursor // HOP), history.end))
