"""Two rows of words laid side by side, so that as few as possible differ (Levenshtein 1966, on words)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Pair:
    """A word that should be there and the one that is there in its place. One of them is None where a word is missing or extra."""

    expected: int | None
    """Its place among the expected words."""
    heard: int | None
    """Its place among the heard ones."""
    same: bool = False


@dataclass(frozen=True, slots=True)
class Alignment:
    """Every expected word and every heard one, each in one pair, in order."""

    pairs: tuple[Pair, ...]

    @property
    def errors(self) -> int:
        """How many words are another one, missing, or extra."""
        return sum(not pair.same for pair in self.pairs)

    @property
    def same(self) -> int:
        return sum(pair.same for pair in self.pairs)


def align(expected: Sequence[str], heard: Sequence[str]) -> Alignment:
    """Lay words side by side with the fewest differences. Of several ways, that which puts another word in a word's place."""
    rows, columns = len(expected), len(heard)
    costs = np.zeros((rows + 1, columns + 1), np.int32)
    costs[:, 0] = np.arange(rows + 1)
    costs[0, :] = np.arange(columns + 1)
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            changed = costs[row - 1, column - 1] + (expected[row - 1] != heard[column - 1])
            costs[row, column] = min(changed, costs[row - 1, column] + 1, costs[row, column - 1] + 1)
    pairs: list[Pair] = []
    row, column = rows, columns
    while row or column:
        same = row > 0 and column > 0 and expected[row - 1] == heard[column - 1]
        if row and column and costs[row, column] == costs[row - 1, column - 1] + (not same):
            row, column = row - 1, column - 1
            pairs.append(Pair(row, column, same))
        elif row and costs[row, column] == costs[row - 1, column] + 1:
            row -= 1
            pairs.append(Pair(row, None))
        else:
            column -= 1
            pairs.append(Pair(None, column))
    return Alignment(tuple(reversed(pairs)))
