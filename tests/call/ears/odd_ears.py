"""Ears that go wrong as soon as they hear something, for processes that listen to calls."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ivrtest.audio.hearing import Hearing
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.search import Listening, alone
from ivrtest.call.call import Mask, Samples


class Deaf:
    """Hears nothing. An `Ear`."""

    def __init__(self, library: PromptLibrary) -> None:
        self.library = library

    def expect(self, keys: Sequence[Key] | None) -> None:
        pass

    def mask(self, start_s: float, end_s: float) -> None:
        pass

    def pressed(self, at_s: float) -> None:
        pass

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing]:
        return alone(self.feeding(samples, lost))

    def feeding(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]:
        if samples.any():
            self.go_wrong()
        yield from ()
        return []

    def finish(self) -> list[Hearing]:
        return []

    def go_wrong(self) -> None:
        pass


class Leaving(Deaf):
    def go_wrong(self) -> None:
        os._exit(7)


class Failing(Deaf):
    def go_wrong(self) -> None:
        raise ValueError("this ear cannot hear")


class Preparing(Deaf):
    """Is never ready to hear anything."""

    def __init__(self, library: PromptLibrary) -> None:
        while True:
            pass


class Computing(Deaf):
    """Never comes to an end."""

    def go_wrong(self) -> None:
        while True:
            pass
