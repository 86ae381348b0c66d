"""How often a speech recogniser errs, and what its transcript is worth as evidence, given that.

Errors are counted as the field does: words that are another one, missing or extra, over the words that were said. They come in clusters:
a sentence that is badly heard is bad in many words. So the words of a sentence count for less than as many from different ones (the design
effect of cluster samples, Kish 1965).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, lgamma, log, sqrt
from typing import Final

CLUSTERING: Final = 0.1
"""How alike the words of one sentence fare (intraclass correlation): at least, and where it was not measured."""
MOST_CLUSTERING: Final = 0.5
REFUSED: Final = 0.01
"""So rarely is a sentence refused that was said as it should be."""
UNUSUAL: Final = 0.05
ODDS: Final = 99.0
"""A transcript must speak so much more for one sentence than for another."""
ONE_OTHER: Final = 0.2
"""The share of a word's errors, at most, in which it is heard as one particular other word, such as that of a rival sentence."""
LEAST: Final = 1.5
"""A word that speaks for a sentence by less than that is no evidence."""
_Z: Final = 1.96
"""Quantile of the normal distribution for 95 % on two sides."""


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """How many words come out wrong."""

    rate: float
    """Share of words, 0 to 1."""
    at_most: float
    """What is reckoned with: with a confidence of 97.5 % it is no more. As `rate` where somebody states it."""
    at_least: float = 0.0
    clustering: float = CLUSTERING
    sentences: int = 0
    """How many it was measured on. 0: it is stated, not measured."""
    words: int = 0

    def __str__(self) -> str:
        if not self.sentences:
            return f"{100 * self.rate:.0f} % word errors, as stated"
        span = f"{100 * self.at_least:.0f} to {100 * self.at_most:.0f} %"
        return f"{100 * self.rate:.0f} % word errors, measured on {self.words} words: {span}"


def stated(rate: float) -> ErrorRate:
    return ErrorRate(rate, rate, rate)


def measured(counts: Sequence[tuple[int, int]]) -> ErrorRate:
    """Return the rate over sentences, each with its errors and its words. Raises ValueError where there are no words."""
    errors, words = sum(errors for errors, _ in counts), sum(words for _, words in counts)
    if not words:
        raise ValueError("there are no words to measure errors on")
    rate = min(1.0, errors / words)
    mean_words = words / len(counts)
    effect = max(_design_effect(counts, rate), 1 + CLUSTERING * (mean_words - 1))
    clustering = (effect - 1) / (mean_words - 1) if mean_words > 1 else CLUSTERING
    low, high = _wilson(rate, words / effect)
    return ErrorRate(rate, high, low, min(MOST_CLUSTERING, max(CLUSTERING, clustering)), len(counts), words)


def _design_effect(counts: Sequence[tuple[int, int]], rate: float) -> float:
    """Return how many times wider errors spread than if each word erred for itself."""
    words = sum(words for _, words in counts)
    if len(counts) < 2 or not 0 < rate < 1:
        return 1.0
    spread = sum((errors - rate * each) ** 2 for errors, each in counts) * len(counts) / (len(counts) - 1) / words**2
    return spread / (rate * (1 - rate) / words)


def _wilson(share: float, of: float) -> tuple[float, float]:
    """Wilson's score interval (1927)."""
    weight = _Z**2 / of
    middle = share + weight / 2
    reach = _Z * sqrt(share * (1 - share) / of + weight / of / 4)
    return max(0.0, (middle - reach) / (1 + weight)), min(1.0, (middle + reach) / (1 + weight))


def usual_errors(words: int, rate: ErrorRate) -> int:
    """Return how many errors a sentence usually comes out with at most: more in one of twenty, were each word to err for itself."""
    wrong = _likely(rate)
    left = 1.0
    for errors in range(words):
        left -= exp(_log_choices(words, errors) + errors * log(wrong) + (words - errors) * log(1 - wrong))
        if left <= UNUSUAL:
            return errors
    return words


def most_errors(words: int, rate: ErrorRate) -> int:
    """Return how many errors a sentence may come out with although it was said as it should be: more are rarer than `REFUSED`.

    A beta-binomial distribution: each sentence has its own rate of errors.
    """
    scale = 1 / rate.clustering - 1
    wrong, right = _likely(rate) * scale, (1 - _likely(rate)) * scale
    left = 1.0
    for errors in range(words):
        left -= exp(_log_choices(words, errors) + _log_beta(errors + wrong, words - errors + right) - _log_beta(wrong, right))
        if left <= REFUSED:
            return errors
    return words


def _likely(rate: ErrorRate) -> float:
    return min(0.999, max(1e-6, rate.at_most))


def _log_choices(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)


def _log_beta(first: float, second: float) -> float:
    return lgamma(first) + lgamma(second) - lgamma(first + second)


def words_needed(rate: ErrorRate) -> int | None:
    """Return by how many words a transcript must speak for one sentence rather than another. None: however many, it tells nothing."""
    each = (1 - _likely(rate)) / (ONE_OTHER * _likely(rate))
    return ceil(log(ODDS) / log(each)) if each > LEAST else None
