"""What is heard in a stream of sound, in order: recordings of a library, other speech, tones and keys. No call is needed for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from ivrtest.audio.dtmf_detector import DtmfDetector, ToneKey
from ivrtest.audio.hearing import Heard, Hearing, ProgressToneHeard, ToneHeard
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import SAMPLE_RATE, Mask, Samples
from ivrtest.call.listener import doubted

_AHEAD: Final = SAMPLE_RATE
"""Samples by which keys are listened for before recordings are, so that a key's tones can be left out of all comparisons."""
_AROUND_S: Final = 0.03
"""What a key's tone spoils before and after it."""
_KEPT: Final = 60 * SAMPLE_RATE
"""Samples that are kept to look back at."""
_LOUD: Final = 16000
_END: Final = 32000
"""Codecs end a little below full scale."""
_CLIPPED: Final = 0.3
"""Of loud samples, so many reach the end of the scale only where they are cut off there: of a sine at full scale it is a fifth."""

Found = Heard | ToneHeard | ProgressToneHeard | ToneKey


class Transcript:
    """Listens to one stream. Times count from its first sample."""

    def __init__(self, library: PromptLibrary) -> None:
        self._matcher = Matcher(library)
        self._keys = DtmfDetector()
        self._ahead: deque[tuple[Samples, Mask]] = deque()
        self._waiting = 0
        self._recent: deque[Samples] = deque()
        self._kept = 0
        self._fed = 0
        self.peak = 0
        """The greatest sample so far, 0 to 32768."""
        self._loud = self._clipped = 0

    @property
    def seconds(self) -> float:
        """How much has been fed."""
        return (self._fed + self._waiting) / SAMPLE_RATE

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
            self._matcher.mask(begin / SAMPLE_RATE, end / SAMPLE_RATE)
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
        return found + self._kept_of(self._matcher.finish())

    def _heed(self, keys: list[ToneKey]) -> list[ToneKey]:
        for key in keys:
            start_s = key.start / SAMPLE_RATE
            self._matcher.mask(max(0.0, start_s - _AROUND_S), start_s + key.samples / SAMPLE_RATE + _AROUND_S)
        return keys

    def _match(self, samples: Samples, lost: Mask) -> list[Found]:
        self._waiting -= len(samples)
        self._fed += len(samples)
        self._recent.append(samples)
        self._kept += len(samples)
        while self._kept - len(self._recent[0]) > _KEPT:
            self._kept -= len(self._recent.popleft())
        return self._kept_of(self._matcher.feed(samples, lost))

    def _kept_of(self, hearings: list[Hearing]) -> list[Found]:
        since_s = (self._fed - self._kept) / SAMPLE_RATE
        told = (doubted(hearing, lambda: np.concatenate(self._recent), since_s) for hearing in hearings)
        return [hearing for hearing in told if isinstance(hearing, Heard | ToneHeard | ProgressToneHeard)]
