"""Searching a library for what calls say: for one call by itself, or for many at once.

To compare a patch of sound with every place of a large library takes as long as to read the library's patches from memory. Those of
several calls are compared while they are at hand: of eight together, each takes 40 % of what it takes by itself. So listening stops
wherever it needs such an answer, as a `Listening`, and `alone` or `together` gives it.

What is compared is rounded so that any sum of products is exact. So the answers are the same to the last bit, however many calls are
searched for together, and in whatever order a processor adds up.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

PLACE_STEP, PATCH_STEP = 2.0**-12, 2.0**-11
"""What is compared consists of multiples of these. Both are of length one, so that no sum of some of their products exceeds 1: it is a
multiple of 2^-23, of which a number of 24 bits holds each up to 2. Likeness is off by less than 0.001."""
_AT_ONCE: Final = 8
"""Patches that are compared together: more of them take hardly less time each, and more memory."""
_PRODUCTS: Final = 200_000
"""Products computed in one go: too few for the linear algebra library to start threads for, which would fight over the processor with the
thread that carries the calls."""
_FEW_PLACES: Final = 5_000
"""It is not worth waiting for others to search so few together."""

T = TypeVar("T")
Who = TypeVar("Who")
Patches = NDArray[np.float32]
Likeness = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Which of these places are like this patch?"""

    places: Patches
    """Shape (dimensions, places)."""
    patch: Patches
    """Shape (dimensions,)."""


Listening = Generator[Query, Likeness, T]
"""Listens to a piece of a call, and stops wherever a library is to be searched: to be sent is how like each place is, shape (places,)."""


def rounded(values: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    """Return values as the nearest multiples of a power of two."""
    multiples = values * np.float32(1 / step)
    np.rint(multiples, out=multiples)
    multiples *= np.float32(step)
    return multiples


def likeness(places: Patches, patches: Patches) -> Likeness:
    """Return how like patches, shape (n, dimensions), are to each place: shape (n, places)."""
    count = places.shape[1]
    alike = np.empty((len(patches), count), np.float32)
    step = max(1, _PRODUCTS // patches.size)
    for first in range(0, count, step):
        np.matmul(patches, places[:, first : first + step], out=alike[:, first : first + step])
    return alike


def alone(listening: Listening[T]) -> T:
    """Listen to one call to the end of its piece, and return what that brought."""
    answer: Likeness | None = None
    while True:
        try:
            query = next(listening) if answer is None else listening.send(answer)
        except StopIteration as end:
            brought: T = end.value
            return brought
        answer = likeness(query.places, query.patch[None])[0]


def together(listenings: Iterable[tuple[Who, Listening[T]]]) -> Iterator[tuple[Who, T]]:
    """Listen to the next pieces of several calls, one piece of each; yield what each brought as soon as it is known."""
    waiting: list[tuple[Who, Listening[T], Query]] = []
    for who, listening in listenings:
        query = yield from _until_asked(who, listening, None)
        if query is not None:
            waiting.append((who, listening, query))
    while waiting:
        places = waiting[0][2].places
        asked = [one for one in waiting if one[2].places is places][:_AT_ONCE]
        waiting = [one for one in waiting if not any(one is other for other in asked)]
        answers = likeness(places, np.stack([query.patch for _, _, query in asked]))
        for (who, listening, _), answer in zip(asked, answers, strict=True):
            query = yield from _until_asked(who, listening, answer)
            if query is not None:
                waiting.append((who, listening, query))


def _until_asked(who: Who, listening: Listening[T], answer: Likeness | None) -> Generator[tuple[Who, T], None, Query | None]:
    """Go on listening until many places are to be searched; return what for. At the end yield what it brought."""
    while True:
        try:
            query = next(listening) if answer is None else listening.send(answer)
        except StopIteration as end:
            yield who, end.value
            return None
        if query.places.shape[1] > _FEW_PLACES:
            return query
        answer = likeness(query.places, query.patch[None])[0]
