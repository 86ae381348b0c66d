"""Takes the times of a call while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Final

from ivrtest.audio.hearing import Heard, Recognised, SoundStarted, ToneHeard
from ivrtest.call.call import Answered, EarlyMedia, Ended, KeySent, Ringing
from ivrtest.run.scene import Percept
from ivrtest.run.timing import CallTiming, KeyTiming

EAGER_S: Final = 0.2
"""Sound may reach us so long before the message that says that the call is answered."""


@dataclass(slots=True)
class Stopwatch:
    """Takes in what reaches a conversation."""

    heard_from: float | None = None
    answered: float | None = None
    connected: float | None = None
    ended: float = inf
    onsets: list[float] = field(default_factory=list)
    """When sounds began, as far as they are known to have."""
    keys: list[tuple[str, float, float, str]] = field(default_factory=list)

    def take(self, percept: Percept, shown_key: str = "") -> None:
        """Note what reached us. `shown_key`: a key as it may be shown."""
        match percept:
            case Ringing(at=at):
                self.heard_from = at if self.heard_from is None else self.heard_from
            case Answered(at=at) | EarlyMedia(at=at):
                self.heard_from = at if self.heard_from is None else self.heard_from
                self.connected = at if self.connected is None else self.connected
                if isinstance(percept, Answered) and self.answered is None:
                    self.answered = at
            case SoundStarted(start_s=start) | ToneHeard(start_s=start):
                self.onsets.append(start)
            case Recognised(match=match) | Heard(match=match) if match.prompt:
                # One recording may follow another without a pause; of sound without a name it is not known well when it began.
                self.onsets.append(match.start_s)
            case KeySent(at=at, seconds=seconds, how=how):
                self.keys.append((shown_key, at, seconds, how))
            case Ended(at=at):
                self.ended = at

    def timing(self) -> CallTiming:
        first = min((onset for onset in self.onsets if self.connected is not None and onset > self.connected - EAGER_S), default=None)
        return CallTiming(
            post_dial_s=self.heard_from,
            answer_s=self.answered,
            first_audio_s=max(0.0, first - self.connected) if first is not None and self.connected is not None else None,
            keys=tuple(self._keys()),
        )

    def _keys(self) -> Iterator[KeyTiming]:
        limits = [*(at for _, at, _, _ in self.keys[1:]), self.ended]
        for (key, at, seconds, how), limit in zip(self.keys, limits, strict=False):
            onset = min((onset for onset in self.onsets if at < onset < limit), default=None)
            yield KeyTiming(key, at, seconds, how, None if onset is None else max(0.0, onset - at - seconds))
