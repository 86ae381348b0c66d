"""A call and a matcher joined: what happens on the line and what is heard there, as one stream in the order of the call's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from ivrtest.audio.hearing import Hearing
from ivrtest.audio.matcher import Matcher
from ivrtest.call.call import SAMPLE_RATE, Block, Call, CallEvent, Ended, KeySent, Samples


@dataclass(frozen=True, slots=True)
class Tick:
    """The sound up to `at` has been listened to. One follows every block, so that whoever waits can give up by the clock of the call."""

    at: float
    lost_s: float = 0.0
    """How much of the block, in seconds, did not arrive."""
    missed: tuple[tuple[float, float], ...] = ()
    """Stretches before it, in seconds on the call's clock, of which it is known only now that they did not arrive."""


class Listener:
    """Listens to one call.

    The matcher must be fresh: its stream begins with the call's first block, so its times are times of the call.
    """

    def __init__(self, call: Call, matcher: Matcher) -> None:
        self._call = call
        self._matcher = matcher
        self._heard: list[Samples] = []

    @property
    def heard(self) -> Samples:
        """All that the far side sent so far, silence where nothing came. Shape (n,), 8000 samples a second from the start of the call."""
        return np.concatenate(self._heard) if self._heard else np.zeros(0, np.int16)

    async def stream(self) -> AsyncIterator[CallEvent | Hearing | Tick]:
        """Yield the call's events and what is heard between them, until `Ended`. Whatever still played is decided before that."""
        async for item in self._call.stream():
            match item:
                case Block():
                    self._heard.append(item.samples)
                    for hearing in self._matcher.feed(item.samples, item.lost):
                        yield hearing
                    missed = tuple((begin / SAMPLE_RATE, end / SAMPLE_RATE) for begin, end in item.missed)
                    yield Tick(item.end_s, np.count_nonzero(item.lost) / SAMPLE_RATE, missed)
                case KeySent():
                    # On a line with echo our own tone comes back over what the far side says.
                    self._matcher.mask(item.at, item.at + item.seconds)
                    yield item
                case Ended():
                    for hearing in self._matcher.finish():
                        yield hearing
                    yield item
                case _:
                    yield item
