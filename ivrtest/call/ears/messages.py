"""What is said between a process that holds calls and one that listens to them: lists of small tuples, pickled, each list after its length.

Both ends are the same program, joined by a pair of sockets that nobody else has.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ivrtest.audio.hearing import Hearing
from ivrtest.audio.prompts import Key

_LENGTH: Final = 4
"""Octets that say how many follow."""


class Open(NamedTuple):
    """A call begins."""

    ear: int
    library: int


class Expect(NamedTuple):
    """See `Ear.expect`."""

    ear: int
    keys: tuple[Key, ...] | None


class Mask(NamedTuple):
    """See `Ear.mask`."""

    ear: int
    start_s: float
    end_s: float


class Pressed(NamedTuple):
    """See `Ear.pressed`."""

    ear: int
    at_s: float


class Feed(NamedTuple):
    """See `Ear.feed`. Answered."""

    ear: int
    samples: bytes
    """As int16."""
    lost: bytes
    """As bool. Empty: nothing is."""


class Finish(NamedTuple):
    """See `Ear.finish`. Answered. The ear hears nothing more."""

    ear: int


class Close(NamedTuple):
    """Nobody wants to know any more what an ear hears."""

    ear: int


Told = Open | Expect | Mask | Pressed | Feed | Finish | Close


class Answer(NamedTuple):
    """What an ear has heard since it was asked before."""

    ear: int
    hearings: list[Hearing]


def packed(message: Sequence[Told | Answer]) -> bytes:
    """Return one message as octets. An empty one, the first from a process, says that it is ready."""
    octets = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(octets).to_bytes(_LENGTH, "little") + octets


class Unpacker:
    """Finds the messages in a stream of octets."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def take(self, octets: bytes) -> Iterator[Any]:
        """Yield what is whole by now."""
        self._octets += octets
        while len(self._octets) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._octets[:_LENGTH], "little")
            if len(self._octets) < end:
                return
            message = pickle.loads(self._octets[_LENGTH:end])
            del self._octets[:end]
            yield message
