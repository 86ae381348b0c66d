"""Python's search for garbage, kept from standing in the way of packets.

Objects that only know each other are found by looking through all that there are. A thousand calls are a quarter of a million; to look
through those takes a tenth of a second, in which nothing is sent, and Python does it every other second while so many come and go. So
the objects of calls that are up are set apart, and so is what a search through all the others has left: what is looked through stays small.
What was set apart and became garbage since is looked for when as many calls have ended as are up, so that it is never more than those.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Final

MANY: Final = 200
"""Calls. With fewer, Python does as it always does."""
STEP: Final = 100
"""After so many new calls, what there is by then is set apart, too."""
THRESHOLDS: Final = (2000, 5, 20)
"""As `gc.set_threshold` takes them, while something is set apart: packets on their way are hundreds of objects that are soon gone."""

OLDEST: Final = 2
"""The generation that is looked through with all younger ones."""


class Garbage:
    """Told how many calls are up. One for the whole process: it changes how Python searches, and `restore` changes it back."""

    def __init__(self) -> None:
        self._usual: tuple[int, int, int] | None = None
        """Python's own thresholds while something is set apart."""
        self._new = 0
        self._gone = 0

    def opened(self, up: int) -> None:
        """One more call is up; `up` are, with it."""
        self._new += 1
        if up > MANY and (self._new >= STEP or self._usual is None):
            self._set_apart()

    def ended(self, up: int) -> None:
        """A call has ended; `up` others are."""
        if self._usual is None:
            return
        self._gone += 1
        if up <= MANY // 2:
            self.restore()
        elif self._gone >= max(MANY, up):
            gc.unfreeze()
            gc.collect()
            self._gone = 0
            self._set_apart()

    def restore(self) -> None:
        """Let Python search as before."""
        if self._usual is not None:
            gc.callbacks.remove(self._searched)
            gc.unfreeze()
            gc.set_threshold(*self._usual)
            self._usual = None

    def _set_apart(self) -> None:
        if self._usual is None:
            self._usual = gc.get_threshold()
            gc.set_threshold(*THRESHOLDS)
            gc.callbacks.append(self._searched)
            self._gone = 0
        gc.freeze()
        self._new = 0

    def _searched(self, phase: str, info: Mapping[str, int]) -> None:
        """What is left after a search through all is in use, and will be for long: it need not be looked through again."""
        if phase == "stop" and info["generation"] == OLDEST:
            gc.freeze()
