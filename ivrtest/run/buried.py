"""Sound that hardly rises above the noise of the line: a recording may have played there, and nobody could know which.

Noise alone is steady: frames of 20 ms keep within 1.5 dB of each other. Speech in noise twice as loud as itself still makes them rise by 3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

RISES_DB: Final = 3.0
"""Steady noise never rises by so much above its quietest tenth."""
HARDLY_DB: Final = 12.0
"""What rises higher above the noise is known for what it is."""
LEAST_S: Final = 0.2
"""So much must rise at least to be a word."""
NOISE_DBOV: Final = -60.0
"""Softer noise hides nothing that a caller would hear: comfort noise is as loud as this."""
AUDIBLE_DBOV: Final = -50.0
"""What rises must be as loud as this to be a prompt on a bad line."""
_PAST_S: Final = 10.0
"""How far back the noise is measured that was there before a sound."""
STEADY_SHARE: Final = 0.36
"""So much of the sound is as soft as the noise wherever speech hardly rises above that: 0.36 to 0.67 at a ratio of 6 dB. Of clean speech
without a pause, softest tenth included, it is 0.13 to 0.33 ..."""
LONG_S: Final = 5.0
"""... and its softest tenth is no noise of a line ..."""
QUIETER_DB: Final = 10.0
"""... that was quieter by this much at some time shortly before."""
_KEPT: Final = 3000
"""Stretches of sound that are remembered: a minute."""
_FEWEST: Final = 10
"""Fewer are no measure of the noise."""


class Levels:
    """How loud a call was, stretch by stretch."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float, float]] = deque(maxlen=_KEPT)

    def add(self, start: float, end: float, dbov: float) -> None:
        """Between `start` and `end`, which is later than all before, it was so loud. Nothing of it was lost."""
        self._levels.append((start, end, dbov))

    def buried(self, start: float, end: float, known: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
        """Return from when to when there was sound that hardly rose above the noise; None if there was none between `start` and `end`.

        `known`: stretches in which it is known what was heard.
        """
        within = [
            each
            for each in self._levels
            if start <= each[0] and each[1] <= end and not any(begin < each[1] and each[0] < stop for begin, stop in known)
        ]
        if len(within) < _FEWEST:
            return None
        ordered = sorted(dbov for _, _, dbov in within)
        noise = ordered[len(ordered) // 10]
        rising = [each for each in within if each[2] > noise + RISES_DB]
        steady = len(within) - len(rising) >= STEADY_SHARE * len(within)
        if not steady and self._quietest(end - LONG_S, end) < noise - QUIETER_DB:
            return None
        if noise < NOISE_DBOV or sum(stop - begin for begin, stop, _ in rising) < LEAST_S:
            return None
        typical = sorted(dbov for _, _, dbov in rising)[len(rising) // 2]
        return (rising[0][0], rising[-1][1]) if AUDIBLE_DBOV < typical < noise + HARDLY_DB else None

    def faint(self, start: float, end: float) -> bool:
        """Return whether what sounded between `start` and `end` hardly rose above the noise that was there before."""
        before = sorted(dbov for begin, stop, dbov in self._levels if start - _PAST_S <= begin and stop <= start)
        during = sorted(dbov for begin, stop, dbov in self._levels if start <= begin and stop <= end)
        if min(len(before), len(during)) < _FEWEST:
            return False
        noise = before[len(before) // 10]
        return noise > NOISE_DBOV and during[len(during) // 2] < noise + HARDLY_DB

    def is_noise(self, start: float, end: float) -> bool:
        """Return whether nothing between `start` and `end` was louder than the softest moments of the call just before."""
        during = sorted(dbov for begin, stop, dbov in self._levels if start <= begin and stop <= end)
        past = sorted(dbov for begin, stop, dbov in self._levels if start - _PAST_S <= begin and stop <= end)
        return len(during) >= _FEWEST and during[len(during) * 9 // 10] < past[len(past) // 10] + RISES_DB

    def _quietest(self, start: float, end: float) -> float:
        """Return how loud the quietest twentieth of a time is."""
        ordered = sorted(dbov for begin, stop, dbov in self._levels if start <= begin and stop <= end)
        return ordered[len(ordered) // 20]
